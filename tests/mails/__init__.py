"""One mail of every kind that can be sent, made from real rows: what ``tests/test_mails.py`` reads as a scanner does.

A kind without a case fails the suite. To add one, write a function in the file of the app whose mail it is
(``tests/mails/<app>.py``; a new file is found by itself) and name the kinds it leaves behind:

    @makes("attendance.place_booked", "attendance.place_waiting")
    def booked_and_waiting() -> None:
        session = a_session(capacity=1)
        a_place(session)
        a_place(session)

It runs in a transaction of its own on ``NOW``, the Monday of the factories, and leaves at least one message of each
kind. It returns nothing, or the later moment at which the mail is read.
"""

import importlib
import pkgutil
from collections.abc import Callable
from datetime import datetime

from tests.briefings.factories import NOW

Case = Callable[[], datetime | None]
CASES: dict[str, Case] = {}
"""By the name of the kind."""

__all__ = ["CASES", "NOW", "Case", "find_cases", "makes"]


def makes(*kinds: str) -> Callable[[Case], Case]:
    """Register the function below as the one that leaves mails of ``kinds``."""

    def register(case: Case) -> Case:
        for kind in kinds:
            assert kind not in CASES, f"{kind} has a case already"
            CASES[kind] = case
        return case

    return register


def find_cases() -> dict[str, Case]:
    """Return the cases of every file in this folder, by the name of the kind."""
    for found in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{found.name}")
    return CASES
