"""Telling people that a session has changed or is cancelled, and that they run one: the kinds and their words."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import F, Max, Q, QuerySet, TextField
from django.db.models.fields.json import KT
from django.db.models.functions import Cast
from django.urls import reverse
from django.utils import timezone

import messaging.actions
from accounts.links import address_of
from attendance.calendar import CANCEL, REQUEST, cancel_for, request_for
from attendance.messages.places import SESSION_CHANGED, has_left_calendar, keys_of_move
from attendance.models import BulkMove, CalendarEntry, CoverState, Place, PlaceState, SeniorAttendance, Team
from attendance.queries.booking import by_distance, sessions_to_choose
from attendance.queries.leaving import leads_by_session, leads_of_teams, team_told_of
from attendance.queries.sessions import Held
from attendance.queries.shares import FIRST_CHOICE_LASTS, mark_quota_used
from attendance.queries.teams import unnamed_places
from attendance.queries.waiting import elsewhere_in_words
from briefings.models import Part, Programme, Session, SessionPart, SessionState
from briefings.words import contact_in_words, when_in_words, where_in_words
from face.dates import clock, day_without_year
from messaging.actions import Planned
from messaging.kinds import Content, Kind, register, render_mail
from messaging.models import Message

CHANGED = SESSION_CHANGED
CANCELLED = "attendance.session_cancelled"
PART_GIVEN = "attendance.part_given"
PART_CHANGED = "attendance.part_changed"
PART_ENDED = "attendance.part_ended"

_SUBJECTS = {
    CHANGED: "Changed: your session on {when}",
    CANCELLED: "Cancelled: the session on {when}",
    PART_GIVEN: "You run a session on {when}",
    PART_CHANGED: "Your part in the session on {when} has changed",
    PART_ENDED: "You no longer run the session on {when}",
}
_WORDS = {"bring": "what to bring", "contact": "whom to ask", "programme": "the name of the programme"}
"""What the programme says of all its sessions, as the subject of a mail names it."""

_MAY_BE_EMPTY = {"was_notes", "was_bring", "was_contact"}
_EARLIER, _SINCE = 1, 2
"""When another mail showed somebody a change whose own mail had not left: before the last change, or after it."""
_HAD_LINK, _HAD_NONE = 1, 2
"""Whether there was a link for people online before it changed."""

_DOING = {Part.PRESENTER: "present", Part.FACILITATOR: "facilitate"}


def tell_changed(
    session: Session,
    before: Session,
    people: Iterable[int],
    *,
    now: datetime,
    by_zone: bool = False,
    sooner: Collection[int] = (),
    held: Mapping[int, Held],
) -> dict[int, int]:
    """Plan one mail to each of ``people`` with what was before and what is now; once for each revision.

    A change that has not left yet is told together with this one: what was before is what each still believes. Whoever
    has heard nothing of a change that is taken back hears nothing now, unless they have to choose because of it, or
    another mail has shown it to them meanwhile, as the entry that they asked for again.
    ``by_zone``: the clock stays, and its zone has new rules. ``sooner``: who has to answer an offer earlier by it.
    ``held``: the numbers of the entries as they were before. Returns, for whoever hears nothing, the number under which
    they hold what stands now, where that is known.
    """
    not_told, choosing = _not_told_yet(session), _has_to_choose(session)
    numbers = dict(CalendarEntry.objects.filter(session=session).values_list("person", "sequence"))
    by_belief: dict[tuple, set[int]] = {}
    quiet: dict[int, int] = {}
    for person in people:
        belief = not_told.get(person, {}) | ({"later": 1} if person in sooner else {})
        is_waiting = person in not_told and belief.get("seen") != _SINCE
        number = _number_held(belief, held.get(person), is_waiting=is_waiting)
        belief |= {"held": number, "raised": numbers.get(person)}
        by_belief.setdefault(tuple(belief.items()), set()).add(person)
    for earlier, some in by_belief.items():
        refs = _difference(dict(earlier), before, session)
        if "seen" in dict(earlier):  # they believe what they read last, where nothing from before is left to say
            said = {name: words for name, words in refs.items() if words or name in _MAY_BE_EMPTY}
            refs = _difference({}, before, session) | said
        if "later" in dict(earlier):
            refs["was_later"] = 1
        if by_zone:
            refs["by_zone"] = 1
        is_news = any(refs.values()) or not refs.keys().isdisjoint(_MAY_BE_EMPTY)
        told = some if is_news else some & choosing
        number, raised = dict(earlier)["held"], dict(earlier)["raised"]
        quiet |= dict.fromkeys(some - told, number) if number is not None else {}
        refs |= {"session": session.pk, "revision": session.revision}
        refs |= {"held": number, "raised": raised} if number is not None else {}
        refs |= {"seen": _EARLIER} if "seen" in dict(earlier) else {}
        out = _without_entry(session, told & choosing)
        _queue_many(CHANGED, session, told - out, now, refs=refs, suffix=f":{session.revision}")
        _queue_many(CHANGED, session, out, now, refs={**refs, "out": 1}, suffix=f":{session.revision}")
    return quiet


def _number_held(belief: dict[str, Any], entry: Held | None, *, is_waiting: bool) -> int | None:
    """Return the number under which somebody holds what they believe; None where that cannot be said.

    ``is_waiting``: the mail of an earlier change has not left. What they hold is then what it says, unless something
    else than that change has moved their entry since, as giving up and booking again does.
    """
    if entry is None:
        return None
    if is_waiting and entry.number == entry.sequence:
        return belief.get("held") if belief.get("raised") == entry.sequence else None
    return None if entry.is_cancelled else entry.number


def _difference(earlier: dict[str, Any], before: Session, session: Session) -> dict[str, Any]:
    """Return what was before, by the ``earlier`` news that has not left or by ``before``; "" for what is the same."""
    old, new = _facts(before), _facts(session)
    was = {name: earlier.get(name) or old[name] for name in new}
    was = {f"was_{name}": words if words != new[name] else "" for name, words in was.items()}
    return {**was, **_getting_in(earlier, before, session), **_words(earlier, before, session)}


def _facts(session: Session) -> dict[str, str]:
    return {"when": when_in_words(session), "where": where_in_words(session, address=True), "title": str(session)}


def _getting_in(earlier: dict[str, Any], before: Session, session: Session) -> dict[str, Any]:
    """Return whether the link for people online is another one, and what was said before about getting in.

    The link itself is for those who join by it, so it stands in no row of a message.
    """
    found: dict[str, Any] = {}
    if before.online_link != session.online_link or earlier.get("link"):
        had = earlier.get("link") or (_HAD_LINK if before.online_link else _HAD_NONE)
        if had == _HAD_LINK or session.online_link:
            found["was_link"] = had
    was = earlier.get("notes", before.notes)
    if was != session.notes:
        found["was_notes"] = was
    return found


def _words(earlier: dict[str, Any], before: Session, session: Session) -> dict[str, Any]:
    """Return what the programme said before that stands in calendar entries; "" where it said nothing."""
    old, new = _said_by(before.programme), _said_by(session.programme)
    if not session.title:  # it is called like its programme, which is told as the title
        del new["programme"]
    was = {name: earlier.get(name, old[name]) for name in new}
    return {f"was_{name}": words for name, words in was.items() if words != new[name]}


def _said_by(programme: Programme) -> dict[str, str]:
    return {
        "bring": programme.what_to_bring,
        "contact": contact_in_words(programme),
        "programme": programme.name,
    }


def waiting_for_news(session: Session) -> set[int]:
    """Return the ids of those whose mail about the last change of ``session`` has not left: another takes its place."""
    return set(_unsent_news(session).values_list("person", flat=True))


def leads_waiting(session: Session, now: datetime) -> set[int]:
    """Return who of those is told that ``session`` is at another time because of a team, and of nothing else."""
    waiting = waiting_for_news(session)
    return waiting & leads_of_teams(session, now) if waiting else set()


def _not_told_yet(session: Session) -> dict[int, dict[str, Any]]:
    """Return what the mail of the last change says was before, by person, for those whom it has not left for.

    ``seen`` is among it for whoever got another mail about the session: _SINCE that change, showing it, or _EARLIER.
    """
    names = ("when", "where", "title", "link", "notes", "later", *_WORDS)
    waiting = _unsent_news(session).order_by("pk").values_list("person", "refs", "created_at")
    rows = {person: (refs, since) for person, refs, since in waiting}
    seen = _seen_otherwise(session, {person: since for person, (_, since) in rows.items()})
    return {
        person: {name: refs[f"was_{name}"] for name in names if f"was_{name}" in refs}
        | {name: refs[name] for name in ("held", "raised") if name in refs}
        | ({"seen": _SINCE} if person in seen else {"seen": _EARLIER} if "seen" in refs else {})
        for person, (refs, _) in rows.items()
    }


def _seen_otherwise(session: Session, waiting: dict[int, datetime]) -> set[int]:
    """Return who of ``waiting`` got another mail about ``session`` after the moment there, or gets it right now."""
    if not waiting:
        return set()
    own = {"session": session.pk, "person__in": waiting}
    about = Q(of_session=str(session.pk))
    for name, model in (("place", Place), ("request", SeniorAttendance)):
        about |= Q(**{f"of_{name}__in": model.objects.filter(**own).values(number=Cast("pk", TextField()))})
    named = {f"of_{name}": KT(f"refs__{name}") for name in ("session", "place", "request")}
    gone = Message.objects.filter(person__in=waiting, state__in=[Message.State.CLAIMED, Message.State.SENT])
    others = gone.filter(kind__startswith="attendance.").exclude(kind=CHANGED)
    rows = others.alias(**named).filter(about).values_list("person", "sent_at")
    return {person for person, sent_at in rows if sent_at is None or sent_at > waiting[person]}


def _unsent_news(session: Session) -> QuerySet[Message]:
    return _news_of(session).filter(state__in=[Message.State.PLANNED, Message.State.HELD])


def _news_of(session: Session) -> QuerySet[Message]:
    """Return the mails about changes of ``session``, by their keys: its counter is held while they are asked for."""
    return Message.objects.filter(kind=CHANGED, key__startswith=f"{CHANGED}:{session.pk}:")


def _without_entry(session: Session, people: Iterable[int]) -> set[int]:
    """Return who of ``people`` had an entry of ``session`` that was taken out."""
    gone = CalendarEntry.objects.filter(session=session, person__in=people, is_cancelled=True)
    return set(gone.values_list("person", flat=True))


def not_told_out(session: Session) -> set[int]:
    """Return the people whose entry a change of ``session`` took out, by a mail that has not left."""
    unsent = _news_of(session).filter(refs__contains={"out": 1}, state__in=Message.OPEN)
    return _without_entry(session, unsent.values("person"))


def tell_cancelled(session: Session, people: Iterable[int], with_entry: set[int], *, now: datetime) -> None:
    """Plan one mail to each of ``people``; those ``with_entry`` get what takes it out of their calendar.

    Whoever has not heard yet that the session was moved, or that their place was moved into it, is told of the day
    they know.
    """
    not_told = _not_told_yet(session)
    known = {person: was["when"] for person, was in not_told.items() if was.get("when") and was.get("seen") != _SINCE}
    came_from = _moved_unheard(session)
    by_refs: dict[tuple, set[int]] = {}
    for person in people:
        refs = {"entry": int(person in with_entry)}
        refs |= {"was_when": known[person]} if person in known else {}
        refs |= {"came_from": came_from[person]} if person in came_from else {}
        by_refs.setdefault(tuple(refs.items()), set()).add(person)
    for refs, some in by_refs.items():
        _queue_many(CANCELLED, session, some, now, refs={"session": session.pk, **dict(refs)})


def _moved_unheard(session: Session) -> dict[int, str]:
    """Return when the session was from which a coordinator moved people here who have not heard of it, by person."""
    moves = BulkMove.objects.filter(to=session).select_related("session")
    origins = {key: move.session for move in moves.order_by("pk") for key in keys_of_move(move)}
    unsent = Message.objects.filter(key__in=origins, state__in=[Message.State.PLANNED, Message.State.HELD])
    return {person: when_in_words(origins[key]) for person, key in unsent.order_by("pk").values_list("person", "key")}


def tell_part_given(session: Session, person: int, *, now: datetime) -> None:
    """Plan the news that ``person`` runs ``session``, with the entry."""
    _tell_part(PART_GIVEN, session, person, now)


def tell_part_changed(session: Session, person: int, *, now: datetime) -> None:
    """Plan the news that ``person``, who runs ``session``, does something else or something more there."""
    _tell_part(PART_CHANGED, session, person, now)


def tell_part_ended(session: Session, person: int, *, with_entry: bool, now: datetime) -> None:
    """Plan the news that ``person`` does not run ``session``; ``with_entry``: it leaves their calendar."""
    _tell_part(PART_ENDED, session, person, now, entry=int(with_entry))


def _tell_part(kind: str, session: Session, person: int, now: datetime, entry: int = 1) -> None:
    # A part may be taken away and given again: the newest part and the newest history make each time its own reason.
    newest = SessionPart.objects.filter(session=session, person=person).aggregate(newest=Max("pk"))["newest"] or 0
    stamp = f":{newest}:{int(now.timestamp() * 1000)}"
    _queue_many(kind, session, [person], now, refs={"session": session.pk, "entry": entry}, suffix=stamp)


def _queue_many(
    kind: str, session: Session, people: Iterable[int], now: datetime, *, refs: dict, suffix: str = ""
) -> None:
    # News of an end is of use on the day itself; all other news until it begins.
    ends = kind in (CANCELLED, PART_ENDED)
    until = max(session.during.upper, now + timedelta(days=2)) if ends else session.during.lower
    rows = (
        Planned(
            key=f"{kind}:{session.pk}:{person}{suffix}",
            to=person,
            refs=refs,
            about=session.programme,
            useful_until=until,
        )
        for person in sorted(people)
    )
    messaging.actions.queue_many(kind=kind, rows=rows, now=now)


def not_wanted(batch: Sequence[Message], now: datetime) -> dict[int, str]:
    """Return the reason code for each mail of ``batch`` that is no longer true."""
    sessions = Session.objects.in_bulk({message.refs["session"] for message in batch})
    people = {message.person_id for message in batch}
    running = set(SessionPart.objects.filter(session__in=sessions, person__in=people).values_list("person", "session"))
    concerned = running | set(
        Place.objects.live().filter(session__in=sessions, person__in=people).values_list("person", "session")
    )
    concerned |= set(
        SeniorAttendance.objects.filter(
            session__in=sessions, person__in=people, state__in=(CoverState.ASKED, CoverState.COMING)
        ).values_list("person", "session")
    )
    concerned |= set(unnamed_places(sessions).values_list("team__made_by", "session"))
    moved = {message.refs["session"] for message in batch if message.refs.get("was_when")}
    concerned |= leads_by_session(moved, now) if moved else set()
    shown = _shown_without_part([message for message in batch if message.refs.get("out")])
    reasons = {
        message.pk: _why_not(message, sessions.get(message.refs["session"]), running, concerned)
        for message in batch
        if (message.person_id, message.refs["session"]) in concerned or message.pk not in shown
    }
    return {pk: reason for pk, reason in reasons.items() if reason}


def _shown_without_part(batch: Sequence[Message]) -> set[int]:
    """Return the ids of those of ``batch`` without which an entry stays in the calendar of a senior manager.

    They said that they cannot, or are not needed, before this mail left; nothing else takes it out.
    """
    found = SeniorAttendance.objects.filter(
        session__in=[message.refs["session"] for message in batch],
        session__state__in=(SessionState.DRAFT, SessionState.OPEN),
        state__in=(CoverState.APOLOGIES, CoverState.WITHDRAWN),
        person__in=[message.person_id for message in batch],
        person__calendar_entries__session=F("session"),
        person__calendar_entries__is_cancelled=True,
    )
    pairs = set(found.values_list("person", "session"))
    return {message.pk for message in batch if (message.person_id, message.refs["session"]) in pairs}


def _why_not(
    message: Message, session: Session | None, running: set[tuple[int, int]], concerned: set[tuple[int, int]]
) -> str:
    if session is None or message.person_id is None:
        return "session_gone"
    if message.kind == CANCELLED:
        return ""
    runs = (message.person_id, session.pk) in running
    if message.kind == PART_ENDED:
        return "runs_it_again" if runs else ""
    # Of a draft only senior managers are told: they may have said that they come.
    if session.state not in (SessionState.DRAFT, SessionState.OPEN):
        return "session_cancelled"
    if message.kind == CHANGED and message.refs["revision"] != session.revision:
        return "changed_again"
    if message.kind == CHANGED:
        return "" if (message.person_id, session.pk) in concerned else "no_part_any_more"
    return "" if runs else "runs_it_no_more"


def render(message: Message) -> Content:
    """Return a mail about a session as its person gets it, with the calendar entry where there is one."""
    session = Session.objects.select_related("programme", "room__venue").get(pk=message.refs["session"])
    place = _place(message, session)
    when = f"{day_without_year(session.date)}, {clock(session.starts)}"
    offered = bool(place and place.state == PlaceState.OFFERED and not place.offered_from_line)
    context = {
        "person": message.person,
        "session": session,
        "programme": session.programme,
        "venue": session.room.venue if session.room else None,
        "place": place,
        "offered": offered,
        "elsewhere": elsewhere_in_words(place) if place and offered else "",
        "held": bool(place and place.state == PlaceState.OFFERED and place.offered_from_line),
        "waiting": bool(place and place.state == PlaceState.WAITING),
        "address": address_of(place.link) if place and place.link else "",
        "doing": _doing(message, session),
        "joins": _joins(message, session, place),
        "was_when": message.refs.get("was_when", ""),
        "was_where": message.refs.get("was_where", ""),
        "was_title": message.refs.get("was_title", ""),
        "was_link": bool(message.refs.get("was_link")),
        "had_no_link": message.refs.get("was_link") == _HAD_NONE,
        "has_notes": "was_notes" in message.refs,
        "was_notes": message.refs.get("was_notes", ""),
        "by_zone": bool(message.refs.get("by_zone")),
        "sooner": bool(message.refs.get("was_later")),
        "has_bring": "was_bring" in message.refs,
        "was_bring": message.refs.get("was_bring", ""),
        "has_contact": "was_contact" in message.refs,
        "was_contact": message.refs.get("was_contact", ""),
        "contact": contact_in_words(session.programme),
        "was_programme": message.refs.get("was_programme", ""),
        "where": where_in_words(session, address=True),
        "new_link": f"{settings.SITE_URL}{reverse('attendance:invitation-again')}",
    }
    context["came_from"] = message.refs.get("came_from", "")
    if message.kind == CANCELLED and place:
        context["nearest"] = _nearest(place, session)
        context["first_choice_days"] = FIRST_CHOICE_LASTS.days
    if not place:
        context["team"] = team = _team(message, session)
        context["unnamed"], context["colleagues"] = team is not None, 0
        if message.kind == CANCELLED or message.refs.get("was_when"):
            own, now = (session, message.person_id), timezone.now()
            of_theirs, context["colleagues"] = team_told_of(*own, now, was_cancelled=message.kind == CANCELLED)
            context["team"] = team = team or of_theirs
        context["team_address"] = _team_address(message, team) if team else ""
    entry = _entry(message, session)
    context["entry"] = entry and ("out" if entry.is_cancelled else "in")
    words = _only_words(message.refs) if message.kind == CHANGED else []
    context["only_words"] = bool(words)
    subject = f"Your session on {{when}}: {_listed(words)}" if words else _SUBJECTS[message.kind]
    if message.kind == CHANGED and not words:
        subject = _changed_subject(place, _whose(context), moved=bool(context["was_when"]))
    if message.kind == CANCELLED and context["was_when"]:
        when = context["was_when"]
    name = message.kind.removeprefix("attendance.")
    content = render_mail(f"attendance/mail/{name}", context, subject.format(when=when))
    if entry:
        make = cancel_for if entry.is_cancelled else request_for
        content.calendar = make(entry, now=timezone.now())
        content.calendar_method = CANCEL if entry.is_cancelled else REQUEST
    return content


def _whose(context: dict[str, Any]) -> str:
    """Return how a subject names the session for who reads of it: it is not theirs where they only wait for it."""
    if context["waiting"]:
        return "the session you wait for"
    return "the session of your team" if context.get("team") and not context["doing"] else "your session"


def _changed_subject(place: Place | None, whose: str, *, moved: bool) -> str:
    """Return the subject of the news that a session has changed, or is ``moved`` to another time, by who reads it."""
    if not moved:
        return f"Changed: {whose} on {{when}}"
    if place and place.state == PlaceState.OFFERED and not place.offered_from_line:
        return "Moved: do you keep your place on {when}?"
    return f"Moved: {whose} is now on {{when}}"


def _only_words(refs: dict[str, Any]) -> list[str]:
    """Return the names of the programme's words that a mail tells of, where it tells of nothing else; else nothing."""
    told = {name for name, value in refs.items() if name.startswith("was_") and (value or name in _MAY_BE_EMPTY)}
    names = [name for name in _WORDS if f"was_{name}" in told]
    return [_WORDS[name] for name in names] if len(names) == len(told) and not refs.get("by_zone") else []


