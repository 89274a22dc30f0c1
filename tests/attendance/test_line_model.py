"""The waiting list against a model that fits on half a page: who sits, who has an offer, who waits in which order."""

import os
import uuid
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from attendance.actions import line
from attendance.actions.places import FewerSeatsThanTaken, accept_offer, change_seats, give_up_place, take_place
from attendance.actions.policies import set_quota
from attendance.actions.reminders import lapse_offers
from attendance.actions.teams import NotInTheTeam, book_team, switch_to_fit
from attendance.invariants import findings
from attendance.models import BookingRules, Place, PlaceState, TeamRule
from attendance.models.places import PlaceQuerySet
from attendance.queries import shares
from history.actions import CLOCK
from tests.attendance.places import NOW, PartnerFactory, a_practitioner, a_programme, a_session
from tests.organisations.factories import AffiliationFactory, OrganisationFactory, PersonFactory, ProfessionFactory

PEOPLE = 7
WHO = st.integers(0, PEOPLE - 1)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["take", "take", "take", "give up", "accept"]), WHO),
        st.tuples(st.just("resize"), st.integers(1, 4)),
        st.tuples(st.just("quota"), st.integers(1, 4)),
        st.tuples(st.just("lapse"), st.just(0)),
        st.tuples(st.sampled_from(["all of us", "who fits", "switch"]), WHO),
    ),
    min_size=4,
    max_size=16,
)


@dataclass
class Group:
    """Who moves up as one: somebody alone, or what waits of a team that wants all or nobody."""

    who: list[int]


@dataclass
class Model:
    """One session: people are numbers, those of one organisation are the even ones. A team is two of them."""

    offers: bool
    capacity: int = 2
    quota: int = 99
    booked: set = field(default_factory=set)
    offered: set = field(default_factory=set)
    line: list[Group] = field(default_factory=list)

    @property
    def waiting(self) -> list[int]:
        return [who for group in self.line for who in group.who]

    def fits(self, *who: int) -> bool:
        seated = self.booked | self.offered
        own = sum(each % 2 == who[0] % 2 for each in seated)
        return len(seated) + len(who) <= self.capacity and own + len(who) <= self.quota

    def move_up(self) -> None:
        for group in list(self.line):
            if self.fits(*group.who):
                self.line.remove(group)
                (self.offered if self.offers and len(group.who) == 1 else self.booked).update(group.who)

    def come(self, group: Group) -> None:
        self.booked.update(group.who) if self.fits(*group.who) else self.line.append(group)

    def do(self, step: str, value: int, lapsing: list[int]) -> None:
        there = self.booked | self.offered | set(self.waiting)
        if step == "take" and value not in there:
            self.come(Group([value]))
        elif step == "all of us" and not there & set(team_of(value)):
            self.come(Group(team_of(value)))
        elif step == "who fits" and not there & set(team_of(value)):
            for who in team_of(value):
                self.come(Group([who]))
        elif step == "switch":
            self.line = [each for group in self.line for each in self._split(group, value)]
        elif step == "give up":
            self.booked.discard(value)
            self.offered.discard(value)
            for group in self.line:
                group.who = [who for who in group.who if who != value]
            self.line = [group for group in self.line if group.who]
        elif step == "accept" and value in self.offered:
            self.offered.remove(value)
            self.booked.add(value)
        elif step == "resize" and value >= len(self.booked | self.offered):
            self.capacity = value
        elif step == "quota":
            self.quota = value
        elif step == "lapse":
            for who in lapsing:  # one after the other: each is followed by exactly the next
                self.offered.discard(who)
                self.move_up()
        self.move_up()

    def _split(self, group: Group, value: int) -> list[Group]:
        """Return what becomes of ``group`` where the team that ``value`` waits in takes as many places as fit."""
        return [Group([who]) for who in group.who] if value in group.who else [group]


def team_of(who: int) -> list[int]:
    """Return ``who`` and a colleague of the same organisation."""
    return sorted((who, who + 2 if who + 2 < PEOPLE else who - 2))


