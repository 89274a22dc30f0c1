"""The day in figures, for a programme, a session or any choice of sessions: each rate with its denominator."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum, Value

from attendance.models import CAME, Attendance, Outcome, Place, PlaceState, SeatCount
from briefings.models import Session, SessionState

NO_BOOKINGS = ("changed_date", "moved", "substituted", "not_named")
"""Why places ended that are no bookings: another date or a colleague took over in the same move, and that place is
the booking; or nobody was ever named for it."""


@dataclass(frozen=True)
class Figures:
    """What became of places and bookings.

    ``bookings`` are the places that anybody ever held a seat with, but for those exchanged for another date, handed
    to a colleague or never given a name, and offers from the waiting list that nobody took up; ``given_up`` of them
    were given up or ended before the day. ``walked_in`` came without one.
    """

    places: int = 0
    bookings: int = 0
    given_up: int = 0
    absent: int = 0
    excused: int = 0
    with_place: int = 0
    walked_in: int = 0

    @property
    def attended(self) -> int:
        """Everybody who came: with a place, wholly or in part, and those who walked in."""
        return self.with_place + self.walked_in

    @property
    def of_places(self) -> int | None:
        """The per cent of the places that were used, rounded; None without a place."""
        return _percent(self.attended, self.places)

    @property
    def of_bookings(self) -> int | None:
        """Attended as per cent of the bookings, rounded (walk-ins can bring it above 100); None without a booking."""
        return _percent(self.attended, self.bookings)


def figures_of(sessions: Iterable[Session]) -> Figures:
    """Return the figures of ``sessions`` (a query, or instances) taken together, in one query.

    Only sessions that are open or held count: choose by date which of them are over.
    """
    chosen = _chosen(sessions)
    seats, came = (model.objects.filter(session__in=chosen) for model in (SeatCount, Attendance))
    parts = ((seats, {"places": Sum("capacity", default=0)}), (_bookings(chosen), _BOOKED), (came, _CAME))
    first, *others = (_in_one_row(number, rows, sums) for number, (rows, sums) in enumerate(parts))
    found: dict[str, int] = {}
    for number, *sums in first.union(*others, all=True):
        found |= zip(parts[number][1], sums, strict=False)
    return Figures(**found)


def _in_one_row(number: int, rows: QuerySet, sums: dict[str, Any]) -> QuerySet:
    """Return the ``number`` and the ``sums`` of ``rows`` as columns of a union."""
    numbered = rows.order_by().annotate(part=Value(number)).values("part").annotate(**sums)
    rest = {f"none_{place}": Value(0) for place in range(len(sums), len(_CAME))}
    return numbered.annotate(**rest).values_list("part", *sums, *rest)


_BOOKED = {
    "bookings": Count("pk"),
    "given_up": Count("pk", filter=Q(state__in=(PlaceState.GIVEN_UP, PlaceState.ENDED))),
}
_CAME = {
    "absent": Count("pk", filter=Q(outcome=Outcome.ABSENT)),
    "excused": Count("pk", filter=Q(outcome=Outcome.EXCUSED)),
    "with_place": Count("pk", filter=Q(outcome__in=CAME, place__isnull=False)),
    "walked_in": Count("pk", filter=Q(outcome__in=CAME, walk_in__isnull=False)),
}


def _chosen(sessions: Iterable[Session]):
    ids = sessions.values("pk") if hasattr(sessions, "values") else [session.pk for session in sessions]
    return Session.objects.filter(pk__in=ids, state__in=(SessionState.OPEN, SessionState.HELD)).values("pk")


def _bookings(chosen):
    seated = Place.objects.filter(session__in=chosen, seated_at__isnull=False).exclude(closed_reason__in=NO_BOOKINGS)
    # An offer that is accepted is no offer from the line any more (actions/places.py).
    return seated.exclude(offered_from_line=True, closed_at__isnull=False)


def _percent(part: int, whole: int) -> int | None:
    """Return the rounded per cent, halves upwards, as people round."""
    return (200 * part + whole) // (2 * whole) if whole else None
