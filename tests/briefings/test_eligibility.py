"""Who is eligible for a programme, and why others are not."""

from datetime import date

import pytest

from briefings.queries import affiliations_in_scope, why_not_in_scope
from organisations.models import Affiliation
from tests.briefings.factories import PartnerFactory, ProgrammeFactory
from tests.organisations.factories import (
    AffiliationFactory,
    AreaFactory,
    OrganisationFactory,
    PersonFactory,
    ProfessionFactory,
)

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 2)


@pytest.fixture
def organisation():
    return OrganisationFactory()


def eligible(programme, on=TODAY):
    return set(affiliations_in_scope(programme, on))


def test_organisation_profession_and_area_must_all_be_in_scope(organisation):
    area, profession = AreaFactory(), ProfessionFactory()
    programme = ProgrammeFactory(partners=[organisation], areas=[area], professions=[profession])
    yes = AffiliationFactory(organisation=organisation, profession=profession, areas=[area])
    no = {
        "not in scope: organisation": AffiliationFactory(profession=profession, areas=[area]),
        "not in scope: profession": AffiliationFactory(organisation=organisation, areas=[area]),
        "profession not known": AffiliationFactory(organisation=organisation, profession=None, areas=[area]),
        "not in scope: area": AffiliationFactory(
            organisation=organisation, profession=profession, areas=[AreaFactory()]
        ),
        "area not known": AffiliationFactory(organisation=organisation, profession=profession),
        "no longer there": AffiliationFactory(
            organisation=organisation, profession=profession, areas=[area], until=TODAY
        ),
    }
    assert eligible(programme) == {yes}
    assert why_not_in_scope(programme, yes, TODAY) == []
    assert {words: why_not_in_scope(programme, row, TODAY) for words, row in no.items()} == {w: [w] for w in no}


def test_an_area_inside_an_area_in_scope_counts(organisation):
    county = AreaFactory()
    district = AreaFactory(parent=county)
    village = AreaFactory(parent=district)
    programme = ProgrammeFactory(partners=[organisation], areas=[district])
    inside = AffiliationFactory(organisation=organisation, areas=[village])
    AffiliationFactory(organisation=organisation, areas=[county])
    assert eligible(programme) == {inside}


def test_every_area_and_every_profession_need_neither_to_be_known(organisation):
    programme = ProgrammeFactory(partners=[organisation])
    row = AffiliationFactory(organisation=organisation, profession=None)
    assert eligible(programme) == {row}


def test_no_area_in_scope_means_nobody(organisation):
    programme = ProgrammeFactory(partners=[organisation], areas=[])
    AffiliationFactory(organisation=organisation, areas=[AreaFactory()])
    assert eligible(programme) == set()


def test_of_two_affiliations_the_one_in_scope_counts(organisation):
    programme, person = ProgrammeFactory(partners=[organisation]), PersonFactory()
    row = AffiliationFactory(person=person, organisation=organisation)
    AffiliationFactory(person=person)
    assert eligible(programme) == {row}


def test_a_partner_counts_from_its_first_day_until_its_last(organisation):
    programme = ProgrammeFactory()
    PartnerFactory(programme=programme, organisation=organisation, since=TODAY, until=date(2026, 11, 4))
    row = AffiliationFactory(organisation=organisation)
    found = [eligible(programme, date(2026, 11, day)) for day in (1, 2, 3, 4)]
    assert found == [set(), {row}, {row}, set()]


def test_a_closed_account_is_not_eligible(organisation):
    AffiliationFactory(organisation=organisation, person=PersonFactory(is_active=False))
    assert eligible(ProgrammeFactory(partners=[organisation])) == set()


def test_who_left_before_today_is_not_eligible_and_who_comes_tomorrow_is_not_yet(organisation):
    programme = ProgrammeFactory(partners=[organisation])
    row = AffiliationFactory(organisation=organisation, since=date(2026, 11, 3))
    assert eligible(programme) == set()
    assert eligible(programme, date(2026, 11, 3)) == {row}
    assert why_not_in_scope(programme, Affiliation.objects.get(), TODAY) == ["not there yet"]


def test_an_organisation_that_has_ended_brings_nobody(organisation):
    programme = ProgrammeFactory(partners=[organisation])
    row = AffiliationFactory(organisation=organisation)
    organisation.ended_on = TODAY
    organisation.save()
    assert eligible(programme, date(2026, 11, 1)) == {row}
    assert eligible(programme) == set()
    assert why_not_in_scope(programme, Affiliation.objects.get(), TODAY) == ["organisation has ended"]
