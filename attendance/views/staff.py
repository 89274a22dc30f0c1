"""What staff do about places: find somebody on the telephone, see where they stand, act for them; who comes."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import Person
from accounts.permissions import Permission, has
from accounts.presses import one_press
from attendance.actions.invitations import answer_invitation, send_link_again
from attendance.actions.places import OfferIsOver, accept_offer, give_up_place, send_entry_again, take_place
from attendance.actions.reserve import seat_from_reserve
from attendance.actions.series import in_words, take_series
from attendance.actions.swaps import change_place
from attendance.forms.staff import AnswerForm, PersonSearch, TakeForm
from attendance.models import LIVE, Invitation, Place, PlaceState
from attendance.queries.answers import with_answer
from attendance.queries.booking import affiliation_for, positions_of, with_line
from attendance.queries.people import WHY_CLOSED, people_of, places_of_session, with_words
from attendance.queries.shares import kept_in, mark_all_kept, quota_used, seats_kept
from attendance.views.on_behalf import said_about, told
from attendance.window import rules_of, window_of
from briefings.models import PlacesRule, Programme, Session, SessionState
from face.keeping import share_of
from face.paging import LONG, SHORT, InOrder, page_of
from face.spreadsheets import stream_csv
from history.actions import key_of, look, look_at_all, look_at_many
from history.refusals import Refused
from messaging import kinds
from messaging.models import Message
from messaging.queries import bounce_of

READ_OR_POST = ["GET", "HEAD", "POST"]
SEEING = (Permission.SEE_PEOPLE, Permission.RUN_SESSIONS)


@require_safe
def find_person(request: HttpRequest, slug: str) -> HttpResponse:
    """Find somebody who is on the telephone."""
    programme, now = _programme(request, slug), timezone.now()
    chosen = PersonSearch(request.GET)
    words = chosen.value("q") or ""
    page = page_of(_in_order(request, programme, words, now), request.GET.get("page"), size=SHORT)
    look_at_many(by=request.user, at=page.rows, page="attendance:person-find", now=now)
    context = {
        "programme": programme,
        "caption": programme.name,
        "title": "Book for somebody",
        "section": "booking",
        "filter": chosen,
        "page": page,
        "empty_title": "" if words else "Who is on the telephone?",
        "empty_text": "" if words else "Type a part of the name, the e-mail address or the reference of a place.",
    }
    return render(request, "attendance/staff/find.html", context)


def _in_order(request: HttpRequest, programme: Programme, words: str, now: datetime) -> Any:
    """Return whom ``words`` find, by last name; nobody without words."""
    if not words:
        return []
    fits = with_words(words)
    found = people_of(programme, request.user, now).filter(fits).order_by("sort_name", "pk")
    return InOrder(found, *share_of(found, Person.objects.filter(fits, is_active=True), now))


@require_safe
def show_person(request: HttpRequest, slug: str, person: int) -> HttpResponse:
    """Show everything about one person in one programme, with what can be done for them."""
    programme = _programme(request, slug)
    somebody = _person(request, programme, person)
    look(by=request.user, at=somebody, page="attendance:person-show", now=timezone.now())
    return _person_page(request, programme, somebody)


@require_POST
@one_press
def take_for(request: HttpRequest, slug: str, person: int) -> HttpResponse:
    """Take a place for somebody, from the places kept back where that is asked for."""
    programme = _programme(request, slug)
    somebody = _person(request, programme, person)
    form = _take_form(programme, somebody, request.POST)
    if not form.is_valid():
        return _person_page(request, programme, somebody, take_form=form)

    def act() -> str:
        now, chosen = timezone.now(), dict(form.cleaned_data)
        whole = chosen.pop("whole_series", False)
        held = _held_in(chosen["session"], somebody)
        if held and not whole:
            return _seat_there(held, request.user, from_reserve=chosen["from_reserve"])
        own = {"session": chosen["session"], "person": somebody, "by": request.user, "now": now}
        if held:
            acts = _can_be_seated(held, from_reserve=chosen["from_reserve"])
            _, others = take_series(take=lambda: _seat(held, request.user) if acts else held, whole=whole, **own)
            if not acts and not others:
                raise Refused(_has_it(held))
            said = f"Booked. {told(somebody)}" if acts else _has_it(held).removesuffix(".")
        else:
            place, others = take_series(take=lambda: take_place(**{**own, **chosen}), whole=whole, **own)
            said = "Booked" if place.state == PlaceState.BOOKED else "Put on the waiting list"
            said = f"{said}. {told(somebody)}"
        return f"{said}. {in_words(others)}" if others else said

    return _acted(request, programme, somebody, act, form=form, form_name="take_form")


@require_POST
@one_press
def change_for(request: HttpRequest, slug: str, person: int, place: int) -> HttpResponse:
    """Change somebody's place for another date; the old one stays where the new one is full."""
    programme = _programme(request, slug)
    somebody = _person(request, programme, person)
    own = _place(programme, somebody, place)
    form = _take_form(programme, somebody, request.POST)
    if not form.is_valid():
        return _person_page(request, programme, somebody, take_form=form)

    def act() -> str:
        chosen = {"to": form.cleaned_data["session"], "from_reserve": form.cleaned_data["from_reserve"]}
        if own.session_id == chosen["to"].pk:
            return _seat_there(own, request.user, from_reserve=chosen["from_reserve"])
        change_place(place=own, by=request.user, now=timezone.now(), **chosen)
        return f"The date is changed. {told(somebody)}"

    return _acted(request, programme, somebody, act, form=form, form_name="take_form")


