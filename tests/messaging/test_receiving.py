"""Mails that came are kept once and by kind; what came back marks its address until somebody clears it."""

import threading
from datetime import timedelta
from io import BytesIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.models import QuerySet

from history.actions import key_of
from messaging import actions, queries, receiving
from messaging.models import Bounce, Inbound, Message
from messaging.reasons import words_of_status
from tests.briefings.factories import NOW, AppointmentFactory
from tests.messaging.factories import MessageFactory, PersonFactory
from tests.messaging.incoming import AUTHSERV, answer, calendar, report

pytestmark = pytest.mark.django_db
UID = "5c9e2b57-9a34-4bd5-8f1f-0a2a7c5d6e7f"
SENDER = "amina@trust.example.org"


@pytest.fixture(autouse=True)
def our_server(settings):
    settings.INBOUND_AUTHSERV_ID = AUTHSERV


@pytest.fixture(autouse=True)
def a_kind(note):
    """Messages of the kind "test.note" are known."""


def a_sent(**fields) -> Message:
    now = NOW - timedelta(hours=1)
    values = {"state": Message.State.SENT, "sent_at": now, "message_id": "<m1@hub.example.org>", **fields}
    return MessageFactory(**{"sent_to": "Amina@example.org", "created_at": now, **values})


def take(raw: bytes):
    return receiving.receive(raw=raw, now=NOW)


def test_an_answer_is_kept_for_the_app_it_concerns():
    row = take(answer(calendar(UID, SENDER), sender=SENDER))
    assert (row.kind, row.sender, row.is_proven, row.settled_at) == (Inbound.Kind.CALENDAR, SENDER, True, None)
    actions.settle_inbound(row, now=NOW)
    row.refresh_from_db()
    assert (row.words, row.settled_at) == ("", NOW)


def test_other_mail_is_not_kept():
    assert take(b"From: a@example.org\r\n\r\nHello") is None
    assert Inbound.objects.count() == 0


def test_the_same_mail_twice_is_taken_once():
    raw = answer(calendar(UID, SENDER), sender=SENDER)
    assert take(raw) == take(raw)
    message = a_sent()
    take(report("<m1@hub.example.org>"))
    actions.clear_bounces(address=message.sent_to, by=PersonFactory(), now=NOW)
    take(report("<m1@hub.example.org>"))
    assert Inbound.objects.count() == 2
    assert not Bounce.objects.standing().exists()


def read_by_ten_at_once(monkeypatch) -> list[Exception]:
    """Let ten workers read one mail and keep it once all have looked for it; return what failed."""
    raw, gate, failures = answer(calendar(UID, SENDER), sender=SENDER), threading.Barrier(10), []
    looked, get = threading.local(), QuerySet.get

    def get_once_all_are_there(rows, *args, **kwargs):
        try:
            return get(rows, *args, **kwargs)
        except Inbound.DoesNotExist:
            if not getattr(looked, "once", False):
                looked.once = True
                gate.wait(30)
            raise

    monkeypatch.setattr(QuerySet, "get", get_once_all_are_there)

    def work():
        try:
            take(raw)
        except Exception as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(10)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    return failures


