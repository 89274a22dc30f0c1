"""The day in figures: each number on its own, and the quarter of Leicester, Leicestershire and Rutland by hand."""

from datetime import date, timedelta
from itertools import count
from uuid import uuid4

import pytest
import time_machine

from attendance.models import Attendance, Place, PlaceState, SeatCount
from attendance.queries.figures import Figures, figures_of
from briefings.models import Session, SessionState
from organisations.models import Affiliation
from tests.attendance.inviting import a_place
from tests.attendance.places import a_practitioner, a_programme, a_session, partner_of
from tests.attendance.registers import a_coordinator, half_way, page_of, press, send, text_of
from tests.organisations.factories import OrganisationFactory, PersonFactory

pytestmark = pytest.mark.django_db
SIZES = [40, 40, 40, 40, 40, 40, 40, 40, 40, 33]
"""Ten sessions with 393 places."""


def test_nothing_counts_nothing_and_has_no_rate():
    figures = figures_of(Session.objects.all())
    assert (figures, figures.of_places, figures.of_bookings) == (Figures(), None, None)


@pytest.mark.parametrize(
    ("figures", "of_places", "of_bookings"),
    [
        (Figures(places=8, bookings=4, with_place=1), 13, 25),
        (Figures(places=0, bookings=2, with_place=2, walked_in=1), None, 150),
        (Figures(places=200, bookings=0, walked_in=1), 1, None),
    ],
)
def test_rates_round_as_people_do(figures, of_places, of_bookings):
    assert (figures.of_places, figures.of_bookings) == (of_places, of_bookings)


def test_what_counts_as_a_booking():
    session = a_session(capacity=10)
    states = [PlaceState.BOOKED, PlaceState.OFFERED, PlaceState.WAITING]
    for state in states:
        a_place(a_practitioner(session.programme), session, state=state)
    for number, reason in enumerate(["given_up", "changed_date", "substituted", "not_named"]):
        row = a_place(a_practitioner(session.programme), session, state=PlaceState.BOOKED)
        columns = {"closed_at": row.made_at + timedelta(days=number), "closed_reason": reason}
        Place.objects.filter(pk=row.pk).update(state=PlaceState.GIVEN_UP, **columns)
    assert figures_of([session]) == Figures(places=10, bookings=3, given_up=1)


def test_a_session_in_draft_or_cancelled_does_not_count():
    for state in (SessionState.DRAFT, SessionState.CANCELLED):
        a_place(an_eligible(), a_session(state=state), state=PlaceState.BOOKED)
    assert figures_of(Session.objects.all()) == Figures()


def an_eligible():
    return a_practitioner(a_programme())


def a_quarter() -> list[Session]:
    """Ten sessions with 393 places and 318 bookings, 29 of them given up before the day; no register kept yet."""
    programme = a_programme()
    days = (date(2026, 11, 26) + timedelta(days=number) for number in count())
    sessions = [a_session(programme, capacity=size, date=next(days)) for size in SIZES]
    people = [PersonFactory() for _ in range(318)]
    partner = partner_of(programme)
    Affiliation.objects.bulk_create(
        Affiliation(person=person, organisation=partner, since=date(2026, 1, 1)) for person in people
    )
    booked_at = sessions[0].during.lower - timedelta(days=20)
    Place.objects.bulk_create(
        Place(
            session=sessions[number % 10], person=person, organisation=partner, reference=f"LLR-{number}",
            made_at=booked_at, made_by="clock", seated_at=booked_at,
            **({"state": PlaceState.GIVEN_UP, "closed_at": booked_at} if number < 29 else {"state": PlaceState.BOOKED}),
        )
        for number, person in enumerate(people)
    )  # fmt: skip
    for session in sessions:
        taken = session.places.filter(state=PlaceState.BOOKED).count()
        SeatCount.objects.filter(session=session).update(taken=taken)
    return sessions


def test_the_quarter_through_the_pages(client):
    sessions = a_quarter()
    coordinator = a_coordinator(sessions[0])
    police = OrganisationFactory(name="Wrenshire Police")
    away, unscheduled = 20, 35
    for number, session in enumerate(sessions):
        stay_away, walk_in = away // 10, unscheduled // 10 + (number < unscheduled % 10)
        with time_machine.travel(half_way(session), tick=False):
            client.force_login(coordinator)
            here = list(session.places.filter(state=PlaceState.BOOKED).order_by("pk").values_list("pk", flat=True))
            written = {f"line-{n}-name": f"Walker {number} {n}" for n in range(1, walk_in + 1)}
            written |= {f"line-{n}-organisation": police.pk for n in range(1, walk_in + 1)}
            typed = {"press": uuid4(), "came": here[stay_away:], **written}
            assert send(client, session, "type-in", typed).status_code == 302
            assert send(client, session, "close").status_code == 302
    figures = figures_of(Session.objects.filter(programme=sessions[0].programme))
    assert figures == Figures(places=393, bookings=318, given_up=29, absent=20, excused=0, with_place=269, walked_in=35)
    assert (figures.attended, figures.of_places, figures.of_bookings) == (304, 77, 96)


def test_figures_cost_the_same_for_many(django_assert_num_queries):
    session = a_session()
    for _ in range(3):
        a_place(an_eligible(), session, state=PlaceState.BOOKED)
    with django_assert_num_queries(1):
        figures_of(Session.objects.all())


def test_a_register_of_three_hundred_costs_what_one_of_three_does(client, django_assert_max_num_queries):
    first, *others = a_quarter()
    Place.objects.filter(session__in=others).update(session=first)
    with time_machine.travel(half_way(first), tick=False):
        client.force_login(a_coordinator(first))
        press(client, first, first.places.filter(state=PlaceState.BOOKED).first())
        with django_assert_max_num_queries(13):
            page = page_of(client, first)
        assert "1 of 289 is here" in text_of(page)
        assert "Not marked yet (288)" in text_of(page)
        with django_assert_max_num_queries(13):
            page_of(client, first, find="samplewood", left=1)
        with django_assert_max_num_queries(6):
            page_of(client, first, "sheet")
    assert Attendance.objects.count() == 1
