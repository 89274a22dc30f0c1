"""Personal links: ASVS 5.0 9.1.1, 9.2.1 to 9.2.3, 11.5.1, 14.2.1 and 3.5.3."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts import links
from accounts.links import LinkEnded, LinkNotOpened, LinkRevoked, LinkRow, LinkUnknown
from accounts.models import PersonalLink
from history.actions import CLOCK
from history.models import Entry
from tests.accounts.factories import PersonFactory, a_link

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.accounts.link_urls")]


@pytest.fixture(autouse=True)
def purposes(monkeypatch):
    monkeypatch.setattr(links, "PURPOSES", {})
    links.register_purpose("test", "t", resend="test-resend")
    links.register_purpose("other", "o")


def test_a_token_opens_its_link_until_it_ends():
    link = a_link(now=NOW, ends_at=NOW + timedelta(days=1))
    token = links.token_of(link)
    assert links.find(token, "test", NOW) == link
    assert links.find(token, "test", NOW + timedelta(days=1, microseconds=-1)) == link
    with pytest.raises(LinkEnded):
        links.find(token, "test", NOW + timedelta(days=1))


def test_the_token_has_128_bits_or_more_and_can_be_derived_again():
    link = a_link()
    mac = links.token_of(link).partition("-")[2]
    assert len(base64.urlsafe_b64decode(mac + "=")) * 8 == 160
    assert links.token_of(PersonalLink.objects.get(pk=link.pk)) == links.token_of(link)


def test_the_address_is_built_from_the_setting(settings):
    settings.SITE_URL = "https://briefings.example.org"
    link = a_link()
    assert links.address_of(link) == f"https://briefings.example.org/t/{links.token_of(link)}/"


def test_the_database_alone_gives_no_token(settings):
    link = a_link()
    token = links.token_of(link)
    settings.SECRET_KEY = "another key " * 5
    assert links.token_of(link) != token
    with pytest.raises(LinkUnknown):
        links.find(token, "test", timezone.now())


def test_an_old_key_still_opens_while_it_is_a_fallback(settings):
    link = a_link()
    token = links.token_of(link)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another key " * 5
    assert links.find(token, "test", timezone.now()) == link
    assert links.token_of(link) != token


@pytest.mark.parametrize(
    "spoil",
    [
        lambda token: token[:-1],
        lambda token: token + "A",
        lambda token: token[:-1] + ("A" if token[-1] != "A" else "B"),
        lambda token: "9" + token,
        lambda token: token.replace("-", "", 1),
        lambda token: token.split("-")[0] + "-",
        lambda token: "٣-" + token.partition("-")[2],
        lambda token: "99999999999999999999-" + token.partition("-")[2],
        lambda token: "",
    ],
)
def test_a_spoiled_token_opens_nothing(spoil):
    with pytest.raises(LinkUnknown):
        links.find(spoil(links.token_of(a_link())), "test", timezone.now())


def test_a_token_opens_one_purpose_only():
    with pytest.raises(LinkUnknown):
        links.find(links.token_of(a_link()), "other", timezone.now())


@pytest.mark.parametrize("column", ["nonce", "about"])
def test_a_token_does_not_open_a_later_row_with_the_same_number(column):
    link = a_link()
    token = links.token_of(link)
    PersonalLink.objects.filter(pk=link.pk).update(**{column: "0" * 32})
    with pytest.raises(LinkUnknown):
        links.find(token, "test", timezone.now())


def test_a_token_does_not_follow_to_another_person():
    link = a_link(person=PersonFactory())
    token = links.token_of(link)
    PersonalLink.objects.filter(pk=link.pk).update(person=PersonFactory())
    with pytest.raises(LinkUnknown):
        links.find(token, "test", timezone.now())


def test_a_revoked_link_opens_nothing_and_says_so_in_the_history():
    link = a_link()
    revoked = links.revoke(link, by=CLOCK, now=NOW)
    assert revoked.revoked_at == NOW
    with pytest.raises(LinkRevoked) as refusal:
        links.find(links.token_of(link), "test", timezone.now())
    assert refusal.value.link == link
    assert links.revoke(link, CLOCK, NOW + timedelta(hours=1)).revoked_at == NOW
    assert [entry.verb for entry in Entry.objects.filter(object_type="accounts.personallink")] == ["revoked"]


def test_the_links_of_a_closed_account_open_nothing():
    person = PersonFactory()
    link = a_link(person=person)
    person.is_active = False
    person.save(update_fields=["is_active"])
    with pytest.raises(LinkRevoked):
        links.find(links.token_of(link), "test", timezone.now())


def test_a_link_needs_a_known_purpose_and_an_end_ahead():
    with pytest.raises(ValueError, match="Register"):
        a_link(purpose="nothing")
    with pytest.raises(ValueError, match="after now"):
        a_link(now=NOW, ends_at=NOW)


def test_a_purpose_is_registered_once():
    assert links.register_purpose("test", "/t/", resend="test-resend").path_prefix == "t"
    with pytest.raises(ValueError, match="clashes"):
        links.register_purpose("test", "elsewhere")
    with pytest.raises(ValueError, match="clashes"):
        links.register_purpose("third", "t")


def test_many_links_are_written_in_few_statements(django_assert_num_queries):
    people = [PersonFactory() for _ in range(3)]
    rows = [LinkRow("test", person, person, NOW + timedelta(days=9)) for person in people * 4_000]
    with django_assert_num_queries(3):
        made = links.make_links(rows, NOW)
    assert [link.person_id for link in made] == [person.pk for person in people] * 4_000
    assert len({links.token_of(link) for link in made}) == 12_000
    assert links.find(links.token_of(made[-1]), "test", NOW).person == people[2]


# In the browser


def path(link) -> str:
    return f"/t/{links.token_of(link)}/"


def test_the_token_is_exchanged_for_a_cookie_of_this_link(client):
    link = a_link(person=PersonFactory(name="Amina Samplewood"))
    response = client.get(path(link))
    assert (response.status_code, response["Location"]) == (302, f"/t/{link.pk}/")
    cookie = response.cookies["link"]
    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == (f"/t/{link.pk}/", True, "Lax")
    assert links.token_of(link).partition("-")[2] not in cookie.value
    assert response["Referrer-Policy"] == "no-referrer"
    assert "no-store" in response["Cache-Control"]
    page = client.get(f"/t/{link.pk}/")
    assert page.content == f"GET {link.pk} for Amina Samplewood".encode()
    assert "no-store" in page["Cache-Control"]


def test_the_cookie_is_secure_in_production(client, settings):
    settings.SESSION_COOKIE_SECURE = True
    response = client.get(path(a_link()), secure=True)
    assert response.cookies["__Secure-link"]["secure"]


def test_scanners_change_nothing_and_the_link_works_afterwards(client):
    link = a_link()
    before = list(PersonalLink.objects.values())
    for _ in range(3):
        assert Client().head(path(link)).status_code == 302
        assert Client().get(path(link)).status_code == 302
    assert Client().post(path(link)).status_code == 405
    assert list(PersonalLink.objects.values()) == before
    assert Entry.objects.count() == 0
    assert client.get(path(link), follow=True).status_code == 200


def test_two_links_in_two_tabs_never_mix(client):
    first, second = a_link(person=PersonFactory(name="First One")), a_link(person=PersonFactory(name="Second One"))
    jar = {link.pk: client.get(path(link)).cookies["link"].value for link in (first, second)}
    for link in (first, second):
        browser = Client()
        browser.cookies["link"] = jar[link.pk]  # a browser sends the cookie of the matching path only
        assert link.person.name.encode() in browser.get(f"/t/{link.pk}/deep/").content
        other = second if link is first else first
        assert browser.get(f"/t/{other.pk}/").status_code == 403


def test_a_cookie_of_another_purpose_opens_nothing(client):
    other = a_link(purpose="other")
    client.get(f"/o/{links.token_of(other)}/")
    assert client.get(f"/t/{other.pk}/").status_code == 403


@pytest.mark.parametrize("value", ["", "test:1:", "test:1:" + "0" * 32])
def test_a_forged_or_missing_cookie_opens_nothing(client, value):
    link = a_link()
    if value:
        client.cookies["link"] = value
    response = client.get(f"/t/{link.pk}/")
    assert response.status_code == 403
    assert LinkNotOpened.title in response.content.decode()


def test_an_open_page_ends_with_its_link(client):
    link = a_link()
    client.get(path(link))
    with time_machine.travel(timezone.now() + timedelta(hours=11), tick=False):
        assert client.get(f"/t/{link.pk}/").status_code == 200
        links.revoke(link, CLOCK, timezone.now())
        response = client.get(f"/t/{link.pk}/")
    assert response.status_code == 403
    assert LinkRevoked.sentence in response.content.decode()


def test_an_open_page_needs_its_mail_again_after_twelve_hours(client):
    link = a_link(ends_at=timezone.now() + timedelta(days=9))
    client.get(path(link))
    with time_machine.travel(timezone.now() + timedelta(hours=13), tick=False):
        assert LinkNotOpened.title in client.get(f"/t/{link.pk}/").content.decode()
        assert client.get(path(link), follow=True).status_code == 200


def test_an_ended_link_says_why_and_offers_a_new_one(client):
    link = a_link(now=NOW - timedelta(days=400), ends_at=NOW - timedelta(days=300))
    response = client.get(path(link))
    text = response.content.decode()
    assert response.status_code == 403
    assert "This link has ended" in text
    assert LinkEnded.sentence in text
    assert 'href="/resend/"' in text
    assert response["Referrer-Policy"] == "no-referrer"


def test_posts_through_a_link_are_protected_against_forgery():
    link, browser = a_link(), Client(enforce_csrf_checks=True)
    browser.get(path(link))
    assert browser.post(f"/t/{link.pk}/").status_code == 403
    browser.cookies["csrf"] = "a" * 32
    assert browser.post(f"/t/{link.pk}/", headers={"x-csrftoken": "a" * 32}).status_code == 200
