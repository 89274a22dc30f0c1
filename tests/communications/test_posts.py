"""What becomes of a post: each way, each refusal; published exactly once, at the right moment, and mailed once."""

import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time, timedelta

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction

from communications.actions import posts as actions
from communications.actions.posts import (
    NobodyCanRead,
    NothingCorrected,
    NotNow,
    TimePassed,
    WordsMoved,
    correct_post,
    drop_post,
    move_post,
    publish_due,
    publish_post,
    save_words,
    schedule_post,
    unschedule_post,
    withdraw_post,
    write_post,
)
from communications.actions.series import NotTheirs
from communications.models import Post, PostState, PostVersion
from communications.moments import NoSuchTime, TwiceThatNight, moment_of
from communications.queries.posts import stream_of
from history.refusals import Refused
from messaging.actions.streams import ask_for_stream, confirm_stream, leave_stream
from messaging.delivery import deliver_due
from messaging.models import Message, Subscription
from tests.briefings.factories import NOW
from tests.communications.factories import DECEMBER, Desk

pytestmark = pytest.mark.django_db
LATER = DECEMBER + timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def desk():
    return Desk()


def subscribed(series, address="reader@example.org") -> Subscription:
    ask_for_stream(stream=stream_of(series), address=address, now=NOW)
    return confirm_stream(subscription=Subscription.objects.get(subscriber__address=address), now=NOW)


def mails() -> list[Message]:
    return list(Message.objects.filter(kind="communications.post").order_by("pk"))


# Writing


def test_a_draft_is_for_who_writes_the_series_alone(desk):
    post = desk.write()
    assert (post.position, post.slug, post.state) == (1, "a-partridge-in-a-pear-tree", "draft")
    assert desk.write().slug == "a-partridge-in-a-pear-tree-2"
    assert actions.write_post(
        series=desk.series, title="Feed", lead="", words="x", by=desk.coordinator, now=NOW
    ).slug == "feed-2", "an address that is taken by something else"  # fmt: skip
    with pytest.raises(NotTheirs):
        write_post(series=desk.series, title="x", lead="", words="x", by=desk.stranger, now=NOW)
    assert list(Post.objects.published()) == []


def test_two_who_write_at_once_lose_no_words(desk):
    post = desk.write()
    save_words(post=post, title="Mine", lead="", words="Mine", seen=1, by=desk.author, now=NOW)
    with pytest.raises(WordsMoved) as refused:
        save_words(post=post, title="Theirs", lead="", words="Theirs", seen=1, by=desk.coordinator, now=NOW)
    assert (refused.value.post.words, refused.value.post.edition) == ("Mine", 2)
    kept = save_words(post=post, title="Both", lead="", words="Both", seen=2, by=desk.coordinator, now=NOW)
    assert (kept.slug, kept.edition, kept.changed_by) == ("both", 3, desk.coordinator)
    same = save_words(post=post, title="Both", lead="", words="Both", seen=3, by=desk.author, now=NOW)
    assert same.edition == 3, "what is the same is no change"


@pytest.mark.parametrize("act", ["save", "schedule", "unschedule", "publish", "correct", "withdraw", "drop", "move"])
def test_nobody_else_does_anything_to_a_post(desk, act):
    post = desk.published() if act in ("correct", "withdraw") else desk.write()
    if act == "unschedule":
        post = schedule_post(post=post, at=DECEMBER, by=desk.author, now=NOW)
    words = {"title": "x", "lead": "", "words": "x", "seen": post.edition}
    who = {"post": post, "by": desk.stranger, "now": NOW}
    with pytest.raises(NotTheirs):
        {
            "save": lambda: save_words(**words, **who),
            "schedule": lambda: schedule_post(at=DECEMBER, **who),
            "unschedule": lambda: unschedule_post(**who),
            "publish": lambda: publish_post(**who),
            "correct": lambda: correct_post(note="x", **words, **who),
            "withdraw": lambda: withdraw_post(reason="x", **who),
            "drop": lambda: drop_post(**who),
            "move": lambda: move_post(up=True, **who),
        }[act]()
    assert Post.objects.get(pk=post.pk).edition == post.edition


def test_posts_change_places(desk):
    first, second = desk.write("One"), desk.write("Two")
    assert move_post(post=second, up=True, by=desk.author, now=NOW)
    assert [post.title for post in desk.series.posts.all()] == ["Two", "One"]
    assert not move_post(post=second, up=True, by=desk.author, now=NOW)
    assert move_post(post=second, up=False, by=desk.author, now=NOW)
    assert [post.pk for post in desk.series.posts.all()] == [first.pk, second.pk]


# Times


