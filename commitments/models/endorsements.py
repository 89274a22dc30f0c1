"""Endorsements: what an organisation said at senior level of the exact words of one version. Only ever added to.

Each names the hash of the one before it in its programme, so that what was edited, taken out, put between or put in
another order is found (docs/verifying-endorsements.md). The name stands beside the chain and may go.
"""

import hashlib
import json
from datetime import UTC

from django.conf import settings
from django.db import models
from django.db.models import Q

from briefings.models import Mandate, Programme
from commitments.models.agreements import Agreement, AgreementVersion, Outcome
from history.retention import Retention
from organisations.models import Organisation

NOTHING_BEFORE = "0" * 64
"""What the first endorsement of a programme names as the hash before it."""


def digest_of(text: str) -> str:
    """Return the SHA-256 of ``text`` in UTF-8, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def name_digest_of(salt: str, name: str) -> str:
    """Return what the chain holds of a name: nobody can try names against it once the ``salt`` is gone."""
    return digest_of(f"{salt}\n{name}")


class EndorsementChain(models.Model):
    """The end of a programme's chain: who adds an endorsement locks this row first."""

    programme = models.OneToOneField(
        Programme, on_delete=models.PROTECT, primary_key=True, related_name="endorsement_chain"
    )
    length = models.PositiveIntegerField(default=0)
    head = models.CharField(max_length=64, default=NOTHING_BEFORE)

    retention = Retention(plain=("programme", "length", "head"))


class Endorsement(models.Model):
    """One outcome, as it was signed. A later outcome of the same organisation is another row."""

    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="endorsements")
    position = models.PositiveIntegerField(help_text="its place in the chain of the programme, from 1, without gaps")
    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="endorsements")
    version = models.ForeignKey(AgreementVersion, on_delete=models.PROTECT, related_name="endorsements")
    words_hash = models.CharField(max_length=64, help_text="SHA-256 of the words of the version")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="endorsements")
    organisation_name = models.CharField(max_length=300, help_text="the name it had that day")
    mandate = models.ForeignKey(Mandate, on_delete=models.PROTECT, related_name="endorsements")
    role = models.CharField(max_length=200, help_text="the job title in the mandate of that day")
    outcome = models.CharField(max_length=10, choices=Outcome)
    note = models.TextField(max_length=2000, blank=True, help_text="the note, or why it was declined")
    signed_at = models.DateTimeField()
    name_digest = models.CharField(max_length=64)
    previous_hash = models.CharField(max_length=64)
    own_hash = models.CharField(max_length=64)

    retention = Retention(
        plain=(
            "id", "programme", "position", "agreement", "version", "words_hash", "organisation", "organisation_name",
            "mandate", "role", "outcome", "note", "signed_at", "name_digest", "previous_hash", "own_hash",
        )
    )  # fmt: skip

    class Meta:
        ordering = ("programme", "position")
        constraints = [
            models.UniqueConstraint(fields=["programme", "position"], name="endorsement_position_once"),
            models.UniqueConstraint(fields=["programme", "previous_hash"], name="endorsement_chain_has_no_fork"),
            models.CheckConstraint(condition=Q(position__gte=1), name="endorsement_position_from_one"),
            models.CheckConstraint(condition=Q(outcome="endorsed") ^ ~Q(note=""), name="endorsement_note_fits_outcome"),
        ]
        indexes = [models.Index(fields=["version", "organisation", "-position"], name="endorsement_of_organisation")]

    def __str__(self) -> str:
        return f"{self.programme.code} endorsement {self.position}"

    def canonical(self) -> str:
        """Return the text whose SHA-256 in UTF-8 is ``own_hash``: one line of JSON, keys sorted, no space between.

        It holds the words as they stand in the version now, so that words changed behind our back are found.
        """
        record = {
            "agreement": self.agreement.reference,
            "at": self.signed_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "mandate": self.mandate_id,
            "name_digest": self.name_digest,
            "note": self.note,
            "organisation": self.organisation_name,
            "organisation_number": self.organisation_id,
            "outcome": self.outcome,
            "position": self.position,
            "previous": self.previous_hash,
            "programme": self.programme_id,
            "review_on": self.version.review_on.isoformat(),
            "role": self.role,
            "version": self.version.number,
            "words": self.version.words,
            "words_hash": self.words_hash,
        }
        return json.dumps(record, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


class EndorsementName(models.Model):
    """Who signed, with the salt of the digest in the chain. Deleting the row takes the name; the chain stays true."""

    endorsement = models.OneToOneField(Endorsement, on_delete=models.PROTECT, related_name="signed_by")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="endorsements_signed")
    name = models.CharField(max_length=300)
    salt = models.CharField(max_length=64)

    retention = Retention(
        plain=("id", "endorsement", "salt"),
        personal=("person", "name"),
        until="seven years after the programme has ended, or when the person is to be forgotten",
    )
