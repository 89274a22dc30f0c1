"""When and where a session is, as people read it; the words for dates alone are those of ``face.dates``."""

from briefings.models import Session
from face.dates import day, period


def when_in_words(session: Session) -> str:
    """Return the day and the local hours of ``session``, as its own zone has them: "Thursday 26 November 2026, …"."""
    return f"{day(session.date)}, {period(session.starts, session.ends)}"


def where_in_words(session: Session, *, address: bool = False) -> str:
    """Return where ``session`` is on one line: venue and room, "Online", both, or "Not settled yet".

    ``address`` adds the venue's. Reads room and venue.
    """
    here = ""
    if session.room:
        venue = session.room.venue
        lines = [f"{venue.name}, {session.room.name}", *(venue.address.splitlines() if address else ())]
        here = ", ".join(line.strip().rstrip(",") for line in lines if line.strip())
    if here and session.online_link:
        return f"{here}, and online"
    return here or ("Online" if session.online_link else "Not settled yet")