def _listed(names: list[str]) -> str:
    """Return ``names`` in words: "a", "a and b", "a, b and c"."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if names[1:] else names)


def _nearest(place: Place, session: Session) -> list[Session]:
    """Return three sessions with places free for whom ``place`` was, the nearest to them, each by date."""
    now = timezone.now()
    to_choose = sessions_to_choose(session.programme, now)
    mark_quota_used(to_choose, place.organisation_id, now)
    free = [other for other in to_choose if other.seats.free and not other.quota_used]
    others = [other for other in free if not other.window.why_closed]
    groups = by_distance(others, [place.area] if place.area else ())
    return [other for group in groups for other in group.sessions][:3]


def _place(message: Message, session: Session) -> Place | None:
    found = (
        Place.objects.filter(session=session, person=message.person_id).select_related("link", "area").order_by("-pk")
    )
    if message.kind == CANCELLED:
        return found.filter(closed_reason="session_cancelled").first()
    return found.live().first()


def _team(message: Message, session: Session) -> Team | None:
    """Return the team of a lead who holds, or held until ``session`` was cancelled, places without a name there."""
    ended = message.kind == CANCELLED
    found = Place.objects.filter(session=session, person=None, team__made_by=message.person_id)
    found = found.filter(closed_reason="session_cancelled") if ended else found.live()
    place = found.select_related("team").order_by("pk").first()
    return place and place.team


def _team_address(message: Message, team: Team) -> str:
    """Return where the lead of ``team`` names its places, or books again where its session was cancelled."""
    name, number = ("team-choose", team.organisation_id) if message.kind == CANCELLED else ("team-show", team.pk)
    return f"{settings.SITE_URL}{reverse(f'attendance:{name}', args=[number])}"


def _entry(message: Message, session: Session) -> CalendarEntry | None:
    """Return the entry that goes with ``message``: living with news, cancelled with an end, else none.

    None with another part for who has one already: that changes nothing in the calendar.
    """
    found = (
        CalendarEntry.objects.select_related("person", "session__programme", "session__room__venue")
        .filter(person=message.person_id, session=session)
        .first()
    )
    if found is None or message.kind == PART_CHANGED or not message.refs.get("entry", 1):
        return None
    if message.kind in (CANCELLED, PART_ENDED):
        return found if found.is_cancelled else None
    # What was taken out by this change goes out with it; what went out before is not spoken of again.
    is_news = (
        message.kind == CHANGED
        and not has_left_calendar(found)
        and ("out" in message.refs or _has_to_choose(session, person=message.person_id))
    )
    return found if not found.is_cancelled or is_news else None


def _has_to_choose(session: Session, **own: Any) -> set[int]:
    """Return the ids of those whose part in ``session`` is open since it was moved."""
    places = Place.objects.filter(session=session, state=PlaceState.OFFERED, offered_from_line=False, **own)
    seniors = SeniorAttendance.objects.filter(session=session, state=CoverState.ASKED, **own)
    return {*places.values_list("person", flat=True), *seniors.values_list("person", flat=True)}


def _joins(message: Message, session: Session, place: Place | None) -> bool:
    """Return whether the person comes for certain, and so is told how to join online."""
    if place is not None:
        return place.state == PlaceState.BOOKED
    own = {"session": session, "person": message.person_id}
    comes = SeniorAttendance.objects.filter(state=CoverState.COMING, **own).exists()
    return comes or session.parts.filter(person=message.person_id).exists()


def _doing(message: Message, session: Session) -> str:
    """Return what the person does there: "present", "facilitate", "facilitate and present", or "" for neither."""
    parts = session.parts.filter(person=message.person_id).order_by("part").values_list("part", flat=True)
    return " and ".join(_DOING[Part(part)] for part in parts)


def register_kinds() -> None:
    """Make the kinds about sessions known; called when the app is ready."""
    labels = {
        CHANGED: "Session changed",
        CANCELLED: "Session cancelled",
        PART_GIVEN: "Part in a session",
        PART_CHANGED: "Part in a session changed",
        PART_ENDED: "Part in a session ended",
    }
    for name, label in labels.items():
        register(Kind(name, render, not_wanted, label=label))
