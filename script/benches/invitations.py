"""50,000 invitations written, and delivered to a mail server of this machine beside a bare smtplib loop."""

import logging
import os
import smtplib
import time
import uuid
from collections.abc import Iterator
from email import policy
from email.message import EmailMessage

from script.measured import Figure, at_once, memory_from_here, set_up

LIMIT = 1800
PEOPLE = int(os.environ.get("BENCH_PEOPLE", "100000")) // 2
SECONDS = 30
MAILS = 1_500
CONNECTIONS = 3


def main() -> Iterator[Figure]:
    """Write one round for everybody, then deliver the first of its mails."""
    from tests.messaging.sink import running_sink

    with running_sink() as (sink, url):
        os.environ["EMAIL_URL"] = url
        set_up()
        logging.getLogger("mail.log").setLevel(logging.WARNING)
        programme, by = _stage()
        taken = memory_from_here()
        seconds, written = _write(programme, by)
        most = taken()
        yield Figure(f"{PEOPLE} invitations written", seconds, "seconds", most=SECONDS)
        yield Figure("invitations written", written, "rows", least=PEOPLE, most=PEOPLE)
        yield Figure("memory that writing them takes", most, "MB", most=30)
        bare = _bare(url)
        own = _deliver(sink)
        yield Figure(f"delivery, {CONNECTIONS} connections", own, "mails a second", bare, least=0.6)


def _stage() -> tuple:
    from django.core.management import call_command

    from accounts.models import Person
    from attendance.models import Invitation
    from briefings.models import Programme

    call_command("demo", people=PEOPLE)
    Invitation.objects.all().delete()
    _everybody_free()
    return Programme.objects.get(), Person.objects.get(is_administrator=True)


def _everybody_free() -> None:
    """Take the places away: who holds one is not invited."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE attendance_attendance, attendance_place CASCADE")
        cursor.execute("ANALYZE")


def _write(programme, by) -> tuple[float, int]:
    from django.utils import timezone

    from attendance.actions.invitations import start_round, write_waiting_rounds
    from attendance.queries.invitations import InvitationChoice

    begun, now = time.perf_counter(), timezone.now()
    start_round(
        programme=programme, choice=InvitationChoice(), subject="Choose", introduction="", press=uuid.uuid4(), by=by,
        now=now,
    )  # fmt: skip
    written = write_waiting_rounds(now=now)
    return time.perf_counter() - begun, written


def _bare(url: str) -> float:
    """Return how many mails a second smtplib hands over, by as many connections, in threads of one process."""
    port = int(url.rpartition(":")[2])
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Subject"] = "a@example.org", "b@example.org", "Choose"
    letter.set_content("Choose your session.\n" * 300)
    raw = letter.as_bytes(policy=policy.SMTP)

    def one() -> None:
        with smtplib.SMTP("127.0.0.1", port) as line:
            for _ in range(MAILS // CONNECTIONS):
                line.sendmail("a@example.org", ["b@example.org"], raw)

    return MAILS / at_once([one] * CONNECTIONS)


def _deliver(sink) -> float:
    """Return how many mails a second as many deliverers hand over."""
    from django.db import connection
    from django.urls import reverse

    from messaging.delivery import deliver_due
    from messaging.models import Message

    kept = Message.objects.filter(state="planned").order_by("pk").values_list("pk", flat=True)[:MAILS]
    Message.objects.exclude(pk__in=list(kept)).delete()
    del sink.mails[:]
    reverse("desk:home-show")  # all addresses are loaded with the first mail of a worker: nobody measures a first mail

    def one() -> None:
        try:
            deliver_due()
        finally:
            connection.close()

    seconds = at_once([one] * CONNECTIONS)
    assert len(sink.mails) == MAILS, f"{len(sink.mails)} of {MAILS} mails arrived"
    return MAILS / seconds
