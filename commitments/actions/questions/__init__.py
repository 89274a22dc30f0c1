"""What people and the clock do to questions. One function per thing, one transaction each.

Every function that leaves a question unanswered leaves it with a due date and a next reminder; the database refuses
anything else.
"""

from commitments.actions.questions.answers import (
    NeedsClearance,
    NoHolder,
    NotFound,
    NothingToClear,
    OwnWords,
    SaidBefore,
    clear,
    note_answer,
    publish_answer,
    save_draft,
    say_unanswered,
    send_back,
    send_holding_reply,
    send_to_clearance,
    take_back,
)
from commitments.actions.questions.clock import (
    AlreadyLate,
    NoOtherDate,
    NoSuchDay,
    NotLater,
    StillLate,
    correct_late,
    extend,
    orphaned,
    pause_clock,
    recount,
    release_orphan,
    remind_about,
    reroute_clearances,
    resume_clock,
)
from commitments.actions.questions.merging import HiddenAnswer, OtherProgramme, SameQuestion, merge, part
from commitments.actions.questions.moving import NoMandate, NotNow, NotYours
from commitments.actions.questions.redaction import NothingDestroyed, WordsMoved, redact, redact_reason
from commitments.actions.questions.several import assign_several, merge_several
from commitments.actions.questions.way import (
    SamePlace,
    accept_commission,
    commission,
    decline_commission,
    open_question,
    put_out_of_scope,
    raise_question,
    transfer,
    withdraw_question,
)

__all__ = [
    "AlreadyLate", "HiddenAnswer", "NeedsClearance", "NoHolder", "NoMandate", "NoOtherDate", "NoSuchDay", "NotFound",
    "NotLater", "NotNow", "NotYours", "NothingDestroyed", "NothingToClear", "OtherProgramme",
    "OwnWords", "SaidBefore", "SamePlace",
    "SameQuestion", "StillLate", "WordsMoved", "accept_commission", "assign_several", "clear", "commission",
    "correct_late", "decline_commission", "extend", "merge", "merge_several",
    "note_answer", "open_question", "orphaned", "part", "pause_clock",
    "publish_answer",
    "put_out_of_scope", "raise_question", "recount", "redact", "redact_reason", "release_orphan", "remind_about",
    "reroute_clearances",
    "resume_clock", "save_draft", "say_unanswered", "send_back", "send_holding_reply", "send_to_clearance",
    "take_back", "transfer", "withdraw_question",
]  # fmt: skip
