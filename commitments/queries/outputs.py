"""What is shown of the outputs of workshops."""

from django.db.models import F, QuerySet

from briefings.models import Programme, Session
from commitments.models import ActionState, Output

SHOWN = {
    ActionState.OPEN: ("half", "wait"),
    ActionState.DONE: ("full", "good"),
    ActionState.DROPPED: ("dash", "quiet"),
}
"""Mark and colour of each state of an action, as look.md says."""


def outputs_of_session(session: Session) -> QuerySet[Output]:
    """Return what ``session`` left behind, the newest first."""
    return session.outputs.select_related("owner").order_by("-noted_at", "-pk")


def outputs_of(
    programme: Programme, *, words: str = "", kind: str = "", theme: str = "", only_open: bool = False
) -> QuerySet[Output]:
    """Return the outputs of the workshops of ``programme`` that fit, the newest first; open actions by their date.

    Each has the ``agreement_id`` of the agreement that was made of it, None where none was.
    """
    found = Output.objects.filter(session__programme=programme).select_related("session__programme", "owner")
    found = found.annotate(agreement_id=F("agreement__pk"))
    if words:
        found = found.filter(words__icontains=words)
    if kind:
        found = found.filter(kind=kind)
    if theme:
        found = found.filter(theme=theme)
    if only_open:
        return found.open_actions().order_by("due_on", "pk")
    return found.order_by("-noted_at", "-pk")
