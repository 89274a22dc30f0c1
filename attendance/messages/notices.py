"""What a coordinator writes to everybody with a place in a session."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import messaging.actions
from accounts.links import address_of
from attendance.models import Place, SessionNotice
from attendance.queries.teams import unnamed_places
from messaging.actions import Planned
from messaging.kinds import Content, Kind, register, render_mail
from messaging.models import Message

NOTICE = "attendance.session_notice"


def tell_notice(notice: SessionNotice, people: Iterable[int], *, now: datetime) -> int:
    """Plan one mail to each of ``people``, whatever else is asked; return how many are new."""
    session = notice.session
    rows = (
        Planned(
            key=f"{NOTICE}:{notice.pk}:{person}",
            to=person,
            refs={"notice": notice.pk},
            about=session.programme,
            useful_until=session.during.upper,
        )
        for person in sorted(people)
    )
    return messaging.actions.queue_many(kind=NOTICE, rows=rows, now=now)


def not_wanted(batch: Sequence[Message], now: datetime) -> dict[int, str]:
    """Return the reason code for each mail whose person has no place in the session any more."""
    notices = SessionNotice.objects.in_bulk({message.refs["notice"] for message in batch})
    sessions, people = {notice.session_id for notice in notices.values()}, {message.person_id for message in batch}
    held = set(Place.objects.live().filter(session__in=sessions, person__in=people).values_list("session", "person"))
    held |= set(unnamed_places(sessions).values_list("session", "team__made_by"))
    return {
        message.pk: "no_longer_booked"
        for message in batch
        if message.refs["notice"] not in notices
        or (notices[message.refs["notice"]].session_id, message.person_id) not in held
    }


def content_of(notice: SessionNotice, person, place: Place | None) -> Content:
    """Return ``notice`` as ``person`` gets it; for its preview without a saved row too."""
    session = notice.session
    context = {
        "notice": notice,
        "person": person,
        "place": place,
        "session": session,
        "programme": session.programme,
        "venue": session.room.venue if session.room else None,
        "address": address_of(place.link) if place and place.link else "",
    }
    return render_mail("attendance/mail/session_notice", context, notice.subject)


def render(message: Message) -> Content:
    """Return the mail as its person gets it."""
    notice = SessionNotice.objects.select_related("session__programme", "session__room__venue").get(
        pk=message.refs["notice"]
    )
    live = Place.objects.live().filter(session=notice.session, person=message.person_id).select_related("link")
    return content_of(notice, message.person, live.first())


def register_kinds() -> None:
    """Make the kind known; called when the app is ready."""
    register(Kind(NOTICE, render, not_wanted, label="Notice about a session"))
