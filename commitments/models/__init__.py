"""What is asked and promised."""

from commitments.models.assurances import (
    ASSURANCE_MOVES,
    STANDING,
    UNENDED,
    Assurance,
    AssuranceKind,
    AssuranceState,
)
from commitments.models.questions import (
    QUESTION_MOVES,
    UNANSWERED,
    WITH_OWNER,
    Answer,
    AskedAs,
    Asker,
    Audience,
    Commission,
    CommissionState,
    Question,
    QuestionState,
)
from commitments.models.room import HiddenBecause, LiveRoom, RoomQuestion, Showing

__all__ = [
    "ASSURANCE_MOVES", "QUESTION_MOVES", "STANDING", "UNANSWERED", "UNENDED", "WITH_OWNER", "Answer", "AskedAs",
    "Asker", "Assurance", "AssuranceKind", "AssuranceState", "Audience", "Commission", "CommissionState",
    "HiddenBecause", "LiveRoom", "Question", "QuestionState", "RoomQuestion", "Showing",
]  # fmt: skip
