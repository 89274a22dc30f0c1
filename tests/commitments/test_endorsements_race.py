"""Two senior managers sign at the same moment, on real connections: the chain has no fork and no gap."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import IntegrityError, connection

from commitments.actions import agreements as agreeing
from commitments.actions import endorsements as actions
from commitments.models import Agreement, Endorsement, EndorsementChain, digest_of
from commitments.queries.endorsements import findings
from history.refusals import Refused
from tests.commitments.agreeing import Partners
from tests.commitments.factories import NOW

pytestmark = pytest.mark.django_db(transaction=True)
AT_ONCE = 6


@pytest.fixture
def cast():
    return Partners()


def sign_at_once(cast, versions) -> list[str]:
    """Sign each of ``versions`` at one moment, by the senior managers in turn; return how each ended."""
    together = threading.Barrier(len(versions))

    def sign(version, mandate) -> str:
        try:
            together.wait(20)
            actions.endorse(
                version=version, mandate=mandate, outcome="endorsed", seen=digest_of(version.words),
                by=mandate.person, now=NOW,
            )  # fmt: skip
        except IntegrityError:
            return "refused by the database"
        finally:
            connection.close()
        return "signed"

    mandates = [cast.mandate, cast.chief] * len(versions)
    with ThreadPoolExecutor(len(versions)) as pool:
        return list(pool.map(sign, versions, mandates))


def test_who_signs_at_the_same_moment_stands_one_behind_the_other(cast):
    versions = [cast.proposed() for _ in range(AT_ONCE)]
    assert sign_at_once(cast, versions) == ["signed"] * AT_ONCE
    chain = list(Endorsement.objects.order_by("position"))
    assert [made.position for made in chain] == [*range(1, AT_ONCE + 1)]
    assert [made.previous_hash for made in chain[1:]] == [made.own_hash for made in chain[:-1]]
    assert EndorsementChain.objects.get().head == chain[-1].own_hash
    assert findings(cast.programme) == []


def test_two_of_one_organisation_who_sign_at_once_make_one_record(cast):
    version = cast.proposed()
    both = threading.Barrier(2)

    def sign(mandate) -> int:
        try:
            both.wait(20)
            return actions.endorse(
                version=version, mandate=mandate, outcome="endorsed", seen=digest_of(version.words),
                by=mandate.person, now=NOW,
            ).pk  # fmt: skip
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        made = list(pool.map(sign, [cast.chief, cast.deputy]))
    assert made[0] == made[1]
    assert Endorsement.objects.count() == 1


def test_without_the_lock_it_would_fail(cast, monkeypatch):
    """The control: with the lock taken out two read the same end, and only the database keeps the chain whole."""
    meet = threading.Barrier(2)

    def unlocked(programme) -> EndorsementChain:
        EndorsementChain.objects.bulk_create([EndorsementChain(programme=programme)], ignore_conflicts=True)
        found = EndorsementChain.objects.get(programme=programme)
        meet.wait(20)
        return found

    versions = [cast.proposed() for _ in range(3)]
    cast.signed(versions.pop())  # the row of the chain is there, so that nobody waits for its insert
    monkeypatch.setattr(actions, "lock_chain", unlocked)
    assert sorted(sign_at_once(cast, versions)) == ["refused by the database", "signed"]
    assert findings(cast.programme) == []


def replaced_at_once(cast) -> list[str]:
    """Replace each of two agreements by the other at one moment; return how each ended."""
    one, other = (cast.proposed().agreement for _ in range(2))
    both = threading.Barrier(2)

    def replace(agreement, replacement) -> str:
        try:
            both.wait(20)
            agreeing.replace_agreement(
                agreement=agreement, replacement=replacement, reason="Joined", by=cast.coordinator, now=NOW
            )
        except Refused:
            return "refused"
        finally:
            connection.close()
        return "replaced"

    with ThreadPoolExecutor(2) as pool:
        return sorted(pool.map(replace, [one, other], [other, one]))


def test_two_that_would_replace_each_other_do_not(cast):
    assert replaced_at_once(cast) == ["refused", "replaced"]
    assert Agreement.objects.unended().count() == 1


def test_without_locking_both_they_would(cast, monkeypatch):
    meet, end = threading.Barrier(2), agreeing._end

    def met(*args):
        meet.wait(20)
        return end(*args)

    monkeypatch.setattr(agreeing, "lock_both", lambda one, other: None)
    monkeypatch.setattr(agreeing, "_end", met)
    assert replaced_at_once(cast) == ["replaced", "replaced"]
