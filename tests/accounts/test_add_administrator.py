"""The command that makes the first administrator."""

import io

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Person
from history.models import Entry
from tests.accounts.factories import PersonFactory

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command("add_administrator", *arguments, stdout=out)
    return out.getvalue()


def test_it_makes_the_first_administrator():
    said = run(" Carys@Example.org ".strip(), "--name", "Carys Coordinator")
    person = Person.objects.get()
    assert (person.name, person.email, person.is_administrator) == ("Carys Coordinator", "carys@example.org", True)
    assert "carys@example.org is an administrator." in said
    assert "/sign-in/" in said


def test_somebody_known_becomes_one_and_a_closed_account_opens():
    person = PersonFactory(name="Amina Samplewood", email="amina@example.org", is_active=False)
    run("amina@example.org", "--name", "Somebody Else")
    person.refresh_from_db()
    assert (person.name, person.is_administrator, person.is_active) == ("Amina Samplewood", True, True)


def test_a_second_run_changes_nothing():
    run("carys@example.org")
    assert "was one already" in run("carys@example.org")
    assert Person.objects.count() == 1
    assert Entry.objects.count() == 1


@pytest.mark.parametrize("address", ["carys", "", "a@", "a b@example.org"])
def test_what_is_no_address_is_refused_with_a_sentence(address):
    with pytest.raises(CommandError, match="is not an e-mail address"):
        run(address)
    assert Person.objects.count() == 0
