"""The matrix organisation × session: asked, coming, attended, nobody; and whether a session meets the rule."""

from collections import defaultdict
from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import date, time
from functools import cache

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from attendance import covering
from attendance.models import CoverState, SeniorAttendance
from briefings.models import CoverRule, Partner, Programme, Session, SessionState, Slot
from history.statements import Reading, as_one
from organisations.models import Organisation

NOBODY, NO_PARTNER = "nobody", "no_partner"
ORDER = (CoverState.ATTENDED, CoverState.COMING, CoverState.ASKED, CoverState.APOLOGIES)
"""Of several senior managers of one organisation the best state stands for it."""


def planned(today: date) -> Q:
    """Return the condition on sessions that somebody senior is to come to, or came to.

    Those in draft are among them while they are to come: whoever covers them is asked before they open.
    """
    return Q(state__in=(SessionState.OPEN, SessionState.HELD)) | Q(state=SessionState.DRAFT, date__gte=today)


@dataclass
class Cell:
    """One organisation at one session: its state (a CoverState value, NOBODY or NO_PARTNER), the requests behind it."""

    state: str = NOBODY
    requests: list[SeniorAttendance] = field(default_factory=list)

    @property
    def is_gap(self) -> bool:
        """Whether nobody is known to come or to have come, and nobody is being asked."""
        return self.state in (NOBODY, CoverState.APOLOGIES)

    @property
    def refused(self) -> SeniorAttendance | None:
        """Who last said that they cannot come, where that is why nobody comes."""
        if self.state != CoverState.APOLOGIES:
            return None
        said_no = [own for own in self.requests if own.state == CoverState.APOLOGIES]
        return max(said_no, key=lambda own: (own.answered_at, own.pk))


@dataclass(frozen=True)
class Share:
    """At how many of the sessions of its time one partner had, or will have, somebody senior; ``needed`` of them do."""

    covered: int
    sessions: int
    needed: int

    def __str__(self) -> str:
        return f"{self.covered} of {self.sessions} sessions, {self.needed} wanted"

    @property
    def is_behind(self) -> bool:
        return self.covered < self.needed


@dataclass(frozen=True)
class Date:
    """A session as far as its cover and a line about it need it: hundreds of them cost next to nothing to read."""

    pk: int
    programme: Programme
    date: date
    slot: str
    starts: time
    ends: time
    venue: str
    """Its name, "" where the session has no room."""
    state: str = SessionState.OPEN

    @property
    def programme_id(self) -> int:
        return self.programme.pk

    def get_slot_display(self) -> str:
        """Return the half-day in words, as a session does."""
        return str(Slot(self.slot).label)


DATE_COLUMNS = ("pk", "programme", "date", "slot", "starts", "ends", "room__venue__name", "state")


def dates_of(rows: Iterable[tuple], programmes: dict[int, Programme]) -> list[Date]:
    """Return the sessions whose ``DATE_COLUMNS`` are ``rows``, in their order, each with its programme by its id."""
    return [Date(pk, programmes[programme], *when, venue or "", state) for pk, programme, *when, venue, state in rows]


def date_of(session: Session) -> Date:
    """Return what cover needs of ``session``, read with its programme, its room and the venue."""
    venue = session.room.venue.name if session.room else ""
    when = (session.date, session.slot, session.starts, session.ends)
    return Date(session.pk, session.programme, *when, venue, session.state)


@dataclass(frozen=True)
class Row:
    """One session of the matrix: its cells in the order of the organisations, and how it stands to the rule.

    ``covered`` of the ``partners`` that take part on its day have somebody senior there. ``lacking`` are those that
    have nobody and could help to meet the rule, which wants ``short`` of them; none where the rule is met.
    """

    session: Session | Date
    cells: list[Cell]
    covered: int
    partners: int
    lacking: list[Organisation] = field(default_factory=list)
    short: int = 0

    @property
    def meets_rule(self) -> bool:
        return not self.short


