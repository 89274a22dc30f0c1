"""The waiting list against a model that fits on half a page: who sits, who has an offer, who waits in which order."""

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from attendance.actions.places import FewerSeatsThanTaken, accept_offer, change_seats, give_up_place, take_place
from attendance.actions.policies import set_quota
from attendance.actions.reminders import lapse_offers
from attendance.invariants import findings
from attendance.models import BookingRules, Place, PlaceState
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
    ),
    min_size=4,
    max_size=16,
)


@dataclass
class Model:
    """One session: people are numbers, those of one organisation are the even ones."""

    offers: bool
    capacity: int = 2
    quota: int = 99
    booked: set = field(default_factory=set)
    offered: set = field(default_factory=set)
    line: list = field(default_factory=list)

    def fits(self, who: int) -> bool:
        seated = self.booked | self.offered
        return len(seated) < self.capacity and sum(each % 2 == who % 2 for each in seated) < self.quota

    def move_up(self) -> None:
        for who in list(self.line):
            if self.fits(who):
                self.line.remove(who)
                (self.offered if self.offers else self.booked).add(who)

    def do(self, step: str, value: int, lapsing: list[int]) -> None:
        if step == "take" and value not in self.booked | self.offered and value not in self.line:
            self.booked.add(value) if self.fits(value) else self.line.append(value)
        elif step == "give up":
            self.booked.discard(value)
            self.offered.discard(value)
            self.line = [who for who in self.line if who != value]
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


def _do(session, people, step: str, value: int) -> None:
    """Do the same to the real thing."""
    place = Place.objects.live().filter(session=session, person=people[value % PEOPLE]).first()
    if step == "take":
        take_place(session=session, person=people[value], by=people[value], now=NOW)
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


@pytest.mark.django_db
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(offers=st.booleans(), steps=STEPS)
def test_the_line_does_what_the_model_says(offers, steps):
    session, people = _stage(offers)
    model = Model(offers)
    for step, value in steps:
        model.do(step, value, lapsing=_in_order_of_places(session, people, model.offered))
        _do(session, people, step, value)
        assert _standing(session, people) == (model.booked, model.offered, model.line), (steps, step, value)
    assert [(check.promise, found) for check, found in findings() if found] == []


def _in_order_of_places(session, people, offered: set) -> list[int]:
    """Return ``offered`` as the clock ends them: all are due at once, then by place."""
    number = {person.pk: at for at, person in enumerate(people)}
    live = Place.objects.live().filter(session=session, state=PlaceState.OFFERED).order_by("pk")
    return [number[pk] for pk in live.values_list("person", flat=True) if number[pk] in offered]
