"""Telling people about their places: the kinds, whom they are still wanted for, and their words."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

import messaging.actions
from accounts.links import address_of
from accounts.models import Person
from attendance.calendar import CANCEL, REQUEST, cancel_for, request_for
from attendance.messages.teams import FINAL_EARLIER
from attendance.models import LIVE, SEATED, BulkMove, CalendarEntry, Handover, Place, PlaceState
from attendance.queries.booking import position_of
from attendance.queries.waiting import is_wanted, why_passed_over
from attendance.window import rules_of, window_of
from briefings.models import Session, SessionState
from face.dates import clock, day_without_year
from history import verbs
from messaging.actions import Planned
from messaging.kinds import Content, Kind, register, render_mail
from messaging.models import Message
from organisations.models import OrganisationLead

BOOKED = "attendance.place_booked"
WAITING = "attendance.place_waiting"
PROMOTED = "attendance.place_promoted"
OFFERED = "attendance.place_offered"
GIVEN_UP = "attendance.place_given_up"
REMINDER = "attendance.place_reminder"
ENTRY_AGAIN = "attendance.place_entry_again"
MOVED = "attendance.place_moved"
SESSION_CHANGED = "attendance.session_changed"

_SUBJECTS = {
    BOOKED: "Your place on {when}",
    WAITING: "You are on the waiting list for {when}",
    PROMOTED: "You have moved up: your place on {when}",
    OFFERED: "A place is offered to you: {when}",
    GIVEN_UP: "You no longer have a place on {when}",
    REMINDER: "Reminder: your session on {when}",
    ENTRY_AGAIN: "Your calendar entry for {when}",
    MOVED: "Your place has moved to {when}",
}
_WITH_ENTRY = (BOOKED, PROMOTED, ENTRY_AGAIN, MOVED)


def tell_booked(place: Place, *, now: datetime, by: Any) -> None:
    """Plan the confirmation with the calendar entry; once for each number of the entry, however often it is asked.

    ``by``: who did it; somebody else than its holder is named.
    """
    _queue(BOOKED, place, now, suffix=f":{_sequence(place)}", refs=_by(place, by))


def _by(place: Place, by: Any) -> dict[str, int]:
    return {"by": by.pk} if isinstance(by, Person) and by.pk != place.person_id else {}


def news_of(place: Place, *, sequence: int | None, now: datetime, by: Any) -> tuple[str, Planned] | None:
    """Return the kind and the row of what ``tell_booked`` or ``tell_waiting`` would plan; None where nobody is told.

    ``sequence``: the number of the calendar entry; None for a place in the waiting list.
    """
    kind, suffix = (WAITING, "") if sequence is None else (BOOKED, f":{sequence}")
    row = _planned(kind, place, now, suffix=suffix, refs=_by(place, by))
    return (kind, row) if row else None


def tell_moved(place: Place, move: BulkMove, *, now: datetime) -> None:
    """Plan the news that a coordinator's ``move`` has put somebody into the session of ``place``, with its entry."""
    _queue(MOVED, place, now, suffix=f":{move.pk}", refs={"move": move.pk})


def keys_of_move(move: BulkMove) -> list[str]:
    """Return the keys of the mails that ``tell_moved`` has planned for ``move``: they are found by nothing else."""
    return [f"{MOVED}:{place}:{move.pk}" for place in move.moved]


def tell_promoted(place: Place, *, now: datetime) -> None:
    """Plan the news that a waiting place has become a booked one."""
    _queue(PROMOTED, place, now)


def tell_offered(place: Place, *, now: datetime) -> None:
    """Plan the offer of a seat that was freed late; of no use once its time is over."""
    _queue(OFFERED, place, now, until=place.offered_until)


def tell_offer_ends_earlier(place: Place, *, was: datetime, now: datetime) -> None:
    """Plan the news that the offer of ``place`` ends before ``was``, since the list of names is final earlier."""
    refs = {"earlier": FINAL_EARLIER, "was": was.isoformat()}
    _queue(OFFERED, place, now, suffix=f":{int(place.offered_until.timestamp())}", refs=refs, until=place.offered_until)


