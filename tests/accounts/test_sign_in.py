"""Signing in by a mailed code (ASVS 5.0: 6.3.1, 6.3.8, 6.4.1, 6.5.5, 6.6.3, 7.2.4, 7.4.1 to 7.4.5)."""

import re
from datetime import timedelta
from urllib.parse import urlencode

import pytest
import redis
import time_machine
from django.conf import settings as django_settings
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts import limits
from accounts.models import Attempt, Person
from history.models import Entry
from messaging.models import Message
from tests.accounts.factories import PersonFactory
from tests.accounts.signing_in import ask_for_code, enter_code, mailed_code, mailed_to, sign_in, signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("outbox")]
WRONG = "BBBB-BBBB"


@pytest.fixture
def amina() -> Person:
    return PersonFactory(name="Amina Samplewood", email="amina@example.org")


def test_a_mailed_code_signs_in(client, amina):
    asked = ask_for_code(client, " Amina@Example.ORG ")
    assert (asked.status_code, asked["Location"]) == (302, reverse("account_confirm_login_code"))
    entered = enter_code(client, mailed_code("amina@example.org"))
    assert (entered.status_code, entered["Location"]) == (302, reverse("desk:home-show"))
    assert client.session["_auth_user_id"] == str(amina.pk)
    assert [(e.verb, e.actor) for e in Entry.objects.all()] == [("signed in", f"accounts.person:{amina.pk}")]


@pytest.mark.parametrize("shape", [str.lower, lambda code: code.replace("-", ""), lambda code: f" {code} "])
def test_the_shape_of_the_code_does_not_matter(client, amina, shape):
    ask_for_code(client, amina.email)
    enter_code(client, shape(mailed_code(amina.email)))
    assert "_auth_user_id" in client.session


def test_the_code_stands_in_no_row_that_staff_or_a_backup_can_read(client, amina):
    """ASVS 16.2.5: the row is sealed; subject and text are empty and the kind is private."""
    ask_for_code(client, amina.email)
    code = mailed_code(amina.email)
    row = Message.objects.get()
    stored = " ".join(str(value) for value in Message.objects.values().get().values())
    assert code not in stored
    assert not row.subject
    assert not row.text


# The same answer for any address (6.3.8)


def test_the_answer_is_the_same_for_an_unknown_address(amina):
    answers = []
    for address in (amina.email, "nobody@example.org"):
        client = Client()
        response = ask_for_code(client, address)
        page = Client()
        again = ask_for_code(page, address)
        answers.append((response.status_code, response["Location"], sorted(response.cookies), again.status_code))
    assert answers[0] == answers[1]
    assert [row.address for row in Message.objects.order_by("pk")[::2]] == [amina.email, "nobody@example.org"]


def test_the_work_is_the_same_for_an_unknown_address(amina):
    """Time is bounded by comparing statements: a clock would only measure the machine."""
    shapes = []
    for address in ("warm@example.org", amina.email, "nobody@example.org"):
        with CaptureQueriesContext(
            connection,
        ) as captured:
            ask_for_code(Client(), address)
        shapes.append([re.split(r"VALUES|WHERE|\d", query["sql"])[0] for query in captured])
    assert shapes[1] == shapes[2]


def test_an_unknown_address_is_told_so_by_mail_only(client):
    ask_for_code(client, "nobody@example.org")
    text = mailed_to("nobody@example.org")
    assert "nobody@example.org" in text
    assert enter_code(client, WRONG).status_code in (200, 302)
    assert not signed_in(client)
    assert Person.objects.count() == 0


def test_a_closed_account_gets_the_answer_of_an_unknown_one(client, amina):
    amina.is_active = False
    amina.save(update_fields=["is_active"])
    assert ask_for_code(client, amina.email).status_code == 302
    assert mailed_to(amina.email).replace(amina.email, "") == _text_for_unknown()


def _text_for_unknown() -> str:
    ask_for_code(Client(), "nobody@example.org")
    return mailed_to("nobody@example.org").replace("nobody@example.org", "")


# Codes end (6.5.5)


def test_a_code_ends_after_ten_minutes(client, amina):
    ask_for_code(client, amina.email)
    code = mailed_code(amina.email)
    with time_machine.travel(timezone.now() + timedelta(minutes=10, seconds=1), tick=False):
        enter_code(client, code)
        assert "_auth_user_id" not in client.session


def test_a_code_works_once(amina):
    client = Client()
    ask_for_code(client, amina.email)
    code = mailed_code(amina.email)
    copied = dict(client.cookies)
    enter_code(client, code)
    replay = Client()
    replay.cookies.update(copied)
    enter_code(replay, code)
    assert not signed_in(replay)


