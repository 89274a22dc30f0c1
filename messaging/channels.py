"""How a mail leaves: by SMTP where EMAIL_URL says to whom, else into the trial's mailbox."""

import smtplib
import socket
import ssl
import time
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from urllib.parse import unquote, urlsplit

from django.conf import settings

from messaging.models import Delivered

HEALING = {552}
"""Answers of class 5 that heal: RFC 5321 4.5.3.1.10 lets 552 be treated as 452 (mailbox or quota full)."""

MAILS_PER_CONNECTION = 100


class Failure(Exception):
    """A mail did not leave, or nobody knows.

    ``code`` is an SMTP code or one word, never what the server wrote (that may name people). ``heals``: worth
    another try. ``whole``: the way itself is broken, so no other mail would leave now. ``in_doubt``: the mail was
    handed over and the answer never came. ``lost``: the connection is gone.
    """

    def __init__(
        self, code: object, *, heals: bool, whole: bool = False, in_doubt: bool = False, lost: bool = False
    ) -> None:
        self.code, self.heals, self.whole, self.in_doubt, self.lost = str(code)[:30], heals, whole, in_doubt, lost
        super().__init__(self.code)


@dataclass(frozen=True)
class Letter:
    """One mail ready to go: envelope and bytes with CRLF line ends."""

    message_id: str
    sender: str
    recipient: str
    raw: bytes


def channel(seconds: float) -> "Smtp | Trial":
    """Return the way that the settings name; each mail has ``seconds`` in all, connecting has as many."""
    return Smtp(settings.EMAIL_URL, seconds) if settings.EMAIL_URL else Trial()


class Trial:
    """Keeps each mail whole for /mailbox/. The same mail twice is one mail, as in a good mail program."""

    name = "trial"
    connected = True

    def open(self) -> None:
        """There is nothing to open."""

    def announce(self, letter: Letter) -> None:
        """There is nobody to tell."""

    def withdraw(self) -> None:
        """Nobody was told."""

    def send(self, letter: Letter, now: datetime) -> None:
        """Keep ``letter``."""
        subject = message_from_bytes(letter.raw)["Subject"] or ""
        mail = Delivered(
            message_id=letter.message_id,
            recipient=letter.recipient.lower(),
            subject=str(make_header(decode_header(subject)))[:1000],
            received_at=now,
            raw=letter.raw,
        )
        Delivered.objects.bulk_create([mail], ignore_conflicts=True)

    def close(self) -> None:
        """There is nothing to close."""


class Smtp:
    """One connection, used for many mails. Every step counts against one total deadline."""

    name = "smtp"

    def __init__(self, url: str, seconds: float) -> None:
        self.url, self.seconds = urlsplit(url), seconds
        self.tls = self.url.scheme in ("smtps", "smtp+ssl")
        self.starttls = self.url.scheme == "smtp+tls"
        self._server: _Server | None = None
        self._carried = 0
        self._announced: Letter | None = None

    @property
    def connected(self) -> bool:
        """Whether the next mail can go without connecting first."""
        return self._server is not None and self._carried < MAILS_PER_CONNECTION

    def open(self) -> None:
        """Connect unless connected. Raises Failure (whole) where the server is not there or does not let us in."""
        if self.connected:
            return
        self.close()
        server = _Server(self.seconds)
        try:
            self._connect(server)
        except smtplib.SMTPResponseException as error:
            server.close()
            raise Failure(error.smtp_code if error.smtp_code > 0 else "connect", heals=True, whole=True) from None
        except ssl.SSLError:
            server.close()
            raise Failure("tls", heals=True, whole=True) from None
        except (TimeoutError, _TooLate):
            server.close()
            raise Failure("timeout", heals=True, whole=True) from None
        except (OSError, smtplib.SMTPException):
            server.close()
            raise Failure("connect", heals=True, whole=True) from None
        self._server, self._carried = server, 0

    def announce(self, letter: Letter) -> None:
        """Say from whom and to whom ``letter`` goes, where the server takes commands ahead; ``send`` reads the answers.

        That hands nothing over. What goes wrong shows in ``send``, which must follow; or else ``withdraw``.
        """
        self.withdraw()
        if not self.connected or not self._server.has_extn("pipelining"):
            return
        try:
            self._server.begin(2)  # the mail before is sent, and not yet written down as sent
            self._server.send("\r\n".join([*_envelope_of(letter), ""]))
        except (OSError, smtplib.SMTPException, _TooLate):
            self._drop()
        else:
            self._announced = letter

    def withdraw(self) -> None:
        """Leave a server that waits for the words of a letter that was announced: without them it delivers nothing."""
        if self._announced is not None:
            self._drop()

    def send(self, letter: Letter, now: datetime) -> None:
        """Hand ``letter`` over within the deadline. Raises Failure."""
        if self._announced is not letter:
            self.withdraw()
        self.open()
        self._carried += 1
        server = self._server
        server.begin(self.seconds)
        handed_over = False
        try:
            self._envelope(server, letter)
            server.send_body(letter.raw)
            handed_over = True
            _expect(server.getreply(), 250)
        except Failure as failure:
            self._after(failure)
            raise
        except (TimeoutError, _TooLate):
            self._drop()
            raise Failure("timeout", heals=True, in_doubt=handed_over, lost=True) from None
        except (OSError, smtplib.SMTPException):
            self._drop()
            raise Failure("disconnected", heals=True, in_doubt=handed_over, lost=True) from None

    def _envelope(self, server: "_Server", letter: Letter) -> None:
        """Say from whom and to whom: in one go where the server takes commands ahead of its answers (RFC 2920).

        What was announced is said already.
        """
        commands = _envelope_of(letter)
        if not server.has_extn("pipelining"):
            for number, command in enumerate(commands):
                _expect_of_envelope(number, server.docmd(command))
            return
        if self._announced is None:
            server.send("\r\n".join([*commands, ""]))
        self._announced = None
        answers = []
        while len(answers) < len(commands) and (not answers or answers[-1][0] not in _ENDING):
            answers.append(server.getreply())
        try:
            for number, answer in enumerate(answers):
                _expect_of_envelope(number, answer)
        except Failure:
            if answers[-1][0] == 354:
                # It waits for words all the same (RFC 2920, 3.1). It gets none, lest it deliver an empty mail.
                self._drop()
            raise

    def close(self) -> None:
        """Say goodbye, but do not wait long for an answer."""
        self.withdraw()
        if self._server is None:
            return
        try:
            self._server.begin(2)
            self._server.quit()
        except (OSError, smtplib.SMTPException, _TooLate):
            pass
        self._drop()

    def _connect(self, server: "_Server") -> None:
        host, port = self.url.hostname, self.url.port or (465 if self.tls else 587 if self.starttls else 25)
        code, _ = server.connect_to(host, port, ssl.create_default_context() if self.tls else None)
        if code != 220:
            raise smtplib.SMTPResponseException(code, b"")
        server.ehlo_or_helo_if_needed()
        if self.starttls or (not self.tls and self.url.username and server.has_extn("starttls")):
            server.starttls(context=ssl.create_default_context())
            server.ehlo_or_helo_if_needed()
        if self.url.username:
            server.login(unquote(self.url.username), unquote(self.url.password or ""))

    def _after(self, failure: Failure) -> None:
        if failure.code == "421":
            self._drop()
        if self._server is None:
            return
        try:
            self._server.rset()
        except (OSError, smtplib.SMTPException, _TooLate):
            self._drop()

    def _drop(self) -> None:
        if self._server is not None:
            self._server.close()
        self._server = self._announced = None


