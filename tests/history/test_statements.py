"""Querysets that are written down once find what the ORM finds."""

from datetime import date

import pytest
from django.db import connection
from django.db.models import Count, F, Window
from django.test.utils import CaptureQueriesContext

from accounts.models import PersonalLink
from attendance.models import CalendarEntry, Place
from history.statements import DAY, NUMBER, Reading, compiled, loaded, unsaved
from organisations.models import Affiliation, Organisation
from tests.organisations.factories import AffiliationFactory, OrganisationFactory

pytestmark = pytest.mark.django_db


def test_what_is_written_down_finds_instances_with_all_that_the_queryset_asks_for():
    organisation, successor = OrganisationFactory(name="Elm Trust"), OrganisationFactory(name="Oak Trust")
    Organisation.objects.filter(pk=organisation.pk).update(successor=successor, ended_on=DAY)
    ties = [AffiliationFactory(organisation=organisation) for _ in range(3)]
    AffiliationFactory(organisation=successor)

    def found(wanted: int, day: date):
        rows = Affiliation.objects.on(day).filter(organisation=wanted)
        rows = rows.select_related("person", "organisation__successor")
        return rows.annotate(total=Window(Count("pk")), name=F("organisation__name")).order_by("pk")

    most = NUMBER + 1
    reading = Reading("a_reading", found(NUMBER, DAY)[:most], wanted=NUMBER, day=DAY, most=most)
    expected = list(found(organisation.pk, ties[0].since)[:2])
    for _ in range(2):
        with CaptureQueriesContext(connection) as caught:
            rows = reading.rows(wanted=organisation.pk, day=ties[0].since, most=2)
            assert [(row, row.person, row.organisation) for row in rows] == [
                (tie, tie.person, organisation) for tie in expected
            ]
            assert {(row.total, row.name, row.organisation.successor) for row in rows} == {(3, "Elm Trust", successor)}
        assert len(caught) == 1
    assert not rows[0]._state.adding
    assert reading.rows(wanted=0, day=DAY, most=2) == []


def test_only_plain_words_may_stand_in_a_statement():
    with pytest.raises(AssertionError, match="no plain word"):
        compiled("never", Organisation.objects.filter(name="It’s a name"))


@pytest.mark.parametrize("model", [CalendarEntry, PersonalLink, Place, Organisation])
def test_a_row_without_its_constructor_is_what_its_constructor_makes(model):
    def said(row) -> dict:
        return {name: "each its own" if name == "uid" else value for name, value in vars(row).items() if name[0] != "_"}

    assert said(unsaved(model)) == said(model())
    assert unsaved(model)._state.adding
    values = dict.fromkeys((field.attname for field in model._meta.concrete_fields), 7)
    read, as_ever = (
        loaded(model, values, values.values()),
        model.from_db("default", list(values), list(values.values())),
    )
    assert said(read) == said(as_ever)
    assert (read._state.adding, read._state.db) == (as_ever._state.adding, as_ever._state.db) == (False, "default")


def test_what_was_not_read_is_read_where_somebody_asks_and_what_was_is_not_read_again(django_assert_num_queries):
    affiliation = AffiliationFactory()
    own = loaded(Affiliation, ("id", "organisation_id"), (affiliation.pk, affiliation.organisation_id))
    with django_assert_num_queries(1):
        assert own.person_id == affiliation.person_id
    known = loaded(Affiliation, ("id",), (affiliation.pk,), organisation=affiliation.organisation)
    with django_assert_num_queries(0):
        assert known.organisation == affiliation.organisation
    new = unsaved(Affiliation, organisation=affiliation.organisation, person_id=affiliation.person_id)
    assert (new.organisation_id, new.pk) == (affiliation.organisation_id, None)
    with django_assert_num_queries(0):
        assert new.organisation == affiliation.organisation
