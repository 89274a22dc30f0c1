"""``script/prove``: run the long proofs one after the other, each with fresh servers, and sum them up.

A proof is a file in script/proofs with a docstring, and a ``main()`` that raises (AssertionError with what was seen)
where the promise does not hold, or returns a line with the figures. Two constants are read from its text: ``SERVERS =
False`` for a proof that starts servers itself, ``LIMIT = 600`` for its longest time in seconds.
"""

import argparse
import ast
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from config.processes import Unable, spawn
from script.temporary import temporary_servers

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
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, frame: sys.exit(128 + number))
    return _prove([known[name] for name in wanted.names or known])


def _prove(paths: list[Path]) -> int:
    begun, lines = time.monotonic(), []
    for path in paths:
        print(f"== {path.stem}: {_constants(path)['__doc__'].splitlines()[0]}", flush=True)
        started = time.monotonic()
        holds, figures = _one(path)
        lines.append(
            f"{'holds ' if holds else 'FAILED'} {path.stem:<14} {time.monotonic() - started:6.1f} s  {figures}"
        )
    failed = sum(line.startswith("FAILED") for line in lines)
    print("\n" + "\n".join(lines))
    print(
        f"{len(lines) - failed} of {len(lines)} proofs hold, after {time.monotonic() - begun:.0f} seconds.", flush=True
    )
    return 1 if failed else 0


def _one(path: Path) -> tuple[bool, str]:
    """Run one proof in a process of its own. Returns whether it holds, and its line of figures."""
    constants = _constants(path)
    try:
        if not constants.get("SERVERS", True):
            return _run(path, dict(os.environ), constants)
        with temporary_servers() as environment:
            return _run(path, environment, constants)
    except Unable as error:
        return False, str(error)


def _run(path: Path, environment: dict[str, str], constants: dict) -> tuple[bool, str]:
    environment = {"DJANGO_SETTINGS_MODULE": "config.settings", **environment}
    process = spawn([sys.executable, "-c", RUN, str(path)], env=environment, stdout=subprocess.PIPE, text=True)
    try:
        said, _ = process.communicate(timeout=constants.get("LIMIT", 900))
    except subprocess.TimeoutExpired:
        return False, "took too long"
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    print(said, end="", flush=True)
    return process.returncode == 0, (said.strip().splitlines() or [""])[-1]


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
