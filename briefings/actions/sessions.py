"""The rows of a session: planned, changed, opened, ended, its agenda and who presents.

What these do to places, calendars and people is decided in ``attendance.actions.sessions``, which calls them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from hashlib import sha256
from typing import Any

from django.db import IntegrityError, transaction

from accounts.models import Person
from briefings.models import (
    SESSION_MOVES,
    AgendaItem,
    AgendaKind,
    Programme,
    Room,
    Series,
    Session,
    SessionPart,
    SessionState,
    utc_range,
)
from briefings.words import when_in_words
from history.actions import record
from history.refusals import Refused
from history.statements import prepared
from organisations.models import Area


class RoomTaken(Refused):
    """Raised where the room is in use at that time; ``session`` is the one that has it."""

    sentence = "This room is taken at that time. Choose another room, date or half-day."

    def __init__(self, session: Session | None = None) -> None:
        self.session = session
        sentence = ""
        if session:
            sentence = (
                f"{session.room} is taken by “{session}” on {when_in_words(session)}. "
                "Choose another room, date or half-day."
            )
        super().__init__(sentence)


class RoomTooSmall(Refused):
    """Raised where a session that is not online too has more places than its room."""

    def __init__(self, room: Room) -> None:
        super().__init__(
            f"{room} holds {room.capacity} {'person' if room.capacity == 1 else 'people'}. Choose a larger room, plan "
            f"{room.capacity} {'place' if room.capacity == 1 else 'places'} or fewer, "
            "or add a link for people online."
        )


class ReserveTooLarge(Refused):
    sentence = "The places you keep back must be no more than all places."


class InThePast(Refused):
    sentence = "The session would begin in the past. Choose a date and half-day to come."


class NowhereToMeet(Refused):
    sentence = "Nobody can book a session without a place to meet. Choose a room or enter a link for people online."


class SessionIsOver(Refused):
    sentence = "This session has been held or cancelled, so it cannot be changed any more."


class NotOverYet(Refused):
    sentence = "Only an open session that has ended can be marked as held."


class AgendaMoved(Refused):
    sentence = (
        "Somebody has changed the agenda since you opened this page. What you typed stands below and is not saved yet. "
        "Take over what should stay of the agenda as it is now, then save."
    )


class AgendaTooLong(Refused):
    """Raised where the parts of an agenda take longer than the session."""

    def __init__(self, minutes: int, length: int) -> None:
        super().__init__(f"The agenda takes {minutes} minutes, the session {length}. Shorten a part or leave one out.")


class NotInProgramme(Refused):
    sentence = "This series belongs to another programme. Choose one of this programme."


@dataclass(frozen=True)
class AgendaLine:
    """One part of an agenda as it was written: ``minutes`` long, given by the person with the id ``presenter``.

    ``activity``: the id of the one of its programme that it was made of.
    """

    kind: str
    title: str
    minutes: int
    presenter: int | None = None
    activity: int | None = None


def minutes_between(starts: time, ends: time) -> int:
    """Return how many minutes lie between two times of one day."""
    return (ends.hour - starts.hour) * 60 + ends.minute - starts.minute


def default_agenda(starts: time, ends: time) -> list[AgendaLine]:
    """Return the agenda a session begins with: the concept, the operating procedures, the rest for questions."""
    length = minutes_between(starts, ends)
    concept, procedures = length // 4, length // 3
    return [
        AgendaLine(AgendaKind.CONCEPT, AgendaKind.CONCEPT.label, concept),
        AgendaLine(AgendaKind.PROCEDURES, AgendaKind.PROCEDURES.label, procedures),
        AgendaLine(AgendaKind.QUESTIONS, AgendaKind.QUESTIONS.label, length - concept - procedures),
    ]


@transaction.atomic
def add_session(
    *,
    programme: Programme,
    date: date,
    slot: str,
    kind: str,
    title: str,
    room: Room | None,
    online_link: str,
    area: Area | None,
    capacity: int,
    reserved: int,
    notes: str,
    series: Series | None,
    by: Any,
    now: datetime,
) -> Session:
    """Return a new draft with the default agenda. Hours and zone are the programme's, the area may be the venue's.

    Raises InThePast, RoomTooSmall, ReserveTooLarge, NotInProgramme, RoomTaken.
    """
    if series and series.programme_id != programme.pk:
        raise NotInProgramme
    starts, ends = programme.hours_of(slot)
    session = Session(
        programme=programme,
        series=series,
        kind=kind,
        title=title,
        date=date,
        slot=slot,
        starts=starts,
        ends=ends,
        zone=programme.zone,
        room=room,
        area=area or (room.venue.area if room else None),
        online_link=online_link,
        capacity=capacity,
        reserved=reserved,
        notes=notes,
    )
    _check_seats(session)
    if room:
        stay_put(room)
    _save(session, now)
    _write_agenda(session, default_agenda(starts, ends), {})
    record(by=by, verb="planned", about=session, now=now)
    return session


CHANGEABLE = ("date", "slot", "starts", "ends", "room", "area", "online_link", "title", "notes")
TOLD = {"date", "starts", "ends", "room", "online_link", "title", "notes"}
"""The columns whose change people with a part in the session are told of: what stands in their calendar entry."""


def with_changes(session: Session, **columns: Any) -> set[str]:
    """Set ``columns`` on the instance ``session`` without saving and return the names of those that differ.

    A new slot brings the programme's hours. The range in UTC follows.
    """
    if columns.get("slot", session.slot) != session.slot:
        columns["starts"], columns["ends"] = session.programme.hours_of(columns["slot"])
    changed = {name for name, value in columns.items() if getattr(session, name) != value}
    for name in changed:
        setattr(session, name, columns[name])
    session.during = utc_range(session.date, session.starts, session.ends, session.zone)
    return changed


@transaction.atomic
def save_changes(*, session: Session, changed: set[str], by: Any, now: datetime) -> None:
    """Save what ``with_changes`` set on ``session``, its revision raised by what people are told of.

    Raises SessionIsOver, InThePast, RoomTooSmall, NowhereToMeet, RoomTaken. The caller holds the seat counter.
    """
    check_changes(session=session, changed=changed, now=now)
    if "room" in changed and session.room_id:
        stay_put(session.room)
    fields = set(changed)
    if changed & TOLD:
        session.revision += 1
        fields.add("revision")
    _save(session, now, fields)
    record(by=by, verb="changed", about=session, now=now, fields=changed)


def stay_put(room: Room) -> None:
    """Keep the venue of ``room`` from being called otherwise, or having another address, while a session comes into it.

    Who comes in at the same moment is told of the address by it, or of the change by that. The caller holds the
    counters and people it needs.
    """
    _SHARE.rows(venue=room.venue_id)


def hold_rooms(rooms: Iterable[Room]) -> None:
    """Lock ``rooms`` and, as ``stay_put`` does, their venues: before several sessions come into them in turn.

    Venues come first, then rooms, both by their ids: two who plan in the same rooms on other days would else wait in
    a circle.
    """
    rooms = {room.pk: room for room in rooms}.values()
    for room in sorted(rooms, key=lambda room: room.venue_id):
        stay_put(room)
    held = Room.objects.filter(pk__in=[room.pk for room in rooms]).order_by("pk")
    list(held.select_for_update(no_key=True, of=("self",)))


_SHARE = prepared("share_venue", "SELECT id FROM briefings_venue WHERE id = $1 FOR SHARE", venue="bigint")


@transaction.atomic
def follow_zone(*, session: Session, by: Any, now: datetime) -> bool:
    """Save the range in UTC that the rules of the zone of ``session`` give today; return whether it is another one.

    Day and local times stay. The caller holds the seat counter. Raises IntegrityError where the room is taken then.
    """
    new = utc_range(session.date, session.starts, session.ends, session.zone)
    if session.state not in (SessionState.DRAFT, SessionState.OPEN) or session.during == new:
        return False
    session.during = new
    session.revision += 1
    session.save(update_fields=["during", "revision"])
    record(by=by, verb="followed_zone", about=session, now=now, fields=["during"])
    return True


@transaction.atomic
def note_new_place(*, session: Session, by: Any, now: datetime) -> None:
    """Raise the revision of ``session``: its room is the same, and is called otherwise or has another address.

    The caller holds the seat counter.
    """
    session.revision += 1
    session.save(update_fields=["revision"])
    record(by=by, verb="changed", about=session, now=now, fields=["room"])


@transaction.atomic
def note_new_words(*, session: Session, fields: Iterable[str], by: Any, now: datetime) -> None:
    """Raise the revision of ``session``, whose programme has changed ``fields``. The caller holds the counter."""
    session.revision += 1
    session.save(update_fields=["revision"])
    record(by=by, verb="followed_programme", about=session, now=now, fields=fields)


@transaction.atomic
def mark_open(*, session: Session, by: Any, now: datetime) -> None:
    """Open the draft ``session`` for booking. Raises SessionIsOver, InThePast, NowhereToMeet."""
    _check_move(session, SessionState.OPEN)
    if session.during.lower <= now:
        raise InThePast
    if not (session.room_id or session.online_link):
        raise NowhereToMeet
    _move(session, SessionState.OPEN, by, now, verb="opened")


@transaction.atomic
def mark_session_held(*, session: Session, by: Any, now: datetime) -> None:
    """Note that the open ``session`` took place. Raises NotOverYet before its end."""
    if session.state != SessionState.OPEN or session.during.upper > now:
        raise NotOverYet
    _move(session, SessionState.HELD, by, now, verb="held")


@transaction.atomic
def mark_cancelled(*, session: Session, reason: str, by: Any, now: datetime) -> None:
    """Note that ``session`` does not take place, for a ``reason`` in words. Its room is free. Raises SessionIsOver."""
    _check_move(session, SessionState.CANCELLED)
    session.cancelled_reason = reason
    session.revision += 1
    _move(session, SessionState.CANCELLED, by, now, verb="cancelled", fields=["cancelled_reason", "revision"])


@transaction.atomic
def change_agenda(*, session: Session, lines: Iterable[AgendaLine], by: Any, now: datetime, seen: str = "") -> None:
    """Give ``session`` the agenda ``lines`` in their order; presenters who do not present it are left out.

    An activity stays with the title it stood under, wherever that is now; only where that is gone does it stay with
    the line that names it.
    ``seen`` is the ``seal_of_agenda`` that ``by`` began with. Raises AgendaMoved where it is another by now,
    AgendaTooLong, SessionIsOver for a cancelled one. Nobody is told: the agenda stands on the page.
    """
    session = Session.objects.select_for_update(no_key=True, of=("self",)).get(pk=session.pk)
    if session.state == SessionState.CANCELLED:
        raise SessionIsOver
    if seen and seen != seal_of_agenda(session):
        raise AgendaMoved
    lines = list(lines)
    minutes, length = sum(line.minutes for line in lines), minutes_between(session.starts, session.ends)
    if minutes > length:
        raise AgendaTooLong(minutes, length)
    activities = dict(session.agenda.exclude(activity=None).values_list("title", "activity"))
    session.agenda.all().delete()
    _write_agenda(session, lines, activities)
    record(by=by, verb="changed_agenda", about=session, now=now)


def seal_of_agenda(session: Session) -> str:
    """Return what tells whether somebody has changed the agenda of ``session``."""
    said = list(session.agenda.values_list("kind", "title", "minutes", "presenter", "activity"))
    return sha256(repr(said).encode()).hexdigest()[:32]


@transaction.atomic
def note_part(*, session: Session, person: Person, part: str, by: Any, now: datetime) -> bool:
    """Write down that ``person`` presents or facilitates ``session``; return whether that is new."""
    _, is_new = SessionPart.objects.get_or_create(session=session, person=person, part=part)
    if is_new:
        record(by=by, verb=f"gave_part_{part}", about=session, now=now)
    return is_new


@transaction.atomic
def drop_part(*, part: SessionPart, by: Any, now: datetime) -> None:
    """Take somebody's part in a session away, and their name from its agenda where they present no more."""
    part.session.agenda.filter(presenter=part.person_id).update(presenter=None)
    record(by=by, verb=f"took_part_{part.part}", about=part.session, now=now)
    part.delete()


