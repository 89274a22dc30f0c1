"""What the marks of one place or walk-in come to: a function of the set, whatever the order of arrival.

Two phones that mark the same person, a send that is repeated, an undo that arrives before what it takes back: all come
to the same truth, because nothing here looks at times or order.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from attendance.models import MarkKind, Outcome

IN_PART = {MarkKind.LATE, MarkKind.LEFT_EARLY}


@dataclass(frozen=True)
class Press:
    """One mark: its own id, what was pressed, and for an undo the id of what it takes back."""

    id: UUID
    kind: str
    undoes: UUID | None = None


def standing(presses: Iterable[Press]) -> list[Press]:
    """Return the presses that no undo names. An undo itself cannot be taken back: press again instead."""
    presses = list(presses)
    undone = {press.undoes for press in presses if press.kind == MarkKind.UNDO}
    return [press for press in presses if press.kind != MarkKind.UNDO and press.id not in undone]


def outcome_of(presses: Iterable[Press]) -> Outcome | None:
    """Return what the presses come to; None where nothing is marked.

    Coming late or leaving early is attending in part, also beside "here". Somebody who was seen is not excused.
    """
    kinds = {press.kind for press in standing(presses)}
    if kinds & IN_PART:
        return Outcome.IN_PART
    if MarkKind.ATTENDED in kinds:
        return Outcome.ATTENDED
    return Outcome.EXCUSED if MarkKind.EXCUSED in kinds else None
