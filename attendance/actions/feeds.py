"""The address of somebody's feed: made when they ask for it, replaced or ended when they like."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from accounts.links import make_link, revoke
from accounts.models import Person, PersonalLink
from attendance.actions.engagements import lock_people
from attendance.messages import feeds as messages
from attendance.queries.feeds import feed_link_of
from history.actions import record

LASTS = timedelta(days=3 * 365)
"""How long an address works unless it is replaced: programmes last a year or two."""


@transaction.atomic
def get_feed(*, person: Person, by: Any, now: datetime) -> PersonalLink:
    """Return the link of the feed of ``person``: the one there is, else a new one. Twice is once."""
    lock_people([person.pk])
    found = feed_link_of(person, now)
    if found:
        return found
    made = make_link(purpose="calendar", person=person, about=person, ends_at=now + LASTS, now=now)
    record(by=by, verb="feed_made", about=made, now=now)
    return made


@transaction.atomic
def replace_feed(*, person: Person, by: Any, now: datetime) -> PersonalLink:
    """Return a new link of the feed of ``person``; the one there was opens nothing from now on."""
    end_feed(person=person, by=by, now=now)
    return get_feed(person=person, by=by, now=now)


@transaction.atomic
def end_feed(*, person: Person, by: Any, now: datetime) -> bool:
    """End the feed of ``person`` at once; return whether there was one."""
    lock_people([person.pk])
    found = feed_link_of(person, now)
    if found:
        revoke(found, by, now)
    return found is not None


@transaction.atomic
def mail_feed(*, person: Person, by: Any, now: datetime) -> bool:
    """Mail ``person`` the address of their feed, made where there is none, at most once in ten minutes.

    For pages that know no more than a link to one place: whoever holds that must not read all of somebody's sessions
    (docs/adr/0045). Returns whether a mail was planned.
    """
    return messages.tell_address(get_feed(person=person, by=by, now=now), now=now)