@dataclass(frozen=True)
class Matrix:
    """The partner organisations and the rows of the sessions asked for.

    ``shares`` says by organisation where each partner stands, in a programme with a rule of a share.
    """

    organisations: list[Organisation]
    rows: list[Row]
    shares: dict[int, Share] = field(default_factory=dict)

    def only(self, organisation: Organisation) -> "Matrix":
        """Return the column of one organisation alone, with the sessions of whose day it is a partner."""
        places = {each.pk: place for place, each in enumerate(self.organisations)}
        if (place := places.get(organisation.pk)) is None:  # a partner of none of the programmes of these sessions
            return Matrix([organisation], [], self.shares)
        rows = [replace(row, cells=[row.cells[place]]) for row in self.rows if row.cells[place].state != NO_PARTNER]
        return Matrix([self.organisations[place]], rows, self.shares)


def cover_matrix(sessions: Iterable[Session | Date], today: date, *, people: bool = True) -> Matrix:
    """Return the matrix of ``sessions`` (in their order, each with its programme) for the partners of their days.

    Two queries, and one more where a rule of a share is among them. For a session before ``today`` only who attended
    counts as cover; before that who says they come counts too. ``shares`` is kept for sessions of one programme.
    Without ``people`` the requests know their state alone.
    """
    sessions = list(sessions)
    programmes = {session.programme_id: session.programme for session in sessions}
    partners = _partners().rows(programmes=list(programmes))
    names = {partner.organisation_id: partner.organisation for partner in partners}
    organisations = sorted(names.values(), key=lambda each: (each.name.casefold(), each.pk))
    requests = defaultdict(list)
    for own in _requests(people).rows(sessions=[session.pk for session in sessions]):
        requests[own.session_id, own.organisation_id].append(own)
    asked = {session for session, _ in requests}
    shares = shares_of(programmes.values(), today)
    of_programme = defaultdict(list)
    for partner in partners:
        of_programme[partner.programme_id].append(partner)
    alike: dict[tuple[int, date], Row] = {}  # where nobody is asked, all sessions of a day are
    rows = []
    for session in sessions:
        key = session.programme_id, session.date
        row = alike.get(key) if session.pk not in asked else None
        if row is None:
            row = _row(session, organisations, of_programme[session.programme_id], requests, shares, today)
            if session.pk not in asked:
                alike[key] = row
        rows.append(row if row.session is session else replace(row, session=session))
    own_shares = {partner: share for (_, partner), share in shares.items()} if len(programmes) == 1 else {}
    return Matrix(organisations, rows, own_shares)


_SOME = as_one(())


@cache
def _partners() -> Reading:
    return Reading(
        "partners_with_cover", Partner.objects.filter(programme__in=_SOME).select_related("organisation"), programmes=()
    )


@cache
def _requests(people: bool) -> Reading:
    found = SeniorAttendance.objects.filter(session__in=_SOME).exclude(state=CoverState.WITHDRAWN).order_by("pk")
    if people:
        return Reading("requests_with_people", found.select_related("person", "organisation"), sessions=())
    return Reading("requests", found.only("session", "organisation", "state", "answered_at"), sessions=())


@dataclass(frozen=True)
class Meaning:
    """What a rule would mean: ``lacking`` ``of`` the sessions to come do not meet it yet; for a share, the partners."""

    rule: str
    number: int | None
    lacking: int
    of: int


def meanings_of(programme: Programme, sessions: Iterable[Session], today: date) -> list[Meaning]:
    """Return what each rule would mean at ``sessions`` to come, as they are covered now; three queries.

    At least so many partners: for each number there can be, ten at most. A share: for each quarter.
    """
    matrix = cover_matrix(sessions, today)
    rows = [(row.covered, row.partners) for row in matrix.rows]
    found = [Meaning(CoverRule.EVERY_PARTNER, None, sum(covered < partners for covered, partners in rows), len(rows))]
    for number in range(1, min(max((partners for _, partners in rows), default=0), 11)):
        lacking = sum(covered < covering.needed(CoverRule.AT_LEAST, number, partners) for covered, partners in rows)
        found.append(Meaning(CoverRule.AT_LEAST, number, lacking, len(rows)))
    trial = copy(programme)
    trial.cover_rule, trial.cover_number = CoverRule.SHARE, 100
    shares = shares_of([trial], today).values()
    for per_cent in (25, 50, 75, 100):
        behind = sum(own.covered < covering.needed_of_share(per_cent, own.sessions) for own in shares)
        found.append(Meaning(CoverRule.SHARE, per_cent, behind, len(shares)))
    return found


