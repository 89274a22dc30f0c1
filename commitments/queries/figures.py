"""The questions of one programme, counted by the database into the lines from which figures are made."""

from collections.abc import Iterator
from datetime import date
from zoneinfo import ZoneInfo

from django.db.models import Case, Count, DateField, Min, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce, Least, TruncDate

from briefings.models import Programme
from commitments.figures import Line
from commitments.models import UNANSWERED, Answer, HoldingReply, Question, QuestionState, Theme


def lines_of(programme: Programme, today: date) -> Iterator[Line]:
    """Yield the questions of ``programme`` as lines, what is alike once. One query.

    A question that was joined with another counts with that one; who took theirs back counts not at all. The first
    reply is a holding reply or the first answer, whichever came first.
    """
    zone = ZoneInfo(programme.zone)

    def first(model, moment: str) -> Subquery:
        rows = model.objects.filter(question=OuterRef("pk")).order_by().values("question")
        return Subquery(rows.annotate(day=Min(TruncDate(moment, tzinfo=zone))).values("day"), output_field=DateField())

    found = programme.questions.exclude(state__in=(QuestionState.MERGED, QuestionState.WITHDRAWN)).order_by()
    found = found.annotate(
        answered=first(Answer, "published_at"),
        held=first(HoldingReply, "sent_at"),
        replied=Least("answered", "held"),
        is_owed=_is(state__in=UNANSWERED),
        is_late=_is(state__in=UNANSWERED, due_on__lt=today, paused_on=None),
        is_paused=_is(state__in=UNANSWERED, paused_on__isnull=False),
        own=Coalesce("own_theme__name", Value("")),
        whose=Coalesce("organisation__name", Value("")),
    )
    names = ("theme", "own", "whose", "is_owed", "is_late", "is_paused", "raised_on", "replied", "answered")
    labels = dict(Theme.choices)
    for row in found.values_list(*names).annotate(Count("pk")).iterator(chunk_size=2000):
        theme, own, whose, is_owed, is_late, is_paused, raised, replied, answered, number = row
        yield Line(number, own or labels.get(theme, ""), whose, is_owed, is_late, is_paused, raised, replied, answered)


def oldest_owed(programme: Programme) -> Question | None:
    """Return what has been owed for longest in ``programme``."""
    owed = programme.questions.unanswered().select_related("owner", "organisation")
    return owed.order_by("raised_on", "due_on", "reference").first()


def _is(**what) -> Case:
    return Case(When(Q(**what), then=Value(True)), default=Value(False))
