"""Telling people what became of what they asked and said: drafted, changed, approved by a second person, sent once."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from accounts.models import Person
from briefings.models import Programme, Session
from briefings.rules import coordinators_of
from commitments.clocks import local_day
from commitments.messages import telling as messages
from commitments.models import TELLING_MOVES, Telling, TellingItem, TellingState
from commitments.publishing import Finding
from commitments.queries.telling import drafted, findings_of, seal_of
from commitments.rules import can_triage
from history.actions import record
from history.refusals import Refused


class NotTheirs(Refused):
    sentence = "Only a coordinator of the programme can do this."


class NotNow(Refused):
    sentence = "This has moved on since you opened the page. Look at where it is now."


class NothingToTell(Refused):
    sentence = "There is nothing to tell yet: nothing was answered for everybody, ended or is still open."


class OwnWords(Refused):
    sentence = "Another coordinator approves it: you drafted it, or changed it last."


class WordsMoved(Refused):
    sentence = "The words have changed since you read them. Read them again as they are now."


class NotPublishable(Refused):
    """``findings`` says what stands in it that may not, and where."""

    sentence = (
        "It cannot be published while a name, an address, a figure under five or what is out of date stands in it."
    )

    def __init__(self, findings: list[Finding]) -> None:
        super().__init__()
        self.findings = findings


@dataclass(frozen=True)
class Words:
    """The words of one item as somebody wants them; ``is_left_out`` takes it away."""

    item: int
    said: str
    told: str
    is_left_out: bool = False


@transaction.atomic
def draft_telling(
    *,
    programme: Programme,
    kind: str,
    by: Person,
    now: datetime,
    session: Session | None = None,
    only_new: bool = False,
) -> Telling:
    """Draft a telling of ``kind`` (a TellingKind) from the answers and assurances of ``session`` or the programme.

    ``only_new``: without what was told before and is as it was. Raises NotTheirs, NothingToTell.
    """
    if not can_triage(by, programme):
        raise NotTheirs
    rows = drafted(programme, session, kind, local_day(programme, now), only_new=only_new)
    if not rows:
        raise NothingToTell
    made = Telling.objects.create(
        programme=programme, session=session, kind=kind, drafted_at=now, drafted_by=by, changed_by=by
    )
    TellingItem.objects.bulk_create(
        TellingItem(
            telling=made, position=place, section=row.section, said=row.said, told=row.told, question=row.question,
            assurance=row.assurance, for_attended=row.for_attended,
        )
        for place, row in enumerate(rows, 1)
    )  # fmt: skip
    record(by=by, verb="drafted_telling", about=made, now=now)
    return made


@transaction.atomic
def change_telling(
    *, telling: Telling, intro: str, words: Iterable[Words], seen: str, by: Person, now: datetime
) -> Telling:
    """Write the introduction and the items anew; it is a draft again, and its words are those of ``by``.

    ``seen`` is the ``seal_of`` the words over which ``by`` wrote: so nobody writes back what was redacted since, or
    over what somebody else wrote. Where nothing is changed, nothing happens. Raises NotTheirs, NotNow, WordsMoved.
    """
    own = _locked(telling, by, {TellingState.DRAFT, TellingState.PROPOSED})
    # Held until the end: a redaction takes its words out of them before, or after.
    items = {item.pk: item for item in own.items.select_for_update(of=("self",)).order_by("position", "pk")}
    if seen != seal_of(own):
        raise WordsMoved
    is_changed = own.intro != intro
    for each in words:
        item = items.get(each.item)
        if item is None:
            continue
        if each.is_left_out:
            item.delete()
        elif (item.said, item.told) != (each.said, each.told):
            item.said, item.told = each.said, each.told
            item.save(update_fields=["said", "told"])
        else:
            continue
        is_changed = True
    if not is_changed:
        return own
    own.intro, own.changed_by, own.state = intro, by, TellingState.DRAFT
    own.save(update_fields=["intro", "changed_by", "state"])
    record(by=by, verb="changed_telling", about=own, now=now)
    return own


@transaction.atomic
def say_meant_otherwise(*, telling: Telling, words: Iterable[str], by: Person, now: datetime) -> Telling:
    """Say that ``words``, each a finding that may mean something else, do. Others stay findings.

    Raises NotTheirs, NotNow.
    """
    own = _locked(telling, by, {TellingState.DRAFT, TellingState.PROPOSED})
    may = {finding.words for finding in findings_of(own, local_day(own.programme, now)) if finding.may_mean_otherwise}
    said = sorted(may & set(words))
    if said:
        own.meant_otherwise = [*own.meant_otherwise, *(word[:60] for word in said)]
        own.save(update_fields=["meant_otherwise"])
        record(by=by, verb="said_meant_otherwise", about=own, now=now)
    return own


@transaction.atomic
def propose_telling(*, telling: Telling, by: Person, now: datetime) -> Telling:
    """Ask for approval; the other coordinators are told. Raises NotTheirs, NotNow, NothingToTell, NotPublishable."""
    own = _locked(telling, by, {TellingState.DRAFT})
    _check(own, now)
    _become(own, TellingState.PROPOSED, by, "proposed_telling", now)
    people = [each for each in approvers_of(own, now) if each.pk != by.pk]
    messages.tell_to_approve(own, people, now=now)
    return own


@transaction.atomic
def publish_telling(*, telling: Telling, seen: str, by: Person, now: datetime) -> Telling:
    """Approve and publish it, and send it once to everybody who attended. The caller has asked for a sign-in code.

    By one of ``approvers_of`` it; where that is somebody who wrote of it, because there is nobody else, that is kept.
    ``seen`` is the ``seal_of`` the words that ``by`` has read. Everything is looked through again. Raises NotTheirs,
    NotNow, OwnWords, WordsMoved, NotPublishable.
    """
    own = _locked(telling, by, {TellingState.PROPOSED})
    if not is_approver(by, own, now):
        raise OwnWords
    own.had_nobody_else = by.pk in _authors(own)
    if seen != seal_of(own):
        raise WordsMoved
    _check(own, now)
    own.approved_by, own.published_at = by, now
    _become(own, TellingState.PUBLISHED, by, "published_telling", now)
    messages.send_to_attended(own, now=now)
    return own


@transaction.atomic
def withdraw_telling(*, telling: Telling, reason: str, by: Person, now: datetime) -> Telling:
    """Take it off the page, or drop the draft, with a reason; what was sent stays sent. Raises NotTheirs, NotNow."""
    own = _locked(telling, by, {TellingState.DRAFT, TellingState.PROPOSED, TellingState.PUBLISHED})
    own.end_reason, own.ended_at = reason, now
    return _become(own, TellingState.WITHDRAWN, by, "withdrew_telling", now)


def approvers_of(telling: Telling, now: datetime) -> list[Person]:
    """Return the coordinators of whom one approves ``telling``: those who wrote nothing of it.

    Where all have, those who did not change it last; where there is one alone, that one.
    """
    found = coordinators_of(telling.programme, local_day(telling.programme, now))
    strangers = [each for each in found if each.pk not in _authors(telling)]
    return strangers or [each for each in found if each.pk != telling.changed_by_id] or list(found)


def is_approver(person: Person, telling: Telling, now: datetime) -> bool:
    """Return whether ``person``, who may work on ``telling``, wrote nothing of it, or is the one who is left."""
    if person.pk not in _authors(telling):
        return True
    found = approvers_of(telling, now)
    return not found or person in found


def _authors(telling: Telling) -> set[int | None]:
    return {telling.drafted_by_id, telling.changed_by_id}


def _locked(telling: Telling, by: Person, states: set[TellingState]) -> Telling:
    own = (
        Telling.objects.select_related("programme", "session")
        .select_for_update(no_key=True, of=("self",))
        .get(pk=telling.pk)
    )
    if not can_triage(by, own.programme):
        raise NotTheirs
    if own.state not in states:
        raise NotNow
    return own


def _check(own: Telling, now: datetime) -> None:
    if not own.items.exists():
        raise NothingToTell
    findings = findings_of(own, local_day(own.programme, now))
    if findings:
        raise NotPublishable(findings)


def _become(own: Telling, state: TellingState, by: Person, verb: str, now: datetime) -> Telling:
    if state not in TELLING_MOVES[TellingState(own.state)]:
        raise NotNow
    own.state = state
    own.save()
    record(by=by, verb=verb, about=own, now=now)
    return own
