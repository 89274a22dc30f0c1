"""Streams: asked for, confirmed by the owner of the address, left by one POST as RFC 8058 wants it."""

from datetime import timedelta
from email import message_from_bytes
from email.policy import default

import pytest
from django.test import Client

import messaging.actions
from messaging import kinds, streams
from messaging.actions.streams import (
    AskedTooLongAgo,
    ask_for_stream,
    confirm_stream,
    forget_subscribers,
    leave_stream,
)
from messaging.delivery import deliver_due
from messaging.kinds import Content
from messaging.models import Bounce, Delivered, Message, Subscriber, Subscription, SubscriptionState

pytestmark = pytest.mark.django_db
STREAM, OTHER = "test.series:1", "test.series:2"
READER = "reader@example.org"


@pytest.fixture(autouse=True)
def known():
    """Two streams with names, and a kind of mails for them."""
    streams.register("test.series:", lambda keys: {key: streams.Stream(key, f"Series {key[-1]}") for key in keys})
    kind = streams.kind("test.post", lambda message, own: Content("New", "Words\n"), stream="posts", label="Post")
    kinds.register(kind)
    yield
    kinds.unregister("test.post")
    streams._sources.pop("test.series:")


@pytest.fixture
def reader(now) -> Subscription:
    return _subscribed(now)


def _subscribed(now, stream=STREAM, address=READER) -> Subscription:
    ask_for_stream(stream=stream, address=address, now=now)
    own = Subscription.objects.get(stream=stream, subscriber__address=address)
    return confirm_stream(subscription=own, now=now)


def _plan(own: Subscription, now, name="one") -> Message:
    return messaging.actions.queue(
        kind="test.post", key=f"post:{name}:{own.pk}", to=None, address=own.subscriber.address,
        refs={"subscription": own.pk}, now=now,
    )  # fmt: skip


def _path(address: str, settings) -> str:
    return address.removeprefix(settings.SITE_URL)


def _mails() -> list:
    return [message_from_bytes(bytes(each.raw), policy=default) for each in Delivered.objects.order_by("pk")]


# Asking and confirming


def test_nothing_goes_to_an_address_that_its_owner_has_not_confirmed(now, settings):
    ask_for_stream(stream=STREAM, address="  Reader@Example.org ", now=now)
    own = Subscription.objects.get()
    assert (own.state, own.subscriber.address) == ("asked", READER)
    assert list(Subscription.objects.confirmed()) == []
    deliver_due()
    words = _mails()[0].get_body().get_content()
    assert streams.confirm_address(own) in words
    assert "List-Unsubscribe" not in _mails()[0]
    path = _path(streams.confirm_address(own), settings)
    client = Client()
    for look in (client.get, client.head):
        assert look(path).status_code == 200
    assert Subscription.objects.get().state == "asked"
    assert "Yes, send them to me" in client.get(path).content.decode()
    assert "You get these mails now" in client.post(path).content.decode()
    assert client.post(path).status_code == 200
    assert Subscription.objects.get().state == "confirmed"


def test_who_asks_learns_nothing_and_cannot_fill_a_mailbox(now, reader):
    Message.objects.all().delete()
    for minutes in (0, 1, 5, 9):
        ask_for_stream(stream=STREAM, address=READER, now=now + timedelta(minutes=minutes))
    assert Message.objects.count() == 0
    ask_for_stream(stream=STREAM, address=READER, now=now + timedelta(minutes=11))
    assert Message.objects.get().kind == "messaging.stream_already"
    reader.refresh_from_db()
    assert reader.state == "confirmed"


def test_many_streams_fill_no_mailbox_either(now):
    """However many streams a stranger asks for, an address gets three mails an hour and six a day."""
    for number in range(12):
        ask_for_stream(stream=f"test.series:{number}", address=READER, now=now)
    assert (Message.objects.count(), Subscription.objects.count()) == (3, 3)
    for hour in range(1, 12):
        for number in range(2):
            ask_for_stream(stream=f"test.series:{number}", address=READER, now=now + timedelta(hours=2 * hour))
    assert Message.objects.count() == 6
    ask_for_stream(stream=STREAM, address="another@example.org", now=now)
    assert Message.objects.count() == 7
    ask_for_stream(stream=STREAM, address=READER, now=now + timedelta(hours=25))
    assert Message.objects.count() == 8


