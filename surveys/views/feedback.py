"""Giving feedback: nothing here knows, reads, sets or keeps anything that leads back to who answers.

The address of the mail holds the token; the answers are sent to an address without it, so that no log could put the
two together.
"""

from datetime import date

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from face.anonymous import SENT_FROM_ELSEWHERE, came_from_here, reads_no_session
from history.refusals import Refused
from surveys.actions.feedback import NotTheStatements, find_ticket, give_feedback
from surveys.forms import AnswerForm


@reads_no_session
@login_not_required
@never_cache
@require_safe
def show_feedback(request: HttpRequest, token: str) -> HttpResponse:
    """Ask for feedback. Opening the page uses nothing up: mail scanners open every link."""
    return _page(request, token, timezone.localdate())


@csrf_exempt
@reads_no_session
@login_not_required
@never_cache
@require_POST
def send_feedback(request: HttpRequest) -> HttpResponse:
    """Count the answers once and say so."""
    return _page(request, request.POST.get("token", ""), timezone.localdate(), request.POST)


def _page(request: HttpRequest, token: str, today: date, typed=None) -> HttpResponse:
    try:
        questionnaire = find_ticket(token, today).questionnaire
        form = AnswerForm(typed, statements=questionnaire.statements.all())
        if typed is not None and form.is_valid():
            if came_from_here(request):
                give_feedback(token=token, answers=form.answers(), today=today)
                return _answer(request, "surveys/thanks.html", {"questionnaire": questionnaire})
            form.add_error(None, SENT_FROM_ELSEWHERE)
    except NotTheStatements as refusal:
        form.add_refusal(refusal)
    except Refused as refusal:
        return _answer(request, "surveys/refused.html", {"refusal": refusal}, status=403)
    context = {"questionnaire": questionnaire, "form": form, "token": token, "title": "How was the session?"}
    return _answer(request, "surveys/feedback.html", context)


def _answer(request: HttpRequest, template: str, context: dict, status: int = 200) -> HttpResponse:
    response = render(request, template, context, status=status)
    response["Referrer-Policy"] = "no-referrer"
    return response
