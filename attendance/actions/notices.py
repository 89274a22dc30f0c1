"""A mail in the coordinator's own words to everybody with a place in a session."""

import uuid
from datetime import datetime
from typing import Any

from django.db import transaction

from attendance.messages import notices as messages
from attendance.models import SessionNotice
from attendance.queries.notices import people_to_tell
from briefings.models import Session, SessionState
from history.actions import record
from history.refusals import Refused


class NobodyToTell(Refused):
    sentence = "Nobody has a place in this session, so there is nobody to tell."


class CancelledMeanwhile(Refused):
    sentence = "This session was cancelled, and whoever had a place was told so. Nobody has a place in it any more."


@transaction.atomic
def send_notice(
    *, session: Session, subject: str, words: str, to_waiting: bool, press: uuid.UUID, by: Any, now: datetime
) -> SessionNotice:
    """Plan the mail to everybody with a place in the open ``session``, ``to_waiting``: also to those in line.

    ``press`` is the rendered form: pressing twice sends once. Raises NobodyToTell, CancelledMeanwhile.
    """
    people = refuse_where_nobody_is_told(session, to_waiting=to_waiting)
    notice, is_new = SessionNotice.objects.get_or_create(
        press=press,
        defaults={
            "session": session, "subject": subject, "words": words, "to_waiting": to_waiting, "made_at": now,
            "made_by": by,
        },
    )  # fmt: skip
    if is_new:
        messages.tell_notice(notice, people, now=now)
        record(by=by, verb="sent_notice", about=session, now=now)
    return notice


def refuse_where_nobody_is_told(session: Session, *, to_waiting: bool) -> list[int]:
    """Return the ids of those who would get a notice. Raises what ``send_notice`` does where that is nobody."""
    if session.state == SessionState.CANCELLED:
        raise CancelledMeanwhile
    people = people_to_tell(session, to_waiting=to_waiting)
    if session.state != SessionState.OPEN or not people:
        raise NobodyToTell
    return people
