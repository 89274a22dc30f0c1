"""What an answer from a calendar says and what follows from it: plain values in, a verdict out.

Sources: RFC 5546 (iTIP) 2.1.5, 3.2.3, 3.2.7; RFC 6047 3; calendar-and-mail.md 5.6 as decisions.md settles it: only the
person it was sent to can answer, the latest by (SEQUENCE, DTSTAMP) wins, nothing is ever booked by an answer.
"""

import enum
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote

from icalendar import Calendar, Event, vCalAddress

from attendance.models import AnswerWhy, CalendarAnswer
from messaging.headers import comparable
from messaging.incoming import ANSWERS

Said = CalendarAnswer.Said
MOST_LINES = 1_000
AHEAD = timedelta(hours=26)
"""How far ahead of our clock the stamp of an answer may lie: clocks that take local time for UTC."""


@dataclass(frozen=True)
class Reply:
    """An answer as the calendar wrote it. ``attendee`` is a mailbox in small letters; ``stamp`` is aware."""

    uid: str
    attendee: str
    said: str
    sequence: int
    stamp: datetime


def parse(words: str) -> Reply | None:
    """Return the answer in the calendar object ``words``; None for whatever is not exactly one answer to one entry."""
    if words.count("\n") > MOST_LINES:
        return None
    try:
        calendar = Calendar.from_ical(words)
        events = calendar.walk("VEVENT")
        return _reply(str(calendar["METHOD"]).upper(), events[0]) if len(events) == 1 else None
    except Exception:
        # Whatever the library finds wrong with it: what cannot be read says nothing.
        return None


def _reply(method: str, event: Event) -> Reply | None:
    if method not in ANSWERS:
        return None
    attendees = event["ATTENDEE"] if isinstance(event["ATTENDEE"], list) else [event["ATTENDEE"]]
    partstats = [str(each.params.get("PARTSTAT", "")).upper() for each in attendees]
    # Who delegates names the colleague beside themselves (RFC 5546, 3.2.3).
    place = partstats.index("DELEGATED") if "DELEGATED" in partstats else 0
    stamp = event["DTSTAMP"].dt
    if not isinstance(stamp, datetime):
        return None
    said = _SAID.get(partstats[place], Said.UNCLEAR)
    if "RECURRENCE-ID" in event or (len(attendees) > 1 and said != Said.DELEGATED):
        said = Said.UNCLEAR
    return Reply(
        uid=str(event["UID"]).strip().lower(),
        attendee=_mailbox(attendees[place]),
        said=Said.PROPOSED if method == "COUNTER" else said,
        sequence=min(max(int(event.get("SEQUENCE", 0)), 0), 2**31 - 1),
        stamp=(stamp if stamp.tzinfo else stamp.replace(tzinfo=UTC)).astimezone(UTC),
    )


_SAID = {
    "ACCEPTED": Said.ACCEPTED,
    "DECLINED": Said.DECLINED,
    "TENTATIVE": Said.TENTATIVE,
    "DELEGATED": Said.DELEGATED,
}


def _mailbox(attendee: vCalAddress) -> str:
    address = unquote(re.sub(r"^mailto:", "", str(attendee).strip(), flags=re.IGNORECASE))
    # An escape may stand for what no address has, and no database column takes.
    return comparable(re.sub(r"[\x00-\x1f\x7f]", "", address))[:254]


class Verdict(enum.Enum):
    """What follows from an answer."""

    NOTHING = "nothing"
    CONFIRM = "confirm"
    GIVE_UP = "give up"
    TAKE_BACK = "take back"
    NOTE = "note"
    ASK = "ask the coordinator"


@dataclass(frozen=True)
class Known:
    """What we know when an answer comes.

    ``last`` is the newest answer that counted, as (SEQUENCE, DTSTAMP); ``last_left`` the entry's number after it.
    ``held_as`` is an earlier number that says what stands: what came between was never told.
    """

    address: str
    sender: str
    is_proven: bool
    sequence: int
    is_cancelled: bool
    is_over: bool
    now: datetime
    last: tuple[int, datetime] | None = None
    last_left: int = -1
    held_as: int | None = None


def judge(reply: Reply, known: Known) -> tuple[Verdict, str]:
    """Return what follows from ``reply``, and for the coordinator why (an AnswerWhy value, else "")."""
    if known.is_over:
        return Verdict.NOTHING, ""
    if reply.attendee != known.address or not known.address:
        return Verdict.ASK, AnswerWhy.STRANGER
    if not known.is_proven or known.sender != known.address:
        return Verdict.ASK, AnswerWhy.UNPROVEN
    if known.last and (reply.sequence, reply.stamp) <= known.last:
        return Verdict.NOTHING, ""
    if reply.sequence > known.sequence or reply.stamp > known.now + AHEAD:
        return Verdict.ASK, AnswerWhy.UNCLEAR
    if known.is_cancelled and reply.said == Said.DECLINED:
        # Said once more it counts, so that an older "yes" that is still on its way does not win.
        return (Verdict.NOTE if _is_current(reply, known) else Verdict.NOTHING), ""
    if not _is_current(reply, known):
        return Verdict.ASK, AnswerWhy.OLD
    if known.is_cancelled and reply.said in (Said.ACCEPTED, Said.TENTATIVE):
        return Verdict.TAKE_BACK, ""
    return _VERDICTS[reply.said]


def _is_current(reply: Reply, known: Known) -> bool:
    """Return whether ``reply`` answers what stands: its own number, one that says the same, or the last answer's.

    The last where nothing but that answer has moved the entry since.
    """
    if known.last and known.sequence == known.last_left and reply.sequence == known.last[0]:
        return True
    return reply.sequence in (known.sequence, known.held_as) and not known.is_cancelled


_VERDICTS = {
    Said.ACCEPTED: (Verdict.CONFIRM, ""),
    Said.DECLINED: (Verdict.GIVE_UP, ""),
    Said.TENTATIVE: (Verdict.NOTE, ""),
    Said.DELEGATED: (Verdict.ASK, AnswerWhy.DELEGATED),
    Said.PROPOSED: (Verdict.ASK, AnswerWhy.PROPOSED),
    Said.UNCLEAR: (Verdict.ASK, AnswerWhy.UNCLEAR),
}
