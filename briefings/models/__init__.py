"""What and when: programmes and the people in them, venues, sessions."""

from briefings.models.activities import Activity
from briefings.models.programmes import (
    Appointment,
    Assistant,
    CoverRule,
    Mandate,
    Nation,
    Partner,
    PlacesRule,
    Programme,
    ProgrammeQuerySet,
    ProgrammeRole,
    Scale,
    Slot,
    programme_ids_with,
    usual_invitation_reminder_days,
    usual_reminder_days,
)
from briefings.models.sessions import (
    SESSION_MOVES,
    AgendaItem,
    AgendaKind,
    Part,
    Series,
    Session,
    SessionKind,
    SessionPart,
    SessionQuerySet,
    SessionState,
    utc_range,
)
from briefings.models.venues import Room, Venue

__all__ = [
    "SESSION_MOVES", "Activity", "AgendaItem", "AgendaKind", "Appointment", "Assistant", "CoverRule", "Mandate",
    "Nation", "Part", "Partner", "PlacesRule", "Programme", "ProgrammeQuerySet", "ProgrammeRole", "Room", "Scale",
    "Series", "Session", "SessionKind", "SessionPart", "SessionQuerySet", "SessionState", "Slot", "Venue",
    "programme_ids_with", "usual_invitation_reminder_days", "usual_reminder_days", "utc_range",
]  # fmt: skip
