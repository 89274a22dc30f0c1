"""Checking oneself in: the screen in the room, the pages behind its code, and the code on the page of one's place."""

from datetime import timedelta

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.limits import client_address, hit, network_of
from accounts.links import personal_link
from accounts.qr import qr_svg
from attendance.actions.check_in import check_in, check_in_place, plain_code, session_of_code, show_code
from attendance.forms.check_in import HereForm, RoomCodeForm
from attendance.models import CheckInCode, Place
from attendance.views.register import READ_OR_POST, frame, session_at_door
from briefings.models import Session
from briefings.words import when_in_words
from history.refusals import Refused
from organisations.models import Organisation

PERIOD = timedelta(minutes=15)
PER_NETWORK = 600
"""A full room behind one address, and far too few to guess a code by."""


@require_http_methods(READ_OR_POST)
def show_screen(request: HttpRequest, session: int) -> HttpResponse:
    """The page for the screen in the room: the code, and where to type it. A press makes one, or a new one."""
    own = session_at_door(request, session)
    if request.method == "POST":
        try:
            show_code(session=own, by=request.user, now=timezone.now(), anew=True)
        except Refused as refusal:
            messages.error(request, refusal.sentence)
        return redirect("attendance:register-screen", session=own.pk)
    found = CheckInCode.objects.filter(session=own).first()
    address = settings.SITE_URL + reverse("attendance:here-show", args=[found.code]) if found else ""
    context = frame(request, own, "Check in here") | {
        "code": found.code if found else "",
        "address": settings.SITE_URL + reverse("attendance:here-code"),
        "qr": qr_svg(address, "Open this on your phone to check in") if found else "",
    }
    return render(request, "attendance/check_in/screen.html", context)


@login_not_required
@never_cache
@require_http_methods(READ_OR_POST)
def give_code(request: HttpRequest) -> HttpResponse:
    """Ask for the code on the screen."""
    form = RoomCodeForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            _within(request)
            session_of_code(form.cleaned_data["code"], timezone.now())
        except Refused as refusal:
            form.add_refusal(refusal, "code")
        else:
            return redirect("attendance:here-show", code=plain_code(form.cleaned_data["code"]))
    context = {"title": "Check in", "form": form, "button": "Continue"}
    return render(request, "attendance/check_in/code.html", context, status=422 if form.errors else 200)


@login_not_required
@never_cache
@require_http_methods(READ_OR_POST)
def show_here(request: HttpRequest, code: str) -> HttpResponse:
    """Ask who is here, then mark their place, or add them as a walk-in: the answer is the same."""
    try:
        _within(request)
        session = session_of_code(code, timezone.now())
    except Refused as refusal:
        form = RoomCodeForm({"code": code})
        form.add_refusal(refusal, "code")
        context = {"title": "Check in", "form": form, "button": "Continue", "to_code": True}
        return render(request, "attendance/check_in/code.html", context, status=422)
    form = HereForm(request.POST if request.method == "POST" else None, organisations=_partners(session))
    if request.method == "POST" and form.is_valid():
        try:
            check_in(code=code, now=timezone.now(), **form.cleaned_data)
        except Refused as refusal:
            form.add_refusal(refusal)
        else:
            return render(request, "attendance/check_in/done.html", {"title": "You are checked in", "session": session})
    context = {"title": "Check in", "caption": f"{session}, {when_in_words(session)}", "form": form}
    return render(
        request, "attendance/check_in/here.html", {**context, "button": "I am here"}, status=422 if form.errors else 200
    )


@personal_link("place")
@require_POST
def check_in_by_place(request: HttpRequest, link: int) -> HttpResponse:
    """Check in the person of a place by the code in the room."""
    place = get_object_or_404(Place.objects.select_related("session", "person"), link=request.link)
    form = RoomCodeForm(request.POST)
    try:
        _within(request)
        check_in_place(place=place, code=form.data.get("code", "")[:40], now=timezone.now())
    except Refused as refusal:
        messages.error(request, refusal.sentence)
    else:
        messages.success(request, "You are checked in")
    return redirect("attendance:place-show", link=link)


class TooMany(Refused):
    sentence = "Too many tries came from this network. Wait a quarter of an hour, or tell the person at the door."


def _within(request: HttpRequest) -> None:
    """Count a try of this network. Raises TooMany beyond the limit."""
    network = network_of(client_address(request))
    if not hit("check in by network", network, limit=PER_NETWORK, period=PERIOD, now=timezone.now()):
        raise TooMany


def _partners(session: Session):
    partners = session.programme.partners.on(session.date).values("organisation")
    return Organisation.objects.filter(pk__in=partners).order_by("name", "pk")
