"""What a programme's overview and its coordinator's home are made of: counts of several apps in few queries."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, CharField, Count, DateField, Exists, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Cast, Concat
from django.utils import timezone

from attendance.models import CalendarAnswer, InvitationRound, RoundState, WalkIn
from attendance.queries.cover import DATE_COLUMNS, Date, Row, cover_matrix, dates_of
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
from desk.queries.counting import CountOf, counted, counting
from history.statements import DAY, MOMENT, Prepared, as_one, compiled
from messaging.models import Bounce, Message
from messaging.queries import shown_kinds
from messaging.working_days import working_days_between

COVER_AHEAD = timedelta(days=30)
COVERED = (SessionState.DRAFT, SessionState.OPEN)
"""The states in which a session to come is covered."""
NO_OWNER, ASKED, OWNED = "no_owner", "asked", "owned"
UNKEPT, PARTNERS = "unkept", "partners"
AGES = ((5, "0 to 5"), (10, "6 to 10"), (20, "11 to 20"), (None, "Over 20"))
"""Working days since a question was asked, up to and with the number, and what the row is called."""


def with_work(programmes: QuerySet[Programme], now: datetime) -> list[Programme]:
    """Return ``programmes`` by name, each with the counts of what waits for its coordinator: two queries for all."""
    known = {programme.pk: programme for programme in programmes.order_by("name", "pk")}
    for pk, *numbers in counted(_work(), known, now, timezone.localdate(now)) if known else ():
        found = dict(zip(_waiting(), numbers, strict=True))
        registers = found.pop("unclosed")
        vars(known[pk]).update(found, registers_open=len(registers), register_first=next(iter(registers), None))
    return list(known.values())


@cache
def _work() -> Prepared:
    columns = ("programme", *_waiting())
    rows = Programme.objects.order_by().annotate(programme=F("pk"), **_waiting())
    return counting("work_of_programmes", rows.values(*columns), columns)


@cache
def _waiting() -> dict[str, Any]:
    """Return what is counted, by the name that a programme has for it."""
    about = Concat(Value("briefings.programme:"), Cast(OuterRef("pk"), CharField()))
    unclosed = Session.objects.filter(
        programme=OuterRef("pk"),
        state__in=(SessionState.OPEN, SessionState.HELD),
        during__endswith__lt=MOMENT,
        register__closed_at__isnull=True,
    ).order_by("date", "pk")
    walk_ins = WalkIn.objects.filter(session__programme=OuterRef("pk"), person__isnull=True, left_at__isnull=True)
    return dict(
        unclosed=ArraySubquery(unclosed.values("pk")),
        register_day=Subquery(unclosed.values("date")[:1]),
        walk_ins_open=CountOf(walk_ins),
        walk_in_first=Subquery(walk_ins.order_by("made_at", "pk").values("session")[:1]),
        items_late=CountOf(PlannedItem.objects.open().filter(stage__programme=OuterRef("pk"), due_on__lt=DAY)),
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
        reviews_overdue=CountOf(Reference.objects.standing().filter(programme=OuterRef("pk"), review_on__lt=DAY)),
        addresses_bouncing=CountOf(
            Bounce.objects.to_mend().filter(message__about=about, message__kind__in=shown_kinds()).values("pk")
        ),
        mails_in_need=CountOf(Message.objects.in_need().filter(about=about)),
        has_posts=Exists(PostSeries.objects.filter(programme=OuterRef("pk"))),
        **agreements.columns(DAY),
    )


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
    for programme, *values in counted(_questions(), found, None, today):
        found[programme]._add(dict(zip(_OF_QUESTIONS, values, strict=True)), today, nations[programme])
    return found


_OF_QUESTIONS = ("state", "raised", "is_late", "is_owned", "number")


@cache
def _questions() -> Prepared:
    raised = Case(When(state__in=UNANSWERED, then=F("raised_on")), output_field=DateField())
    late = When(state__in=UNANSWERED, due_on__lt=DAY, paused_on=None, then=Value(True))
    rows = Question.objects.order_by().annotate(
        raised=raised,
        is_late=Case(late, default=Value(False)),
        is_owned=Case(When(owner__isnull=False, then=Value(True)), default=Value(False)),
    )
    columns = ("programme", *_OF_QUESTIONS)
    return counting("questions_of_programmes", rows.values(*columns[:-1]).annotate(number=Count("pk")), columns)


def assurances_of(programmes: Iterable[Programme], today: date) -> dict[int, Counter]:
    """Return how many assurances of each of ``programmes`` are in each state; "late" counts those given and late.

    In one query; what is late does not count as given once more. "unkept" counts, once more, what stands without
    anybody who keeps it; "partners" are the organisations whose senior managers made them.
    """
    found = {programme.pk: Counter() for programme in programmes}
    by = {programme: set() for programme in found}
    for programme, state, is_late, organisation, number, without in counted(_assurances(), found, None, today):
        late_given = is_late and state == AssuranceState.GIVEN
        found[programme]["late" if late_given else state] += number
        found[programme][UNKEPT] += without
        if state != AssuranceState.SUPERSEDED:
            by[programme].add(organisation)
    for programme, organisations in by.items():
        found[programme][PARTNERS] = len(organisations)
    return found


@cache
def _assurances() -> Prepared:
    late = Case(When(state__in=STANDING, due_on__lt=DAY, then=Value(True)), default=Value(False))
    rows = Assurance.objects.order_by().annotate(is_late=late).values("programme", "state", "is_late", "organisation")
    unkept = Count("pk", filter=Q(state__in=STANDING, keeper=None))
    columns = ("programme", "state", "is_late", "organisation", "number", "without")
    return counting("assurances_of_programmes", rows.annotate(number=Count("pk"), without=unkept), columns)


def dates_to_come(programmes: Iterable[Programme], now: datetime) -> list[Date]:
    """Return the sessions of ``programmes`` within thirty days from ``now``, the next first, in one query.

    Those in draft are among them: whoever covers them is asked before they open.
    """
    known = {programme.pk: programme for programme in programmes}
    return dates_of(_to_come().rows(programmes=list(known), now=now, until=now + COVER_AHEAD), known)


@cache
def _to_come() -> Prepared:
    until = MOMENT + COVER_AHEAD
    found = Session.objects.to_come(MOMENT).filter(programme__in=as_one(()), during__startswith__lt=until)
    rows = found.filter(state__in=COVERED).order_by("date", "starts", "pk").values_list(*DATE_COLUMNS)
    return compiled("dates_to_come", rows, programmes=(), now=MOMENT, until=until)


def uncovered(programmes: Iterable[Programme], now: datetime) -> list[Row]:
    """Return the sessions within thirty days that do not meet the rule of their programme, in four queries at most."""
    dates = dates_to_come(programmes, now)
    return [row for row in cover_matrix(dates, timezone.localdate(now), people=False).rows if not row.meets_rule]
