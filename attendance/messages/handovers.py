"""Telling a colleague that they may take over a place, or can no longer, and its holder that they will not."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.utils import timezone

import messaging.actions
from accounts.links import address_of
from attendance.models import Handover, PlaceState
from attendance.window import rules_of, window_of
from face.dates import clock, day_without_year
from messaging.kinds import Content, Kind, register, render_mail
from messaging.models import Message

ASKED = "attendance.handover_asked"
DECLINED = "attendance.handover_declined"
WITHDRAWN = "attendance.handover_withdrawn"
TOO_LATE = "attendance.handover_too_late"
_SUBJECTS = {
    ASKED: "A colleague offers you their place on {when}",
    DECLINED: "Your colleague cannot come on {when}",
    WITHDRAWN: "You cannot take over the place on {when} any more",
    TOO_LATE: "Nobody can take over your place on {when} any more",
}


def tell_asked(handover: Handover, *, now: datetime) -> None:
    """Plan the mail with the link that takes the place over."""
    _queue(ASKED, handover, handover.colleague, now)


def tell_declined(handover: Handover, *, now: datetime) -> None:
    """Plan the news for the holder that the colleague said no: the place is still theirs."""
    _queue(DECLINED, handover, handover.place.person, now)


def tell_withdrawn(handover: Handover, *, now: datetime) -> None:
    """Plan the news for the colleague that there is nothing to take over any more; once, whatever is asked."""
    _queue(WITHDRAWN, handover, handover.colleague, now)


def tell_too_late(handover: Handover, *, now: datetime) -> None:
    """Plan the news, for the holder and the colleague, that the list of names is final without the colleague."""
    _queue(TOO_LATE, handover, handover.place.person, now)
    tell_withdrawn(handover, now=now)


def tell_gone(places: Iterable[int], *, now: datetime) -> None:
    """Plan that news for whoever is asked to take over one of ``places`` (ids), which have ended."""
    asked = Handover.objects.filter(place__in=places, taken_at=None, ended_at=None)
    for handover in asked.select_related("place__session__programme", "colleague").order_by("pk"):
        tell_withdrawn(handover, now=now)


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
    reasons |= _never_asked([message for message in batch if message.kind == WITHDRAWN])
    return {pk: reason for pk, reason in reasons.items() if reason}


def _never_asked(batch: Sequence[Message]) -> dict[int, str]:
    """Return the reason for each mail of ``batch`` whose reader has not had the question that it takes back."""
    keys = {f"{ASKED}:{message.refs['handover']}": message.pk for message in batch}
    unsent = Message.objects.filter(key__in=keys).exclude(state__in=(Message.State.CLAIMED, Message.State.SENT))
    return {keys[key]: "never_asked" for key in unsent.values_list("key", flat=True)}


def _why_not(message: Message, handover: Handover | None) -> str:
    if message.kind == WITHDRAWN:
        return "" if handover and handover.place.person_id and handover.taken_at is None else "place_gone"
    if handover is None or handover.place.state != PlaceState.BOOKED:
        return "place_gone"
    return "" if message.kind in (DECLINED, TOO_LATE) or handover.is_open else "no_longer_offered"


def render(message: Message) -> Content:
    """Return the mail; to the colleague with the link of their own."""
    handover = Handover.objects.select_related(
        "place__session__programme__booking_rules", "place__session__room__venue", "place__person", "place__link",
        "place__organisation", "colleague", "link",
    ).get(pk=message.refs["handover"])  # fmt: skip
    session = handover.place.session
    own = handover.place.link
    link = {ASKED: handover.link, DECLINED: own, TOO_LATE: own}.get(message.kind)
    when = f"{day_without_year(session.date)}, {clock(session.starts)}"
    context = {
        "handover": handover,
        "person": message.person,
        "place": handover.place,
        "session": session,
        "programme": session.programme,
        "venue": session.room.venue if session.room else None,
        "address": address_of(link) if link else "",
        "window": window_of(session, rules_of(session), timezone.now()),
    }
    name = message.kind.removeprefix("attendance.")
    return render_mail(f"attendance/mail/{name}", context, _SUBJECTS[message.kind].format(when=when))


def register_kinds() -> None:
    """Make the kinds known; called when the app is ready."""
    register(Kind(ASKED, render, not_wanted, label="Colleague asked to take over a place"))
    register(Kind(DECLINED, render, not_wanted, label="Colleague does not take the place"))
    register(Kind(TOO_LATE, render, not_wanted, label="Colleague did not take the place in time"))
    register(Kind(WITHDRAWN, render, not_wanted, label="Place cannot be taken over any more"))
