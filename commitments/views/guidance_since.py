"""What has changed since somebody was briefed: by sign-in, by the link of a place, or by a date that anybody types."""

from datetime import datetime, time
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.links import personal_link
from accounts.models import Person
from attendance.models import Place
from commitments.actions import guidance as actions
from commitments.forms.guidance import SinceForm
from commitments.models import Guidance
from commitments.queries.guidance import briefed_at, changes_between, in_force, is_anything_new, newest_of, published_in
from commitments.views.guidance import READ_OR_POST
from commitments.views.guidance_versions import guidance_to_read
from face.paging import SHORT, page_of
from history.refusals import Refused


@login_not_required
@require_safe
def show_since(request: HttpRequest, guidance: int) -> HttpResponse:
    """What has changed since the own briefing; for whoever is not known, or asks for it, since a date.

    A stranger who may not read it is asked to sign in, whether there is such guidance or not.
    """
    try:
        own = guidance_to_read(request, guidance)
    except Http404:
        if request.user.is_authenticated:
            raise
        return redirect_to_login(request.get_full_path())
    form = SinceForm(request.GET if "since_day" in request.GET else None)
    day = form.value("since")
    moment = _end_of(day, own) if day else briefed_at(request.user, own.programme)
    context = {
        **_shown(own, moment, request.user if request.user.is_authenticated else None),
        "filter": form,
        "day": day,
        "acknowledge_url": reverse("commitments:guidance-acknowledge", args=[own.pk]),
        "sign_in_url": ""
        if request.user.is_authenticated
        else f"{reverse('account_login')}?{urlencode({'next': request.path})}",
        "section": "guidance",
        "back_url": reverse("commitments:programme-guidance", args=[own.programme.slug]),
        "back_words": "Back to the guidance",
    }
    return render(request, "commitments/guidance/since.html", context)


@require_POST
def acknowledge(request: HttpRequest, guidance: int) -> HttpResponse:
    """Note that who is signed in has read the version that was on the page."""
    own = guidance_to_read(request, guidance)
    _acknowledge(request, own, request.user)
    return redirect("commitments:guidance-since", guidance=own.pk)


@personal_link("place")
@require_safe
def list_for_place(request: HttpRequest, link: int) -> HttpResponse:
    """The guidance of the programme somebody has a place in."""
    place = _place(request)
    context = {
        "personal_link": True,
        "programme": place.session.programme,
        "title": "Guidance",
        "caption": place.session.programme.name,
        "page": page_of(published_in(place.session.programme), request.GET.get("page"), size=SHORT),
        "own_link": link,
        "back_url": reverse("attendance:place-show", args=[link]),
        "back_words": "Back to my place",
    }
    return render(request, "commitments/guidance/for_place.html", context)


@personal_link("place")
@require_http_methods(READ_OR_POST)
def show_for_place(request: HttpRequest, link: int, guidance: int) -> HttpResponse:
    """What has changed since the own briefing, and a press to say that one has read it."""
    place = _place(request)
    own = get_object_or_404(published_in(place.session.programme), pk=guidance)
    own.programme = place.session.programme
    if request.method == "POST":
        _acknowledge(request, own, place.person)
        return redirect("commitments:place-guidance-show", link=link, guidance=own.pk)
    context = {
        **_shown(own, briefed_at(place.person, own.programme), place.person),
        "personal_link": True,
        "filter": None,
        "day": None,
        "acknowledge_url": "",
        "sign_in_url": "",
        "back_url": reverse("commitments:place-guidance", args=[link]),
        "back_words": "Back to the guidance",
    }
    return render(request, "commitments/guidance/since.html", context)


def _place(request: HttpRequest) -> Place:
    found = Place.objects.select_related("session__programme", "person")
    return get_object_or_404(found, link=request.link, person=request.link.person_id)


def _shown(own: Guidance, moment: datetime | None, person: Person | None) -> dict[str, Any]:
    newest = newest_of(own)
    then = in_force(own, moment) if moment else None
    changes = changes_between(then, newest)
    said = newest.acknowledgements.filter(person=person).first() if person else None
    return {
        "guidance": own,
        "programme": own.programme,
        "version": newest,
        "then": then,
        "moment": moment,
        "changes": changes,
        "is_new": is_anything_new(changes),
        "may_acknowledge": person is not None and said is None and not own.ended_at,
        "acknowledged": said,
    }


def _acknowledge(request: HttpRequest, own: Guidance, person: Person) -> None:
    number = request.POST.get("version", "")
    if not (number.isascii() and number.isdecimal() and len(number) < 5):
        raise Http404
    version = get_object_or_404(own.versions, number=int(number))
    try:
        actions.acknowledge(version=version, person=person, by=person, now=timezone.now())
    except Refused as refusal:
        messages.error(request, refusal.sentence)
    else:
        messages.success(request, f"Thank you. It is noted that you have read version {version.number}")


def _end_of(day: Any, own: Guidance) -> datetime:
    return datetime.combine(day, time(23, 59, 59), ZoneInfo(own.programme.zone))
