"""Agreements and what partners say of them."""

from commitments.actions.agreements import withdraw_agreement
from commitments.messages import agreements as messages
from commitments.models import PartnerAsked
from tests.commitments.agreeing import REVIEW, Partners
from tests.mails import NOW, makes


@makes(
    "commitments.agreement_to_endorse", "commitments.agreement_reminder", "commitments.agreement_late",
    "commitments.agreement_nobody_to_ask", "commitments.endorsement_receipt", "commitments.endorsement_said",
    "commitments.agreement_review", "commitments.agreement_ended",
)  # fmt: skip
def agreements() -> None:
    partners = Partners()
    gone = partners.proposed(title="Another plan")
    withdraw_agreement(agreement=gone.agreement, reason="Not needed", by=partners.coordinator, now=NOW)
    version = partners.proposed()
    messages.remind(PartnerAsked.objects.get(version=version, organisation=partners.police), 1, is_late=True, now=NOW)
    partners.signed(version)
    messages.remind_of_review(version, REVIEW, now=NOW)
