"""Build the mail by hand, so that its tree is exactly what calendar programs look for."""

import binascii
import hashlib
import re
from base64 import encodebytes
from dataclasses import dataclass
from datetime import datetime
from email.message import Message as LibraryMessage
from email.utils import format_datetime
from functools import cached_property

from messaging import headers
from messaging.kinds import Attachment, Content

_HEADER_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,60}")
_OURS = {
    *("from", "to", "cc", "bcc", "sender", "reply-to", "subject", "date", "message-id", "return-path"),
    *("mime-version", "content-type", "content-transfer-encoding", "content-disposition"),
}


@dataclass(frozen=True)
class Sender:
    """Who a mail comes from: the words people see, the mailbox, and where answers go ("" for the mailbox itself)."""

    name: str
    address: str
    reply_to: str = ""

    @cached_property
    def mailbox(self) -> str:
        """The mailbox as an envelope carries it. Raises headers.Unmailable."""
        return headers.mailbox(self.address)

    @cached_property
    def header(self) -> str:
        """What stands behind From. Raises headers.Unmailable."""
        return headers.address(self.name, self.address)


@dataclass(frozen=True)
class _Part:
    """One part of a mail: its header lines in order, and its body with CRLF line ends."""

    heads: list[tuple[str, str]]
    body: str


def build(content: Content, *, sender: Sender, to_name: str, to_address: str, message_id: str, now: datetime) -> bytes:
    """Return the mail as it goes over the wire, with CRLF line ends.

    The tree (calendar-and-mail.md 5.4, RFC 6047 2.4, MS-OXCMAIL): multipart/mixed [ multipart/alternative
    [ text/plain, text/html, text/calendar last with method ], invite.ics, attachments ]; levels with one child fall
    away where there is no calendar. Raises ValueError for a mailbox that cannot be mailed or a header that is ours.
    """
    part = _tree(content, hashlib.sha256(message_id.encode()).hexdigest()[:24])
    heads = [
        *part.heads,
        ("MIME-Version", "1.0"),
        ("From", sender.header),
        ("To", headers.address(to_name, to_address)),
    ]
    reply_to = content.reply_to or sender.reply_to
    if reply_to:
        heads.append(("Reply-To", headers.address(sender.name, reply_to)))
    heads += [
        ("Subject", headers.encoded("Subject", content.subject)),
        ("Date", format_datetime(now)),
        ("Message-ID", message_id),
        ("Auto-Submitted", "auto-generated"),
        ("X-Auto-Response-Suppress", "OOF, AutoReply, RN, NRN"),
    ]
    for name, value in content.headers.items():
        if not _HEADER_NAME.fullmatch(name) or name.lower() in _OURS:
            raise ValueError(f"A mail cannot have a further header {headers.clean(name)}.")
        heads.append((name, headers.encoded(name, value)))
    return _wire(_Part(heads, part.body)).encode("ascii")


def _wire(part: _Part) -> str:
    """Return ``part`` as it goes over the wire. Raises ValueError where a value would end its header."""
    lines = "".join(f"{name}: {_folded(value)}\r\n" for name, value in part.heads)
    return f"{lines}\r\n{part.body}"


def _crlf(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\n", "\r\n")


def _folded(value: str) -> str:
    if _ENDS_HEADER.search(value):
        raise ValueError("A header cannot hold a line end.")
    return _crlf(value)


_ENDS_HEADER = re.compile(r"\r(?!\n)|\n(?![ \t])")


def _tree(content: Content, mark: str) -> _Part:
    parts = [_text("plain", content.text)]
    if content.html:
        parts.append(_text("html", content.html))
    if content.calendar:
        parts.append(_calendar(content))
    body = parts[0] if len(parts) == 1 else _multipart("alternative", parts, f"=_alternative_{mark}")
    files = [_file(attachment) for attachment in _files(content)]
    return _multipart("mixed", [body, *files], f"=_mixed_{mark}") if files else body


def _files(content: Content) -> list[Attachment]:
    if not content.calendar:
        return content.attachments
    # Google, Yahoo and Thunderbird look for the same object as a file (CAL-09).
    return [Attachment("invite.ics", content.calendar, "application/ics"), *content.attachments]


def _multipart(subtype: str, children: list[_Part], boundary: str) -> _Part:
    body = "".join(f"--{boundary}\r\n{_wire(child)}\r\n" for child in children)
    return _Part([("Content-Type", f'multipart/{subtype}; boundary="{boundary}"')], f"{body}--{boundary}--\r\n")


def _text(subtype: str, text: str) -> _Part:
    lines = "\n".join(text.splitlines()) + "\n"
    data = lines.encode("utf-8", "replace").replace(b"\x00", b"")
    heads = [("Content-Type", f'text/{subtype}; charset="utf-8"'), ("Content-Transfer-Encoding", "quoted-printable")]
    return _Part(heads, _crlf(binascii.b2a_qp(data, istext=True).decode("ascii")))


def _calendar(content: Content) -> _Part:
    method = content.calendar_method.upper()
    if not method.isalpha() or not method.isascii():
        raise ValueError("A calendar part needs its METHOD.")
    return _base64([("Content-Type", f'text/calendar; charset="utf-8"; method={method}')], content.calendar)


def _file(attachment: Attachment) -> _Part:
    mimetype = attachment.mimetype if re.fullmatch(r"[\w.+-]+/[\w.+-]+", attachment.mimetype) else ""
    name = re.sub(r"[/\\\\]", "_", headers.clean(attachment.name, 120)) or "file"
    library = LibraryMessage()  # it knows how a name beyond ASCII is written (RFC 2231)
    library["Content-Type"] = mimetype or "application/octet-stream"
    library.add_header("Content-Disposition", "attachment", filename=name if name.isascii() else ("utf-8", "", name))
    return _base64(library.items(), attachment.content)


def _base64(heads: list[tuple[str, str]], data: bytes) -> _Part:
    return _Part([*heads, ("Content-Transfer-Encoding", "base64")], _crlf(encodebytes(data).decode("ascii")))