def tell_waiting(place: Place, *, now: datetime, by: Any) -> None:
    """Plan the confirmation of a place in the waiting list; ``by`` as ``tell_booked`` has it."""
    _queue(WAITING, place, now, refs=_by(place, by))


def tell_given_up(place: Place, *, had_entry: bool, now: datetime, earlier: str = "", by: Any = None) -> None:
    """Plan the confirmation that a place has ended. ``had_entry``: its calendar entry goes with it.

    ``earlier``: why the list of names is final now (of messages.teams.WHY_EARLIER), where the place ended by that.
    ``by``: who did it; somebody else than its holder is named.
    """
    refs = {"seated": int(had_entry), **_by(place, by)}
    _queue(GIVEN_UP, place, now, refs=refs | {"earlier": earlier} if earlier else refs)


def send_entry_again(place: Place, *, now: datetime) -> bool:
    """Plan the calendar entry once more, at most once in ten minutes; return whether a mail was planned."""
    return _queue(ENTRY_AGAIN, place, now, suffix=f":{int(now.timestamp()) // 600}")


def remind(places: Iterable[tuple[int, int]], session: Session, days: int, *, now: datetime) -> int:
    """Plan the reminder ``days`` working days before ``session`` for (place id, person id) pairs.

    The key names the day of the session: one that was moved is reminded of again. Returns how many are new.
    """
    rows = (
        Planned(
            key=f"{REMINDER}:{pk}:{session.date.isoformat()}:{days}",
            to=person,
            refs={"place": pk, "date": session.date.isoformat()},
            about=session.programme,
            useful_until=session.during.lower,
        )
        for pk, person in places
    )
    return messaging.actions.queue_many(kind=REMINDER, rows=rows, now=now)


def not_wanted(batch: Sequence[Message], now: datetime) -> dict[int, str]:
    """Return the reason code for each mail of ``batch`` that is no longer true."""
    places = Place.objects.select_related("session").in_bulk([message.refs["place"] for message in batch])
    gone = {(place.person_id, place.session_id) for place in places.values() if place.state not in LIVE}
    again = set()
    if gone:
        # An offer is not enough: what stands in the calendar has to go until they say yes.
        booked = Place.objects.filter(
            state=PlaceState.BOOKED,
            person__in=[person for person, _ in gone],
            session__in=[session for _, session in gone],
        )
        again = set(booked.values_list("person_id", "session_id"))
    reasons = {message.pk: _why_not(message, places.get(message.refs["place"]), again) for message in batch}
    return {pk: reason for pk, reason in reasons.items() if reason}


def _why_not(message: Message, place: Place | None, again: set[tuple[int, int]]) -> str:
    if place is None or place.person_id is None:
        return "place_gone"
    if message.kind == GIVEN_UP:
        return "booked_again" if (place.person_id, place.session_id) in again else ""
    if message.kind == WAITING:
        return "" if place.state == PlaceState.WAITING else "no_longer_waiting"
    if message.kind == OFFERED:
        return "" if place.state == PlaceState.OFFERED else "no_longer_offered"
    if place.state != PlaceState.BOOKED or place.session.state != SessionState.OPEN:
        return "no_longer_booked"
    if message.kind == REMINDER and message.refs["date"] != place.session.date.isoformat():
        return "session_moved"
    return ""


def render(message: Message) -> Content:
    """Return a mail about a place as its person gets it, with the calendar entry where there is one."""
    place = Place.objects.select_related("session__programme", "session__room__venue", "person", "link").get(
        pk=message.refs["place"]
    )
    move = BulkMove.objects.select_related("session").get(pk=message.refs["move"]) if message.kind == MOVED else None
    return _with_calendar(content_of(message, place, move), message, place)


