from datetime import timedelta

import pytest
from celery import signals
from django.db import connection

from messaging import claims, delivery, kinds
from messaging.models import Attempt, Channel, Delivered, Message
from tests.messaging.factories import MessageFactory, PersonFactory
from tests.messaging.sink import dripping_server, free_port, scripted_server, wait_for

pytestmark = pytest.mark.django_db
State, Outcome = Message.State, Attempt.Outcome


def fate(message):
    message.refresh_from_db()
    return message.state, message.reason, message.last_error


def test_a_due_mail_arrives_and_its_row_says_so(note, sink):
    message = MessageFactory(person=PersonFactory(name="Siân O’Brien", email="sian@example.org"), address=None)

    assert delivery.deliver_due() == 1

    message.refresh_from_db()
    assert (message.state, message.attempts, message.claimed_by, message.in_doubt) == (State.SENT, 1, None, False)
    assert (message.sent_to, message.subject, message.text) == ("sian@example.org", f"Note {message.pk}", "Hello\n")
    assert sink.mails[0].rcpt_tos == ["sian@example.org"]
    assert sink.parsed()[0]["Message-ID"] == message.message_id
    assert [(a.outcome, a.code) for a in message.tries.all()] == [(Outcome.SENT, None)]


def test_nothing_is_sent_before_it_is_due_or_twice(note, sink, now):
    MessageFactory(due_at=now + timedelta(hours=1))
    MessageFactory()

    assert [delivery.deliver_due(), delivery.deliver_due()] == [1, 0]
    assert len(sink.mails) == 1


def test_many_mails_share_one_connection(note, sink):
    MessageFactory.create_batch(25)

    assert delivery.deliver_due() == 25
    assert len(sink.sessions) == 1


def test_the_more_urgent_goes_first(note, sink):
    for rank in (kinds.BULK, kinds.SERVICE, kinds.AT_ONCE):
        MessageFactory(rank=rank, address=f"rank{rank}@example.org")

    delivery.deliver_due()

    assert [mail.rcpt_tos[0] for mail in sink.mails] == ["rank0@example.org", "rank1@example.org", "rank2@example.org"]


def test_what_is_no_longer_wanted_is_withheld_with_its_reason(note, sink):
    unwanted, wanted = MessageFactory(refs={"unwanted": "place_given_up"}), MessageFactory()

    delivery.deliver_due()

    assert fate(unwanted) == (State.WITHHELD, "place_given_up", None)
    assert fate(wanted)[0] == State.SENT
    assert len(sink.mails) == 1


def test_a_person_without_an_address_gets_nothing(note, sink):
    message = MessageFactory(person=PersonFactory(email=None), address=None)
    delivery.deliver_due()
    assert fate(message) == (State.WITHHELD, "no_address", None)


def test_what_came_too_late_is_missed(note, sink, now):
    message = MessageFactory(due_at=now - timedelta(days=2), useful_until=now - timedelta(days=1))
    delivery.deliver_due()
    assert fate(message) == (State.MISSED, "too_late", None)


def test_a_kind_that_nobody_knows_is_held_and_the_others_go(note, sink):
    unknown, known = MessageFactory(kind="later.release"), MessageFactory()
    delivery.deliver_due()
    assert fate(unknown) == (State.HELD, "unknown_kind", None)
    assert fate(known)[0] == State.SENT


def test_a_mail_that_cannot_be_rendered_waits_and_the_others_go(note, sink, now):
    broken, fine = MessageFactory(refs={"fails": "secret words"}), MessageFactory()

    delivery.deliver_due()

    assert fate(broken) == (State.PLANNED, None, "render")
    assert (broken.attempts, broken.next_try_at > now) == (1, True)
    assert fate(fine)[0] == State.SENT


def test_a_failing_render_keeps_its_words_out_of_the_log(note, sink, caplog):
    MessageFactory(refs={"fails": "secret words"})
    delivery.deliver_due()
    assert "ValueError" in caplog.text
    assert "secret words" not in caplog.text


def test_a_kind_that_cannot_say_what_is_wanted_waits(note, sink):
    message = MessageFactory(refs={"cannot_say": 1})
    delivery.deliver_due()
    assert fate(message) == (State.PLANNED, None, "still_wanted")


def test_a_mailbox_that_no_mail_can_carry_is_given_up(note, sink):
    message, fine = MessageFactory(address="a b@example.org"), MessageFactory()
    delivery.deliver_due()
    assert fate(message) == (State.GIVEN_UP, "address", None)
    assert fate(fine)[0] == State.SENT


