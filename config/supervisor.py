"""``script/server``: start everything, keep it alive, stop it without leaving a process behind.

Web, worker and timetable are the same commands that docker-compose.yml runs (a test holds them together); our own
servers come from ``config/embedded.py`` where no URL names others.
"""

import argparse
import contextlib
import fcntl
import http.client
import json
import os
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from config import env
from config.embedded import Servers
from config.processes import Part, Unable, spawn, tail

ADMINISTRATOR = "administrator@example.org"
AFTER_A_QUICK_END = 1.0  # seconds before a part that ended at once is started again


def web(host: str = "127.0.0.1", port: int = 8000) -> list[str]:
    """Return the command of the web server, without the interpreter."""
    return ["-m", "gunicorn", "--config", "config/gunicorn.py", "--bind", f"{host}:{port}", "config.wsgi"]


def worker() -> list[str]:
    """Return the command of the worker: threads, because its work is waiting for a mail server."""
    return ["-m", "celery", "-A", "config.celery", "worker", "--pool", "threads", "--concurrency", "4", "-l", "INFO"]


def timetable(schedule: str = "/tmp/timetable") -> list[str]:  # noqa: S108 - the place inside a container
    """Return the command of the timetable, which remembers its last ticks in the file ``schedule``."""
    return ["-m", "celery", "-A", "config.celery", "beat", "--schedule", schedule, "--pidfile=", "-l", "INFO"]


class Stop(Exception):
    """Somebody asked us to stop."""


class Supervisor:
    """The parts in the order of their start, and one loop that watches them."""

    def __init__(self, var_dir: Path, port: int) -> None:
        self.var_dir, self.port = var_dir, port
        self.servers = Servers(var_dir)
        self.own: list[Part] = []
        self.stopping = False
        self._retry_at: dict[str, float] = {}

    # asked to stop

    def listen(self) -> None:
        """Take Ctrl-C, SIGTERM and a closed terminal as the wish to stop."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._note)

    def _note(self, number: int, frame: object) -> None:
        self.stopping = True

    def pause(self, seconds: float) -> None:
        """Sleep. Raises Stop as soon as somebody has asked for it."""
        limit = time.monotonic() + seconds
        while not self.stopping and (left := limit - time.monotonic()) > 0:
            time.sleep(min(left, 0.1))
        if self.stopping:
            raise Stop

    # start

    def start_servers(self) -> None:
        """Start our own servers, and tell the settings of every process after us where they are."""
        self.servers.prepare()
        self.servers.start(self.pause)
        os.environ.update(self.servers.urls)
        _write_private(env.running_servers(), json.dumps(self.servers.urls))

    def manage(self, *arguments: str) -> str:
        """Run ``manage.py`` to its end and return what it printed.

        Raises Unable with the end of its log where it fails, Stop where we are asked to stop.
        """
        log = self.log("start")
        with log.open("ab") as errors, tempfile.TemporaryFile("w+", encoding="utf-8") as said:
            process = spawn([sys.executable, "manage.py", *arguments], cwd=env.BASE_DIR, stdout=said, stderr=errors)
            try:
                while process.poll() is None:
                    self.pause(0.05)
            finally:
                if process.poll() is None:
                    process.terminate()
                    process.wait()
            said.seek(0)
            if process.returncode:
                raise Unable(f"manage.py {arguments[0]} failed. The end of {log}:\n{tail(log, 20)}")
            return said.read()

    def start_own(self) -> None:
        """Start web, worker and timetable, and wait until the pages answer."""
        environment = {**os.environ, "PYTHONUNBUFFERED": "1", "VAR_DIR": str(self.var_dir), "PORT": str(self.port)}
        commands = {
            "web": web(port=self.port),
            "worker": worker(),
            "timetable": timetable(str(self.var_dir / "timetable")),
        }
        for name, command in commands.items():
            part = Part(name, [sys.executable, *command], log=self.log(name), environment=environment)
            self.own.append(part)
            part.start()
            if name == "web":
                part.is_ready = self._answers
                part.wait(60, self.pause)

    def log(self, name: str) -> Path:
        """Return the file that the output of ``name`` goes to."""
        folder = self.var_dir / "log"
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"{name}.log"

    def _answers(self, part: Part) -> bool:
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            line.request("GET", "/health/ready")
            return line.getresponse().status == 200
        except OSError:
            return False
        finally:
            line.close()

    # watch and stop

    @property
    def parts(self) -> list[Part]:
        return [*self.servers.parts, *self.own]

    def watch(self) -> None:
        """Start again whatever ends, until somebody asks us to stop (raises Stop)."""
        while True:
            self.pause(0.2)
            for part in self.parts:
                if not part.alive:
                    self._revive(part)

    def _revive(self, part: Part) -> None:
        """Start an ended part again: at once, or a moment later when it had only just started."""
        now = time.monotonic()
        if part.name not in self._retry_at:
            say(f"{part.name} ended with status {part.process.returncode}: starting it again.")
            quick = now - part.started < 2
            self._retry_at[part.name] = now + (AFTER_A_QUICK_END if quick else 0)
        if now >= self._retry_at[part.name]:
            del self._retry_at[part.name]
            part.start()

    def stop(self) -> None:
        """Stop all parts, the last one first."""
        for part in reversed(self.own):
            if part.alive:
                part.process.send_signal(part.stop_signal)
        for part in reversed(self.own):
            part.stop()
        self.servers.stop()
        env.running_servers().unlink(missing_ok=True)


# The command ---------------------------------------------------------------------------------------------------------


def say(words: str) -> None:
    """Print a line at once, also into a pipe."""
    print(words, flush=True)


def _write_private(path: Path, words: str) -> None:
    path.unlink(missing_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(words)


@contextlib.contextmanager
def only_one(var_dir: Path) -> Iterator[None]:
    """Hold the lock of ``var_dir``. Raises Unable where another supervisor holds it."""
    var_dir.mkdir(parents=True, exist_ok=True)
    with (var_dir / "supervisor.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise Unable(
                f"script/server is already running on {var_dir} (process {lock.read().strip()}): stop it first, "
                "or set VAR_DIR and PORT to others."
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def check_port(port: int) -> None:
    """Raises Unable where somebody listens on ``port`` of this machine, or we may not."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError):
            raise Unable(f"Port {port} is in use or not allowed: set PORT to a free one.") from None


