"""Raising a question when signed in: for oneself, for one's staff, or as a coordinator for somebody."""

from datetime import date

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.models import Person
from accounts.presses import one_press
from attendance.queries.people import people_of
from briefings.models import Programme, Session, SessionState
from commitments.actions.questions import raise_question
from commitments.clocks import local_day
from commitments.forms.asking import words_to_compare
from commitments.forms.questions import RaiseForm
from commitments.models import UNANSWERED, Question
from commitments.queries.questions import published_answers
from commitments.queries.similar import alike, alike_answered
from commitments.rules import (
    can_raise_for,
    can_triage,
    programmes_to_raise_in,
    programmes_with_questions,
    questions_visible_to,
    staff_organisations,
)
from commitments.views.asking import may_look_alike
from commitments.views.public import FOR_PRACTITIONERS
from organisations.models import Affiliation


@require_http_methods(["GET", "HEAD", "POST"])
@one_press
def raise_for(request: HttpRequest, slug: str) -> HttpResponse:
    """Raise a question for oneself, for staff of the own organisation, or as a coordinator for anybody there."""
    now = timezone.now()
    programme = get_object_or_404(programmes_to_raise_in(request.user, timezone.localdate(now)), slug=slug)
    today = local_day(programme, now)
    if not can_raise_for(request.user, programme, today):
        raise Http404
    looks = "look" in request.POST
    form = RaiseForm(
        request.POST if request.method == "POST" and not looks else None,
        initial={"who": "me", **request.POST.dict()} if looks else None,
        people=_people(request, programme, today),
        sessions=shown_sessions(programme),
    )
    if form.is_bound and form.is_valid():
        question = raise_question(
            programme=programme,
            words=form.cleaned_data["words"],
            by=request.user,
            now=now,
            session=form.cleaned_data["session"],
            **form.asked_by(request.user),
        )
        messages.success(request, f"Question {question.reference} is with the coordinator")
        return redirect(_back(request, programme, today))
    may_look = looks and may_look_alike(request.user.pk, now)
    context = {
        "programme": programme,
        "section": "questions",
        "form": form,
        "title": "Raise a question",
        "caption": programme.name,
        "button": "Raise the question",
        "back_url": _back(request, programme, today),
        "back_words": "Back",
        "triages": can_triage(request.user, programme),
        "looked": may_look,
        "answered": [],
        "open_alike": [],
        **(_alike(request, programme, today, words_to_compare(form, request.POST)) if may_look else {}),
    }
    return render(request, "commitments/questions/raise.html", context)


def shown_sessions(programme: Programme) -> QuerySet[Session]:
    """Return the sessions that a question or promise may be about: those that people know of, newest first."""
    known = programme.sessions.filter(state__in=(SessionState.OPEN, SessionState.HELD))
    return known.select_related("programme").order_by("-date", "-starts", "pk")


def _alike(request: HttpRequest, programme: Programme, today: date, words: str) -> dict:
    """Return what is asked and answered like ``words``, among what this person may read."""
    owed = questions_visible_to(request.user, today).filter(programme=programme, state__in=UNANSWERED)
    return {
        "answered": alike_answered(words, published_answers(programme, audiences=FOR_PRACTITIONERS)),
        "open_alike": alike(words, Question.objects.filter(pk__in=owed.values("pk"))),
    }


def _people(request: HttpRequest, programme: Programme, today: date) -> QuerySet[Person]:
    """Return those for whom this person may ask: everybody of the programme, or the staff of own organisations."""
    if can_triage(request.user, programme):
        everybody = people_of(programme, request.user, timezone.now()).values("pk")
        seniors = programme.mandates.on(today).values("person")
        return Person.objects.filter(Q(pk__in=everybody) | Q(pk__in=seniors), is_active=True)
    own = staff_organisations(request.user, programme, today)
    staff = Affiliation.objects.on(today).filter(organisation__in=own)
    return Person.objects.filter(pk__in=staff.values("person"), is_active=True)


def _back(request: HttpRequest, programme: Programme, today: date) -> str:
    """Return the list of the programme for who may read it; an organisation lead goes back to the first page."""
    if programmes_with_questions(request.user, today).filter(pk=programme.pk).exists():
        return reverse("commitments:programme-questions", args=[programme.slug])
    return reverse("desk:home-show")
