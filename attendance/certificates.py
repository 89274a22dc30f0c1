"""Certificates of attendance: what one says, and its page as an accessible PDF. Nothing is kept: it is made when asked.

The page is laid out by templates/attendance/certificate.typ; what it says goes there as JSON, so that no name is ever
read as mark-up. PDF/UA-1 (ISO 14289-1): tagged, with a title and a language.
"""

import json
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import typst
from django.conf import settings

from attendance.models import REFERENCE_LETTERS, Attendance, Outcome
from briefings.words import when_in_words, where_in_words
from face.dates import day_plain

_LAYOUT = Path("templates") / "attendance" / "certificate.typ"
_WALK_IN_LETTERS = 10


def certificate_of(attendance: Attendance) -> bytes:
    """Return the certificate of somebody who came, as a PDF. Reads session, programme, room, organisation, person.

    A name in letters that the fonts at hand do not have still stands in the text of the file; that file alone claims
    no standard.
    """
    inputs = {"certificate": json.dumps(what_it_says(attendance))}
    try:
        return typst.compile(_layout(), format="pdf", pdf_standards=["ua-1"], sys_inputs=inputs)
    except typst.TypstError:
        return typst.compile(_layout(), format="pdf", sys_inputs=inputs)


def what_it_says(attendance: Attendance) -> dict[str, Any]:
    """Return the words of the certificate of ``attendance``, as the layout takes them."""
    session = attendance.session
    in_part = attendance.outcome == Outcome.IN_PART
    programme = session.programme
    facts = [
        ("Session", str(session)),
        *([("Programme", programme.name)] if str(session) != programme.name else []),
        ("Date", when_in_words(session)),
        ("Length", f"Part of {length_in_words(session)}" if in_part else length_in_words(session)),
        ("Where", where_in_words(session)),
        ("Organisation", attendance.organisation.name),
        ("Reference", reference_of(attendance)),
    ]
    return {
        "title": f"Certificate of attendance: {session}, {day_plain(session.date)}",
        "issuer": settings.SITE_OWNER or settings.SITE_NAME,
        "colour": settings.BRAND_COLOUR,
        "lead": "This is to certify that",
        "name": attendance.person.name,
        "what": "attended a part of this session." if in_part else "attended this session.",
        "facts": facts,
        "foot": f"Issued by {programme.name} from the register of the session, which the organiser keeps.",
    }


def length_in_words(session: Any) -> str:
    """Return how long ``session`` is: "3 hours", "2 hours 30 minutes"."""
    minutes = int((session.during.upper - session.during.lower) / timedelta(minutes=1))
    hours, rest = divmod(minutes, 60)
    parts = [(hours, "hour"), (rest, "minute")]
    return " ".join(f"{number} {word}{'' if number == 1 else 's'}" for number, word in parts if number)


def reference_of(attendance: Attendance) -> str:
    """Return what the organiser finds this attendance by: the reference of the place; a walk-in's comes from its id."""
    if attendance.place:
        return attendance.place.reference
    number, letters = attendance.walk_in_id.int, ""
    for _ in range(_WALK_IN_LETTERS):
        number, rest = divmod(number, len(REFERENCE_LETTERS))
        letters += REFERENCE_LETTERS[rest]
    return f"{attendance.session.programme.code}-W{letters}"


@cache
def _layout() -> bytes:
    return (settings.BASE_DIR / _LAYOUT).read_bytes()