def _envelope_of(letter: Letter) -> list[str]:
    return [f"MAIL FROM:<{letter.sender}>", f"RCPT TO:<{letter.recipient}>", "DATA"]


_ENDING = {421, -1}
"""After these a server says nothing more: it closes, or what it said was no answer."""


def _expect_of_envelope(number: int, answer: tuple[int, bytes]) -> None:
    """Raise Failure unless ``answer`` lets the command ``number`` of an envelope (MAIL, RCPT, DATA) pass."""
    _expect(answer, *((250,), (250, 251), (354,))[number], sender=number == 0)


def _expect(answer: tuple[int, bytes], *codes: int, sender: bool = False) -> None:
    """Raise Failure unless the server gave one of ``codes``. A refused sender is ours to mend, so it heals."""
    code = answer[0]
    if code in codes or (250 in codes and 200 <= code < 300):
        return
    if code < 0:
        raise smtplib.SMTPServerDisconnected
    raise Failure(code, heals=sender or code < 500 or code in HEALING, whole=code == 421, lost=code == 421)


class _TooLate(Exception):
    """The deadline has passed. Not an OSError: smtplib would call that a lost connection."""


class _Server(smtplib.SMTP):
    """smtplib with one deadline over all steps: its own timeout begins anew with every byte that comes."""

    def __init__(self, seconds: float) -> None:
        super().__init__(local_hostname=socket.gethostname() or "localhost", timeout=seconds)
        self.begin(seconds)

    def begin(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds

    def remaining(self) -> float:
        left = self._until - time.monotonic()
        if left <= 0:
            raise _TooLate
        return left

    def connect_to(self, host: str, port: int, context: ssl.SSLContext | None) -> tuple[int, bytes]:
        self._host = host
        self.sock = socket.create_connection((host, port), self.remaining())
        if context is not None:
            self.sock = context.wrap_socket(self.sock, server_hostname=host)
        self.file = None
        return self.getreply()

    def getreply(self) -> tuple[int, bytes]:
        if self.file is None and self.sock is not None:
            self.file = _Lines(self)
        return super().getreply()

    def send(self, s: bytes | str) -> None:
        if self.sock is None:
            raise smtplib.SMTPServerDisconnected
        self.sock.settimeout(self.remaining())
        try:
            self.sock.sendall(s.encode("ascii") if isinstance(s, str) else s)
        except TimeoutError as error:
            raise _TooLate from error

    def send_body(self, raw: bytes) -> None:
        doubled = (b"." if raw.startswith(b".") else b"") + raw.replace(b"\n.", b"\n..")
        self.send(doubled + (b"" if raw.endswith(b"\r\n") else b"\r\n") + b".\r\n")


class _Lines:
    """Reads lines from a socket under the server's deadline. It takes the place of ``socket.makefile``."""

    def __init__(self, server: _Server) -> None:
        self._server, self._held = server, b""

    def readline(self, limit: int) -> bytes:
        while b"\n" not in self._held and len(self._held) < limit:
            self._server.sock.settimeout(self._server.remaining())
            try:
                more = self._server.sock.recv(4096)
            except TimeoutError as error:
                raise _TooLate from error
            if not more:
                break
            self._held += more
        end = self._held.find(b"\n") + 1 or len(self._held)
        line, self._held = self._held[: min(end, limit)], self._held[min(end, limit) :]
        return line

    def close(self) -> None:
        self._held = b""