def check_settings() -> None:
    """Raises ImproperlyConfigured with its sentence where a variable of the environment has a bad value."""
    import config.settings  # noqa: F401 - reading it is the check


def serve(*, empty: bool) -> int:
    """Start everything, stay until asked to stop. Returns the exit status."""
    begun = time.monotonic()
    try:
        var_dir, port = env.var_dir(), env.number("PORT", 8000)
        with only_one(var_dir):
            check_settings()
            check_port(port)
            return _serve(Supervisor(var_dir, port), empty=empty, begun=begun)
    except (Unable, ImproperlyConfigured) as error:
        print(f"script/server: {error}", file=sys.stderr, flush=True)
        return 1


def _serve(supervisor: Supervisor, *, empty: bool, begun: float) -> int:
    supervisor.listen()
    try:
        _start(supervisor, empty=empty)
        say(f"Ready after {time.monotonic() - begun:.1f} seconds. Logs: {supervisor.var_dir}/log. Ctrl-C stops it.")
        supervisor.watch()
    except Stop:
        say("Stopping.")
    finally:
        supervisor.stop()
    say("Stopped: nothing is left running.")
    return 0


def _start(supervisor: Supervisor, *, empty: bool) -> None:
    supervisor.start_servers()
    for part in supervisor.servers.parts:
        say(f"{part.name}: our own, data in {supervisor.servers.home}")
    say("Making the tables" + ("." if empty else ", and in an empty database the invented county: a minute, once."))
    people = supervisor.manage("prepare", *(("--administrator", ADMINISTRATOR) if empty else ("--demo",)))
    supervisor.start_own()
    say("\n" + people)


def main() -> int:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(
        prog="script/server",
        description="Start Briefing Hub on this machine: web, worker and timetable, and where DATABASE_URL or "
        "REDIS_URL is not set, PostgreSQL and Valkey of its own. Ctrl-C stops everything.",
        epilog="Environment: PORT (8000), VAR_DIR (var/), and everything else in README.md.",
    )
    parser.add_argument("--empty", action="store_true", help="load no demo data; make and print one administrator")
    return serve(empty=parser.parse_args().empty)


if __name__ == "__main__":
    sys.exit(main())
