"""One run of the outbox: claim what is due, look again, fix what will be sent, send it, write down its fate."""

import logging
import os
import random
import socket
import threading
import time
import traceback
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.db.models import F
from django.utils import timezone

from messaging import channels, claims, kinds, masking, mime, queries, seals, wake
from messaging.headers import Unmailable, clean, mailbox
from messaging.models import Attempt, Channel, Message

log = logging.getLogger(__name__)

stopping = threading.Event()
"""Set when the process is asked to end: a run finishes the mail it is sending and gives the rest back."""


@dataclass(frozen=True)
class Pace:
    """How fast and how patient. ``deadline`` is for one mail (and for connecting), and both fit into ``lease``."""

    lease: timedelta = timedelta(seconds=60)
    deadline: float = 25.0
    batch: int = 20
    bulk_batch: int = 100
    fresh: float = 20.0
    bulk_fresh: float = 2.0
    connections: int = 3
    give_up_after: timedelta = timedelta(days=4)
    take_over: bool = True

    def pause(self, attempts: int, rank: int) -> timedelta:
        """Return the pause after the try number ``attempts``: doubling, an end at four hours, a fifth of chance."""
        first, longest = (10, 300) if rank == kinds.AT_ONCE else (60, 4 * 3600)
        seconds = min(first * 2 ** min(attempts - 1, 12), longest)
        return timedelta(seconds=seconds * random.uniform(0.8, 1.2))  # noqa: S311 (chance, not a secret)


PACE = Pace()


def deliver_due(*, pace: Pace = PACE, clock: Callable[[], datetime] = timezone.now) -> int:
    """Send what is due until nothing is, and return how many mails left.

    Any number of these may run at once, on any number of machines: ``pace.connections`` of them work, the others
    return at once. Killed at any moment, it leaves at most the one mail in doubt that it was sending.
    """
    with claims.slot(pace.connections) as free:
        return _Run(pace, clock).work() if free else 0