def test_a_link_to_confirm_ends_after_a_week_and_by_leaving(now, settings):
    ask_for_stream(stream=STREAM, address=READER, now=now)
    own = Subscription.objects.get()
    with pytest.raises(AskedTooLongAgo):
        confirm_stream(subscription=own, now=now + timedelta(days=7))
    leave_stream(subscription=own, now=now)
    with pytest.raises(AskedTooLongAgo):
        confirm_stream(subscription=own, now=now)
    old = _path(streams.confirm_address(own), settings)
    assert Client().post(old).status_code == 409
    ask_for_stream(stream=STREAM, address=READER, now=now + timedelta(minutes=1))
    assert Client().post(old).status_code == 404, "asking again makes another link"
    assert Subscription.objects.get().state == "asked"


# The mail


def test_a_mail_of_a_stream_says_how_it_is_left(now, reader):
    _plan(reader, now)
    deliver_due()
    mail = next(each for each in _mails() if each["Subject"] == "New")
    assert mail.get_all("List-Unsubscribe") == [f"<{streams.leave_address(reader)}>"]
    assert mail.get_all("List-Unsubscribe-Post") == ["List-Unsubscribe=One-Click"]
    assert Message.objects.get(kind="test.post").text is None, "the log keeps no body of it"


def test_a_kind_of_a_stream_without_the_headers_is_not_sent(now):
    kinds.register(kinds.Kind("test.forgetful", lambda message: Content("x", "x"), stream="posts"))
    messaging.actions.queue(kind="test.forgetful", key="f", to=None, address=READER, refs={}, now=now)
    deliver_due()
    assert Message.objects.get().state == "planned"
    kinds.unregister("test.forgetful")


def test_no_mail_after_leaving_even_if_planned(now, reader):
    planned = _plan(reader, now)
    leave_stream(subscription=reader, now=now)
    deliver_due()
    planned.refresh_from_db()
    assert (planned.state, planned.reason) == ("withheld", "stream_left")


def test_no_mail_to_an_address_from_which_mails_come_back_until_it_is_confirmed_again(now, reader):
    sent = _plan(reader, now, "sent")
    deliver_due()
    Bounce.objects.create(message=sent, address=READER, status="5.1.1", came_at=now)
    planned = _plan(reader, now, "next")
    deliver_due()
    planned.refresh_from_db()
    assert planned.reason == "mails_come_back"
    leave_stream(subscription=reader, now=now)
    _subscribed(now)
    _plan(reader, now, "third")
    deliver_due()
    assert Message.objects.get(key__isnull=False, kind="test.post", state="sent", pk__gt=planned.pk)


def test_who_reads_is_hidden_in_the_log(now, reader):
    from messaging.queries import hides_recipient

    assert all(hides_recipient(name) for name in ("test.post", "messaging.stream_confirm", "messaging.stream_already"))


# Leaving (RFC 8058, 3.1 and 3.2)


@pytest.mark.parametrize(
    "sent",
    [
        {"data": "List-Unsubscribe=One-Click", "content_type": "application/x-www-form-urlencoded"},
        {"data": {"List-Unsubscribe": "One-Click"}},
        {"data": b"", "content_type": "application/x-www-form-urlencoded"},
        {"data": b"", "content_type": ""},
        {"data": b"\xff\xfe", "content_type": "text/plain"},
    ],
    ids=["urlencoded", "multipart", "empty", "no type", "anything"],
)
def test_a_post_without_cookies_leaves(now, reader, settings, sent):
    client = Client(enforce_csrf_checks=True)
    path = _path(streams.leave_address(reader), settings)
    response = client.post(path, **sent)
    assert (response.status_code, response.headers.get("Location")) == (200, None)
    reader.refresh_from_db()
    assert reader.state == "left"
    left_at = reader.left_at
    assert client.post(path, **sent).content == response.content, "replayed, it is the same"
    reader.refresh_from_db()
    assert reader.left_at == left_at