def content_of(message: Message, place: Place, move: BulkMove | None = None) -> Content:
    """Return the words of ``message`` about ``place``; before the press that makes them, of unsaved rows too."""
    session = place.session
    when = f"{day_without_year(session.date)}, {clock(session.starts)}"
    takes_out = message.kind == GIVEN_UP and bool(message.refs.get("seated")) and _will_be_out(message, place)
    context = {
        "move": move,
        "place": place,
        "person": place.person,
        "session": session,
        "programme": session.programme,
        "window": window_of(session, rules_of(session), timezone.now()),
        "venue": session.room.venue if session.room else None,
        "address": address_of(place.link) if place.link else "",
        "position": position_of(place),
        "passed_over": why_passed_over(place, timezone.now()) if message.kind == WAITING else "",
        "stopped_waiting": _stopped_waiting(place, message) if message.kind in (BOOKED, PROMOTED, MOVED) else [],
        "earlier": message.refs.get("earlier"),
        "was": datetime.fromisoformat(message.refs["was"]) if message.refs.get("was") else None,
        "is_wanted": message.kind in (OFFERED, GIVEN_UP)
        and place.offered_from_line
        and is_wanted(place, timezone.now()),
        "done_by": _done_by(message, place),
        "given_to": _given_to(message, place),
        "is_followed": message.kind == GIVEN_UP and _is_followed(place),
        "with_entry": message.kind in _WITH_ENTRY,
        "takes_out": takes_out,
    }
    name = message.kind.removeprefix("attendance.")
    subject = _subject_of(message, place, takes_out=takes_out)
    return render_mail(f"attendance/mail/{name}", context, subject.format(when=when))


def _subject_of(message: Message, place: Place, *, takes_out: bool) -> str:
    """Return the subject of ``message``: who waited, had an offer and took no seat, or moved has lost no place."""
    kind = message.kind
    if kind == OFFERED and message.refs.get("earlier"):
        return "The place offered to you on {when}: answer earlier"
    if kind == GIVEN_UP and place.seated_at is None and message.refs.get("by"):
        return "You are no longer on the waiting list for {when}"
    if kind == GIVEN_UP and place.seated_at is None:
        return "You have left the waiting list for {when}"
    if kind == GIVEN_UP and place.offered_from_line:
        return "The place on {when} is held for you no longer"
    if kind == GIVEN_UP and place.closed_reason in ("changed_date", "moved") and takes_out:
        return "Out of your calendar: {when}"
    return _SUBJECTS[kind]


def _done_by(message: Message, place: Place) -> str:
    """Return who did for the person of ``place`` what ``message`` says, a lead with the organisation; "" for nobody."""
    by = Person.objects.filter(pk=message.refs["by"]).first() if message.refs.get("by") else None
    if by is None:
        return ""
    is_lead = place.team_id and OrganisationLead.objects.filter(person=by, organisation=place.organisation_id).exists()
    return f"{by.name} of {place.organisation.name}" if is_lead else by.name


def _given_to(message: Message, place: Place) -> str:
    """Return who has ``place`` now because somebody else than they or its holder decided it; "" for nobody."""
    if place.closed_reason != "substituted" or not message.refs.get("by"):
        return ""
    taken = Handover.objects.filter(place=place, taken_as__isnull=False).select_related("taken_as__person").first()
    heir = taken.taken_as.person if taken else None
    return heir.name if heir and heir.pk != message.refs["by"] else ""


def _is_followed(place: Place) -> bool:
    """Return whether the place that ``place`` was changed or moved to is booked still; if not, its mail never leaves.

    Before the press that changes it, it will be.
    """
    if place.closed_at is None:
        return True
    own = Place.objects.filter(person=place.person_id, session__programme=place.session.programme_id)
    return own.filter(state=PlaceState.BOOKED, seated_at__gte=place.closed_at).exclude(pk=place.pk).exists()


def _will_be_out(message: Message, place: Place) -> bool:
    """Return whether the entry leaves the calendar by ``message``; not so for somebody who is there in another part.

    A mail that is shown before the press says what it will say then.
    """
    if message.pk is None:
        return True
    entry = CalendarEntry.objects.filter(person=place.person_id, session=place.session_id).first()
    return entry is None or (entry.is_cancelled and not has_left_calendar(entry))


