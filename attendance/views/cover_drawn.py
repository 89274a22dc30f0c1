"""How senior cover is drawn: the matrix on the page, on paper and in a spreadsheet; the rule in words."""

from collections.abc import Container, Iterable
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from attendance.models import CoverState
from attendance.queries.cover import NO_PARTNER, NOBODY, Cell, Matrix, Meaning, Row
from briefings.models import CoverRule, Programme, SessionState
from face.dates import day_short
from organisations.models import Organisation

SHOWN = {
    CoverState.ATTENDED: ("good", "full", "Attended"),
    CoverState.COMING: ("good", "full", "Coming"),
    CoverState.ASKED: ("open", "ring", "Asked"),
    CoverState.APOLOGIES: ("bad", "gap", "Apologies"),
    NOBODY: ("bad", "gap", "Nobody"),
    NO_PARTNER: ("quiet", "dash", "Not a partner"),
}
HEADS = ["Programme", "Session", "Date", "Organisation", "Cover", "Senior managers", "Meets the rule", "State"]


def rule_in_words(programme: Programme) -> str:
    """Return what ``programme`` wants, as a sentence."""
    number = programme.cover_number or 0
    if programme.cover_rule == CoverRule.AT_LEAST:
        return f"The rule: senior managers of at least {number} partner{'' if number == 1 else 's'} at every session."
    if programme.cover_rule == CoverRule.SHARE:
        return f"The rule: each partner at {number} per cent of the sessions."
    if programme.cover_rule == CoverRule.NONE:
        return "This programme has no rule: no session lacks anybody."
    return "The rule: a senior manager of every partner at every session."


def meaning_in_words(meaning: Meaning) -> tuple[str, str]:
    """Return a rule, and what it would mean, as two short phrases."""
    if meaning.rule == CoverRule.SHARE:
        words = f"{meaning.lacking} of {meaning.of} partners are not there often enough yet"
        return f"Each partner at {meaning.number} per cent of the sessions", words
    words = f"{meaning.lacking} of {meaning.of} sessions to come do not meet it yet"
    if meaning.rule == CoverRule.AT_LEAST:
        return f"At least {meaning.number} partner{'' if meaning.number == 1 else 's'} at every session", words
    return "Every partner at every session", words


def wanted_in_words(row: Row) -> str:
    """Return whom the rule still wants at one session, by name where it wants all of them."""
    names = [organisation.name for organisation in row.lacking]
    if row.short < len(names):
        return f"{row.short} more of {len(names)} partners without anybody: {listed(names)}"
    return f"Nobody for {listed(names)}"


def listed(names: list[str]) -> str:
    """Return one name or two, or two and how many more there are."""
    return ", ".join(names) if len(names) < 3 else f"{', '.join(names[:2])} and {len(names) - 2} more"


def drawn(matrix: Matrix, now: datetime, *, can_ask: Container[int], codes: bool) -> dict[str, Any]:
    """Return the matrix as components/matrix.html takes it: organisations down, sessions across.

    In the programmes ``can_ask`` (ids) a gap at a session that has not begun leads to asking for it: to who is next
    where somebody said that they cannot. ``codes`` names the programmes.
    """
    columns = list(zip(*(row.cells for row in matrix.rows), strict=True)) if matrix.rows else []

    def shown(organisation: Organisation, row: Row, cell: Cell) -> dict[str, str]:
        colour, shape, words = SHOWN[cell.state]
        is_open = cell.is_gap and row.session.programme_id in can_ask and row.session.during.lower > now
        url = _ask_url(row, organisation, cell) if is_open else ""
        return {"colour": colour, "shape": shape, "words": words, "url": url}

    return {
        "caption": "Senior managers by organisation and session",
        "first": "Organisation",
        "columns": [
            (f"{row.session.programme.code}\n" if codes else "")
            + f"{day_short(row.session.date)}\n{row.session.get_slot_display().lower()}"
            + ("\ndraft" if row.session.state == SessionState.DRAFT else "")
            for row in matrix.rows
        ],
        "rows": [
            {
                "words": organisation.name,
                "note": str(matrix.shares.get(organisation.pk, "")),
                "cells": [shown(organisation, row, cell) for row, cell in zip(matrix.rows, cells, strict=True)],
            }
            for organisation, cells in zip(matrix.organisations, columns, strict=False)
        ],
        "foot": {
            "words": "Partners covered",
            "cells": [f"{row.covered} of {row.partners}" for row in matrix.rows],
        },
    }


def _ask_url(row: Row, organisation: Organisation, cell: Cell) -> str:
    if cell.refused:
        return reverse("attendance:cover-next", args=[row.session.programme.slug, cell.refused.pk])
    address = reverse("attendance:cover-ask", args=[row.session.programme.slug])
    return f"{address}?{urlencode({'session': row.session.pk, 'organisation': organisation.pk})}"


def for_paper(matrix: Matrix) -> list[dict[str, Any]]:
    """Return the matrix turned: a line for each session, so that any number of them fits on pages of paper."""
    return [
        {
            "session": row.session,
            "cells": [SHOWN[cell.state] for cell in row.cells],
            "covered": f"{row.covered} of {row.partners}",
            "meets_rule": row.meets_rule,
        }
        for row in matrix.rows
    ]


def lines(matrix: Matrix) -> Iterable[list[Any]]:
    """Yield the lines of a spreadsheet: one for each session and organisation that is a partner then.

    Named are those for whom the word of the line is true, not who was asked besides.
    """
    for row in matrix.rows:
        for organisation, cell in zip(matrix.organisations, row.cells, strict=True):
            if cell.state != NO_PARTNER:
                yield [
                    row.session.programme.name,
                    str(row.session),
                    row.session.date.isoformat(),
                    organisation.name,
                    SHOWN[cell.state][2],
                    "; ".join(own.person.name for own in cell.requests if own.state == cell.state),
                    "yes" if row.meets_rule else "no",
                    row.session.get_state_display(),
                ]
