"""Querysets that are written down once find what the ORM finds."""

from datetime import date

import pytest
from django.db import connection
from django.db.models import Count, F, Window
from django.test.utils import CaptureQueriesContext

from history.statements import DAY, NUMBER, Reading, compiled
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
