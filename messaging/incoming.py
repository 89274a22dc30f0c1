"""What a mail that came says, as far as it concerns us: an answer from a calendar, or that a mail of ours came back.

Pure: bytes in, a value out; whatever is malformed says nothing. Sources: RFC 5322, 2045, 3464 (delivery status), 3834
(automatic answers), 6047 (iMIP), 8601 (Authentication-Results); calendar-and-mail.md 5.6.
"""

import hashlib
import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message as Part
from email.policy import compat32

MOST_BYTES = 1_000_000
"""A larger mail is neither fetched nor read: an answer has about 5,000, the report of a bounce about 20,000."""
MOST_CALENDAR = 64_000
MOST_PARTS = 60

CALENDAR, BOUNCE = "calendar", "bounce"
ANSWERS = ("REPLY", "COUNTER")


@dataclass(frozen=True)
class Failed:
    """A mail of ours that did not reach its mailbox for good: its Message-ID, and the status such as "5.1.1"."""

    message_id: str
    status: str


@dataclass(frozen=True)
class Incoming:
    """One mail that concerns us.

    ``sender`` is the mailbox in From, in small letters, "" where it is not plain who that is. ``is_proven``: our own
    receiving server vouches for the sender's domain. ``words``: the calendar object of an answer.
    """

    message_id: str
    kind: str
    sender: str
    is_proven: bool
    words: str = ""
    failed: Failed | None = None


def read(raw: bytes, *, authserv_id: str) -> Incoming | None:
    """Return what ``raw`` says, None where it concerns nobody: human mail, automatic answers, what cannot be read.

    ``authserv_id`` is the name under which our receiving server writes Authentication-Results; "" trusts nobody.
    """
    if len(raw) > MOST_BYTES:
        return None
    try:
        return _read(raw, authserv_id)
    except Exception:
        # The library stumbles in many ways over hostile mail; whatever it is, it is no answer and no report.
        return None


def _read(raw: bytes, authserv_id: str) -> Incoming | None:
    mail = message_from_bytes(raw, policy=compat32)
    parts = _parts(mail)
    sender = _sender(mail)
    common = {"message_id": _message_id(mail, raw), "sender": sender}
    if _is_report(mail):
        failed = _failed(mail, parts)
        return failed and Incoming(kind=BOUNCE, is_proven=False, failed=failed, **common)
    if _is_automatic(mail):
        return None
    words = _calendar(parts)
    if not words:
        return None
    return Incoming(kind=CALENDAR, is_proven=is_proven(mail, sender, authserv_id), words=words, **common)


def _parts(mail: Part) -> list[Part]:
    """Return ``mail`` and its parts in their order; what stands in a mail that is attached was not said by this one."""
    parts, left = [], [mail]
    while left:
        part = left.pop()
        parts.append(part)
        if part.get_content_maintype() == "multipart" and part.is_multipart():
            left += reversed(part.get_payload())
        if len(parts) + len(left) > MOST_PARTS:
            raise ValueError("A mail with too many parts.")
    return parts


def _line(value: object) -> str:
    return " ".join(str(value or "").replace("\x00", "").split())


def _message_id(mail: Part, raw: bytes) -> str:
    """Return the Message-ID; a mail without one is known by what it says."""
    found = re.search(r"<[^<>\s]{3,240}>", _line(mail["Message-ID"]))
    return found[0] if found and found[0].isascii() else f"sha256:{hashlib.sha256(raw).hexdigest()}"


_ADDRESS = r"[^\s<>@,;:\"()\[\]\\]{1,64}@[A-Za-z0-9.-]{1,190}"
_FROM = re.compile(rf"(?:\"(?:[^\"\\]|\\.)*\"|[^<>@,;:\"]*)\s*<({_ADDRESS})>|({_ADDRESS})")


def _sender(mail: Part) -> str:
    """Return the one mailbox in From: two senders, or one that programs read differently, are nobody."""
    lines = mail.get_all("From", [])
    found = _FROM.fullmatch(_line(lines[0])) if len(lines) == 1 else None
    return (found[1] or found[2]).lower() if found else ""


# --- who answers by itself


def _is_automatic(mail: Part) -> bool:
    """Return whether nobody wrote it (RFC 3834): out of office, a robot, a mail without a way back.

    "auto-generated" alone is no such mark: calendar programs write it on the answers that people press (docs/adr/0046).
    """
    submitted = _line(mail["Auto-Submitted"]).lower().partition(";")[0].strip()
    precedence = _line(mail["Precedence"]).lower()
    return (
        submitted not in ("", "no", "auto-generated")
        or re.fullmatch(r"<\s*>", _line(mail["Return-Path"])) is not None
        or precedence in ("auto_reply", "junk", "bulk", "list")
        or any(mail[name] for name in ("X-Autoreply", "X-Autorespond", "X-Autoresponder"))
    )


# --- who vouches


def is_proven(mail: Part, sender: str, authserv_id: str) -> bool:
    """Return whether our receiving server found that the domain of ``sender`` sent it (RFC 8601, RFC 7489 3.1).

    Only the topmost result under ``authserv_id`` counts: our server writes above all that came with the mail, and
    takes away what others wrote under its name (RFC 8601, 5). The domains must be the same, not only related.
    """
    if not (sender and authserv_id):
        return False
    for header in mail.get_all("Authentication-Results", []):
        words, is_plain = _without_comments(_line(header))
        name, _, results = words.partition(";")
        if (name.split() or [""])[0].strip('"').lower() == authserv_id.lower():
            return is_plain and _vouches(results, sender.rpartition("@")[2])
    return False


