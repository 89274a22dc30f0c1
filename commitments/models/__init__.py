"""What is asked and promised."""

from commitments.models.answers import (
    Answer,
    Audience,
    Clearance,
    ClearanceState,
    ClockChange,
    ClockChangeKind,
    Draft,
    DraftState,
    HoldingReply,
)
from commitments.models.assurances import (
    ASSURANCE_MOVES,
    STANDING,
    UNENDED,
    Assurance,
    AssuranceKind,
    AssuranceState,
)
from commitments.models.keeping import Evidence, EvidenceFile, Handover, HandoverState, Review
from commitments.models.outputs import ActionState, Output, OutputKind, Term
from commitments.models.questions import AskedAs, Asker, Commission, CommissionState, Question
from commitments.models.room import HiddenBecause, LiveRoom, RoomQuestion, Showing
from commitments.models.standards import (
    ClosureDay,
    DigestChoice,
    GovernanceHolder,
    GovernanceRole,
    LadderRung,
    OwnTheme,
    QuestionPolicy,
    Theme,
    Told,
)
from commitments.models.telling import (
    TELLING_MOVES,
    Section,
    Telling,
    TellingItem,
    TellingKind,
    TellingState,
)
from commitments.models.transitions import MOVES, TAKEN_ON, TOLD, UNANSWERED, WITH_OWNER, Move, QuestionState

__all__ = [
    "ASSURANCE_MOVES", "MOVES", "STANDING", "TAKEN_ON", "TELLING_MOVES", "TOLD", "UNANSWERED", "UNENDED", "WITH_OWNER",
    "ActionState", "Answer", "AskedAs", "Asker", "Assurance", "AssuranceKind", "AssuranceState", "Audience",
    "Clearance", "ClearanceState", "ClockChange", "ClockChangeKind", "ClosureDay", "Commission", "CommissionState",
    "DigestChoice", "Draft", "DraftState", "Evidence", "EvidenceFile", "GovernanceHolder", "GovernanceRole",
    "Handover", "HandoverState", "HiddenBecause", "HoldingReply", "LadderRung", "LiveRoom", "Move", "Output",
    "OutputKind", "OwnTheme", "Question", "QuestionPolicy", "QuestionState", "Review", "RoomQuestion", "Section",
    "Showing", "Telling", "TellingItem", "TellingKind", "TellingState", "Term", "Theme", "Told",
]  # fmt: skip
