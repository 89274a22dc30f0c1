"""Redaction: words that must not stay are destroyed wherever they are kept, and only that it happened is written."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q

import messaging.actions
from commitments.actions.following import tell_room
from commitments.actions.questions.moving import lock
from commitments.clocks import local_day
from commitments.messages import questions as messages
from commitments.models import Answer, Draft, DraftState, HoldingReply, Question, TellingItem
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

    It goes from the row and with it from the search index, from drafts that are no longer written, from what is told
    back of it (also what was published), and from every mail about the question that is kept. The history says that
    words of this kind were redacted, by whom and when, and holds neither the old nor the new ones. Raises
    NothingDestroyed, WordsMoved.
    """
    question = lock(what if isinstance(what, Question) else what.question)
    own = type(what).objects.select_for_update(no_key=True, of=("self",)).get(pk=what.pk)
    if own.words == words:
        raise NothingDestroyed
    if isinstance(own, Draft) and own.state == DraftState.CLEARING:
        raise WordsMoved
    today = local_day(question.programme, now)
    before = own.words
    own.words, own.redacted_on = words, today
    own.save(update_fields=["words", "redacted_on"])
    old = question.drafts.exclude(state__in=(DraftState.WRITING, DraftState.CLEARING))
    old.exclude(pk=own.pk if isinstance(own, Draft) else None).update(words=GONE, redacted_on=today)
    told = [{"telling": pk} for pk in _take_from_tellings(question, own, before)]
    refs = [*messages.refs_of(question), *told]
    messaging.actions.destroy_words(refs=refs, kind=messages.DIGEST, quoting=question.reference)
    record(by=by, verb="redacted", about=question, now=now, fields=[own._meta.model_name])
    tell_room(question)
    return own


def _take_from_tellings(question: Question, own: Redactable, before: str) -> set[int]:
    """Take ``before`` out of what is told back of ``question``, and of promises made for it; return which tellings.

    Where a copy was changed so that it cannot be found in it any more, the whole copy goes.
    """
    about = Q(question=question) | Q(assurance__questions=question)
    items = TellingItem.objects.filter(about).select_related("assurance").select_for_update(of=("self",)).order_by("pk")
    found = list(items)
    for item in found:
        promised = item.assurance.words if item.assurance else ""
        quotes = {"said": isinstance(own, Question), "told": isinstance(own, Answer) and item.question_id is not None}
        for name, is_quoted in quotes.items():
            text = getattr(item, name)
            if before and before in text:
                setattr(item, name, text.replace(before, own.words))
            elif is_quoted and text != promised:
                setattr(item, name, GONE)
        item.save(update_fields=["said", "told"])
    return {item.telling_id for item in found}