@require_POST
@one_press
def seat_for(request: HttpRequest, slug: str, person: int, place: int) -> HttpResponse:
    """Say yes for somebody to an offer, or give who waits a place now, from those kept back too."""
    programme = _programme(request, slug)
    somebody = _person(request, programme, person)
    own = _place(programme, somebody, place)
    return _acted(request, programme, somebody, lambda: _seated(own, request.user))


def _seat(place: Place, by: Person) -> Place:
    act = accept_offer if place.state == PlaceState.OFFERED else seat_from_reserve
    return act(place=place, by=by, now=timezone.now())


def _seated(place: Place, by: Person) -> str:
    _seat(place, by)
    return f"Booked. {told(place.person)}"


def _held_in(session: Session, person: Person) -> Place | None:
    """Return the place that ``person`` has in ``session`` already, on which nothing can be taken or changed."""
    live = Place.objects.live().filter(session=session, person=person)
    return live.select_related("session__programme", "person").first()


def _seat_there(held: Place, by: Person, *, from_reserve: bool) -> str:
    """Seat the person of ``held`` where there is anything to do about it. Raises Refused where there is not."""
    if _can_be_seated(held, from_reserve=from_reserve):
        return _seated(held, by)
    raise Refused(_has_it(held))


def _can_be_seated(held: Place, *, from_reserve: bool) -> bool:
    return held.state == PlaceState.OFFERED or (held.state == PlaceState.WAITING and from_reserve)


def _has_it(held: Place) -> str:
    waits = held.state == PlaceState.WAITING
    return f"{held.person.name} {'waits for' if waits else 'has a place in'} this session already."


@require_http_methods(READ_OR_POST)
@one_press
def give_up_for(request: HttpRequest, slug: str, person: int, place: int) -> HttpResponse:
    """Ask, then give somebody's place up for them."""
    programme = _programme(request, slug)
    somebody = _person(request, programme, person)
    own = _place(programme, somebody, place)
    if request.method == "POST":

        def act() -> str:
            give_up_place(place=own, by=request.user, now=timezone.now())
            done = "They are off the waiting list" if own.state == PlaceState.WAITING else "The place is given up"
            return f"{done}. {told(somebody)}"

        return _acted(request, programme, somebody, act)
    if own.state not in LIVE:
        return redirect("attendance:person-show", slug=slug, person=person)
    waits, now = own.state == PlaceState.WAITING, timezone.now()
    look(by=request.user, at=somebody, page="attendance:person-give-up", now=now)
    context = {
        "programme": programme,
        "caption": programme.name,
        "section": "booking",
        "title": f"Take {somebody.name} off the waiting list?" if waits else f"Give up the place of {somebody.name}?",
        "waiting": Place.objects.in_line().filter(session=own.session_id).count(),
        "window": window_of(own.session, rules_of(own.session), now),
        "person": somebody,
        "place": own,
        "session": own.session,
        "back_url": reverse("attendance:person-show", args=[slug, person]),
    }
    return render(request, "attendance/staff/give_up.html", context)


@require_POST
def answer_for(request: HttpRequest, slug: str, person: int) -> HttpResponse:
    """Note what an invited person says on the telephone."""
    programme = _programme(request, slug)
    somebody = _person(request, programme, person)
    invitation = get_object_or_404(Invitation, programme=programme, person=somebody)
    form = AnswerForm(request.POST)
    if not form.is_valid():
        return _person_page(request, programme, somebody, answer_form=form)
    answer_invitation(invitation=invitation, answer=form.cleaned_data["answer"], by=request.user, now=timezone.now())
    messages.success(request, "The answer is noted")
    return redirect("attendance:person-show", slug=slug, person=person)


