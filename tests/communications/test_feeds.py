"""Atom feeds: what RFC 4287 demands, names that stay, hostile words that stay words."""

from datetime import timedelta
from xml.etree import ElementTree

import feedparser
import pytest
import time_machine
from django.test import Client

from communications.actions.posts import correct_post, publish_post, withdraw_post, write_post
from tests.briefings.factories import NOW
from tests.communications.factories import Desk

pytestmark = pytest.mark.django_db
A = "{http://www.w3.org/2005/Atom}"
HOSTILE = "<script>alert('x')</script> ]]> & \x0b\ufffe\u202e \"q\" </title><entry/>"
LATER = NOW + timedelta(days=1)


@pytest.fixture(autouse=True)
def _today(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def desk():
    return Desk()


def feed_of(desk, path=""):
    response = Client().get(path or f"/posts/{desk.series.slug}/feed/")
    assert response["Content-Type"] == "application/atom+xml; charset=utf-8"
    musts(response.content)
    return feedparser.parse(response.content)


def musts(content: bytes) -> None:
    """Check what RFC 4287 says a feed and an entry must have, or must have once (4.1.1, 4.1.2, 4.2, 3.3)."""
    feed = ElementTree.fromstring(content)  # noqa: S314 (our own words)
    assert feed.tag == f"{A}feed"
    for thing in (feed, *feed.iter(f"{A}entry")):
        for name in ("id", "title", "updated"):
            assert len(thing.findall(f"{A}{name}")) == 1, name
            assert thing.find(f"{A}{name}").text
        for name in ("published", "rights", "summary", "content", "subtitle"):
            assert len(thing.findall(f"{A}{name}")) <= 1
        assert len(thing.findall(f"{A}link[@rel='alternate']")) == 1
        for moment in (*thing.findall(f"{A}updated"), *thing.findall(f"{A}published")):
            assert moment.text.endswith("Z")
        assert ":" in thing.find(f"{A}id").text, "an IRI"
    for entry in feed.iter(f"{A}entry"):
        assert entry.find(f"{A}author/{A}name").text, "each has an author, because the feed has none"
    assert len(feed.findall(f"{A}link[@rel='self']")) == 1
    ids = [entry.find(f"{A}id").text for entry in feed.iter(f"{A}entry")]
    assert len(ids) == len(set(ids))


def test_a_feed_holds_the_posts_newest_first_with_whole_addresses(desk, settings):
    desk.picture()
    desk.published("One", "First ![](1)", now=NOW)
    desk.published("Two", "Second", lead="In short", now=LATER)
    desk.write("A draft")
    parsed = feed_of(desk)
    assert not parsed.bozo
    assert parsed.feed.title == "Twelve days of records"
    assert [entry.title for entry in parsed.entries] == ["Two", "One"]
    two, one = parsed.entries
    assert two.link == f"{settings.SITE_URL}/posts/{desk.series.slug}/two/"
    assert (two.summary, two.author) == ("In short", "Meredith Archer")
    assert f'src="{settings.SITE_URL}/pictures/' in one.content[0].value
    raw = Client().get(f"/posts/{desk.series.slug}/feed/").content.decode()
    assert f'srcset="{settings.SITE_URL}/pictures/' in raw
    assert "CC BY 4.0" in one.rights


def test_a_correction_moves_the_moment_and_keeps_the_name(desk):
    post = desk.published(words="Twelve")
    before = feed_of(desk)
    correct_post(post=post, title="Better", lead="", words="Eleven", note="Eleven", seen=2, by=desk.author, now=LATER)
    after = feed_of(desk)
    assert before.entries[0].id == after.entries[0].id
    assert before.entries[0].id.startswith("tag:")
    assert (before.entries[0].published, after.entries[0].published) == ("2026-11-02T09:00:00Z",) * 2
    assert (after.entries[0].updated, after.feed.updated) == ("2026-11-03T09:00:00Z",) * 2
    assert before.feed.id == after.feed.id


def test_what_is_withdrawn_goes_from_the_feed_and_the_feed_says_so(desk):
    desk.published("Stays")
    withdraw_post(post=desk.published("Goes"), reason="Wrong", by=desk.author, now=LATER)
    parsed = feed_of(desk)
    assert [entry.title for entry in parsed.entries] == ["Stays"]
    assert parsed.feed.updated == "2026-11-03T09:00:00Z"


def test_hostile_words_are_words(settings):
    desk = Desk(title=HOSTILE[:140], author_name=HOSTILE[:150], credit_line=HOSTILE)
    desk.published(HOSTILE, f"{HOSTILE}\n\n[x](javascript:alert(1)) ![x](javascript:alert(1))", lead=HOSTILE)
    raw = Client().get(f"/posts/{desk.series.slug}/feed/").content
    parsed = feed_of(desk)
    assert not parsed.bozo
    assert len(parsed.entries) == 1
    tree = ElementTree.fromstring(raw)  # noqa: S314
    assert tree.find(f"{A}entry/{A}title").text.startswith("<script>alert('x')</script> ]]> &")
    html = tree.find(f"{A}entry/{A}content").text
    assert "<script" not in html
    assert "javascript:" not in html.replace("(javascript:alert(1))", "")
    assert b"<script" not in raw


def test_who_has_it_already_gets_no_more_than_that(desk):
    desk.published()
    path, client = f"/posts/{desk.series.slug}/feed/", Client()
    first = client.get(path)
    again = client.get(path, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get(path, headers={"If-Modified-Since": "Mon, 02 Nov 2026 09:00:00 GMT"}).status_code == 200
    desk.published("Two", now=LATER)
    assert client.get(path, headers={"If-None-Match": first["ETag"]}).status_code == 200


def test_a_programme_has_one_feed_of_all_its_series(desk, settings):
    path = f"/programmes/{desk.programme.slug}/posts/feed/"
    assert feed_of(desk, path).entries == []
    desk.published("One")
    name = feed_of(desk, path).feed.id
    settings.SITE_URL = "https://moved.example.org"
    assert feed_of(desk, path).feed.id == name, "the feed keeps its name when the site moves"
    other = desk.start(title="Another")
    post = write_post(series=other, title="Two", lead="", words="x", by=desk.coordinator, now=NOW)
    publish_post(post=post, by=desk.coordinator, now=LATER)
    assert [entry.title for entry in feed_of(desk, path).entries] == ["Two", "One"]
    desk.programme.is_public = False
    desk.programme.save()
    assert Client().get(path).status_code == 404
    assert Client().get(f"/posts/{desk.series.slug}/feed/").status_code == 404


@pytest.mark.parametrize("number", [1, 3])
def test_a_feed_costs_the_same_whatever_it_holds(desk, number, django_assert_num_queries):
    for each in range(number):
        desk.picture()
        desk.published(f"Post {each}", f"![]({each + 1})")
    with django_assert_num_queries(5):
        Client().get(f"/posts/{desk.series.slug}/feed/")
