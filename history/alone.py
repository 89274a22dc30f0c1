"""Doing what is due about many, each alone: what fails for one is written down, and keeps no other waiting."""

import logging
from collections.abc import Callable, Iterable
from typing import Any

from django.db import OperationalError
from psycopg2.errors import DeadlockDetected, SerializationFailure

logger = logging.getLogger(__name__)


class AllFailed(Exception):
    """Raised where something was due and failed for every row: then it is more than one row that is in trouble."""


def each_alone(what: str, ids: Iterable[Any], act: Callable[[Any], int | bool]) -> int:
    """Call ``act`` with each of ``ids`` and return the sum of what it returns.

    ``act`` is one transaction. What it raises is logged with ``what`` is done and the id, and the next one has its
    turn: the timetable comes back to what failed, and would fail there again before everything that is due after it.
    One that met another transaction at a lock is tried once more. Raises AllFailed at the end where nothing else came
    of it, and OperationalError at once where the database is in trouble.
    """
    count, failed, last, ids = 0, 0, None, list(ids)
    for pk in ids:
        try:
            count += _once_more(act, pk)
        except Exception as error:
            if _is_trouble_of_all(error):
                raise
            failed, last = failed + 1, error
            logger.exception("%s failed for %s", what, pk)
    if last is not None and failed == len(ids):
        raise AllFailed(f"{what} failed for all {failed}.") from last
    return count


def in_turn(*works: Callable[[], int]) -> int:
    """Do ``works`` one after the other, whichever fails; return the sum, or raise the first of what they raised."""
    count, first = 0, None
    for work in works:
        try:
            count += work()
        except Exception as error:
            if _is_trouble_of_all(error):
                raise
            if first is not None:  # the first is raised; without this the others would be told nowhere
                logger.exception("What is due failed")
            first = first or error
    if first is not None:
        raise first
    return count


def _once_more(act: Callable[[Any], int | bool], pk: Any) -> int | bool:
    try:
        return act(pk)
    except OperationalError as error:
        if _is_trouble_of_all(error):
            raise
        return act(pk)


def met_at_a_lock(error: Exception) -> bool:
    """Return whether ``error`` ended one of several transactions that met at a lock: done again, it goes through."""
    return isinstance(error.__cause__, DeadlockDetected | SerializationFailure)


def _is_trouble_of_all(error: Exception) -> bool:
    """Return whether the database is in trouble, not what is due: then all of it is looked at again later.

    Of transactions that met at a lock PostgreSQL ends one: that is the trouble of this one alone.
    """
    return isinstance(error, OperationalError) and not met_at_a_lock(error)
