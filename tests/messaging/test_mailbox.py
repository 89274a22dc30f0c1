import pytest
from django.urls import reverse
from django.utils import timezone

from messaging import delivery, mailbox, mime
from messaging.kinds import Attachment, Content
from messaging.models import Delivered
from tests.messaging.factories import MessageFactory

pytestmark = pytest.mark.django_db
SENDER = mime.Sender("Wren Valley", "briefings@example.org")
ENTRY = b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"


def delivered(**fields):
    values = {"subject": "Ihr Plätzchen", "text": "See https://hub.example/i/abc/ now\n", **fields}
    raw = mime.build(
        Content(**values), sender=SENDER, to_name="Amina", to_address="amina@example.org", message_id="<1@x>",
        now=timezone.now(),
    )  # fmt: skip
    return Delivered.objects.create(
        message_id=f"<{Delivered.objects.count()}@x>", recipient="amina@example.org", subject=values["subject"],
        received_at=timezone.now(), raw=raw,
    )  # fmt: skip


def test_a_mail_that_left_stands_in_the_mailbox_with_links_that_work(note, client):
    MessageFactory(refs={"text": "Open https://hub.example/i/SECRET-1/\n", "subject": "Come"}, address="a@example.org")
    delivery.deliver_due()
    mail = Delivered.objects.get()

    assert "Come" in client.get(reverse("messaging:mailbox-list")).text
    assert (
        'href="https://hub.example/i/SECRET-1/"' in client.get(reverse("messaging:mailbox-show", args=[mail.pk])).text
    )


def test_it_is_searched_by_address_and_subject(client):
    delivered(subject="First")
    delivered(subject="Second")
    for words, here, gone in (("firs", "First", "Second"), ("AMINA@", "Second", "Third"), ("\x00", "First", "Third")):
        text = client.get(reverse("messaging:mailbox-list"), {"q": words}).text
        assert (here in text, gone in text) == (True, False)


def test_the_page_of_a_mail_runs_nothing_and_loads_nothing(client):
    mail = delivered(html="<p>Hello</p><script>alert(1)</script>")
    response = client.get(reverse("messaging:mailbox-page", args=[mail.pk]))
    policy = response["Content-Security-Policy"]
    assert policy.startswith("sandbox ")
    assert "default-src 'none'" in policy
    assert "allow-scripts" not in policy
    assert "<p>Hello</p>" in response.text


def test_a_calendar_entry_is_downloaded_as_it_came(client):
    mail = delivered(calendar=ENTRY, calendar_method="REQUEST", attachments=[Attachment('a"\r\n/é.txt', b"x")])
    files = mailbox.read(mail.raw).files
    assert [(file.name, file.is_calendar) for file in files] == [("invite.ics", True), ('a" _é.txt', False)]
    first, second = (client.get(reverse("messaging:mailbox-file", args=[mail.pk, n])) for n in (1, 2))
    assert (first.content, first["Content-Disposition"]) == (ENTRY, 'attachment; filename="invite.ics"')
    assert second["Content-Disposition"] == 'attachment; filename="a_txt"' or second.status_code == 200
    assert client.get(reverse("messaging:mailbox-file", args=[mail.pk, 3])).status_code == 404


def test_a_mail_without_a_page_or_that_is_not_there_is_a_404(client):
    mail = delivered()
    assert client.get(reverse("messaging:mailbox-page", args=[mail.pk])).status_code == 404
    for number in (mail.pk + 1, 10**30):
        assert client.get(reverse("messaging:mailbox-show", args=[number])).status_code == 404


@pytest.mark.parametrize(("name", "value"), [("EMAIL_URL", "smtp://localhost:1"), ("PRODUCTION", True)])
def test_there_is_no_mailbox_where_mails_leave(client, settings, name, value):
    mail = delivered(html="<p>x</p>")
    setattr(settings, name, value)
    for route, args in (("list", []), ("show", [mail.pk]), ("page", [mail.pk]), ("file", [mail.pk, 1])):
        assert client.get(reverse(f"messaging:mailbox-{route}", args=args)).status_code == 404


def test_broken_bytes_are_shown_as_far_as_they_go(client):
    mail = Delivered.objects.create(
        message_id="<b@x>", recipient="a@example.org", subject="", received_at=timezone.now(),
        raw=b"Subject: =?bogus?Q?=\xff\r\nContent-Type: text/plain; charset=nonsense\r\n\r\n\xff\xfehello",
    )  # fmt: skip
    assert "hello" in client.get(reverse("messaging:mailbox-show", args=[mail.pk])).text


def test_the_list_asks_the_same_however_many(client, django_assert_max_num_queries):
    for count in (1, 3):
        while Delivered.objects.count() < count:
            delivered()
        with django_assert_max_num_queries(3):
            client.get(reverse("messaging:mailbox-list"))
