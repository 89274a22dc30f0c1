"""The mailbox that answers come to, read from a real IMAP server."""

import socket
import threading

import pytest
from django.db import connection
from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientAbortError

from messaging import imap, receiving
from messaging.incoming import MOST_BYTES
from messaging.models import Inbound, Mailbox
from tests.briefings.factories import NOW
from tests.messaging.dovecot import running_server
from tests.messaging.incoming import AUTHSERV, answer, calendar

pytestmark = [pytest.mark.django_db, pytest.mark.imap]
UIDS = [f"5c9e2b57-9a34-4bd5-8f1f-0a2a7c5d6e{number:02}" for number in range(9)]
SENDER = "amina@trust.example.org"


@pytest.fixture(scope="module")
def running():
    with running_server() as found:
        yield found


@pytest.fixture
def server(running, settings):
    """The server with an empty mailbox, named by the settings."""
    client = running.client()
    client.delete_messages(client.search())
    client.expunge()
    client.logout()
    settings.INBOUND_URL, settings.INBOUND_AUTHSERV_ID = running.url, AUTHSERV
    return running


def an_answer(number: int, **fields) -> bytes:
    return answer(calendar(UIDS[number], SENDER), sender=SENDER, message_id=f"<a{number}@example.org>", **fields)


def numbers() -> list[str]:
    return list(Inbound.objects.order_by("pk").values_list("message_id", flat=True))


def test_what_came_is_read_once_and_human_mail_stays_unread(server):
    server.put(an_answer(1), b"From: a@example.org\r\nSubject: I am ill\r\n\r\nHello\r\n", an_answer(2))
    assert receiving.read_mailbox(now=NOW) == 2
    assert numbers() == ["<a1@example.org>", "<a2@example.org>"]
    assert server.flags() == [True, False, True]
    assert receiving.read_mailbox(now=NOW) == 0
    server.put(an_answer(3), an_answer(1))
    assert receiving.read_mailbox(now=NOW) == 2
    assert numbers() == ["<a1@example.org>", "<a2@example.org>", "<a3@example.org>"]
    assert Mailbox.objects.get().read_at == NOW


def test_a_mailbox_that_was_made_anew_is_read_from_its_beginning(server):
    server.put(an_answer(1))
    receiving.read_mailbox(now=NOW)
    Mailbox.objects.update(validity=1, last_number=10**6)
    assert receiving.read_mailbox(now=NOW) == 1
    assert numbers() == ["<a1@example.org>"]


def test_large_and_broken_mails_are_passed_by(server, monkeypatch):
    fetch, bodies = IMAPClient.fetch, []

    def noted(self, numbers, what):
        found = fetch(self, numbers, what)
        bodies.extend(each[b"BODY[]"] for each in found.values() if b"BODY[]" in each)
        return found

    monkeypatch.setattr(IMAPClient, "fetch", noted)
    server.put(b"Subject: x\r\n\r\n" + b"a" * MOST_BYTES, b"\xff\xfe: ?\r\n\r\n", an_answer(4))
    assert receiving.read_mailbox(now=NOW) == 1
    assert len(bodies) == 2, "what is too large is not even fetched"
    assert numbers() == ["<a4@example.org>"]


def test_a_mail_that_breaks_something_does_not_stop_the_others(server, monkeypatch, caplog):
    real = receiving.receive
    monkeypatch.setattr(receiving, "receive", lambda raw, now: 1 / 0 if b"<a5@" in raw else real(raw=raw, now=now))
    server.put(an_answer(5), an_answer(6))
    assert receiving.read_mailbox(now=NOW) == 1
    assert numbers() == ["<a6@example.org>"]
    assert "A mail could not be taken: ZeroDivisionError" in caplog.text


def test_a_mail_that_the_server_does_not_give_stops_no_other(server, caplog):
    """Dovecot hangs up over it, each time it is asked."""
    server.put(an_answer(1), an_answer(2), an_answer(3))
    server.lock(b"<a2@")
    assert receiving.read_mailbox(now=NOW) == 2
    assert numbers() == ["<a1@example.org>", "<a3@example.org>"]
    assert "that the server does not give was passed by" in caplog.text
    assert (Mailbox.objects.get().failing_since, Mailbox.objects.get().read_at) == (None, NOW)
    assert receiving.read_mailbox(now=NOW) == 0


