"""Somebody with a copy of the whole database and the access log who wants to know who asked an anonymous question.

They know who was in the room and what each of them did by name. They guess in every way that needs no reading of the
words: by the order of rows on disk, by every column of every table, by neighbours in the same table, by the nearest
moment, by a value that two rows share, by the order of lines in the log.
"""

import random
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from math import sqrt
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import connection

Row = dict[str, Any]
Dump = dict[str, list[Row]]
Guess = dict[UUID, int]
PHYSICAL = "order on disk"
_PERSON = "accounts.person:"


def dump() -> Dump:
    """Return every row of every table, each table in the order in which it lies on disk, as a dump has it."""
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        found = {}
        for table in tables:
            cursor.execute(f'SELECT * FROM "{table}" ORDER BY ctid')  # noqa: S608 - names of our own tables
            names = [column.name for column in cursor.description]
            found[table] = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return found


@dataclass
class Attack:
    """The guesses of several rounds, counted by strategy: ``right`` says how often each was right, of ``asked``."""

    right: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    asked: int = 0
    people: int = 0
    rounds: int = 0

    def play(self, before: Dump, after: Dump, log: list[int], truth: Guess) -> None:
        """Guess in every way who of ``truth`` asked which question. ``log``: people by their lines in the log."""
        self.rounds, self.people = self.rounds + 1, len(truth)
        self.asked += len(truth)
        for name, guess in strategies(before, after, log, truth):
            self.right[name] += sum(guess.get(question) == person for question, person in truth.items())

    @property
    def chance(self) -> float:
        """How many guesses of one strategy are right by chance."""
        return self.asked / self.people

    @property
    def beats_chance(self) -> dict[str, int]:
        """Return the strategies that were right more often than chance allows, among thousands of them."""
        most = self.chance + 7 * sqrt(self.chance)
        return {name: right for name, right in self.right.items() if right > most}


def strategies(before: Dump, after: Dump, log: list[int], truth: Guess) -> Iterator[tuple[str, Guess]]:
    """Yield each way of guessing by its name."""
    known = _Known(after, truth)
    new = {table: _new_rows(before[table], rows) for table, rows in after.items()}
    questions = dict(_orders(new, known.question_of, len(truth)))
    people = dict(_orders(new, known.person_of, len(truth)))
    if log:
        people["access log"] = log
    for asked, first in questions.items():
        for seen, second in people.items():
            yield f"{asked} beside {seen}", dict(zip(first, second, strict=True))
    yield from _neighbours(new, known)
    yield from _nearest_moments(new, known)
    yield "a value that both share", _shared_values(new, known)


class _Known:
    """Of whom and of which anonymous question a row speaks."""

    def __init__(self, rows: Dump, truth: Guess) -> None:
        self.people = set(truth.values())
        self.names = {str(question): question for question in truth}
        for row in rows["commitments_question"]:
            if row["id"] in truth:
                self.names[row["reference"]] = row["id"]
        self.keys = {model._meta.db_table: self._foreign_keys(model) for model in apps.get_models()}
        self.askers = {row["question_id"]: row["person_id"] for row in rows["commitments_asker"]}
        self.rows = {table: {row["id"]: row for row in each if "id" in row} for table, each in rows.items()}

    @staticmethod
    def _foreign_keys(model) -> dict[str, str]:
        related = [each for each in model._meta.concrete_fields if each.is_relation]
        return {each.column: each.related_model._meta.db_table for each in related}

    def question_of(self, table: str, row: Row) -> UUID | None:
        """Return the anonymous question that stands anywhere in ``row``."""
        found = {self.names[str(value)] for value in row.values() if str(value) in self.names}
        return found.pop() if len(found) == 1 else None

    def person_of(self, table: str, row: Row) -> int | None:
        """Return who of the room ``row`` is about: itself, by a key, over another row, or as a known asker."""
        found = set(self._people(table, row, 2)) & self.people
        return found.pop() if len(found) == 1 else None

    def _people(self, table: str, row: Row, steps: int) -> Iterator[int]:
        if table == "accounts_person":
            yield row["id"]
        if table == "commitments_question" and row["id"] in self.askers:
            yield self.askers[row["id"]]
        for value in row.values():
            if isinstance(value, str) and value.startswith(_PERSON):
                yield int(value.removeprefix(_PERSON))
        if table == "history_entry" and row["object_type"] == "commitments.question":
            yield from (self.askers[UUID(key)] for key in [row["object_id"]] if UUID(key) in self.askers)
        for column, other in self.keys.get(table, {}).items():
            if other == "accounts_person" and row[column] is not None:
                yield row[column]
            elif steps and row[column] in self.rows.get(other, {}):
                yield from self._people(other, self.rows[other][row[column]], steps - 1)


