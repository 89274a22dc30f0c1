"""Series: sessions that belong together, for one group or for parallel groups that go through the same."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction

from briefings.models import Programme, Series, Session
from history.actions import record
from history.refusals import Refused


class SeriesNameTaken(Refused):
    sentence = "There is a series of this name in the programme. Choose another name."


class InAnotherSeries(Refused):
    """Raised with the ``session`` that belongs to another series already."""

    def __init__(self, session: Session) -> None:
        self.session = session
        super().__init__(f"The session on {session.date:%-d %B %Y} belongs to the series “{session.series}” already.")


class NoSessions(Refused):
    sentence = "Choose at least one session."


@transaction.atomic
def start_series(*, programme: Programme, name: str, by: Any, now: datetime) -> Series:
    """Return a new series of ``programme`` that is taken in order. Raises SeriesNameTaken."""
    Programme.objects.select_for_update(no_key=True).get(pk=programme.pk)
    if programme.series.filter(name=name).exists():
        raise SeriesNameTaken
    made = Series.objects.create(programme=programme, name=name, in_order=True)
    record(by=by, verb="started_series", about=made, now=now)
    return made


@transaction.atomic
def settle_group(*, series: Series, group: str, sessions: Iterable[Session], by: Any, now: datetime) -> None:
    """Let ``group`` ("" where there is one alone) go through exactly ``sessions``; its others leave the series.

    The order is that of the dates. Raises NoSessions, InAnotherSeries.
    """
    chosen = {session.pk for session in sessions}
    if not chosen:
        raise NoSessions
    locked = Session.objects.select_related("series").select_for_update(no_key=True, of=("self",))
    own = list(locked.filter(programme=series.programme_id, pk__in=chosen).order_by("pk"))
    for session in own:
        if session.series_id not in (None, series.pk):
            raise InAnotherSeries(session)
    for session in locked.filter(series=series, group=group).exclude(pk__in=chosen).order_by("pk"):
        _put(session, None, "", by, now)
    for session in own:
        if (session.series_id, session.group) != (series.pk, group):
            _put(session, series, group, by, now)


def _put(session: Session, series: Series | None, group: str, by: Any, now: datetime) -> None:
    session.series, session.group = series, group
    session.save(update_fields=["series", "group"])
    record(by=by, verb="put_in_series", about=session, now=now)
