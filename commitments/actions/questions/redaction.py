"""Redaction: words that must not stay are destroyed wherever they are kept, and only that it happened is written."""

import re
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

import messaging.actions
from commitments.actions.following import tell_room
from commitments.actions.questions.moving import lock
from commitments.clocks import local_day
from commitments.messages import questions as messages
from commitments.models import (
    Answer,
    Clearance,
    ClockChange,
    Commission,
    Draft,
    DraftState,
    HoldingReply,
    Question,
    Telling,
    TellingItem,
)
from commitments.publishing import says
from history.actions import record
from history.refusals import Refused

Redactable = Question | Answer | Draft | HoldingReply
Reasoned = Question | Commission | ClockChange | Clearance
A_FEW_LETTERS = 5
"""What has fewer letters than this is a word of many sentences, and taken out of copies only where it stands alone."""
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
    question, own = _locked(what)
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
    quoted = {"said": isinstance(own, Question), "told": isinstance(own, Answer)}
    _destroy_copies(question, before, words, quoted)
    record(by=by, verb="redacted", about=question, now=now, fields=[own._meta.model_name])
    tell_room(question)
    return own


@transaction.atomic
def redact_reason(*, what: Reasoned, words: str, by: Any, now: datetime) -> Reasoned:
    """Replace the reason that was written with a decision by ``words``: why a question ended, was declined or passed
    on, waits or takes longer, or must change. The original is destroyed wherever it is kept.

    Raises NothingDestroyed where no other words, or none at all, stood there.
    """
    question, own = _locked(what)
    name = "end_reason" if isinstance(own, Question) else "reason"
    before = getattr(own, name)
    if before in ("", words):
        raise NothingDestroyed
    setattr(own, name, words)
    own.save(update_fields=[name])
    _destroy_copies(question, before, words, {"said": False, "told": isinstance(own, Question)})
    record(by=by, verb="redacted", about=question, now=now, fields=[f"{own._meta.model_name}_reason"])
    return own


def without(text: str, before: str, words: str) -> str:
    """Return ``text`` with ``words`` in place of ``before`` wherever it stands there as whole words.

    A few letters, as of an answer "No", are also words of many sentences: they go only where they stand alone, as a
    line, in quotation marks or behind the name of who said it.
    """
    found = re.escape(before)
    if len(before) < A_FEW_LETTERS:
        alone = rf"(^\s*|: |“){found}(?=\s*$|”)"
        return re.sub(alone, lambda match: match[1] + words, text, flags=re.MULTILINE) if before else text
    begins, ends = (r"\b" if letter.isalnum() else "" for letter in (before[0], before[-1]))
    return re.sub(begins + found + ends, lambda _: words, text)


def items_about(about: Q, before: str, words: str) -> list[TellingItem]:
    """Return the items of tellings that are ``about`` something, locked.

    What stands around them loses ``before``: introductions, and the words that somebody said mean something else.
    """
    # The tellings before their items, as who changes one.
    rows = Telling.objects.filter(Exists(TellingItem.objects.filter(about, telling=OuterRef("pk")))).order_by("pk")
    for own in list(rows.select_for_update(no_key=True, of=("self",))):
        own.intro = without(own.intro, before, words)
        own.meant_otherwise = [said for said in own.meant_otherwise if not says(before, said)]
        own.save(update_fields=["intro", "meant_otherwise"])
    items = TellingItem.objects.filter(about).select_related("assurance")
    return list(items.select_for_update(of=("self",)).order_by("pk"))


def _locked(what: Redactable | Reasoned) -> tuple[Question, Any]:
    of = what if isinstance(what, Question) else what.draft.question if isinstance(what, Clearance) else what.question
    question = lock(of)
    return question, type(what).objects.select_for_update(no_key=True, of=("self",)).get(pk=what.pk)


def _destroy_copies(question: Question, before: str, words: str, quoted: dict[str, bool]) -> None:
    told = [{"telling": pk} for pk in _take_from_tellings(question, before, words, quoted)]
    refs = [*messages.refs_of(question), *told]
    messaging.actions.destroy_words(refs=refs, kind=messages.DIGEST, quoting=question.reference)


def _take_from_tellings(question: Question, before: str, words: str, quoted: dict[str, bool]) -> set[int]:
    """Take ``before`` out of what is told back of ``question``, and of promises made for it; return which tellings.

    Also out of their introductions, and of the words that somebody said mean something else. Where a copy was changed
    so that it cannot be found in it any more, the whole copy goes: of those parts of an item about the question that
    are ``quoted``.
    """
    found = items_about(Q(question=question) | Q(assurance__questions=question), before, words)
    for item in found:
        promised = item.assurance.words if item.assurance else ""
        for name, is_quoted in quoted.items():
            text = getattr(item, name)
            if (changed := without(text, before, words)) != text:
                setattr(item, name, changed)
            elif is_quoted and text != promised and (name == "said" or item.question_id is not None):
                setattr(item, name, GONE)
        item.save(update_fields=["said", "told"])
    return {item.telling_id for item in found}
