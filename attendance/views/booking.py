"""Booking without an invitation: work address, organisation, code, details, check. Nobody is signed in by it.

What was typed stands in the browser's session on the server for half an hour. A proven address opens nothing but the
booking of this one session, as a personal link would.
"""

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.mail import send_mail
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import limits
from accounts.links import open_in_browser
from accounts.models import Person
from accounts.presses import one_press
from attendance.actions.places import NotOpen, take_place
from attendance.actions.registering import register_and_take
from attendance.actions.series import in_words, take_series
from attendance.forms.booking import AddressForm, CodeForm, DetailsForm, OrganisationForm, RequestForm
from attendance.models import Place, PlaceState
from attendance.queries.booking import affiliation_for, with_line
from attendance.queries.series import others_to_take
from attendance.queries.shares import why_waiting
from attendance.views.gone import say_why_gone
from briefings.models import Partner, Session
from briefings.queries import why_not_in_scope
from history.refusals import Refused
from organisations.models import Affiliation, Area, Organisation, Profession
from organisations.queries import organisations_for_address

READ_OR_POST = ["GET", "HEAD", "POST"]
CODE_LASTS, PROOF_LASTS = 600, 1800
LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
REQUESTS_AN_HOUR = 5


def _page(view: Callable) -> Callable:
    @wraps(view)
    def shown(request: HttpRequest, session: int) -> HttpResponse:
        try:
            return view(request, session)
        except NotOpen:
            found = say_why_gone(request, Session.objects.filter(programme__is_public=True), session)
            return redirect("attendance:session-list", slug=found.programme.slug)

    return login_not_required(never_cache(require_http_methods(READ_OR_POST)(shown)))


@_page
def give_address(request: HttpRequest, session: int) -> HttpResponse:
    """Ask for the work address; the answer is the same whether it is known or not."""
    own = _session(request, session)
    if request.user.is_authenticated and request.user.email:
        return redirect("attendance:session-book-check", session=session)
    form = AddressForm(request.POST if request.method == "POST" else None)
    if request.method != "POST" or not form.is_valid():
        return _show(request, own, "address", form)
    email = form.cleaned_data["email"]
    found = list(_organisations(own, email))
    _keep(request, own, email=email, organisation=found[0].pk if len(found) == 1 else None)
    if len(found) != 1:
        return redirect("attendance:session-book-organisation", session=session)
    return _send_code(request, own, email, form)


@_page
def choose_organisation(request: HttpRequest, session: int) -> HttpResponse:
    """Ask which organisation where several share the domain; ask the coordinator where none is known by it."""
    own = _session(request, session)
    kept = _kept(request, own)
    if not kept.get("email"):
        return redirect("attendance:session-book", session=session)
    found = _organisations(own, kept["email"])
    if not found:
        return _ask_coordinator(request, own, kept["email"])
    form = OrganisationForm(request.POST if request.method == "POST" else None, organisations=found)
    if request.method != "POST" or not form.is_valid():
        return _show(request, own, "organisation", form)
    _keep(request, own, email=kept["email"], organisation=form.cleaned_data["organisation"].pk)
    return _send_code(request, own, kept["email"], form)


@_page
def give_code(request: HttpRequest, session: int) -> HttpResponse:
    """Ask for the mailed code: three tries, ten minutes."""
    own = _session(request, session)
    kept, now = _kept(request, own), timezone.now()
    if not kept.get("code") or now.timestamp() - kept["code_at"] > CODE_LASTS:
        return redirect("attendance:session-book", session=session)
    form = CodeForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        key = f"{request.session.session_key}\n{kept['code_at']}"
        if not limits.hit("booking code", key, limit=3, period=timedelta(hours=1), now=now):
            _forget(request, own)
            messages.error(request, "Too many wrong codes were tried. Ask for a new code")
            return redirect("attendance:session-book", session=session)
        if constant_time_compare(_digest(form.cleaned_data["code"], kept["code_at"]), kept["code"]):
            request.session.cycle_key()
            _keep(request, own, email=kept["email"], organisation=kept["organisation"], proven_at=now.timestamp())
            return redirect("attendance:session-book-check", session=session)
        form.add_error("code", "The code is not correct. Check that it is from our newest e-mail")
    return _show(request, own, "code", form, email=kept["email"])


