"""Taking answers from calendars: what the person could have pressed on their page, and nothing more."""

import logging
import uuid
from datetime import datetime
from typing import Any

from django.db import OperationalError, transaction

from attendance.actions.cover import answer_cannot, answer_coming
from attendance.actions.engagements import BusyThen, clash_of, lock_both, lock_people
from attendance.actions.line import seats_for_line
from attendance.actions.places import (
    HasPlaceElsewhere,
    NotEligible,
    give_up_place,
    lapse_offers_of,
    refuse_outside_window,
    refuse_where_not_open,
    seated_elsewhere,
    take_place,
)
from attendance.models import (
    AnswerWhy,
    CalendarAnswer,
    CalendarEntry,
    CoverState,
    Place,
    PlaceState,
    SeniorAttendance,
)
from attendance.queries.booking import affiliation_of
from attendance.queries.moves import offers_over_of
from attendance.queries.proposals import free_mandates
from attendance.queries.shares import place_lost_by, seats_kept, why_waiting
from attendance.replies import Known, Reply, Verdict, judge, parse
from briefings.models import SessionState
from history.actions import STRANGER, key_of, record
from history.refusals import Refused
from messaging.actions import settle_inbound
from messaging.headers import comparable
from messaging.models import Inbound

BY_CALENDAR = "calendar_reply"
"""The reason of a place that was given up by declining the entry."""

Outcome = CalendarAnswer.Outcome
logger = logging.getLogger(__name__)


class PlaceHasGone(Refused):
    """Raised with why the person would wait for a seat, where that is known."""

    sentence = "The place has gone to somebody else meanwhile. Choose another date, or join the waiting list."

    def __init__(self, why: str = "") -> None:
        super().__init__(f"{why} Choose another date, or join the waiting list." if why else "")


@transaction.atomic
def take_place_back(*, place: Place, by: Any, now: datetime, holds_locks: bool = False) -> Place:
    """Book ``place``, which was given up, once more while a seat is free; returns the new place.

    It is of the same organisation. Twice is once. Raises PlaceHasGone, and what ``take_place`` raises; nothing is
    changed then. ``holds_locks``: as ``take_place`` has it.
    """
    if place.state != PlaceState.GIVEN_UP:
        raise PlaceHasGone
    own = {"person": place.person, "by": by, "instead_of": place}
    new = take_place(session=place.session, now=now, holds_locks=holds_locks, **own)
    if new.state != PlaceState.BOOKED:
        raise PlaceHasGone  # who wants the place back does not want to wait: that is a choice of its own
    return new


def why_not_to_take_back(place: Place, now: datetime) -> Refused | None:
    """Return what would keep ``place`` from being taken back now, so that its page can say it before the press.

    ``place`` has its session with counter, programme and rules. Nothing is locked or changed.
    """
    try:
        _refuse_taking_back(place, now)
    except Refused as refusal:
        return refusal
    return None


def _refuse_taking_back(place: Place, now: datetime) -> None:
    session, person = place.session, place.person
    if place.state != PlaceState.GIVEN_UP:
        raise PlaceHasGone
    refuse_where_not_open(session, now)
    again = Place.objects.live().filter(session=session, person=person).first()
    if again:
        if again.state != PlaceState.BOOKED:
            raise PlaceHasGone
        return
    tie = affiliation_of(place, now)
    if tie is None:
        raise NotEligible
    refuse_outside_window(session, person, now)
    elsewhere, clash = seated_elsewhere(session, person), clash_of(session, person)
    if elsewhere and not (elsewhere.offered_until and elsewhere.offered_until <= now):  # which lapses by the press
        raise HasPlaceElsewhere(elsewhere)
    if clash:
        raise BusyThen(clash.session, knows=True)
    why = why_waiting(session, person, tie, now)
    if why:
        raise PlaceHasGone(why)
    kept = 0 if place_lost_by(person, session.programme, now) else seats_kept(session, now)
    if session.seats.free - seats_for_line(session, session.seats, now) <= kept:
        raise PlaceHasGone("The free places go to those who wait for them.")


