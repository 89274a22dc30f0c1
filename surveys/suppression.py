"""What may be shown of small numbers: plain functions over plain numbers.

Nothing of fewer than ten answers, no number from one to four, and no number that could be worked out from the others
or from the total. Editions share no answer, so that no two of them can be subtracted. Source: the rules of the GP
Patient Survey (results of fewer than 10 respondents and options below 5 suppressed, "and, if only one is suppressed,
the next lowest too").
"""

from collections.abc import Sequence
from dataclasses import dataclass

FEWEST_ANSWERS = 10
"""Nothing is shown of fewer, and each edition is of at least so many answers that no other edition counts."""
SMALLEST_NUMBER = 5
"""No smaller number is shown, but for a nought in a row that has nothing to hide."""


@dataclass(frozen=True)
class Row:
    """One published row: how many answers it is of, and a number for each option; None where it is held back."""

    total: int
    cells: tuple[int | None, ...]

    @property
    def held_back(self) -> int:
        """Return how many answers lie in the options that are held back, all together."""
        return self.total - sum(cell for cell in self.cells if cell is not None)


def published(counts: Sequence[int]) -> Row | None:
    """Return what may be shown of ``counts``; None where there are fewer than ten answers.

    Where a number is small, noughts are held back too: else it would be known which of the others are not nought.
    """
    total = sum(counts)
    if total < FEWEST_ANSWERS:
        return None
    hidden: set[int] = set()
    if any(0 < number < SMALLEST_NUMBER for number in counts):
        # If every number were four, that all are small would say what each is: then fives are held back with them.
        smallest = SMALLEST_NUMBER + (total == (SMALLEST_NUMBER - 1) * len(counts))
        hidden = {each for each, number in enumerate(counts) if number < smallest}
    while hidden and gives_away(counts, hidden) and len(hidden) < len(counts):
        hidden |= _next_lowest(counts, hidden)
    return Row(total, tuple(None if each in hidden else number for each, number in enumerate(counts)))


def together(rows: Sequence[Row]) -> Row:
    """Return the sum of published rows that share no answer: it tells what they tell."""
    cells = (None if None in each else sum(each) for each in zip(*(row.cells for row in rows), strict=True))
    return Row(sum(row.total for row in rows), tuple(cells))


def gives_away(counts: Sequence[int], hidden: set[int]) -> bool:
    """Return whether the ``hidden`` numbers follow from their sum and from the rule that each is four at most."""
    together = sum(counts[each] for each in hidden)
    return len(hidden) == 1 or together == (SMALLEST_NUMBER - 1) * len(hidden)


def _next_lowest(counts: Sequence[int], hidden: set[int]) -> set[int]:
    """Return the smallest of what is still shown; all of them where several are, for a choice would tell."""
    lowest = min(number for each, number in enumerate(counts) if each not in hidden)
    return {each for each, number in enumerate(counts) if number == lowest}
