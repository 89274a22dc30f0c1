"""A page of people asks of its own rows whether they may be seen: the same people as when all are read beforehand."""

import pytest
from django.db import connection
from django.db.models import Exists, OuterRef, Q
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Person
from face.keeping import share_of
from face.paging import InOrder, page_of, row_by_row
from organisations.models import Affiliation
from tests.organisations.factories import AffiliationFactory, PersonFactory

pytestmark = pytest.mark.django_db
TIED = Exists(Affiliation.objects.filter(person=OuterRef("pk")))


@pytest.fixture
def people():
    """Seven people by name, of whom four have a tie and one of these is closed; one without a tie is asked for too."""
    made = [PersonFactory(name=f"Sample Person{n}") for n in range(7)]
    for one in made[:4]:
        AffiliationFactory(person=one)
    Person.objects.filter(pk=made[0].pk).update(is_active=False)
    return made


@pytest.fixture
def found(people):
    seen = Q(TIED, is_active=True) | Q(pk=people[6].pk)
    return Person.objects.filter(seen).exclude(~TIED, name__endswith="5").order_by("sort_name", "pk")


def test_the_same_people_are_found(people, found):
    assert list(row_by_row(found)) == list(found) == [people[n] for n in (1, 2, 3, 6)]
    assert str(row_by_row(found).query).count("OFFSET 0") == 1  # what is denied stays
    assert "OFFSET 0" not in str(found.query)


@pytest.mark.parametrize(("of", "is_asked_by_row"), [(7, True), (-1, True), (1_000_000, False), (None, False)])
def test_who_may_be_seen_is_read_beforehand_where_many_would_be_asked(people, found, of, is_asked_by_row):
    for asked, shown in ((1, [1, 2, 3]), (2, [6])):
        with CaptureQueriesContext(connection) as seen:
            assert page_of(InOrder(found, 4, of), str(asked), size=3).rows == [people[n] for n in shown]
        assert ("OFFSET 0" in seen[0]["sql"]) is is_asked_by_row


def test_a_share_is_counted_in_one_statement(found, django_assert_num_queries):
    named = Person.objects.filter(name__contains="Person")
    with django_assert_num_queries(1):
        assert share_of(found, named, timezone.now()) == (4, 7)
    with django_assert_num_queries(1):
        total, of = share_of(found, Person.objects.all(), timezone.now())
    assert total == 4
    assert of >= -1
    assert share_of(found.filter(name="Nobody"), named, timezone.now()) == (0, 0)
