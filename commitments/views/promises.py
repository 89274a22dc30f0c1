"""Giving an assurance, or noting one. The words that count are given or confirmed with a sign-in code."""

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
from commitments.forms.assurances import GiveForm
from commitments.models import UNANSWERED, Assurance, Question, QuestionState
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
    own = _replaceable(request, assurance)
    return _give(request, own.programme, own)


@fresh_code_required
def _give(request: HttpRequest, programme: Programme, earlier: Assurance | None) -> HttpResponse:
    return _write(request, programme, earlier, is_own=True)


def _write(request: HttpRequest, programme: Programme, earlier: Assurance | None, *, is_own: bool) -> HttpResponse:
    form = _give_form(request, programme, earlier, is_own=is_own)
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.note_assurance(by=request.user, now=timezone.now(), replaces=earlier, **form.promise())
        except actions.UNFIT_DAYS as refusal:
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
        mandates = mandates.filter(organisation=earlier.carried_by)
    sessions = shown_sessions(programme)
    seen = questions_visible_to(request.user, today).filter(
        programme=programme, state__in=(*UNANSWERED, QuestionState.ANSWERED)
    )
    newest = list(seen.order_by("-raised_on", "pk").values_list("pk", flat=True)[:MOST_QUESTIONS])
    chosen = _chosen(request, programme, earlier)
    # What the page before, or the form itself, has named counts however old it is.
    named = [*chosen.get("questions", ()), *filter(None, map(_uuid, request.POST.getlist("questions")))]
    offered = {*newest, *seen.filter(pk__in=named).values_list("pk", flat=True)}
    questions = Question.objects.filter(pk__in=offered)
    return GiveForm(
        request.POST if request.method == "POST" else None,
        initial=chosen,
        mandates=mandates,
        today=today,
        nation=programme.nation,
        is_own=is_own,
        sessions=sessions,
        questions=questions.order_by("-raised_on", "pk"),
    )


def _chosen(request: HttpRequest, programme: Programme, earlier: Assurance | None) -> dict[str, Any]:
    """Return what the link here has chosen (?session=3, ?question=…), or what the earlier promise was for.

    Where neither says anything it is the only session of today.
    """
    if earlier:
        return {
            "words": earlier.words,
            "kind": earlier.kind,
            "session": earlier.session_id,
            "for_everybody": earlier.for_everybody,
            "is_ongoing": earlier.is_ongoing,
            "questions": list(earlier.questions.values_list("pk", flat=True)),
        }
    found: dict[str, Any] = {}
    question, session = _uuid(request.GET.get("question", "")), _number(request.GET.get("session", ""))
    if question:
        found["questions"] = [question]
    if session:
        found["session"] = session
    elif not question:
        found["session"] = _only_of_today(programme)
    return found


def _only_of_today(programme: Programme) -> int | None:
    """Return the session of today where there is one: a promise is mostly given or noted in the room."""
    today = shown_sessions(programme).filter(date=_today(programme)).values_list("pk", flat=True)[:2]
    return today[0] if len(today) == 1 else None


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _replaceable(request: HttpRequest, assurance: int) -> Assurance:
    own = assurance_of(request, assurance)
    if not may_do(request.user, own)["may_replace"]:
        raise Http404
    return own


def _today(programme: Programme):
    return local_day(programme, timezone.now())
