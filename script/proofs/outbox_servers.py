"""The running product loses no mail when worker, timetable, PostgreSQL or Valkey is killed or the broker emptied."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from http import HTTPStatus
from pathlib import Path

import redis

from config import env, supervisor
from config.processes import spawn
from script.launched import Launched
from tests.messaging.sink import running_sink

SERVERS = False
LIMIT = 900
MAILS = 150
SENDERS = 4  # threads of the worker: each is a sender, and each may repeat the one mail in its hands
PROMISE = 120.0  # seconds until everything has arrived after a kill

QUEUE = """
import sys
import django
django.setup()
from django.core.mail import send_mail
for mark in sys.argv[1].split(","):
    send_mail("Your code", "A code", None, [f"{mark}@example.org"])
"""


def main() -> str:
    """Kill each part while mail goes out; then show that the same check fails without the timetable."""
    with tempfile.TemporaryDirectory(prefix="outbox ") as place, running_sink() as (sink, url):
        var_dir = Path(place).resolve() / "var"
        with Launched(env.BASE_DIR, var_dir, "--empty", EMAIL_URL=url) as server:
            server.wait_ready()
            proof = Proof(server, sink, var_dir)
            lines = [proof.kill(part) for part in ("worker", "timetable", "postgres", "valkey")]
            lines.append(proof.flush_redis())
            lines.append(proof.second_timetable())
            lines.append(proof.without_the_timetable())
            server.stop()
    return f"{MAILS} mails each time; " + "; ".join(lines)


class Proof:
    """A running product, the mail server that it sends to, and what is done to it."""

    def __init__(self, server: Launched, sink, var_dir: Path) -> None:
        self.server, self.sink, self.var_dir = server, sink, var_dir
        given = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
        self.environment = {**given, "VAR_DIR": str(var_dir), "DJANGO_SETTINGS_MODULE": "config.settings"}

    def kill(self, part: str) -> str:
        """Kill ``part`` while mail goes out; everything must arrive."""
        marks = self._queue()
        self._wait_for(10)
        os.kill(self.server.part(part), signal.SIGKILL)
        seconds = self._wait_for(MAILS)
        said = self._said(f"{part} killed", marks, seconds, most=SENDERS)
        self._wait_healthy()
        return said

    def flush_redis(self) -> str:
        """Empty the broker while mail goes out."""
        marks = self._queue()
        for _ in range(5):
            self._broker().flushall()
            time.sleep(0.2)
        return self._said("Redis flushed", marks, self._wait_for(MAILS), most=0)

    def second_timetable(self) -> str:
        """Let two timetables wake the workers."""
        other = spawn(
            [sys.executable, *supervisor.timetable(str(self.var_dir / "another timetable"))],
            cwd=env.BASE_DIR,
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            marks = self._queue()
            return self._said("two timetables", marks, self._wait_for(MAILS), most=0)
        finally:
            other.kill()
            other.wait()

    def without_the_timetable(self) -> str:
        """The control: with the timetable standing still and the broker emptied the same wait must fail."""
        timetable = self.server.part("timetable")
        os.kill(timetable, signal.SIGSTOP)
        try:
            for _ in range(4):  # a task that was in the worker's hands already may still deliver
                marks, error = self._queue_for_nobody()
                if error:
                    break
            assert error, "The control did not fail: without the timetable everything arrived."
            print(f"without the timetable: {error}", flush=True)
        finally:
            os.kill(timetable, signal.SIGCONT)
        return self._said("timetable back", marks, self._wait_for(MAILS), most=0)

    def _queue_for_nobody(self) -> tuple[set[str], str]:
        """Queue while the worker stands still, empty the broker, let it go on. Returns marks and what is missing."""
        worker = self.server.part("worker")
        os.kill(worker, signal.SIGSTOP)
        self._broker().client_kill_filter(_type="normal", skipme=True)  # nobody waits for the nudge on an open line
        marks = self._queue()
        self._broker().flushall()
        os.kill(worker, signal.SIGCONT)
        try:
            self._wait_for(MAILS, limit=15)
        except AssertionError as error:
            return marks, str(error)
        return marks, ""

    def _broker(self) -> redis.Redis:
        urls = json.loads((self.var_dir / "servers.running").read_text())
        return redis.Redis.from_url(urls["REDIS_URL"])

    def _wait_healthy(self, limit: float = PROMISE) -> None:
        """Wait until what was killed is there again: the mails may all have left before it was."""
        begun = time.monotonic()
        while self.server.status() != HTTPStatus.OK:
            assert time.monotonic() - begun < limit, f"the product was not healthy again after {limit} s"
            time.sleep(0.2)

    def _queue(self) -> set[str]:
        """Write mails through the product's own backend, as a page would."""
        self.sink.mails.clear()
        marks = [uuid.uuid4().hex for _ in range(MAILS)]
        command = [sys.executable, "-c", QUEUE, ",".join(marks)]
        subprocess.run(command, check=True, cwd=env.BASE_DIR, env=self.environment, timeout=120)
        return {f"{mark}@example.org" for mark in marks}

    def _wait_for(self, count: int, limit: float = PROMISE) -> float:
        """Wait until ``count`` different mails have arrived. Returns the seconds."""
        begun = time.monotonic()
        while (arrived := len({mail.rcpt_tos[0] for mail in list(self.sink.mails)})) < count:
            assert time.monotonic() - begun < limit, f"{count - arrived} of {count} mails had not arrived in {limit} s"
            time.sleep(0.1)
        return time.monotonic() - begun

    def _said(self, what: str, marks: set[str], seconds: float, most: int) -> str:
        time.sleep(1)  # a repeated mail would come at once after the first
        numbers: dict[str, list[str]] = {mark: [] for mark in marks}
        for envelope, mail in zip(list(self.sink.mails), self.sink.parsed(), strict=True):
            numbers[envelope.rcpt_tos[0]].append(mail["Message-ID"])
        assert all(len(set(found)) == 1 for found in numbers.values()), f"{what}: a mail came again with another number"
        twice = sum(len(found) - 1 for found in numbers.values())
        assert twice <= most, f"{what}: {twice} mails came twice"
        line = f"{what}: all there after {seconds:.0f} s, {twice} twice"
        print(line, flush=True)
        return line
