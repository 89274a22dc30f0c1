"""What the mailed link of an asker opens: where the question is, its answer, saying once that it is none, withdrawing.

Nobody else sees these pages; whether asked by name or by pseudonym, they are the asker's alone.
"""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.links import personal_link
from accounts.presses import one_press
from commitments.actions import questions as actions
from commitments.clocks import local_day
from commitments.models import UNANSWERED, Asker, QuestionState
from commitments.queries.questions import others_wait
from history.refusals import Refused

READ_OR_POST = ["GET", "HEAD", "POST"]


@personal_link("question")
@require_safe
def show_own(request: HttpRequest, link: int) -> HttpResponse:
    """Where the question is, and its answer."""
    own = _own(request)
    question = own.question
    whole = question.merged_into or question
    is_owed = whole.state in UNANSWERED and own.withdrawn_on is None
    context = {
        **_page(own, link),
        "whole": whole,
        "answer": whole.answers.select_related("organisation").first(),
        "holding_reply": whole.holding_replies.select_related("organisation").first() if is_owed else None,
        "may_object": whole.state == QuestionState.ANSWERED
        and own.said_unanswered_on is None
        and own.withdrawn_on is None
        and not whole.is_reopened,
        "may_withdraw": is_owed and not whole.is_reopened,
        "is_owed": is_owed,
        "is_late": is_owed and whole.due_on < local_day(whole.programme, timezone.now()),
        "standing": whole.assurances.standing().select_related("organisation", "person").order_by("due_on", "pk"),
    }
    return render(request, "commitments/asker/show.html", context)


@personal_link("question")
@require_http_methods(READ_OR_POST)
@one_press
def say_not_answered(request: HttpRequest, link: int) -> HttpResponse:
    """Say, once, that the answer does not answer it."""
    own = _own(request)
    if request.method == "POST":
        return _done(
            request,
            link,
            lambda: actions.say_unanswered(asker=own, by=request.link.person, now=timezone.now()),
            "Your question is open again, with a new date. You are told when there is a new answer",
        )
    context = {
        **_page(own, link),
        "title": "Does this not answer your question?",
        "consequence": "Your question is opened again and goes back to whoever answered it. You can say this once.",
        "button": "This does not answer my question",
        "danger": False,
    }
    return render(request, "commitments/asker/confirm.html", context)


@personal_link("question")
@require_http_methods(READ_OR_POST)
@one_press
def withdraw(request: HttpRequest, link: int) -> HttpResponse:
    """Take the question back before it is answered."""
    own = _own(request)
    is_of_others = others_wait(own)
    if request.method == "POST":
        return _done(
            request,
            link,
            lambda: actions.withdraw_question(asker=own, by=request.link.person, now=timezone.now()),
            "You get no answer any more: others asked the same, and it is answered for them"
            if is_of_others
            else "Your question is withdrawn. Nobody answers it any more",
        )
    became = (
        "Others asked the same, so it is answered for them, and you are told nothing more. This cannot be undone."
        if is_of_others
        else "It is not answered, and this cannot be undone. You can ask it again."
    )
    context = {
        **_page(own, link),
        "title": "Withdraw your question?",
        "consequence": became,
        "button": "Withdraw my question",
        "danger": True,
    }
    return render(request, "commitments/asker/confirm.html", context)


def _own(request: HttpRequest) -> Asker:
    found = Asker.objects.select_related(
        "question__programme",
        "question__session",
        "question__organisation",
        "question__merged_into__organisation",
        "question__merged_into__programme",
        "person",
    )
    return get_object_or_404(found, link=request.link, person=request.link.person_id)


def _page(own: Asker, link: int) -> dict:
    return {
        "own": own,
        "own_link": link,
        "question": own.question,
        "programme": own.question.programme,
        "caption": f"Question {own.question.reference}",
        "personal_link": True,
        "back_url": reverse("commitments:asker-show", args=[link]),
    }


def _done(request: HttpRequest, link: int, act: Callable[[], object], said: str) -> HttpResponse:
    try:
        act()
    except Refused as refusal:
        messages.error(request, refusal.sentence)
    else:
        messages.success(request, said)
    return redirect("commitments:asker-show", link=link)
