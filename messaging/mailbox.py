"""Read a mail as its recipient's program does."""

from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage


@dataclass(frozen=True)
class File:
    """What hangs on a mail. ``number`` names it in addresses; ``mimetype`` is what the sender says it is."""

    number: int
    name: str
    mimetype: str
    content: bytes

    @property
    def is_calendar(self) -> bool:
        return self.mimetype in ("text/calendar", "application/ics")


@dataclass(frozen=True)
class Mail:
    """One mail, read. ``text`` and ``html`` are empty where it has none."""

    sender: str
    to: str
    reply_to: str
    subject: str
    text: str
    html: str
    files: list[File] = field(default_factory=list)


def read(raw: bytes) -> Mail:
    """Return the mail in ``raw``, the bytes that went over the wire. What cannot be decoded is replaced."""
    mail = message_from_bytes(bytes(raw), policy=policy.default)
    files = [part for part in mail.walk() if not part.is_multipart() and part.get_content_disposition() == "attachment"]
    return Mail(
        sender=str(mail["From"] or ""),
        to=str(mail["To"] or ""),
        reply_to=str(mail["Reply-To"] or ""),
        subject=str(mail["Subject"] or ""),
        text=_body(mail, "plain"),
        html=_body(mail, "html"),
        files=[
            File(number, part.get_filename() or "file", part.get_content_type(), part.get_payload(decode=True) or b"")
            for number, part in enumerate(files, start=1)
        ],
    )


def _body(mail: EmailMessage, subtype: str) -> str:
    part = mail.get_body((subtype,))
    if part is None:
        return ""
    try:
        return part.get_content(errors="replace")
    except LookupError:  # a character set that nobody knows
        return (part.get_payload(decode=True) or b"").decode("utf-8", "replace")
