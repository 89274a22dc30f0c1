"""Build the mail by hand, so that its tree is exactly what calendar programs look for."""

import binascii
import hashlib
import re
from base64 import encodebytes
from dataclasses import dataclass
from datetime import datetime
from email.message import Message as Part
from email.policy import compat32
from email.utils import format_datetime

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


def build(content: Content, *, sender: Sender, to_name: str, to_address: str, message_id: str, now: datetime) -> bytes:
    """Return the mail as it goes over the wire, with CRLF line ends.

    The tree (calendar-and-mail.md 5.4, RFC 6047 2.4, MS-OXCMAIL): multipart/mixed [ multipart/alternative
    [ text/plain, text/html, text/calendar last with method ], invite.ics, attachments ]; levels with one child fall
    away where there is no calendar. Raises ValueError for a mailbox that cannot be mailed or a header that is ours.
    """
    mail = _tree(content, hashlib.sha256(message_id.encode()).hexdigest()[:24])
    mail["MIME-Version"] = "1.0"
    mail["From"] = headers.address(sender.name, sender.address)
    mail["To"] = headers.address(to_name, to_address)
    reply_to = content.reply_to or sender.reply_to
    if reply_to:
        mail["Reply-To"] = headers.address(sender.name, reply_to)
    mail["Subject"] = headers.encoded("Subject", content.subject)
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = message_id
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "OOF, AutoReply, RN, NRN"
    for name, value in content.headers.items():
        if not _HEADER_NAME.fullmatch(name) or name.lower() in _OURS:
            raise ValueError(f"A mail cannot have a further header {headers.clean(name)}.")
        mail[name] = headers.encoded(name, value)
    return _wire(mail).encode("ascii")


def _wire(part: Part) -> str:
    """Return ``part`` with CRLF line ends, by hand: its values are ASCII and folded, and the library takes long.

    Raises ValueError where a value would end its header.
    """
    heads = "".join(f"{name}: {_folded(value)}\r\n" for name, value in part.items())
    payload = part.get_payload()
    if isinstance(payload, str):
        return f"{heads}\r\n{_crlf(payload)}"
    between = f"--{part.get_boundary()}"
    children = "".join(f"{between}\r\n{_wire(child)}\r\n" for child in payload)
    return f"{heads}\r\n{children}{between}--\r\n"


def _crlf(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\n", "\r\n")


def _folded(value: str) -> str:
    if _ENDS_HEADER.search(value):
        raise ValueError("A header cannot hold a line end.")
    return _crlf(value)


_ENDS_HEADER = re.compile(r"\r(?!\n)|\n(?![ \t])")


def _tree(content: Content, mark: str) -> Part:
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


def _multipart(subtype: str, children: list[Part], boundary: str) -> Part:
    part = Part(policy=compat32)
    part["Content-Type"] = f'multipart/{subtype}; boundary="{boundary}"'
    part.set_payload(children)
    return part


def _text(subtype: str, text: str) -> Part:
    part = Part(policy=compat32)
    part["Content-Type"] = f'text/{subtype}; charset="utf-8"'
    part["Content-Transfer-Encoding"] = "quoted-printable"
    lines = "\n".join(text.splitlines()) + "\n"
    data = lines.encode("utf-8", "replace").replace(b"\x00", b"")
    part.set_payload(binascii.b2a_qp(data, istext=True).decode("ascii"))
    return part


def _calendar(content: Content) -> Part:
    method = content.calendar_method.upper()
    if not method.isalpha() or not method.isascii():
        raise ValueError("A calendar part needs its METHOD.")
    part = Part(policy=compat32)
    part["Content-Type"] = f'text/calendar; charset="utf-8"; method={method}'
    return _base64(part, content.calendar)


def _file(attachment: Attachment) -> Part:
    part = Part(policy=compat32)
    mimetype = attachment.mimetype if re.fullmatch(r"[\w.+-]+/[\w.+-]+", attachment.mimetype) else ""
    part["Content-Type"] = mimetype or "application/octet-stream"
    name = re.sub(r"[/\\\\]", "_", headers.clean(attachment.name, 120)) or "file"
    part.add_header("Content-Disposition", "attachment", filename=name if name.isascii() else ("utf-8", "", name))
    return _base64(part, attachment.content)


def _base64(part: Part, data: bytes) -> Part:
    part["Content-Transfer-Encoding"] = "base64"
    part.set_payload(encodebytes(data).decode("ascii"))
    return part