def room_in_use(session: Session) -> Session | None:
    """Return the session that has the room of ``session`` at its time, or None."""
    if not session.room_id:
        return None
    return (
        Session.objects.exclude(state=SessionState.CANCELLED)
        .exclude(pk=session.pk)
        .filter(room=session.room_id, during__overlap=session.during)
        .select_related("programme", "room")
        .first()
    )


def _check_seats(session: Session) -> None:
    if session.reserved > session.capacity:
        raise ReserveTooLarge
    if session.room and not session.online_link and session.capacity > session.room.capacity:
        raise RoomTooSmall(session.room)


def check_changes(*, session: Session, changed: set[str], now: datetime) -> None:
    """Refuse what ``with_changes`` set on ``session`` where it can be seen without a look at other sessions.

    Raises SessionIsOver, ReserveTooLarge, RoomTooSmall, NowhereToMeet, InThePast.
    """
    if not SESSION_MOVES[SessionState(session.state)]:
        raise SessionIsOver
    _check_seats(session)
    if session.state == SessionState.OPEN and not (session.room_id or session.online_link):
        raise NowhereToMeet
    if {"date", "starts", "ends"} & changed and session.during.lower <= now:
        raise InThePast


def _save(session: Session, now: datetime, fields: Iterable[str] | None = None) -> None:
    """Save ``session`` in its room. The database has the last word on the room, in a savepoint, to be explained.

    The room is locked first: two rows that exclude one another would else each wait for the other's index entry.
    """
    session.during = utc_range(session.date, session.starts, session.ends, session.zone)
    moves = fields is None or {"date", "starts", "ends"} & set(fields)
    if moves and session.during.lower <= now:
        raise InThePast
    if session.room_id:
        Room.objects.select_for_update(no_key=True, of=("self",)).get(pk=session.room_id)
        taken_by = room_in_use(session)
        if taken_by:
            raise RoomTaken(taken_by)
    try:
        with transaction.atomic():
            session.save(update_fields=None if fields is None else list(fields))
    except IntegrityError as error:
        if _constraint_of(error) != "room_in_one_session_at_a_time":
            raise
        raise RoomTaken(room_in_use(session)) from error


def _constraint_of(error: IntegrityError) -> str:
    return getattr(getattr(error.__cause__, "diag", None), "constraint_name", None) or ""


def _check_move(session: Session, state: SessionState) -> None:
    if state not in SESSION_MOVES[SessionState(session.state)]:
        raise SessionIsOver


def _move(session: Session, state: SessionState, by: Any, now: datetime, *, verb: str, fields: Iterable = ()) -> None:
    session.state = state
    session.save(update_fields=["state", *fields])
    record(by=by, verb=verb, about=session, now=now)


def _write_agenda(session: Session, lines: list[AgendaLine], activities: Mapping[str, int]) -> None:
    kept = {activities.get(line.title) for line in lines}
    presenting = set(session.parts.values_list("person", flat=True))
    AgendaItem.objects.bulk_create(
        AgendaItem(
            session=session,
            position=position,
            kind=line.kind,
            title=line.title,
            minutes=line.minutes,
            activity_id=activities.get(line.title) or (None if line.activity in kept else line.activity),
            presenter_id=line.presenter if line.presenter in presenting else None,
        )
        for position, line in enumerate(lines, start=1)
    )
