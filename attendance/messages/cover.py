"""Senior cover: asking, reminding, and what follows an answer. Assistants get the same mail with their own link."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils import timezone

import messaging.actions
from accounts.links import address_of
from accounts.models import PersonalLink
from attendance.calendar import CANCEL, REQUEST, cancel_for, request_for
from attendance.models import CalendarEntry, CoverState, SeniorAttendance
from attendance.queries.proposals import may_speak, next_best
from briefings.models import Session, SessionState
from briefings.rules import coordinators_of
from briefings.words import when_in_words, where_in_words
from history.actions import CLOCK, key_of
from messaging.actions import Planned
from messaging.kinds import Content, Kind, register, render_mail
from messaging.models import Message
from organisations.models import OrganisationLead

ASKED = "attendance.cover_asked"
REMINDER = "attendance.cover_reminder"
COMING = "attendance.cover_coming"
GIVEN_UP = "attendance.cover_given_up"
WITHDRAWN = "attendance.cover_withdrawn"
APOLOGIES = "attendance.cover_apologies"
UNANSWERED = "attendance.cover_unanswered"


def ask(asked: Iterable[SeniorAttendance], *, now: datetime) -> None:
    """Plan one mail to each person, and to each assistant, for all that they are asked together."""
    _tell_links(ASKED, asked, f"{now:%Y%m%d%H%M%S%f}", now)


def remind(due: Iterable[SeniorAttendance], *, now: datetime) -> None:
    """Plan one reminder to each person for all requests that are due today."""
    _tell_links(REMINDER, due, f"{now:%Y%m%d}", now)


def tell_coming(own: SeniorAttendance, *, now: datetime) -> None:
    """Plan the thanks with the calendar entry; once for each number of the entry."""
    entry = CalendarEntry.objects.get(person=own.person_id, session=own.session_id)
    _tell(COMING, own, [own.person_id], f":{entry.sequence}", now)


def tell_given_up(own: SeniorAttendance, *, now: datetime) -> None:
    """Plan the news that somebody who was coming does not, with what takes the entry out of their calendar."""
    _tell(GIVEN_UP, own, [own.person_id], f":{now:%Y%m%d%H%M%S}", now)


def tell_withdrawn(own: SeniorAttendance, *, was_coming: bool, now: datetime) -> None:
    """Plan the news that somebody is not needed; who was coming gets what takes the entry out of the calendar."""
    _tell(WITHDRAWN, own, [own.person_id], f":{now:%Y%m%d%H%M%S}", now, {"entry": int(was_coming)})


def tell_apologies(own: SeniorAttendance, *, now: datetime) -> None:
    """Tell the coordinators that nobody comes for the organisation."""
    people = coordinators_of(own.session.programme, own.session.date).values_list("pk", flat=True)
    _tell(APOLOGIES, own, people, f":{now:%Y%m%d%H%M%S}", now)


def tell_unanswered(due: Iterable[SeniorAttendance], *, now: datetime) -> None:
    """Tell the leads of the organisation and the coordinators, once for each organisation and session."""
    today = timezone.localdate(now)
    for own in due:
        leads = OrganisationLead.objects.on(today).filter(organisation=own.organisation_id, person__is_active=True)
        coordinators = coordinators_of(own.session.programme, own.session.date).values_list("pk", flat=True)
        people = sorted({*leads.values_list("person", flat=True), *coordinators})
        rows = [
            Planned(
                key=f"{UNANSWERED}:{own.session_id}:{own.organisation_id}:{person}:{own.asked_at:%Y%m%d%H%M%S}",
                to=person,
                refs={"request": own.pk},
                about=own.session.programme,
                useful_until=own.session.during.lower,
            )
            for person in people
        ]
        messaging.actions.queue_many(kind=UNANSWERED, rows=rows, now=now)


def covered_meanwhile(batch: Sequence[Message], now: datetime) -> dict[int, str]:
    """Return the reason code of each telling of no answer where one has come, or somebody else comes for them."""
    ids = [message.refs["request"] for message in batch]
    coming = SeniorAttendance.objects.filter(
        session=OuterRef("session"), organisation=OuterRef("organisation"), state=CoverState.COMING
    )
    asked = SeniorAttendance.objects.filter(pk__in=ids, state=CoverState.ASKED, session__during__startswith__gt=now)
    still = set(asked.exclude(Exists(coming)).values_list("pk", flat=True))
    return {message.pk: "answered_or_over" for message in batch if message.refs["request"] not in still}


def not_wanted(batch: Sequence[Message], now: datetime) -> dict[int, str]:
    """Return the reason code of each request or reminder in which nothing is asked any more."""
    ids = {pk for message in batch for pk in _ids(message)}
    still = set(
        SeniorAttendance.objects.filter(
            pk__in=ids,
            state=CoverState.ASKED,
            session__state__in=(SessionState.DRAFT, SessionState.OPEN),
            session__during__startswith__gt=now,
        ).values_list("pk", flat=True)
    )
    return {message.pk: "answered_or_over" for message in batch if not still & set(_ids(message))}


def no_longer_true(batch: Sequence[Message], now: datetime) -> dict[int, str]:
    """Return the reason code of each answer's mail that another answer has overtaken.

    One that takes an entry out is wanted until the entry is back: the request may be made again before it leaves.
    """
    requests = SeniorAttendance.objects.in_bulk([message.refs["request"] for message in batch])
    people = {own.person_id for own in requests.values()}
    gone = set(CalendarEntry.objects.filter(person__in=people, is_cancelled=True).values_list("person", "session"))
    return {message.pk: "answered_otherwise" for message in batch if not _is_true(message, requests, gone)}


def _is_true(message: Message, requests: dict[int, SeniorAttendance], gone: set[tuple[int, int]]) -> bool:
    own = requests.get(message.refs["request"])
    if own is None:
        return False
    takes_out = message.kind == GIVEN_UP or (message.kind == WITHDRAWN and message.refs["entry"])
    wanted = {COMING: CoverState.COMING, WITHDRAWN: CoverState.WITHDRAWN}
    return own.state == wanted.get(message.kind, CoverState.APOLOGIES) or bool(
        takes_out and (own.person_id, own.session_id) in gone
    )


def render_request(message: Message) -> Content:
    """Return the mail that asks, or reminds, with what is still asked in it."""
    found = (
        SeniorAttendance.objects.filter(pk__in=_ids(message), state=CoverState.ASKED)
        .select_related("session__programme", "session__room__venue", "person", "organisation")
        .order_by("session__during")
    )
    requests = [
        {"own": own, "address": _address(own, message.person_id), "where": where_in_words(own.session)} for own in found
    ]
    first = found[0]
    context = {
        "person": message.person,
        "requests": requests,
        "senior": first.person,
        "organisation": first.organisation,
        "programme": first.session.programme,
        "for_assistant": first.person_id != message.person_id,
    }
    count = f"{len(requests)} sessions" if len(requests) > 1 else when_in_words(first.session)
    if message.kind == REMINDER:
        return render_mail("attendance/mail/cover_reminder", context, f"Can you come? {count}")
    return render_mail("attendance/mail/cover_asked", context, f"Can you come to {count}?")


def render_answer(message: Message) -> Content:
    """Return the mail that follows an answer, with the calendar entry where it is about one."""
    own = SeniorAttendance.objects.select_related("session__programme", "session__room__venue", "person").get(
        pk=message.refs["request"]
    )
    session, by_clock = own.session, own.answered_by == CLOCK
    context = {
        "person": message.person,
        "own": own,
        "session": session,
        "where": where_in_words(session, address=True),
        "programme": session.programme,
        "organisation": own.organisation,
        "address": _address(own, message.person_id),
        "by_clock": by_clock,
        "no_mandate": by_clock and not may_speak(own),
        "takes_out": _takes_out(own, message),
    }
    if message.kind == APOLOGIES:
        address = reverse("attendance:cover-next", args=[session.programme.slug, own.pk])
        context |= {"address": settings.SITE_URL + address, "next": next(iter(next_best(own)), None)}
    subjects = {
        COMING: "Thank you: you are coming on {}",
        GIVEN_UP: "You do not come on {}",
        WITHDRAWN: "You are not needed on {}",
        APOLOGIES: "Nobody comes for {} on {}",
    }
    when = when_in_words(session)
    words = (own.organisation.name, when) if message.kind == APOLOGIES else (when,)
    name = message.kind.removeprefix("attendance.")
    content = render_mail(f"attendance/mail/{name}", context, subjects[message.kind].format(*words))
    return _with_entry(content, own, message, context["takes_out"])


def render_unanswered(message: Message) -> Content:
    """Return the mail to a lead or a coordinator: nobody of the organisation has said yes, and what to do."""
    own = SeniorAttendance.objects.select_related("session__programme", "person", "organisation").get(
        pk=message.refs["request"]
    )
    session, programme = own.session, own.session.programme
    ask = reverse("attendance:cover-ask", args=[programme.slug])
    context = {
        "person": message.person,
        "own": own,
        "session": session,
        "programme": programme,
        "organisation": own.organisation,
        "is_coordinator": coordinators_of(programme, session.date).filter(pk=message.person_id).exists(),
        "address": f"{settings.SITE_URL}{ask}?session={session.pk}",
    }
    subject = f"No answer from {own.organisation.name} for {when_in_words(session)}"
    return render_mail("attendance/mail/cover_unanswered", context, subject)


def _takes_out(own: SeniorAttendance, message: Message) -> bool:
    """Return whether ``message`` takes the session out of the calendar of its reader, who may run it as well."""
    if message.kind != GIVEN_UP and not (message.kind == WITHDRAWN and message.refs["entry"]):
        return False
    return CalendarEntry.objects.filter(person=own.person_id, session=own.session_id, is_cancelled=True).exists()


def _with_entry(content: Content, own: SeniorAttendance, message: Message, takes_out: bool) -> Content:
    if message.kind != COMING and not takes_out:
        return content
    entry = CalendarEntry.objects.get(person=own.person_id, session=own.session_id)
    entry.session, entry.person = own.session, own.person
    make, content.calendar_method = (cancel_for, CANCEL) if takes_out else (request_for, REQUEST)
    content.calendar = make(entry, now=timezone.now())
    return content


def _address(own: SeniorAttendance, person: int | None) -> str:
    """Return the link of this person for this request; for a coordinator the page of the matrix."""
    link = PersonalLink.objects.filter(purpose="cover", about=key_of(own), person=person).order_by("-pk").first()
    if link:
        return address_of(link)
    return settings.SITE_URL + reverse("attendance:cover-show", args=[own.session.programme.slug])


def _ids(message: Message) -> list[int]:
    return [int(pk) for pk in message.refs["requests"].split(",")]


def _tell_links(kind: str, asked: Iterable[SeniorAttendance], stamp: str, now: datetime) -> None:
    """Plan one mail of ``kind`` to each holder of a link to one of ``asked``, by programme."""
    asked = {key_of(own): own for own in asked}
    by_person = defaultdict(list)
    for link in PersonalLink.objects.filter(purpose="cover", about__in=list(asked), revoked_at__isnull=True):
        own = asked[link.about]
        by_person[link.person_id, own.person_id, own.session.programme].append(own)
    rows_of = defaultdict(list)
    for (person, senior, programme), requests in by_person.items():
        ids = ",".join(str(own.pk) for own in sorted(requests, key=lambda own: own.pk))
        last = max(requests, key=lambda own: own.session.during.lower).session
        rows_of[programme].append(
            Planned(
                key=f"{kind}:{person}:{senior}:{ids}:{stamp}",
                to=person,
                refs={"requests": ids},
                about=programme,
                useful_until=last.during.lower,
            )
        )
    for rows in rows_of.values():
        messaging.actions.queue_many(kind=kind, rows=rows, now=now)


def _tell(
    kind: str, own: SeniorAttendance, people: Iterable[int], stamp: str, now: datetime, refs: dict | None = None
) -> None:
    session: Session = own.session
    rows = [
        Planned(
            key=f"{kind}:{own.pk}:{person}{stamp}",
            to=person,
            refs={"request": own.pk, **(refs or {})},
            about=session.programme,
            useful_until=max(session.during.upper, now + timedelta(days=1)),
        )
        for person in people
    ]
    messaging.actions.queue_many(kind=kind, rows=rows, now=now)


def register_kinds() -> None:
    """Make the kinds of senior cover known; called when the app is ready."""
    register(Kind(ASKED, render_request, not_wanted, label="Senior cover asked"))
    register(Kind(REMINDER, render_request, not_wanted, label="Reminder of senior cover"))
    register(Kind(COMING, render_answer, no_longer_true, label="Senior manager coming"))
    register(Kind(GIVEN_UP, render_answer, no_longer_true, label="Senior manager does not come after all"))
    register(Kind(WITHDRAWN, render_answer, no_longer_true, label="Senior manager not needed"))
    register(Kind(UNANSWERED, render_unanswered, covered_meanwhile, label="No answer about senior cover"))
    register(Kind(APOLOGIES, render_answer, no_longer_true, label="Senior manager cannot come"))
