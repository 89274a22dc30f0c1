"""Asking people about attitudes by e-mail: the same link for everybody, so that it leads back to nobody."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction

from attendance.messages import attitudes as messages
from attendance.queries.attitudes import people_of
from briefings.models import Programme, Session
from history.actions import record
from surveys.models import Opening


@transaction.atomic
def send_link(*, opening: Opening, programme: Programme, sessions: Iterable[Session], by: Any, now: datetime) -> int:
    """Mail the link of ``opening`` to who has a place in ``sessions`` to come, or came to those that are over.

    Nobody gets it twice for one point. Returns how many it goes to now.
    """
    people = sorted({person for session in sessions for person in people_of(session, now)})
    number = messages.ask(opening, programme, people, now=now)
    record(by=by, verb="sent_link", about=opening.questionnaire, now=now, reason=opening.point)
    return number
