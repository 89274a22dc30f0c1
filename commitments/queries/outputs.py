"""What is shown of the outputs of workshops."""

from dataclasses import replace
from datetime import date
from functools import cache
from typing import NamedTuple

from django.db.models import QuerySet

from briefings.models import Programme, Session
from commitments.models import ActionState, Output
from face.paging import LONG, Page, page_of_keys
from history.statements import Prepared, of_keys, rows_of

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
    """Return the outputs of the workshops of ``programme`` that fit, the newest first; open actions by their date."""
    found = Output.objects.filter(session__programme=programme)
    if words:
        found = found.filter(words__icontains=words)
    if kind:
        found = found.filter(kind=kind)
    if theme:
        found = found.filter(theme=theme)
    if only_open:
        return found.open_actions().order_by("due_on", "pk")
    return found.order_by("-noted_at", "-pk")


class ListedOutput(NamedTuple):
    """What a list shows of one output: plain values, as ``commitments.queries.questions.Listed``."""

    pk: int
    kind: str
    words: str
    theme: str
    term: str
    owner_id: int | None
    owner: str | None
    action_state: str
    due_on: date | None
    end_words: str
    session_title: str
    programme: str
    session_on: date
    agreement_id: int | None
    """The agreement that was made of it."""

    @property
    def session(self) -> str:
        """What the workshop is called."""
        return self.session_title or self.programme


_COLUMNS = (
    "pk", "kind", "words", "theme", "term", "owner", "owner__name", "action_state", "due_on", "end_words",
    "session__title", "session__programme__name", "session__date", "agreement",
)  # fmt: skip


@cache
def _around() -> Prepared:
    return of_keys("listed_outputs", Output.objects.values_list(*_COLUMNS))


def list_page(found: QuerySet[Output], asked: str | None) -> Page:
    """Return the page of ``found``, in its order, that was ``asked`` for, each row as ``ListedOutput``."""
    page = page_of_keys(found, asked, size=LONG, few=True)
    return replace(page, rows=[ListedOutput._make(row) for row in rows_of(_around(), page.rows)])
