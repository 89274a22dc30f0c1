"""What a programme's overview and its coordinator's home are made of: counts of several apps in few queries."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from django.db.models import Case, CharField, Count, DateField, Exists, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Cast, Concat
from django.utils import timezone

from attendance.models import CalendarAnswer, InvitationRound, RoundState, WalkIn
from attendance.queries.cover import Date, Row, cover_matrix, dates_of
from briefings.models import Programme, Session, SessionState
from commitments.models import (
    STANDING,
    UNANSWERED,
    Assurance,
    AssuranceState,
    CommentState,
    Question,
    QuestionState,
    Reference,
    SectionComment,
    Telling,
    TellingState,
)
from communications.models import PlannedItem, PostSeries
from desk.queries import agreements
from desk.queries.counting import CountOf, read
from messaging.models import Bounce, Message
from messaging.queries import shown_kinds
from messaging.working_days import working_days_between

COVER_AHEAD = timedelta(days=30)
NO_OWNER, ASKED, OWNED = "no_owner", "asked", "owned"
UNKEPT, PARTNERS = "unkept", "partners"
AGES = ((5, "0 to 5"), (10, "6 to 10"), (20, "11 to 20"), (None, "Over 20"))
"""Working days since a question was asked, up to and with the number, and what the row is called."""


def with_work(programmes: QuerySet[Programme], now: datetime) -> list[Programme]:
    """Return ``programmes`` by name, each with the counts of what waits for its coordinator: one query for all."""
    wanted, values = programmes.order_by().values("pk").query.sql_with_params()
    counts, with_now = _counts_in_sql(timezone.localdate(now))
    statement = f"SELECT * FROM ({counts}) AS work WHERE id IN ({wanted}) ORDER BY name, id"  # noqa: S608 (from Django)
    return list(Programme.objects.raw(statement, [*(now if each == _NOW else each for each in with_now), *values]))


_NOW = datetime(1900, 1, 1, tzinfo=UTC)
"""Stands in the statement where the moment comes."""


@lru_cache(maxsize=2)
def _counts_in_sql(today: date) -> tuple[str, tuple]:
    """Return the statement with the counts and what belongs to it.

    To write it down takes Django many times as long as it takes PostgreSQL to answer it, so that is done once a day.
    """
    about = Concat(Value("briefings.programme:"), Cast(OuterRef("pk"), CharField()))
    unclosed = Session.objects.filter(
        programme=OuterRef("pk"),
        state__in=(SessionState.OPEN, SessionState.HELD),
        during__endswith__lt=_NOW,
        register__closed_at__isnull=True,
    ).order_by("date", "pk")
    walk_ins = WalkIn.objects.filter(session__programme=OuterRef("pk"), person__isnull=True, left_at__isnull=True)
    counted = Programme.objects.order_by().annotate(
        registers_open=CountOf(unclosed),
        register_first=Subquery(unclosed.values("pk")[:1]),
        register_day=Subquery(unclosed.values("date")[:1]),
        walk_ins_open=CountOf(walk_ins),
        walk_in_first=Subquery(walk_ins.order_by("made_at", "pk").values("session")[:1]),
        items_late=CountOf(PlannedItem.objects.open().filter(stage__programme=OuterRef("pk"), due_on__lt=today)),
        rounds_paused=CountOf(InvitationRound.objects.filter(programme=OuterRef("pk"), state=RoundState.PAUSED)),
        calendar_answers=CountOf(
            CalendarAnswer.objects.waiting().filter(entry__session__programme=OuterRef("pk")).values("pk")
        ),
        tellings_proposed=CountOf(Telling.objects.filter(programme=OuterRef("pk"), state=TellingState.PROPOSED)),
        guidance_comments=CountOf(
            SectionComment.objects.filter(
                section__guidance__programme=OuterRef("pk"), section__guidance__ended_at=None, state=CommentState.OPEN
            )
        ),
        reviews_overdue=CountOf(Reference.objects.standing().filter(programme=OuterRef("pk"), review_on__lt=today)),
        addresses_bouncing=CountOf(
            Bounce.objects.standing().filter(message__about=about, message__kind__in=shown_kinds()).values("pk")
        ),
        mails_in_need=CountOf(Message.objects.in_need().filter(about=about)),
        has_posts=Exists(PostSeries.objects.filter(programme=OuterRef("pk"))),
        **agreements.columns(today),
    )
    return counted.query.sql_with_params()


@dataclass
class Questions:
    """The questions of one programme in figures. ``by_age`` counts (row of AGES, whose) of those still owed."""

    by_age: Counter = field(default_factory=Counter)
    by_owner: Counter = field(default_factory=Counter)
    late: int = 0
    answered: int = 0
    oldest_without_owner: date | None = None

    @property
    def unanswered(self) -> int:
        return sum(self.by_owner.values())

    def _add(self, row: dict, today: date, nation: str) -> None:
        state, raised, number = row["state"], row["raised"], row["number"]
        if state in (QuestionState.ANSWERED, QuestionState.CLOSED):
            self.answered += number
        if state not in UNANSWERED:
            return
        whose = NO_OWNER if not row["is_owned"] else ASKED if state == QuestionState.COMMISSIONED else OWNED
        self.by_owner[whose] += number
        self.by_age[_age(working_days_between(raised, today, nation)), whose] += number
        self.late += number if row["is_late"] else 0
        if whose == NO_OWNER:
            self.oldest_without_owner = min(self.oldest_without_owner or raised, raised)


def _age(days: int) -> str:
    return next(words for most, words in AGES if most is None or days <= most)


def questions_of(programmes: Iterable[Programme], today: date) -> dict[int, Questions]:
    """Return the questions of each of ``programmes`` in figures, by the programme's id, in one query."""
    programmes = list(programmes)
    found = {programme.pk: Questions() for programme in programmes}
    nations = {programme.pk: programme.nation for programme in programmes}
    columns = ("programme", "state", "raised", "is_late", "is_owned", "number")
    for programme, *values in read(_questions_in_sql(today), columns, found):
        found[programme]._add(dict(zip(columns[1:], values, strict=True)), today, nations[programme])
    return found


