"""What is shown of answers: only what an edition holds, drawn as bars with their figures."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from surveys import exact
from surveys.actions.editions import ALL, CHANGES, NOW, OPTIONS, THEN, rows_of
from surveys.models import SCALE, Edition, Point, Questionnaire
from surveys.suppression import Row, together

COLOURS = dict(zip(OPTIONS, ("b1", "b2", "b3", "b5", "b6", "b7"), strict=True))
CHANGE_COLOURS = ("b1", "b3", "b6", "b7")
HELD_BACK = "b8"
BLOCK_WORDS = {
    ALL: "All answers",
    Point.BEFORE: "Before",
    Point.AFTER: "After",
    Point.LATER: "Months later",
    THEN: "Then",
    NOW: "Now",
    "before-after": "From before to after",
    "before-later": "From before to months later",
    "then-now": "From then to now",
}
SCALE_KEY = [(COLOURS[value], f"{value or '–'}: {words}" if value else words) for value, words in SCALE.items()]
CHANGE_KEY = list(zip(CHANGE_COLOURS, ("Towards agreement", "The same", "Away from it", "Not to compare"), strict=True))


@dataclass(frozen=True)
class Bar:
    """One row of a table of bars: what it is of, its figures (None: held back) and the parts of its bar."""

    words: str
    row: Row
    parts: list[tuple[str, int]]

    @classmethod
    def of(cls, words: str, row: Row, colours: tuple[str, ...]) -> "Bar":
        """Return the bar of ``row``; all that is held back stands together at its end."""
        parts = [(colour, cell or 0) for colour, cell in zip(colours, row.cells, strict=True)]
        return cls(words, row, [*parts, (HELD_BACK, row.held_back)])


@dataclass
class Shown:
    """What is shown of one statement: its distributions side by side, and its changes with what the test says."""

    words: str
    bars: list[Bar] = field(default_factory=list)
    changes: list[tuple[Bar, str]] = field(default_factory=list)

    @property
    def change_bars(self) -> list[Bar]:
        """Return the changes without what is said of them."""
        return [bar for bar, _ in self.changes]


def editions_of(questionnaire: Questionnaire) -> list[Edition]:
    """Return the editions of ``questionnaire`` in the order in which they are read: by block, the oldest first."""
    order = list(BLOCK_WORDS)
    return sorted(questionnaire.editions.all(), key=lambda each: (order.index(each.block), each.number))


def shown_of(questionnaire: Questionnaire) -> list[Shown]:
    """Return what is shown of each statement; [] before the first edition. Two queries."""
    editions = editions_of(questionnaire)
    found = [Shown(statement.words) for statement in questionnaire.statements.all()]
    for edition in editions:
        words = BLOCK_WORDS[edition.block] + (", answers since" if edition.number > 1 else "")
        for shown, row in zip(found, rows_of(edition), strict=True):
            if edition.block in CHANGES:
                said = f"{exact.median_in_words(row)} {exact.in_words(row)}".strip()
                shown.changes.append((Bar.of(words, row, CHANGE_COLOURS), said))
            else:
                shown.bars.append(Bar.of(words, row, tuple(COLOURS.values())))
    return found if editions else []


def feedback_bars(questionnaire: Questionnaire, editions: Iterable[Edition]) -> list[Bar]:
    """Return one bar for each statement of feedback, of ``editions`` together; [] of none."""
    rows = [rows_of(each) for each in editions]
    if not rows:
        return []
    statements, colours = questionnaire.statements.all(), tuple(COLOURS.values())
    sums = (together(each) for each in zip(*rows, strict=True))
    return [Bar.of(each.words, row, colours) for each, row in zip(statements, sums, strict=True)]


def with_answers(feedback: QuerySet[Questionnaire]) -> QuerySet[Questionnaire]:
    """Return ``feedback``, the newest first, with statements and editions, and ``answered``: how many people did."""
    first = Sum("statements__tallies__number", filter=Q(statements__position=1))
    found = feedback.annotate(answered=Coalesce(first, 0)).prefetch_related("statements", "editions")
    return found.order_by("-made_on", "-pk")


def changes_too_few(questionnaire: Questionnaire) -> list[str]:
    """Return in words each change of which both points are closed and nothing is shown: it has fewer than ten pairs."""
    closed = set(questionnaire.openings.filter(closed_on__isnull=False).values_list("point", flat=True))
    shown = set(questionnaire.editions.values_list("block", flat=True))
    return [
        BLOCK_WORDS[block]
        for block, points in CHANGES.items()
        if block not in shown and set(points) <= closed
    ]  # fmt: skip
