"""The questions of one programme as the lines from which its figures are made."""

from collections.abc import Iterator
from datetime import date
from zoneinfo import ZoneInfo

from django.db.models import Min
from django.db.models.functions import Least, TruncDate

from briefings.models import Programme
from commitments.figures import Line
from commitments.models import UNANSWERED, Question, QuestionState, Theme


def lines_of(programme: Programme, today: date) -> Iterator[Line]:
    """Yield the questions of ``programme`` as lines, with the first moments of each. One query.

    A question that was joined with another counts with that one; who took theirs back counts not at all. The first
    reply is a holding reply or the first answer, whichever came first.
    """
    zone = ZoneInfo(programme.zone)
    found = programme.questions.exclude(state__in=(QuestionState.MERGED, QuestionState.WITHDRAWN)).order_by()
    answered, held = Min("answers__published_at"), Min("holding_replies__sent_at")
    found = found.annotate(
        answered_day=TruncDate(answered, tzinfo=zone), replied_day=TruncDate(Least(answered, held), tzinfo=zone)
    )
    names = (
        "theme", "own_theme__name", "organisation__name", "state", "due_on", "paused_on", "raised_on", "replied_day",
        "answered_day",
    )  # fmt: skip
    labels = dict(Theme.choices)
    for row in found.values_list(*names).iterator(chunk_size=2000):
        theme, own, whose, state, due_on, paused_on, raised, replied_on, answered_on = row
        is_owed = state in UNANSWERED
        yield Line(
            theme=own or labels.get(theme, ""),
            organisation=whose or "",
            is_owed=is_owed,
            is_late=is_owed and paused_on is None and due_on < today,
            is_paused=is_owed and paused_on is not None,
            raised_on=raised,
            replied_on=replied_on,
            answered_on=answered_on,
        )


def oldest_owed(programme: Programme) -> Question | None:
    """Return what has been owed for longest in ``programme``."""
    owed = programme.questions.unanswered().select_related("owner", "organisation")
    return owed.order_by("raised_on", "due_on", "reference").first()