@pytest.mark.parametrize("sink", [True, False], indirect=True, ids=["ahead", "one by one"])
@pytest.mark.parametrize("answer", ["421 busy", "432 later", "450 grey", "451 error", "452 full", "552 quota"])
def test_what_can_heal_is_tried_again(note, sink, now, answer):
    message = MessageFactory()
    sink.rcpt[message.address] = answer

    delivery.deliver_due()
    assert fate(message) == (State.PLANNED, None, answer[:3])
    assert message.next_try_at > now + timedelta(seconds=40)
    assert message.tries.get().outcome == Outcome.LATER

    sink.rcpt.clear()
    delivery.deliver_due(clock=lambda: now + timedelta(minutes=3))
    assert fate(message) == (State.SENT, None, None)


@pytest.mark.parametrize("sink", [True, False], indirect=True, ids=["ahead", "one by one"])
@pytest.mark.parametrize("stage", ["rcpt", "data"])
def test_a_refusal_is_given_up_at_once(note, sink, stage):
    message = MessageFactory()
    getattr(sink, stage)[message.address] = "550 no such person here"

    delivery.deliver_due()

    assert fate(message) == (State.GIVEN_UP, "refused", "550")
    assert message.tries.get().outcome == Outcome.REFUSED


@pytest.mark.parametrize("sink", [True, False], indirect=True, ids=["ahead", "one by one"])
def test_half_the_recipients_refused_leaves_the_other_half_alone(note, sink):
    messages = MessageFactory.create_batch(6)
    for message in messages[::2]:
        sink.rcpt[message.address] = "550 no"

    assert delivery.deliver_due() == 3
    assert [fate(m)[0] for m in messages] == [State.GIVEN_UP, State.SENT] * 3
    assert len(sink.sessions) == 1


def test_a_server_that_wants_words_for_a_refused_recipient_gets_none(note, settings):
    message, answers = MessageFactory(), [b"250-x\r\n250 PIPELINING\r\n", b"250 ok\r\n550 no\r\n354 go on\r\n"]
    with scripted_server(b"220 x\r\n", answers) as (url, heard):
        settings.EMAIL_URL = url
        delivery.deliver_due()
    assert fate(message) == (State.GIVEN_UP, "refused", "550")
    assert [line[:4] for line in heard] == [b"ehlo", b"MAIL", b"RCPT", b"DATA"]


def test_it_ends_after_days(note, sink, now):
    message = MessageFactory(first_tried_at=now - timedelta(days=5), attempts=30)
    sink.rcpt[message.address] = "450 still not"
    delivery.deliver_due()
    assert fate(message) == (State.GIVEN_UP, "tried_for_days", "450")


def test_the_pauses_grow_and_have_an_end():
    pauses = [delivery.PACE.pause(n, kinds.SERVICE).total_seconds() for n in (1, 3, 6, 50)]
    assert pauses == sorted(pauses)
    assert pauses[-1] <= 4 * 3600 * 1.2
    assert delivery.PACE.pause(1, kinds.AT_ONCE) < timedelta(seconds=15)


@pytest.mark.parametrize("sink", [True, False], indirect=True, ids=["ahead", "one by one"])
def test_hung_up_after_the_data_is_in_doubt_and_repeats_the_same_message_id(note, sink, now):
    message = MessageFactory()
    sink.data[message.address] = "hang up after keeping"

    delivery.deliver_due()
    assert fate(message) == (State.PLANNED, None, "disconnected")
    assert message.in_doubt
    assert message.tries.get().outcome == Outcome.UNKNOWN

    sink.data.clear()
    delivery.deliver_due(clock=lambda: now + timedelta(minutes=3))
    assert fate(message)[0] == State.SENT
    assert message.in_doubt
    assert len({mail["Message-ID"] for mail in sink.parsed()}) == 1
    assert len(sink.mails) == 2


def test_a_server_that_is_not_there_costs_no_message_a_try(note, settings):
    settings.EMAIL_URL = f"smtp://127.0.0.1:{free_port()}"
    messages = MessageFactory.create_batch(3)

    assert delivery.deliver_due() == 0

    assert [fate(m) for m in messages] == [(State.PLANNED, None, None)] * 3
    assert [m.attempts for m in messages] == [0, 0, 0]
    channel = Channel.objects.get()
    assert (channel.name, channel.last_error, channel.failures) == ("smtp", "connect", 1)


def test_a_broken_channel_is_knocked_at_by_one_and_opens_for_all(note, sink, now):
    MessageFactory.create_batch(3)
    Channel.objects.create(
        name="smtp", failing_since=now, failures=3, paused_until=now + timedelta(seconds=30), last_error="connect"
    )

    assert delivery.deliver_due() == 0
    assert delivery.deliver_due(clock=lambda: now + timedelta(seconds=31)) == 3
    assert Channel.objects.get().failing_since is None


