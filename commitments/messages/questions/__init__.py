"""Questions: who is told what. The actions name nothing beyond what stands here."""

from commitments.messages.questions import askers, reminders, staff
from commitments.messages.questions.askers import (
    ANSWERED,
    OUT_OF_SCOPE,
    RECEIVED,
    askers_owed,
    render_for_asker,
    tell_answered,
    tell_holding,
    tell_joined,
    tell_moved,
    tell_out_of_scope,
    tell_parted,
    tell_received,
)
from commitments.messages.questions.reminders import (
    DIGEST,
    REMINDER,
    digest_not_wanted,
    refs_of,
    remind,
    reminded_people,
    reminder_not_wanted,
)
from commitments.messages.questions.staff import (
    CLEARANCE,
    COMMISSIONED,
    DATE,
    DECLINED,
    RELEASED,
    REOPENED,
    RETURNED,
    TRANSFERRED,
    ask_clearance,
    commission_not_wanted,
    page_of,
    tell_commissioned,
    tell_declined,
    tell_nobody_clears,
    tell_owner_of_date,
    tell_released,
    tell_reopened,
    tell_returned,
    tell_settled,
    tell_transferred,
)

__all__ = [
    "ANSWERED", "CLEARANCE", "COMMISSIONED", "DATE", "DECLINED", "DIGEST", "OUT_OF_SCOPE", "RECEIVED", "RELEASED",
    "REMINDER",
    "REOPENED", "RETURNED", "TRANSFERRED", "ask_clearance", "askers_owed", "commission_not_wanted",
    "digest_not_wanted", "page_of", "refs_of", "register_kinds", "remind", "reminded_people", "reminder_not_wanted",
    "render_for_asker", "tell_answered", "tell_commissioned", "tell_declined", "tell_holding", "tell_joined",
    "tell_moved", "tell_nobody_clears", "tell_out_of_scope", "tell_owner_of_date",
    "tell_parted", "tell_received", "tell_released", "tell_reopened",
    "tell_returned", "tell_settled", "tell_transferred",
]  # fmt: skip


def register_kinds() -> None:
    """Make the kinds of questions known; called when the app is ready."""
    askers.register_kinds()
    staff.register_kinds()
    reminders.register_kinds()
