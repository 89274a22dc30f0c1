"""Doing what is due about many, each alone: what fails for one is written down, and keeps no other waiting."""

import logging
from collections.abc import Callable, Iterable
from typing import Any

from django.db import OperationalError

logger = logging.getLogger(__name__)


def each_alone(ids: Iterable[Any], act: Callable[[Any], int | bool]) -> int:
    """Call ``act`` with each of ``ids`` and return the sum of what it returns.

    ``act`` is one transaction. What it raises is logged with the id, and the next one has its turn: the timetable comes
    back to what failed, and would fail there again before everything that is due after it.
    """
    count = 0
    for pk in list(ids):
        try:
            count += act(pk)
        except OperationalError:
            raise  # the database is in trouble, not what is due: all of it is looked at again later
        except Exception:
            logger.exception("%s failed for %s", getattr(act, "__name__", "What is due"), pk)
    return count
