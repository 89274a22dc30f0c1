"""When and where a session is, and what a role does, as people read it; words for dates alone are ``face.dates``."""

from briefings.models import Programme, ProgrammeRole, Session
from face.dates import day, period

ROLE_DOES = {
    ProgrammeRole.COORDINATOR: "sets the programme up, plans, invites, sees who is eligible",
    ProgrammeRole.FACILITATOR: "runs sessions: the register, questions, what was agreed",
    ProgrammeRole.BOARD: "sees reach, cover, questions and assurances in figures",
    ProgrammeRole.INFORMATION_GOVERNANCE: "sees who looked at and changed whose data",
}
"""What whoever has a role does in a programme, for the form that gives it and the mail that tells of it."""


def when_in_words(session: Session) -> str:
    """Return the day and the local hours of ``session``, as its own zone has them: "Thursday 26 November 2026, …"."""
    return f"{day(session.date)}, {period(session.starts, session.ends)}"


def session_in_words(session: Session) -> str:
    """Return which session it is inside a sentence: “Sharing health data” on Thursday 26 November 2026, 9:30am to …"""
    return f"“{session}” on {when_in_words(session)}"


def contact_in_words(programme: Programme) -> str:
    """Return where questions about ``programme`` go, as it stands in calendar entries; "" where nothing is said."""
    return ", ".join(part for part in (programme.contact_email, programme.contact_phone) if part)


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