@pytest.mark.django_db(transaction=True)
def test_ten_readers_of_one_mail_at_once_keep_it_once(monkeypatch):
    assert read_by_ten_at_once(monkeypatch) == []
    assert Inbound.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_without_the_key_on_the_message_id_ten_readers_keep_it_ten_times(monkeypatch):
    """The control: the same ten, and nothing in the database that says a mail is there once."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname FROM pg_constraint WHERE conrelid = 'messaging_inbound'::regclass AND contype = 'u'"
        )
        ((name,),) = cursor.fetchall()
        cursor.execute(f'ALTER TABLE messaging_inbound DROP CONSTRAINT "{name}"')
        try:
            assert read_by_ten_at_once(monkeypatch) == []
            assert Inbound.objects.count() == 10
        finally:
            Inbound.objects.all().delete()
            cursor.execute(f'ALTER TABLE messaging_inbound ADD CONSTRAINT "{name}" UNIQUE (message_id)')


def test_a_report_marks_the_address_that_the_mail_went_to():
    message = a_sent()
    take(report("<m1@hub.example.org>"))
    bounce = Bounce.objects.get()
    assert (bounce.message, bounce.address, bounce.status, bounce.came_at) == (
        message, "amina@example.org", "5.1.1", NOW,
    )  # fmt: skip
    assert queries.bounce_of("AMINA@example.org") == bounce
    assert queries.bounce_of("amina.new@example.org") is None


def test_a_report_that_comes_before_the_mail_is_noted_as_sent_marks_the_address():
    """A mail server that knows at once, or a worker that was killed after handing it over."""
    claimed = {"claimed_by": "worker", "lease_until": NOW + timedelta(minutes=1), "sending_since": NOW}
    a_sent(state=Message.State.CLAIMED, sent_at=None, **claimed)
    take(report("<m1@hub.example.org>"))
    assert queries.bounce_of("amina@example.org")


@pytest.mark.parametrize(
    ("message_id", "fields"),
    [
        ("<never@hub.example.org>", {}),
        ("<m1@hub.example.org>", {"state": Message.State.GIVEN_UP, "reason": "refused", "sent_at": None}),
    ],
)
def test_a_report_of_a_mail_that_we_never_sent_marks_nothing(message_id, fields):
    a_sent(**fields)
    take(report(message_id))
    assert not Bounce.objects.exists()


@pytest.mark.parametrize(("status", "action"), [("4.4.1", "delayed"), ("5.1.1", "delayed")])
def test_what_may_still_arrive_marks_nothing(status, action):
    a_sent()
    take(report("<m1@hub.example.org>", status=status, action=action))
    assert not Bounce.objects.exists()


def test_what_was_tried_for_days_marks_the_address_too():
    a_sent()
    take(report("<m1@hub.example.org>", status="4.4.1"))
    assert words_of_status(Bounce.objects.get().status) == "their mail server could not be reached for days"


def test_an_address_with_letters_in_its_domain_is_marked_as_we_write_it():
    person = PersonFactory(email="amina@bücher.example.org")
    a_sent(person=person, address=None, sent_to="amina@xn--bcher-kva.example.org")
    take(report("<m1@hub.example.org>"))
    assert queries.bounce_of(person.email) is not None
    assert actions.clear_bounces(address=person.email, by=person, now=NOW) == 1


def test_who_has_a_new_address_is_nobody_to_ask_any_more(client, coordinator):
    """Neither a mail to the old address nor the notice that goes there because it was changed."""
    person = PersonFactory(name="Amina Samplewood", email="amina@example.org")
    about, kind = key_of(coordinator.programme), "attendance.place_booked"  # the first page knows what is registered
    a_sent(person=person, address=None, about=about, kind=kind)
    take(report("<m1@hub.example.org>"))
    assert "1 mail has come back" in client.get("/").content.decode().replace("One", "1")
    assert "Amina Samplewood" in client.get("/messages/returned/").content.decode()
    person.email = "amina.new@example.org"
    person.save(update_fields=["email"])
    a_sent(
        person=person,
        about=about,
        kind=kind,
        message_id="<m2@hub.example.org>",
        address="amina@example.org",
    )
    take(report("<m2@hub.example.org>", status="5.1.0"))
    assert Bounce.objects.standing().count() == 2
    assert "No mail comes back" in client.get("/messages/returned/").content.decode()
    assert "come back" not in client.get("/").content.decode()
    assert queries.bounce_of(person.email) is None


def test_a_press_clears_an_address_and_a_new_report_marks_it_again():
    person, by = PersonFactory(email="amina@example.org"), PersonFactory()
    a_sent(person=person)
    a_sent(message_id="<m2@hub.example.org>")
    take(report("<m1@hub.example.org>"))
    assert actions.clear_bounces(address="amina@example.org", by=by, now=NOW) == 1
    assert actions.clear_bounces(address="amina@example.org", by=by, now=NOW) == 0
    assert queries.bounce_of("amina@example.org") is None
    take(report("<m2@hub.example.org>", status="5.2.1"))
    assert queries.bounce_of("amina@example.org").status == "5.2.1"


@pytest.fixture
def coordinator(client):
    appointment = AppointmentFactory()
    client.force_login(appointment.person)
    return appointment


def test_the_coordinator_sees_who_does_not_get_our_mails_and_clears_it(client, coordinator):
    person = PersonFactory(name="Amina Samplewood", email="amina@example.org")
    message = a_sent(person=person, about=key_of(coordinator.programme))
    a_sent(message_id="<m2@hub.example.org>", sent_to="other@example.org", about="briefings.programme:0")
    take(report("<m1@hub.example.org>"))
    take(report("<m2@hub.example.org>", status="5.2.2"))
    text = client.get("/messages/returned/").content.decode()
    assert "Amina Samplewood" in text
    assert "the mailbox does not exist" in text.lower()
    assert "other@example.org" not in text
    log = client.get("/messages/?state=came_back").content.decode()
    assert "Came back" in log
    assert client.get(f"/messages/{message.pk}/").content.decode().count("Came back") >= 1
    other = Bounce.objects.get(address="other@example.org")
    assert client.post(f"/messages/returned/{other.pk}/clear/").status_code == 404
    client.post(f"/messages/returned/{message.bounce.pk}/clear/")
    assert "No mail comes back" in client.get("/messages/returned/").content.decode()


def test_a_private_mail_that_came_back_tells_nobody(client, coordinator, secret_note):
    """docs/adr/0021: that somebody got one would tell who asked."""
    a_sent(kind="test.secret", about=key_of(coordinator.programme))
    take(report("<m1@hub.example.org>"))
    assert Bounce.objects.count() == 1
    assert "amina@example.org" not in client.get("/messages/returned/").content.decode()
    assert queries.bounce_of("amina@example.org") is None
    assert "<h3>Came back" not in client.get("/messages/").content.decode()


@pytest.mark.parametrize("number", [1, 3])
def test_the_list_takes_the_same_queries_for_one_and_three(client, coordinator, number, django_assert_max_num_queries):
    for each in range(number):
        a_sent(
            message_id=f"<q{each}@hub.example.org>", sent_to=f"p{each}@example.org", person=PersonFactory(),
            about=key_of(coordinator.programme),
        )  # fmt: skip
        take(report(f"<q{each}@hub.example.org>", returned="nothing", In_Reply_To=f"<q{each}@hub.example.org>", X=each))
        Inbound.objects.all().delete()
    client.get("/messages/returned/")
    with django_assert_max_num_queries(6):
        client.get("/messages/returned/")


def test_what_is_old_is_forgotten():
    a_sent(created_at=NOW - timedelta(days=380), due_at=NOW - timedelta(days=380))
    take(report("<m1@hub.example.org>"))
    take(answer(calendar(UID, SENDER), sender=SENDER))
    Bounce.objects.update(came_at=NOW - timedelta(days=370))
    actions.forget_old(now=NOW)
    assert (Bounce.objects.count(), Inbound.objects.count()) == (0, 2)
    actions.forget_old(now=NOW + timedelta(days=91))
    assert [row.kind for row in Inbound.objects.all()] == [Inbound.Kind.CALENDAR], "what nobody has taken stays"


def test_a_mail_handed_in_by_the_command(monkeypatch, tmp_path, capsys):
    file = tmp_path / "mail.eml"
    file.write_bytes(answer(calendar(UID, SENDER), sender=SENDER))
    call_command("read_mail", str(file))
    monkeypatch.setattr("sys.stdin", type("Stdin", (), {"buffer": BytesIO(b"Subject: Hello\r\n\r\nx")})())
    call_command("read_mail")
    said = capsys.readouterr().out
    assert "Answer from a calendar" in said
    assert "-: Nothing that concerns us" in said
    assert Inbound.objects.get().settled_at is not None