_QUOTED = r"\"(?:[^\"\\]|\\.)*\""
_RESULTS = re.compile(rf"(?:{_QUOTED}|[^\"])*")
_RESULT = re.compile(rf"(?:{_QUOTED}|[^;\"])+")
_METHOD = re.compile(r"\s*([a-z0-9-]+)(?:\s*/\s*\d+)?\s*=\s*([a-z]+)((?:\s.*)?)", re.IGNORECASE)
_PROPERTY = re.compile(rf"\s+([a-z0-9._-]+)\s*=\s*({_QUOTED}|(?:{_QUOTED})?[^\s\"]+)(?=\s|$)", re.IGNORECASE)


def _vouches(results: str, domain: str) -> bool:
    """Return whether one of ``results`` passed for ``domain`` and none says that DMARC failed.

    Some of the words come from the mail itself (a mailbox, a selector), and not every server quotes them. So what is
    not well formed, or says one property twice, counts for nothing.
    """
    found = False
    for result in _RESULT.findall(results) if _RESULTS.fullmatch(results) else []:
        match = _METHOD.fullmatch(result.rstrip())
        if not match:
            continue
        method, verdict = match[1].lower(), match[2].lower()
        if method == "dmarc" and verdict == "fail":
            return False
        found |= verdict == "pass" and domain == _domain(method, _properties(match[3]))
    return found


def _properties(text: str) -> dict[str, str]:
    pairs = [(name.lower(), value.lower()) for name, value in _PROPERTY.findall(text)]
    is_whole = not _PROPERTY.sub("", text).strip()
    return dict(pairs) if is_whole and len({name for name, _ in pairs}) == len(pairs) else {}


def _domain(method: str, properties: dict[str, str]) -> str:
    """Return the domain that a passed check speaks for, "" where it names none."""
    names = {"dmarc": ("header.from",), "dkim": ("header.d", "header.i"), "spf": ("smtp.mailfrom",)}
    value = next((properties[name] for name in names.get(method, ()) if name in properties), "")
    if re.fullmatch(_QUOTED, value):
        value = value[1:-1]
    return value.rpartition("@")[2]


def _without_comments(text: str) -> tuple[str, bool]:
    """Return ``text`` without comments in brackets, which nest (RFC 5322 3.2.2), and whether it is plain how it reads.

    Brackets in quotes stay. A quotation mark in a comment, or a bracket without its other, may have come with a
    mailbox that the server wrote down as it was.
    """
    kept, depth, quoted, escaped, plain = [], 0, False, False, True
    for character in text:
        if escaped or character == "\\":
            escaped = not escaped
        elif character == '"':
            quoted ^= not depth
            plain &= not depth
        elif character in "()" and not quoted:
            depth += 1 if character == "(" else -1
            plain &= depth >= 0
            depth = max(0, depth)
            continue
        if not depth:
            kept.append(character)
    return "".join(kept), plain and not depth and not quoted


# --- an answer from a calendar


def _calendar(parts: list[Part]) -> str:
    """Return the first calendar object that answers, "" where there is none: invitations of others are not read."""
    for part in parts:
        if part.get_content_type() not in ("text/calendar", "application/ics"):
            continue
        data = part.get_payload(decode=True) or b""
        text = _words(data[: MOST_CALENDAR + 1])
        method = re.search(r"^METHOD:\s*([A-Za-z-]+)\s*$", text, re.MULTILINE | re.IGNORECASE)
        if len(data) <= MOST_CALENDAR and method and method[1].upper() in ANSWERS:
            return text
    return ""


def _words(data: bytes) -> str:
    """Return ``data`` as text: UTF-8 unless it begins with another mark; what we read of it is ASCII in any case."""
    charset = "utf-16" if data.startswith((BOM_UTF16_LE, BOM_UTF16_BE)) else "utf-8-sig"
    return data.decode(charset, "replace").replace("\x00", "")


# --- a mail of ours that came back


def _is_report(mail: Part) -> bool:
    return mail.get_content_type() == "multipart/report" and (
        str(mail.get_param("report-type", "")).lower() == "delivery-status"
    )


def _failed(mail: Part, parts: list[Part]) -> Failed | None:
    """Return which mail failed for good: the action says so, whatever the status.

    A server that has tried for days writes "failed" with a status of class 4, "delayed" while it goes on trying
    (RFC 3464 2.3.3).
    """
    status = next((_status(part) for part in parts if part.get_content_type() == "message/delivery-status"), "")
    original = _original(mail, parts)
    return Failed(original, status) if status and original else None


def _status(report: Part) -> str:
    blocks = report.get_payload()
    for block in blocks if isinstance(blocks, list) else []:
        status = re.match(r"[45]\.\d{1,3}\.\d{1,3}\b", _line(block["Status"]))
        if status and re.match(r"failed\b", _line(block["Action"]), re.IGNORECASE):
            return status[0]
    return ""


def _original(mail: Part, parts: list[Part]) -> str:
    """Return the Message-ID of the mail that is reported: from what came back of it, else from what it answers."""
    for part in parts:
        if part.get_content_type() == "text/rfc822-headers":
            returned = message_from_bytes(part.get_payload(decode=True) or b"", policy=compat32)
        elif part.get_content_type() == "message/rfc822" and isinstance(part.get_payload(), list):
            returned = part.get_payload()[0]
        else:
            continue
        if found := re.search(r"<[^<>\s]{3,240}>", _line(returned["Message-ID"])):
            return found[0]
    found = re.search(r"<[^<>\s]{3,240}>", _line(mail["In-Reply-To"]))
    return found[0] if found else ""
