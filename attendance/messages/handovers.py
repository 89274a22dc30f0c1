"""Telling a colleague that they may take over a place, and its holder that they will not."""

from collections.abc import Sequence
from datetime import datetime

import messaging.actions
from accounts.links import address_of
from attendance.models import Handover, PlaceState
from face.dates import clock, day_without_year
from messaging.kinds import Content, Kind, register, render_mail
from messaging.models import Message

ASKED = "attendance.handover_asked"
DECLINED = "attendance.handover_declined"
_SUBJECTS = {ASKED: "A colleague offers you their place on {when}", DECLINED: "Your colleague cannot come on {when}"}


def tell_asked(handover: Handover, *, now: datetime) -> None:
    """Plan the mail with the link that takes the place over."""
    _queue(ASKED, handover, handover.colleague, now)


def tell_declined(handover: Handover, *, now: datetime) -> None:
    """Plan the news for the holder that the colleague said no: the place is still theirs."""
    _queue(DECLINED, handover, handover.place.person, now)


def _queue(kind: str, handover: Handover, to, now: datetime) -> None:
    if to is None or not to.email:
        return
    session = handover.place.session
    messaging.actions.queue(
        kind=kind,
        key=f"{kind}:{handover.pk}",
        to=to,
        refs={"handover": handover.pk},
        about=session.programme,
        now=now,
        useful_until=session.during.lower,
    )


def not_wanted(batch: Sequence[Message], now: datetime) -> dict[int, str]:
    """Return the reason code for each mail of ``batch`` that is no longer true."""
    found = Handover.objects.select_related("place").in_bulk([message.refs["handover"] for message in batch])
    reasons = {message.pk: _why_not(message, found.get(message.refs["handover"])) for message in batch}
    return {pk: reason for pk, reason in reasons.items() if reason}


def _why_not(message: Message, handover: Handover | None) -> str:
    if handover is None or handover.place.state != PlaceState.BOOKED:
        return "place_gone"
    return "" if message.kind == DECLINED or handover.is_open else "no_longer_offered"


def render(message: Message) -> Content:
    """Return the mail; to the colleague with the link of their own."""
    handover = Handover.objects.select_related(
        "place__session__programme", "place__session__room__venue", "place__person", "place__link", "colleague", "link"
    ).get(pk=message.refs["handover"])
    session = handover.place.session
    link = handover.link if message.kind == ASKED else handover.place.link
    when = f"{day_without_year(session.date)}, {clock(session.starts)}"
    context = {
        "handover": handover,
        "person": message.person,
        "place": handover.place,
        "session": session,
        "programme": session.programme,
        "venue": session.room.venue if session.room else None,
        "address": address_of(link) if link else "",
    }
    name = message.kind.removeprefix("attendance.")
    return render_mail(f"attendance/mail/{name}", context, _SUBJECTS[message.kind].format(when=when))


def register_kinds() -> None:
    """Make the kinds known; called when the app is ready."""
    register(Kind(ASKED, render, not_wanted, label="Colleague asked to take over a place"))
    register(Kind(DECLINED, render, not_wanted, label="Colleague does not take the place"))
