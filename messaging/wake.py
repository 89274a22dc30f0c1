"""Wake the worker. Only a nudge: without it the timetable comes a few seconds later."""

import logging
import threading
import time

from django.db import connection, transaction

REST = 0.2
"""Seconds between two nudges of one process: 200 bookings at once need few, and each costs as much as a booking."""

log = logging.getLogger(__name__)


def on_commit() -> None:
    """Wake the worker once when the current transaction has committed, however often this is called in it."""
    if not any(entry[1] is now for entry in connection.run_on_commit):
        transaction.on_commit(now, robust=True)


def now() -> None:
    """Wake the worker from a thread of its own: a dead broker costs the caller nothing."""
    _nudger.nudge()


class _Nudger:
    """One thread for a process. Nudges that come while it speaks to the broker, or rests, are one nudge."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._wanted = False
        self._running = False

    def nudge(self) -> None:
        with self._lock:
            self._wanted = True
            if self._running:
                return
            self._running = True
        threading.Thread(target=self._run, name="messaging-wake", daemon=True).start()

    def _run(self) -> None:
        while True:
            with self._lock:
                if not self._wanted:
                    self._running = False
                    return
                self._wanted = False
            _send()
            time.sleep(REST)


def _send() -> None:
    from messaging.tasks import deliver_due  # here, because tasks stand above this room

    try:
        deliver_due.apply_async(expires=10, retry=False)
    except Exception as error:
        # Any failure of broker or network: the row is the queue and the timetable finds it.
        log.warning("The worker could not be woken (%s); the timetable will.", type(error).__name__)


_nudger = _Nudger()
