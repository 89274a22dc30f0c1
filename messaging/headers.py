"""What may stand in a mail header: one function cleans every value."""

import re
from email.header import Header
from email.utils import formataddr

CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
"""C0, DEL, C1 (with U+0085) and the two separators. The mail library turns some of them into line ends (SEC-H1)."""

_LONE = re.compile("[\ud800-\udfff]")
_NOT_IN_NAMES = re.compile(r"[@:;,\"<>()\[\]\\\\]+")


def clean(value: object, limit: int = 300) -> str:
    """Return ``value`` as one line of at most ``limit`` characters that cannot end or begin a header.

    Every control character becomes a space, spaces are collapsed. Source: security.md 3.5, SEC-H1; RFC 5322 2.2.
    """
    line = str(value)
    if not line.isprintable():
        line = _LONE.sub("\ufffd", CONTROL.sub(" ", line))
    line = " ".join(line.split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def clean_name(value: object) -> str:
    """Return a display name without the characters that some servers refuse in one (``@ : ; , " < >``)."""
    return clean(_NOT_IN_NAMES.sub(" ", clean(value)), 100)


class Unmailable(ValueError):
    """No mail can go to, or come from, this mailbox."""


def mailbox(value: str) -> str:
    """Return the mailbox in ASCII, its domain by IDNA. Raises Unmailable for what an envelope cannot carry."""
    local, at, domain = value.strip().rpartition("@")
    if not (local and at and domain) or CONTROL.search(value) or any(c in value for c in ' <>,;:"()[]\\'):
        raise Unmailable("This is not a mailbox.")
    try:
        local.encode("ascii")
        return f"{local}@{domain.encode('idna').decode()}"
    except UnicodeError as error:
        raise Unmailable("A mailbox with letters beyond ASCII before the @ cannot be mailed.") from error


def comparable(value: str) -> str:
    """Return the mailbox in small letters and ASCII, as it comes back in mails; what is none, in small letters."""
    try:
        return mailbox(value).lower()
    except Unmailable:
        return value.strip().lower()


def address(name: object, value: str) -> str:
    """Return a display name and a mailbox for From, To or Reply-To. Raises Unmailable."""
    return formataddr((clean_name(name), mailbox(value)), "utf-8")


def encoded(name: str, value: object) -> str:
    """Return the cleaned ``value`` as it stands in the header ``name``: ASCII as it is, all else as RFC 2047."""
    line = clean(value, 900)
    if line.isascii():
        return line
    return Header(line, "utf-8", header_name=name).encode()
