"""``script/prove``: run the long proofs, each with fresh servers, and sum them up.

A proof is a file in script/proofs with a docstring, and a ``main()`` that raises (AssertionError with what was seen)
where the promise does not hold, or returns a line with the figures. Three constants are read from its text: ``SERVERS =
False`` for a proof that starts servers itself, ``LIMIT = 600`` for its longest time in seconds, ``BESIDE = True`` for
one that says nothing about time and may run beside another of its kind: two of them at once, then the others alone.
"""

import argparse
import ast
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from config.embedded import Servers
from config.processes import Unable, spawn
from script.temporary import seeded, temporary_servers

PROOFS = Path(__file__).resolve().parent / "proofs"
RUN = "import runpy, sys; said = runpy.run_path(sys.argv[1])['main'](); print(said or '', flush=True)"


def main() -> int:
    """Return the exit status: 0 where every proof holds."""
    known = {path.stem: path for path in sorted(PROOFS.glob("[a-z]*.py"))}
    parser = argparse.ArgumentParser(prog="script/prove", description="Run the long proofs, all or those named.")
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join(known))
    parser.add_argument("--list", action="store_true", help="say what each proof shows, and run none")
    wanted = parser.parse_args()
    if unknown := set(wanted.names) - set(known):
        parser.error(f"there is no proof {', '.join(sorted(unknown))}: there are {', '.join(known)}")
    if wanted.list:
        for name, path in known.items():
            print(f"{name:<14} {(_constants(path)['__doc__'] or '').splitlines()[0]}")
        return 0
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # what one process has compiled the next need not
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, frame: sys.exit(128 + number))
    return _prove([known[name] for name in wanted.names or known])


def _prove(paths: list[Path]) -> int:
    begun = time.monotonic()
    proofs = [Proof(path) for path in paths]
    with contextlib.ExitStack() as stack:
        try:
            seed = stack.enter_context(_seed())
        except (Unable, subprocess.CalledProcessError) as error:
            print(f"script/prove: {error}", file=sys.stderr)
            return 1
        beside = [proof for proof in proofs if seed and proof.constants.get("BESIDE")]
        # The longest first, so that none is left to run for itself at the end.
        _run(sorted(beside, key=lambda proof: -proof.limit), 2, seed)
        _run([proof for proof in proofs if proof not in beside], 1, seed)
    failed = sum(not proof.holds for proof in proofs)
    print("\n" + "\n".join(proof.line() for proof in proofs))
    print(
        f"{len(proofs) - failed} of {len(proofs)} proofs hold, after {time.monotonic() - begun:.0f} seconds"
        f" ({sum(proof.seconds for proof in proofs):.0f} one after the other).",
        flush=True,
    )
    return 1 if failed else 0


@contextlib.contextmanager
def _seed() -> Iterator[Servers | None]:
    """Yield servers with a migrated empty database, of which those of each proof are a copy.

    None where the environment names servers: what is in them is not ours, and two proofs would share it.
    """
    if os.environ.get("DATABASE_URL") or os.environ.get("REDIS_URL"):
        yield None
        return
    migrate = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    with seeded(lambda environment: subprocess.run(migrate, env=environment, check=True)) as servers:
        yield servers


def _run(waiting: list["Proof"], most: int, seed: Servers | None) -> None:
    """Run the proofs in this order, at most ``most`` at once."""
    waiting, running = list(waiting), []
    try:
        while waiting or running:
            while waiting and len(running) < most:
                running.append(waiting.pop(0))
                running[-1].start(seed)
            for proof in [each for each in running if each.has_ended()]:
                running.remove(proof)
                proof.end()
            time.sleep(0.1)
    finally:
        for proof in running:
            proof.end()


class Proof:
    """One proof, run in a process of its own. ``holds`` and ``seconds`` are known when it has ended."""

    def __init__(self, path: Path) -> None:
        self.path, self.constants = path, _constants(path)
        self.limit = self.constants.get("LIMIT", 900)
        self.holds, self.seconds, self.figures = False, 0.0, ""
        self._held, self._process = contextlib.ExitStack(), None

    def start(self, seed: Servers | None) -> None:
        print(f"== {self.path.stem}: {self.constants['__doc__'].splitlines()[0]}", flush=True)
        self._begun, environment = time.monotonic(), dict(os.environ)
        try:
            if self.constants.get("SERVERS", True):
                environment = self._held.enter_context(temporary_servers(seed=seed))
                if seed:  # what runs tests copies its database from the one that is migrated
                    environment["TEST_TEMPLATE"] = environment["DATABASE_URL"].rpartition("/")[2]
        except Unable as error:
            self.figures = str(error)
            return
        self._said = self._held.enter_context(tempfile.TemporaryFile("w+"))  # noqa: SIM115 - the stack closes it
        self._process = spawn(
            [sys.executable, "-c", RUN, str(self.path)],
            env={"DJANGO_SETTINGS_MODULE": "config.settings", **environment},
            stdout=self._said,
        )

    def has_ended(self) -> bool:
        """Return whether it has ended, or taken longer than its limit."""
        late = time.monotonic() - self._begun > self.limit
        return self._process is None or self._process.poll() is not None or late

    def end(self) -> None:
        """Note what it said, and end it where it has not ended; its servers go."""
        if self._process:
            if self._process.poll() is None:
                os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait()
                self.figures = "took too long"
            self._said.seek(0)
            said = self._said.read()
            self.holds = self._process.returncode == 0
            self.figures = self.figures or (said.strip().splitlines() or [""])[-1]
            print(f"-- {self.path.stem}\n{said}", end="", flush=True)
        self._held.close()
        self.seconds = time.monotonic() - self._begun

    def line(self) -> str:
        """Return the line of the summary."""
        return f"{'holds ' if self.holds else 'FAILED'} {self.path.stem:<16} {self.seconds:6.1f} s  {self.figures}"


def _constants(path: Path) -> dict:
    """Return the docstring and the simple constants of a proof without running it."""
    tree = ast.parse(path.read_text())
    found = {"__doc__": ast.get_docstring(tree) or path.stem}
    for each in tree.body:
        if isinstance(each, ast.Assign) and isinstance(each.value, ast.Constant):
            found.update({target.id: each.value.value for target in each.targets if isinstance(target, ast.Name)})
    return found


if __name__ == "__main__":
    sys.exit(main())
