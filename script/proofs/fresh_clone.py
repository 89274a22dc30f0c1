"""Both commands work in a fresh clone with an environment of its own, as each kind of user there is."""

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from config import env
from script.launched import Launched

SERVERS = False
LIMIT = 1500
FIRST, SECOND = 180.0, 10.0  # seconds; quality.md, "start"
SYSTEM_PYTHON = Path("/usr/bin/python3")
ONE_TEST = "tests/config/test_health.py"


@dataclass(frozen=True)
class User:
    """A kind of user: the words that go before a command to become it, and who owns its clone."""

    name: str
    before: list[str] = field(default_factory=list)
    owner: str = ""


def main() -> str:
    """Start, start again and test in one clone for each kind of user, in folders whose names have spaces."""
    with tempfile.TemporaryDirectory(prefix="fresh clones ") as place:
        os.chmod(place, 0o755)  # noqa: S103 - the ordinary user walks through it to the own clone
        return "; ".join(_prove(user, Path(place).resolve() / user.name) for user in _users())


def _users() -> list[User]:
    """Return the kinds of user that we can be: three for root, ourselves for anybody else."""
    if os.getuid() != 0:
        return [User("ordinary user")]
    nobody = pwd.getpwnam("nobody")
    ordinary = ["setpriv", f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups"]
    refused = [sys.executable, str(env.BASE_DIR / "script" / "without_namespaces.py")]
    return [User("root"), User("ordinary user", ordinary, "nobody"), User("root without namespaces", refused)]


def _prove(user: User, folder: Path) -> str:
    home = folder / "the clone"
    subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", str(env.BASE_DIR), str(home)], check=True)
    environment = {"HOME": str(folder), "PYTHONPATH": "", "XDG_CACHE_HOME": str(folder / "cache")}
    if user.owner:
        # Root's own Python may lie in root's home, which the ordinary user cannot enter.
        environment["PYTHON"] = str(SYSTEM_PYTHON)
        _give(folder, user.owner)
    first = _start(user, home, environment, expect="Sign in at")
    second = _start(user, home, environment, expect="Sign in at")
    tested = _test(user, home, environment)
    assert second < SECOND, f"{user.name}: the second start took {second:.1f} s"
    shutil.rmtree(folder, ignore_errors=True)
    line = f"{user.name}: first start {first:.0f} s, second {second:.1f} s, first script/test {tested:.0f} s"
    print(line, flush=True)
    return line


def _give(folder: Path, owner: str) -> None:
    for path in (folder, *folder.rglob("*")):
        shutil.chown(path, owner, "nogroup")


def _start(user: User, home: Path, environment: dict[str, str], expect: str) -> float:
    """Start the server, ask for the first page, stop it. Returns the seconds until it was ready."""
    with Launched(home, home / "var", before=user.before, said=home.parent, **environment) as server:
        seconds = server.wait_ready(FIRST * 2)
        assert server.status("/") == 200, f"{user.name}: the first page does not answer"
        assert expect in server.said(), server.said()
        server.stop()
    return seconds


def _test(user: User, home: Path, environment: dict[str, str]) -> float:
    begun = time.monotonic()
    kept = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
    command = [*user.before, str(home / "script" / "test"), ONE_TEST]
    done = subprocess.run(command, env={**kept, **environment, "VAR_DIR": ""}, capture_output=True, text=True)
    assert done.returncode == 0, f"{user.name}: script/test {ONE_TEST}:\n{done.stdout}\n{done.stderr}"
    assert " passed" in done.stdout, done.stdout
    return time.monotonic() - begun
