"""The programme's overview as its templates draw it: rows of bars, the matrix of cover, states."""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any

from django.db.models import Q
from django.utils import timezone

from attendance.models import CoverState, Place, SeatCount, SeniorAttendance
from attendance.queries.cover import NO_PARTNER, NOBODY, Cell, Matrix, Row, cover_matrix, date_of
from attendance.queries.figures import Figures, figures_of
from attendance.queries.sessions import sessions_listed
from briefings.models import Partner, Programme, Room, Session, SessionState, Venue
from commitments.models import Assurance, AssuranceState, Question
from communications.models import Stage
from communications.queries import addressed
from communications.queries.addressed import Addressed, addressed_of
from communications.queries.timeline import current_of
from desk import addresses
from desk.queries import reach
from desk.queries.programmes import (
    AGES,
    ASKED,
    COVER_AHEAD,
    COVERED,
    NO_OWNER,
    OWNED,
    PARTNERS,
    UNKEPT,
    Questions,
    assurances_of,
    dates_to_come,
    questions_of,
)
from desk.queries.reach import Reach, ReachOf, reach_of
from face.dates import day_short
from face.keeping import Sources
from history.statements import MOMENT, NUMBER, Reading
from organisations.models import Organisation

SESSIONS_SHOWN = 12
_LIVE = Sources(
    Programme, Partner, Organisation, Session, Room, Venue, SeatCount, Place, SeniorAttendance, Question, Assurance
)
_SOURCES = Sources(*dict.fromkeys((*reach.SOURCES.models, *addressed.SOURCES.models)))
_COVER = {
    CoverState.ATTENDED: ("good", "full", "Attended"),
    CoverState.COMING: ("good", "full", "Coming"),
    CoverState.ASKED: ("open", "ring", "Asked"),
    CoverState.APOLOGIES: ("bad", "gap", "Apologies"),
    NOBODY: ("bad", "gap", "Nobody"),
    NO_PARTNER: ("quiet", "dash", "Not a partner"),
}
_CELLS = {
    state: {"colour": colour, "shape": shape, "words": words, "url": ""}
    for state, (colour, shape, words) in _COVER.items()
}
_ASSURANCES = (
    ((AssuranceState.KEPT,), "full", "good", "Kept"),
    ((AssuranceState.PROPOSED,), "half", "wait", "Proposed as kept"),
    ((AssuranceState.GIVEN,), "ring", "open", "Given"),
    (("late",), "gap", "bad", "Given, late"),
    ((AssuranceState.NOTED,), "ring", "quiet", "Noted, unconfirmed"),
    (
        (AssuranceState.NOT_KEPT, AssuranceState.LAPSED, AssuranceState.WITHDRAWN),
        "dash",
        "quiet",
        "Not kept, withdrawn",
    ),
)
_QUESTIONS = (("b4", NO_OWNER), ("b3", ASKED), ("b2", OWNED))


@dataclass(frozen=True)
class Counted:
    """What takes long to count, and of which moment it is."""

    reach: ReachOf
    day: Figures
    at: datetime
    stage: Stage | None = None
    addressed: Addressed | None = None
    """Who was addressed in the stage that the programme is in."""


def counted(programme: Programme, now: datetime) -> Counted:
    """Return the reach of ``programme``, the figures of its sessions and of its stage so far, as they are kept."""

    def count() -> tuple[ReachOf, Figures, Stage | None, Addressed | None]:
        held, today = programme.sessions.filter(during__endswith__lt=now), timezone.localdate(now)
        stage = current_of(list(programme.stages.all()), today)
        told = addressed_of(programme, [stage], today)[stage.pk] if stage else None
        # Of a county's thousand cells this page shows the sums alone: they would be read back for each who looks.
        return replace(reach_of(programme, today), cells={}, names={}), figures_of(held), stage, told

    (far, day, stage, told), at = _SOURCES.at(now).get(f"overview-sums:{programme.pk}", count)
    return Counted(far, day, at, stage, told)


@dataclass(frozen=True)
class Live:
    """What a press changes before the eyes of who pressed: it is read anew as soon as anything of it has changed."""

    questions: Questions
    assurances: Counter
    ahead: "Ahead"


def live(programme: Programme, now: datetime, *, can_ask: bool) -> Live:
    """Return the questions, the assurances and the next sessions of ``programme``; for ``can_ask`` see ``ahead``."""
    today = timezone.localdate(now)

    def read() -> Live:
        questions, assurances = questions_of([programme], today), assurances_of([programme], today)
        return Live(questions[programme.pk], assurances[programme.pk], ahead(programme, now, can_ask=can_ask))

    return _LIVE.at(now).get(f"overview-live:{programme.pk}:{today}:{can_ask}", read, exact=True)[0]


def parts_of(row: Reach) -> list[tuple[str, int]]:
    """Return the parts of one organisation's bar."""
    return [("b1", row.attended), ("b2", row.booked), ("b3", row.called), ("b4", row.never)]


@dataclass(frozen=True)
class Ahead:
    """The next thirty days: the open sessions and their places, the matrix of cover, drafts too, what lacks it."""

    sessions: list[Session]
    matrix: dict[str, Any]
    uncovered: list[Row]
    left_out: bool


