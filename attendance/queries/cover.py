"""The matrix organisation × session: asked, coming, attended, nobody; and whether a session meets the rule."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from attendance.models import CoverState, SeniorAttendance
from briefings.models import CoverRule, Partner, Programme, Session
from organisations.models import Organisation

NOBODY = "nobody"
ORDER = (CoverState.ATTENDED, CoverState.COMING, CoverState.ASKED, CoverState.APOLOGIES)
"""Of several senior managers of one organisation the best state stands for it."""


@dataclass
class Cell:
    """One organisation at one session: its state (a CoverState value or NOBODY) and the requests behind it."""

    state: str = NOBODY
    requests: list[SeniorAttendance] = field(default_factory=list)

    @property
    def is_gap(self) -> bool:
        """Whether nobody is known to come or to have come, and nobody is being asked."""
        return self.state in (NOBODY, CoverState.APOLOGIES)


@dataclass(frozen=True)
class Row:
    """One session of the matrix: its cells in the order of the organisations, and whether it meets the rule.

    ``covered`` of the ``partners`` that take part on its day have somebody senior there.
    """

    session: Session
    cells: list[Cell]
    covered: int
    partners: int
    meets_rule: bool


@dataclass(frozen=True)
class Matrix:
    """The partner organisations and the rows of the sessions asked for."""

    organisations: list[Organisation]
    rows: list[Row]


def cover_matrix(programme: Programme, sessions: Iterable[Session], today: date) -> Matrix:
    """Return the matrix of ``sessions`` (in their order) for the partners of their days, in two queries.

    For a session before ``today`` only who attended counts as cover; before that who says they come counts too.
    """
    sessions = list(sessions)
    partners = list(Partner.objects.filter(programme=programme).select_related("organisation"))
    partners.sort(key=lambda partner: (partner.organisation.name.casefold(), partner.pk))
    requests = defaultdict(list)
    found = SeniorAttendance.objects.filter(session__in=sessions).exclude(state=CoverState.WITHDRAWN)
    for own in found.select_related("person", "organisation").order_by("pk"):
        requests[own.session_id, own.organisation_id].append(own)
    rows = [_row(programme, session, partners, requests, today) for session in sessions]
    return Matrix([partner.organisation for partner in partners], rows)


def meets_rule(rule: str, number: int | None, covered: int, partners: int) -> bool:
    """Return whether ``covered`` of ``partners`` organisations are enough at one session by the programme's ``rule``.

    "A share of the sessions" is a rule over many sessions: one alone always meets it.
    """
    if rule == CoverRule.EVERY_PARTNER:
        return covered >= partners
    if rule == CoverRule.AT_LEAST:
        return covered >= min(number or 0, partners)
    return True


def _row(programme: Programme, session: Session, partners: list, requests: dict, today: date) -> Row:
    takes_part = [p for p in partners if p.since <= session.date and (p.until is None or p.until > session.date)]
    there = {partner.organisation_id for partner in takes_part}
    cells = [_cell(requests[session.pk, p.organisation_id], session.date < today) for p in partners]
    good = {CoverState.ATTENDED} if session.date < today else {CoverState.ATTENDED, CoverState.COMING}
    covered = sum(
        cell.state in good for partner, cell in zip(partners, cells, strict=True) if partner.organisation_id in there
    )
    met = meets_rule(programme.cover_rule, programme.cover_number, covered, len(there))
    return Row(session, cells, covered, len(there), met)


def _cell(requests: list[SeniorAttendance], is_past: bool) -> Cell:
    states = {own.state for own in requests}
    if is_past:  # who said they would come and was not seen did not cover it
        states -= {CoverState.COMING, CoverState.ASKED}
    best = next((state for state in ORDER if state in states), NOBODY)
    return Cell(best, requests)