def take_answers(*, now: datetime) -> int:
    """Take every answer that has come; return how many. Each stands or falls alone, and is taken once."""
    count = 0
    while _take_next(now):
        count += 1
    return count


@transaction.atomic
def _take_next(now: datetime) -> bool:
    waiting = Inbound.objects.filter(kind=Inbound.Kind.CALENDAR, settled_at=None).order_by("pk")
    row = waiting.select_for_update(skip_locked=True, of=("self",)).first()
    if row is None:
        return False
    reply = parse(row.words)
    entry = _entry_of(reply) if reply else None
    if entry is not None:
        _take_or_ask(entry, reply, row, now)
    settle_inbound(row, now=now)
    return True


def _take_or_ask(entry: CalendarEntry, reply: Reply, row: Inbound, now: datetime) -> None:
    """Take one answer; whatever goes wrong with it, the coordinator is asked and the next one is taken."""
    try:
        with transaction.atomic():
            _take(entry, reply, row, now)
    except OperationalError:
        raise  # the database is in trouble, not the answer: it is taken again later
    except Exception:
        logger.exception("The answer in mail %s could not be taken", row.pk)
        entry.refresh_from_db()
        unclear = Reply(reply.uid, "", CalendarAnswer.Said.UNCLEAR, entry.sequence, now)
        _keep(entry, unclear, row, Outcome.ASKS, AnswerWhy.UNCLEAR, STRANGER, now)


def _entry_of(reply: Reply) -> CalendarEntry | None:
    """Return the entry that is answered; an answer to an entry that we never sent concerns nobody."""
    try:
        uid = uuid.UUID(reply.uid)
    except ValueError:
        return None
    return CalendarEntry.objects.select_related("session__programme", "person").filter(uid=uid).first()


def _take(entry: CalendarEntry, reply: Reply, row: Inbound, now: datetime) -> None:
    _lock(entry, now)
    entry.refresh_from_db(fields=["sequence", "held_as", "is_cancelled"])
    verdict, why = judge(reply, _known(entry, row, now))
    outcome, why = (Outcome.ASKS, why) if verdict == Verdict.ASK else _follow(verdict, entry, reply, now)
    entry.refresh_from_db(fields=["sequence"])
    by = entry.person if verdict not in (Verdict.ASK, Verdict.NOTHING) else STRANGER
    _keep(entry, reply, row, outcome, why, by, now)


def _keep(entry: CalendarEntry, reply: Reply, row: Inbound, outcome: str, why: str, by: Any, now: datetime) -> None:
    answer = CalendarAnswer.objects.create(
        entry=entry,
        inbound=row,
        said=reply.said,
        sequence=reply.sequence,
        stamp=reply.stamp,
        left_at=entry.sequence,
        received_at=row.received_at,
        sender=row.sender or "",
        attendee=reply.attendee,
        outcome=outcome,
        why=why,
    )
    record(by=by, verb="answered_in_calendar", about=answer, now=now, reason=outcome)


def _lock(entry: CalendarEntry, now: datetime) -> None:
    """Take the locks in the order of the house, so that answers to one entry come one after the other."""
    # A draft that a senior manager comes to has no counter. An offer that is over may have to lapse by the answer.
    over = offers_over_of([entry.person_id], entry.session.programme_id, now)
    counters = lock_both(entry.session_id, *(place.session_id for place in over))
    # All whom the answer may touch, at once: who waits for the place, who was asked for the same.
    there = SeniorAttendance.objects.filter(session=entry.session_id)
    own = there.filter(person=entry.person_id, together__isnull=False).select_related("organisation").first()
    people = {entry.person_id}
    if own:  # who was asked for the same, and who would be asked next
        people.update(there.filter(together=own.together).values_list("person", flat=True))
        people.update(free_mandates(entry.session, own.organisation).values_list("person", flat=True))
    line = Place.objects.in_line().filter(session__in=[*counters], person__isnull=False)
    lock_people({*people, *line.values_list("person", flat=True)})


