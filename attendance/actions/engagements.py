"""Who is where when, and the entry in their calendar.

Locks are taken in one order everywhere, so that nobody waits in a circle: seat counters in id order, then people in
id order, then venues and their rooms in id order, then anything else.
"""

from collections.abc import Iterable

from django.db import IntegrityError, transaction
from django.db.models import F

from accounts.models import Person
from attendance.models import (
    CalendarEntry,
    CoverState,
    Engagement,
    Place,
    PlaceState,
    SeatCount,
    SeniorAttendance,
)
from briefings.models import Session
from briefings.words import session_in_words
from history.refusals import Refused
from history.statements import Statement, insert_into, insert_of, prepared, send, unsaved


class BusyThen(Refused):
    """Raised where the person is somewhere else at that time; ``session`` is the other one, where it is known.

    ``knows``: whoever reads the sentence is that person, and so may read which session it is.
    """

    sentence = "You are in another session at that time. Choose another date, or give that place up first."

    def __init__(self, session: Session | None = None, *, knows: bool = False) -> None:
        self.session = session
        where = f"You are in {session_in_words(session)}." if session and knows else ""
        super().__init__(f"{where} Choose another date, or give that place up first." if where else "")


def lock_seats(session: Session) -> SeatCount:
    """Return the counter of ``session``, locked: whoever changes its places or engagements holds it."""
    return SeatCount.objects.select_for_update(no_key=True, of=("self",)).get(session=session.pk)


def lock_both(*ids: int) -> dict[int, SeatCount]:
    """Return the counters of the sessions ``ids``, locked in id order: ``session`` would mean that of their dates."""
    rows = SeatCount.objects.filter(session__in=ids).order_by("session_id").select_for_update(no_key=True, of=("self",))
    return {seats.session_id: seats for seats in rows}


def count_seat(seats: SeatCount, number: int) -> None:
    """Add ``number`` (1 or -1) to the seats that are taken, and note in ``seats`` how many are."""
    ((seats.taken,),) = _COUNT.rows(number=number, session=seats.session_id)


_COUNT = prepared(
    "count_seat",
    "UPDATE attendance_seatcount SET taken = taken + $1 WHERE session_id = $2 RETURNING taken",
    number="integer",
    session="bigint",
)


def lock_people(ids: Iterable[int]) -> None:
    """Lock the people with ``ids`` in id order, after any counters: whoever changes their engagements holds them."""
    list(
        Person.objects.filter(pk__in=list(ids))
        .order_by("pk")
        .select_for_update(no_key=True, of=("self",))
        .values_list("pk", flat=True)
    )


def clash_of(session: Session, person: Person) -> Engagement | None:
    """Return what ``person`` has at the time of ``session`` in another session, or None."""
    return (
        Engagement.objects.filter(person=person, during__overlap=session.during)
        .exclude(session=session.pk)
        .select_related("session__programme")
        .first()
    )


def engage(person_id: int, session: Session) -> None:
    """Note that somebody is at ``session``, whatever their part. The caller holds the lock on the person.

    Raises BusyThen where the database knows better than the caller.
    """
    try:
        with transaction.atomic():
            send([engaging([(person_id, session)])])
    except IntegrityError as error:
        raise BusyThen from error


def engaging(who: Iterable[tuple[int, Session]]) -> Statement:
    """Return the statement of ``engage`` for each person and session: who is there already stays."""
    rows = [{"person_id": person, "session_id": session.pk, "during": session.during} for person, session in who]
    return insert_into(Engagement, rows, "ON CONFLICT (person_id, session_id) DO UPDATE SET during = EXCLUDED.during")


def announce(person_id: int, session: Session) -> CalendarEntry:
    """Return the calendar entry for somebody's part in ``session``, made or brought back, its number raised if need be.

    One UID per person and session for ever; SEQUENCE rises by a revision and a re-booking, never by a re-send
    (RFC 5546, 2.1.4; decisions.md, "Calendar").
    """
    # The lock on the person keeps another one from being made meanwhile.
    entry = CalendarEntry.objects.filter(person=person_id, session=session).first()
    entry, is_changed = announced(entry, person_id, session)
    if is_changed:
        ((entry.pk,),) = send([announcing([entry])])
    return entry


def announced(entry: CalendarEntry | None, person_id: int, session: Session) -> tuple[CalendarEntry, bool]:
    """Return the entry that ``announce`` makes of ``entry``, and whether it has to be saved."""
    if entry is None:
        entry = unsaved(CalendarEntry, person_id=person_id, session=session, revision=session.revision)
    elif entry.is_cancelled or entry.revision != session.revision:
        entry.sequence += 1
        entry.held_as = None
        entry.is_cancelled = False
        entry.revision = session.revision
    else:
        return entry, False
    entry.pk, entry.person_id, entry.session_id = None, person_id, session.pk
    return entry, True


def announcing(entries: list[CalendarEntry]) -> Statement:
    """Return the statement that saves ``entries``, new or changed."""
    columns = ("sequence", "revision", "held_as", "is_cancelled")
    kept = ", ".join(f"{column} = EXCLUDED.{column}" for column in columns)
    return insert_of(entries, f"ON CONFLICT (person_id, session_id) DO UPDATE SET {kept} RETURNING id")


def take_out(person_ids: Iterable[int], session: Session) -> None:
    """Cancel the calendar entries of ``person_ids`` for ``session``, their numbers raised (RFC 5546, 3.2.5)."""
    CalendarEntry.objects.filter(person__in=list(person_ids), session=session, is_cancelled=False).update(
        is_cancelled=True, sequence=F("sequence") + 1
    )


def still_there(person_ids: Iterable[int], session: Session) -> set[int]:
    """Return who of ``person_ids`` has a part in ``session``: runs it, is booked, or comes as a senior manager."""
    ids = list(person_ids)
    running = session.parts.filter(person__in=ids).values_list("person", flat=True)
    booked = Place.objects.filter(session=session, person__in=ids, state=PlaceState.BOOKED)
    coming = SeniorAttendance.objects.filter(session=session, person__in=ids, state=CoverState.COMING)
    return {*running, *booked.values_list("person", flat=True), *coming.values_list("person", flat=True)}


def leave(person_ids: Iterable[int], session: Session) -> None:
    """Free ``person_ids`` at the time of ``session`` and take its entry out of their calendars.

    Whoever is there in another part stays engaged: it does not end with this one.
    """
    ids = set(person_ids) - still_there(person_ids, session)
    Engagement.objects.filter(person__in=ids, session=session).delete()
    take_out(ids, session)
