"""What the database keeps of agreements and endorsements, whichever program tries."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from commitments.models import (
    Agreement,
    AgreementVersion,
    Endorsement,
    EndorsementChain,
    EndorsementName,
    Standing,
    digest_of,
    name_digest_of,
)
from tests.commitments.factories import NOW, TODAY, Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def signed():
    """One endorsement of a proposed version, written by hand."""
    cast = Cast()
    agreement = Agreement.objects.create(
        reference="WV-AGR1", programme=cast.programme, title="One plan", made_at=NOW, made_by=cast.coordinator
    )
    version = AgreementVersion.objects.create(
        agreement=agreement, number=1, words="We share one plan.", review_on=date(2027, 11, 2), drafted_at=NOW,
        drafted_by=cast.coordinator, state="proposed", proposed_at=NOW, proposed_by=cast.coordinator,
        endorse_by=date(2026, 11, 16), next_review_reminder_on=date(2027, 10, 5),
    )  # fmt: skip
    EndorsementChain.objects.create(programme=cast.programme)
    made = an_endorsement(version, cast, 1, "0" * 64)
    EndorsementName.objects.create(endorsement=made, person=cast.senior, name=cast.senior.name, salt="salt")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # as after a commit: TRUNCATE is not refused for another reason
    return made


def an_endorsement(version, cast, position, previous) -> Endorsement:
    return Endorsement.objects.create(
        programme=version.agreement.programme, position=position, agreement=version.agreement, version=version,
        words_hash=digest_of(version.words), organisation=cast.organisation, organisation_name="Police",
        mandate=cast.mandate, role="Chief", outcome="endorsed", signed_at=NOW,
        name_digest=name_digest_of("salt", cast.senior.name), previous_hash=previous, own_hash=f"{position}" * 64,
    )  # fmt: skip


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE commitments_endorsement SET outcome = 'declined', note = 'No'",
        "UPDATE commitments_endorsement SET position = position + 1",
        "DELETE FROM commitments_endorsement",
        "TRUNCATE commitments_endorsement CASCADE",
        "DELETE FROM commitments_endorsementchain",
        "TRUNCATE commitments_endorsementchain",
        "UPDATE commitments_endorsementchain SET length = 5",
        "UPDATE commitments_endorsementname SET name = 'Somebody else'",
        "UPDATE commitments_agreementversion SET words = 'We share two plans.'",
        "UPDATE commitments_agreementversion SET review_on = '2030-01-01'",
        "UPDATE commitments_agreementversion SET number = 2",
        "UPDATE commitments_agreementversion SET state = 'draft', proposed_at = NULL, proposed_by_id = NULL",
        "DELETE FROM commitments_agreementversion",
    ],
)
def test_what_was_proposed_and_signed_stays(signed, statement):
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_the_name_may_go(signed):
    EndorsementName.objects.all().delete()
    assert Endorsement.objects.get().name_digest == signed.name_digest


@pytest.mark.parametrize(
    ("position", "previous"),
    [(1, "0" * 64), (2, "0" * 64), (2, "2" * 64), (3, "1" * 64)],
    ids=["the place is taken", "a fork", "after nothing", "a gap"],
)
def test_an_endorsement_follows_the_last(signed, position, previous):
    cast = Cast.__new__(Cast)
    cast.organisation, cast.mandate, cast.senior = signed.organisation, signed.mandate, signed.mandate.person
    with pytest.raises(IntegrityError), transaction.atomic():
        an_endorsement(signed.version, cast, position, previous)
    an_endorsement(signed.version, cast, 2, signed.own_hash)
    assert Endorsement.objects.count() == 2


@pytest.mark.parametrize(
    ("state", "days", "endorsed", "standing"),
    [
        ("draft", 300, 0, Standing.DRAFT),
        ("proposed", 300, 0, Standing.PROPOSED),
        ("proposed", 300, 1, Standing.IN_PART),
        ("proposed", 300, 2, Standing.FULL),
        ("proposed", 0, 2, Standing.FULL),
        ("proposed", -1, 2, Standing.LAPSED),
        ("lapsed", -1, 2, Standing.LAPSED),
        ("superseded", 300, 2, Standing.SUPERSEDED),
        ("withdrawn", 300, 2, Standing.WITHDRAWN),
    ],
)
def test_where_a_version_stands(state, days, endorsed, standing):
    version = AgreementVersion(state=state, review_on=TODAY + timedelta(days=days))
    assert version.standing(TODAY, endorsed=endorsed, needed=2) == standing


def test_nobody_to_ask_is_not_fully_endorsed():
    version = AgreementVersion(state="proposed", review_on=TODAY)
    assert version.standing(TODAY, endorsed=0, needed=0) == Standing.PROPOSED
