"""Processes that live and die with us: who runs them, how one is started, watched and ended.

Nothing here imports Django's machinery, so that it runs before the settings can be read.
"""

import ctypes
import errno
import gc
import os
import pwd
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from config import env

HINT = "Set DATABASE_URL and REDIS_URL to servers of yours, or PG_BIN and REDIS_BIN to folders with their programs."
_NEW_USER_NAMESPACE = 0x10000000  # CLONE_NEWUSER of <linux/sched.h>
_ORPHAN_SIGNAL = 1  # PR_SET_PDEATHSIG of <linux/prctl.h>


class Unable(Exception):
    """Something that cannot be started here. Its text is one sentence for the person at the terminal."""


# Who runs the servers ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Account:
    """How a server process is started: as ourselves, in a user namespace, or as another account.

    PostgreSQL refuses to run as root. A user namespace in which root is an ordinary user needs no account and leaves
    every file root's. Where the kernel forbids namespaces another account runs the servers.
    """

    kind: str = "self"
    uid: int = field(default_factory=os.getuid)
    gid: int = field(default_factory=os.getgid)

    @property
    def is_other(self) -> bool:
        return self.kind == "other"

    def give(self, path: Path) -> None:
        """Make the account own ``path``."""
        if self.is_other:
            os.chown(path, self.uid, self.gid)

    def enter(self, libc: ctypes.CDLL) -> None:
        """Become this account. Runs in the child between fork and exec."""
        if self.kind == "namespace":
            _enter_namespace(libc)
        elif self.is_other:
            os.setgroups([])
            os.setgid(self.gid)
            os.setuid(self.uid)


def choose_account() -> Account:
    """Return how this user starts servers. Raises Unable for a root that has neither namespaces nor ``nobody``."""
    if os.getuid() != 0:
        return Account()
    if _namespaces_allowed():
        return Account("namespace")
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        raise Unable(f"PostgreSQL does not run as root, and this machine has no account “nobody”. {HINT}") from None
    return Account("other", nobody.pw_uid, nobody.pw_gid)


def _enter_namespace(libc: ctypes.CDLL) -> None:
    uid, gid = os.getuid(), os.getgid()
    if libc.unshare(_NEW_USER_NAMESPACE):
        raise OSError(ctypes.get_errno(), "unshare")
    for name, line in (("setgroups", "deny"), ("uid_map", f"1000 {uid} 1"), ("gid_map", f"1000 {gid} 1")):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(line)


def _namespaces_allowed() -> bool:
    """Return whether the kernel lets us make a user namespace, by making one in a child."""
    if not sys.platform.startswith("linux"):
        return False
    child = os.fork()
    if child == 0:
        try:
            _enter_namespace(ctypes.CDLL(None, use_errno=True))
        except OSError:
            os._exit(1)
        os._exit(0)
    return os.waitpid(child, 0)[1] == 0


def spawn(command: list[str], *, account: Account | None = None, orphaned: int = signal.SIGTERM, **options):
    """Return ``subprocess.Popen`` of ``command`` in a session of its own that gets ``orphaned`` when we die.

    The session keeps a terminal's Ctrl-C to the supervisor alone. Call it from the main thread: the kernel counts the
    thread that forked as the parent.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    enter = partial(_enter_child, libc, account or Account(), orphaned, os.getpid())
    return subprocess.Popen(command, preexec_fn=enter, start_new_session=True, **options)


def _enter_child(libc: ctypes.CDLL, account: Account, orphaned: int, parent: int) -> None:
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    account.enter(libc)
    die_with_parent(orphaned, libc)
    if os.getppid() != parent:  # it died before we asked to be told
        os._exit(1)


def keep_what_is_loaded() -> None:
    """Look no more for garbage among what this process has loaded by now, and less often among what it makes.

    That stays until the process ends; a page or a mail makes thousands of objects that end with it.
    """
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def die_with_parent(orphaned: int, libc: ctypes.CDLL | None = None) -> None:
    """Ask the kernel (Linux; elsewhere this does nothing) to send us the signal ``orphaned`` when our parent dies."""
    prctl = getattr(libc or ctypes.CDLL(None), "prctl", None)
    if prctl is not None:
        prctl(_ORPHAN_SIGNAL, int(orphaned), 0, 0, 0)


# A part: one process that is kept alive ------------------------------------------------------------------------------


@dataclass
class Part:
    """One process that the supervisor starts, watches and stops."""

    name: str
    command: list[str]
    log: Path
    account: Account = field(default_factory=Account)
    environment: dict[str, str] = field(default_factory=lambda: dict(os.environ))
    folder: Path = env.BASE_DIR
    orphaned: int = signal.SIGKILL
    stop_signal: int = signal.SIGTERM
    patience: float = 10
    feed: str = ""
    before: Callable[[], None] | None = None
    is_ready: Callable[["Part"], bool] = lambda part: True
    process: subprocess.Popen | None = None
    started: float = 0

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        """Start the process; its output goes to the end of the log."""
        if self.before:
            self.before()
        with self.log.open("ab") as log:
            self.process = spawn(
                self.command,
                account=self.account,
                orphaned=self.orphaned,
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.PIPE if self.feed else subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self.started = time.monotonic()
        if self.feed:
            self._tell(self.feed)

    def _tell(self, words: str) -> None:
        try:
            with self.process.stdin as pipe:
                pipe.write(words.encode())
        except BrokenPipeError:
            pass  # it ended already; who waits for it will see that

    def wait(self, seconds: float, pause: Callable[[float], None] = time.sleep) -> None:
        """Wait until the part is ready. Raises Unable with the end of its log where it ends or takes too long."""
        limit = time.monotonic() + seconds
        while not self.is_ready(self):
            if not self.alive or time.monotonic() > limit:
                how = f"ended with status {self.process.returncode}" if not self.alive else "is not ready"
                raise Unable(f"{self.name} {how}. The end of {self.log}:\n{tail(self.log)}")
            pause(0.05)

    def stop(self) -> None:
        """End the process and wait for it; kill it when it takes longer than its patience (seconds)."""
        if not self.alive:
            return
        self.process.send_signal(self.stop_signal)
        try:
            self.process.wait(self.patience)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def tail(log: Path, lines: int = 12) -> str:
    """Return the last ``lines`` of a log."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:]) if log.exists() else ""


def free_port(wanted: int = 0) -> int:
    """Return ``wanted`` where nobody listens there on 127.0.0.1, else a free port."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                    raise
                continue
            return probe.getsockname()[1]
    raise Unable("This machine has no free port.")
