"""Servers for one run, with nothing left afterwards."""

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from config import env
from config.embedded import Servers


@contextlib.contextmanager
def temporary_servers(*, fresh: bool = False, seed: Servers | None = None) -> Iterator[dict[str, str]]:
    """Start PostgreSQL and Valkey where the environment names none; yield the environment that names them.

    ``fresh`` starts ours whatever the environment names; ours begin as a copy of ``seed``. Everything is gone
    afterwards; where we are killed the kernel ends the servers, and the next run removes their folder. Raises
    config.processes.Unable where none can run.
    """
    with _folder() as folder:
        kept = {name: os.environ.pop(name) for name in ("DATABASE_URL", "REDIS_URL") if fresh and name in os.environ}
        try:
            servers = Servers(folder / "own", lasting=False, seed=seed)
            try:
                servers.prepare()
                servers.start()
                yield {**os.environ, **servers.urls, "VAR_DIR": str(folder / "var")}
            finally:
                servers.stop()
        finally:
            os.environ.update(kept)


@contextlib.contextmanager
def seeded(sow: Callable[[dict[str, str]], object]) -> Iterator[Servers]:
    """Yield stopped servers in which ``sow(environment)`` has left what those that begin as their copy are to hold."""
    with _folder() as folder:
        servers = Servers(folder / "own", lasting=False)
        try:
            servers.prepare()
            servers.start()
            sow({**os.environ, **servers.urls, "VAR_DIR": str(folder / "var")})
            for part in reversed(servers.parts):
                part.stop()
            yield servers
        finally:
            servers.stop()


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    """Yield a folder of our own that is removed afterwards, or by the next run where we are killed."""
    _remove_left_behind()
    folder = Path(tempfile.mkdtemp(prefix="run-", dir=_place()))
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _place() -> Path:
    place = env.var_dir() / "runs"
    place.mkdir(parents=True, exist_ok=True)
    return place


def _remove_left_behind() -> None:
    """Remove the folders of runs that were killed: their locks are free."""
    for folder in _place().glob("run-*"):
        with contextlib.suppress(OSError), (folder / "lock").open("r+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            Servers(folder / "own", lasting=False).remove()
            shutil.rmtree(folder, ignore_errors=True)
