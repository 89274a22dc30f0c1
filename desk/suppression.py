"""Figures that everybody may read without finding out about a few people: pure functions over plain numbers.

Cells under five are hidden, and so many lines with them that nothing can be calculated back (docs/adr/0052). After the
guidance of the Government Statistical Service on disclosure control for tables produced from administrative sources.
"""

from collections.abc import Sequence

from surveys.suppression import SMALLEST_NUMBER as LEAST


def hidden_lines(lines: Sequence[Sequence[int]], least: int = LEAST) -> set[int] | None:
    """Return which of ``lines`` are hidden, by position; None where not even the totals can be shown.

    A line is the counts of one group, such as (attended, not yet): whole lines are hidden, so that what is shown of a
    line says nothing about the rest of it. Each of its sums down all lines is published. Hidden is a line with a count
    under ``least``, zero among them. Where what is hidden could be worked out from a sum (one line alone, or a sum of
    the hidden under ``least``) the smallest other line is hidden with it: also by somebody of a hidden group, who knows
    what its own line says.
    """
    hidden = {number for number, line in enumerate(lines) if any(count < least for count in line)}
    rest = sorted(set(range(len(lines))) - hidden, key=lambda number: (sum(lines[number]), number))
    while hidden and _gives_away([lines[number] for number in hidden], least):
        if not rest:
            return None
        hidden.add(rest.pop(0))
    return hidden if lines else None


def rounded(number: int, least: int = LEAST) -> int:
    """Return ``number`` to the nearest multiple of ``least``: of two months nobody can tell how few came between."""
    return least * ((2 * number + least) // (2 * least))


def _gives_away(hidden: list[Sequence[int]], least: int) -> bool:
    """Return whether the sums of the ``hidden`` lines say what stands in one of them.

    Anybody can work the sums out; who knows one of the lines takes it off.
    """
    if len(hidden) < 3:  # of two lines, who knows one knows the other
        return True
    sums = [sum(column) for column in zip(*hidden, strict=True)]
    return any(whole - own < least for line in hidden for whole, own in zip(sums, line, strict=True))