def has_left_calendar(entry: CalendarEntry) -> bool:
    """Return whether a mail about a change of its session, which has left, took ``entry`` out, and nothing put it back.

    It is not taken out again then: the number would be the same. Where that mail has not left, another does.
    """
    if not entry.is_cancelled:
        return False
    # With each number that puts it in, an entry takes the revision of its session.
    told = Message.objects.filter(key__startswith=f"{SESSION_CHANGED}:{entry.session_id}:{entry.person_id}:")
    out = told.filter(kind=SESSION_CHANGED, state=Message.State.SENT, refs__contains={"out": 1})
    return out.filter(refs__revision__gt=entry.revision).exists()


def _with_calendar(content: Content, message: Message, place: Place) -> Content:
    cancels = message.kind == GIVEN_UP and message.refs.get("seated")
    if not cancels and message.kind not in _WITH_ENTRY:
        return content
    entry = (
        CalendarEntry.objects.select_related("person", "session__programme", "session__room__venue")
        .filter(person=place.person_id, session=place.session_id, is_cancelled=bool(cancels))
        .first()
    )
    if entry and not (cancels and has_left_calendar(entry)):
        make = cancel_for if cancels else request_for
        content.calendar = make(entry, now=timezone.now())
        content.calendar_method = CANCEL if cancels else REQUEST
    return content


def _stopped_waiting(place: Place, message: Message) -> list[Session]:
    if place.seated_at is None:
        return []
    # A place of a team may have been seated before it got this name.
    ended = Place.objects.filter(
        person=place.person_id, closed_reason="seated_elsewhere", closed_at__in=[place.seated_at, message.created_at]
    ).select_related("session")
    return [other.session for other in ended.order_by("session__date", "pk")]


def _queue(
    kind: str, place: Place, now: datetime, *, suffix: str = "", refs: dict | None = None, until: datetime | None = None
) -> bool:
    """Plan one mail; returns whether it is new."""
    row = _planned(kind, place, now, suffix=suffix, refs=refs, until=until)
    return bool(row and messaging.actions.queue_many(kind=kind, rows=[row], now=now))


def _planned(
    kind: str, place: Place, now: datetime, *, suffix: str = "", refs: dict | None = None, until: datetime | None = None
) -> Planned | None:
    """Return the mail to plan; None for somebody without an address, who is told by the coordinator."""
    if place.person is None or not place.person.email:
        return None
    # News about a session is of no use once it has begun; that a place has ended still is on the day.
    if until is None:
        lives = place.state in (*SEATED, PlaceState.WAITING)
        during = place.session.during
        until = during.lower if lives else max(during.upper, now + timedelta(days=2))
    return Planned(
        key=f"{kind}:{place.pk}{suffix}",
        to=place.person,
        refs={"place": place.pk, **(refs or {})},
        about=place.session.programme,
        useful_until=until,
    )


def _sequence(place: Place) -> int:
    found = CalendarEntry.objects.filter(person=place.person_id, session=place.session_id)
    return found.values_list("sequence", flat=True).first() or 0


def register_kinds() -> None:
    """Make the kinds about places known; called when the app is ready."""
    verbs.register("moved_people", "Moved people to another session", mark="half", about="briefings.session")
    verbs.register("moved", "Moved to another session by the coordinator", mark="half", about="attendance.place")
    labels = {
        BOOKED: "Place booked",
        WAITING: "On the waiting list",
        PROMOTED: "Place after waiting",
        OFFERED: "Place offered from the waiting list",
        GIVEN_UP: "Place ended",
        REMINDER: "Reminder of a session",
        ENTRY_AGAIN: "Calendar entry again",
        MOVED: "Place moved to another session",
    }
    for name, label in labels.items():
        register(Kind(name, render, not_wanted, label=label))
