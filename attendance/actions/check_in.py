"""Checking oneself in, by a code that is shown in the room and nowhere else."""

import contextlib
import secrets
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from django.db import IntegrityError, transaction

from accounts.models import sort_key
from attendance.actions.register import StandsTwice, add_walk_in, check_can_mark, mark
from attendance.models import REFERENCE_LETTERS, CheckInCode, Mark, MarkKind, Place, Register
from attendance.queries.register import on_the_register
from briefings.models import Session, SessionState
from history.actions import STRANGER, record
from history.refusals import Refused
from organisations.models import Organisation

LETTERS = 6
BEFORE, AFTERWARDS = timedelta(hours=1), timedelta(minutes=30)
"""How long before a session begins and after it ends its code works."""
_PRESSES = UUID("0f6a2c9b-2f57-4a53-8b1c-5d2f0b8c7d11")


class CodeUnknown(Refused):
    """No such code, a replaced one, or one whose session is not on: the answer is the same."""

    sentence = "This code does not work, or not now. Look at the screen in the room and type it again."


@transaction.atomic
def show_code(*, session: Session, by: Any, now: datetime, anew: bool = False) -> CheckInCode:
    """Return the code of ``session``, made where there is none, or ``anew``: then the old one works no more.

    Raises NotOnThisRegister, RegisterIsClosed.
    """
    check_can_mark(session)
    Session.objects.select_for_update(no_key=True, of=("self",)).get(pk=session.pk)
    found = CheckInCode.objects.filter(session=session).first()
    if found and not anew:
        return found
    while True:
        try:
            with transaction.atomic():
                code = "".join(secrets.choice(REFERENCE_LETTERS) for _ in range(LETTERS))
                made, _ = CheckInCode.objects.update_or_create(
                    session=session, defaults={"code": code, "shown_at": now}
                )
        except IntegrityError:
            continue  # taken by another session: one in hundreds of millions
        record(by=by, verb="showed_check_in_code", about=session, now=now)
        return made


def session_of_code(code: str, now: datetime) -> Session:
    """Return the session that ``code`` (letter case, spaces and dashes aside) checks in to now. Raises CodeUnknown."""
    found = (
        CheckInCode.objects.filter(code=plain_code(code), session__state__in=(SessionState.OPEN, SessionState.HELD))
        .select_related("session__programme", "session__room__venue")
        .first()
    )
    session = found.session if found else None
    if (
        session is None
        or not is_on(session, now)
        or Register.objects.filter(pk=session.pk, closed_at__isnull=False).exists()
    ):
        raise CodeUnknown
    return session


def is_on(session: Session, now: datetime) -> bool:
    """Return whether people may check in to ``session`` at ``now``, its register aside."""
    return session.during.lower - BEFORE <= now <= session.during.upper + AFTERWARDS


def plain_code(code: str) -> str:
    """Return a code as it is stored."""
    return "".join(letter for letter in code.upper() if letter in REFERENCE_LETTERS)[:20]


def check_in_place(*, place: Place, code: str, now: datetime) -> None:
    """Mark the person of ``place`` as here, by the code of its session. Again it changes nothing, unless taken back.

    Raises CodeUnknown (also for the code of another session), RegisterIsClosed.
    """
    if session_of_code(code, now).pk != place.session_id or not on_the_register(place.session).filter(pk=place.pk):
        raise CodeUnknown
    _mark(place, now)


@transaction.atomic
def check_in(*, code: str, email: str, name: str, organisation: Organisation, now: datetime) -> None:
    """Mark who has a place under ``email`` as here, and add everybody else as a walk-in. Nothing tells which it was.

    The same again changes nothing, unless it was taken back at the door. Raises CodeUnknown, RegisterIsClosed.
    """
    session = session_of_code(code, now)
    place = on_the_register(session).filter(person__email=email).select_related("session", "person").first()
    if place:
        _mark(place, now)
        return
    press = _press(session, f"{session.pk}:{organisation.pk}:{sort_key(name)}")
    try:
        with transaction.atomic():
            add_walk_in(session=session, name=name, organisation=organisation, press=press, by=STRANGER, now=now)
    except Refused:
        # The same name written otherwise is the same walk-in.
        if not session.walk_ins.filter(pk=press).exists():
            raise


def _mark(place: Place, now: datetime) -> None:
    press = _press(place.session, f"place:{place.pk}")
    with contextlib.suppress(StandsTwice):  # a walk-in says already that they are here
        mark(session=place.session, subject=place, kind=MarkKind.ATTENDED, press=press, by=place.person, now=now)


def _press(session: Session, words: str) -> UUID:
    """Return the id of the press that ``words`` name: the same until it is taken back, because then it is another."""
    press = uuid5(_PRESSES, words)
    while Mark.objects.filter(session=session, kind=MarkKind.UNDO, undoes=press).exists():
        press = uuid5(press, words)
    return press
