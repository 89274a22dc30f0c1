"""Redaction: words that must not stay are destroyed wherever they are kept, and only that it happened is written."""

from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction

import messaging.actions
from commitments.actions.following import tell_room
from commitments.actions.questions.moving import lock
from commitments.clocks import local_day
from commitments.messages import questions as messages
from commitments.models import Answer, Draft, DraftState, HoldingReply, LiveRoom, Question
from commitments.queries.room import keep_version
from history.actions import record
from history.refusals import Refused

Redactable = Question | Answer | Draft | HoldingReply
GONE = "Destroyed when words of this question were redacted."
"""What stands in drafts that are no longer written: they may hold what was redacted elsewhere."""


class NothingDestroyed(Refused):
    sentence = "The words are the same as before. Change what must not stay."


class WordsMoved(Refused):
    sentence = "These words are in clearance. Take them back first, so that nobody clears what no longer stands."


@transaction.atomic
def redact(*, what: Redactable, words: str, by: Any, now: datetime) -> Redactable:
    """Replace the words of a question, an answer, a draft or a holding reply by ``words``. The original is destroyed.

    It goes from the row and with it from the search index, from drafts that are no longer written, and from every mail
    about the question that is kept. The history says that words of this kind were redacted, by whom and when, and holds
    neither the old nor the new ones. Raises NothingDestroyed, WordsMoved.
    """
    question = lock(what if isinstance(what, Question) else what.question)
    own = type(what).objects.select_for_update(no_key=True, of=("self",)).get(pk=what.pk)
    if own.words == words:
        raise NothingDestroyed
    if isinstance(own, Draft) and own.state == DraftState.CLEARING:
        raise WordsMoved
    today = local_day(question.programme, now)
    own.words, own.redacted_on = words, today
    own.save(update_fields=["words", "redacted_on"])
    old = question.drafts.exclude(state__in=(DraftState.WRITING, DraftState.CLEARING))
    old.exclude(pk=own.pk if isinstance(own, Draft) else None).update(words=GONE, redacted_on=today)
    messaging.actions.destroy_words(refs=messages.refs_of(question), kind=messages.DIGEST, quoting=question.reference)
    _show_anew(question)
    record(by=by, verb="redacted", about=question, now=now, fields=[own._meta.model_name])
    tell_room(question)
    return own


def _show_anew(question: Question) -> None:
    """Tell the phones and the screen of a room in which the question stands that it reads differently now."""
    room = LiveRoom.objects.filter(asked__question=question).select_for_update(no_key=True, of=("self",)).first()
    if room:
        room.version += 1
        room.save(update_fields=["version"])
        transaction.on_commit(partial(keep_version, room))
