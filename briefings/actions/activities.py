"""The library of activities of a programme, and using one in a session."""

from datetime import datetime
from typing import Any

from django.db import transaction

from briefings.actions.sessions import AgendaTooLong, SessionIsOver, minutes_between
from briefings.activities import ReadyActivity
from briefings.models import Activity, AgendaItem, AgendaKind, Programme, Session, SessionState
from history.actions import record
from history.refusals import Refused


class ActivityNameTaken(Refused):
    sentence = "There is an activity of this name in the library. Choose another name."


@transaction.atomic
def save_activity(
    *, programme: Programme, activity: Activity | None, by: Any, now: datetime, **columns: Any
) -> Activity:
    """Write a new activity (``activity`` None) or the ``columns`` of one, and return it. Raises ActivityNameTaken.

    What was used in a session before follows the change: the template is one.
    """
    Programme.objects.select_for_update(no_key=True).get(pk=programme.pk)
    others = programme.activities.exclude(pk=activity.pk) if activity else programme.activities
    if "name" in columns and others.filter(name=columns["name"]).exists():
        raise ActivityNameTaken
    own = programme.activities.get(pk=activity.pk) if activity else Activity(programme=programme)
    for name, value in columns.items():
        setattr(own, name, value)
    own.save()
    record(by=by, verb="changed_activity" if activity else "wrote_activity", about=own, now=now)
    return own


def take_ready(*, programme: Programme, ready: ReadyActivity, by: Any, now: datetime) -> Activity:
    """Copy a ready activity into the library of ``programme``, to be changed there. Raises ActivityNameTaken."""
    columns = {name: getattr(ready, name) for name in ("name", "aim", "minutes", "materials", "steps")}
    return save_activity(programme=programme, activity=None, by=by, now=now, **columns)


@transaction.atomic
def use_activity(*, activity: Activity, session: Session, by: Any, now: datetime) -> AgendaItem:
    """Add ``activity`` to the end of the agenda of ``session``. Raises AgendaTooLong, SessionIsOver (cancelled)."""
    own = Session.objects.select_for_update(no_key=True, of=("self",)).get(pk=session.pk)
    if own.state == SessionState.CANCELLED:
        raise SessionIsOver
    items = list(own.agenda.all())
    minutes = sum(item.minutes for item in items) + activity.minutes
    if minutes > minutes_between(own.starts, own.ends):
        raise AgendaTooLong(minutes, minutes_between(own.starts, own.ends))
    made = AgendaItem.objects.create(
        session=own, position=max((item.position for item in items), default=0) + 1, kind=AgendaKind.OTHER,
        title=activity.name, minutes=activity.minutes, activity=activity,
    )  # fmt: skip
    record(by=by, verb="changed_agenda", about=own, now=now)
    return made
