"""Giving an assurance and what becomes of it. The words that count are given or confirmed with a sign-in code."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.decorators import fresh_code_required
from briefings.models import Programme
from briefings.rules import mandates_of
from commitments.actions import assurances as actions
from commitments.clocks import local_day
from commitments.forms.assurances import EvidenceForm, GiveForm
from commitments.forms.fields import ReasonForm
from commitments.models import UNANSWERED, Assurance, AssuranceState, Question, QuestionState
from commitments.queries.assurances import mandates_on
from commitments.rules import can_scribe, can_triage, questions_visible_to
from commitments.views.assurances import assurance_of, may_do
from commitments.views.raising import shown_sessions
from history.refusals import Refused

READ_OR_POST = ["GET", "HEAD", "POST"]
MOST_QUESTIONS = 30


@require_http_methods(READ_OR_POST)
def give(request: HttpRequest, slug: str) -> HttpResponse:
    """Give an assurance as a senior manager, or note one for a senior manager as scribe or coordinator."""
    programme = get_object_or_404(Programme, slug=slug)
    if mandates_of(request.user, _today(programme)).filter(programme=programme).exists():
        return _give(request, programme, None)
    if can_scribe(request.user, programme) or can_triage(request.user, programme):
        return _write(request, programme, None, is_own=False)
    raise Http404


@require_http_methods(READ_OR_POST)
def replace(request: HttpRequest, assurance: int) -> HttpResponse:
    """Put a later promise in the place of one that stands; the earlier one keeps its words."""
    own = _own(request, assurance, "may_replace")
    return _give(request, own.programme, own)


@fresh_code_required
def _give(request: HttpRequest, programme: Programme, earlier: Assurance | None) -> HttpResponse:
    return _write(request, programme, earlier, is_own=True)


def _write(request: HttpRequest, programme: Programme, earlier: Assurance | None, *, is_own: bool) -> HttpResponse:
    form = _give_form(request, programme, earlier, is_own=is_own)
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.note_assurance(by=request.user, now=timezone.now(), replaces=earlier, **form.promise())
        except actions.DateHasPassed as refusal:
            form.add_refusal(refusal, "due_on")
        except Refused as refusal:
            form.add_refusal(refusal)
        else:
            said = "is given" if is_own else f"is noted. {made.person.name} is asked to confirm the words"
            messages.success(request, f"Assurance {made.reference} {said}")
            # Who noted it for somebody may read it too.
            return redirect("commitments:assurance-show", assurance=made.pk)
    titles = {True: "Give an assurance", False: "Note an assurance"}
    context = {
        "programme": programme,
        "section": "assurances",
        "form": form,
        "earlier": earlier,
        "is_own": is_own,
        "title": "Replace this assurance" if earlier else titles[is_own],
        "caption": programme.name,
        "button": "Give this assurance" if is_own else "Note it and ask for confirmation",
        "back_url": _back(programme, earlier, request),
        "back_words": "Back",
    }
    return render(request, "commitments/assurances/give.html", context)


def _back(programme: Programme, earlier: Assurance | None, request: HttpRequest) -> str:
    if earlier:
        return reverse("commitments:assurance-show", args=[earlier.pk])
    question, session = _uuid(request.GET.get("question", "")), _number(request.GET.get("session", ""))
    if question:
        return reverse("commitments:question-show", args=[question])
    if session:
        return reverse("attendance:session-show", args=[session])
    return reverse("commitments:assurance-list")


def _give_form(request: HttpRequest, programme: Programme, earlier: Assurance | None, *, is_own: bool) -> GiveForm:
    today = _today(programme)
    mandates = mandates_on(programme, today)
    if is_own:
        mandates = mandates.filter(person=request.user)
    if earlier:
        mandates = mandates.filter(organisation=earlier.organisation)
    sessions = shown_sessions(programme)
    seen = questions_visible_to(request.user, today).filter(
        programme=programme, state__in=(*UNANSWERED, QuestionState.ANSWERED)
    )
    newest = list(seen.order_by("-raised_on", "pk").values_list("pk", flat=True)[:MOST_QUESTIONS])
    chosen = _chosen(request, earlier)
    # What the page before, or the form itself, has named counts however old it is.
    named = [*chosen.get("questions", ()), *filter(None, map(_uuid, request.POST.getlist("questions")))]
    offered = {*newest, *seen.filter(pk__in=named).values_list("pk", flat=True)}
    questions = Question.objects.filter(pk__in=offered)
    return GiveForm(
        request.POST if request.method == "POST" else None,
        initial=chosen,
        mandates=mandates,
        today=today,
        is_own=is_own,
        sessions=sessions,
        questions=questions.order_by("-raised_on", "pk"),
    )


def _chosen(request: HttpRequest, earlier: Assurance | None) -> dict[str, Any]:
    """Return what the link here has chosen (?session=3, ?question=…), or what the earlier promise was for."""
    if earlier:
        return {
            "words": earlier.words,
            "kind": earlier.kind,
            "session": earlier.session_id,
            "for_everybody": earlier.for_everybody,
            "questions": list(earlier.questions.values_list("pk", flat=True)),
        }
    found: dict[str, Any] = {}
    question, session = _uuid(request.GET.get("question", "")), _number(request.GET.get("session", ""))
    if question:
        found["questions"] = [question]
    if session:
        found["session"] = session
    return found


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


@require_http_methods(READ_OR_POST)
def confirm(request: HttpRequest, assurance: int) -> HttpResponse:
    """Say that these were the own words; from then on it counts."""
    return _confirm(request, _own(request, assurance, "may_confirm"))


@fresh_code_required
def _confirm(request: HttpRequest, own: Assurance) -> HttpResponse:
    return _asked_first(
        request,
        own,
        lambda: actions.confirm_assurance(assurance=own, by=request.user, now=timezone.now()),
        said="Thank you. From now on this assurance counts",
        title="Did you say this?",
        consequence="Practitioners read it before they book, and we remind you until it is kept. Its words cannot be "
        "changed afterwards.",
        button="Yes, these are my words",
    )


@require_http_methods(READ_OR_POST)
def propose(request: HttpRequest, assurance: int) -> HttpResponse:
    """Say that it was kept, with the evidence."""
    own = _own(request, assurance, "may_propose")
    form = EvidenceForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():

        def act() -> None:
            evidence = form.cleaned_data["evidence"]
            actions.propose_kept(assurance=own, evidence=evidence, by=request.user, now=timezone.now())

        return _done(request, own, act, "A coordinator is asked to confirm that it was kept")
    return _form(request, own, form, "Say that it was kept", "Propose it as kept")


@require_http_methods(READ_OR_POST)
def confirm_it_was_kept(request: HttpRequest, assurance: int) -> HttpResponse:
    """Confirm, as a coordinator, that the evidence shows it."""
    own = _own(request, assurance, "may_confirm_kept")
    return _asked_first(
        request,
        own,
        lambda: actions.confirm_kept(assurance=own, by=request.user, now=timezone.now()),
        said="The assurance is kept. Whoever gave it is told",
        title="Does the evidence show that it was kept?",
        consequence="This ends the assurance as kept, and cannot be undone.",
        button="Confirm that it was kept",
    )


@require_http_methods(READ_OR_POST)
def send_it_back(request: HttpRequest, assurance: int) -> HttpResponse:
    """Say, as a coordinator, that the evidence is not enough: it stands as given."""
    own = _own(request, assurance, "may_send_back")
    return _asked_first(
        request,
        own,
        lambda: actions.send_back(assurance=own, by=request.user, now=timezone.now()),
        said="The assurance stands as given. Whoever gave and proposed it is told",
        title="Send it back for more evidence?",
        consequence="It stands as given until somebody proposes it as kept again. The reminders go on.",
        button="Send it back",
    )


@require_http_methods(READ_OR_POST)
def note_not_kept(request: HttpRequest, assurance: int) -> HttpResponse:
    """Note, as a coordinator, that it was not kept, with the reason."""
    own = _own(request, assurance, "may_say_not_kept")
    labels = ("Why was it not kept?", "Whoever gave it and the programme board read this. The words of it stay.")
    return _ended(request, own, AssuranceState.NOT_KEPT, labels, "Note that it was not kept", "Note it as not kept")


@require_http_methods(READ_OR_POST)
def withdraw(request: HttpRequest, assurance: int) -> HttpResponse:
    """Withdraw an own assurance, with the reason; its words stay."""
    own = _own(request, assurance, "may_withdraw")
    labels = ("Why do you withdraw it?", "The coordinators are told. The words of it stay, with your reason.")
    return _ended(request, own, AssuranceState.WITHDRAWN, labels, "Withdraw this assurance", "Withdraw it")


def _ended(
    request: HttpRequest, own: Assurance, state: AssuranceState, labels: tuple[str, str], title: str, button: str
) -> HttpResponse:
    form = ReasonForm(request.POST if request.method == "POST" else None, label=labels[0], hint=labels[1])
    if request.method == "POST" and form.is_valid():

        def act() -> None:
            reason = form.cleaned_data["reason"]
            actions.end_assurance(assurance=own, state=state, reason=reason, by=request.user, now=timezone.now())

        return _done(request, own, act, f"The assurance has ended: {state.label.lower()}")
    return _form(request, own, form, title, button)


def _own(request: HttpRequest, assurance: int, may: str) -> Assurance:
    """Return the assurance with which this person may do what ``may`` names, now; raises Http404 for any other."""
    own = assurance_of(request, assurance)
    if not may_do(request.user, own)[may]:
        raise Http404
    return own


def _asked_first(
    request: HttpRequest, own: Assurance, act: Callable, *, said: str, title: str, consequence: str, button: str
) -> HttpResponse:
    if request.method == "POST":
        return _done(request, own, act, said)
    context = _page(own) | {"title": title, "consequence": consequence, "button": button}
    return render(request, "commitments/assurances/confirm.html", context)


def _form(request: HttpRequest, own: Assurance, form, title: str, button: str) -> HttpResponse:
    context = _page(own) | {"form": form, "title": title, "button": button}
    return render(request, "commitments/assurances/form.html", context)


def _page(own: Assurance) -> dict[str, Any]:
    return {
        "assurance": own,
        "programme": own.programme,
        "section": "assurances",
        "caption": f"Assurance {own.reference}",
        "back_url": reverse("commitments:assurance-show", args=[own.pk]),
        "back_words": "Back to the assurance",
    }


def _done(request: HttpRequest, own: Assurance, act: Callable, said: str) -> HttpResponse:
    try:
        act()
    except Refused as refusal:
        messages.error(request, refusal.sentence)
    else:
        messages.success(request, said)
    return redirect("commitments:assurance-show", assurance=own.pk)


def _today(programme: Programme):
    return local_day(programme, timezone.now())
