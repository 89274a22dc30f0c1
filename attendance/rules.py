"""Who may answer for whom, who keeps whose diary, and who keeps the register."""

from datetime import date, timedelta
from typing import Any

from accounts.permissions import Permission, has
from attendance.models import SeniorAttendance
from briefings.models import Assistant, Mandate, Programme, Session


def can_answer_cover(person: Any, attendance: SeniorAttendance) -> bool:
    """Return whether ``person`` may say who comes: the senior manager, an assistant of theirs, a coordinator.

    Reads the session of ``attendance``.
    """
    session = attendance.session
    if person.pk == attendance.person_id:
        return True
    assists = Assistant.objects.on(session.date).filter(
        programme=session.programme_id, senior=attendance.person_id, person=person.pk
    )
    return assists.exists() or has(person, Permission.MANAGE_SESSIONS, session.programme)


def can_keep_diary(person: Any, mandate: Mandate, on: date) -> bool:
    """Return whether ``person`` may say when the senior manager of ``mandate`` can come: they, or an assistant."""
    if person.pk == mandate.person_id:
        return True
    held = Assistant.objects.on(on).filter(programme=mandate.programme_id, senior=mandate.person_id)
    return held.filter(person=person.pk).exists()


def can_keep_register(person: Any, session: Session, today: date) -> bool:
    """Return whether ``person`` may mark who comes to ``session`` on ``today``, the day where the session is.

    Coordinators may at any time; who presents or facilitates this very session on its day alone.
    """
    if has(person, Permission.MANAGE_SESSIONS, session.programme):
        return True
    return session.date == today and session.parts.filter(person=person.pk).exists()


def can_keep_materials(person: Any, session: Session) -> bool:
    """Return whether ``person`` may add papers to ``session`` and remove them: coordinators, and who runs it."""
    return has(person, Permission.MANAGE_SESSIONS, session.programme) or (
        person.is_authenticated and session.parts.filter(person=person.pk).exists()
    )


BEFORE, AFTERWARDS = timedelta(days=3), timedelta(days=2)
"""How long before the day whoever runs a session may load its register on a phone, and how long after it send."""


def can_load_register(person: Any, session: Session, today: date) -> bool:
    """Return whether ``person`` may load the register of ``session`` onto a phone on ``today``, for want of signal.

    Coordinators may at any time; who presents or facilitates it from three days before (over a weekend) until two days
    after, when a phone without signal has come home.
    """
    if has(person, Permission.MANAGE_SESSIONS, session.programme):
        return True
    near = session.date - BEFORE <= today <= session.date + AFTERWARDS
    return near and session.parts.filter(person=person.pk).exists()


def can_send_marks(person: Any, session: Session, today: date) -> bool:
    """Return whether marks from the phone of ``person`` are taken on ``today``: not before the day."""
    if has(person, Permission.MANAGE_SESSIONS, session.programme):
        return True
    return today >= session.date and can_load_register(person, session, today)


def can_book_outside_rules(by: Any, programme: Programme) -> bool:
    """Return whether ``by`` may book where the booking window is closed or the list is final: who books for others."""
    return getattr(by, "is_authenticated", False) and has(by, Permission.BOOK_FOR_OTHERS, programme)
