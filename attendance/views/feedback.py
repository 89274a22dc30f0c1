"""Feedback on a programme's sessions, for who runs it: what is asked, and what may be shown of the answers."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.permissions import Permission, has
from attendance.forms.feedback import FeedbackForm
from attendance.queries.feedback import feedback_of
from briefings.models import Programme
from face.dates import day_plain
from history.refusals import Refused
from surveys.actions.editions import answers_wanted
from surveys.actions.questionnaires import choose_feedback, end_feedback, standing_feedback
from surveys.models import Questionnaire
from surveys.queries import feedback_bars

_ASKS = ["GET", "HEAD", "POST"]


@require_safe
def show_feedback(request: HttpRequest, slug: str) -> HttpResponse:
    """What people said in numbers, as far as it may be shown; earlier questions below."""
    programme = get_object_or_404(Programme.objects.where(request.user, Permission.SEE_FEEDBACK), slug=slug)
    asked = [_asked(each) for each in feedback_of(programme)]
    current = next((each for each in asked if each["questionnaire"].ended_on is None), None)
    context = {
        "programme": programme,
        "section": "feedback",
        "title": "Feedback",
        "current": current,
        "earlier": [each for each in asked if each is not current and each["bars"]],
        "can_choose": has(request.user, Permission.CHOOSE_QUESTIONS, programme),
    }
    return render(request, "attendance/feedback/show.html", context)


@require_http_methods(_ASKS)
def choose_questions(request: HttpRequest, slug: str) -> HttpResponse:
    """Choose what everybody who came is asked from now on."""
    programme = get_object_or_404(Programme.objects.where(request.user, Permission.CHOOSE_QUESTIONS), slug=slug)
    standing = standing_feedback(programme)
    words = [each.words for each in standing.statements.all()] if standing else []
    form = FeedbackForm(request.POST if request.method == "POST" else None, initial=FeedbackForm.initial_for(words))
    if request.method == "POST" and form.is_valid():
        try:
            choose_feedback(
                about=programme, title=programme.name, words=form.words(), by=request.user, now=timezone.now()
            )
        except Refused as refusal:
            form.add_refusal(refusal, "ready")
        else:
            messages.success(request, "Everybody who comes is asked these from now on")
            return redirect("attendance:feedback-show", slug=programme.slug)
    context = {**_context(programme, "Choose what people are asked"), "form": form, "standing": standing}
    return render(request, "attendance/feedback/choose.html", context)


@require_http_methods(_ASKS)
def stop_asking(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask, then ask for no feedback any more."""
    programme = get_object_or_404(Programme.objects.where(request.user, Permission.CHOOSE_QUESTIONS), slug=slug)
    if request.method == "POST":
        end_feedback(about=programme, by=request.user, now=timezone.now())
        messages.success(request, "Nobody is asked for feedback any more")
        return redirect("attendance:feedback-show", slug=programme.slug)
    context = _context(programme, "Stop asking for feedback?") | {
        "consequence": "Who was asked already can still answer, and what was answered stays.",
        "button": "Stop asking",
    }
    return render(request, "layouts/confirm.html", context)


def _asked(questionnaire: Questionnaire) -> dict[str, Any]:
    """Return what the page shows of one set of statements: all editions together, then each, the newest first."""
    editions = list(questionnaire.editions.all())
    counted = sum(each.answers for each in editions)
    return {
        "questionnaire": questionnaire,
        "counted": counted,
        "bars": feedback_bars(questionnaire, editions),
        "caption": f"Answers to what is asked since {day_plain(questionnaire.made_on)}",
        "editions": [
            (each, feedback_bars(questionnaire, [each]), f"Answers of edition {each.number}")
            for each in (editions[::-1] if editions[1:] else ())
        ],
        "since": questionnaire.answered - counted,
        "wanted": answers_wanted(counted),
    }


def _context(programme: Programme, title: str) -> dict:
    return {
        "programme": programme,
        "section": "feedback",
        "caption": programme.name,
        "title": title,
        "back_url": reverse("attendance:feedback-show", args=[programme.slug]),
        "back_words": "Back to feedback",
    }
