"""``script/test``: the checks and the whole suite, against real servers of its own."""

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from config.processes import Unable, spawn
from script.temporary import temporary_servers
from tests import tools

HELP = """usage: script/test [pytest arguments]

Runs the checks (ruff, import-linter, missing migrations) and the whole suite on all cores, against a PostgreSQL and
a Valkey of its own that leave nothing behind, or those of DATABASE_URL and REDIS_URL. With pytest arguments only
those tests run, without the checks, for example: script/test -k booking. Long walks in a browser are taken when they
are named so; of all tests they alone are left to script/prove (its proof "walks").

Browser journeys and what needs libical or an IMAP server run where these are found; the last lines name what was not
run. REQUIRE_BROWSER=1 makes a missing one a failure.
"""
CHECKS = {
    "ruff check": ["-m", "ruff", "check", "."],
    "ruff format": ["-m", "ruff", "format", "--check", "."],
    "import rules": ["-c", "from importlinter.cli import lint_imports_command; lint_imports_command()", "--no-cache"],
    "missing migrations": ["manage.py", "makemigrations", "--check", "--dry-run", "--verbosity", "1"],
}


def main() -> int:
    """Return the exit status: 0 where everything passed."""
    arguments = sys.argv[1:]
    if {"-h", "--help"} & set(arguments):
        print(HELP)
        return 0
    begun = time.monotonic()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # what one process has compiled the next need not
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGHUP, _leave)
    try:
        with temporary_servers() as environment, _template(environment) as (environment, migrated):
            failed = [] if arguments else _run_checks(environment)
            chosen = arguments if _names_tests(arguments) else ["-m", "not walk", *arguments]
            if _run(
                ["-m", "pytest", "--ds", "config.settings_test", "-n", "auto", "--dist", "worksteal", *chosen],
                environment,
            ):
                failed.append("tests")
            if migrated():
                failed.append("migrations")
    except Unable as error:
        print(f"script/test: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    status = _sum_up(failed, time.monotonic() - begun)
    if not _names_tests(arguments):
        print("The long walks in a browser are taken by script/prove walks.", flush=True)
    return status


def _names_tests(arguments: list[str]) -> bool:
    """Return whether ``arguments`` choose among the tests: a run of all of them leaves the long walks to a proof."""
    return any(not each.startswith("-") or each.startswith(("-k", "-m")) for each in arguments)


def _leave(number: int, frame: object) -> None:
    sys.exit(128 + number)


@contextlib.contextmanager
def _template(environment: dict[str, str]) -> Iterator[tuple[dict[str, str], Callable[[], int]]]:
    """Migrate our own empty database, from which each process of the run then copies its own, beside the first work.

    Yields the environment that names it, and what returns the exit status of the migrations. A database that was given
    to us is left alone: each process then migrates one of its own.
    """
    if os.environ.get("DATABASE_URL"):
        yield environment, lambda: 0
        return
    lock = Path(environment["VAR_DIR"]).parent / "template.lock"
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)  # the child holds it from then on: it is free where that has ended
        process = spawn(
            [sys.executable, "manage.py", "migrate", "--settings", "config.settings_test", "--verbosity", "0"],
            env=environment,
            pass_fds=[held.fileno()],
        )
    try:
        name = environment["DATABASE_URL"].rpartition("/")[2]
        yield {**environment, "TEST_TEMPLATE": name, "TEST_TEMPLATE_LOCK": str(lock)}, process.wait
    finally:
        if process.poll() is None:
            _end(process)


def _run_checks(environment: dict[str, str]) -> list[str]:
    """Return the names of the checks that failed, each with its output above."""
    return [name for name, command in CHECKS.items() if _run(command, environment, title=name)]


def _run(command: list[str], environment: dict[str, str], title: str = "") -> int:
    if title:
        print(f"== {title}", flush=True)
    process = spawn([sys.executable, *command], env=environment)
    try:
        return process.wait()
    finally:
        if process.poll() is None:
            _end(process)


def _end(process: subprocess.Popen) -> None:
    """End a run that was interrupted, with the processes that it started."""
    process.send_signal(signal.SIGINT)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _sum_up(failed: list[str], seconds: float) -> int:
    """Print the last lines: what failed, what was not run, how long it took. Returns the exit status."""
    lacking = tools.missing()
    if lacking and tools.needed():
        failed.append("REQUIRE_BROWSER")
    print(f"\n{'FAILED: ' + ', '.join(failed) if failed else 'Passed'} after {seconds:.0f} seconds.")
    for what in lacking.values():
        print(f"NOT RUN: {what}")
    if not lacking:
        print("Nothing was left out: Chromium, libical and an IMAP server are here.")
    sys.stdout.flush()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
