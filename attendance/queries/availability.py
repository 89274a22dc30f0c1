"""When senior managers can come: the weeks of one of them, and who has said anything at all."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Count, Max, OuterRef, Q, QuerySet, Subquery

from accounts.models import PersonalLink
from attendance import weeks
from attendance.models import Availability, CoverState, SeniorAttendance
from attendance.weeks import Half
from briefings.models import Mandate, Session, SessionState
from history.actions import key_of
from messaging.working_days import holidays

SHOWN = 6
"""Weeks on one page."""
AHEAD = 26 * weeks.WEEK
"""How far ahead somebody can say when they can come, and how far a repeated pattern reaches."""


@dataclass(frozen=True)
class Box:
    """One half-day of the grid. ``checked`` where they can, or said nothing yet. Not ``is_open``: over, or a day off.

    ``session``: the programme has a session then; ``coming``: they come to one, in any programme.
    """

    half: Half
    is_open: bool
    checked: bool = False
    session: bool = False
    coming: bool = False

    @property
    def value(self) -> str:
        return f"{self.half[0]:%Y-%m-%d}:{self.half[1]}"

    @property
    def day(self) -> date:
        return self.half[0]


@dataclass(frozen=True)
class Diary:
    """What the page of one senior manager shows: ``weeks`` of two rows of five boxes, and what they said of all."""

    weeks: list[tuple[date, list[tuple[str, list[Box]]]]]
    halves: list[Half]
    said: dict[Half, bool]
    last: date

    @property
    def shown(self) -> list[Half]:
        """The half-days that can be ticked on this page."""
        return [box.half for _, rows in self.weeks for _, boxes in rows for box in boxes if box.is_open]

    @property
    def is_first(self) -> bool:
        """Whether no earlier week has a half-day that is still to come."""
        return not self.halves or self.weeks[0][0] <= self.halves[0][0]

    @property
    def has_unsaid(self) -> bool:
        return any(half not in self.said for half in self.shown)


def diary_of(mandate: Mandate, first: date, today: date) -> Diary:
    """Return the weeks from that of ``first`` on for the senior manager of ``mandate``, in three queries.

    From the first week with a half-day to come for half a year, or to the end of the mandate or the programme where
    that is sooner.
    """
    programme = mandate.programme
    ends = [today + AHEAD, mandate.until and mandate.until - timedelta(days=1), programme.ends_on]
    last = max(min(end for end in ends if end), today)
    off = {day for year in range(today.year, last.year + 1) for day in holidays(year, programme.nation)}
    halves = weeks.halves_between(today, last, off)
    soonest = weeks.monday_of(halves[0][0] if halves else today)
    first = min(max(weeks.monday_of(first), soonest), weeks.monday_of(last))
    said = {
        (day, slot): can
        for day, slot, can in Availability.objects.filter(person=mandate.person_id, date__gte=today).values_list(
            "date", "slot", "can"
        )
    }
    until = first + SHOWN * weeks.WEEK
    to_cover = (SessionState.DRAFT, SessionState.OPEN)  # they are asked before it opens
    dated = Session.objects.filter(programme=programme, state__in=to_cover, date__gte=first, date__lt=until)
    coming = SeniorAttendance.objects.filter(
        person=mandate.person_id, state=CoverState.COMING, session__date__gte=first, session__date__lt=until
    )
    planned, taken = (
        set(dated.values_list("date", "slot")),
        set(coming.values_list("session__date", "session__slot")),
    )
    open_halves = set(halves)

    def box(half: Half) -> Box:
        return Box(half, half in open_halves, said.get(half, True), half in planned, half in taken)

    shown = [
        (
            monday,
            [(slot, [box((monday + timedelta(days=day), slot)) for day in range(5)]) for slot in weeks.SLOTS],
        )
        for monday in (first + number * weeks.WEEK for number in range(SHOWN))
        if monday <= last
    ]
    return Diary(shown, halves, said, last)


def diary_link_of(own: SeniorAttendance, person: int, now: datetime) -> PersonalLink | None:
    """Return the open link by which ``person`` (an id) says when the senior manager of the request ``own`` can come."""
    mandates = Mandate.objects.filter(
        programme=own.session.programme_id, person=own.person_id, organisation=own.organisation_id
    )
    found = PersonalLink.objects.filter(
        purpose="availability",
        about__in=[key_of(mandate) for mandate in mandates],
        person=person,
        revoked_at__isnull=True,
        ends_at__gt=now,
    )
    return found.order_by("-pk").first()


def who_said_when(programme: int, today: date) -> QuerySet[Mandate]:
    """Return the mandates of ``programme`` that hold on ``today``, by organisation and name.

    Each with ``said_at``, when they last said when they can come, and ``can`` of ``of`` half-days to come.
    """
    own = Availability.objects.filter(person=OuterRef("person"), date__gte=today).order_by().values("person")
    return (
        Mandate.objects.on(today)
        .filter(programme=programme, person__is_active=True)
        .annotate(
            said_at=Subquery(own.annotate(found=Max("said_at")).values("found")),
            can=Subquery(own.annotate(found=Count("pk", filter=Q(can=True))).values("found")),
            of=Subquery(own.annotate(found=Count("pk")).values("found")),
        )
        .select_related("person", "organisation", "programme")
        .order_by("organisation__name", "person__sort_name", "pk")
    )
