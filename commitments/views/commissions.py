"""What the mailed link of a commission opens: the question, accept or decline. Answering leads through signing in."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.links import personal_link
from accounts.presses import one_press
from commitments.actions import questions as actions
from commitments.clocks import local_day
from commitments.forms.fields import ReasonForm
from commitments.models import UNANSWERED, Commission, CommissionState
from commitments.queries.questions import clock_steps, distance
from commitments.queries.standards import calendar_of
from commitments.views.triage import DECLINE_HINT
from history.refusals import Refused


@personal_link("commission")
@require_safe
def show_commission(request: HttpRequest, link: int) -> HttpResponse:
    """The question, its due date and how it came about, and what this person can do."""
    own = _own(request)
    question = own.question
    today = local_day(question.programme, timezone.now())
    is_live = own.state in (CommissionState.ASKED, CommissionState.ACCEPTED) and question.state in UNANSWERED
    context = {
        **_page(own, link),
        "question": question,
        "today": today,
        "is_live": is_live,
        "steps": clock_steps(question) if is_live else [],
        "distance": distance(question.due_on, today, calendar_of(question.programme)) if is_live else "",
        "answer_url": reverse("commitments:question-answer", args=[question.pk]),
    }
    return render(request, "commitments/commission/show.html", context)


@personal_link("commission")
@require_POST
def accept(request: HttpRequest, link: int) -> HttpResponse:
    """Take the question on."""
    own = _own(request)
    return _done(
        request,
        link,
        lambda: actions.accept_commission(commission=own, by=request.link.person, now=timezone.now()),
        "Thank you. The question is yours, and we remind you until it is answered",
    )


@personal_link("commission")
@require_http_methods(["GET", "HEAD", "POST"])
@one_press
def decline(request: HttpRequest, link: int) -> HttpResponse:
    """Say that somebody else must answer, and why."""
    own = _own(request)
    form = ReasonForm(
        request.POST if request.method == "POST" else None, label="Why is it not yours to answer?", hint=DECLINE_HINT
    )
    if request.method == "POST" and form.is_valid():

        def act() -> None:
            reason = form.cleaned_data["reason"]
            actions.decline_commission(commission=own, reason=reason, by=request.link.person, now=timezone.now())

        return _done(request, link, act, "Thank you. The coordinator is told and asks somebody else")
    context = {
        **_page(own, link),
        "question": own.question,
        "form": form,
        "title": "This is not mine to answer",
        "caption": f"Question {own.question.reference}",
        "button": "Send it back",
        "back_url": reverse("commitments:commission-show", args=[link]),
        "back_words": "Back to the question",
    }
    return render(request, "commitments/commission/decline.html", context)


def _own(request: HttpRequest) -> Commission:
    found = Commission.objects.select_related("question__programme", "question__session", "organisation", "person")
    return get_object_or_404(found, link=request.link, person=request.link.person_id)


def _page(own: Commission, link: int) -> dict:
    return {"own": own, "own_link": link, "programme": own.question.programme, "personal_link": True}


def _done(request: HttpRequest, link: int, act: Callable[[], object], said: str) -> HttpResponse:
    try:
        act()
    except Refused as refusal:
        messages.error(request, refusal.sentence)
    else:
        messages.success(request, said)
    return redirect("commitments:commission-show", link=link)
