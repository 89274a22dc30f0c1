"""What a name is sorted by."""

from importlib import import_module

import pytest
from django.apps import apps

from accounts.models import Person, sort_key
from tests.organisations.factories import PersonFactory


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Siân O’Brien", "obrien sian"),
        ("Jo Lloyd-Evans", "lloyd evans jo"),
        ("Anne-Marie Jones", "jones anne marie"),
        ("Jo Smith -", "smith jo"),
        ("Jo --", "jo"),
        ("Jo van -den- Berg--Owen", "berg owen jo van den"),
        ("", ""),
    ],
)
def test_a_name_is_sorted_by_its_last_word_and_what_a_hyphen_joins_is_one(name, key):
    assert " ".join(sort_key(name).split()) == key


@pytest.mark.django_db
def test_names_that_were_there_before_are_sorted_again():
    joined, plain = PersonFactory(name="Jo Lloyd-Evans"), PersonFactory(name="Jo Evans")
    Person.objects.filter(pk=joined.pk).update(sort_name="evans jo lloyd")
    import_module("accounts.migrations.0003_joined_names").sort_again(apps, None)
    joined.refresh_from_db()
    assert (joined.sort_name, plain.sort_name) == ("lloyd evans jo", "evans jo")
