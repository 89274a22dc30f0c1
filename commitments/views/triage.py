"""Who answers a question: taken on, asked of a senior manager, accepted, declined, out of scope."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.presses import one_press
from commitments.actions import questions as actions
from commitments.clocks import local_day
from commitments.forms.fields import ReasonForm
from commitments.forms.questions import CommissionForm
from commitments.models import Commission, Question
from commitments.queries.assurances import mandates_on
from commitments.queries.questions import anonymous_among
from commitments.rules import can_triage
from commitments.views.questions import is_anybody_told, question_of
from history.refusals import Refused

READ_OR_POST = ["GET", "HEAD", "POST"]
DECLINE_HINT = "The coordinator reads it and asks somebody else. Say who could answer, if you know."


@require_POST
def take_on(request: HttpRequest, question: UUID) -> HttpResponse:
    """Keep a raised question as one that the coordinator answers."""
    own = to_triage(request, question)
    return done(
        request,
        own,
        lambda: actions.open_question(question=own, by=request.user, now=timezone.now()),
        "The question is yours to answer",
    )


@require_http_methods(READ_OR_POST)
@one_press
def commission_it(request: HttpRequest, question: UUID) -> HttpResponse:
    """Ask one senior manager of one organisation to answer."""
    own, now = to_triage(request, question), timezone.now()
    mandates = mandates_on(own.programme, local_day(own.programme, now))
    form = CommissionForm(request.POST if request.method == "POST" else None, mandates=mandates)
    if request.method == "POST" and form.is_valid():
        chosen = form.cleaned_data["mandate"]
        try:
            actions.commission(
                question=own, organisation=chosen.organisation, person=chosen.person, by=request.user, now=now
            )
        except Refused as refusal:
            form.add_refusal(refusal, "mandate")
        else:
            messages.success(request, f"{chosen.person.name} is asked by e-mail, and reminded until it is answered")
            return redirect("commitments:question-show", question=own.pk)
    return form_page(request, own, form, "Who can answer this question?", "Ask this senior manager")


@require_http_methods(READ_OR_POST)
@one_press
def put_aside(request: HttpRequest, question: UUID) -> HttpResponse:
    """End a question that this programme cannot answer."""
    own = to_triage(request, question)
    is_anonymous, is_told = anonymous_among(own), is_anybody_told(own)
    hint = f"{'Whoever asked reads these words. ' if is_told else ''}Say where they can ask instead."
    form = ReasonForm(
        request.POST if request.method == "POST" else None,
        label="Why can this programme not answer it?",
        hint=f"{hint} They stand on the answers page, without the question." if is_anonymous else hint,
    )

    def act() -> None:
        reason = form.cleaned_data["reason"]
        actions.put_out_of_scope(question=own, reason=reason, by=request.user, now=timezone.now())

    said = f"The question has ended as out of scope{'. Whoever asked is told why' if is_told else ''}"
    return _with_reason(request, own, form, act, said, "This question is out of scope", "End it as out of scope")


@require_POST
def accept(request: HttpRequest, question: UUID) -> HttpResponse:
    """Take a question on that one was asked to answer."""
    own = question_of(request, question)
    asked = _asked(request, own)
    return done(
        request,
        own,
        lambda: actions.accept_commission(commission=asked, by=request.user, now=timezone.now()),
        "The question is yours. We remind you until it is answered",
    )


@require_http_methods(READ_OR_POST)
@one_press
def decline(request: HttpRequest, question: UUID) -> HttpResponse:
    """Say that somebody else must answer, and why."""
    own = question_of(request, question)
    asked = _asked(request, own)
    form = ReasonForm(
        request.POST if request.method == "POST" else None,
        label="Why is it not yours to answer?",
        hint=DECLINE_HINT,
    )

    def act() -> None:
        reason = form.cleaned_data["reason"]
        actions.decline_commission(commission=asked, reason=reason, by=request.user, now=timezone.now())

    said = "The coordinator is told and asks somebody else"
    return _with_reason(request, own, form, act, said, "This is not mine to answer", "Send it back")


def to_triage(request: HttpRequest, question: UUID) -> Question:
    """Return the question that this person decides about; raises Http404 for any other."""
    own = question_of(request, question)
    if not can_triage(request.user, own.programme):
        raise Http404
    return own


def _asked(request: HttpRequest, own: Question) -> Commission:
    """Return what this person was asked last about ``own``, also where it is decided: a second press finds out so."""
    asked = own.commissions.filter(person=request.user.pk).order_by("-made_at", "-pk").first()
    if asked is None:
        raise Http404
    return asked


def done(request: HttpRequest, own: Question, act: Callable[[], object], said: str) -> HttpResponse:
    """Do ``act`` and go back to the question, with ``said`` or with why it cannot be done."""
    try:
        act()
    except Refused as refusal:
        messages.error(request, refusal.sentence)
    else:
        messages.success(request, said)
    return redirect("commitments:question-show", question=own.pk)


def _with_reason(
    request: HttpRequest, own: Question, form: ReasonForm, act: Callable, said: str, title: str, button: str
) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        return done(request, own, act, said)
    return form_page(request, own, form, title, button)


def form_page(
    request: HttpRequest, own: Question, form: Any, title: str, button: str, *, template: str = "form", **more: Any
) -> HttpResponse:
    """Show ``form`` about a question, with its words above."""
    context = {
        "question": own,
        "programme": own.programme,
        "section": "questions",
        "form": form,
        "title": title,
        "caption": f"Question {own.reference}",
        "button": button,
        "back_url": reverse("commitments:question-show", args=[own.pk]),
        "back_words": "Back to the question",
        **more,
    }
    return render(request, f"commitments/questions/{template}.html", context)