def test_a_server_that_drips_is_left_at_the_deadline(note, settings):
    message = MessageFactory()
    with dripping_server() as url:
        settings.EMAIL_URL = url
        assert delivery.deliver_due(pace=delivery.Pace(deadline=0.5)) == 0
    assert fate(message)[0] == State.PLANNED
    assert Channel.objects.get().last_error == "timeout"


def test_two_connections_lost_one_after_the_other_pause_the_channel(note, sink):
    messages = MessageFactory.create_batch(4)
    for message in messages:
        sink.data[message.address] = "hang up after keeping"

    delivery.deliver_due()

    assert Channel.objects.get().last_error == "disconnected"
    assert [fate(m)[2] for m in messages] == ["disconnected", "disconnected", None, None]


def leave_behind(message, *, sending):
    Message.objects.filter(pk=message.pk).update(
        state=State.CLAIMED, claimed_by="dead", lease_until=message.created_at - timedelta(seconds=1),
        sending_since=message.created_at if sending else None,
    )  # fmt: skip


@pytest.mark.parametrize("sending", [True, False])
def test_what_a_dead_worker_left_is_taken_over(note, sink, sending):
    message = MessageFactory()
    leave_behind(message, sending=sending)

    assert delivery.deliver_due() == 1

    message.refresh_from_db()
    assert (message.state, message.in_doubt, message.takeovers) == (State.SENT, sending, 1)
    assert [a.outcome for a in message.tries.order_by("id")] == [Outcome.UNKNOWN] * sending + [Outcome.SENT]


def test_a_row_within_its_lease_is_left_alone(note, sink, now):
    message = MessageFactory()
    Message.objects.filter(pk=message.pk).update(
        state=State.CLAIMED, claimed_by="alive", lease_until=now + timedelta(minutes=1)
    )
    assert delivery.deliver_due() == 0
    assert fate(message)[0] == State.CLAIMED


def test_a_row_that_may_kill_workers_is_claimed_alone_and_given_up_in_the_end(note, sink, now):
    suspects = MessageFactory.create_batch(2, takeovers=claims.LONE_AFTER, created_at=now)
    assert claims.claim(worker="w", now=now, lease=timedelta(seconds=9), count=20) == [suspects[0].pk]

    last = MessageFactory(takeovers=claims.LOST_FOR_GOOD - 1)
    leave_behind(last, sending=False)
    claims.take_over(now=now)
    assert fate(last) == (State.GIVEN_UP, "worker_lost", "worker_lost")


def test_a_mail_taken_over_by_another_worker_is_not_sent_by_the_first(note, sink, now):
    message = MessageFactory(created_at=now)
    claims.claim(worker="slow", now=now, lease=timedelta(seconds=60), count=1)
    Message.objects.filter(pk=message.pk).update(claimed_by="quick")
    start = claims.Start(message.pk, "<a@b>", "a@example.org", None, None, now)
    assert claims.step(worker="slow", start=start, lease=timedelta(seconds=60)) is False


def test_the_envelope_is_with_the_server_while_the_database_writes(note, sink, monkeypatch):
    MessageFactory.create_batch(3)
    step, written = claims.step, []

    def step_once_named(**given):
        if given.get("start") and written:  # the first has no connection yet
            wait_for(lambda: given["start"].sent_to in sink.named)
            assert given["start"].sent_to not in [mail.rcpt_tos[0] for mail in sink.mails]
        written.append(given)
        return step(**given)

    monkeypatch.setattr(claims, "step", step_once_named)
    assert delivery.deliver_due() == 3
    assert [mail.rcpt_tos[0] for mail in sink.mails] == sink.named
    assert len(sink.sessions) == 1


@pytest.mark.parametrize("sink", [True, False], indirect=True)
def test_a_mail_lost_to_another_worker_after_its_envelope_hands_no_words_over(note, sink, monkeypatch):
    first, lost, last = MessageFactory.create_batch(3)
    step = claims.step

    def step_too_late(**given):
        if given.get("start") and given["start"].pk == lost.pk:
            Message.objects.filter(pk=lost.pk).update(claimed_by="quick")
        return step(**given)

    monkeypatch.setattr(claims, "step", step_too_late)
    assert delivery.deliver_due() == 2
    assert [mail.rcpt_tos for mail in sink.mails] == [[first.address], [last.address]]
    assert [fate(message)[0] for message in (first, lost, last)] == [State.SENT, State.CLAIMED, State.SENT]