@_page
def give_details(request: HttpRequest, session: int) -> HttpResponse:
    """Ask name, profession and area of somebody who is not known; say at once where that does not fit."""
    own = _session(request, session)
    kept = _proven(request, own)
    if kept is None or not kept.get("organisation"):
        return redirect("attendance:session-book", session=session)
    form = DetailsForm(request.POST if request.method == "POST" else None, initial=_initial(kept))
    if request.method == "POST" and form.is_valid():
        reasons = form.why_not(own.programme)
        if reasons:
            return _show(request, own, "not_eligible", None, reasons=reasons)
        _keep(request, own, **{**kept, **_as_kept(form.cleaned_data)})
        return redirect("attendance:session-book-check", session=session)
    return _show(request, own, "details", form)


@_page
@one_press
def check(request: HttpRequest, session: int) -> HttpResponse:
    """Show what would be booked, then book it and lead to the page of the place."""
    own, now = _session(request, session), timezone.now()
    kept = _proven(request, own)
    if kept is None:
        return redirect("attendance:session-book", session=session)
    person = Person.objects.filter(email=kept["email"], is_active=True).first()
    tie = affiliation_for(own.programme, person, now) if person else None
    if tie is None:
        reasons = _why_not_known(own, person, kept, now)
        if reasons:
            return _show(request, own, "not_eligible", None, reasons=reasons)
        if not kept.get("name"):
            return redirect("attendance:session-book-details", session=session)
    refusal = None
    if request.method == "POST":
        try:
            whole = request.POST.get("series") == "all"
            place, others = take_series(
                session=own,
                person=person,
                take=lambda: _book(own, person, tie, kept, now),
                whole=whole,
                by=None,
                now=now,
            )
        except Refused as refused:
            refusal = refused
        else:
            _forget(request, own)
            said = _said_of(place, kept["email"], now)
            if place.state == PlaceState.WAITING and "free" in request.GET:
                said = f"The last place that was free for you went just before you pressed. {said}"
            messages.success(request, f"{said}. {in_words(others)}" if others else said)
            return open_in_browser(place.link)
    waits = why_waiting(own, person, tie, now)
    organisation = tie.organisation if tie else Organisation.objects.get(pk=kept["organisation"])
    return _show(
        request,
        own,
        "check",
        None,
        refusal=refusal,
        name=person.name if person else kept["name"],
        email=kept["email"],
        organisation=organisation,
        profession=tie.profession if tie else Profession.objects.filter(pk=kept.get("profession")).first(),
        area=None if tie else Area.objects.filter(pk=kept.get("area")).first(),
        may_change=tie is None,
        is_full=bool(waits),
        waits=waits,
        others=others_to_take(own, person.pk if person else None, now),
    )


def _said_of(place: Place, email: str, now: datetime) -> str:
    """Return what the press came to; who has a place here already gets no second mail about it."""
    if place.state == PlaceState.OFFERED:
        return "A place is held for you here. Say whether you take it"
    said = "You are on the waiting list" if place.state == PlaceState.WAITING else "Your place is booked"
    return f"{said}. A confirmation is on its way to {email}" if place.made_at == now else f"{said} already"


def _book(session: Session, person: Person | None, tie: Affiliation | None, kept: dict, now: datetime):
    if tie:
        return take_place(session=session, person=person, by=person, now=now)
    return register_and_take(
        session=session,
        email=kept["email"],
        name=kept["name"],
        organisation=Organisation.objects.get(pk=kept["organisation"]),
        profession=Profession.objects.filter(pk=kept["profession"]).first(),
        area=Area.objects.filter(pk=kept["area"]).first(),
        now=now,
    )


def _why_not_known(session: Session, person: Person | None, kept: dict, now: datetime) -> list[str]:
    """Return why somebody who is known at a partner is not eligible; [] for who is not known, and is asked."""
    if person is None:
        return [] if kept.get("organisation") else ["we do not know your organisation"]
    today = timezone.localdate(now)
    ties = Affiliation.objects.on(today).filter(person=person).select_related("organisation", "person")
    own = [tie for tie in ties if tie.organisation_id == kept.get("organisation") or not kept.get("organisation")]
    if not own:
        return [] if kept.get("organisation") else ["we do not know your organisation"]
    return [f"{tie.organisation}: {', '.join(why_not_in_scope(session.programme, tie, today))}" for tie in own]


