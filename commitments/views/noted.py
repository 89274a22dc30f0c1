"""What the mailed link of an assurance opens: its words, and what its keeper can say of it without signing in.

Noted words are confirmed or refused; given ones are reviewed, or proposed as kept. What binds anew needs a sign-in
code: docs/adr/0140-a-link-says-how-a-promise-stands.md.
"""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.links import personal_link
from accounts.presses import one_press
from commitments.actions.assurances import end_assurance
from commitments.clocks import local_day
from commitments.forms.fields import ReasonForm
from commitments.models import UNENDED, Assurance, AssuranceState
from commitments.queries.questions import distance
from commitments.queries.standards import calendar_of
from commitments.rules import questions_visible_to
from commitments.views.keeping import proposing, reviewing
from history.refusals import Refused

READ_OR_POST = ["GET", "HEAD", "POST"]


@personal_link("assurance")
@require_safe
def show_noted(request: HttpRequest, link: int) -> HttpResponse:
    """The words, and what can be said of them. Confirming noted ones leads through a sign-in code."""
    own = _own(request)
    if own.state == AssuranceState.NOTED or own.given_at is None:
        context = {**_page(own, link), "is_noted": own.state == AssuranceState.NOTED}
        return render(request, "commitments/assurances/noted.html", context)
    today = local_day(own.programme, timezone.now())
    context = {
        **_page(own, link),
        "today": today,
        "is_unended": own.state in UNENDED,
        "may_say": own.state == AssuranceState.GIVEN,
        "distance": distance(own.due_on, today, calendar_of(own.programme)) if own.state in UNENDED else "",
        "questions": own.questions.filter(pk__in=questions_visible_to(request.link.person, today).values("pk")),
        "evidence": own.evidence_given.select_related("given_by").first(),
        "review": own.reviews.first(),
    }
    return render(request, "commitments/assurances/own.html", context)


@personal_link("assurance")
@require_http_methods(READ_OR_POST)
@one_press
def say_kept(request: HttpRequest, link: int) -> HttpResponse:
    """Say that it was kept, with the evidence; a coordinator confirms it."""
    return _said(request, link, proposing, "Say that it was kept", "Propose it as kept")


@personal_link("assurance")
@require_http_methods(READ_OR_POST)
@one_press
def say_how_it_stands(request: HttpRequest, link: int) -> HttpResponse:
    """Say how it stands, and when it is looked at again."""
    return _said(request, link, reviewing, "Say how it stands", "Keep this review")


def _said(request: HttpRequest, link: int, saying: Callable, title: str, button: str) -> HttpResponse:
    """Answer with the form of ``saying``, or lead back where it is said, or cannot be said any more."""
    own = _own(request)
    if request.method != "POST" and own.state != AssuranceState.GIVEN:
        return redirect("commitments:assurance-noted", link=link)
    form, done = saying(request, own, request.link.person)
    if done:
        return redirect("commitments:assurance-noted", link=link)
    return _form(request, own, form, title, button)


@personal_link("assurance")
@require_http_methods(READ_OR_POST)
def say_not_mine(request: HttpRequest, link: int) -> HttpResponse:
    """Say that these were not the words: what was noted never counts."""
    own = _own(request)
    form = ReasonForm(
        request.POST if request.method == "POST" else None,
        label="What is wrong with it?",
        hint="The coordinator reads it. You can give the assurance in your own words instead.",
    )
    if own.state != AssuranceState.NOTED:
        return redirect("commitments:assurance-noted", link=link)
    if request.method == "POST" and form.is_valid():
        try:
            end_assurance(
                assurance=own,
                state=AssuranceState.WITHDRAWN,
                reason=form.cleaned_data["reason"],
                by=request.link.person,
                now=timezone.now(),
            )
        except Refused as refusal:
            messages.error(request, refusal.sentence)
        else:
            messages.success(request, "Thank you. It does not count, and the coordinator is told")
        return redirect("commitments:assurance-noted", link=link)
    return _form(request, own, form, "These are not my words", "Tell the coordinator")


def _form(request: HttpRequest, own: Assurance, form: Any, title: str, button: str) -> HttpResponse:
    context = {
        **_page(own, request.link.pk),
        "form": form,
        "title": title,
        "caption": f"Assurance {own.reference}",
        "button": button,
        "back_url": reverse("commitments:assurance-noted", args=[request.link.pk]),
        "back_words": "Back to the assurance",
    }
    return render(request, "commitments/assurances/by_link.html", context)


def _own(request: HttpRequest) -> Assurance:
    """Return the assurance of the opened link, while its person keeps it; raises Http404 for any other."""
    found = Assurance.objects.select_related(
        "programme", "organisation", "carried_by", "person", "keeper", "session", "noted_by"
    )
    return get_object_or_404(found, link=request.link, keeper=request.link.person_id)


def _page(own: Assurance, link: int) -> dict:
    return {"assurance": own, "own_link": link, "programme": own.programme, "personal_link": True}
