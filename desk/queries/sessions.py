"""One session as those who run it need it: places, seniors, what was asked and promised."""

from dataclasses import dataclass
from typing import Any

from accounts.permissions import Permission, has
from attendance.models import CoverState, Place, PlaceState, SeatCount, SeniorAttendance
from briefings.models import Session
from commitments.models import Assurance, AssuranceState, Question
from commitments.queries.assurances import SHOWN as ASSURANCE_MARKS
from commitments.queries.questions import SHOWN as QUESTION_MARKS

MOST = 50
_SENIORS = {
    CoverState.ATTENDED: ("full", "good"),
    CoverState.COMING: ("full", "good"),
    CoverState.ASKED: ("ring", "open"),
    CoverState.APOLOGIES: ("dash", "quiet"),
}


@dataclass(frozen=True)
class AtAGlance:
    """What ``by`` may see of one session. Each of the rows carries ``look``: its mark and colour."""

    seats: SeatCount | None
    waiting: int
    needs: int | None
    seniors: list[SeniorAttendance]
    questions: list[Question] | None
    assurances: list[Assurance] | None


def at_a_glance(session: Session, *, by: Any) -> AtAGlance:
    """Return what ``by`` may see of ``session``, in six queries at most.

    How many need something to take part: for who may see the needs. Questions and assurances: for who may read them.
    """
    live = Place.objects.live().filter(session=session)
    reads = has(by, Permission.READ_QUESTIONS, session.programme)
    sees_needs = has(by, Permission.SEE_ACCESS_NEEDS, session.programme)
    return AtAGlance(
        seats=SeatCount.objects.filter(session=session).first(),
        waiting=live.filter(state=PlaceState.WAITING).count(),
        needs=live.filter(access_need__isnull=False).count() if sees_needs else None,
        seniors=_seniors(session),
        questions=_questions(session) if reads else None,
        assurances=_assurances(session) if reads else None,
    )


def _seniors(session: Session) -> list[SeniorAttendance]:
    found = SeniorAttendance.objects.filter(session=session, state__in=_SENIORS)
    seniors = list(found.select_related("person", "organisation").order_by("organisation__name", "pk")[:MOST])
    for senior in seniors:
        senior.look = _SENIORS[senior.state]
    return seniors


def _questions(session: Session) -> list[Question]:
    found = list(Question.objects.filter(session=session).order_by("due_on", "reference")[:MOST])
    for question in found:
        question.look = QUESTION_MARKS[question.state]
    return found


def _assurances(session: Session) -> list[Assurance]:
    found = Assurance.objects.filter(session=session).exclude(state=AssuranceState.SUPERSEDED)
    rows = list(found.select_related("organisation", "person").order_by("due_on", "pk")[:MOST])
    for row in rows:
        row.look = ASSURANCE_MARKS[row.state]
    return rows
