"""What attendance keeps: places and invitations, the day's register, senior cover."""

from attendance.models.afterwards import AbsenceCode, AbsenceReason, Material
from attendance.models.answers import TO_DO, AnswerWhy, CalendarAnswer
from attendance.models.cover import COVER_MOVES, CoverState, SeniorAttendance
from attendance.models.online import FULL_SHARE, OnlineDecision, OnlinePresence, OnlineReport, OnlineRule
from attendance.models.places import (
    LIVE,
    PLACE_MOVES,
    REFERENCE_LETTERS,
    SEATED,
    AccessNeed,
    CalendarEntry,
    Engagement,
    Invitation,
    InvitationAnswer,
    InvitationRound,
    Place,
    PlaceState,
    RoundState,
    SeatCount,
    new_reference,
)
from attendance.models.register import CAME, Attendance, CheckInCode, Mark, MarkKind, Outcome, Register, WalkIn

__all__ = [
    "CAME", "COVER_MOVES", "FULL_SHARE", "LIVE", "PLACE_MOVES", "REFERENCE_LETTERS", "SEATED", "TO_DO", "AbsenceCode",
    "AbsenceReason", "AccessNeed", "AnswerWhy", "Attendance", "CalendarAnswer", "CalendarEntry", "CheckInCode",
    "CoverState", "Engagement", "Invitation", "InvitationAnswer", "InvitationRound", "Mark", "MarkKind", "Material",
    "OnlineDecision", "OnlinePresence", "OnlineReport", "OnlineRule", "Outcome", "Place", "PlaceState", "Register",
    "RoundState", "SeatCount", "SeniorAttendance", "WalkIn", "new_reference",
]  # fmt: skip