def test_a_code_of_one_browser_opens_no_other(amina):
    ask_for_code(Client(), amina.email)
    thief = Client()
    ask_for_code(thief, "nobody@example.org")
    enter_code(thief, mailed_code(amina.email))
    assert not signed_in(thief)


def test_after_three_wrong_codes_the_right_one_is_refused(client, amina):
    ask_for_code(client, amina.email)
    code = mailed_code(amina.email)
    for _ in range(limits.TRIES_PER_CODE):
        enter_code(client, WRONG)
    enter_code(client, code)
    assert not signed_in(client)
    assert Attempt.objects.exists()


# Limits that keep no owner out (6.3.1), counted in PostgreSQL


def test_somebody_elsewhere_cannot_use_up_the_owners_codes(amina):
    for number in range(limits.CODES_PER_NETWORK_AND_ADDRESS * 4):
        ask_for_code(Client(), amina.email, REMOTE_ADDR=f"192.0.2.{number % 2 + 1}")
    assert ask_for_code(Client(), amina.email, REMOTE_ADDR="198.51.100.7").status_code == 302


def test_a_browser_known_to_the_owner_has_a_budget_of_its_own_on_the_same_network(client, amina):
    sign_in(client, amina)
    client.post(reverse("account_logout"))
    for _ in range(limits.CODES_PER_NETWORK_AND_ADDRESS):
        ask_for_code(Client(), amina.email)
    assert ask_for_code(client, amina.email).status_code == 302


def test_the_limit_survives_a_flushed_redis(amina):
    counts = []
    for number in range(limits.CODES_PER_NETWORK_AND_ADDRESS + 1):
        if number == limits.CODES_PER_NETWORK_AND_ADDRESS:
            redis.Redis.from_url(django_settings.REDIS_URL, db=15).flushdb()
        before = Message.objects.count()
        limits_answer = limits.hit("code by both", "one", limit=5, period=limits.CODES_PERIOD, now=timezone.now())
        counts.append((limits_answer, Message.objects.count() - before))
    assert [answer for answer, _ in counts] == [True] * 5 + [False]
    assert Attempt.objects.count() == 1


def test_a_window_opens_again(amina):
    start = timezone.now()
    asked = [
        limits.hit("x", "y", limit=1, period=timedelta(minutes=15), now=start + timedelta(minutes=m))
        for m in (0, 14, 15, 16)
    ]
    assert asked == [True, False, True, False]
    assert limits.forget_ended(start + timedelta(hours=1)) == 1
    assert Attempt.objects.count() == 0


@pytest.mark.parametrize(
    ("proxies", "forwarded", "counted"),
    [
        (0, "203.0.113.9", "127.0.0.1"),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "10.0.0.1, 203.0.113.9", "203.0.113.9"),
        (2, "203.0.113.9, 10.0.0.1", "203.0.113.9"),
        (2, "203.0.113.9", "127.0.0.1"),
        (1, "nonsense\x0b", "0.0.0.0"),  # noqa: S104
    ],
)
def test_a_forged_header_changes_nobodys_address(rf, settings, proxies, forwarded, counted):
    """ASVS 4.1.3, 15.3.4: X-Forwarded-For counts only as far as proxies of ours wrote it."""
    settings.TRUSTED_PROXIES = proxies
    assert limits.client_address(rf.get("/", headers={"x-forwarded-for": forwarded})) == counted


def test_an_ipv6_customer_counts_as_one():
    assert limits.network_of("2001:db8::1") == limits.network_of("2001:db8::ffff") == "2001:db8::/64"
    assert limits.network_of("192.0.2.1") == "192.0.2.1"


# Where one lands (3.7.2)


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "/\\evil.example",
        "https:evil.example",
        "https://evil.example/",
        "/%2f%2fevil.example",
        "/\t/evil.example",
        "http://testserver@evil.example/",
        "javascript:alert(1)",
    ],
)
def test_nobody_is_led_elsewhere(client, amina, target):
    address = f"{reverse('account_login')}?{urlencode({'next': target})}"
    asked = client.post(address, {"email": amina.email, "next": target})
    assert asked["Location"] == reverse("account_confirm_login_code") or target == "/%2f%2fevil.example"
    address = f"{reverse('account_confirm_login_code')}?{urlencode({'next': target})}"
    response = enter_code(client, mailed_code(amina.email), address)
    assert response["Location"] in (reverse("desk:home-show"), "/%2f%2fevil.example")


def test_the_page_one_came_for_opens(client, amina):
    wanted = reverse("accounts:session-list")
    refused = client.get(wanted)
    assert refused["Location"] == f"{reverse('account_login')}?next={wanted}"
    asked = client.post(refused["Location"], {"email": amina.email})
    assert enter_code(client, mailed_code(amina.email), asked["Location"])["Location"] == wanted


# Sessions (7.2.4, 7.3.1, 7.3.2, 7.4.1 to 7.4.5)


