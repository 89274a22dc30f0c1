"""What attendance keeps: places and invitations, the day's register, senior cover."""

from attendance.models.afterwards import AbsenceCode, AbsenceReason, Material
from attendance.models.answers import TO_DO, AnswerWhy, CalendarAnswer
from attendance.models.cover import COVER_MOVES, Availability, CoverState, SeniorAttendance
from attendance.models.handovers import Handover, SessionNotice
from attendance.models.moves import BulkMove, Stays
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
from attendance.models.policies import BookingRules, Quota
from attendance.models.register import CAME, Attendance, CheckInCode, Mark, MarkKind, Outcome, Register, WalkIn
from attendance.models.teams import Team, TeamRule
from attendance.models.words import WordsToTell

__all__ = [
    "CAME", "COVER_MOVES", "FULL_SHARE", "LIVE", "PLACE_MOVES", "REFERENCE_LETTERS", "SEATED", "TO_DO", "AbsenceCode",
    "AbsenceReason", "AccessNeed", "AnswerWhy", "Attendance", "Availability", "BookingRules", "BulkMove",
    "CalendarAnswer", "CalendarEntry", "CheckInCode", "CoverState", "Engagement", "Handover", "Invitation",
    "InvitationAnswer", "InvitationRound", "Mark", "MarkKind", "Material", "OnlineDecision", "OnlinePresence",
    "OnlineReport", "OnlineRule", "Outcome", "Place", "PlaceState", "Quota", "Register", "RoundState",
    "SeatCount", "SeniorAttendance", "SessionNotice", "Stays", "Team", "TeamRule", "WalkIn", "WordsToTell",
    "new_reference",
]  # fmt: skip