@require_POST
def send_link_for(request: HttpRequest, slug: str, person: int) -> HttpResponse:
    """Mail somebody their invitation's link once more."""
    programme = _programme(request, slug)
    somebody = _person(request, programme, person)
    invitation = get_object_or_404(Invitation, programme=programme, person=somebody, link__isnull=False)
    send_link_again(invitation=invitation, now=timezone.now())
    messages.success(request, "Their link is on its way. It is sent once in ten minutes at most")
    return redirect("attendance:person-show", slug=slug, person=person)


@require_POST
def send_entry_for(request: HttpRequest, slug: str, person: int, place: int) -> HttpResponse:
    """Mail somebody their calendar entry, with the link of their place, once more."""
    programme = _programme(request, slug)
    somebody = _person(request, programme, person)
    own = _place(programme, somebody, place)

    def act() -> str:
        is_new = send_entry_again(place=own, by=request.user, now=timezone.now())
        if not somebody.email:
            return "No e-mail address is known, so nothing was sent"
        again = "The calendar entry and the link of the place are on their way"
        return again if is_new else "They were sent a moment ago. It can take some minutes"

    return _acted(request, programme, somebody, act)


@require_safe
def list_places(request: HttpRequest, session: int) -> HttpResponse:
    """List who comes to a session and who waits; what they need only for those who may see it."""
    own, now = _session(request, session), timezone.now()
    page = page_of(with_answer(places_of_session(own)), request.GET.get("page"), size=LONG)
    look_at_many(
        by=request.user,
        at=[place.person for place in page.rows if place.person],
        page="attendance:session-places",
        now=now,
    )
    shows_needs = has(request.user, Permission.SEE_ACCESS_NEEDS, own.programme)
    may_book = has(request.user, Permission.BOOK_FOR_OTHERS, own.programme)
    positions = positions_of(page.rows)
    for place in page.rows:
        place.position = positions.get(place.pk, "")
        place.need = getattr(place, "access_need", None) if shows_needs else None
    seated = min(own.seats.taken, page.total) if hasattr(own, "seats") else 0
    context = {
        "programme": own.programme,
        "caption": own.programme.name,
        "title": "Who comes",
        "seated": seated,
        "waiting": page.total - seated,
        "section": "sessions",
        "session": own,
        "unnamed": Place.objects.to_use().filter(session=own, person=None).count(),
        "all_kept": hasattr(own, "seats") and 0 < own.seats.free <= seats_kept(own, now),
        "page": page,
        "shows_needs": shows_needs,
        "may_book": may_book,
        "may_move": may_book and own.state == SessionState.OPEN and own.during.lower > now,
        "empty_title": "Nobody has a place yet",
        "empty_text": "Places appear here as people take them.",
        "back_url": reverse("attendance:session-show", args=[own.pk]),
        "back_words": "Back to the session",
    }
    return render(request, "attendance/staff/places.html", context)


@require_safe
def export_places(request: HttpRequest, session: int) -> StreamingHttpResponse:
    """Give the same list as a spreadsheet; addresses only for those who see people's details."""
    own, now = _session(request, session), timezone.now()
    shows_needs = has(request.user, Permission.SEE_ACCESS_NEEDS, own.programme)
    places = places_of_session(own)
    people = Person.objects.filter(pk__in=places.values("person"))
    look_at_all(by=request.user, people=people, page="attendance:session-places-export", now=now)
    shows_addresses = has(request.user, Permission.SEE_PEOPLE, own.programme)
    addresses = ["E-mail address"] if shows_addresses else []
    heads = ["Organisation", "Profession", "Area", "State", "Position", "Reference"]
    needs = ["What they need to take part", "In Welsh"] if shows_needs else []
    rows = _rows(places, shows_addresses, shows_needs)
    return stream_csv(f"places-{own.date.isoformat()}-{own.pk}", ["Name", *addresses, *heads, *needs], rows)


def _rows(places: QuerySet[Place], shows_addresses: bool, shows_needs: bool) -> Iterator[list[Any]]:
    states = dict(PlaceState.choices)
    found = places.values_list(*_COLUMNS).iterator(2_000)
    for name, email, organisation, profession, area, state, position, reference, needs, welsh in found:
        row = [name or "No name yet"]
        row += [email] if shows_addresses else []
        row += [organisation, profession, area, states[state], position, reference]
        row += [needs, "Yes" if welsh else ""] if shows_needs else []
        yield row


_COLUMNS = (
    "person__name", "person__email", "organisation__name", "profession__name", "area__name", "state", "number_in_line",
    "reference", "access_need__words", "access_need__welsh",
)  # fmt: skip


