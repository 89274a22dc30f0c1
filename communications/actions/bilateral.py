"""A bilateral share in one go: programme, two partners, their people, a session or one each side, three stages.

All of it or nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import Person
from attendance.actions.sessions import SessionPlan, open_session, plan_session
from briefings.actions.partners import add_partners
from briefings.actions.programmes import change_scope, start_programme
from briefings.actions.venues import add_room, add_venue
from briefings.models import Programme, Room, Scale, Session
from commitments.clocks import local_day
from communications.actions.plan import Audience, change_item, fulfil_item, plan_item
from communications.actions.templates import apply_template
from communications.models import Means, StageKind
from communications.templates import BILATERAL, READY
from history.actions import record
from organisations.actions.people import person_at
from organisations.models import Affiliation, Organisation, Profession

ROOM_NAME = "Meeting room"


@dataclass(frozen=True)
class ListedPerson:
    """One line of the pasted list, clean already; ``organisation`` is the name of one of the two."""

    line: int
    name: str
    email: str
    organisation: str
    profession: str = ""


@dataclass(frozen=True)
class Share:
    """Everything that a bilateral share begins with.

    ``organisations`` are the two names; who is known by a name is taken, whatever the capitals. ``room`` is one that
    is known, ``place`` the name (first line) and address of one that is not. ``date`` is local to the programme; with a
    ``second_date`` the first session is for the first organisation, another on that day for the second.
    """

    name: str
    purpose: str
    organisations: tuple[str, str]
    people: Sequence[ListedPerson]
    date: date
    slot: str
    capacity: int
    contact_name: str
    contact_email: str
    room: Room | None = None
    place: str = ""
    online_link: str = ""
    second_date: date | None = None
    second_slot: str = ""


@transaction.atomic
def set_up_share(*, share: Share, by: Person, now: datetime) -> Session:
    """Return the first open session of a new programme whose eligible people are those of ``share``.

    The programme has three stages and a plan that ``by`` owns. Nobody is told yet. Who is known by address keeps the
    name that is known. In scope are the professions of the list; every profession where somebody has none. Raises what
    start_programme, add_venue, plan_session and open_session raise.
    """
    today = timezone.localdate(now)
    programme = _start(share, by, now)
    organisations = {name: _organisation(name, by, now) for name in share.organisations}
    add_partners(programme=programme, organisations=organisations.values(), since=today, by=by, now=now)
    professions = {each.profession for each in share.people}
    known = {name: _profession(name, by, now) for name in sorted(professions - {""})}
    for each in share.people:
        person = person_at(email=each.email, name=each.name, by=by, now=now)
        _affiliate(person, organisations[each.organisation], known.get(each.profession), by, now)
    everybody = "" in professions
    change_scope(
        programme=programme,
        every_area=True,
        every_profession=everybody,
        add_professions=[] if everybody else known.values(),
        by=by,
        now=now,
    )
    sessions = _open(programme, share, by, now)
    _plan_stages(sessions, list(organisations.values()), by, now)
    return sessions[0]


def _start(share: Share, by: Person, now: datetime) -> Programme:
    return start_programme(
        name=share.name,
        coordinator=by,
        scale=Scale.BILATERAL,
        purpose=share.purpose,
        contact_name=share.contact_name,
        contact_email=share.contact_email,
        **READY[BILATERAL].policies,
        by=by,
        now=now,
    )


def _organisation(name: str, by: Any, now: datetime) -> Organisation:
    return _known_or_new(Organisation, name, by, now)


def _profession(name: str, by: Any, now: datetime) -> Profession:
    return _known_or_new(Profession, name, by, now)


def _known_or_new(model: type, name: str, by: Any, now: datetime) -> Any:
    # A name that somebody adds in this moment is met again by get_or_create, inside a savepoint of its own.
    row, is_new = model.objects.get_or_create(name__iexact=name, defaults={"name": name})
    if is_new:
        record(by=by, verb="added", about=row, now=now)
    return row


def _affiliate(
    person: Person, organisation: Organisation, profession: Profession | None, by: Any, now: datetime
) -> None:
    """Tie ``person`` to ``organisation`` from today, unless they are tied to it in that profession already."""
    today = timezone.localdate(now)
    row, is_new = Affiliation.objects.get_or_create(
        person=person, organisation=organisation, profession=profession, until=None, defaults={"since": today}
    )
    if is_new:
        record(by=by, verb="added", about=row, now=now)


def _open(programme: Programme, share: Share, by: Any, now: datetime) -> list[Session]:
    """Return the open session, or one for each organisation, in the room or place that was said."""
    room = share.room or _new_room(share, by, now)
    halves = [(share.date, share.slot, "")]
    if share.second_date:
        first, second = (f"{share.name}: for {name}"[:200] for name in share.organisations)
        halves = [(share.date, share.slot, first), (share.second_date, share.second_slot or share.slot, second)]
    opened = []
    for day, slot, title in halves:
        plan = SessionPlan(
            date=day, slot=slot, title=title, capacity=share.capacity, room=room, online_link=share.online_link
        )
        session = plan_session(programme=programme, plan=plan, by=by, now=now)
        opened.append(open_session(session=session, by=by, now=now))
    return opened


def _plan_stages(sessions: list[Session], organisations: list[Organisation], by: Person, now: datetime) -> None:
    """Give the programme the stages of a bilateral share; its sessions are what fulfils the item of go-live."""
    programme, today = sessions[0].programme, local_day(sessions[0].programme, now)
    days = [session.date for session in sessions]
    stages = apply_template(
        programme=programme,
        template=READY[BILATERAL],
        first=today,
        live_on=min(days),
        live_until=max(days),
        by=by,
        now=now,
    )
    live = next(stage for stage in stages if stage.kind == StageKind.GO_LIVE)
    told = live.items.get(means=Means.SESSION)
    for session, organisation in zip(sessions, organisations, strict=False):
        audience = Audience([organisation] if len(sessions) > 1 else ())
        if session == sessions[0]:
            item = change_item(item=told, changes={"due_on": session.date}, audience=audience, by=by, now=now)
        else:
            item = plan_item(
                stage=live, words=told.words, means=told.means, due_on=session.date, owner=by, audience=audience,
                by=by, now=now,
            )  # fmt: skip
        fulfil_item(item=item, fulfils=session, by=by, now=now)


def _new_room(share: Share, by: Any, now: datetime) -> Room | None:
    lines = [line.strip() for line in share.place.splitlines() if line.strip()]
    if not lines:
        return None
    venue = add_venue(name=lines[0], address="\n".join(lines[1:]), by=by, now=now)
    return add_room(venue=venue, name=ROOM_NAME, capacity=share.capacity, by=by, now=now)
