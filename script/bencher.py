"""``script/bench``: measure, each figure beside its limit in the same run, so that a slow machine measures the same.

A bench is a file in script/benches with a docstring and a ``main()`` that yields ``script.measured.Figure``. It runs in
a process of its own against a database of its own. ``LIMIT = 600`` in its text is its longest time in seconds.
"""

import argparse
import ast
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from config.processes import Unable, spawn
from script.temporary import temporary_servers

BENCHES = Path(__file__).resolve().parent / "benches"
RUN = (
    "import json, runpy, sys\n"
    "with open(sys.argv[2], 'w') as out:\n"
    "    for figure in runpy.run_path(sys.argv[1])['main']():\n"
    "        print(figure.line(), flush=True)\n"
    "        out.write(json.dumps(figure.row()) + chr(10))\n"
    "        out.flush()\n"
)


def main() -> int:
    """Return the exit status: 0 where every figure keeps its bar."""
    known = {path.stem: path for path in sorted(BENCHES.glob("[a-z]*.py"))}
    parser = argparse.ArgumentParser(prog="script/bench", description="Measure all, or what is named.")
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join(known))
    parser.add_argument("--list", action="store_true", help="say what each measures, and measure nothing")
    parser.add_argument("--json", metavar="FILE", help="also write the figures as a JSON list")
    parser.add_argument(
        "--people",
        type=int,
        default=100_000,
        metavar="N",
        help="size of the large databases and lists; the bars are meant for 100,000",
    )
    wanted = parser.parse_args()
    if unknown := set(wanted.names) - set(known):
        parser.error(f"there is no bench {', '.join(sorted(unknown))}: there are {', '.join(known)}")
    if wanted.list:
        for name, path in known.items():
            print(f"{name:<14} {(ast.get_docstring(ast.parse(path.read_text())) or '').splitlines()[0]}")
        return 0
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, frame: sys.exit(128 + number))
    os.environ["BENCH_PEOPLE"] = str(wanted.people)
    rows = [row for name in wanted.names or known for row in _bench(known[name])]
    return _sum_up(rows, wanted.json)


def _bench(path: Path) -> list[dict]:
    """Return the figures of one bench, with a failed one where it could not be finished."""
    print(f"== {path.stem}: {ast.get_docstring(ast.parse(path.read_text())).splitlines()[0]}", flush=True)
    begun = time.monotonic()
    try:
        with temporary_servers(fresh=True) as environment, tempfile.NamedTemporaryFile("r+") as out:
            ended = _run(path, environment, out.name)
            rows = [json.loads(line) for line in out.read().splitlines()]
    except Unable as error:
        ended, rows = str(error), []
    if ended:
        rows.append(_row_of_failure(path.stem, ended))
    print(f"   ({time.monotonic() - begun:.0f} seconds)", flush=True)
    return rows


def _run(path: Path, environment: dict[str, str], out: str) -> str:
    """Run one bench in a process of its own. Returns "" or why it did not come to its end."""
    environment = {"DJANGO_SETTINGS_MODULE": "config.settings", **environment}
    process = spawn([sys.executable, "-c", RUN, str(path), out], env=environment)
    try:
        status = process.wait(_limit(path))
    except subprocess.TimeoutExpired:
        return "took too long"
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    return f"ended with {status}" if status else ""


def _limit(path: Path) -> float:
    for each in ast.parse(path.read_text()).body:
        if isinstance(each, ast.Assign) and each.targets[0].id == "LIMIT":
            return each.value.value
    return 900


def _row_of_failure(name: str, why: str) -> dict:
    return {"name": f"{name}: {why}", "value": None, "unit": "", "limit": None, "ratio": None, "bar": "", "ok": False}


def _sum_up(rows: list[dict], json_file: str | None) -> int:
    print(f"\n{'':6} {'what':<52} {'value':>12} {'limit':>12} {'ratio':>8}  bar")
    for row in rows:
        numbers = [f"{row[key]:,.3g}" if row[key] is not None else "-" for key in ("value", "limit", "ratio")]
        mark = "ok" if row["ok"] else "FAILED"
        print(f"{mark:6} {row['name'][:52]:<52} {numbers[0]:>12} {numbers[1]:>12} {numbers[2]:>8}  {row['bar']}")
    if json_file:
        Path(json_file).write_text(json.dumps(rows, indent=1) + "\n")
    failed = sum(not row["ok"] for row in rows)
    print(f"{len(rows) - failed} of {len(rows)} figures keep their bar.", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