def _session(request: HttpRequest, number: int) -> Session:
    """Return an open session that everybody may book, or that the signed-in person is eligible for; else 404.

    Raises NotOpen where it does not take bookings.
    """
    now = timezone.now()
    found = with_line(Session.objects.open().to_come(now).filter(pk=number, seats__isnull=False)).first()
    if found is None:
        raise NotOpen
    if not found.programme.is_public:
        known = request.user.is_authenticated and affiliation_for(found.programme, request.user, now)
        if not known:
            raise Http404
    return found


def _organisations(session: Session, email: str):
    partners = Partner.objects.on(timezone.localdate()).filter(programme=session.programme_id)
    return organisations_for_address(email).filter(pk__in=partners.values("organisation"))


def _send_code(request: HttpRequest, session: Session, email: str, form) -> HttpResponse:
    now = timezone.now()
    if not limits.may_ask_for_code(request, email, None, now):
        form.add_error(None, "Too many codes were asked for. Wait 15 minutes, or use another connection")
        return _show(request, session, "address" if "email" in form.fields else "organisation", form, status=429)
    code, at = "".join(secrets.choice(LETTERS) for _ in range(8)), now.timestamp()
    _keep(request, session, **{**_kept(request, session), "code": _digest(code, at), "code_at": at})
    context = {"code": f"{code[:4]}-{code[4:]}", "session": session, "programme": session.programme}
    text = render_to_string("attendance/mail/booking_code.txt", context)
    send_mail("Your code to book a place", text, None, [email])
    return redirect("attendance:session-book-code", session=session.pk)


def _ask_coordinator(request: HttpRequest, session: Session, email: str) -> HttpResponse:
    """Take a request to the coordinator from somebody whose organisation is not known by the address."""
    form = RequestForm(request.POST if request.method == "POST" else None)
    contact = session.programme.contact_email
    if request.method == "POST" and not contact:
        form.add_error(None, "This programme has no address for requests yet. Ask the lead of your organisation")
    if request.method != "POST" or not form.is_valid():
        return _show(request, session, "unknown", form, email=email)
    network = limits.network_of(limits.client_address(request))
    period, now = timedelta(hours=1), timezone.now()
    if not limits.hit("booking request", network, limit=REQUESTS_AN_HOUR, period=period, now=now):
        form.add_error(None, "Too many requests were sent from here. Wait an hour, or write to the coordinator")
        return _show(request, session, "unknown", form, email=email, status=429)
    context = {**form.cleaned_data, "email": email, "session": session, "programme": session.programme}
    text = render_to_string("attendance/mail/booking_request.txt", context)
    send_mail("Somebody asks to take part", text, None, [contact])
    _forget(request, session)
    return _show(request, session, "asked", None)


def _show(request: HttpRequest, session: Session, page: str, form, *, status: int = 200, **more: Any) -> HttpResponse:
    context = {
        "session": session,
        "programme": session.programme,
        "caption": session.programme.name,
        "form": form,
        "back_url": reverse("attendance:session-show", args=[session.pk]),
        "back_words": "Back to the session",
        "refusal": None,
        **more,
    }
    status = 409 if context["refusal"] else status
    return render(request, f"attendance/public/{page}.html", context, status=status)


def _digest(code: str, at: float) -> str:
    return salted_hmac("attendance.booking", f"{code}\n{at}", algorithm="sha256").hexdigest()


def _key(session: Session) -> str:
    return f"booking:{session.pk}"


def _kept(request: HttpRequest, session: Session) -> dict:
    return request.session.get(_key(session), {})


def _keep(request: HttpRequest, session: Session, **values: Any) -> None:
    request.session[_key(session)] = values


def _forget(request: HttpRequest, session: Session) -> None:
    request.session.pop(_key(session), None)


def _proven(request: HttpRequest, session: Session) -> dict | None:
    """Return what was kept where its address is proven: by a code in the last half hour, or by being signed in."""
    kept = _kept(request, session)
    if request.user.is_authenticated and request.user.email:
        return {**(kept if kept.get("email") == request.user.email else {}), "email": request.user.email}
    fresh = kept.get("proven_at") and timezone.now().timestamp() - kept["proven_at"] < PROOF_LASTS
    return kept if fresh else None


def _as_kept(details: dict) -> dict:
    return {"name": details["name"], "profession": details["profession"].pk, "area": details["area"].pk}


def _initial(kept: dict) -> dict:
    return {name: kept[name] for name in ("name", "profession", "area") if name in kept}
