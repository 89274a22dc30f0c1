"""Several who press at the same moment are written down together: one transaction for all that wait in this process.

The first that comes writes at once, and for itself alone; what comes meanwhile is written by the next, together. Only
the plain case is: a new press of an open invitation that takes a seat or joins the line. Whatever else there is to do,
to say or to refuse is left to the press itself, alone, as is everything where the writing fails
(docs/adr/0112-who-presses-together-is-written-together.md).
"""

import contextlib
import logging
import threading
import time
import uuid
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from django.db import DEFAULT_DB_ALIAS, Error, connection, connections, transaction
from django.utils import timezone

from accounts.links import LinkRefused, check_opened
from accounts.models import PersonalLink
from attendance.actions.line import NewPlace, writing
from attendance.actions.places import plainly_taken
from attendance.queries.seating import Wish, claim_and_find, lock_and_read_all
from history.one_trip import OneTrip
from history.statements import prepared, send

log = logging.getLogger(__name__)

WAITS = 10
"""Seconds until who waits for others goes alone: the key of the press keeps it from having two effects."""

PAUSE = 0.003
"""Seconds that who leads gives others to come, where the ones before had company: nobody else waits for anybody."""

LOCKED = "2s"
"""How long they wait together for a lock that somebody else holds; then each waits alone, and only for their own."""

RESTS = 1
"""Seconds after which the connection is tried before it is used again."""

BY_KEYS = "-c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off"
"""A few rows are found by their keys. What was prepared while a table was small reads all of it when it is large."""

MOST = 32
"""How many are written together at most."""


@dataclass(slots=True, eq=False)
class Pressed:
    """What one press asks for: ``key`` and ``digest`` of the form, the number of the invitation's link with what the
    browser's cookie says it ``opened``, and the session. ``leads_to``: where the answer leads, with ``{place}``.

    ``place``: the number of the place that was saved, once it was.
    """

    key: uuid.UUID
    digest: str
    link: int
    opened: str
    session: int
    leads_to: str
    place: int | None = None
    leads: bool = False
    called: threading.Lock = field(default_factory=threading.Lock)


class Together:
    """The presses of one process. Whoever comes while nobody writes leads: writes for all that wait, then calls them.

    The lead goes on to the first that came meanwhile.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._waiting: deque[Pressed] = deque()
        self._is_led = False
        self._had_company = False
        self._connection: OneTrip | None = None
        self._used_at = 0.0

    def take(self, pressed: Pressed) -> int | None:
        """Return the number of the place that ``pressed`` has now, committed; None where it has to be pressed alone."""
        if connection.in_atomic_block:  # others must not wait for what goes on around this one
            _write([pressed])
        elif self._leads(pressed):
            self._lead()
        return pressed.place

    def _leads(self, pressed: Pressed) -> bool:
        """Queue ``pressed``; return whether it leads, at once or after others. False where it has been dealt with."""
        with self._guard:
            self._waiting.append(pressed)
            if not self._is_led:
                self._is_led = True
                return True
            pressed.called.acquire()
        if not pressed.called.acquire(timeout=WAITS):
            with self._guard:
                if pressed in self._waiting and not pressed.leads:
                    self._waiting.remove(pressed)
        return pressed.leads

    def _lead(self) -> None:
        several: list[Pressed] = []
        try:
            if self._had_company:
                time.sleep(PAUSE)
            with self._guard:
                several = [self._waiting.popleft() for _ in range(min(len(self._waiting), MOST))]
            self._had_company = len(several) > 1
            with self._lent():
                _write(several)
        finally:
            with self._guard:
                following = self._waiting[0] if self._waiting else None
                self._is_led = following is not None
                if following:
                    following.leads = True
            for each in (following, *several):
                if each and each.called.locked():
                    each.called.release()

    @contextlib.contextmanager
    def _lent(self) -> Iterator[None]:
        """Lend the thread that leads the one connection for writing together: it has prepared what that takes."""
        if self._connection is None:
            self._connection = _connection()
        with contextlib.suppress(Error):  # what cannot be closed cannot be written on either, which is dealt with
            self._connection.close_if_unusable_or_obsolete()  # no request has begun with that, as for others
        self._connection.health_check_done = time.monotonic() < self._used_at + RESTS
        own, connections[DEFAULT_DB_ALIAS] = connections[DEFAULT_DB_ALIAS], self._connection
        try:
            yield
        finally:
            connections[DEFAULT_DB_ALIAS] = own
            self._used_at = time.monotonic()

    def close(self) -> None:
        """Close the connection; the next that leads opens it again."""
        if self._connection is not None:
            self._connection.close()


def _connection() -> OneTrip:
    own = connections.settings[DEFAULT_DB_ALIAS]
    options = own["OPTIONS"]
    more = f"{options.get('options', '')} -c lock_timeout={LOCKED} {BY_KEYS}"
    made = OneTrip({**own, "OPTIONS": {**options, "options": more}}, DEFAULT_DB_ALIAS)
    made.inc_thread_sharing()  # one after the other: only who leads has it
    return made


together = Together()
"""Those of this process."""


def _write(several: list[Pressed]) -> None:
    """Save the places of those of ``several`` that are plain, and note them when that is committed."""
    taken, left = [], several
    try:
        while left:
            with transaction.atomic():
                taken, left = _taken(left)
                if not taken:  # a key that was claimed for somebody who is not plain must not have been used
                    transaction.set_rollback(True)
    except Exception:
        log.warning("%s presses could not be written together; each goes alone.", len(several), exc_info=True)
        return
    for pressed, number in taken:
        pressed.place = number


def _taken(several: list[Pressed]) -> tuple[list[tuple[Pressed, int]], list[Pressed]]:
    """Return what was written, with the numbers of the places; or nothing, and with whom alone all would be plain."""
    now = timezone.now()
    claimed = claim_and_find(
        [str(each.key) for each in several],
        [each.digest for each in several],
        [each.link for each in several],
        [each.session for each in several],
        now,
    )
    wanted: dict[int, tuple[Pressed, PersonalLink, Wish]] = {}
    for number, found in sorted(claimed.items()):
        if found and found[1].person not in wanted and _is_open(found[0], several[number], now):
            wanted[found[1].person] = several[number], *found
    facts = lock_and_read_all([wish for _, _, wish in wanted.values()], now) if wanted else []
    news: list[tuple[Pressed, NewPlace]] = []
    for (pressed, link, _), found in zip(wanted.values(), facts, strict=True):
        new = plainly_taken(found, link.person, now) if found else None
        if new:
            news.append((pressed, new))
    if len(news) < len(claimed) or not news:
        return [], [pressed for pressed, _ in news]
    led = {
        "keys": [str(pressed.key) for pressed, _ in news],
        "locations": [pressed.leads_to.format(place=new.place.pk) for pressed, new in news],
    }
    send([*writing([new for _, new in news]), (_LED, led)], last=True)
    return [(pressed, new.place.pk) for pressed, new in news], []


def _is_open(link: PersonalLink, pressed: Pressed, now: datetime) -> bool:
    try:
        check_opened(link, pressed.opened, now)
    except LinkRefused:
        return False
    return True


_LED = prepared(
    "presses_led",
    "UPDATE accounts_press AS own SET location = given.location"
    " FROM unnest($1, $2) AS given (key, location) WHERE own.key = given.key",
    keys="uuid[]",
    locations="text[]",
)