def shares_of(programmes: Iterable[Programme], today: date) -> dict[tuple[int, int], Share]:
    """Return by (programme, organisation) where each partner stands to its programme's share of the sessions.

    Of programmes with that rule alone; in one query, or none. The planned sessions of its time as a partner count.
    """
    numbers = {each.pk: each.cover_number for each in programmes if each.cover_rule == CoverRule.SHARE}
    if not numbers:
        return {}
    ends = Q(date__lt=Coalesce(OuterRef("until"), Value(date.max)))
    of_partner = Session.objects.filter(
        ends, planned(today), date__gte=OuterRef("since"), programme=OuterRef("programme")
    )
    came = SeniorAttendance.objects.filter(
        Q(state=CoverState.ATTENDED) | Q(state=CoverState.COMING, session__date__gte=today),
        session=OuterRef("pk"),
        organisation=OuterRef(OuterRef("organisation")),
    )
    found = Partner.objects.filter(programme__in=numbers).annotate(
        sessions=_count(of_partner), covered=_count(of_partner.filter(Exists(came)))
    )
    return {
        (row.programme_id, row.organisation_id): Share(
            row.covered,
            row.sessions,
            covering.needed_of_share(numbers[row.programme_id], row.sessions),
        )
        for row in found
    }


def _count(sessions: QuerySet[Session]) -> Subquery:
    counted = sessions.order_by().values("programme").annotate(number=Count("pk")).values("number")
    return Coalesce(Subquery(counted), Value(0))


def _row(
    session: Session, organisations: list[Organisation], partners: list, requests: dict, shares: dict, today: date
) -> Row:
    there = {partner.organisation_id for partner in partners if _takes_part(partner, session)}
    is_past, own = session.date < today, session.pk
    good = {CoverState.ATTENDED} if is_past else {CoverState.ATTENDED, CoverState.COMING}
    cells, without = [], []
    for each in organisations:  # a year of a county is ten thousand cells, most of them empty
        pk = each.id
        asked = requests.get((own, pk))
        cell = _cell(asked, is_past, takes_part=pk in there) if asked else Cell(NOBODY if pk in there else NO_PARTNER)
        cells.append(cell)
        if pk in there and cell.state not in good:
            without.append(each)
    covered = len(there) - len(without)
    lacking, short = _wanted(session, without, covered, len(there), shares, is_past)
    return Row(session, cells, covered, len(there), lacking, short)


def _wanted(
    session: Session, without: list[Organisation], covered: int, partners: int, shares: dict, is_past: bool
) -> tuple[list[Organisation], int]:
    """Return the organisations that could help to meet the rule, and how many of them it wants."""
    programme = session.programme
    if programme.cover_rule == CoverRule.SHARE:
        # What is over cannot be mended there: the share is made up at a session to come.
        behind = [
            each for each in without if not is_past and (own := shares.get((programme.pk, each.pk))) and own.is_behind
        ]
        return behind, len(behind)
    short = max(covering.needed(programme.cover_rule, programme.cover_number, partners) - covered, 0)
    return (without, short) if short else ([], 0)


def _takes_part(partner: Partner, session: Session) -> bool:
    return partner.since <= session.date and (partner.until is None or partner.until > session.date)


def _cell(requests: list[SeniorAttendance], is_past: bool, *, takes_part: bool) -> Cell:
    states = {own.state for own in requests}
    if is_past:  # who said they would come and was not seen did not cover it
        states -= {CoverState.COMING, CoverState.ASKED}
    best = next((state for state in ORDER if state in states), NOBODY if takes_part else NO_PARTNER)
    return Cell(best, requests)
