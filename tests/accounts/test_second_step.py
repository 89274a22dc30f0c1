"""The authenticator app (ASVS 5.0: 6.3.3, 6.4.3, 6.5.1, 6.5.2, 7.5.1)."""

from datetime import timedelta

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from history.models import Entry
from messaging.models import Message
from tests.accounts.factories import PersonFactory
from tests.accounts.signing_in import app_code, mailed_code, mailed_to, sign_in, signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("outbox")]


@pytest.fixture
def admin(client):
    """An administrator who is signed in by a mailed code."""
    person = PersonFactory(is_administrator=True)
    sign_in(client, person)
    return person


def add_app(client: Client) -> str:
    """Add an authenticator app and return its secret."""
    secret = client.get(reverse("mfa_activate_totp")).context["form"].secret
    added = client.post(reverse("mfa_activate_totp"), {"code": app_code(secret)})
    assert (added.status_code, added["Location"]) == (302, reverse("mfa_view_recovery_codes"))
    return secret


def later(minutes: float = 3) -> time_machine.travel:
    return time_machine.travel(timezone.now() + timedelta(minutes=minutes), tick=False)


def with_app(client: Client, code: str):
    return client.post(reverse("mfa_authenticate"), {"code": code})


def test_an_app_is_added_and_then_asked_for(client, admin):
    secret = add_app(client)
    browser = Client()
    entered = sign_in(browser, admin)
    assert entered["Location"] == reverse("mfa_authenticate")
    assert not signed_in(browser)
    with later():
        sign_in(browser, admin)
        assert with_app(browser, app_code(secret)).status_code == 302
        assert signed_in(browser)


def test_its_owner_is_told_by_mail(client, admin, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        add_app(client)
    assert "An authenticator app was added" in mailed_to(admin.email)


def test_the_secret_is_not_readable_in_the_database(client, admin):
    secret = add_app(client)
    assert secret not in str(list(Authenticator.objects.values()))


def test_the_picture_of_the_secret_is_no_data_address(client, admin):
    page = client.get(reverse("mfa_activate_totp"))
    text = page.content.decode()
    assert "data:image" not in text
    assert "<svg" in text
    assert page.context["form"].secret in text.replace(" ", "")


@pytest.mark.parametrize("wait", [0, 0.75])
def test_a_code_of_the_app_works_once(client, admin, wait):
    """ASVS 6.5.1: also while a clock that is late would still take it."""
    secret = add_app(client)
    start = timezone.now() + timedelta(minutes=5)
    with time_machine.travel(start.replace(second=0), tick=False) as clock:
        code = app_code(secret)
        first, second = Client(), Client()
        sign_in(first, admin)
        with_app(first, code)
        clock.shift(timedelta(minutes=wait))
        sign_in(second, admin)
        with_app(second, code)
    assert (signed_in(first), signed_in(second)) == (True, False)


def test_a_recovery_code_works_once(client, admin):
    add_app(client)
    codes = client.get(reverse("mfa_view_recovery_codes")).context["unused_codes"]
    assert len(codes) == 10
    answers = []
    for _ in range(2):
        browser = Client()
        sign_in(browser, admin)
        with_app(browser, codes[0])
        answers.append(signed_in(browser))
    assert answers == [True, False]


def test_new_recovery_codes_replace_the_old(client, admin):
    add_app(client)
    old = client.get(reverse("mfa_view_recovery_codes")).context["unused_codes"]
    assert client.post(reverse("mfa_generate_recovery_codes")).status_code == 302
    new = client.get(reverse("mfa_view_recovery_codes")).context["unused_codes"]
    assert set(old) & set(new) == set()


def test_guessing_ends_after_five_codes(client, admin):
    add_app(client)
    browser = Client()
    sign_in(browser, admin)
    errors = [with_app(browser, "000000").context["form"].errors["code"][0] for _ in range(6)]
    assert len(set(errors[:5])) == 1
    assert errors[5].startswith("Too many codes were tried")


def test_it_is_removed_by_its_owner_only_after_a_code(client, admin):
    """ASVS 7.5.1: what keeps the account safe changes only after the person has proved again who they are."""
    secret = add_app(client)
    with later(20):
        asked = client.post(reverse("mfa_deactivate_totp"))
        assert asked.status_code == 302
        assert asked["Location"].startswith(reverse("mfa_reauthenticate"))
        assert Authenticator.objects.filter(type="totp").exists()
        client.post(reverse("mfa_reauthenticate"), {"code": app_code(secret)})
        assert client.post(reverse("mfa_deactivate_totp")).status_code == 302
    assert not Authenticator.objects.filter(user=admin).exists()


def test_a_mailed_code_does_not_stand_in_for_the_app(client, admin):
    """ASVS 6.4.3: whoever has the mailbox alone cannot take the second step away."""
    add_app(client)
    with later(20):
        before = Message.objects.count()
        client.post(reverse("account_reauthenticate"), {"action": "send"})
        if Message.objects.count() > before:
            client.post(reverse("account_reauthenticate"), {"code": mailed_code(admin.email)})
        client.post(reverse("mfa_deactivate_totp"))
    assert Authenticator.objects.filter(user=admin, type="totp").exists()


def test_adding_one_needs_a_fresh_code(client, admin):
    with later(11):
        asked = client.get(reverse("mfa_activate_totp"))
        assert asked["Location"].startswith(reverse("account_reauthenticate"))
        client.post(asked["Location"], {"action": "send"})
        confirmed = client.post(asked["Location"], {"code": mailed_code(admin.email)})
        assert confirmed["Location"] == reverse("mfa_activate_totp")
        assert client.get(confirmed["Location"]).status_code == 200


def test_confirming_takes_three_tries(client, admin):
    with later(11):
        address = reverse("account_reauthenticate")
        client.post(address, {"action": "send"})
        code = mailed_code(admin.email)
        for _ in range(3):
            client.post(address, {"code": "BBBB-BBBB"})
        client.post(address, {"code": code})
        assert client.get(reverse("mfa_activate_totp")).status_code == 302


# Production demands it of administrators (6.3.3)


def test_in_production_an_administrator_adds_one_before_anything_else(client, admin, settings):
    settings.PRODUCTION = True
    sent = client.get(reverse("accounts:session-list"))
    assert (sent.status_code, sent["Location"]) == (302, reverse("mfa_activate_totp"))
    assert client.get(reverse("accounts:account-show")).status_code == 200
    secret = add_app(client)
    assert secret
    assert client.get(reverse("accounts:session-list")).status_code == 200


def test_in_production_others_may_go_without(client, settings):
    settings.PRODUCTION = True
    sign_in(client, PersonFactory())
    assert client.get(reverse("accounts:session-list")).status_code == 200


def test_a_trial_demands_nothing(client, admin):
    assert client.get(reverse("accounts:session-list")).status_code == 200
    assert Entry.objects.filter(verb="signed in").count() == 1
