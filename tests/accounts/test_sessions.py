"""Who is signed in: what opens a session and what opens none, and what an update of the database does to it."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.db import NotSupportedError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.models import Person
from accounts.sessions import SessionStore, SignedInBackend
from tests.accounts.factories import PersonFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def person(client):
    somebody = PersonFactory(name="Amina Samplewood")
    client.force_login(somebody)
    return somebody


def who_is_in(client) -> str:
    """The name that the page of the own account says, "" for a stranger."""
    response = client.get(reverse("accounts:account-show"))
    return response.context["user"].name if response.status_code == 200 else ""


def test_a_session_opens_for_its_person_and_for_nobody_once_it_is_closed(client, person):
    assert who_is_in(client) == "Amina Samplewood"
    Person.objects.filter(pk=person.pk).update(is_active=False)
    assert who_is_in(client) == ""


def test_a_session_that_has_ended_opens_nothing_and_its_key_is_not_used_again(client, person):
    key = client.session.session_key
    Session.objects.filter(pk=key).update(expire_date=timezone.now() - timedelta(seconds=1))
    assert who_is_in(client) == ""
    store = SessionStore(key)
    store["a"] = 1
    store.save()
    assert store.session_key != key


def test_signing_in_takes_a_new_key_and_signing_out_destroys_it(client):
    before = client.session
    before["seen"] = 1
    before.save()
    client.cookies["session"] = before.session_key
    client.force_login(PersonFactory())
    after = client.session.session_key
    assert after != before.session_key
    assert not Session.objects.filter(pk=before.session_key).exists()
    client.logout()
    assert not Session.objects.filter(pk=after).exists()


@pytest.mark.parametrize(
    "sent", ['"abcdefghij\\000klm"', "abcdefgh'ij", "x", '"\\303\\251\\303\\251\\303\\251\\303\\251"']
)
def test_a_key_that_is_none_of_ours_is_a_stranger(client, sent):
    assert client.get(reverse("account_login"), headers={"cookie": f"session={sent}"}).status_code == 200


def test_nobody_is_signed_in_whose_number_is_gone():
    assert SignedInBackend().get_user(2**62) is None


def test_a_column_that_changes_its_type_signs_nobody_out(client, transactional_db):
    person = PersonFactory(name="Amina Samplewood")
    client.force_login(person)
    assert who_is_in(client) == "Amina Samplewood"
    try:
        _name_has(301)
        assert who_is_in(client) == "Amina Samplewood"
        _name_has(302)
        with pytest.raises(NotSupportedError), transaction.atomic():
            SignedInBackend().get_user(person.pk)
        connection.close_if_unusable_or_obsolete()  # as before the next request
        assert who_is_in(client) == "Amina Samplewood"
    finally:
        _name_has(300)


def _name_has(letters: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE accounts_person ALTER COLUMN name TYPE varchar({letters})")
