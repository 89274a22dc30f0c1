"""Editions: what may be shown is published once and stands; a new one is made only when it tells of nobody."""

from collections.abc import Iterator
from datetime import date

from django.db import transaction

from surveys.models import NOT_SAID, SCALE, Edition, Method, Point, Questionnaire, Sheet, Tally
from surveys.suppression import FEWEST_ANSWERS, Row, published

ALL, THEN, NOW = "all", "then", "now"
CHANGES = {
    "before-after": (Point.BEFORE, Point.AFTER),
    "before-later": (Point.BEFORE, Point.LATER),
    "then-now": (THEN, NOW),
}
"""The changes that are counted, and between what. ``then`` and ``now`` stand on one sheet."""
OPTIONS = tuple(SCALE)
MOST_TO_WAIT_FOR = 50


@transaction.atomic
def make_editions(*, questionnaire: Questionnaire, today: date) -> list[Edition]:
    """Publish what is new and may be shown of ``questionnaire``; return the editions made. Twice makes nothing more.

    Points that are still open are left out: what trickles in would be told apart. An edition is of the answers that no
    edition counts yet, so that no two of them can be subtracted.
    """
    Questionnaire.objects.select_for_update(no_key=True, of=("self",)).get(pk=questionnaire.pk)
    last = {each.block: each for each in questionnaire.editions.order_by("number")}
    made = []
    for block, counts in _blocks(questionnaire):
        before = last.get(block)
        newcomers = _since(counts, before.counted) if before else counts
        rows = [published(each) for each in newcomers]
        if None in rows or rows[0].total < answers_wanted(sum(before.counted[0]) if before else 0):
            continue
        made.append(
            Edition.objects.create(
                questionnaire=questionnaire, block=block, number=before.number + 1 if before else 1,
                answers=rows[0].total, table=[row.cells for row in rows], counted=counts, made_on=today,
            )
        )  # fmt: skip
    return made


def answers_wanted(counted: int) -> int:
    """Return how many answers the next edition has at least, where ``counted`` stand in editions already.

    As many as all before it, up to fifty: of more answers, more of the numbers can be shown.
    """
    return max(FEWEST_ANSWERS, min(counted, MOST_TO_WAIT_FOR))


def _since(counts: list[list[int]], counted: list[list[int]]) -> list[list[int]]:
    return [[now - then for now, then in zip(*rows, strict=True)] for rows in zip(counts, counted, strict=True)]


def make_all_editions(*, today: date) -> int:
    """Publish what is new of all feedback; return how many editions were made."""
    asked = Questionnaire.objects.filter(method=Method.FEEDBACK)
    return sum(len(make_editions(questionnaire=each, today=today)) for each in asked)


def rows_of(edition: Edition) -> list[Row]:
    """Return the rows of an edition, one for each statement."""
    return [Row(edition.answers, tuple(cells)) for cells in edition.table]


def _blocks(questionnaire: Questionnaire) -> Iterator[tuple[str, list[list[int]]]]:
    """Yield each block of ``questionnaire`` with the counts of each statement."""
    if questionnaire.method == Method.FEEDBACK:
        found = Tally.objects.filter(statement__questionnaire=questionnaire)
        counted = {(each.statement_id, each.answer): each.number for each in found}
        statements = questionnaire.statements.values_list("pk", flat=True)
        yield ALL, [[counted[pk, answer] for answer in OPTIONS] for pk in statements]
        return
    sheets = _sheets(questionnaire)
    number = questionnaire.statements.count()
    for block, answers in sheets.items():
        yield block, _distributions(list(answers.values()), number)
    for block, (first, second) in CHANGES.items():
        if first in sheets and second in sheets:
            pairs = [(sheets[first][code], sheets[second][code]) for code in sheets[first].keys() & sheets[second]]
            yield block, _changes(pairs, number)


def _sheets(questionnaire: Questionnaire) -> dict[str, dict[str, list[int]]]:
    """Return the answers at each point that is closed, by code."""
    closed = Sheet.objects.filter(opening__questionnaire=questionnaire, opening__closed_on__isnull=False)
    found: dict[str, dict[str, list[int]]] = {}
    for point, code, answers in closed.values_list("opening__point", "pair", "answers"):
        if point == Point.ONCE:
            half = len(answers) // 2
            found.setdefault(THEN, {})[code], found.setdefault(NOW, {})[code] = answers[:half], answers[half:]
        else:
            found.setdefault(point, {})[code] = answers
    return found


def _distributions(sheets: list[list[int]], number: int) -> list[list[int]]:
    return [[sum(sheet[each] == answer for sheet in sheets) for answer in OPTIONS] for each in range(number)]


def _changes(pairs: list[tuple[list[int], list[int]]], number: int) -> list[list[int]]:
    """Return for each statement how many moved towards agreement, stayed, moved away, and cannot be compared."""
    return [_change([(first[each], second[each]) for first, second in pairs]) for each in range(number)]


def _change(pairs: list[tuple[int, int]]) -> list[int]:
    said = [(first, second) for first, second in pairs if NOT_SAID not in (first, second)]
    better = sum(second > first for first, second in said)
    worse = sum(second < first for first, second in said)
    return [better, len(said) - better - worse, worse, len(pairs) - len(said)]
