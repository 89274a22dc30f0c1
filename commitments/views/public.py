"""What everybody may read of a programme's answers and promises; more for who was invited or has a place."""

from collections.abc import Collection
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.decorators import reads_no_session
from accounts.links import personal_link
from attendance.models import LIVE, Invitation, Place
from briefings.models import Programme, Session
from commitments.clocks import local_day
from commitments.forms.questions import AnswersFilter
from commitments.models import Audience
from commitments.queries.assurances import given_of
from commitments.queries.questions import (
    answers_page,
    earlier_answers,
    ended_for_nobody,
    listed_answers,
    published_answers,
)
from commitments.queries.similar import alike_answered
from commitments.queries.standards import themes_of
from commitments.queries.telling import told_to_place
from commitments.views.programmes import public_programme
from face.paging import SHORT, page_of

MOST_PUT_ASIDE = 20
MOST_TOLD = 10
FOR_PRACTITIONERS = (Audience.PUBLIC, Audience.PRACTITIONERS)


@reads_no_session
@login_not_required
@require_safe
def list_answers(request: HttpRequest, slug: str) -> HttpResponse:
    """The published answers of a programme: the same page at the same address for everybody."""
    programme = public_programme(slug)
    template = "commitments/public/answers.html"
    return _answers(request, programme, (Audience.PUBLIC,), template=template, is_everybody=True)


@reads_no_session
@login_not_required
@require_safe
def list_promises(request: HttpRequest, slug: str) -> HttpResponse:
    """What senior managers have promised in a programme and stand by, and what was kept."""
    programme = public_programme(slug)
    page = page_of(given_of(programme), request.GET.get("page"), size=SHORT)
    today = local_day(programme, timezone.now())
    context = {"programme": programme, "page": page, "today": today, "title": "What senior managers have promised"}
    return render(request, "commitments/public/promises.html", context)


@personal_link("invitation")
@require_safe
def list_for_invited(request: HttpRequest, link: int) -> HttpResponse:
    """The answers for all practitioners of the programme somebody was invited to."""
    invitations = Invitation.objects.select_related("programme")
    own = get_object_or_404(invitations, link=request.link, person=request.link.person_id)
    back = {"back_url": reverse("attendance:invitation-choose", args=[link]), "back_words": "Back to the sessions"}
    return _answers(request, own.programme, FOR_PRACTITIONERS, **back)


@personal_link("place")
@require_safe
def list_for_place(request: HttpRequest, link: int) -> HttpResponse:
    """The answers for all practitioners, and those for everybody with a place in the session while one is held."""
    places = Place.objects.select_related("session__programme")
    own = get_object_or_404(places, link=request.link, person=request.link.person_id)
    back = {"back_url": reverse("attendance:place-show", args=[link]), "back_words": "Back to my place"}
    session = own.session if own.state in LIVE else None
    told = list(told_to_place(own)[:MOST_TOLD])
    return _answers(request, own.session.programme, FOR_PRACTITIONERS, session=session, told=told, link_id=link, **back)


def _answers(
    request: HttpRequest,
    programme: Programme,
    audiences: Collection[str],
    *,
    session: Session | None = None,
    template: str = "commitments/public/answers_for_link.html",
    is_everybody: bool = False,
    **more: Any,
) -> HttpResponse:
    chosen = AnswersFilter(request.GET, themes=themes_of(programme))
    words = chosen.value("q") or ""
    circle = {"audiences": audiences, "session": session}
    found = published_answers(programme, words=words, theme=chosen.value("theme") or "", **circle)
    page = answers_page(found, request.GET.get("page"))
    by_some = not page.total and len(words.split()) > 1
    if by_some:
        found = published_answers(programme, words=words, theme=chosen.value("theme") or "", by_some=True, **circle)
        page = answers_page(found, request.GET.get("page"))
    alike = alike_answered(words, published_answers(programme, **circle)) if words and not page.total else []
    put_aside = ended_for_nobody(programme, words)[:MOST_PUT_ASIDE] if is_everybody else []
    context = {
        "programme": programme,
        "caption": programme.name,
        "title": "Questions and answers",
        "filter": chosen,
        "page": page,
        "by_some": by_some,
        "earlier": earlier_answers(page.rows, programme, **circle),
        "alike": listed_answers([answer.pk for answer in alike]),
        "put_aside": list(put_aside),
        "personal_link": True,
        "empty_title": "" if chosen.chosen() else "No answer is published yet",
        "empty_text": "" if chosen.chosen() else "Answers that everybody may read appear here.",
        **more,
    }
    return render(request, template, context)
