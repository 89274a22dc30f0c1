"""Keeping for a moment what took long to count."""

import contextlib
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.core.cache import caches
from redis.exceptions import RedisError

_WORTH_KEEPING = 0.1
_TIMES_AS_LONG = 100
_MOST_SECONDS = 60


def kept_for_a_moment(key: str, now: datetime, make: Callable[[], Any]) -> tuple[Any, datetime]:
    """Return what ``make`` returns and of which moment it is: figures over 100,000 people need not be counted twice.

    What took longer than a tenth of a second is kept a hundred times as long as it took, a minute at most; what is
    quick is always counted anew. Without the cache everything is.
    """
    store = caches["quick"]
    try:
        found = store.get(key)
    except RedisError:
        return make(), now
    if found is not None:
        return found
    began = time.perf_counter()
    answer = make(), now
    took = time.perf_counter() - began
    if took > _WORTH_KEEPING:
        with contextlib.suppress(RedisError):
            store.set(key, answer, timeout=min(_MOST_SECONDS, max(1, round(took * _TIMES_AS_LONG))))
    return answer
