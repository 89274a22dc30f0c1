"""A coordinator moves several people from one session to another by one press."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import uuid4

from django.db import transaction

from accounts.models import Person
from attendance.actions.engagements import lock_both, lock_people
from attendance.actions.line import promote
from attendance.actions.places import (
    NotOpen,
    fresh_session,
    lapse_offers_of,
    refuse_outside_window,
    refuse_where_not_open,
)
from attendance.actions.swaps import exchange
from attendance.messages import places as messages
from attendance.messages import teams as team_messages
from attendance.models import SEATED, BulkMove, Place, SeatCount, Team, TeamRule
from attendance.queries.moves import in_turn, judge, offers_over_of, seats_to_close
from briefings.models import Session, SessionState
from history.actions import record
from history.refusals import Refused


class SessionHasBegun(Refused):
    sentence = "This session has begun or has ended, so nobody can be moved from it."


class SameSession(Refused):
    sentence = "Choose another session: they are in this one."


class AnotherProgramme(Refused):
    sentence = "Choose a session of the same programme."


class NobodyMoves(Refused):
    sentence = "Nobody of those you chose can move there, so nothing was changed. Choose another session."


class NotAllMove(Refused):
    """Raised with ``stay``, how many could not move, where it was to be all or nobody."""

    def __init__(self, stay: int) -> None:
        self.stay = stay
        super().__init__(
            f"{stay} of those you chose cannot move there, and you asked for all or nobody. Nothing was changed."
        )


@transaction.atomic
def move_people(
    *,
    session: Session,
    to: Session,
    places: Iterable[Place],
    all_or_nobody: bool,
    from_reserve: bool,
    fewer: bool,
    words: str,
    by: Any,
    now: datetime,
) -> BulkMove:
    """Exchange ``places`` of ``session`` for seats in ``to``: for all of them or nobody, or for as many as fit.

    Nobody is ever without either place. Who waits for ``to`` and fits by now comes first; then those who have a seat,
    as they booked, then those who wait. Each who moves is told once, with ``words`` of the coordinator's, and so is
    the lead of their team, which goes along. The seats left behind go to those who wait for them, or with ``fewer``
    are closed, all but the last that a session has. An offer whose limit is over ends and does not move;
    one in a third session ends and stands in nobody's way.
    ``from_reserve``: the seats kept back may be used. Returns what was done. Raises SameSession, AnotherProgramme,
    SessionHasBegun, NotOpen, OutsideWindow, NotAllMove, NobodyMoves; nothing is changed then.
    """
    if session.pk == to.pk:
        raise SameSession
    ids = [place.pk for place in places]
    over = offers_over_of(Place.objects.filter(pk__in=ids).values("person"), session.programme_id, now)
    counters = lock_both(session.pk, to.pk, *(place.session_id for place in over))
    _lock_everybody(ids, counters)
    session, to = fresh_session(session.pk), fresh_session(to.pk)
    _refuse(session, to, counters, by, now)
    if lapse_offers_of(over, now=now):
        counters = lock_both(session.pk, to.pk)
    promote(to, counters[to.pk], now)
    chosen = Place.objects.filter(pk__in=ids, session=session).select_related("session__programme", "person", "team")
    locked = in_turn(chosen.select_for_update(no_key=True, of=("self",)))
    verdicts = judge(locked, session, to, counters[to.pk], now, from_reserve=from_reserve)
    staying = [verdict for verdict in verdicts if verdict.why]
    if all_or_nobody and staying:
        raise NotAllMove(len(staying))
    if len(staying) == len(verdicts):
        raise NobodyMoves
    move = BulkMove.objects.create(
        session=session, to=to, words=words, made_at=now, made_by=by if isinstance(by, Person) else None,
        stayed=[[verdict.place.pk, verdict.why, verdict.clash and verdict.clash.pk] for verdict in staying],
    )  # fmt: skip
    left = sum(verdict.place.state in SEATED for verdict in verdicts if not verdict.why)
    for verdict in verdicts:
        if not verdict.why:
            new = _move(verdict, to, counters, move, by, now)
            move.moved.append(new.pk)
            _keep_team(verdict.place, new, now)
    team_messages.tell_left(*(verdict.place for verdict in verdicts if not verdict.why), by=by, now=now)
    if fewer:
        move.closed_seats = seats_to_close(counters[session.pk], left)
    if move.closed_seats:
        _close_seats(session, counters[session.pk], move.closed_seats, by, now)
    move.save(update_fields=["moved", "closed_seats"])
    record(by=by, verb="moved_people", about=session, now=now)
    promote(session, counters[session.pk], now)
    return move


def _close_seats(session: Session, seats: SeatCount, number: int, by: Any, now: datetime) -> None:
    """Take ``number`` free seats out of ``session``, whose counter is locked; the reserve is at most what is left."""
    seats.capacity -= number
    seats.reserved = min(seats.reserved, seats.capacity)
    seats.save(update_fields=["capacity", "reserved"])
    session.capacity, session.reserved = seats.capacity, seats.reserved
    session.save(update_fields=["capacity", "reserved"])
    record(by=by, verb="changed_seats", about=session, now=now, fields=["capacity", "reserved"])


def _move(verdict: Any, to: Session, counters: dict, move: BulkMove, by: Any, now: datetime) -> Place:
    new, entry = exchange(verdict.place, to, counters, verdict.tie, by, now, reason="moved")
    record(by=by, verb="moved", about=new, now=now)
    messages.tell_moved(new, move, now=now)
    if entry:  # who only waited has nothing in the calendar: one mail says it all
        messages.tell_given_up(verdict.place, had_entry=True, now=now)
    return new


def _keep_team(old: Place, new: Place, now: datetime) -> None:
    """Let ``new`` be of a team where ``old`` was: whoever booked it goes on hearing of it, and sees it with the others.

    That is the team that they have in that session already, or a new one; a team that waits as a whole takes nobody in.
    """
    if old.team is None or new.team_id or new.organisation_id != old.team.organisation_id:
        return
    own = {"session_id": new.session_id, "organisation_id": old.team.organisation_id, "rule": TeamRule.FIT}
    own["made_by_id"] = old.team.made_by_id
    team = Team.objects.filter(**own).order_by("pk").first()
    new.team = team or Team.objects.create(**own, press=uuid4(), made_at=now)
    new.save(update_fields=["team"])


def _refuse(session: Session, to: Session, counters: dict, by: Any, now: datetime) -> None:
    if to.programme_id != session.programme_id:
        raise AnotherProgramme
    if session.state != SessionState.OPEN or session.during.lower <= now:
        raise SessionHasBegun
    if to.pk not in counters:
        raise NotOpen
    refuse_where_not_open(to, now)
    refuse_outside_window(to, by, now)


def _lock_everybody(places: list[int], sessions: Iterable[int]) -> None:
    """Lock, in one go and in id order, who moves and who may move up in the line of one of ``sessions`` (ids)."""
    moving = Place.objects.filter(pk__in=places).values_list("person", flat=True)
    waiting = Place.objects.in_line().filter(session__in=list(sessions)).values_list("person", flat=True)
    lock_people(pk for pk in {*moving, *waiting} if pk)
