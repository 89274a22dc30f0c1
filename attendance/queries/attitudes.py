"""What a programme asks about attitudes, at which points, and whom."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, QuerySet

from attendance.models import CAME, Attendance, Place, PlaceState
from briefings.models import Programme, Session, SessionState
from history.actions import key_of
from surveys.models import Method, Opening, Point, Questionnaire


@dataclass(frozen=True)
class AskedAt:
    """One point of a questionnaire: its opening where there is one, and how many have answered."""

    point: Point
    opening: Opening | None
    answers: int

    @property
    def is_open(self) -> bool:
        return self.opening is not None and self.opening.closed_on is None


def attitudes_of(programme: Programme) -> QuerySet[Questionnaire]:
    """Return what ``programme`` asks about attitudes, the newest first, each with ``answered``."""
    found = Questionnaire.objects.filter(about=key_of(programme)).exclude(method=Method.FEEDBACK)
    return found.annotate(answered=Count("openings__sheets"))


def points_of(questionnaire: Questionnaire) -> list[AskedAt]:
    """Return the points of ``questionnaire`` in their order. One query."""
    openings = {each.point: each for each in questionnaire.openings.annotate(answers=Count("sheets"))}
    found = [(point, openings.get(point)) for point in questionnaire.points]
    return [AskedAt(point, own, own.answers if own else 0) for point, own in found]


def sessions_to_ask(programme: Programme) -> QuerySet[Session]:
    """Return the sessions of ``programme`` whose people can be asked, the newest first."""
    found = programme.sessions.filter(state__in=(SessionState.OPEN, SessionState.HELD))
    return found.select_related("programme").order_by("-date", "-starts", "pk")


def people_of(session: Session, now: datetime) -> set[int]:
    """Return the ids of those who came to ``session``, or have a place where it has not begun."""
    if session.during.lower > now:
        found = Place.objects.filter(session=session, state=PlaceState.BOOKED)
    else:
        found = Attendance.objects.filter(session=session, outcome__in=CAME)
    return set(found.filter(person__email__isnull=False).values_list("person_id", flat=True))
