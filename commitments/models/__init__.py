"""What is asked and promised."""

from commitments.models.agreements import (
    ENDORSING,
    VERSION_MOVES,
    Agreement,
    AgreementPolicy,
    AgreementVersion,
    Outcome,
    PartnerAsked,
    SeniorAsked,
    Standing,
    VersionState,
)
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
from commitments.models.endorsements import (
    NOTHING_BEFORE,
    Endorsement,
    EndorsementChain,
    EndorsementName,
    digest_of,
    name_digest_of,
)
from commitments.models.guidance import (
    Acknowledgement,
    CommentState,
    Guidance,
    GuidanceSection,
    GuidanceVersion,
    Reference,
    ReferenceKind,
    SectionAgreement,
    SectionComment,
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
    "ASSURANCE_MOVES", "ENDORSING", "MOVES", "NOTHING_BEFORE", "STANDING", "TAKEN_ON", "TELLING_MOVES", "TOLD",
    "UNANSWERED", "UNENDED", "VERSION_MOVES", "WITH_OWNER", "Acknowledgement", "ActionState", "Agreement",
    "AgreementPolicy", "AgreementVersion", "Answer", "AskedAs", "Asker", "Assurance", "AssuranceKind",
    "AssuranceState", "Audience", "Clearance", "ClearanceState", "ClockChange", "ClockChangeKind", "ClosureDay",
    "CommentState", "Commission", "CommissionState", "DigestChoice", "Draft", "DraftState", "Endorsement",
    "EndorsementChain", "EndorsementName", "Evidence", "EvidenceFile", "GovernanceHolder", "GovernanceRole",
    "Guidance", "GuidanceSection", "GuidanceVersion", "Handover", "HandoverState", "HiddenBecause", "HoldingReply",
    "LadderRung", "LiveRoom", "Move", "Outcome", "Output", "OutputKind", "OwnTheme", "PartnerAsked", "Question",
    "QuestionPolicy", "QuestionState", "Reference", "ReferenceKind", "Review", "RoomQuestion", "Section",
    "SectionAgreement", "SectionComment", "SeniorAsked", "Showing", "Standing", "Telling", "TellingItem",
    "TellingKind", "TellingState", "Term", "Theme", "Told", "VersionState", "digest_of", "name_digest_of",
]  # fmt: skip
