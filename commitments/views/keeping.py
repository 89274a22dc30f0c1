"""What becomes of an assurance: reviewed, kept with evidence, sent back, ended, taken over by somebody else."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.decorators import fresh_code_required
from accounts.models import Person
from accounts.presses import one_press
from commitments.actions import assurances as actions
from commitments.actions import handovers
from commitments.clocks import local_day
from commitments.forms.assurances import EvidenceForm, HandoverForm, ReviewForm
from commitments.forms.fields import ReasonForm
from commitments.models import Assurance, AssuranceState, Handover, HandoverState
from commitments.queries.assurances import last_keeper_of, mandates_on
from commitments.rules import can_triage
from commitments.views.assurances import assurance_of, may_do
from history.refusals import Refused
from organisations.actions.uploads import UploadRefused

READ_OR_POST = ["GET", "HEAD", "POST"]


@require_http_methods(READ_OR_POST)
def confirm(request: HttpRequest, assurance: int) -> HttpResponse:
    """Say that these were the own words; from then on it counts."""
    return _confirm(request, assurance_with(request, assurance, "may_confirm"))


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
@one_press
def propose(request: HttpRequest, assurance: int) -> HttpResponse:
    """Say that it was kept, with the evidence."""
    own = assurance_with(request, assurance, "may_propose")
    form, done = proposing(request, own, request.user)
    if done:
        return redirect("commitments:assurance-show", assurance=own.pk)
    return _form(request, own, form, "Say that it was kept", "Propose it as kept")


def proposing(request: HttpRequest, own: Assurance, by: Person) -> tuple[EvidenceForm, bool]:
    """Return the form of the evidence, and whether ``by`` has proposed ``own`` as kept with it."""
    form = EvidenceForm(*((request.POST, request.FILES) if request.method == "POST" else ()))
    if request.method != "POST" or not form.is_valid():
        return form, False
    try:
        actions.propose_kept(assurance=own, by=by, now=timezone.now(), **form.cleaned_data)
    except (actions.TooManyFiles, UploadRefused) as refusal:
        form.add_refusal(refusal, "files")
    except Refused as refusal:
        form.add_refusal(refusal)
    else:
        messages.success(request, "A coordinator is asked to confirm that it was kept")
        return form, True
    return form, False


@require_http_methods(READ_OR_POST)
@one_press
def review(request: HttpRequest, assurance: int) -> HttpResponse:
    """Say how it stands, and when to look at it again."""
    own = assurance_with(request, assurance, "may_review")
    form, done = reviewing(request, own, request.user)
    if done:
        return redirect("commitments:assurance-show", assurance=own.pk)
    return _form(request, own, form, "Review this assurance", "Keep this review")


def reviewing(request: HttpRequest, own: Assurance, by: Person) -> tuple[ReviewForm, bool]:
    """Return the form of a review of ``own``, and whether ``by`` has made one with it."""
    now = timezone.now()
    data = request.POST if request.method == "POST" else None
    today = local_day(own.programme, now)
    form = ReviewForm(data, today=today, nation=own.programme.nation, is_ongoing=own.is_ongoing)
    if data is None or not form.is_valid():
        return form, False
    cleaned = form.cleaned_data
    try:
        actions.review_assurance(assurance=own, words=cleaned["words"], due_on=cleaned["due_on"], by=by, now=now)
    except actions.UNFIT_DAYS as refusal:
        form.add_refusal(refusal, "due_on")
    except Refused as refusal:
        form.add_refusal(refusal)
    else:
        messages.success(request, "The review is kept, with the new date")
        return form, True
    return form, False


@require_http_methods(READ_OR_POST)
def confirm_it_was_kept(request: HttpRequest, assurance: int) -> HttpResponse:
    """Confirm, as a coordinator, that the evidence shows it."""
    own = assurance_with(request, assurance, "may_confirm_kept")
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
    """Say, as a coordinator, why the evidence is not enough: it stands as given."""
    own = assurance_with(request, assurance, "may_send_back")
    labels = ("What is missing?", "Whoever proposed it reads this. It stands as given, and the reminders go on.")

    def act(reason: str) -> None:
        actions.send_back(assurance=own, reason=reason, by=request.user, now=timezone.now())

    title, said = "Send it back for more evidence", "The assurance stands as given. Whoever proposed it is told"
    return _with_reason(request, own, act, labels, title, "Send it back", said)


@require_http_methods(READ_OR_POST)
def note_not_kept(request: HttpRequest, assurance: int) -> HttpResponse:
    """Note, as a coordinator, that it was not kept, with the reason."""
    own = assurance_with(request, assurance, "may_say_not_kept")
    labels = ("Why was it not kept?", "Whoever gave it and the programme board read this. The words of it stay.")
    return _ended(request, own, AssuranceState.NOT_KEPT, labels, "Note that it was not kept", "Note it as not kept")


@require_http_methods(READ_OR_POST)
def withdraw(request: HttpRequest, assurance: int) -> HttpResponse:
    """Withdraw an own assurance, with the reason; its words stay."""
    own = assurance_with(request, assurance, "may_withdraw")
    labels = ("Why do you withdraw it?", "The coordinators are told. The words of it stay, with your reason.")
    return _ended(request, own, AssuranceState.WITHDRAWN, labels, "Withdraw this assurance", "Withdraw it")


@require_http_methods(READ_OR_POST)
def let_lapse(request: HttpRequest, assurance: int) -> HttpResponse:
    """Let an assurance lapse that nobody takes over, with the reason; its words stay."""
    own = assurance_with(request, assurance, "may_let_lapse")
    labels = (
        "Why does nobody take it over?",
        "The programme board and the public page of promises say that it lapsed.",
    )
    return _ended(request, own, AssuranceState.LAPSED, labels, "Let this assurance lapse", "Let it lapse")


def _ended(
    request: HttpRequest, own: Assurance, state: AssuranceState, labels: tuple[str, str], title: str, button: str
) -> HttpResponse:
    def act(reason: str) -> None:
        actions.end_assurance(assurance=own, state=state, reason=reason, by=request.user, now=timezone.now())

    return _with_reason(request, own, act, labels, title, button, f"The assurance has ended: {state.label.lower()}")


def _with_reason(
    request: HttpRequest, own: Assurance, act: Callable[[str], None], labels: tuple[str, str], title: str, button: str,
    said: str,
) -> HttpResponse:  # fmt: skip
    form = ReasonForm(request.POST if request.method == "POST" else None, label=labels[0], hint=labels[1])
    if request.method == "POST" and form.is_valid():
        return _done(request, own, lambda: act(form.cleaned_data["reason"]), said)
    return _form(request, own, form, title, button)


@require_http_methods(READ_OR_POST)
def ask_successor(request: HttpRequest, assurance: int) -> HttpResponse:
    """Ask a senior manager to take over an assurance whose keeper may not speak any more."""
    own = assurance_with(request, assurance, "may_ask_successor")
    carriers = [own.carried_by, *handovers.successors_of(own.carried_by)]
    mandates = mandates_on(own.programme, local_day(own.programme, timezone.now())).filter(organisation__in=carriers)
    form = HandoverForm(request.POST if request.method == "POST" else None, mandates=mandates)
    if request.method == "POST" and form.is_valid():
        chosen = form.cleaned_data["mandate"]

        def act() -> None:
            handovers.ask_to_take_over(assurance=own, mandate=chosen, by=request.user, now=timezone.now())

        return _done(request, own, act, f"{chosen.person.name} is asked to take it over")
    context = assurance_page(own) | {"form": form, "title": "Ask somebody to take it over", "carriers": carriers}
    asked = own.handovers.filter(state=HandoverState.ASKED).select_related("person", "mandate__organisation").first()
    context |= {"has_mandates": mandates.exists(), "button": "Ask them to take it over", "asked": asked}
    context |= {"last_keeper": last_keeper_of(own)}
    return render(request, "commitments/assurances/ask_successor.html", context)


@require_http_methods(READ_OR_POST)
def take_over(request: HttpRequest, assurance: int) -> HttpResponse:
    """Take over an assurance that somebody else gave."""
    return _take_over(request, _handover(request, assurance))


@fresh_code_required
def _take_over(request: HttpRequest, asked: Handover) -> HttpResponse:
    return _asked_first(
        request,
        asked.assurance,
        lambda: handovers.take_over(handover=asked, by=request.user, now=timezone.now()),
        said="You see to this assurance from now on",
        title="Do you take over this assurance?",
        consequence="You see to it from now on, and the reminders come to you. The words stay those of who gave them.",
        button="Take it over",
    )


@require_http_methods(READ_OR_POST)
def decline(request: HttpRequest, assurance: int) -> HttpResponse:
    """Say why one does not take it over."""
    asked = _handover(request, assurance)
    labels = ("Why do you not take it over?", "The coordinator reads this, and asks somebody else.")

    def act(reason: str) -> None:
        handovers.decline_to_take_over(handover=asked, reason=reason, by=request.user, now=timezone.now())

    title, said = "Do not take it over", "The coordinator is told"
    return _with_reason(request, asked.assurance, act, labels, title, "Tell the coordinator", said)


def _handover(request: HttpRequest, assurance: int) -> Handover:
    """Return what this person is asked to take over; raises Http404 where it is nothing.

    What was pressed twice is for the action to refuse: then it is what they were asked last.
    """
    own = assurance_of(request, assurance)
    found = Handover.objects.filter(assurance=own, person=request.user.pk)
    if request.method != "POST":
        found = found.filter(state=HandoverState.ASKED)
    asked = found.order_by("-asked_at", "-pk").first()
    if asked is None:
        raise Http404
    asked.assurance = own
    return asked


def assurance_with(request: HttpRequest, assurance: int, may: str) -> Assurance:
    """Return the assurance with which this person may do what ``may`` names; raises Http404 for any other.

    The state decides only what is shown: what was pressed twice is for the action to refuse.
    """
    own = assurance_of(request, assurance)
    if may_do(request.user, own)[may] or (request.method == "POST" and _is_theirs(request.user, own, may)):
        return own
    raise Http404


def _is_theirs(person: Person, own: Assurance, may: str) -> bool:
    """Return whether ``person`` may do what ``may`` names in some state of ``own``."""
    if may in ("may_confirm", "may_withdraw"):
        return person.pk in (own.person_id, own.keeper_id)
    if may in ("may_propose", "may_review"):
        return actions.keeps(person, own)
    return can_triage(person, own.programme)


def _asked_first(
    request: HttpRequest, own: Assurance, act: Callable, *, said: str, title: str, consequence: str, button: str
) -> HttpResponse:
    if request.method == "POST":
        return _done(request, own, act, said)
    context = assurance_page(own) | {"title": title, "consequence": consequence, "button": button}
    return render(request, "commitments/assurances/confirm.html", context)


def _form(request: HttpRequest, own: Assurance, form, title: str, button: str) -> HttpResponse:
    context = assurance_page(own) | {"form": form, "title": title, "button": button}
    return render(request, "commitments/assurances/form.html", context)


def assurance_page(own: Assurance) -> dict[str, Any]:
    """Return what every page about one thing to do with ``own`` shows around it."""
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
