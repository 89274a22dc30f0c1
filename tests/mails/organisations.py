"""Leads, addresses and head-counts."""

from organisations import messages
from organisations.actions.head_counts import ask_head_counts
from tests.mails import NOW, makes
from tests.organisations.factories import (
    AreaFactory,
    OrganisationFactory,
    OrganisationLeadFactory,
    PersonFactory,
    ProfessionFactory,
)


@makes("organisations.lead", "organisations.address_changed")
def told_of_oneself() -> None:
    lead = OrganisationLeadFactory()
    messages.tell_lead(lead, now=NOW)
    messages.tell_address_changed(lead.person, "before@example.org", now=NOW)


@makes("organisations.head_count")
def head_count_asked() -> None:
    ask_head_counts(
        organisation=OrganisationFactory(), people=[PersonFactory()], professions=[ProfessionFactory()],
        areas=[AreaFactory()], by=PersonFactory(), now=NOW,
    )  # fmt: skip
