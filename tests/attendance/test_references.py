"""A reference that is drawn and belongs to another place already is drawn again: nobody's press fails by it."""

import secrets

import pytest

from attendance.actions.handovers import ask_colleague, take_over
from attendance.actions.places import give_up_place
from attendance.actions.swaps import change_place
from attendance.actions.teams import book_team
from attendance.models import CalendarEntry, Place, PlaceState, SeatCount, TeamRule
from attendance.models.places import REFERENCE_LETTERS, new_reference
from messaging.models import Message
from tests.attendance.places import NOW, a_place, a_practitioner, a_programme, a_session, another_day, partner_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def programme():
    return a_programme()


@pytest.fixture
def taken(programme):
    """A place in another session, whose reference others will draw."""
    return a_place(another_day(programme))


@pytest.fixture
def drawn(monkeypatch, taken):
    """Let that reference be drawn first, twice in a row, and then others; return what was drawn."""
    number = 0
    for letter in reversed(taken.reference.partition("-")[2]):
        number = number * len(REFERENCE_LETTERS) + REFERENCE_LETTERS.index(letter)
    numbers, real = [number, number], secrets.randbelow
    found = []

    def draw(below):
        found.append(numbers.pop() if numbers else real(below))
        return found[-1]

    monkeypatch.setattr("attendance.models.places.secrets.randbelow", draw)
    return found


def _is_new(place, taken, drawn):
    assert drawn[0] == drawn[1]  # it was drawn
    return Place.objects.get(pk=place.pk).reference != taken.reference


def test_who_takes_a_seat_gets_another_one_with_all_that_goes_with_it(programme, taken, drawn):
    session = a_session(programme, capacity=1)
    place = a_place(session)
    assert _is_new(place, taken, drawn)
    assert (place.state, SeatCount.objects.get(session=session).taken) == (PlaceState.BOOKED, 1)
    assert CalendarEntry.objects.get(person=place.person, session=session).sequence == 0
    assert Message.objects.filter(person=place.person).count() == 1
    assert Place.objects.get(pk=place.pk).link.about == f"attendance.place:{place.pk}"


def test_who_waits_gets_another_one_and_the_next_number(programme, taken, request):
    session = a_session(programme, capacity=1)
    a_place(session)
    drawn = request.getfixturevalue("drawn")
    place = a_place(session)
    assert _is_new(place, taken, drawn)
    assert (place.state, place.number_in_line) == (PlaceState.WAITING, 1)
    assert SeatCount.objects.get(session=session).last_in_line == 1


def test_who_books_again_keeps_the_entry_of_before_with_a_higher_number(programme, taken, request):
    session = a_session(programme)
    place = a_place(session)
    give_up_place(place=place, by=place.person, now=NOW)
    drawn = request.getfixturevalue("drawn")
    again = a_place(session, place.person)
    assert _is_new(again, taken, drawn)
    entry = CalendarEntry.objects.get(person=place.person, session=session)
    assert (entry.sequence, entry.is_cancelled) == (2, False)


def test_who_changes_the_date_gets_another_one(programme, taken, request):
    session = a_session(programme)
    place = a_place(session)
    drawn = request.getfixturevalue("drawn")
    assert _is_new(change_place(place=place, to=taken.session, by=place.person, now=NOW), taken, drawn)


def test_a_colleague_who_takes_over_gets_another_one(programme, taken, request):
    place, colleague = a_place(a_session(programme)), a_practitioner(programme)
    asked = ask_colleague(place=place, email=colleague.email, by=place.person, now=NOW)
    drawn = request.getfixturevalue("drawn")
    assert _is_new(take_over(handover=asked, by=colleague, now=NOW), taken, drawn)


def test_places_of_a_team_without_a_name_get_others(programme, taken, drawn):
    lead, session = a_practitioner(programme), a_session(programme)
    team = book_team(
        session=session, organisation=partner_of(programme), people=[], unnamed=2, rule=TeamRule.ALL,
        names_until=session.date, press="7d0ad0f0-5c2b-4a3c-9a6e-0f5c7a4f0a01", by=lead, now=NOW,
    )  # fmt: skip
    assert all(_is_new(place, taken, drawn) for place in team.places.all())
    assert team.places.count() == 2


def test_only_a_reference_that_is_taken_is_drawn_again(programme, taken):
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("attendance.models.places.secrets.randbelow", lambda below: 0)
        assert new_reference(programme, among=Place) == "WV-222222"