def test_no_get_leaves(now, reader, settings):
    path = _path(streams.leave_address(reader), settings)
    for look in (Client().get, Client().head, Client().options):
        look(path)
    assert Client().get(path)["Referrer-Policy"] == "same-origin"
    assert "no-store" in Client().get(path)["Cache-Control"]
    reader.refresh_from_db()
    assert reader.state == "confirmed"


def test_wrong_links_and_readers_who_are_gone_get_the_same_page(now, reader, settings):
    path = _path(streams.leave_address(reader), settings)
    right = Client().post(path)
    other = _path(streams.preferences_address(reader.subscriber), settings).replace("preferences", "leave")
    for wrong in (
        path[:-3] + "xx/",
        "/mail/leave/9-x/",
        "/mail/leave/99999999999999999999999-x/",
        "/mail/leave/%00/",
        other,
    ):
        response = Client().post(wrong)
        assert (response.status_code, response.content) == (200, right.content), wrong
    Subscriber.objects.all().delete()
    assert Client().post(path).content == right.content
    assert "You get no more of these mails" in Client().get(path).content.decode()


def test_a_link_of_one_reader_leaves_nobody_elses(now, reader, settings):
    other = _subscribed(now, address="other@example.org")
    forged = _path(streams.leave_address(reader), settings).replace(f"/{reader.pk}-", f"/{other.pk}-")
    Client().post(forged)
    other.refresh_from_db()
    assert other.state == "confirmed"


# Preferences


def test_one_page_holds_all_that_an_address_gets(now, reader, settings):
    second = _subscribed(now, stream=OTHER)
    client = Client(enforce_csrf_checks=True)
    path = _path(streams.preferences_address(reader.subscriber), settings)
    page = client.get(path).content.decode()
    assert [each in page for each in ("Series 1", "Series 2", READER)] == [True, True, True]
    assert client.post(path, {"leave": "all"}).status_code == 403, "its buttons are protected, the header's address not"
    token = client.cookies["csrf" if "csrf" in client.cookies else settings.CSRF_COOKIE_NAME].value
    for wrong in ("", "x", str(second.pk + 100), "9" * 30):
        client.post(path, {"leave": wrong, "csrfmiddlewaretoken": token})
    assert Subscription.objects.confirmed().count() == 2
    page = client.post(path, {"leave": second.pk, "csrfmiddlewaretoken": token}).content.decode()
    assert ("Series 1" in page, "Series 2" in page) == (True, False)
    client.post(path, {"leave": "all", "csrfmiddlewaretoken": token})
    assert Subscription.objects.confirmed().count() == 0
    assert "No series goes to this address" in client.get(path).content.decode()


def test_a_stranger_of_another_address_cannot_leave_through_their_own_page(now, reader, settings):
    other = _subscribed(now, address="other@example.org")
    Client().post(_path(streams.preferences_address(reader.subscriber), settings), {"leave": other.pk})
    other.refresh_from_db()
    assert other.state == "confirmed"


# Forgetting


def test_addresses_go_when_their_time_is_over(now, reader):
    ask_for_stream(stream=STREAM, address="never@example.org", now=now)
    leave_stream(subscription=_subscribed(now, address="left@example.org"), now=now)
    deliver_due()
    assert forget_subscribers(now=now + timedelta(days=6)) == 0
    forget_subscribers(now=now + timedelta(days=7))
    assert set(Subscriber.objects.values_list("address", flat=True)) == {READER, "left@example.org"}
    assert not Message.objects.filter(address="never@example.org").exists()
    forget_subscribers(now=now + timedelta(days=30))
    assert list(Subscriber.objects.values_list("address", flat=True)) == [READER]


def test_readers_are_counted_in_one_query(now, reader, django_assert_num_queries):
    _subscribed(now, address="other@example.org")
    ask_for_stream(stream=STREAM, address="third@example.org", now=now)
    with django_assert_num_queries(1):
        assert streams.count_readers([STREAM, OTHER]) == {STREAM: 2, OTHER: 0}
    Bounce.objects.create(message=_plan(reader, now), address=READER, status="5.1.1", came_at=now)
    assert streams.count_readers([STREAM]) == {STREAM: 1}, "whom no mail reaches is no reader"
    assert SubscriptionState(reader.state).label == "Gets the mails"