def _do(session, people, step: str, value: int) -> None:
    """Do the same to the real thing."""
    place = Place.objects.live().filter(session=session, person=people[value % PEOPLE]).first()
    if step == "take":
        take_place(session=session, person=people[value], by=people[value], now=NOW)
    elif step in ("all of us", "who fits"):
        team = [people[who] for who in team_of(value)]
        with suppress(NotInTheTeam):
            book_team(
                session=session, organisation=team[0].affiliations.get().organisation, people=team, unnamed=0,
                rule=TeamRule.ALL if step == "all of us" else TeamRule.FIT, names_until=None, press=uuid.uuid4(),
                by=CLOCK, now=NOW,
            )  # fmt: skip
    elif step == "switch" and place and place.team and place.state == PlaceState.WAITING:
        switch_to_fit(team=place.team, by=CLOCK, now=NOW)
    elif step == "give up" and place:
        give_up_place(place=place, by=place.person, now=NOW)
    elif step == "accept" and place and place.state == PlaceState.OFFERED:
        accept_offer(place=place, by=place.person, now=NOW)
    elif step == "resize":
        with suppress(FewerSeatsThanTaken):
            change_seats(session=session, capacity=value, reserved=0, by=CLOCK, now=NOW)
    elif step == "quota":
        set_quota(programme=session.programme, organisation=None, seats=value, released_on=None, by=CLOCK, now=NOW)
    elif step == "lapse":
        Place.objects.filter(session=session, state=PlaceState.OFFERED).update(offered_until=NOW - timedelta(hours=1))
        lapse_offers(now=NOW)


def _stage(offers: bool):
    programme = a_programme()
    second = OrganisationFactory()
    PartnerFactory(programme=programme, organisation=second)
    profession, people = ProfessionFactory(), []
    for number in range(PEOPLE):
        if number % 2:
            person = PersonFactory()
            AffiliationFactory(person=person, organisation=second, profession=profession)
        else:
            person = a_practitioner(programme, profession=profession)
        people.append(person)
    if offers:
        BookingRules.objects.create(programme=programme, offer_days=365)
    return a_session(programme, capacity=2), people


def _standing(session, people):
    number = {person.pk: at for at, person in enumerate(people)}
    live = Place.objects.live().filter(session=session)
    booked = {number[pk] for pk in live.filter(state=PlaceState.BOOKED).values_list("person", flat=True)}
    offered = {number[pk] for pk in live.filter(state=PlaceState.OFFERED).values_list("person", flat=True)}
    line = Place.objects.in_line().filter(session=session).values_list("person", flat=True)
    return booked, offered, [number[pk] for pk in line]


def _first_difference(offers: bool, steps: list[tuple[str, int]]) -> tuple | None:
    """Do ``steps`` to the model and to the real thing; return where they first differ, None where they never do."""
    session, people = _stage(offers)
    model = Model(offers)
    for step, value in steps:
        model.do(step, value, lapsing=_in_order_of_places(session, people, model.offered))
        _do(session, people, step, value)
        wanted, found = (model.booked, model.offered, model.waiting), _standing(session, people)
        if found != wanted:
            return step, value, found, wanted
    return None


@pytest.mark.django_db
@settings(
    max_examples=int(os.environ.get("LINE_EXAMPLES", "8")), deadline=None, suppress_health_check=list(HealthCheck)
)
@given(offers=st.booleans(), steps=STEPS)
def test_the_line_does_what_the_model_says(offers, steps):
    """``script/prove line_model`` tries hundreds."""
    assert _first_difference(offers, steps) is None
    assert [(check.promise, found) for check, found in findings() if found] == []


FILLED = [("take", who) for who in range(5)]
CONTROLS = {
    "the last first": ("in_line", lambda rows: rows.filter(state="waiting").order_by("-number_in_line"), FILLED),
    "a team of singles": ("_groups", lambda line: [[place] for place in line], [*FILLED[:2], ("all of us", 4)]),
    "a quota for nobody": (
        "room_of",
        lambda shares, organisation, most: most,
        [("quota", 1), ("take", 0), ("take", 2), ("take", 4)],
    ),
}
"""What is taken out of the real thing, and the steps after which one who has a seat gives it up."""


@pytest.mark.django_db
@pytest.mark.parametrize("control", CONTROLS)
def test_the_model_finds_a_line_that_does_otherwise(monkeypatch, control):
    """The control: the same steps are done alike before."""
    name, other, steps = CONTROLS[control]
    steps = [*steps, ("give up", 0)]
    assert _first_difference(False, steps) is None
    where = {"in_line": PlaceQuerySet, "_groups": line, "room_of": shares.Shares}[name]
    monkeypatch.setattr(where, name, other)
    assert _first_difference(False, steps) is not None


def _in_order_of_places(session, people, offered: set) -> list[int]:
    """Return ``offered`` as the clock ends them: all are due at once, then by place."""
    number = {person.pk: at for at, person in enumerate(people)}
    live = Place.objects.live().filter(session=session, state=PlaceState.OFFERED).order_by("pk")
    return [number[pk] for pk in live.values_list("person", flat=True) if number[pk] in offered]
