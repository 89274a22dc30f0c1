"""Addresses of many rows of one kind."""

from collections.abc import Callable
from uuid import UUID

from django.urls import reverse

_STAND_IN = UUID("5a7d1e0c-3f1b-4b52-9a5e-0c6f6f7a1d2e")


def addresses_of(url_name: str) -> Callable[[UUID], str]:
    """Return what makes the address of a row of its random number, resolved once for a whole list.

    The number is the one argument of ``url_name``.
    """
    head, tail = reverse(url_name, args=[_STAND_IN]).split(str(_STAND_IN))
    return lambda number: f"{head}{number}{tail}"