def test_signing_in_makes_a_new_session_key(client, amina):
    ask_for_code(client, amina.email)
    before = client.session.session_key
    enter_code(client, mailed_code(amina.email))
    assert client.session.session_key != before
    assert not Session.objects.filter(session_key=before).exists()


def test_signing_out_asks_first_and_then_ends_the_session(client, amina):
    sign_in(client, amina)
    key = client.session.session_key
    assert client.get(reverse("account_logout")).status_code == 200
    assert Session.objects.filter(session_key=key).exists()
    response = client.post(reverse("account_logout"))
    assert response["Clear-Site-Data"] == '"cache", "storage"'
    assert not Session.objects.filter(session_key=key).exists()


def test_an_idle_session_ends(client, amina):
    sign_in(client, amina)
    start = timezone.now()
    idle = timedelta(seconds=django_settings.SESSION_IDLE_SECONDS)
    with time_machine.travel(start + idle - timedelta(minutes=1), tick=False):
        assert signed_in(client)
    with time_machine.travel(start + idle * 2 - timedelta(minutes=2), tick=False):
        assert signed_in(client)
    with time_machine.travel(start + idle * 3, tick=False):
        assert not signed_in(client)


def test_a_busy_session_ends_after_a_working_day(client, amina):
    sign_in(client, amina)
    start = timezone.now()
    for hours in range(1, 12):
        with time_machine.travel(start + timedelta(hours=hours), tick=False):
            assert signed_in(client)
    with time_machine.travel(start + timedelta(seconds=django_settings.SESSION_COOKIE_AGE + 60), tick=False):
        assert not signed_in(client)


def test_a_closed_account_is_signed_out_at_once(client, amina):
    sign_in(client, amina)
    amina.is_active = False
    amina.save(update_fields=["is_active"])
    assert not signed_in(client)


def test_ending_a_session_signs_out_there(client, amina):
    elsewhere = Client()
    sign_in(client, amina)
    sign_in(elsewhere, amina)
    row = amina.usersession_set.get(session_key=elsewhere.session.session_key)
    assert client.get(reverse("accounts:session-end", args=[row.pk])).status_code == 405
    assert client.post(reverse("accounts:session-end", args=[row.pk])).status_code == 302
    assert (signed_in(elsewhere), signed_in(client)) == (False, True)
    assert Entry.objects.filter(verb="ended a session").count() == 1


def test_nobody_ends_somebody_elses_session(client, amina):
    stranger = PersonFactory()
    sign_in(client, amina)
    elsewhere = Client()
    sign_in(elsewhere, stranger)
    row = stranger.usersession_set.get()
    assert client.post(reverse("accounts:session-end", args=[row.pk])).status_code == 404
    assert signed_in(elsewhere)


def test_ending_the_others_keeps_this_one(client, amina):
    others = [Client(), Client()]
    for each in (client, *others):
        sign_in(each, amina)
    assert client.post(reverse("accounts:session-end-others")).status_code == 302
    assert [signed_in(each) for each in (client, *others)] == [True, False, False]


def test_ended_sessions_and_counts_are_tidied_away(client, amina):
    from accounts.tasks import tidy

    sign_in(client, amina)
    with time_machine.travel(timezone.now() + timedelta(days=2), tick=False):
        tidy()
    assert (Session.objects.count(), Attempt.objects.count(), amina.usersession_set.count()) == (0, 0, 0)


# Cookies and pages (3.3.1 to 3.3.4, 14.3.2)


def test_cookies_are_out_of_reach_of_scripts(client, amina):
    ask_for_code(client, amina.email)
    enter_code(client, mailed_code(amina.email))
    for name in (django_settings.SESSION_COOKIE_NAME, limits.known_browser_cookie()):
        cookie = client.cookies[name]
        assert (bool(cookie["httponly"]), cookie["samesite"], cookie["domain"]) == (True, "Lax", ""), name


def test_pages_of_somebody_signed_in_are_kept_nowhere(client, amina):
    sign_in(client, amina)
    assert "no-store" in client.get(reverse("accounts:account-show"))["Cache-Control"]


def test_a_form_of_another_site_signs_nobody_in(amina):
    """ASVS 3.5.1: the form for signing in is protected too."""
    client = Client(enforce_csrf_checks=True)
    assert ask_for_code(client, amina.email).status_code == 403
    assert Message.objects.count() == 0


@pytest.mark.parametrize("address", ["", "nobody", "a@", "a\x00b@example.org", "x" * 300 + "@example.org", "a@b@c"])
def test_what_is_no_address_gets_a_sentence(client, address):
    response = ask_for_code(client, address)
    assert response.status_code == 200
    assert response.context["form"].errors["email"]
    assert Message.objects.count() == 0