@pytest.mark.parametrize(
    ("day", "at", "expected"),
    [
        (date(2026, 12, 1), time(8), datetime(2026, 12, 1, 8, tzinfo=UTC)),
        (date(2027, 3, 27), time(8), datetime(2027, 3, 27, 8, tzinfo=UTC)),
        (date(2027, 3, 28), time(0, 59), datetime(2027, 3, 28, 0, 59, tzinfo=UTC)),
        (date(2027, 3, 28), time(2), datetime(2027, 3, 28, 1, tzinfo=UTC)),
        (date(2027, 3, 28), time(8), datetime(2027, 3, 28, 7, tzinfo=UTC)),
        (date(2027, 10, 31), time(0, 59), datetime(2027, 10, 30, 23, 59, tzinfo=UTC)),
        (date(2027, 10, 31), time(2), datetime(2027, 10, 31, 2, tzinfo=UTC)),
        (date(2027, 10, 31), time(8), datetime(2027, 10, 31, 8, tzinfo=UTC)),
    ],
)
def test_a_local_time_is_one_moment(day, at, expected):
    assert moment_of(day, at, "Europe/London") == expected


def test_the_hour_that_is_lost_and_the_hour_that_is_doubled_are_not_guessed():
    for at in (time(1), time(1, 30), time(1, 59)):
        with pytest.raises(NoSuchTime, match="28 March 2027 the clocks go forward"):
            moment_of(date(2027, 3, 28), at, "Europe/London")
        with pytest.raises(TwiceThatNight, match="31 October 2027 the clocks go back"):
            moment_of(date(2027, 10, 31), at, "Europe/London")


# Published exactly once


@pytest.mark.parametrize("day", [date(2027, 3, 28), date(2027, 10, 31)])
def test_across_a_change_of_clocks_it_is_published_at_its_hour_once(desk, day):
    reader = subscribed(desk.series)
    moment = moment_of(day, time(8), desk.series.zone)
    post = schedule_post(post=desk.write(), at=moment, by=desk.author, now=NOW)
    assert publish_due(now=moment - timedelta(seconds=1)) == 0
    assert [publish_due(now=moment + timedelta(minutes=minutes)) for minutes in (0, 1, 60)] == [1, 0, 0]
    post.refresh_from_db()
    assert (post.state, post.published_at) == ("published", moment)
    assert [mail.refs["subscription"] for mail in mails()] == [reader.pk]


def test_after_a_standstill_it_is_published_once_when_the_clock_runs_again(desk):
    subscribed(desk.series)
    schedule_post(post=desk.write(), at=DECEMBER, by=desk.author, now=NOW)
    days_later = DECEMBER + timedelta(days=3)
    assert publish_due(now=days_later) == 1
    assert publish_due(now=days_later) == 0
    assert (PostVersion.objects.count(), len(mails())) == (1, 1)


def test_a_restart_in_the_middle_leaves_nothing_half_done(desk, monkeypatch):
    subscribed(desk.series)
    schedule_post(post=desk.write(), at=DECEMBER, by=desk.author, now=NOW)

    def killed(*args, **kwargs):
        raise SystemExit

    with monkeypatch.context() as patch, contextlib.suppress(SystemExit), transaction.atomic():
        patch.setattr(actions.messages, "send_to_readers", killed)
        publish_due(now=DECEMBER)
    assert (Post.objects.get().state, PostVersion.objects.count(), len(mails())) == ("scheduled", 0, 0)
    assert publish_due(now=LATER) == 1
    assert (Post.objects.get().state, PostVersion.objects.count(), len(mails())) == ("published", 1, 1)


def test_one_post_that_cannot_be_published_keeps_no_other_waiting(desk, monkeypatch):
    broken, good = desk.write("Broken"), desk.write("Good")
    for post in (broken, good):
        schedule_post(post=post, at=DECEMBER, by=desk.author, now=NOW)
    send = actions.messages.send_to_readers

    def fails(post, *, now):
        if post.pk == broken.pk:
            raise ValueError("cannot")
        return send(post, now=now)

    with monkeypatch.context() as patch:
        patch.setattr(actions.messages, "send_to_readers", fails)
        assert publish_due(now=DECEMBER) == 1
    assert list(Post.objects.published()) == [good]
    assert publish_due(now=LATER) == 1


def test_who_left_meanwhile_gets_no_mail(desk):
    reader = subscribed(desk.series)
    desk.published()
    leave_stream(subscription=reader, now=NOW)
    deliver_due()
    assert [(mail.state, mail.reason) for mail in mails()] == [("withheld", "stream_left")]


def test_a_post_that_is_withdrawn_before_its_mail_goes_is_not_mailed(desk):
    subscribed(desk.series)
    withdraw_post(post=desk.published(), reason="The figures were wrong.", by=desk.author, now=NOW)
    deliver_due()
    assert [(mail.state, mail.reason) for mail in mails()] == [("withheld", "post_withdrawn")]


def test_no_mail_goes_when_the_programme_is_not_public(desk):
    subscribed(desk.series)
    desk.published("Before")
    desk.programme.is_public = False
    desk.programme.save()
    deliver_due()
    assert [(mail.state, mail.reason) for mail in mails()] == [("withheld", "post_withdrawn")]


def test_nothing_is_published_where_nobody_could_read_it(desk):
    post, late = desk.write(), desk.write("Late")
    schedule_post(post=late, at=DECEMBER, by=desk.author, now=NOW)
    desk.programme.is_public = False
    desk.programme.save()
    with pytest.raises(NobodyCanRead):
        publish_post(post=post, by=desk.author, now=NOW)
    with pytest.raises(NobodyCanRead):
        schedule_post(post=post, at=DECEMBER, by=desk.author, now=NOW)
    assert publish_due(now=DECEMBER) == 0
    late.refresh_from_db()
    assert late.state == PostState.SCHEDULED
    desk.programme.is_public = True
    desk.programme.save()
    assert publish_due(now=DECEMBER) == 1


