"""The chain of endorsements: as lines that anybody can check, and looked through for what does not fit."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

from django.db import connection, transaction
from django.db.models import Subquery

from briefings.models import Programme
from commitments.models import (
    NOTHING_BEFORE,
    Agreement,
    Endorsement,
    EndorsementChain,
    EndorsementName,
    Outcome,
    PartnerAsked,
    digest_of,
    name_digest_of,
)
from history.queries import Event, timeline

NOT_KEPT = "A name that is not kept any more"
SIGNED = {f"signed_{outcome}" for outcome in Outcome.values}
"""The verbs of history by which somebody signed."""


def chain_of(programme: Programme, **more: Subquery) -> Iterator[Endorsement]:
    """Yield the endorsements of ``programme`` in the order of the chain, each with ``more`` beside it."""
    rows = programme.endorsements.select_related("agreement", "version", "signed_by").order_by("position", "pk")
    rows = rows.annotate(**more)
    return rows.iterator(chunk_size=500)


def exported_lines(programme: Programme, now: datetime) -> Iterator[str]:
    """Yield the export of a chain: each record as the one line that was hashed, then a line that says its end."""
    own = EndorsementChain.objects.filter(programme=programme)
    chain = own.first() or EndorsementChain(programme=programme)
    length, head = chain.length, chain.head
    # Where there are records their end is read by the same statement: who signs meanwhile breaks no true chain.
    ends = {"end_length": Subquery(own.values("length")), "end_head": Subquery(own.values("head"))}
    for made in chain_of(programme, **ends):
        length, head = made.end_length, made.end_head
        yield made.canonical() + "\n"
    end = {
        "exported_at": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "head": head,
        "length": length,
        "programme": programme.pk,
    }
    yield json.dumps(end, sort_keys=True, separators=(",", ":")) + "\n"


def name_lines(programme: Programme) -> Iterator[list]:
    """Yield position, name and salt of every endorsement whose name is still kept."""
    rows = EndorsementName.objects.filter(endorsement__programme=programme).order_by("endorsement__position")
    yield from rows.values_list("endorsement__position", "name", "salt").iterator(chunk_size=500)


def way_of(agreement: Agreement) -> list[Event]:
    """Return the timeline of ``agreement``; whose name is not kept any more beside an endorsement is not named."""
    names = EndorsementName.objects.filter(endorsement__agreement=agreement).values_list("person", flat=True)
    kept = {f"accounts.person:{pk}" for pk in names}
    return [
        replace(event, who=NOT_KEPT) if event.entry.verb in SIGNED and event.entry.actor not in kept else event
        for event in timeline(agreement)
    ]


def findings(programme: Programme) -> list[str]:
    """Return, in words, everything that does not fit in the chain of ``programme``; an empty list where all is well.

    A record that was edited, taken out, put between or put in another order, words that were changed, a name that is
    not the one that signed, an end that is not where it was left, and a partner whose outcome is not what it
    signed last. A name that is gone is no finding.
    """
    found: list[str] = []
    previous, expected = NOTHING_BEFORE, 1
    last: dict[tuple[int, int], str] = {}
    for made in chain_of(programme):
        found += _record_findings(made, expected, previous)
        previous, expected = digest_of(made.canonical()), made.position + 1
        last[made.version_id, made.organisation_id] = made.outcome
    chain = EndorsementChain.objects.filter(programme=programme).first()
    length, head = (chain.length, chain.head) if chain else (0, NOTHING_BEFORE)
    if (length, head) != (expected - 1, previous):
        found.append(
            f"the chain ends at {expected - 1} with {previous[:12]}…, but was left at {length} with {head[:12]}…"
        )
    return found + _outcomes_that_differ(programme, last)


def _record_findings(made: Endorsement, expected: int, previous: str) -> list[str]:
    found = []
    place = f"endorsement {made.position}"
    if made.position != expected:
        found.append(f"{place}: {expected} should stand here")
    if made.previous_hash != previous:
        found.append(f"{place}: it does not follow the one before it")
    if made.own_hash != digest_of(made.canonical()):
        found.append(f"{place}: what it says is not what was signed")
    if made.words_hash != digest_of(made.version.words):
        found.append(f"{place}: the words of {made.agreement.reference} are not those that were signed")
    name = getattr(made, "signed_by", None)
    if name is not None and made.name_digest != name_digest_of(name.salt, name.name):
        found.append(f"{place}: the name beside it is not the one that signed")
    return found


def _outcomes_that_differ(programme: Programme, last: dict[tuple[int, int], str]) -> list[str]:
    asked = PartnerAsked.objects.filter(version__agreement__programme=programme).select_related(
        "version__agreement", "organisation"
    )
    differ = [each for each in asked if each.outcome != last.get((each.version_id, each.organisation_id), "")]
    return [
        f"{each.organisation.name} on {each.version.agreement.reference} version {each.version.number}: the page says "
        f"“{each.outcome or 'nothing'}”, the chain “{last.get((each.version_id, each.organisation_id)) or 'nothing'}”"
        for each in sorted(differ, key=lambda each: each.pk)
    ]


def verified() -> Iterator[tuple[Programme, int, str, list[str]]]:
    """Yield every programme that has agreements, with the length and the head of its chain and what does not fit.

    All of it is of one moment (a read-only snapshot), so that who signs meanwhile looks like nothing wrong.
    """
    outermost = not connection.in_atomic_block
    with transaction.atomic(), connection.cursor() as cursor:
        if outermost:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        chains = EndorsementChain.objects.in_bulk()
        for programme in Programme.objects.filter(agreements__isnull=False).distinct().order_by("slug"):
            chain = chains.get(programme.pk) or EndorsementChain(programme=programme)
            yield programme, chain.length, chain.head, findings(programme)


def all_findings() -> Iterator[str]:
    """Yield what does not fit in the chain of any programme, in words: for ``check_invariants``."""
    for programme, _, _, found in verified():
        yield from (f"{programme.slug}: {line}" for line in found)