def test_a_server_that_gives_nothing_for_a_while_loses_no_answer(server):
    server.put(an_answer(1), an_answer(2), an_answer(3))
    server.lock(b"<a2@")
    server.lock(b"<a3@")
    assert receiving.read_mailbox(now=NOW) == 0
    assert (Mailbox.objects.get().failing_since, Mailbox.objects.get().last_error) == (NOW, "NotGiven")
    server.unlock()
    assert receiving.read_mailbox(now=NOW) == 2
    assert numbers() == ["<a1@example.org>", "<a2@example.org>", "<a3@example.org>"]
    assert Mailbox.objects.get().failing_since is None


def test_a_mail_that_is_not_given_once_is_not_passed_by(server, monkeypatch):
    fetch, asked = imap.Inbox._fetch, []

    def fails_once(self, uid):
        asked.append(uid)
        if len(asked) == 1:
            raise TimeoutError
        return fetch(self, uid)

    monkeypatch.setattr(imap.Inbox, "_fetch", fails_once)
    server.put(an_answer(1), an_answer(2))
    assert receiving.read_mailbox(now=NOW) == 2
    assert numbers() == ["<a1@example.org>", "<a2@example.org>"]


def test_a_server_that_hangs_up_once_all_is_read_is_no_failure(server, monkeypatch):
    def gone(self):
        raise IMAPClientAbortError("socket error: EOF")

    monkeypatch.setattr(IMAPClient, "logout", gone)
    assert receiving.read_mailbox(now=NOW) == 0
    assert Mailbox.objects.get().failing_since is None


def test_an_interrupted_run_goes_on_where_it_was(server, monkeypatch):
    monkeypatch.setattr(receiving, "MOST_AT_ONCE", 1)
    server.put(an_answer(7), an_answer(8))
    receiving.read_mailbox(now=NOW)
    assert numbers() == ["<a7@example.org>"]
    receiving.read_mailbox(now=NOW)
    assert numbers() == ["<a7@example.org>", "<a8@example.org>"]


@pytest.mark.django_db(transaction=True)
def test_several_workers_over_one_mailbox_at_once_take_each_mail_once(server, monkeypatch):
    """The control is in test_receiving.py: without the key on the Message-ID each would be there several times."""
    server.put(an_answer(1), an_answer(2), an_answer(3))
    Mailbox.objects.create(name="amina@127.0.0.1/INBOX")
    gate, read, found = threading.Barrier(4), receiving._read_all, []

    def all_at_once(*what):
        gate.wait(30)
        return read(*what)

    def work():
        try:
            found.append(receiving.read_mailbox(now=NOW))
        finally:
            connection.close()

    monkeypatch.setattr(receiving, "_read_all", all_at_once)
    workers = [threading.Thread(target=work) for _ in range(4)]
    [worker.start() for worker in workers]
    [worker.join() for worker in workers]
    assert found == [3] * 4
    assert numbers() == ["<a1@example.org>", "<a2@example.org>", "<a3@example.org>"]
    assert Mailbox.objects.get().failing_since is None


@pytest.mark.parametrize("broken", ["password", "port", "folder"])
def test_a_mailbox_that_cannot_be_read_is_shown_and_heals(server, settings, broken, client):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free = probe.getsockname()[1]
    wrong = {
        "password": server.url.replace("only-for-tests", "wrong"),
        "port": server.url.replace(f":{server.port}/", f":{free}/"),
        "folder": server.url.replace("/INBOX", "/Nowhere"),
    }
    settings.INBOUND_URL = wrong[broken]
    assert receiving.read_mailbox(now=NOW) == 0
    box = Mailbox.objects.get()
    assert box.failing_since == NOW
    assert "wrong" not in (box.last_error or "")
    if broken == "folder":
        return
    settings.INBOUND_URL = server.url
    receiving.read_mailbox(now=NOW)
    box.refresh_from_db()
    assert (box.failing_since, box.last_error) == (None, None)