def _new_rows(before: list[Row], after: list[Row]) -> list[Row]:
    """Return what was written in this round, or all where nothing was."""
    old = {repr(row) for row in before}
    return [row for row in after if repr(row) not in old] or after


def _sorted(rows: list[Row]) -> Iterator[tuple[str, list[Row]]]:
    """Yield ``rows`` in the order on disk and in that of each column that tells them apart; ties in one of chance."""
    yield PHYSICAL, rows
    for column in rows[0] if rows else ():
        values = [row[column] for row in rows if row[column] is not None and not isinstance(row[column], dict | list)]
        if len(set(map(repr, values))) > 1 and len({type(value) for value in values}) == 1:
            mixed = [row for row in rows if type(row[column]) is type(values[0])]
            random.shuffle(mixed)
            yield column, sorted(mixed, key=lambda row: row[column])


def _orders(rows: Dump, subject: Callable[[str, Row], Any], number: int) -> Iterator[tuple[str, list]]:
    """Yield each order in which all subjects can be put, by the first and by the last row of each."""
    for table, each in rows.items():
        mine = [row for row in each if subject(table, row) is not None]
        for column, ordered in _sorted(mine):
            for which, line in (("first", ordered), ("last", ordered[::-1])):
                found = list(dict.fromkeys(subject(table, row) for row in line))
                if len(found) == number:
                    yield f"{table} by {column}, {which}", found if which == "first" else found[::-1]


def _neighbours(rows: Dump, known: _Known) -> Iterator[tuple[str, Guess]]:
    """Whoever did something by name just before or after in the same table asked it."""
    for table, each in rows.items():
        if not any(known.question_of(table, row) for row in each):
            continue
        for column, ordered in _sorted(each):
            for which, line in (("before", ordered), ("after", ordered[::-1])):
                guess: Guess = {}
                last = None
                for row in line:
                    question, person = known.question_of(table, row), known.person_of(table, row)
                    if question is not None and last is not None:
                        guess.setdefault(question, last)
                    elif person is not None:
                        last = person
                yield f"{table} by {column}: the neighbour {which}", guess


def _nearest_moments(rows: Dump, known: _Known) -> Iterator[tuple[str, Guess]]:
    """Whoever did something by name at the nearest moment asked it, whichever tables the moments stand in."""
    asked = _moments(rows, known.question_of)
    seen = _moments(rows, known.person_of)
    for first, questions in asked.items():
        for second, people in seen.items():
            guess: Guess = {}
            for question, at in questions:
                guess.setdefault(question, min(people, key=lambda one, at=at: abs(one[1] - at))[0])
            yield f"{first} nearest to {second}", guess


def _moments(rows: Dump, subject: Callable[[str, Row], Any]) -> dict[str, list[tuple[Any, datetime]]]:
    found = defaultdict(list)
    for table, each in rows.items():
        for row in each:
            if (about := subject(table, row)) is not None:
                for column, value in row.items():
                    if isinstance(value, datetime) and value.tzinfo:
                        found[f"{table}.{column}"].append((about, value))
    return found


def _shared_values(rows: Dump, known: _Known) -> Guess:
    """Whoever's row holds a value that stands with one anonymous question alone asked it."""
    holders: dict[str, set] = defaultdict(set)
    owners: dict[str, set] = defaultdict(set)
    for table, each in rows.items():
        for row in each:
            question, person = known.question_of(table, row), known.person_of(table, row)
            for value in row.values():
                if question is not None:
                    holders[str(value)].add(question)
                elif person is not None:
                    owners[str(value)].add(person)
    return {
        next(iter(questions)): next(iter(owners[value]))
        for value, questions in holders.items()
        if len(questions) == 1 and len(owners[value]) == 1
    }