def ahead(programme: Programme, now: datetime, *, can_ask: bool) -> Ahead:
    """Return the next sessions of ``programme`` with their cover: in three queries, four where more than twelve are.

    Those in draft stand in the matrix of cover alone. Where ``can_ask``, a gap of cover leads to asking for it.
    """
    sessions = _next().rows(programme=programme.pk, now=now, until=now + COVER_AHEAD)
    for session in sessions:
        session.programme = programme
    left_out = len(sessions) > SESSIONS_SHOWN
    dates = [date_of(session) for session in sessions]
    if left_out:
        # Those shown as they were read above: one that is opened or closed meanwhile moves none of them.
        read = {session.pk for session in sessions}
        dates += [each for each in dates_to_come([programme], now) if each.pk not in read]
        dates.sort(key=lambda each: (each.date, each.starts, each.pk))
    whole = cover_matrix(dates, timezone.localdate(now), people=False)
    drawn = {session.pk for session in sessions[:SESSIONS_SHOWN]}
    matrix = replace(whole, rows=[row for row in whole.rows if row.session.pk in drawn])
    covered = {row.session.pk: f"{row.covered} of {row.partners}" for row in whole.rows}
    for session in sessions:
        session.cover_words = covered[session.pk]
    lacking = [row for row in whole.rows if not row.meets_rule]
    opened = [session for session in sessions if session.state == SessionState.OPEN][:SESSIONS_SHOWN]
    return Ahead(opened, _drawn(matrix, covered, can_ask=can_ask), lacking, left_out)


@cache
def _next() -> Reading:
    """Read of each state so many that the first of all, and the first that are open, are among them."""
    marks = {"programme": NUMBER, "now": MOMENT, "until": MOMENT + COVER_AHEAD}
    programme, order = Programme(pk=marks["programme"]), ("date", "starts", "pk")
    to_come = Session.objects.filter(programme=programme, during__startswith__lt=marks["until"]).to_come(MOMENT)
    first = Q()
    for state in COVERED:
        first |= Q(pk__in=to_come.filter(state=state).order_by(*order).values("pk")[: SESSIONS_SHOWN + 1])
    shown = sessions_listed(programme, staff=True, now=MOMENT).filter(first).order_by(*order)
    return Reading("next_sessions", shown.select_related(None).select_related("room__venue", "seats"), **marks)


def _drawn(matrix: Matrix, covered: dict[int, str], *, can_ask: bool) -> dict[str, Any]:
    columns = list(zip(*(row.cells for row in matrix.rows), strict=True)) if matrix.rows else []
    return {
        "caption": "Senior managers by organisation and session",
        "first": "Organisation",
        "columns": [
            f"{day_short(row.session.date)}\n{row.session.get_slot_display().lower()}"
            + ("\ndraft" if row.session.state == SessionState.DRAFT else "")
            for row in matrix.rows
        ],
        "rows": [
            {
                "words": organisation.name,
                "note": str(matrix.shares.get(organisation.pk, "")),
                "cells": [
                    _cell(cell, row, organisation, can_ask) for row, cell in zip(matrix.rows, cells, strict=True)
                ],
            }
            for organisation, cells in zip(matrix.organisations, columns, strict=False)
        ],
        "foot": {"words": "Covered", "cells": [covered[row.session.pk] for row in matrix.rows]},
    }


def _cell(cell: Cell, row: Row, organisation: Organisation, can_ask: bool) -> dict[str, str]:
    shown = _CELLS[cell.state]
    if not (can_ask and cell.is_gap):
        return shown
    return shown | {"url": addresses.cover_gap(row.session, organisation.pk, cell.refused)}


def ages_of(found: Questions) -> dict[str, Any]:
    """Return the open questions by age as components/bars.html takes them."""
    rows = []
    for _, words in AGES:
        numbers = [found.by_age[words, whose] for _, whose in _QUESTIONS]
        parts = [(colour, number) for (colour, _), number in zip(_QUESTIONS, numbers, strict=True)]
        rows.append({"words": words, "parts": parts, "numbers": numbers, "total": sum(numbers)})
    return {
        "caption": "Open questions by working days since they were asked, and by owner",
        "first": "Working days",
        "columns": ["No owner", "Asked", "Owner"],
        "key": [
            {"colour": "b4", "words": "No owner"},
            {"colour": "b3", "words": "Asked of an owner"},
            {"colour": "b2", "words": "With an owner"},
        ],
        "rows": rows,
        "whole": max([row["total"] for row in rows] or [0]),
    }


def states_of(found: Counter) -> list[dict[str, Any]]:
    """Return the assurances by state, in the order of the look, those with none left out."""
    rows = [
        {"shape": shape, "colour": colour, "words": words, "number": sum(found[state] for state in states)}
        for states, shape, colour, words in _ASSURANCES
    ]
    return [row for row in rows if row["number"]]


def made(found: Counter) -> int:
    """Return how many assurances were made: those replaced by a later one count once."""
    return sum(number for state, number in found.items() if state not in (AssuranceState.SUPERSEDED, UNKEPT, PARTNERS))
