"""What benches share: figures, the server they measure, a client that costs little."""

import contextlib
import ctypes
import gc
import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from threading import Barrier, Thread
from typing import IO

from config import env
from config.processes import free_port, spawn


@dataclass(frozen=True)
class Figure:
    """One figure beside its limit. ``most``/``least`` bound the ratio value / limit, or the value where no limit is."""

    name: str
    value: float
    unit: str
    limit: float | None = None
    most: float | None = None
    least: float | None = None

    @property
    def ratio(self) -> float | None:
        return self.value / self.limit if self.limit else None

    @property
    def ok(self) -> bool:
        seen = self.value if self.ratio is None else self.ratio
        return (self.most is None or seen <= self.most) and (self.least is None or seen >= self.least)

    @property
    def bar(self) -> str:
        of = "× the limit" if self.limit else self.unit
        bounds = [("at most", self.most), ("at least", self.least)]
        return ", ".join(f"{words} {bound:g} {of}" for words, bound in bounds if bound is not None)

    def row(self) -> dict:
        """Return the figure as ``--json`` writes it."""
        return {
            "name": self.name, "value": self.value, "unit": self.unit, "limit": self.limit, "ratio": self.ratio,
            "bar": self.bar, "ok": self.ok,
        }  # fmt: skip

    def line(self) -> str:
        beside = f" beside {self.limit:.4g}: {self.ratio:.2f} ×" if self.limit else ""
        return f"   {'ok    ' if self.ok else 'FAILED'} {self.name}: {self.value:.4g} {self.unit}{beside} ({self.bar})"


@contextlib.contextmanager
def serving(*, reference: bool = False, output: int | IO = subprocess.DEVNULL, **environment: str) -> Iterator[int]:
    """Run the product, or the raw views of script/reference.py, behind the same server; yield the port.

    ``output`` takes all that the server writes.
    """
    port = free_port()
    settings = "script.reference_settings" if reference else "config.settings"
    process = spawn(
        [sys.executable, "-m", "gunicorn", "-c", str(env.BASE_DIR / "config" / "gunicorn.py"), "--bind",
         f"127.0.0.1:{port}", "config.wsgi:application"],
        cwd=str(env.BASE_DIR),
        env={**os.environ, "DJANGO_SETTINGS_MODULE": settings, **environment},
        stdout=output,
        stderr=subprocess.STDOUT,
    )  # fmt: skip
    try:
        _wait(port, process)
        yield port
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def _wait(port: int, process: subprocess.Popen) -> None:
    limit = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < limit:
        with contextlib.suppress(OSError):
            Client(port).get("/health/live")
            return
        time.sleep(0.1)
    raise AssertionError("the server did not start")


class Client:
    """One connection that is kept, with the cookies given."""

    def __init__(self, port: int, cookies: dict[str, str] | None = None) -> None:
        self.line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.cookies = dict(cookies or {})

    def get(self, path: str) -> int:
        return self.ask("GET", path)[0]

    def ask(self, method: str, path: str, body: str = "", headers: dict[str, str] | None = None) -> tuple[int, bytes]:
        own = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if body:
            own["Content-Type"] = "application/x-www-form-urlencoded"
        self.line.request(method, path, body or None, own | (headers or {}))
        answer = self.line.getresponse()
        return answer.status, answer.read()


def medians(own: Client, path: str, raw: Client, raw_path: str, times: int = 60) -> tuple[float, float]:
    """Return the median milliseconds of both paths: ``medians_of``."""
    found = medians_of([(own, path), (raw, raw_path)], times)
    return found[0], found[1]


def medians_of(asked: Sequence[tuple[Client, str]], times: int = 60) -> list[float]:
    """Return the median milliseconds of each path on warm servers, asked in turns so that all see the same machine.

    Raises AssertionError unless they answer 200.
    """
    for client, one in [*asked] * 5:
        status = client.get(one)
        assert status == 200, f"{one} answers {status}"
    seconds: list[list[float]] = [[] for _ in asked]
    for _ in range(times):
        for (client, one), found in zip(asked, seconds, strict=True):
            found.append(_timed(lambda client=client, one=one: client.get(one)))
    return [median(found) * 1000 for found in seconds]


def warm_up(port: int, path: str) -> None:
    """Let every worker and thread of the server answer ``path`` once or more: nobody measures a first request."""
    at_once([lambda: Client(port).get(path)] * 96)


def _timed(do: Callable[[], object]) -> float:
    begun = time.perf_counter()
    do()
    return time.perf_counter() - begun


def at_once(jobs: list[Callable[[], object]]) -> float:
    """Begin all ``jobs`` at the same moment, each in a thread; return the seconds until the last has ended."""
    ready, failed = Barrier(len(jobs) + 1), []

    def one(job: Callable[[], object]) -> None:
        ready.wait(60)
        try:
            job()
        except Exception as error:
            failed.append(error)

    threads = [Thread(target=one, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    ready.wait(60)
    begun = time.perf_counter()
    for thread in threads:
        thread.join()
    assert not failed, failed[0]
    return time.perf_counter() - begun


_OWN = Path("/proc/self")


def memory_from_here() -> Callable[[], float]:
    """Return what tells the most memory this process has held since this call, in MB above what it holds now.

    What was held and let go before counts neither way: it is given back first, and the kernel's mark of the most begins
    anew. A kernel that keeps its mark says too much then, never too little; that is said aloud.
    """
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):  # where the C library keeps what it has, that is no new memory
        ctypes.CDLL(None).malloc_trim(0)
    try:
        (_OWN / "clear_refs").write_text("5")
    except OSError as error:
        print(f"   This kernel keeps the mark of the most memory ({error}): what was held before is counted in.")
    before = _held("VmRSS")
    return lambda: _held("VmHWM") - before


def _held(mark: str) -> float:
    """Return what the kernel tells of this process in a line of its status, in MB."""
    return int((_OWN / "status").read_text().split(f"{mark}:")[1].split()[0]) / 1024


def set_up() -> None:
    """Make Django and an up-to-date empty database ready in this process, with a key that its servers share."""
    import django

    os.environ.setdefault("SECRET_KEY", "a key of this bench alone, which its servers share")
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)


def empty() -> None:
    """Empty every table, also those that the database lets nobody empty: the chain of endorsements."""
    from django.core.management import call_command
    from django.db import connection

    kept = ("commitments_endorsement", "commitments_endorsementchain")
    with connection.cursor() as cursor:
        for table in kept:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        call_command("flush", interactive=False, verbosity=0)
        for table in kept:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def cookies_of(person) -> dict[str, str]:
    """Return the cookies of a browser in which ``person`` has signed in."""
    from django.test import Client as Browser

    browser = Browser()
    browser.force_login(person)
    return {name: cookie.value for name, cookie in browser.cookies.items()}


def queries_of(path: str, cookies: dict[str, str]) -> int:
    """Return how many queries a browser with ``cookies`` costs that opens ``path``, once all is loaded."""
    from django.db import connection
    from django.test import Client as Browser
    from django.test.utils import CaptureQueriesContext

    browser = Browser(SERVER_NAME="localhost")
    for name, value in cookies.items():
        browser.cookies[name] = value
    browser.get(path)
    with CaptureQueriesContext(connection) as seen:
        browser.get(path)
    return len(seen)
