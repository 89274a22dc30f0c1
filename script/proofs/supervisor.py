"""A killed part comes back within five seconds; a killed or stopped supervisor leaves no process behind."""

import os
import signal
import tempfile
import time
from pathlib import Path

from config import env
from script.launched import PARTS, Launched

SERVERS = False
PROMISE = 5.0  # seconds


def main() -> str:
    """Kill everything there is, in a folder whose name has spaces and an accent."""
    with tempfile.TemporaryDirectory(prefix="a folder für proofs ") as place:
        var_dir = Path(place).resolve() / "var dir"
        back = _kill_each_part(var_dir)
        gone = _kill_the_supervisor(var_dir)
        stopped = _stop_it(var_dir)
    return (
        f"longest time until a killed part was started again {max(back.values()):.1f} s; all gone {gone:.1f} s after "
        f"a killed supervisor; stopped in {stopped:.1f} s"
    )


def _kill_each_part(var_dir: Path) -> dict[str, float]:
    with Launched(env.BASE_DIR, var_dir) as server:
        server.wait_ready()
        _second_is_refused(var_dir, server)
        back = {name: _kill_part(server, name) for name in PARTS}
        server.stop(signal.SIGINT)
    return back


def _kill_part(server: Launched, name: str) -> float:
    """Kill one part. Returns the seconds until it was started again; then everything must answer once more."""
    old = server.part(name)
    assert old, f"{name} is not running"
    begun = time.monotonic()
    os.kill(old, signal.SIGKILL)
    while server.part(name) in (old, None):
        assert time.monotonic() - begun < PROMISE, f"{name} was not started again within {PROMISE} seconds"
        time.sleep(0.05)
    started = time.monotonic() - begun
    while server.status() != 200:
        assert time.monotonic() - begun < 20, f"nothing answers after {name} was killed:\n{server.said()}"
        time.sleep(0.1)
    print(f"{name}: started again after {started:.1f} s, ready after {time.monotonic() - begun:.1f} s", flush=True)
    return started


def _second_is_refused(var_dir: Path, first: Launched) -> None:
    with Launched(env.BASE_DIR, var_dir) as second:
        assert second.process.wait(30) == 1
        assert "already running" in second.said()
    assert first.status() == 200


def _kill_the_supervisor(var_dir: Path) -> float:
    """Kill the supervisor alone. Returns the seconds until the last of its processes was gone."""
    with Launched(env.BASE_DIR, var_dir) as server:
        server.wait_ready()
        # The control: the same search sees all of them while they run, PostgreSQL's and the web server's children too.
        seen = server.processes()
        assert len(seen) > 2 * len(PARTS), f"the search sees only {seen}"
        server.process.kill()
        server.process.wait()
        return server.wait_nothing_left(15)


def _stop_it(var_dir: Path) -> float:
    """Start again on the data of a killed server, with a lock that names a living stranger, and stop in order."""
    (var_dir / "servers" / "postgres" / "postmaster.pid").write_text(f"{os.getpid()}\n")
    with Launched(env.BASE_DIR, var_dir) as server:
        server.wait_ready()
        assert server.status("/") == 200
        return server.stop()
