"""50,000 invitations written, and delivered to a mail server of this machine beside a bare smtplib loop."""

import gc
import logging
import multiprocessing
import os
import smtplib
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from email import policy
from email.message import EmailMessage
from multiprocessing.connection import Connection

from script.measured import Figure, memory_from_here, set_up

LIMIT = 1800
PEOPLE = int(os.environ.get("BENCH_PEOPLE", "100000")) // 2
SECONDS = 30
MAILS = 3_000
CONNECTIONS = 3
FORK = multiprocessing.get_context("fork")


def main() -> Iterator[Figure]:
    """Write one round for everybody, then deliver the first of its mails."""
    with _sink() as (arrived, url):
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
        own = _deliver(arrived)
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


@contextmanager
def _sink() -> Iterator[tuple[Callable[[], int], str]]:
    """Run a mail server in a process of its own, as mail servers are; yield how many mails it has, and its address."""
    ours, theirs = FORK.Pipe()
    server = FORK.Process(target=_serve, args=(theirs,), daemon=True)
    server.start()

    def arrived() -> int:
        ours.send("how many")
        return ours.recv()

    try:
        yield arrived, ours.recv()
    finally:
        ours.send("end")
        server.join(10)


def _serve(line: Connection) -> None:
    from tests.messaging.sink import running_sink

    with running_sink() as (sink, url):
        line.send(url)
        while line.recv() != "end":
            line.send(len(sink.mails))


def _bare(url: str) -> float:
    """Return how many mails a second smtplib hands over, by as many connections, in the same way."""
    port = int(url.rpartition(":")[2])
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Subject"] = "a@example.org", "b@example.org", "Choose"
    letter.set_content("Choose your session.\n" * 300)
    raw = letter.as_bytes(policy=policy.SMTP)

    def one() -> None:
        with smtplib.SMTP("127.0.0.1", port) as line:
            for _ in range(MAILS // CONNECTIONS):
                line.sendmail("a@example.org", ["b@example.org"], raw)

    return MAILS / _in_a_worker(one)


def _deliver(arrived: Callable[[], int]) -> float:
    """Return how many mails a second the runs of a worker hand over."""
    from django.db import connections
    from django.urls import reverse

    from messaging.delivery import deliver_due
    from messaging.models import Message

    kept = Message.objects.filter(state="planned").order_by("pk").values_list("pk", flat=True)[:MAILS]
    Message.objects.exclude(pk__in=list(kept)).delete()
    reverse("desk:home-show")  # all addresses are loaded with the first mail of a worker: nobody measures a first mail
    before = arrived()
    connections.close_all()  # each thread opens its own
    seconds = _in_a_worker(deliver_due)
    assert arrived() - before == MAILS, f"{arrived() - before} of {MAILS} mails arrived"
    return MAILS / seconds


def _in_a_worker(call: Callable[[], object]) -> float:
    """Do ``call`` in a process with as many threads as there are connections, as the product runs its worker.

    Returns the seconds until the last thread has ended.
    """
    from config.processes import keep_what_is_loaded

    ready = FORK.Barrier(2)
    gc.collect()

    def work() -> None:
        keep_what_is_loaded()
        with ThreadPoolExecutor(CONNECTIONS) as threads:
            ready.wait(60)
            runs = [threads.submit(call) for _ in range(CONNECTIONS)]
        for run in runs:
            run.result()

    process = FORK.Process(target=work)
    process.start()
    ready.wait(60)
    begun = time.perf_counter()
    process.join()
    assert process.exitcode == 0, process.exitcode
    return time.perf_counter() - begun
