"""The brief of a senior manager before the day: who comes from where, what is open, what was promised."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Q

from attendance.models import CoverState, Place, SeatCount, SeniorAttendance
from briefings.models import SessionPart
from commitments.models import Assurance, Question
from commitments.queries.assurances import SHOWN as ASSURANCE_MARKS
from commitments.queries.questions import SHOWN as QUESTION_MARKS
from commitments.queries.questions import in_order

MOST = 12


@dataclass(frozen=True)
class Brief:
    """What a senior manager wants to know before the day. Counts have no names; ``more_…`` are not shown."""

    taken: int
    capacity: int
    organisations: list[tuple[str, int]]
    professions: list[tuple[str, int]]
    others: list[SeniorAttendance]
    parts: list[SessionPart]
    questions: list[Question]
    more_questions: int
    assurances: list[Assurance]
    more_assurances: int


def brief_for(own: SeniorAttendance, *, today: date) -> Brief:
    """Return the brief for ``own``, in eight queries: its session, and what is open and promised around it.

    Questions: those asked about this session, and those that the senior manager's organisation owes an answer, with
    nothing of who asked. Assurances: those that stand for this session, for everybody, or by that organisation.
    """
    session = own.session
    places = Place.objects.to_use().filter(session=session).order_by()
    seats = SeatCount.objects.filter(session=session).first()
    others = SeniorAttendance.objects.filter(session=session, state__in=(CoverState.COMING, CoverState.ATTENDED))
    questions = in_order(
        Question.objects.unanswered().filter(
            Q(session=session) | Q(programme=session.programme_id, organisation=own.organisation_id)
        )
    )
    promised = Assurance.objects.standing().filter(
        Q(session=session) | Q(for_everybody=True) | Q(organisation=own.organisation_id), programme=session.programme_id
    )
    asked = list(questions[: MOST + 1])
    given = list(promised.select_related("organisation", "person").order_by("due_on", "pk")[: MOST + 1])
    for question in asked:
        question.look, question.is_late = (
            QUESTION_MARKS[question.state],
            bool(question.due_on and question.due_on < today and question.paused_on is None),
        )
    for each in given:
        each.look = ASSURANCE_MARKS[each.state]
    return Brief(
        taken=seats.taken if seats else 0,
        capacity=seats.capacity if seats else session.capacity,
        organisations=_counted(places, "organisation__name"),
        professions=_counted(places, "profession__name"),
        others=list(
            others.exclude(pk=own.pk).select_related("person", "organisation").order_by("organisation__name", "pk")
        ),
        parts=list(session.parts.select_related("person").order_by("part", "pk")),
        questions=asked[:MOST],
        more_questions=questions.count() - MOST if len(asked) > MOST else 0,
        assurances=given[:MOST],
        more_assurances=promised.count() - MOST if len(given) > MOST else 0,
    )


def _counted(places, column: str) -> list[tuple[str, int]]:
    """Return how many of ``places`` there are by ``column``, the most first; "Not known" where it is empty."""
    rows = places.values_list(column).annotate(number=Count("pk")).order_by("-number", column)
    return [(words or "Not known", number) for words, number in rows]
