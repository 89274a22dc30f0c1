"""The words of an answer: draft, holding reply, clearance, publishing. The last two ask for a sign-in code."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.decorators import fresh_code_required
from accounts.presses import one_press
from briefings.rules import mandate_for
from commitments.actions import questions as actions
from commitments.clocks import local_day
from commitments.forms.fields import ReasonForm
from commitments.forms.handling import HoldingForm
from commitments.forms.questions import AnswerForm
from commitments.models import AskedAs, Clearance, ClearanceState, Draft, DraftState, Question
from commitments.queries.standards import policy_of, roles_held
from commitments.rules import can_answer
from commitments.views.questions import question_of
from commitments.views.triage import READ_OR_POST, done, form_page
from history.refusals import Refused


@require_http_methods(READ_OR_POST)
def answer(request: HttpRequest, question: UUID) -> HttpResponse:
    """Write the answer: keep it as a draft, have it cleared, or publish it."""
    return _answer(request, _to_answer(request, question))


@fresh_code_required
@one_press
def _answer(request: HttpRequest, own: Question) -> HttpResponse:
    now = timezone.now()
    promises = mandate_for(request.user, own.programme, local_day(own.programme, now)) is not None
    draft = _draft(own)
    needed = policy_of(own.programme).clearance_roles
    form = AnswerForm(
        request.POST if request.method == "POST" else None,
        question=own,
        may_promise=promises,
        is_cleared_always=needed,
        held=roles_held(own.programme, local_day(own.programme, now), but=request.user),
        initial={"words": draft.words, "audience": draft.audience} if draft else None,
    )
    if form.is_bound and form.is_valid():
        _demand_one_way(request, form)
    if form.is_bound and form.is_valid():
        try:
            return _keep(request, own, form.cleaned_data, now)
        except Refused as refusal:
            form.add_refusal(refusal)
    title = "Improve the answer" if own.answers.exists() else "Answer this question"
    returned = _returned(draft or own.drafts.first())
    more = {"template": "answer", "needed": needed, "returned": returned}
    return form_page(request, own, form, title, "Publish the answer", **more)


def _demand_one_way(request: HttpRequest, form: AnswerForm) -> None:
    """Add an error where somebody chose who clears it and pressed to publish it uncleared."""
    if form.cleaned_data.get("roles") and not {"draft", "clear"} & set(request.POST):
        form.add_error("roles", "Send it to clearance first, or choose nobody here to publish it now")


def _keep(request: HttpRequest, own: Question, said: dict[str, Any], now: Any) -> HttpResponse:
    common = {"question": own, "words": said["words"], "audience": said["audience"], "by": request.user, "now": now}
    if "draft" in request.POST:
        actions.save_draft(**common)
        messages.success(request, "The draft is kept. Nobody who asked has been told")
    elif "clear" in request.POST:
        actions.send_to_clearance(roles=said.get("roles", ()), **common)
        messages.success(request, "It is with those who clear it, and is published when all of them have")
    else:
        actions.publish_answer(**common)
        told = "It stands on the answers page" if own.asked_as == AskedAs.NOBODY else "Whoever asked is told by e-mail"
        messages.success(request, f"The answer is published. {told}")
        if said.get("promise") == "yes":
            return redirect(f"{reverse('commitments:assurance-give', args=[own.programme.slug])}?question={own.pk}")
    return redirect("commitments:question-show", question=own.pk)


@require_http_methods(READ_OR_POST)
@one_press
def hold(request: HttpRequest, question: UUID) -> HttpResponse:
    """Tell whoever asked how it stands."""
    own = _to_answer(request, question)
    form = HoldingForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        words = form.cleaned_data["words"]
        act = {"question": own, "words": words, "by": request.user, "now": timezone.now()}
        said = "Whoever asked is told how it stands. The due date stays"
        return done(request, own, lambda: actions.send_holding_reply(**act), said)
    return form_page(request, own, form, "Send a holding reply", "Send it")


@require_POST
def take_back(request: HttpRequest, question: UUID) -> HttpResponse:
    """Take the words out of clearance."""
    own = _to_answer(request, question)
    said = "The words are yours again. Change them and send them once more"
    return done(request, own, lambda: actions.take_back(question=own, by=request.user, now=timezone.now()), said)


@require_http_methods(READ_OR_POST)
def clear(request: HttpRequest, question: UUID, clearance: int) -> HttpResponse:
    """Clear the words for one governance role; the last one publishes them."""
    own = _to_clear(request, question, clearance)
    return _clear(request, own)


@fresh_code_required
@one_press
def _clear(request: HttpRequest, own: Clearance) -> HttpResponse:
    question = own.draft.question
    if request.method == "POST":
        return done(
            request,
            question,
            lambda: actions.clear(clearance=own, by=request.user, now=timezone.now()),
            "You have cleared these words",
        )
    context = {
        "clearance": own,
        "question": question,
        "programme": question.programme,
        "section": "questions",
        "title": "Clear these words?",
        "caption": f"Question {question.reference}",
        "consequence": f"You clear them as {own.get_role_display()} for {own.organisation.name}. "
        "When everybody who was asked has cleared them they are published, and whoever asked is told.",
        "button": "Clear these words",
        "back_url": reverse("commitments:question-show", args=[question.pk]),
        "back_words": "Back to the question",
    }
    return render(request, "commitments/questions/clear.html", context)


@require_http_methods(READ_OR_POST)
@one_press
def send_back(request: HttpRequest, question: UUID, clearance: int) -> HttpResponse:
    """Say what must change before the words can go out."""
    own = _to_clear(request, question, clearance)
    hint = "Whoever wrote the words reads it."
    form = ReasonForm(request.POST if request.method == "POST" else None, label="What must change?", hint=hint)
    if form.is_bound and form.is_valid():
        reason = form.cleaned_data["reason"]
        act = {"clearance": own, "reason": reason, "by": request.user, "now": timezone.now()}
        said = "Whoever wrote the words is told what must change"
        return done(request, own.draft.question, lambda: actions.send_back(**act), said)
    return form_page(request, own.draft.question, form, "These words must change", "Send them back")


def _to_answer(request: HttpRequest, question: UUID) -> Question:
    own = question_of(request, question)
    if not can_answer(request.user, own, local_day(own.programme, timezone.now())):
        raise Http404
    return own


def _to_clear(request: HttpRequest, question: UUID, clearance: int) -> Clearance:
    own = question_of(request, question)
    held = Clearance.objects.of_holder(request.user, local_day(own.programme, timezone.now()))
    held = held.filter(draft__question=own)
    if request.method != "POST":  # what was pressed twice is for the action to refuse
        held = held.filter(state=ClearanceState.ASKED)
    return get_object_or_404(held.select_related("draft__question__programme", "organisation"), pk=clearance)


def _draft(own: Question) -> Draft | None:
    """Return the words to go on with: the live draft, else those that were sent back last."""
    newest = own.drafts.first()
    return newest if newest and newest.state in (DraftState.WRITING, DraftState.RETURNED) else None


def _returned(draft: Draft | None) -> list[Clearance]:
    """Return who has sent ``draft`` back, with what must change."""
    if draft is None:
        return []
    found = draft.clearances.filter(state=ClearanceState.RETURNED)
    return list(found.select_related("decided_by", "organisation").order_by("decided_at"))