def _known(entry: CalendarEntry, row: Inbound, now: datetime) -> Known:
    last = entry.answers.counted().first()
    session = entry.session
    return Known(
        address=comparable(entry.person.email or ""),
        sender=row.sender or "",
        is_proven=row.is_proven,
        sequence=entry.sequence,
        is_cancelled=entry.is_cancelled,
        is_over=session.during.lower <= now or session.state not in (SessionState.DRAFT, SessionState.OPEN),
        now=now,
        last=(last.sequence, last.stamp) if last else None,
        last_left=last.left_at if last else -1,
        held_as=entry.held_as,
    )


def _follow(verdict: Verdict, entry: CalendarEntry, reply: Reply, now: datetime) -> tuple[str, str]:
    """Do what the answer says; return the outcome and, where the coordinator has to do it, why."""
    if verdict == Verdict.NOTHING:
        return Outcome.NOTHING, ""
    if verdict in (Verdict.CONFIRM, Verdict.NOTE):
        return (Outcome.CONFIRMED if verdict == Verdict.CONFIRM else Outcome.NOTED), ""
    try:
        with transaction.atomic():
            return _give_up(entry, now) if verdict == Verdict.GIVE_UP else _take_back(entry, now)
    except Refused:
        return Outcome.ASKS, AnswerWhy.PLACE_GONE if verdict == Verdict.TAKE_BACK else AnswerWhy.UNCLEAR


def _give_up(entry: CalendarEntry, now: datetime) -> tuple[str, str]:
    if entry.session.parts.filter(person=entry.person_id).exists():
        # A session without the one who runs it is the coordinator's to mend, before anybody is told.
        return Outcome.ASKS, AnswerWhy.RUNS_IT
    own = {"session": entry.session, "person": entry.person}
    coming = SeniorAttendance.objects.filter(state=CoverState.COMING, **own).first()
    place = Place.objects.filter(state=PlaceState.BOOKED, **own).first()
    if coming:
        answer_cannot(attendance=coming, by=entry.person, now=now)
    if place:
        give_up_place(place=place, by=entry.person, now=now, reason=BY_CALENDAR)
    return (Outcome.GAVE_UP, "") if coming or place else (Outcome.NOTHING, "")


def _take_back(entry: CalendarEntry, now: datetime) -> tuple[str, str]:
    own = {"session": entry.session, "person": entry.person}
    apologies = SeniorAttendance.objects.filter(state=CoverState.APOLOGIES, **own).first()
    place = Place.objects.filter(state=PlaceState.GIVEN_UP, closed_reason=BY_CALENDAR, **own).order_by("-pk").first()
    if apologies:
        answer_coming(attendance=apologies, by=entry.person, now=now)
    if place:
        lapse_offers_of(offers_over_of([entry.person_id], entry.session.programme_id, now), now=now)
        take_place_back(place=place, by=entry.person, now=now, holds_locks=True)
    return (Outcome.TOOK_BACK, "") if apologies or place else (Outcome.NOTHING, "")


@transaction.atomic
def settle_answer(*, answer: CalendarAnswer, by: Any, now: datetime) -> CalendarAnswer:
    """Say, as the coordinator, that nothing is left to do about ``answer``. Twice is once."""
    answer = CalendarAnswer.objects.select_for_update(no_key=True, of=("self",)).get(pk=answer.pk)
    if answer.outcome == Outcome.ASKS and answer.settled_at is None:
        answer.settled_at, answer.settled_by = now, key_of(by)
        answer.save(update_fields=["settled_at", "settled_by"])
        record(by=by, verb="settled_answer", about=answer, now=now)
    return answer
