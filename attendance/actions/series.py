"""Places in a whole series at once."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from attendance.actions.places import take_place
from attendance.models import Place, PlaceState
from attendance.queries.series import position_of
from briefings.models import Session
from history.refusals import Refused


@dataclass(frozen=True)
class Taken:
    """What became of one session: the place, or the reason in words why there is none."""

    session: Session
    place: Place | None
    why_not: str = ""

    @property
    def is_booked(self) -> bool:
        """Return whether there is a seat, not a place in the line."""
        return self.place is not None and self.place.state == PlaceState.BOOKED


def in_words(taken: list[Taken]) -> str:
    """Return what became of the others of a series in one sentence; "" where there were none."""
    if not taken:
        return ""
    booked = sum(each.is_booked for each in taken)
    waiting = sum(each.place is not None for each in taken) - booked
    refused = len(taken) - booked - waiting
    parts = [(booked, "booked too"), (waiting, "waited for"), (refused, "not to be had")]
    return "Of the others of the series: " + ", ".join(f"{number} {words}" for number, words in parts if number)


def take_rest_of_series(*, place: Place, by: Any, now: datetime) -> list[Taken]:
    """Take a place in every session of the series of ``place`` that is still to come, in the same group.

    Each is taken for itself: one that cannot be had, or in which one has to wait, takes no other away. Taking them
    twice takes nothing more.
    """
    position = position_of(place, now)
    return [_take(session, place, by, now) for session in (position.rest if position else ())]


def _take(session: Session, place: Place, by: Any, now: datetime) -> Taken:
    try:
        with transaction.atomic():
            return Taken(session, take_place(session=session, person=place.person, by=by, now=now))
    except Refused as refusal:
        return Taken(session, None, refusal.sentence)
