"""What a phone sends, as JSON: read strictly, because nobody typed it."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.dateparse import parse_datetime
from django.utils.timezone import is_aware

from attendance.actions.phone import SentPress, SentWalkIn
from attendance.models import MarkKind
from organisations.models import Organisation

MOST = 500
"""How much a phone may send at once."""
_LONGEST_NAME, _FIRST_YEAR = 300, 2000


class UnreadableMarks(ValueError):
    """What came is not what a phone sends."""


def read_marks(body: bytes) -> tuple[list[SentWalkIn], list[SentPress], datetime | None]:
    """Return the walk-ins, the presses, and from which moment on changes are asked for. Raises UnreadableMarks."""
    try:
        sent = json.loads(body)
        walk_ins = _listed(sent["walk_ins"], _walk_in)
        presses = _listed(sent["presses"], _press)
        since = since_of(sent.get("since") or "")
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise UnreadableMarks from error
    known = Organisation.objects.in_bulk({organisation for *_, organisation in walk_ins})
    return [SentWalkIn(pk, name, known.get(organisation)) for pk, name, organisation in walk_ins], presses, since


def since_of(text: str) -> datetime | None:
    """Return the aware moment that ``text`` names; None for anything else, and for what no phone of ours can mean."""
    try:
        found = parse_datetime(text[:40])
    except ValueError:
        return None
    return found if found and is_aware(found) and found.year >= _FIRST_YEAR else None


def _listed(sent: Any, read: Callable) -> list[Any]:
    if not isinstance(sent, list) or len(sent) > MOST:
        raise UnreadableMarks
    return [read(each) for each in sent]


def _walk_in(sent: dict[str, Any]) -> tuple[UUID, str, int]:
    name, organisation = sent["name"], sent["organisation"]
    if not isinstance(name, str) or not isinstance(organisation, int) or isinstance(organisation, bool):
        raise UnreadableMarks
    name = " ".join(name.replace("\x00", " ").split())
    if not 0 < len(name) <= _LONGEST_NAME or not 0 < organisation < 2**63:
        raise UnreadableMarks
    name.encode()  # a lone surrogate, which no database takes, is a ValueError
    return UUID(sent["id"]), name, organisation


def _press(sent: dict[str, Any]) -> SentPress:
    undoes = UUID(sent["undoes"]) if sent.get("undoes") else None
    if (sent["kind"] == MarkKind.UNDO) != (undoes is not None) or not isinstance(sent["row"], str):
        raise UnreadableMarks
    return SentPress(UUID(sent["id"]), sent["row"][:40], MarkKind(sent["kind"]), undoes)
