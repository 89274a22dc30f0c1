"""Redaction of promises: words and files that must not stay are destroyed, and the row says that they were."""

from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Q

import messaging.actions
from commitments.actions.assurances import NotTheirs, lock
from commitments.actions.following import tell_room
from commitments.actions.questions.redaction import GONE, NothingDestroyed, items_about, without
from commitments.clocks import local_day
from commitments.messages import assurances as messages
from commitments.models import Assurance, Evidence, EvidenceFile, Handover, Review, Section
from commitments.rules import can_triage
from history.actions import record
from history.refusals import Refused

Said = Assurance | Evidence | Review
Reasoned = Assurance | Evidence | Handover
_REASONS = {Assurance: "end_reason", Evidence: "returned_because", Handover: "reason"}


class FileGone(Refused):
    sentence = "This file was destroyed already."


@transaction.atomic
def redact_said(*, what: Said, words: str, by: Any, now: datetime) -> Said:
    """Replace what was promised, shown as evidence or said at a review by ``words``, as a coordinator.

    The original goes from the row, from what is told back of it (also what was published) and from every mail about
    the promise that is kept. The row counts its redactions, which everybody sees who reads it; the history says that
    it happened and holds neither words. Who gave the promise, keeps it or wrote these words is told. Raises NotTheirs,
    NothingDestroyed.
    """
    own, found = _locked(what, by)
    before = found.words
    if before == words:
        raise NothingDestroyed
    is_shown = isinstance(found, Evidence) and own.evidence == before
    found.words, found.redactions, found.redacted_on = words, found.redactions + 1, local_day(own.programme, now)
    found.save(update_fields=["words", "redactions", "redacted_on"])
    if is_shown:
        own.evidence = words
        own.save(update_fields=["evidence"])
    _destroy_copies(own, before, words, quoted_in={*Section} if found is own else {Section.DONE} if is_shown else set())
    _note(own, found._meta.model_name, found, by, now)
    return found


@transaction.atomic
def redact_reason_of(*, what: Reasoned, words: str, by: Any, now: datetime) -> Reasoned:
    """Replace the reason why a promise ended, why evidence was sent back or why somebody does not take it over.

    Raises NotTheirs; NothingDestroyed where no other words, or none at all, stood there.
    """
    own, found = _locked(what, by)
    name = _REASONS[type(found)]
    before = getattr(found, name)
    if before in ("", words):
        raise NothingDestroyed
    setattr(found, name, words)
    found.save(update_fields=[name])
    _destroy_copies(own, before, words, quoted_in={Section.NO} if found is own else set())
    _note(own, f"{found._meta.model_name}_reason", found, by, now)
    return found


@transaction.atomic
def destroy_file(*, file: EvidenceFile, by: Any, now: datetime) -> EvidenceFile:
    """Destroy a file of the evidence and its name, as a coordinator; that there was one stays.

    Raises NotTheirs, FileGone.
    """
    own, found = _locked(file, by)
    if found.destroyed_on is not None:
        raise FileGone
    storage, name = found.file.storage, found.file.name
    found.file, found.file_name, found.destroyed_on = "", "", local_day(own.programme, now)
    found.save(update_fields=["file", "file_name", "destroyed_on"])
    transaction.on_commit(partial(storage.delete, name))
    _note(own, found._meta.model_name, found.evidence, by, now)
    return found


def _locked(what: Any, by: Any) -> tuple[Assurance, Any]:
    """Return the promise, locked, and what is redacted of it as it stands. Raises NotTheirs."""
    if isinstance(what, Assurance):
        own = found = lock(what)
    else:
        of = what.evidence.assurance if isinstance(what, EvidenceFile) else what.assurance
        own, found = lock(of), type(what).objects.select_for_update(no_key=True, of=("self",)).get(pk=what.pk)
    if not can_triage(by, own.programme):
        raise NotTheirs
    return own, found


def _destroy_copies(own: Assurance, before: str, words: str, *, quoted_in: set[str]) -> None:
    """Take ``before`` out of what is told back of ``own``, and destroy the mails about it that are kept.

    ``quoted_in`` are the sections whose items are drafted from these words (``queries.telling``): where one was changed
    so that they cannot be found in it any more, the whole item goes.
    """
    items = items_about(Q(assurance=own), before, words)
    for item in items:
        said, told = without(item.said, before, words), without(item.told, before, words)
        if (said, told) == (item.said, item.told) and item.section in quoted_in:
            said = told = GONE
        item.said, item.told = said, told
        item.save(update_fields=["said", "told"])
    told_in = [{"telling": pk} for pk in {item.telling_id for item in items}]
    messaging.actions.destroy_words(refs=[{"assurance": own.pk}, *told_in])


def _note(own: Assurance, name: str, found: Any, by: Any, now: datetime) -> None:
    record(by=by, verb="redacted_promise", about=own, now=now, fields=[name])
    tell_room(own)
    writers = [getattr(found, role, None) for role in ("given_by", "returned_by", "reviewed_by", "person")]
    messages.tell_redacted(own, name, [person for person in writers if person], by, now=now)