def test_a_mail_is_started_without_a_look_at_the_others(note, now):
    Message.objects.bulk_create(MessageFactory.build_batch(1_000, created_at=now + timedelta(days=1)))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE messaging_message")  # as in an hour in which nothing is being sent
    messages = MessageFactory.create_batch(2, created_at=now)
    claims.claim(worker="w", now=now, lease=timedelta(seconds=60), count=2)
    start = claims.Start(messages[0].pk, "<a@b>", "a@example.org", None, None, now)
    assert claims.step(worker="w", start=start, lease=timedelta(seconds=60)) is True
    with connection.cursor() as cursor:
        cursor.execute(
            "EXPLAIN EXECUTE mail_start(now(), '60 s', '<a@b>', 'a@example.org', NULL, NULL, %s, 'w')", [messages[1].pk]
        )
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "messaging_message_pkey" in plan, plan


def test_a_run_that_is_asked_to_stop_gives_its_rows_back(note, sink, monkeypatch):
    messages = MessageFactory.create_batch(3)
    send = delivery.channels.Smtp.send

    def send_and_stop(self, letter, now):
        send(self, letter, now)
        delivery.stopping.set()

    monkeypatch.setattr(delivery.channels.Smtp, "send", send_and_stop)
    assert delivery.deliver_due() == 1
    assert [fate(m)[0] for m in messages] == [State.SENT, State.PLANNED, State.PLANNED]


def test_a_worker_that_is_told_to_end_begins_no_further_mail(note, sink):
    message = MessageFactory()
    signals.worker_shutting_down.send(sender="worker", sig="TERM", how="Warm", exitcode=0)
    assert delivery.deliver_due() == 0
    assert fate(message)[0] == State.PLANNED


def test_a_private_mail_leaves_no_word_behind(secret_note, sink):
    message = MessageFactory(kind="test.secret", sealed=b"x")
    delivery.deliver_due()
    message.refresh_from_db()
    assert (message.state, message.subject, message.text, message.sealed) == (State.SENT, None, None, None)
    assert sink.parsed()[0]["Subject"] == "Hidden subject"


def test_links_and_codes_are_masked_in_the_log_only(note, sink):
    link = "http://localhost:8000/i/abcdefghijklmnop0123456789/"
    message = MessageFactory(refs={"text": f"Open {link} with 123 456\n", "subject": "Your code 884422"})
    delivery.deliver_due()
    message.refresh_from_db()
    assert message.text == "Open http://localhost:8000/i/… with ••••\n"
    assert message.subject == "Your code ••••"
    assert link in sink.parsed()[0].get_payload(decode=True).decode()


def test_hostile_text_reaches_the_log_and_stops_nothing(note, sink):
    message = MessageFactory(refs={"text": "a\ufffdb\u2028c", "subject": "x\x0bBcc: e@example.org"})
    delivery.deliver_due()
    message.refresh_from_db()
    assert message.subject == "x Bcc: e@example.org"
    assert sink.mails[0].rcpt_tos == [message.address]


def test_without_a_mail_server_the_trial_keeps_the_mail_whole(note, settings):
    settings.EMAIL_URL = ""
    message = MessageFactory(address="Who@Example.org", refs={"subject": "Für Siân"})

    assert delivery.deliver_due() == 1

    kept = Delivered.objects.get()
    message.refresh_from_db()
    assert (kept.message_id, kept.recipient, kept.subject) == (message.message_id, "who@example.org", "Für Siân")
    assert b"Hello" in bytes(kept.raw)


@pytest.mark.parametrize("rank", [kinds.BULK, kinds.SERVICE])
def test_mails_that_are_made_slowly_leave_all_the_same(note, sink, monkeypatch, rank):
    """On a machine so slow that a batch is out of time before its first mail is sent."""
    claimed, claim = [], claims.claim

    def counted(**how):
        claimed.append(claim(**how) if len(claimed) < 10 else [])
        return claimed[-1]

    monkeypatch.setattr(claims, "claim", counted)
    messages = MessageFactory.create_batch(3, rank=rank)
    assert delivery.deliver_due(pace=delivery.Pace(fresh=0.0, bulk_fresh=0.0)) == 3
    assert {fate(message)[0] for message in messages} == {State.SENT}
    assert [len(ids) for ids in claimed] == [3, 2, 1, 0]


def test_no_more_runs_than_connections(note, sink):
    MessageFactory()
    assert delivery.deliver_due(pace=delivery.Pace(connections=0)) == 0
    assert Message.objects.get().state == State.PLANNED


def test_a_full_batch_calls_one_more_worker(note, sink, nobody_is_woken):
    MessageFactory.create_batch(45)
    delivery.deliver_due()
    assert nobody_is_woken == [1]


def test_the_database_refuses_a_row_that_contradicts_itself(now):
    with pytest.raises(Exception, match="message_sent_has_a_moment"):
        MessageFactory(state=State.SENT)


def test_a_sent_mail_costs_few_statements(note, sink, django_assert_max_num_queries):
    MessageFactory.create_batch(20, person=PersonFactory())
    with django_assert_max_num_queries(20 + 17):
        delivery.deliver_due()
    assert connection.in_atomic_block
