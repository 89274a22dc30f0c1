"""Reading the mails with calendar entries as a calendar program does: from the bytes that leave."""

from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.message import Message as Part

from icalendar import Calendar, Event

from accounts.models import Person
from messaging import kinds
from messaging.mime import build
from messaging.models import Message
from messaging.queries import sender_for


@dataclass(frozen=True)
class Letter:
    """One mail as it leaves, and the entry in it; ``event`` is None where it carries none."""

    kind: str
    mail: Part
    event: Event | None
    method: str

    @property
    def says(self) -> tuple[str, int]:
        return self.method, int(self.event["SEQUENCE"])

    @property
    def uid(self) -> str:
        return str(self.event["UID"])


def letter(message: Message, now: datetime) -> Letter:
    """Return the mail of ``message`` as its person gets it."""
    content = kinds.find(message.kind).render(message)
    raw = build(
        content,
        sender=sender_for(message.about),
        to_name=message.person.name,
        to_address=message.person.email,
        message_id="<1@example.org>",
        now=now,
    )
    mail = message_from_bytes(raw)
    parts = [part for part in mail.walk() if part.get_content_type() == "text/calendar"]
    assert len(parts) <= 1
    calendar = Calendar.from_ical(parts[0].get_payload(decode=True)) if parts else None
    event = calendar.walk("VEVENT")[0] if calendar else None
    return Letter(message.kind, mail, event, str(calendar["METHOD"]) if calendar else "")


def wanted_letters(person: Person, now: datetime) -> list[Letter]:
    """Return the mails with an entry that ``person`` gets, in the order they were planned, those still wanted."""
    messages = list(Message.objects.filter(person=person).select_related("person").order_by("pk"))
    letters = []
    for message in messages:
        if not kinds.find(message.kind).still_wanted([message], now):
            letters.append(letter(message, now))
    return [each for each in letters if each.event is not None]