@lru_cache(maxsize=2)
def _questions_in_sql(today: date) -> tuple[str, tuple]:
    raised = Case(When(state__in=UNANSWERED, then=F("raised_on")), output_field=DateField())
    late = When(state__in=UNANSWERED, due_on__lt=today, paused_on=None, then=Value(True))
    rows = Question.objects.order_by().annotate(
        raised=raised,
        is_late=Case(late, default=Value(False)),
        is_owned=Case(When(owner__isnull=False, then=Value(True)), default=Value(False)),
    )
    counted = rows.values("programme", "state", "raised", "is_late", "is_owned").annotate(number=Count("pk"))
    return counted.query.sql_with_params()


def assurances_of(programmes: Iterable[Programme], today: date) -> dict[int, Counter]:
    """Return how many assurances of each of ``programmes`` are in each state; "late" counts those given and late.

    In one query; what is late does not count as given once more. "unkept" counts, once more, what stands without
    anybody who keeps it; "partners" are the organisations whose senior managers made them.
    """
    found = {programme.pk: Counter() for programme in programmes}
    by = {programme: set() for programme in found}
    columns = ("programme", "state", "is_late", "organisation", "number", "without")
    for programme, state, is_late, organisation, number, without in read(_assurances_in_sql(today), columns, found):
        late_given = is_late and state == AssuranceState.GIVEN
        found[programme]["late" if late_given else state] += number
        found[programme][UNKEPT] += without
        if state != AssuranceState.SUPERSEDED:
            by[programme].add(organisation)
    for programme, organisations in by.items():
        found[programme][PARTNERS] = len(organisations)
    return found


@lru_cache(maxsize=2)
def _assurances_in_sql(today: date) -> tuple[str, tuple]:
    late = Case(When(state__in=STANDING, due_on__lt=today, then=Value(True)), default=Value(False))
    rows = Assurance.objects.order_by().annotate(is_late=late).values("programme", "state", "is_late", "organisation")
    unkept = Count("pk", filter=Q(state__in=STANDING, keeper=None))
    return rows.annotate(number=Count("pk"), without=unkept).query.sql_with_params()


def dates_to_come(programmes: Iterable[Programme], now: datetime) -> list[Date]:
    """Return the open sessions of ``programmes`` within thirty days from ``now``, the next first, in one query."""
    known = list(programmes)
    found = Session.objects.open().to_come(now).filter(programme__in=known, during__startswith__lt=now + COVER_AHEAD)
    return dates_of(found.order_by("date", "starts", "pk"), known)


def uncovered(programmes: Iterable[Programme], now: datetime) -> list[Row]:
    """Return the sessions within thirty days that do not meet the rule of their programme, in four queries at most."""
    dates = dates_to_come(programmes, now)
    return [row for row in cover_matrix(dates, timezone.localdate(now), people=False).rows if not row.meets_rule]
