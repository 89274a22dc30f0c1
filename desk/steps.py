"""The first steps of a programme that nobody was invited to yet: what its coordinator does next, in which order."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import OuterRef, Q
from django.urls import reverse
from django.utils import timezone

from briefings.models import Partner, Programme, Session, SessionState
from desk.queries.counting import CountOf
from desk.queries.reach import Reach

_DONE, _BEGUN, _OPEN, _LATER = ("full", "good"), ("half", "wait"), ("ring", "open"), ("ring", "quiet")


@dataclass(frozen=True)
class Step:
    """One task of components/tasks.html: an address of "" cannot be started yet."""

    words: str
    url: str
    look: tuple[str, str]
    state: str
    hint: str = ""

    @property
    def shape(self) -> str:
        return self.look[0]

    @property
    def colour(self) -> str:
        return self.look[1]


def first_steps(programme: Programme, total: Reach, now: datetime) -> list[Step]:
    """Return the steps of ``programme`` while nobody of ``total`` was invited and no session was held, then none.

    One query, and none for a programme that has begun.
    """
    if total.never != total.eligible:
        return []
    found = _found(programme, now)
    if found.held:
        return []
    return [_scope(programme, found), _partners(programme, found), _people(total), *_dates(programme, found, total)]


def _found(programme: Programme, now: datetime) -> Programme:
    own = Q(programme=OuterRef("pk"))
    ahead = Session.objects.filter(own, during__endswith__gt=now)
    return Programme.objects.annotate(
        partners_now=CountOf(Partner.objects.on(timezone.localdate(now)).filter(own)),
        areas_chosen=CountOf(Programme.areas.through.objects.filter(own)),
        professions_chosen=CountOf(Programme.professions.through.objects.filter(own)),
        drafts=CountOf(ahead.filter(state=SessionState.DRAFT)),
        opened=CountOf(ahead.filter(state=SessionState.OPEN)),
        held=CountOf(Session.objects.filter(own, state=SessionState.HELD)),
    ).get(pk=programme.pk)


def _scope(programme: Programme, found: Programme) -> Step:
    areas, professions = found.every_area or found.areas_chosen, found.every_profession or found.professions_chosen
    look = _DONE if areas and professions else _BEGUN if areas or professions else _OPEN
    state = "Done" if look == _DONE else "Begun" if look == _BEGUN else "Not chosen yet"
    return Step("Choose areas and professions", _at("briefings:scope-change", programme), look, state)


def _partners(programme: Programme, found: Programme) -> Step:
    address = _at("briefings:partner-list", programme)
    return Step("Add the partner organisations", address, *_counted(found.partners_now, "partner", "partners"))


def _people(total: Reach) -> Step:
    look, state = _counted(total.eligible, "person eligible", "people eligible")
    return Step(
        "Bring in staff lists", reverse("organisations:import-list"), look, state,
        "" if total.eligible else "Somebody is eligible once organisation, area and profession are all in scope.",
    )  # fmt: skip


def _dates(programme: Programme, found: Programme, total: Reach) -> list[Step]:
    planned = found.drafts + found.opened
    ready = found.opened and total.eligible
    return [
        Step("Plan the sessions", _at("attendance:session-plan", programme), *_counted(planned, "session", "sessions")),
        Step(
            "Open them for booking", _at("attendance:session-list", programme) if planned else "",
            _DONE if found.opened and not found.drafts else _BEGUN if found.opened else _OPEN if planned else _LATER,
            f"{found.opened} of {planned} open" if planned else "Not yet",
        ),
        Step(
            "Invite people", _at("attendance:round-list", programme) if ready else "", _OPEN if ready else _LATER,
            "Nobody yet" if ready else "Not yet",
            "You see the mail, and everybody who gets it, before anything is sent." if ready
            else "Needs people and an open session.",
        ),
    ]  # fmt: skip


def _counted(number: int, one: str, many: str) -> tuple[tuple[str, str], str]:
    return (_DONE, f"{number:,} {one if number == 1 else many}") if number else (_OPEN, "None yet")


def _at(route: str, programme: Programme) -> str:
    return reverse(route, args=[programme.slug])
