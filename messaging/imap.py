"""Reading the mailbox to which answers and reports come, over IMAP (RFC 9051). Nothing is deleted or moved."""

import ssl
from collections.abc import Iterator
from contextlib import suppress
from types import TracebackType
from urllib.parse import SplitResult, unquote, urlsplit

from imapclient import SEEN, IMAPClient
from imapclient.exceptions import IMAPClientError

from messaging.incoming import MOST_BYTES


class NotGiven(OSError):
    """The server names a mail and does not give it, nor a later one."""


class Inbox:
    """One folder of the mailbox at ``url`` (imaps://user:password@host:993/INBOX), open as long as the block runs.

    Every step has ``seconds``. Raises imapclient's IMAPClientError and OSError where there is no server or it refuses.
    """

    def __init__(self, url: str, seconds: float) -> None:
        self._url, self._seconds = urlsplit(url), seconds
        self.validity = 0
        """UIDVALIDITY: as long as it is the same, the numbers of mails only rise."""

    def __enter__(self) -> "Inbox":
        self._server = _connected(self._url, self._seconds)
        try:
            self._server.login(unquote(self._url.username or ""), unquote(self._url.password or ""))
            found = self._server.select_folder(folder_of(self._url))
        except BaseException:
            self._server.shutdown()
            raise
        self.validity = int(found[b"UIDVALIDITY"])
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            with suppress(IMAPClientError, OSError):  # all is done, and it may have hung up
                self._server.logout()
                return
        self._server.shutdown()

    def after(self, number: int, most: int) -> Iterator[tuple[int, bytes | None]]:
        """Yield up to ``most`` mails after ``number``, the oldest first; one that is too large comes as b"".

        One that the server does not give comes as None, and is the last: the connection may be gone with it.
        """
        # "n:*" names the last mail too where there is none after n.
        for uid in sorted(uid for uid in self._server.search(["UID", f"{number + 1}:*"]) if uid > number)[:most]:
            try:
                raw = self._fetch(uid)
            except (IMAPClientError, OSError):
                raw = None
            yield uid, raw
            if raw is None:
                return

    def _fetch(self, uid: int) -> bytes:
        size = self._server.fetch([uid], ["RFC822.SIZE"]).get(uid, {}).get(b"RFC822.SIZE", MOST_BYTES + 1)
        found = self._server.fetch([uid], ["BODY.PEEK[]"]).get(uid, {}) if size <= MOST_BYTES else {}
        return found.get(b"BODY[]") or b""

    def mark_read(self, number: int) -> None:
        """Mark one mail as read, so that people who look into the mailbox see what is left for them."""
        self._server.add_flags([number], [SEEN])


def folder_of(url: SplitResult) -> str:
    """Return the folder that ``url`` names, INBOX where it names none."""
    return unquote(url.path.strip("/")) or "INBOX"


def _connected(url: SplitResult, seconds: float) -> IMAPClient:
    safe = url.scheme == "imaps"
    context = ssl.create_default_context()
    port = url.port or (993 if safe else 143)
    server = IMAPClient(url.hostname, port, ssl=safe, ssl_context=context if safe else None, timeout=seconds)
    if url.scheme == "imap+tls":
        server.starttls(context)
    return server
