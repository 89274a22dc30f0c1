"""Which organisations take part, and since when."""

from datetime import date

import pytest

from briefings.actions import partners
from briefings.models import Partner
from history.models import Entry
from tests.briefings.factories import LONG_AGO, NOW, MandateFactory, PartnerFactory, ProgrammeFactory
from tests.organisations.factories import OrganisationFactory, PersonFactory

pytestmark = pytest.mark.django_db
FROM = date(2026, 12, 1)


def test_organisations_join_once_and_keep_their_dates():
    known = PartnerFactory()
    new = OrganisationFactory()
    made = partners.add_partners(
        programme=known.programme, organisations=[known.organisation, new, new], since=FROM, by=PersonFactory(), now=NOW
    )
    assert [(row.organisation, row.since) for row in made] == [(new, FROM)]
    known.refresh_from_db()
    assert known.since == LONG_AGO
    assert list(Entry.objects.values_list("verb", flat=True)) == ["joined"]


@pytest.mark.parametrize("until", [FROM, date(2026, 11, 30)])
def test_nobody_leaves_before_joining(until):
    with pytest.raises(partners.LeavesBeforeJoining):
        partners.add_partners(
            programme=ProgrammeFactory(), organisations=[], since=FROM, until=until, by=PersonFactory(), now=NOW
        )
    with pytest.raises(partners.LeavesBeforeJoining):
        partners.change_partner(partner=PartnerFactory(), since=FROM, until=until, by=PersonFactory(), now=NOW)


def test_dates_are_changed_and_the_same_dates_leave_no_trace():
    partner, by = PartnerFactory(), PersonFactory()
    partners.change_partner(partner=partner, since=partner.since, until=None, by=by, now=NOW)
    assert Entry.objects.count() == 0
    partners.change_partner(partner=partner, since=partner.since, until=FROM, by=by, now=NOW)
    assert Entry.objects.get().fields == ["until"]
    assert Partner.objects.get().until == FROM


def test_a_mistaken_partner_is_taken_out():
    partner = PartnerFactory()
    partners.remove_partner(partner=partner, by=PersonFactory(), now=NOW)
    assert Partner.objects.count() == 0


def test_a_partner_somebody_speaks_for_stays():
    partner = PartnerFactory()
    MandateFactory(programme=partner.programme, organisation=partner.organisation)
    with pytest.raises(partners.HasSeniorManagers):
        partners.remove_partner(partner=partner, by=PersonFactory(), now=NOW)
    assert Partner.objects.count() == 1