class _Run:
    def __init__(self, pace: Pace, clock: Callable[[], datetime]) -> None:
        self.pace, self.clock = pace, clock
        self.worker = f"{socket.gethostname()[:60]}:{os.getpid()}:{uuid.uuid4().hex[:12]}"
        self.channel = channels.channel(pace.deadline)
        self.host = _host()
        self.sent = 0
        self.losses = 0
        self.open = True
        self.knocking = False
        self.called = False
        self._senders: dict[str | None, mime.Sender] = {}

    def work(self) -> int:
        try:
            while self.open and not stopping.is_set() and self._may_go():
                if self.pace.take_over:
                    claims.take_over(now=self.clock())
                count, bulk = (1, 1) if self.knocking else (self.pace.batch, self.pace.bulk_batch)
                ids = claims.claim(
                    worker=self.worker, now=self.clock(), lease=self.pace.lease, count=count, in_bulk=bulk
                )
                if not ids:
                    break
                self._call_others(len(ids))
                self._batch(ids)
        finally:
            self.channel.close()
        return self.sent

    def _call_others(self, claimed: int) -> None:
        """Wake one more worker when there is more than this one can carry; once a run, each calls the next."""
        if claimed >= self.pace.batch and not self.called:
            self.called = True
            wake.now()

    def _may_go(self) -> bool:
        """Return whether to claim now. At a broken channel one run at a time knocks, with one mail."""
        row = Channel.objects.filter(name=self.channel.name, failing_since__isnull=False).first()
        if row is None:
            return True
        now = self.clock()
        rest = now + timedelta(seconds=self.pace.deadline)
        self.knocking = bool(Channel.objects.filter(pk=row.pk, paused_until__lte=now).update(paused_until=rest))
        return self.knocking

    def _batch(self, ids: list[int]) -> None:
        since = time.monotonic()
        found = Message.objects.filter(pk__in=ids, claimed_by=self.worker).select_related("person").in_bulk()
        messages = self._wanted([found[pk] for pk in ids if pk in found])
        # A batch in bulk soon lets more urgent mails pass.
        is_bulk = any(message.rank == kinds.BULK for message in messages)
        limit = self.pace.bulk_fresh if is_bulk else self.pace.fresh
        # All are made before the first is sent: nothing slow stands between a sent mail and its mark.
        made = (self._prepare(message) for message in self._in_time(messages, since + limit / 2))
        waiting = [prepared for prepared in made if prepared]
        finish = None
        try:
            for prepared in self._in_time(waiting, since + limit):
                if not self.channel.connected:
                    finish = self._mark(finish)
                    if not self._opened():
                        waiting.append(prepared)
                        break
                # The server looks at the envelope while the database writes: only the words hand a mail over.
                self.channel.announce(prepared.letter)
                start = self._start(prepared)
                ours = self._insist(finish=finish, start=start)
                if not ours:
                    self.channel.withdraw()
                finish = self._send(prepared, start.at) if ours else None
        finally:
            self._mark(finish)
        left = [*messages, *(prepared.message for prepared in waiting)]
        claims.release(worker=self.worker, ids=[message.pk for message in left])

    def _in_time(self, rows: list, until: float) -> Iterator:
        """Take the first of ``rows``, and each next while it is before ``until``: however slow, a batch does something.

        What is not taken stays in ``rows``.
        """
        while rows and self.open and not stopping.is_set():
            yield rows.pop(0)
            if time.monotonic() >= until:
                break

    def _wanted(self, messages: list[Message]) -> list[Message]:
        """Return those still to be sent, in order; settle the others."""
        now, unwanted = self.clock(), {}
        by_kind = defaultdict(list)
        for message in messages:
            if kinds.find(message.kind) is None:
                unwanted[message.pk] = (Message.State.HELD, "unknown_kind")
            elif message.useful_until is not None and message.useful_until <= now:
                unwanted[message.pk] = (Message.State.MISSED, "too_late")
            elif not (message.address or (message.person and message.person.email)):
                unwanted[message.pk] = (Message.State.WITHHELD, "no_address")
            else:
                by_kind[message.kind].append(message)
        for name, same in by_kind.items():
            unwanted |= self._look_again(kinds.find(name), same, now)
        self._settle(unwanted)
        return [message for message in messages if message.pk not in unwanted]

    def _look_again(self, kind: kinds.Kind, messages: list[Message], now: datetime) -> dict[int, tuple | None]:
        try:
            reasons = kind.still_wanted(messages, now)
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:
            # One kind that cannot answer must not stop the others.
            _tell(f"{kind.name} could not say what is still wanted", error)
            for message in messages:
                self._fail(message, "still_wanted")
            return {message.pk: None for message in messages}
        return {pk: (Message.State.WITHHELD, clean(reason, 60)) for pk, reason in reasons.items()}

    def _settle(self, unwanted: dict[int, tuple | None]) -> None:
        groups = defaultdict(list)
        for pk, fate in unwanted.items():
            if fate is not None:
                groups[fate].append(pk)
        for (state, reason), ids in groups.items():
            claims.settle(worker=self.worker, ids=ids, state=state, reason=reason)

    def _prepare(self, message: Message) -> "_Prepared | None":
        """Return the mail ready to go; None where it cannot be made, which is then written down."""
        kind = kinds.find(message.kind)
        try:
            return self._made(message, kind)
        except _ToUnmailable:
            claims.settle(worker=self.worker, ids=[message.pk], state=Message.State.GIVEN_UP, reason="address")
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:
            # A mail that cannot be made waits and is tried again; the others go on.
            _tell(f"{kind.name} {message.pk} could not be made", error)
            self._fail(message, "render")
        return None

    def _made(self, message: Message, kind: kinds.Kind) -> "_Prepared":
        try:
            to = mailbox(message.address or message.person.email)
        except Unmailable as error:
            raise _ToUnmailable from error
        content = kind.render(message)
        if kind.stream and "List-Unsubscribe" not in content.headers:
            raise ValueError("A mail of a stream must say how it is left (RFC 8058).")
        sender = self._sender(message.about)
        message_id = message.message_id or seals.message_id(message.key, self.host)
        raw = mime.build(
            content,
            sender=sender,
            to_name=message.person.name if message.person else "",
            to_address=to,
            message_id=message_id,
            now=self.clock(),
        )
        letter = channels.Letter(message_id, sender.mailbox, to, raw)
        kept = (None, None) if kind.private else (_storable(content.subject, 400), _storable(content.text, None))
        return _Prepared(message, letter, *kept)

    def _sender(self, about: str | None) -> mime.Sender:
        if about not in self._senders:
            self._senders[about] = queries.sender_for(about)
        return self._senders[about]

    def _start(self, prepared: "_Prepared") -> claims.Start:
        letter = prepared.letter
        return claims.Start(
            prepared.message.pk, letter.message_id, letter.recipient, prepared.subject, prepared.text, self.clock()
        )

    def _opened(self) -> bool:
        try:
            self.channel.open()
        except channels.Failure as failure:
            self._broken(failure.code)
            return False
        return True

    def _send(self, prepared: "_Prepared", started_at: datetime) -> claims.Finish:
        try:
            self.channel.send(prepared.letter, self.clock())
        except channels.Failure as failure:
            self._note(failure)
            return self._failed(prepared.message, failure, started_at)
        self.sent += 1
        self.losses = 0
        self._works()
        return claims.Finish(prepared.message.pk, Message.State.SENT, Attempt.Outcome.SENT, self.clock(), started_at)

    def _failed(self, message: Message, failure: channels.Failure, started_at: datetime) -> claims.Finish:
        now = self.clock()
        state, reason, next_try_at = self._after(message, failure.heals, now)
        outcomes = Attempt.Outcome
        outcome = outcomes.UNKNOWN if failure.in_doubt else outcomes.LATER if failure.heals else outcomes.REFUSED
        return claims.Finish(
            message.pk, state, outcome, now, started_at, failure.code, reason, next_try_at, failure.in_doubt
        )

    def _after(self, message: Message, heals: bool, now: datetime) -> tuple[str, str | None, datetime | None]:
        """Return state, reason and next try of a message that did not leave."""
        if not heals:
            return Message.State.GIVEN_UP, "refused", None
        if now - (message.first_tried_at or now) >= self.pace.give_up_after:
            return Message.State.GIVEN_UP, "tried_for_days", None
        return Message.State.PLANNED, None, now + self.pace.pause(message.attempts + 1, message.rank)

    def _fail(self, message: Message, code: str) -> None:
        """Write down that a message could not even be made: it waits like one that could not be sent."""
        now = self.clock()
        state, reason, next_try_at = self._after(message, True, now)
        start = claims.Start(message.pk, message.message_id, message.sent_to, None, None, now)
        finish = claims.Finish(message.pk, state, Attempt.Outcome.LATER, now, now, code, reason, next_try_at)
        if claims.step(worker=self.worker, start=start, lease=self.pace.lease):
            claims.step(worker=self.worker, finish=finish, lease=self.pace.lease)

    def _note(self, failure: channels.Failure) -> None:
        """Two connections lost one after the other, or a word of the server about itself: the way is broken."""
        self.losses += failure.lost
        if failure.whole or self.losses >= 2:
            self._broken(failure.code)

    def _broken(self, code: str) -> None:
        self.open = False
        now = self.clock()
        row, _ = Channel.objects.get_or_create(name=self.channel.name)
        seconds = min(5 * 2 ** min(row.failures, 4), 60) * random.uniform(0.8, 1.2)  # noqa: S311 (chance, no secret)
        Channel.objects.filter(pk=row.pk).update(
            failing_since=row.failing_since or now,
            failures=F("failures") + 1,
            paused_until=now + timedelta(seconds=seconds),
            last_error=code,
        )

    def _works(self) -> None:
        if self.knocking:
            self.knocking = False
            Channel.objects.filter(name=self.channel.name).update(
                failing_since=None, failures=0, paused_until=None, last_error=None
            )

    def _mark(self, finish: claims.Finish | None) -> None:
        if finish is not None:
            self._insist(finish=finish)

    def _insist(self, *, finish: claims.Finish | None = None, start: claims.Start | None = None) -> bool:
        """Write it down, and again while the database is away: a sent mail without its mark would go out twice."""
        until = time.monotonic() + self.pace.lease.total_seconds() - self.pace.deadline
        while True:
            try:
                return claims.step(worker=self.worker, finish=finish, start=start, lease=self.pace.lease)
            except (OperationalError, InterfaceError):
                if connection.in_atomic_block or time.monotonic() > until:
                    raise
                connection.close()
                stopping.wait(0.5)


@dataclass(frozen=True)
class _Prepared:
    message: Message
    letter: channels.Letter
    subject: str | None
    text: str | None


class _ToUnmailable(Exception):
    """The mailbox of the recipient cannot be mailed; trying again would not help."""


def _storable(text: str, limit: int | None) -> str:
    """Return ``text`` as the log keeps it: masked, and nothing that a text column refuses."""
    plain = clean(text, limit) if limit else text.replace("\x00", "").encode("utf-8", "replace").decode()
    return masking.mask(plain)[:limit]


def _host() -> str:
    return mailbox(f"x@{urlsplit(settings.SITE_URL).hostname}").partition("@")[2]


def _tell(what: str, error: Exception) -> None:
    """Log a failure with the place it came from, without its words: they may hold personal data."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    log.error("%s: %s at %s:%s", what, type(error).__name__, place.filename, place.lineno)
