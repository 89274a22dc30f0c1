"""What coordinators do with a question beyond asking an owner: pass on, join, file, redact, and move its clock."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.presses import one_press
from commitments.actions import policies
from commitments.actions import questions as actions
from commitments.clocks import local_day
from commitments.forms.fields import ReasonForm
from commitments.forms.handling import ExtendForm, MergeForm, PauseForm, RedactForm, ThemeForm, TransferForm
from commitments.models import Clearance, ClockChange, Commission, Question
from commitments.queries.assurances import mandates_on
from commitments.queries.similar import alike
from commitments.queries.standards import themes_of
from commitments.rules import can_triage
from commitments.views.questions import is_anybody_told, question_of
from commitments.views.triage import READ_OR_POST, done, form_page, to_triage
from history.refusals import Refused

REDACTABLE = {"answer": "answers", "draft": "drafts", "holding-reply": "holding_replies"}
DESTROYED = "The words are destroyed, also in the mails that were kept. Mails that people have received stay with them"
REASONED = {
    "declined": (Commission, "question", "reason why it was declined"),
    "passed-on": (Commission, "question", "reason why it was passed on"),
    "date": (ClockChange, "question", "reason for another date"),
    "sent-back": (Clearance, "draft__question", "reason why words must change"),
}


@require_http_methods(READ_OR_POST)
@one_press
def pass_on(request: HttpRequest, question: UUID) -> HttpResponse:
    """Pass a question to another organisation or senior manager; for its owner and the coordinator."""
    own, now = question_of(request, question), timezone.now()
    if own.owner_id != request.user.pk and not can_triage(request.user, own.programme):
        raise Http404
    mandates = mandates_on(own.programme, local_day(own.programme, now))
    form = TransferForm(_posted(request), mandates=mandates)
    if form.is_bound and form.is_valid():
        chosen = form.cleaned_data["mandate"]
        try:
            actions.transfer(
                question=own, organisation=chosen.organisation, person=chosen.person,
                reason=form.cleaned_data["reason"], by=request.user, now=now,
            )  # fmt: skip
        except Refused as refusal:
            form.add_refusal(refusal, "mandate")
        else:
            messages.success(request, f"{chosen.person.name} is asked by e-mail. The due date stays")
            return redirect("commitments:question-show", question=own.pk)
    return form_page(request, own, form, "Pass this question on", "Pass it on")


@require_http_methods(READ_OR_POST)
@one_press
def join(request: HttpRequest, question: UUID) -> HttpResponse:
    """Join a question with another that asks the same."""
    own = to_triage(request, question)
    others = Question.objects.filter(programme=own.programme).exclude(pk=own.pk).exclude(state__in=ENDED)
    form = MergeForm(_posted(request), alike=alike(own.words, others), choices=others)
    if form.is_bound and form.is_valid():
        into = form.cleaned_data["found"]
        try:
            actions.merge(question=own, into=into, by=request.user, now=timezone.now())
        except Refused as refusal:
            form.add_refusal(refusal, "into")
        else:
            told = ". Whoever asked is told" if is_anybody_told(own) else ""
            messages.success(request, f"It is answered together with {into.reference}{told}")
            return redirect("commitments:question-show", question=into.pk)
    return form_page(request, own, form, "Join this question with another", "Join them", template="join")


ENDED = ("merged", "out_of_scope", "withdrawn")


@require_POST
def part(request: HttpRequest, question: UUID) -> HttpResponse:
    """Part a question again from the one it was joined with."""
    own = to_triage(request, question)
    said = "The question stands for itself again, and is yours until you ask somebody"
    return done(request, own, lambda: actions.part(question=own, by=request.user, now=timezone.now()), said)


@require_http_methods(READ_OR_POST)
def file_it(request: HttpRequest, question: UUID) -> HttpResponse:
    """File a question under a theme."""
    own = to_triage(request, question)
    now = f"own-{own.own_theme_id}" if own.own_theme_id else own.theme
    form = ThemeForm(_posted(request), themes=themes_of(own.programme), initial={"theme": now})

    def act() -> None:
        theme = form.cleaned_data["theme"]
        policies.file_under(questions=[own], theme=theme, by=request.user, now=timezone.now())

    return _form(request, own, form, act, "The theme is kept", "What is this question about?", "Keep the theme")


@require_http_methods(READ_OR_POST)
def redact(request: HttpRequest, question: UUID) -> HttpResponse:
    """Destroy words of the question itself."""
    own = to_triage(request, question)
    return _redact(request, own, own, "question")


@require_http_methods(READ_OR_POST)
def redact_part(request: HttpRequest, question: UUID, kind: str, number: int) -> HttpResponse:
    """Destroy words of an answer, a draft or a holding reply, or a reason that was written with a decision."""
    own = to_triage(request, question)
    if kind in REASONED:
        model, leads_to, called = REASONED[kind]
        return _redact_reason(request, own, get_object_or_404(model, **{leads_to: own}, pk=number), called)
    if kind not in REDACTABLE:
        raise Http404
    return _redact(request, own, get_object_or_404(getattr(own, REDACTABLE[kind]), pk=number), kind.replace("-", " "))


@require_http_methods(READ_OR_POST)
def redact_ending(request: HttpRequest, question: UUID) -> HttpResponse:
    """Destroy the reason for which a question ended without an answer."""
    own = to_triage(request, question)
    return _redact_reason(request, own, own, "reason why it ended")


def _redact_reason(request: HttpRequest, own: Question, what: Any, called: str) -> HttpResponse:
    form = RedactForm(_posted(request), initial={"words": what.end_reason if what is own else what.reason})
    form.fields["words"].max_length = 500

    def act() -> None:
        actions.redact_reason(what=what, words=form.cleaned_data["words"], by=request.user, now=timezone.now())

    return _form(
        request, own, form, act, DESTROYED, f"Redact the {called}", "Destroy the original words", template="redact"
    )


def _redact(request: HttpRequest, own: Question, what: Any, kind: str) -> HttpResponse:
    form = RedactForm(_posted(request), initial={"words": what.words})
    form.fields["words"].max_length = 2000 if what is own else 5000

    def act() -> None:
        actions.redact(what=what, words=form.cleaned_data["words"], by=request.user, now=timezone.now())

    title, button = f"Redact the {kind}", "Destroy the original words"
    return _form(request, own, form, act, DESTROYED, title, button, template="redact")


@require_http_methods(READ_OR_POST)
@one_press
def pause(request: HttpRequest, question: UUID) -> HttpResponse:
    """Let the clock stand still until a day."""
    own = to_triage(request, question)
    today, is_told = local_day(own.programme, timezone.now()), is_anybody_told(own)
    form = PauseForm(_posted(request), today=today, is_told=is_told)

    def act() -> None:
        said = form.cleaned_data
        actions.pause_clock(
            question=own, until=said["until"], reason=said["reason"], by=request.user, now=timezone.now()
        )

    said = f"The clock stands still{'. Whoever asked is told' if is_told else ''}"
    return _form(request, own, form, act, said, "Pause the clock", "Pause it")


@require_POST
def resume(request: HttpRequest, question: UUID) -> HttpResponse:
    """Let the clock go on."""
    own = to_triage(request, question)
    said = "The clock goes on, with as many working days left as there were"
    return done(request, own, lambda: actions.resume_clock(question=own, by=request.user, now=timezone.now()), said)


@require_http_methods(READ_OR_POST)
@one_press
def extend(request: HttpRequest, question: UUID) -> HttpResponse:
    """Give a question more time."""
    own = to_triage(request, question)
    is_told = is_anybody_told(own)
    form = ExtendForm(_posted(request), today=local_day(own.programme, timezone.now()), is_told=is_told)

    def act() -> None:
        said = form.cleaned_data
        actions.extend(question=own, due_on=said["due_on"], reason=said["reason"], by=request.user, now=timezone.now())

    said = f"The question has its new date{'. Whoever asked is told' if is_told else ''}"
    return _form(request, own, form, act, said, "Give this question more time", "Set the new date")


@require_POST
def recount(request: HttpRequest, question: UUID) -> HttpResponse:
    """Count the due date by today's calendar."""
    own = to_triage(request, question)
    said = "The date was counted by today’s calendar. Both dates are kept"
    return done(request, own, lambda: actions.recount(question=own, by=request.user, now=timezone.now()), said)


@require_POST
def not_late(request: HttpRequest, question: UUID) -> HttpResponse:
    """Correct a wrong “late” with a note, by one press on the page of the question."""
    own = to_triage(request, question)
    form = ReasonForm(request.POST, label="Why was it not late?")
    if not form.is_valid():
        messages.error(request, "Write a note that says why it was not late")
        return redirect("commitments:question-show", question=own.pk)
    note = form.cleaned_data["reason"]
    return done(
        request,
        own,
        lambda: actions.correct_late(question=own, note=note, by=request.user, now=timezone.now()),
        "It does not count as late. Your note is kept",
    )


def _posted(request: HttpRequest) -> Any:
    return request.POST if request.method == "POST" else None


def _form(
    request: HttpRequest,
    own: Question,
    form: Any,
    act: Callable,
    said: str,
    title: str,
    button: str,
    *,
    template: str = "form",
) -> HttpResponse:
    if form.is_bound and form.is_valid():
        try:
            act()
        except Refused as refusal:
            form.add_refusal(refusal)
        else:
            messages.success(request, said)
            return redirect("commitments:question-show", question=own.pk)
    return form_page(request, own, form, title, button, template=template)
