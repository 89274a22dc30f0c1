"""What administrators do to the accounts of others: each exit of each action."""

from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.utils import timezone

from accounts import actions
from accounts.links import LinkRevoked, find, make_link, register_purpose, token_of
from history.models import Entry
from tests.organisations.factories import PersonFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def administrator():
    return PersonFactory(administrator=True)


def sign_in_somewhere(person):
    store = SessionStore()
    store.create()
    UserSession.objects.create(
        user=person, session_key=store.session_key, ip="127.0.0.1", user_agent="", last_seen_at=timezone.now()
    )


def do(action, person, by):
    return action(person=person, by=by, now=timezone.now())


def verbs():
    return list(Entry.objects.order_by("pk").values_list("verb", flat=True))


def test_a_closed_account_is_signed_out_and_its_links_open_nothing(administrator):
    person = PersonFactory()
    sign_in_somewhere(person)
    now = timezone.now()
    register_purpose("head_count", "h")
    link = make_link(purpose="head_count", person=person, about="x:1", ends_at=now + timedelta(days=99), now=now)
    assert do(actions.close_account, person, administrator).is_active is False
    assert Session.objects.count() == 0
    with pytest.raises(LinkRevoked):
        find(token_of(link), "head_count", now)
    do(actions.close_account, person, administrator)
    assert verbs() == ["ended a session", "closed_account"]


def test_an_account_is_opened_again_once(administrator):
    person = PersonFactory(is_active=False)
    assert do(actions.reopen_account, person, administrator).is_active is True
    do(actions.reopen_account, person, administrator)
    assert verbs() == ["reopened_account"]


def test_nobody_closes_the_own_account_and_nobody_the_last_administrator(administrator):
    with pytest.raises(actions.OwnAccount):
        do(actions.close_account, administrator, administrator)
    with pytest.raises(actions.LastAdministrator):
        do(actions.close_account, administrator, PersonFactory())
    PersonFactory(administrator=True)
    assert do(actions.close_account, administrator, PersonFactory()).is_active is False


def test_an_administrator_is_made_and_ended(administrator):
    person = PersonFactory()
    assert do(actions.make_administrator, person, administrator).is_administrator is True
    do(actions.make_administrator, person, administrator)
    assert do(actions.end_administrator, administrator, administrator).is_administrator is False
    with pytest.raises(actions.LastAdministrator):
        do(actions.end_administrator, person, person)
    assert verbs() == ["made_administrator", "ended_administrator"]


def test_an_administrator_needs_an_open_account_and_an_address(administrator):
    with pytest.raises(actions.AccountIsClosed):
        do(actions.make_administrator, PersonFactory(is_active=False), administrator)
    with pytest.raises(actions.NoAddress):
        do(actions.make_administrator, PersonFactory(email=None), administrator)
    assert verbs() == []


def test_a_closed_administrator_does_not_count_as_another(administrator):
    PersonFactory(administrator=True, is_active=False)
    with pytest.raises(actions.LastAdministrator):
        do(actions.end_administrator, administrator, administrator)


def test_all_sessions_of_somebody_end(administrator):
    person = PersonFactory()
    sign_in_somewhere(person)
    sign_in_somewhere(person)
    sign_in_somewhere(administrator)
    assert do(actions.end_all_sessions, person, administrator) == 2
    assert [row.user for row in UserSession.objects.all()] == [administrator]


def test_a_lost_authenticator_app_goes_with_the_sessions_and_its_owner_is_told(administrator, mailoutbox):
    person = PersonFactory()
    Authenticator.objects.create(user=person, type=Authenticator.Type.TOTP, data={})
    Authenticator.objects.create(user=person, type=Authenticator.Type.RECOVERY_CODES, data={})
    sign_in_somewhere(person)
    assert do(actions.remove_lost_authenticator, person, administrator) is True
    assert (Authenticator.objects.count(), UserSession.objects.count()) == (0, 0)
    assert [mail.to for mail in mailoutbox] == [[person.email]]
    assert do(actions.remove_lost_authenticator, person, administrator) is False
    with pytest.raises(actions.OwnAccount):
        do(actions.remove_lost_authenticator, administrator, administrator)
    assert verbs() == ["ended a session", "removed_authenticator"]
