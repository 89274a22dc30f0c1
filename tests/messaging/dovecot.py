"""A real IMAP server on a free port of the loopback, with one mailbox, for as long as the block runs."""

import getpass
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from imapclient import IMAPClient

from tests import tools

PASSWORD = "only-for-tests"


@dataclass
class Server:
    """Where it is and keeps its mails. ``put`` lays a mail into INBOX, ``flags`` returns the flags of each."""

    port: int
    home: Path

    @property
    def url(self) -> str:
        return f"imap://amina:{PASSWORD}@127.0.0.1:{self.port}/INBOX"

    def client(self) -> IMAPClient:
        server = IMAPClient("127.0.0.1", self.port, ssl=False, timeout=10)
        server.login("amina", PASSWORD)
        server.select_folder("INBOX")
        return server

    def put(self, *mails: bytes) -> None:
        server = self.client()
        for mail in mails:
            server.append("INBOX", mail)
        server.logout()

    def lock(self, words: bytes) -> None:
        """Take the right to read the mail with ``words`` from the server, as a broken disk does."""
        next(file for file in self._files() if file.stat().st_mode & 0o400 and words in file.read_bytes()).chmod(0)

    def unlock(self) -> None:
        """Give the right to read every mail back."""
        for file in self._files():
            file.chmod(0o600)

    def _files(self) -> list[Path]:
        return [*self.home.glob("mail/**/cur/*"), *self.home.glob("mail/**/new/*")]

    def flags(self) -> list[bool]:
        """Return for each mail whether it is marked as read, the oldest first."""
        server = self.client()
        numbers = server.search()
        found = server.fetch(numbers, ["FLAGS"]) if numbers else {}
        server.logout()
        return [b"\\Seen" in found[number][b"FLAGS"] for number in sorted(found)]


@contextmanager
def running_server() -> Iterator[Server]:
    """Start Dovecot and yield where it is; its home goes with it."""
    home = Path(tempfile.mkdtemp(prefix="hub-imap-"))
    home.chmod(0o755)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    user = getpass.getuser() if os.geteuid() else "nobody"
    (home / "mail").mkdir()
    if not os.geteuid():
        shutil.chown(home / "mail", "nobody", "nogroup")
    (home / "dovecot.conf").write_text(_configuration(home, port, user))
    process = subprocess.Popen(
        [tools.imap_server(), "-F", "-c", str(home / "dovecot.conf")], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    try:
        _wait(port, process)
        yield Server(port, home)
    finally:
        process.terminate()
        process.wait(10)
        process.stderr.close()
        shutil.rmtree(home, ignore_errors=True)


def _wait(port: int, process: subprocess.Popen) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(process.stderr.read().decode())
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("Dovecot does not answer.")


def _configuration(home: Path, port: int, user: str) -> str:
    group = "nogroup" if user == "nobody" else os.popen("id -gn").read().strip()  # noqa: S605
    return f"""
base_dir = {home}/run
state_dir = {home}/state
log_path = {home}/log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
mail_location = maildir:{home}/mail/%n
first_valid_uid = 0
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
passdb {{
  driver = static
  args = password={PASSWORD}
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={home}/mail
}}
"""
