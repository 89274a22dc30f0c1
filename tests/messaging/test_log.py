import csv
import io
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from history.actions import key_of
from history.models import Entry, Look
from messaging import actions, delivery, queries
from messaging.models import Delivered, Message
from tests.cast import NOW, make_cast
from tests.messaging.factories import MessageFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("note")]
State = Message.State
LIST = reverse("messaging:message-list")


@pytest.fixture
def cast(time_machine):
    time_machine.move_to(NOW)
    return make_cast()


@pytest.fixture
def own(cast):
    """A message about the own programme, to its practitioner."""
    return MessageFactory(about=key_of(cast.programme), person=cast.practitioner, address=None, subject="Own words")


def given_up(**fields):
    return MessageFactory(state=State.GIVEN_UP, reason="refused", last_error="550", **fields)


def rows_of(client, **asked):
    return [row.message for row in client.get(LIST, asked).context["rows"]]


def test_a_coordinator_sees_those_of_the_own_programme_alone(cast, own, client):
    other = MessageFactory(about=key_of(cast.other_programme))
    MessageFactory(about=None)
    client.force_login(cast.coordinator)
    assert rows_of(client) == [own]
    assert client.get(reverse("messaging:message-show", args=[other.pk])).status_code == 404
    client.force_login(cast.administrator)
    assert len(rows_of(client)) == 3


def test_each_filter_narrows_and_nonsense_does_not(cast, own, client):
    lost = given_up(about=key_of(cast.programme), address="x@nhs.net")
    client.force_login(cast.coordinator)
    assert rows_of(client, state="given_up") == [lost]
    assert rows_of(client, domain="@NHS.net") == [lost]
    assert rows_of(client, q="practitioner cast") == [own]
    assert rows_of(client, q="x@nhs") == [lost]
    assert rows_of(client, kind="test.note") == [lost, own]
    assert rows_of(client, about="briefings.programme:0") == []
    assert len(rows_of(client, state="nonsense", kind="\x00", page="9" * 40)) == 2


def test_figures_by_state_and_by_mail_domain(cast, own):
    given_up(address="x@nhs.net")
    MessageFactory(address="Y@NHS.net")
    everything = Message.objects.all()
    assert queries.count_by_state(everything) == {"planned": 2, "given_up": 1}
    counts = queries.count_by_domain(everything)
    assert [(c.domain, c.total, c.sent, c.waiting, c.in_need) for c in counts] == [
        ("nhs.net", 2, 0, 1, 1),
        ("cast.example.org", 1, 0, 1, 0),
    ]


def test_a_private_kind_shows_neither_subject_nor_recipient(cast, secret_note, client):
    about = key_of(cast.programme)
    secret = MessageFactory(
        kind="test.secret", about=about, person=cast.practitioner, address=None, subject="Hidden", text="Hidden"
    )
    client.force_login(cast.coordinator)
    for page in (LIST, reverse("messaging:message-show", args=[secret.pk])):
        text = client.get(page).text
        assert [words in text for words in ("Hidden", cast.practitioner.name, cast.practitioner.email)] == [False] * 3
    assert rows_of(client, q=cast.practitioner.name) == []
    assert cast.practitioner.email not in b"".join(client.get(reverse("messaging:message-download"))).decode()
    assert Look.objects.count() == 0


def test_who_looks_is_traced(cast, own, client):
    client.force_login(cast.coordinator)
    client.get(LIST)
    client.get(reverse("messaging:message-show", args=[own.pk]))
    b"".join(client.get(reverse("messaging:message-download")))
    pages = Look.objects.filter(person=key_of(cast.practitioner)).order_by("pk").values_list("page", flat=True)
    assert list(pages) == ["messaging:message-list", "messaging:message-show", "messaging:message-download"]


def test_the_table_for_a_spreadsheet(cast, own, client):
    cast.practitioner.name = "=cmd()"
    cast.practitioner.save(update_fields=["name"])
    client.force_login(cast.coordinator)
    text = b"".join(client.get(reverse("messaging:message-download"))).decode("utf-8-sig")
    lines = list(csv.reader(io.StringIO(text)))
    assert lines[1][:5] == ["Note", "'=cmd()", "practitioner@cast.example.org", "cast.example.org", "Planned"]


def test_trying_again_by_hand(cast, client, nobody_is_woken):
    lost = given_up(about=key_of(cast.programme))
    client.force_login(cast.coordinator)
    address = reverse("messaging:message-try-again", args=[lost.pk])
    for _ in range(2):
        client.post(address)
    lost.refresh_from_db()
    assert (lost.state, lost.reason, lost.last_error) == (State.PLANNED, None, None)
    assert Entry.objects.filter(verb="messaging.tried_again").count() == 1
    assert "Tried again" in client.get(reverse("messaging:message-show", args=[lost.pk])).text


def test_stopping_one_that_waits_asks_first(cast, own, client):
    client.force_login(cast.coordinator)
    address = reverse("messaging:message-stop", args=[own.pk])
    assert client.get(address).status_code == 200
    own.refresh_from_db()
    assert own.state == State.PLANNED
    client.post(address)
    own.refresh_from_db()
    assert (own.state, own.reason) == (State.WITHHELD, "stopped")
    assert delivery.deliver_due() == 0
    with pytest.raises(actions.NotWaiting):
        actions.stop(message=own, by=cast.coordinator, now=NOW)


def test_the_list_asks_the_same_however_many(cast, own, client):
    client.force_login(cast.coordinator)
    client.get(LIST)
    asked = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as captured:
            client.get(LIST)
        asked.append([query["sql"].split(" FROM ")[0] for query in captured])
        MessageFactory.create_batch(2, about=key_of(cast.programme), person=cast.lead)
    assert len(asked[0]) == len(asked[1]), asked


def test_what_is_a_year_old_is_emptied_and_its_key_stays(note, now):
    old = MessageFactory(
        state=State.SENT, sent_at=now, message_id="<x@y>", due_at=now - timedelta(days=366), text="w", subject="s"
    )
    waiting = MessageFactory(due_at=now - timedelta(days=366))
    recent = MessageFactory(state=State.WITHHELD, reason="stopped")
    assert [actions.forget_old(now=now), actions.forget_old(now=now)] == [1, 0]
    old.refresh_from_db()
    assert (old.address, old.subject, old.text, old.refs) == (None, None, None, {})
    assert None not in [Message.objects.get(pk=each.pk).address for each in (waiting, recent)]


def test_the_mailbox_of_a_trial_keeps_the_newest(monkeypatch, now):
    monkeypatch.setattr(actions, "MOST_DELIVERED", 2)
    for number in range(4):
        Delivered.objects.create(
            message_id=str(number), recipient="a@example.org", received_at=now + timedelta(seconds=number), raw=b""
        )
    actions.forget_old(now=now)
    assert sorted(Delivered.objects.values_list("message_id", flat=True)) == ["2", "3"]


def test_an_administrator_says_who_mails_come_from(cast, client):
    client.force_login(cast.administrator)
    address = reverse("messaging:sender-edit")
    wrong = client.post(address, {"name": "\x00", "address": "ö@example.org", "reply_to": "x"})
    assert wrong.status_code == 422
    sent = {"name": 'Wren "Valley"', "address": "hub@example.org", "reply_to": ""}
    assert client.post(address, sent).status_code == 302
    for about in (None, cast.programme):
        assert queries.sender_for(about).address == "hub@example.org"
    actions.set_sender(about=cast.programme, name="P", address="p@example.org", by=cast.coordinator, now=NOW)
    assert [queries.sender_for(about).name for about in (cast.programme, None)] == ["P", "Wren Valley"]
