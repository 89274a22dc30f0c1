"""A running script/server, seen from outside, for the proofs."""

import http.client
import os
import signal
import subprocess
import time
from pathlib import Path

from config.processes import free_port, spawn

PARTS = {
    "postgres": "bin/postgres",
    "valkey": "valkey-server",
    "web": "gunicorn",
    "worker": " worker ",
    "timetable": " beat ",
}


class Launched:
    """One script/server of the clone ``home`` with the data in ``var_dir``, on a free port.

    ``before``: words that go before the command; ``said``: the folder for what it prints, else beside the data.
    """

    def __init__(
        self,
        home: Path,
        var_dir: Path,
        *options: str,
        before: list[str] | None = None,
        said: Path | None = None,
        **environment: str,
    ) -> None:
        self.home, self.var_dir, self.port = home, var_dir, free_port()
        given = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
        self.output = (said or var_dir.parent) / f"{var_dir.name}.said"
        self.output.unlink(missing_ok=True)
        self.begun = time.monotonic()
        with self.output.open("ab") as output:
            self.process = spawn(
                [*(before or []), str(home / "script" / "server"), *options],
                orphaned=signal.SIGKILL,
                cwd="/",
                env={**given, "VAR_DIR": str(var_dir), "PORT": str(self.port), **environment},
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def __enter__(self) -> "Launched":
        return self

    def __exit__(self, *error) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def said(self) -> str:
        return self.output.read_text(errors="replace")

    def wait_ready(self, seconds: float = 300) -> float:
        """Wait for the line that says it is ready. Returns the seconds since the start."""
        limit = time.monotonic() + seconds
        while "Ready after" not in self.said():
            assert self.process.poll() is None, f"script/server ended with {self.process.returncode}:\n{self.said()}"
            assert time.monotonic() < limit, f"script/server is not ready after {seconds} seconds:\n{self.said()}"
            time.sleep(0.1)
        return time.monotonic() - self.begun

    def status(self, path: str = "/health/ready") -> int:
        """Return the status of a page, 0 where nobody answers."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            line.request("GET", path)
            return line.getresponse().status
        except OSError:
            return 0
        finally:
            line.close()

    def part(self, name: str) -> int | None:
        """Return the number of the process of a part, a direct child of the supervisor."""
        for pid in self.processes():
            if _parent(pid) == self.process.pid and PARTS[name] in _read(pid, "cmdline"):
                return pid
        return None

    def processes(self) -> list[int]:
        """Return every living process that has to do with our data: by its folder, its words or its environment."""
        return [int(folder.name) for folder in Path("/proc").glob("[0-9]*") if self._is_ours(int(folder.name))]

    def _is_ours(self, pid: int) -> bool:
        mark = str(self.var_dir)
        try:
            folder = os.readlink(f"/proc/{pid}/cwd")
        except OSError:
            folder = ""
        mine = (pid, os.getpid())[0] != os.getpid()
        shared = self._shared_home()
        words = (folder, _read(pid, "cmdline"), _read(pid, "environ"))
        return mine and any(mark in each or (shared and shared in each) for each in words) and _state(pid) != "Z"

    def _shared_home(self) -> str:
        from config.embedded import _shared_home

        return str(_shared_home(self.var_dir))

    def wait_nothing_left(self, seconds: float) -> float:
        """Wait until no process of ours is left. Returns how long it took."""
        begun = time.monotonic()
        while left := self.processes():
            lines = [f"{pid}: {_read(pid, 'cmdline')}" for pid in left]
            assert time.monotonic() - begun < seconds, f"left after {seconds} seconds:\n" + "\n".join(lines)
            time.sleep(0.05)
        return time.monotonic() - begun

    def stop(self, number: int = signal.SIGTERM) -> float:
        """Ask it to stop, expect exit status 0 and nothing left. Returns the seconds."""
        begun = time.monotonic()
        self.process.send_signal(number)
        status = self.process.wait(60)
        assert status == 0, f"exit status {status}:\n{self.said()}"
        self.wait_nothing_left(1)
        return time.monotonic() - begun


def _read(pid: int, name: str) -> str:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def _parent(pid: int) -> int:
    words = _read(pid, "stat").rpartition(")")[2].split()
    return int(words[1]) if words else 0


def _state(pid: int) -> str:
    words = _read(pid, "stat").rpartition(")")[2].split()
    return words[0] if words else "Z"
