"""Attitudes: a point is opened under a code, answered by whoever has it, and closed."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from history.actions import record
from history.refusals import Refused
from surveys.actions.editions import make_editions
from surveys.models import SCALE, Method, Opening, Point, Questionnaire, Sheet

LETTERS = "ABCDEFGHJKMNPQRSTVWXYZ23456789"
"""No letters or figures that are mistaken for one another when read out in a room."""
CODE_LENGTH = 6
PAIR_LENGTH = 8


class NotAPoint(Refused):
    sentence = "This questionnaire does not ask at that point."


class NotOpen(Refused):
    sentence = "These statements are not open for answers now."


class Full(Refused):
    sentence = "As many people have answered as were expected. Tell whoever gave you the code."


class CodeUsed(Refused):
    sentence = "Answers with this code are counted already. Each person answers once."


class CodeUnknown(Refused):
    sentence = "Nobody answered with this code before. Look at it again, or leave it empty."


class NotTheStatements(Refused):
    sentence = "Open the page again: the statements on it have changed."


@transaction.atomic
def open_point(*, questionnaire: Questionnaire, point: Point | str, most: int, by: Any, now: datetime) -> Opening:
    """Open ``point`` for ``most`` answers and return it with its code; one that was closed opens again.

    Raises NotAPoint.
    """
    Questionnaire.objects.select_for_update(no_key=True, of=("self",)).get(pk=questionnaire.pk)
    if point not in questionnaire.points:
        raise NotAPoint
    own, _ = Opening.objects.update_or_create(
        questionnaire=questionnaire,
        point=point,
        defaults={"most": most, "closed_on": None},
        create_defaults={"most": most, "code": _new_code(), "opened_on": timezone.localdate(now)},
    )
    record(by=by, verb="opened_point", about=questionnaire, now=now, reason=str(point))
    return own


@transaction.atomic
def close_point(*, opening: Opening, by: Any, now: datetime) -> None:
    """Take no more answers and publish what may be shown. Closing twice is closing once."""
    own = Opening.objects.select_for_update(no_key=True, of=("self",)).get(pk=opening.pk)
    if own.closed_on is not None:
        return
    own.closed_on = timezone.localdate(now)
    own.save(update_fields=["closed_on"])
    record(by=by, verb="closed_point", about=own.questionnaire, now=now, reason=own.point)
    make_editions(questionnaire=own.questionnaire, today=own.closed_on)


@transaction.atomic
def fill_in(*, code: str, pair: str, answers: Sequence[int], is_known: bool = False) -> None:
    """Add a sheet to the point that ``code`` opens. ``pair`` is the code that its person keeps; ``is_known`` says that
    they answered under it before.

    All sheets of the point are written anew in the order of their random ids: neither place nor transaction of a row
    tells which came when. Raises NotOpen, Full, CodeUsed, CodeUnknown,
    NotTheStatements.
    """
    opening = Opening.objects.select_for_update(no_key=True, of=("self",)).filter(code=code).first()
    if opening is None or opening.closed_on is not None:
        raise NotOpen
    sheets = list(opening.sheets.all())
    digest = digest_of_pair(opening.questionnaire_id, pair)
    if is_known and not Sheet.objects.filter(opening__questionnaire=opening.questionnaire_id, pair=digest).exists():
        raise CodeUnknown
    if any(sheet.pair == digest for sheet in sheets):
        raise CodeUsed
    if len(sheets) >= opening.most:
        raise Full
    if len(answers) != answers_wanted(opening.questionnaire) or not set(answers) <= set(SCALE):
        raise NotTheStatements
    sheets.append(Sheet(opening=opening, pair=digest, answers=list(answers)))
    opening.sheets.all().delete()
    Sheet.objects.bulk_create(sorted(sheets, key=lambda each: each.id))


def answers_wanted(questionnaire: Questionnaire) -> int:
    """Return how many answers a sheet of ``questionnaire`` has: two for each statement where then and now are asked."""
    return questionnaire.statements.count() * (2 if questionnaire.method == Method.RETROSPECTIVE else 1)


def new_pair_code() -> str:
    """Return a random code for somebody to keep: ``K7QM-2XTB``. It is made of nothing that anybody knows."""
    letters = "".join(secrets.choice(LETTERS) for _ in range(PAIR_LENGTH))
    return f"{letters[:4]}-{letters[4:]}"


def is_pair_code(text: str) -> bool:
    """Return whether ``text`` could be such a code, however it was typed."""
    plain = _plain(text)
    return len(plain) == PAIR_LENGTH and set(plain) <= set(LETTERS)


def digest_of_pair(questionnaire: int, pair: str) -> str:
    """Return what is kept of the code ``pair``, however it was typed."""
    return hashlib.sha256(f"{questionnaire}\n{_plain(pair)}".encode()).hexdigest()


def _plain(text: str) -> str:
    return "".join(letter for letter in text.upper() if letter.isalnum())


def _new_code() -> str:
    return "".join(secrets.choice(LETTERS) for _ in range(CODE_LENGTH))
