"""What a phone kept while it had no signal: its presses, in any order and any number of times.

They are kept together, and what is refused holds nothing else back (attendance.actions.register).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError

from attendance.actions.register import (
    AnotherPress,
    NobodyThere,
    NotAPress,
    NotOnThisRegister,
    Pressed,
    RegisterIsClosed,
    add_walk_in,
    mark_all,
)
from attendance.models import Place, WalkIn
from attendance.queries.phone import subject_of
from briefings.models import Session
from history.refusals import Refused
from organisations.models import Organisation

KEPT, GONE, NO_ORGANISATION = "kept", "gone", "no_organisation"
_CODES = {
    None: KEPT,
    RegisterIsClosed: "closed", NotOnThisRegister: "closed", AnotherPress: "another", NotAPress: "another",
    NobodyThere: GONE,
}  # fmt: skip


@dataclass(frozen=True)
class SentWalkIn:
    """Somebody added at the door: the id that the phone made, a name, an organisation; None for one that has gone."""

    id: UUID
    name: str
    organisation: Organisation | None


@dataclass(frozen=True)
class SentPress:
    """One press: its id, the key of its row, what was pressed, for an undo the id of what it takes back."""

    id: UUID
    row: str
    kind: str
    undoes: UUID | None = None


def take_presses(
    *,
    session: Session,
    walk_ins: Iterable[SentWalkIn],
    presses: Iterable[SentPress],
    by: Any,
    now: datetime,
) -> tuple[dict[str, str], list[Place | WalkIn]]:
    """Keep what a phone sent, walk-ins first. Returns what became of each id, and the rows that were touched.

    ``kept`` (now or before), ``closed``, ``another`` (the id was used for something else), ``gone`` (there is no such
    row: perhaps a walk-in that has not arrived), ``no_organisation`` (that of a walk-in is no longer there, or had
    ended). What was not kept changes nothing and may be sent again.
    """
    found: dict[str, str] = {}
    touched: dict[str, Place | WalkIn] = {}
    pressed: list[Pressed] = []
    for own in walk_ins:
        if own.organisation is None or _has_ended(own, session):
            found[str(own.id)] = NO_ORGANISATION
            continue
        act = {"name": own.name, "organisation": own.organisation, "press": own.id}
        found[str(own.id)] = _code(lambda act=act: add_walk_in(session=session, by=by, now=now, **act))
        touched[f"w{own.id}"] = WalkIn(pk=own.id)
    for press in presses:
        subject = subject_of(press.row)
        if subject is None:
            found[str(press.id)] = GONE
            continue
        pressed.append(Pressed(subject, press.kind, press.id, press.undoes))
        touched[press.row] = subject
    for press, code in zip(pressed, _marked(session, pressed, by, now), strict=True):
        found[str(press.id)] = code
    return found, list(touched.values())


def _has_ended(own: SentWalkIn, session: Session) -> bool:
    """Return whether nobody can come for that organisation any more; who was kept before that stays."""
    ended = own.organisation.ended_on
    return bool(ended and ended <= session.date) and not WalkIn.objects.filter(pk=own.id).exists()


def _marked(session: Session, presses: list[Pressed], by: Any, now: datetime) -> list[str]:
    """Return what became of each press: all in one go, and one by one where one of them makes that impossible."""
    common = {"session": session, "by": by, "now": now}
    try:
        return [_CODES[why] for why in mark_all(presses=presses, **common)]
    except Refused as refusal:
        return [_CODES[type(refusal)]] * len(presses)
    except IntegrityError:
        if len(presses) == 1:  # somebody who is on this register twice
            return ["another"]
        return [code for press in presses for code in _marked(session, [press], by, now)]


def _code(act: Any) -> str:
    try:
        act()
    except Refused as refusal:
        return _CODES[type(refusal)]
    return KEPT
