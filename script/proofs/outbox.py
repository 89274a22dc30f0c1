"""A sender killed at any step loses no mail and repeats at most one, with the same Message-ID, within two minutes."""

import logging
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

LIMIT = 600
MAILS = 60
LEASE = 6
PROMISE = 120.0  # seconds until everything that a killed sender left has arrived

SENDERS = """
import os, signal, sys, uuid
from datetime import timedelta
import django
django.setup()
from django.urls import get_resolver
from messaging import channels, claims, delivery, mime, seals
get_resolver().url_patterns  # what every sender needs is loaded once, before they part
def die_after(function, times):
    calls = []
    def wrapped(*args, **kwargs):
        answer = function(*args, **kwargs)
        calls.append(1)
        if len(calls) == times:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer
    return wrapped
def send(step, without, lease, deadline):
    if step == "claimed":
        claims.claim = die_after(claims.claim, 1)
    elif step == "rendered":
        mime.build = die_after(mime.build, 9)
    elif step == "started":
        claims.step = die_after(claims.step, 7)
    elif step == "handed over":
        channels.Smtp.send = die_after(channels.Smtp.send, 11)
    if without == "same number":
        made = delivery._Run._made
        def another(run, message, kind):
            message.message_id = None
            return made(run, message, kind)
        delivery._Run._made = another
        seals.message_id = lambda key, host: f"<{uuid.uuid4().hex}@{host}>"
    take_over = without != "taking over"
    pace = delivery.Pace(lease=timedelta(seconds=float(lease)), deadline=float(deadline), take_over=take_over)
    delivery.deliver_due(pace=pace)
for line in sys.stdin:
    word, *rest = line.rstrip("\\n").split("|")
    if word == "wait":
        print(os.waitstatus_to_exitcode(os.waitpid(int(rest[0]), 0)[1]), flush=True)
        continue
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            send(*rest)
            status = 0
        finally:
            sys.stderr.flush()
            os._exit(status)
    print(pid, flush=True)
"""
STEPS = ("claimed", "rendered", "started", "handed over")


def main() -> str:
    """Kill at each step, cut the database's connections, let four send at once; then take each guard away."""
    import django

    django.setup()
    from django.core.management import call_command

    from tests.messaging.sink import running_sink

    call_command("migrate", verbosity=0)
    logging.getLogger("mail.log").setLevel(logging.WARNING)
    with running_sink() as (sink, url), _senders(url):
        recovered = {step: _killed(sink, step) for step in STEPS}
        cut = _connections_cut(sink)
        together = _together(sink)
        _control(sink, "claimed", "taking over", "are lost")
        _control(sink, "handed over", "same number", "another number")
    return (
        f"{MAILS} mails each time; longest recovery {max(recovered.values()):.1f} s with a lease of {LEASE} s "
        f"(with the product's 60 s: that plus 54 s); connections cut: {cut} mails twice; four senders at once: "
        f"{together} twice; both controls failed as they must"
    )


def _killed(sink, step: str, without: str = "-") -> float:
    """Kill a sender at ``step`` and let another one go on. Returns the seconds until everything had arrived."""
    marks = _queue(sink)
    process = _start(step, without)
    assert process.wait() == -signal.SIGKILL, f"the sender was not killed when {step}"
    begun = time.monotonic()
    seconds = 3 * LEASE if without == "taking over" else PROMISE
    while _open() and time.monotonic() - begun < seconds:
        _start("-", without).wait()
        time.sleep(0.2)
    after = time.monotonic() - begun
    twice = _check(sink, marks)
    assert twice <= 1, f"{twice} mails came twice after one kill"
    assert (step == "handed over") == (twice == 1), f"{twice} mails came twice when {step}"
    print(f"killed when {step}: all there after {after:.1f} s, {twice} twice", flush=True)
    return after


def _control(sink, step: str, without: str, words: str) -> None:
    """The same check without one guard. Raises AssertionError where it does not fail with ``words``."""
    try:
        _killed(sink, step, without)
    except AssertionError as error:
        if words not in str(error):
            raise
        print(f"without {without}: {error}", flush=True)
        return
    raise AssertionError(f"The control did not fail: without {without} everything was well.")


def _connections_cut(sink) -> int:
    """Cut every other connection to the database while a sender works. Returns how many mails came twice."""
    from django.db import connection

    marks = _queue(sink)
    process = _start("-", "-")
    for _ in range(5):
        time.sleep(0.3)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE pid <> pg_backend_pid() AND datname = current_database()"
            )
    process.wait()
    until = time.monotonic() + PROMISE
    while _open() and time.monotonic() < until:
        _start("-", "-").wait()
        time.sleep(0.2)
    return _check(sink, marks)


def _together(sink) -> int:
    """Let four senders work at once, as two timetables and two workers would. Returns how many mails came twice."""
    marks = _queue(sink)
    patient = {"lease": 60, "deadline": 25}  # as in the product: nothing is late here, only together
    for process in [_start("-", "-", **patient) for _ in range(4)]:
        assert process.wait() == 0
    while _open():
        _start("-", "-", **patient).wait()
    twice = _check(sink, marks)
    assert twice == 0, f"{twice} mails came twice without any kill"
    return twice


def _queue(sink) -> set[str]:
    """Begin anew with mails of the product's own backend. Returns their recipients."""
    from django.core.mail import send_mail

    from messaging.models import Message

    Message.objects.all().delete()
    sink.mails.clear()
    marks = {f"{uuid.uuid4().hex}@example.org" for _ in range(MAILS)}
    for recipient in marks:
        send_mail("Your code", "A code", None, [recipient])
    return marks


@contextmanager
def _senders(url: str) -> Iterator[None]:
    """Keep a process from which senders part: each is a process of its own, but loads nothing."""
    environment = {**os.environ, "EMAIL_URL": url}
    command = [sys.executable, "-c", SENDERS]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment) as mother:
        _Sender.mother = mother
        yield
        mother.stdin.close()


class _Sender:
    """One sender, at work since it was made."""

    mother: subprocess.Popen

    def __init__(self, *words: object) -> None:
        self.pid = int(self._ask("send", *words))

    def wait(self) -> int:
        """Return the exit status, negative for the signal that killed it."""
        return int(self._ask("wait", self.pid))

    def _ask(self, *words: object) -> str:
        self.mother.stdin.write("|".join(str(word) for word in words) + "\n")
        self.mother.stdin.flush()
        return self.mother.stdout.readline()


def _start(step: str, without: str, *, lease: float = LEASE, deadline: float = 2.0) -> _Sender:
    return _Sender(step, without, lease, deadline)


def _open() -> int:
    from messaging.models import Message

    return Message.objects.unfinished().count()


def _check(sink, marks: set[str]) -> int:
    """Return how many mails came more than once. Raises AssertionError where one is lost or has two numbers."""
    from messaging.models import Message

    numbers: dict[str, list[str]] = {mark: [] for mark in marks}
    for envelope, mail in zip(sink.mails, sink.parsed(), strict=True):
        numbers[envelope.rcpt_tos[0]].append(mail["Message-ID"])
    lost = [mark for mark, found in numbers.items() if not found]
    sent = Message.objects.filter(state="sent").count()
    assert not lost, f"{len(lost)} of {len(marks)} mails are lost"
    assert sent == len(marks), f"{sent} of {len(marks)} are marked as sent"
    assert all(len(set(found)) == 1 for found in numbers.values()), "a mail came again with another number"
    return sum(len(found) - 1 for found in numbers.values())