def test_a_time_is_ahead_and_can_be_moved_or_taken_back(desk):
    post = desk.write()
    with pytest.raises(TimePassed):
        schedule_post(post=post, at=NOW, by=desk.author, now=NOW)
    schedule_post(post=post, at=DECEMBER, by=desk.author, now=NOW)
    schedule_post(post=post, at=DECEMBER + timedelta(days=1), by=desk.author, now=NOW)
    assert publish_due(now=DECEMBER) == 0
    assert unschedule_post(post=post, by=desk.author, now=NOW).publish_at is None
    assert publish_due(now=DECEMBER + timedelta(days=2)) == 0


def test_what_is_published_is_not_published_again_nor_scheduled(desk):
    post = desk.published()
    for act in (publish_post, unschedule_post, drop_post):
        with pytest.raises(NotNow):
            act(post=post, by=desk.author, now=NOW)
    with pytest.raises(NotNow):
        schedule_post(post=post, at=DECEMBER, by=desk.author, now=NOW)
    with pytest.raises(NotNow):
        save_words(post=post, title="x", lead="", words="x", seen=post.edition, by=desk.author, now=NOW)


# Corrections, and the end


def test_a_correction_says_what_and_keeps_what_was(desk):
    subscribed(desk.series)
    post = desk.published(words="Twelve pears.")
    with pytest.raises(WordsMoved):
        correct_post(post=post, title=post.title, lead="", words="x", note="x", seen=1, by=desk.author, now=LATER)
    with pytest.raises(NothingCorrected):
        correct_post(
            post=post, title=post.title, lead="", words=post.words, note="x", seen=2, by=desk.author, now=LATER
        )
    kept = correct_post(
        post=post, title=post.title, lead="", words="Eleven pears.", note="It was eleven.", seen=2, by=desk.author,
        now=LATER,
    )  # fmt: skip
    assert (kept.words, kept.corrected_at, kept.slug) == ("Eleven pears.", LATER, post.slug)
    assert [(each.number, each.words, each.note) for each in kept.versions.all()] == [
        (1, "Twelve pears.", ""), (2, "Eleven pears.", "It was eleven."),
    ]  # fmt: skip
    assert len(mails()) == 1, "nothing is mailed again"


def test_only_what_is_published_is_corrected_or_withdrawn_and_only_drafts_are_dropped(desk):
    draft = desk.write()
    with pytest.raises(NotNow):
        correct_post(post=draft, title="x", lead="", words="x", note="x", seen=1, by=desk.author, now=NOW)
    with pytest.raises(NotNow):
        withdraw_post(post=draft, reason="x", by=desk.author, now=NOW)
    drop_post(post=draft, by=desk.author, now=NOW)
    assert not Post.objects.exists()
    gone = withdraw_post(post=desk.published(), reason="Wrong.", by=desk.author, now=NOW)
    assert (gone.state, gone.withdrawn_because) == (PostState.WITHDRAWN, "Wrong.")
    with pytest.raises(NotNow):
        withdraw_post(post=gone, reason="Wrong.", by=desk.author, now=NOW)


# Two timetables


@pytest.fixture
def both_have_read(monkeypatch):
    """Hold each who publishes, after it has looked at the post, until the other has looked too or cannot."""
    barrier, keep = threading.Barrier(2), actions._keep_version

    def wait_and_go_on(*args):
        with contextlib.suppress(threading.BrokenBarrierError):  # the other finds the row held: the guard at work
            barrier.wait(timeout=0.5)
        return keep(*args)

    monkeypatch.setattr(actions, "_keep_version", wait_and_go_on)


def two_timetables() -> list:
    def run(_) -> int | str:
        try:
            return publish_due(now=DECEMBER)
        except (Refused, IntegrityError) as error:
            return type(error).__name__
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        return sorted(pool.map(run, range(2)), key=str)


@pytest.mark.django_db(transaction=True)
def test_two_timetables_publish_once_and_mail_once(both_have_read, caplog):
    desk = Desk()
    subscribed(desk.series)
    schedule_post(post=desk.write(), at=DECEMBER, by=desk.author, now=NOW)
    assert two_timetables() == [0, 1]
    assert caplog.text == "", "the second passed over a row that was held"
    assert (PostVersion.objects.count(), len(mails())) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_control_without_the_lock_both_publish_and_the_database_refuses_one(both_have_read, monkeypatch, caplog):
    desk = Desk()
    subscribed(desk.series)
    schedule_post(post=desk.write(), at=DECEMBER, by=desk.author, now=NOW)
    monkeypatch.setattr(actions, "_hold_series", lambda pk: True)
    assert two_timetables() == [0, 1]
    assert "IntegrityError" in caplog.text, "both wrote the first version, and the database took one"
    assert (PostVersion.objects.count(), len(mails())) == (1, 1)