def _acted(
    request: HttpRequest, programme: Programme, person: Person, act: Callable[[], str], form=None, form_name: str = ""
) -> HttpResponse:
    """Do ``act`` and go back to the person's page with what it says, or show that page with why it cannot be done."""
    try:
        said = act()
    except Refused as refused:
        refusal = said_about(person, refused, by=request.user)
        # A page of its own would take back what the press did: an offer that is over went to the next by it.
        if form is not None and not isinstance(refused, OfferIsOver):
            form.add_refusal(refusal)
            return _person_page(request, programme, person, **{form_name: form})
        messages.error(request, refusal.sentence)
    else:
        messages.success(request, said)
    return redirect("attendance:person-show", slug=programme.slug, person=person.pk)


def _person_page(request: HttpRequest, programme: Programme, person: Person, **forms: Any) -> HttpResponse:
    now = timezone.now()
    places = list(
        with_answer(Place.objects.filter(person=person, session__programme=programme))
        .select_related("session__programme", "session__room__venue", "session__seats")
        .order_by("-made_at", "-pk")
    )
    invitation = Invitation.objects.filter(programme=programme, person=person).first()
    positions = positions_of(places)
    for place in places:
        place.position = positions.get(place.pk, "")
        place.can_change = place.state in LIVE and place.session.during.lower > now
        place.why_closed = WHY_CLOSED.get(place.closed_reason, "")
        seats = getattr(place.session, "seats", None)
        has_seat = seats is not None and seats.taken < seats.capacity
        place.can_be_seated = place.state == PlaceState.WAITING and has_seat
    context = {
        "programme": programme,
        "caption": programme.name,
        "title": person.name,
        "section": "booking",
        "person": person,
        "bounce": bounce_of(person.email),
        "may_clear_bounce": has(request.user, Permission.SEE_MESSAGES, programme),
        "affiliation": affiliation_for(programme, person, now),
        "invitation": invitation,
        "places": places,
        "changeable": [place for place in places if place.can_change],
        "mails": _last_mails(programme, person),
        "back_url": reverse("attendance:person-find", args=[programme.slug]),
        "back_words": "Find somebody else",
        "takes_several": programme.places_rule != PlacesRule.ONE,
        "take_form": _take_form(programme, person),
        "answer_form": AnswerForm(initial={"answer": invitation.answer}) if invitation else None,
        **forms,
    }
    return render(request, "attendance/staff/person.html", context)


def _last_mails(programme: Programme, person: Person) -> list[Message]:
    """Return the last ten mails to ``person`` about ``programme``, each with the words of its kind."""
    mails = list(Message.objects.filter(person=person, about=key_of(programme)).order_by("-pk")[:10])
    for mail in mails:
        mail.words = mail.subject or kinds.label(mail.kind)
    return mails


def _programme(request: HttpRequest, slug: str) -> Programme:
    return get_object_or_404(Programme.objects.where(request.user, Permission.BOOK_FOR_OTHERS), slug=slug)


def _person(request: HttpRequest, programme: Programme, number: int) -> Person:
    return get_object_or_404(people_of(programme, request.user, timezone.now()), pk=number)


def _place(programme: Programme, person: Person, number: int) -> Place:
    places = Place.objects.select_related("session__programme", "session__room__venue", "person")
    return get_object_or_404(places, pk=number, person=person, session__programme=programme)


def _take_form(programme: Programme, person: Person, data: Any = None) -> TakeForm:
    """Return the form to take a place or change one, with the tick for a whole series where there is one to take."""
    now = timezone.now()
    sessions = _open_sessions(programme).annotate(kept=kept_in(programme, now))
    if data is None:  # a press on an older page is answered in words
        sessions = sessions.exclude(Exists(Place.objects.seated().filter(session=OuterRef("pk"), person=person)))
    mark_all_kept(sessions, person, programme, now)
    tie = affiliation_for(programme, person, now)
    used = quota_used(sessions, tie.organisation_id, now) if tie else ()
    with_series = programme.places_rule != PlacesRule.ONE and programme.series.exists()
    known = programme.sessions.all()
    kept = {session.pk for session in sessions if session.all_kept}
    where = {"sessions": sessions, "known": known, "quota_used": used, "all_kept": kept}
    return TakeForm(data, **where, with_series=with_series)


def _open_sessions(programme: Programme) -> Any:
    found = Session.objects.open().to_come(timezone.now()).filter(programme=programme, seats__isnull=False)
    return with_line(found).order_by("date", "starts", "pk")


def _session(request: HttpRequest, number: int) -> Session:
    found = get_object_or_404(Session.objects.select_related("programme", "seats", "room__venue"), pk=number)
    if not any(has(request.user, permission, found.programme) for permission in SEEING):
        raise Http404
    return found
