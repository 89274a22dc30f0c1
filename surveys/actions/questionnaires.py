"""Choosing what is asked, and ending it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from history.actions import key_of, record
from history.refusals import Refused
from surveys.models import SCALE, Method, Questionnaire, Sheet, Statement, Tally

MOST_STATEMENTS = 8
"""A form in the doorway is short, or is not answered."""


class NothingToAsk(Refused):
    sentence = "Choose or write at least one statement."


class TooManyStatements(Refused):
    sentence = f"Choose {MOST_STATEMENTS} statements at most. People answer a short form."


class AnsweredAlready(Refused):
    sentence = "Somebody has answered, so the words stand: before and after must ask the same. Start another one."


@transaction.atomic
def choose_feedback(*, about: Any, title: str, words: Sequence[str], by: Any, now: datetime) -> Questionnaire:
    """Return the feedback that is asked about ``about`` from now on, with the statements ``words``.

    The same words again change nothing. Where others are asked now, those end: what was answered to them stays.
    Raises NothingToAsk, TooManyStatements.
    """
    _check(words)
    standing = standing_feedback(about, lock=True)
    if standing and [each.words for each in standing.statements.all()] == list(words):
        return standing
    if standing:
        _end(standing, by, now)
    return _begin(Method.FEEDBACK, about, title, words, by, now)


@transaction.atomic
def end_feedback(*, about: Any, by: Any, now: datetime) -> None:
    """Ask for no feedback about ``about`` any more. Ending twice is ending once."""
    standing = standing_feedback(about, lock=True)
    if standing:
        _end(standing, by, now)


def standing_feedback(about: Any, *, lock: bool = False) -> Questionnaire | None:
    """Return the feedback that is asked about ``about`` now, or None."""
    found = Questionnaire.objects.filter(about=key_of(about), method=Method.FEEDBACK, ended_on__isnull=True)
    return (found.select_for_update(no_key=True) if lock else found).first()


@transaction.atomic
def start_attitudes(
    *, about: Any, method: Method | str, title: str, words: Sequence[str], by: Any, now: datetime
) -> Questionnaire:
    """Return a new questionnaire about attitudes, not open yet. Raises NothingToAsk, TooManyStatements."""
    if method == Method.FEEDBACK:
        raise ValueError("Feedback is chosen, not started.")
    _check(words)
    return _begin(method, about, title, words, by, now)


@transaction.atomic
def change_statements(*, questionnaire: Questionnaire, words: Sequence[str], by: Any, now: datetime) -> None:
    """Give a questionnaire about attitudes other statements. Raises AnsweredAlready once somebody has answered."""
    _check(words)
    Questionnaire.objects.select_for_update(no_key=True).get(pk=questionnaire.pk)
    if Sheet.objects.filter(opening__questionnaire=questionnaire).exists():
        raise AnsweredAlready
    questionnaire.statements.all().delete()
    _write(questionnaire, words)
    record(by=by, verb="chose_questions", about=questionnaire, now=now)


def _check(words: Sequence[str]) -> None:
    if not words:
        raise NothingToAsk
    if len(words) > MOST_STATEMENTS:
        raise TooManyStatements


def _begin(method: str, about: Any, title: str, words: Sequence[str], by: Any, now: datetime) -> Questionnaire:
    made = Questionnaire.objects.create(
        about=key_of(about), method=method, title=title, made_on=timezone.localdate(now)
    )
    _write(made, words)
    record(by=by, verb="chose_questions", about=made, now=now)
    return made


def _write(questionnaire: Questionnaire, words: Sequence[str]) -> None:
    statements = Statement.objects.bulk_create(
        Statement(questionnaire=questionnaire, position=position, words=each)
        for position, each in enumerate(words, start=1)
    )
    if questionnaire.method == Method.FEEDBACK:
        Tally.objects.bulk_create(Tally(statement=each, answer=answer) for each in statements for answer in SCALE)


def _end(questionnaire: Questionnaire, by: Any, now: datetime) -> None:
    questionnaire.ended_on = timezone.localdate(now)
    questionnaire.save(update_fields=["ended_on"])
    record(by=by, verb="ended_questions", about=questionnaire, now=now)
