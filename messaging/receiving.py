"""One run over the mailbox that answers come to, and what becomes of each mail. Twice is once, whoever reads."""

import logging
import traceback
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction
from imapclient.exceptions import IMAPClientError

import history.actions
from history.actions import CLOCK
from messaging import imap
from messaging.headers import comparable
from messaging.incoming import BOUNCE, read
from messaging.models import Bounce, Inbound, Mailbox, Message

log = logging.getLogger(__name__)

MOST_AT_ONCE = 200
MOST_CONNECTIONS = 20
"""How often one run connects: twice for each mail that the server does not give."""
SECONDS = 20.0


def read_mailbox(*, now: datetime) -> int:
    """Read what came since the last time into the mailbox of INBOUND_URL; return how many mails concerned us.

    Where it cannot be read that is noted, and shown with the messages. Without INBOUND_URL nothing is read.
    """
    if not settings.INBOUND_URL:
        return 0
    url = urlsplit(settings.INBOUND_URL)
    box, _ = Mailbox.objects.get_or_create(name=f"{url.username}@{url.hostname}/{imap.folder_of(url)}"[:200])
    try:
        count = _read_to_the_end(box, now)
    except (IMAPClientError, OSError) as error:
        # The words of a server may hold anything, so the log and the page name the sort of failure alone.
        Mailbox.objects.filter(pk=box.pk).update(
            failing_since=box.failing_since or now, last_error=type(error).__name__[:60]
        )
        return 0
    Mailbox.objects.filter(pk=box.pk).update(read_at=now, failing_since=None, last_error=None)
    return count


def _read_to_the_end(box: Mailbox, now: datetime) -> int:
    """Read what is new and return how many mails concerned us.

    A mail that the server twice does not give, each time on a connection of its own, is passed by once it gives a later
    one: then it is the mail, not the server. Raises imap.NotGiven as long as it gives none.
    """
    count, refused, passed = 0, 0, [0]
    for _ in range(MOST_CONNECTIONS):
        with imap.Inbox(settings.INBOUND_URL, SECONDS) as inbox:
            more, not_given = _read_all(inbox, box, now, passed[-1])
        count += more
        if not not_given:
            break
        if not_given == refused:
            passed.append(not_given)
        refused = not_given
        box.refresh_from_db()
    box.refresh_from_db()
    for number in passed[1:]:
        if number < box.last_number:
            log.error("A mail that the server does not give was passed by: number %s", number)
    if refused > box.last_number:
        raise imap.NotGiven
    return count


def _read_all(inbox: imap.Inbox, box: Mailbox, now: datetime, passed: int) -> tuple[int, int]:
    """Read after ``passed``; return how many mails concerned us, and the number of one that was not given, else 0."""
    count, last = 0, box.last_number if box.validity == inbox.validity else 0
    for number, raw in inbox.after(max(last, passed), MOST_AT_ONCE):
        if raw is None:
            return count, number
        with transaction.atomic():
            concerns = _receive_or_skip(raw, now)
            Mailbox.objects.filter(pk=box.pk).update(validity=inbox.validity, last_number=number)
        if concerns:
            count += 1
            inbox.mark_read(number)
    return count, 0


def _receive_or_skip(raw: bytes, now: datetime) -> bool:
    try:
        with transaction.atomic():
            return receive(raw=raw, now=now) is not None
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        # One mail that breaks something must not keep the others from being read, nor come again every minute.
        place = traceback.extract_tb(error.__traceback__)[-1]
        log.error("A mail could not be taken: %s at %s:%s", type(error).__name__, place.filename, place.lineno)
        return False


@transaction.atomic
def receive(*, raw: bytes, now: datetime) -> Inbound | None:
    """Keep the mail ``raw`` where it concerns us, once for its Message-ID; a report of a failure is taken at once.

    Returns the row, new or not; None for all other mail: of that nothing is kept. An answer from a calendar waits
    there for the app it concerns.
    """
    found = read(raw, authserv_id=settings.INBOUND_AUTHSERV_ID)
    if found is None:
        return None
    row, is_new = Inbound.objects.get_or_create(
        message_id=found.message_id,
        defaults={
            "kind": found.kind,
            "received_at": now,
            "sender": found.sender or None,
            "is_proven": found.is_proven,
            "words": found.words,
            "settled_at": now if found.kind == BOUNCE else None,
        },
    )
    if is_new and found.failed:
        _note_bounce(found.failed.message_id, found.failed.status, now)
    return row


def _note_bounce(message_id: str, status: str, now: datetime) -> None:
    """Mark the address that a mail of ours could not reach; a Message-ID that we never sent marks nothing.

    What was handed over is claimed until that is noted; where the worker was killed between, for as long as its lease.
    """
    ours = Message.objects.filter(message_id=message_id, sent_to__isnull=False).select_related("person")
    # One after the other: there is an index for each state, and none for both.
    message = ours.filter(state=Message.State.SENT).first() or ours.filter(state=Message.State.CLAIMED).first()
    if message is None:
        return
    known = (message.address or (message.person and message.person.email) or "").lower()
    address = known if comparable(known) == comparable(message.sent_to) else message.sent_to.lower()
    _, is_new = Bounce.objects.get_or_create(
        message=message, defaults={"address": address, "status": status, "came_at": now}
    )
    if is_new:
        history.actions.record(by=CLOCK, verb="messaging.came_back", about=message, now=now)
