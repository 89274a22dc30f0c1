"""The exact sign test (Dixon and Mood 1946): did more people move one way than chance alone would bring about?"""

from fractions import Fraction
from math import comb

from surveys.suppression import Row

BETTER, SAME, WORSE = 0, 1, 2
"""Where each stands in a row of change."""


def sign_test(better: int, worse: int) -> Fraction:
    """Return the exact two-sided p: how probable a split at least as uneven is where each way is as likely.

    Those who stayed the same say nothing about the way and are left out. 1 where nobody moved.
    """
    moved = better + worse
    tail = sum(comb(moved, number) for number in range(max(better, worse), moved + 1))
    return min(Fraction(1), Fraction(2 * tail, 2**moved))


def at_most(row: Row) -> tuple[Fraction, bool]:
    """Return the largest p that a published ``row`` (better, same, worse, …) leaves possible, and whether it is exact.

    It is worked out from what is shown alone, so that it cannot tell more than the row does.
    """
    better, _, worse = row.cells[:3]
    if better is not None and worse is not None:
        return sign_test(better, worse), True
    unknown = range(row.held_back + 1)
    if better is None and worse is None:
        # As many one way as the other can never be ruled out then.
        return Fraction(1), False
    known = better if better is not None else worse
    return max(sign_test(known, other) for other in (unknown[0], min(known, unknown[-1]), unknown[-1])), False


def in_words(row: Row) -> str:
    """Return what the test says of a row of change, in short; the page says once what "by chance alone" means."""
    probability, is_exact = at_most(row)
    if not is_exact:
        if probability > Fraction(1, 20):
            return "Too few people moved one of the ways to show how many, so it stays open whether it is chance."
        return f"By chance alone: {_odds(probability)} at most."
    return f"By chance alone: {_odds(probability)} (p = {_figure(probability)}). " + (
        "That is seldom enough to call it a change."
        if probability <= Fraction(1, 20)
        else "That is too often to call it a change."
    )


def median_in_words(row: Row) -> str:
    """Return which way the median change of a published ``row`` lies, and how many of how many pairs moved so.

    "" where its numbers do not tell. It is worked out from what is shown alone. How many steps it is stays unsaid:
    steps stand in no published table.
    """
    better, same, worse = row.cells[:3]
    compared = None if None in row.cells else better + same + worse
    # More than half of all pairs are more than half of those that can be compared, however many these are.
    of = row.total if compared is None else compared
    for number, way in ((better, "towards agreement"), (worse, "away from agreement")):
        if number is not None and 2 * number > of:
            return f"The median change is {way}: {number} of {of} pairs moved that way, more than half."
        if compared and 2 * number == compared:
            return (
                f"The median change lies between none and {way}: {number} of {of} pairs moved that way, exactly half."
            )
    if compared is None:
        return ""
    if not compared:
        return "The median change is none: no pair can be compared."
    return f"The median change is none: of {of} pairs {better} moved towards agreement and {worse} away from it."


def _odds(probability: Fraction) -> str:
    if probability >= Fraction(1, 2):
        return f"{round(probability * 100)} times in 100"
    if probability < Fraction(1, 1000):
        return "less than once in 1,000 times"
    return f"about once in {round(1 / probability):,} times"


def _figure(probability: Fraction) -> str:
    return "less than 0.001" if probability < Fraction(1, 1000) else f"{float(probability):.3f}"
