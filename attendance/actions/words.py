"""A programme that says something else of itself: whoever comes to a session of it is told, and calendars follow.

The press writes one row for each session; the clock tells, session by session, so that nobody who books waits for the
mails of thousands (docs/adr/0116-words-of-a-programme-are-told-by-the-clock.md).
"""

import copy
from datetime import datetime
from typing import Any

from django.db import transaction

import briefings.actions.programmes as rows
from attendance.actions.engagements import lock_people
from attendance.actions.sessions import keep_numbers, lock_session, raise_entries
from attendance.messages import sessions as messages
from attendance.models import WordsToTell
from attendance.queries.sessions import numbers_held
from attendance.queries.words import WORDS_TOLD, seated_since, sessions_with_entries, with_entry
from briefings.actions.sessions import note_new_words
from briefings.models import Programme, Session, SessionState
from history.actions import CLOCK
from history.alone import each_alone


@transaction.atomic
def change_words(*, programme: Programme, changes: dict[str, Any], tells: bool, by: Any, now: datetime) -> Programme:
    """Write ``changes`` (field name → clean value) of ``programme`` and return it as it now is.

    ``tells``: who has a session to come in their calendar gets the difference of WORDS_TOLD by mail, with the entry.
    What was still to be told from before is told together with it.
    """
    before = rows.locked(programme)
    programme = rows.change_programme(programme=programme, changes=changes, by=by, now=now)
    was = {name: getattr(before, name) for name in WORDS_TOLD}
    was = {name: value for name, value in was.items() if value != getattr(programme, name)}
    if was and tells:
        _note(programme, was, now)
    return programme


def _note(programme: Programme, was: dict[str, str], now: datetime) -> None:
    sessions = list(sessions_with_entries(programme, now).values_list("pk", flat=True))
    waiting = WordsToTell.objects.filter(session__in=sessions).select_for_update(of=("self",)).order_by("pk")
    for row in waiting:
        row.was, row.made_at = {**was, **row.was}, now
        row.save(update_fields=["was", "made_at"])
    there = {row.pk for row in waiting}
    WordsToTell.objects.bulk_create(
        WordsToTell(session_id=pk, was=was, made_at=now) for pk in sessions if pk not in there
    )


def tell_all_words(*, now: datetime) -> int:
    """Tell what waits to be told, each session in a transaction of its own; return how many. Raises AllFailed."""
    waiting = WordsToTell.objects.order_by("made_at", "pk").values_list("pk", flat=True)
    return each_alone("Telling what a programme has changed", waiting, lambda pk: tell_words(session=pk, now=now))


@transaction.atomic
def tell_words(*, session: int, now: datetime) -> int:
    """Tell those who come to ``session`` (an id) what its programme has changed, once; return how many.

    Its revision rises, and the entry of each who is told. Whoever was seated after the change has read the new words
    already, with the entry as it is; whoever waits for the news of another change gets both in one mail. What was taken
    back meanwhile tells nobody.
    """
    own = lock_session(Session(pk=session))
    row = WordsToTell.objects.select_for_update(of=("self",)).filter(pk=session).first()
    if row is None:
        return 0
    own.programme.refresh_from_db()  # what was changed before this row was ours
    row.delete()
    changed = sorted(name for name, words in row.was.items() if words != getattr(own.programme, name))
    if not changed or own.state not in (SessionState.DRAFT, SessionState.OPEN) or own.during.lower <= now:
        return 0
    lock_people(with_entry(own))
    before = copy.copy(own)
    before.programme = copy.copy(own.programme)
    for name, words in row.was.items():
        setattr(before.programme, name, words)
    note_new_words(session=own, fields=changed, by=CLOCK, now=now)
    there, waiting = with_entry(own), messages.waiting_for_news(own)
    know = seated_since(own, there, row.made_at) - waiting
    held = numbers_held(own)
    raise_entries(own, know=know)
    people = (there - know) | waiting
    keep_numbers(own, messages.tell_changed(own, before, people, now=now, held=held))
    return len(people)
