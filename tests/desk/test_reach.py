from datetime import date

import pytest

from attendance.models import Attendance, Invitation, Outcome, PlaceState, WalkIn
from desk.queries.reach import Reach, reach_of
from tests.attendance.places import a_place, a_practitioner, a_programme, a_session, another_day, partner_of
from tests.briefings.factories import NOW, PartnerFactory
from tests.organisations.factories import (
    AffiliationFactory,
    AreaFactory,
    HeadCountFactory,
    OrganisationFactory,
    PersonFactory,
    ProfessionFactory,
)

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 23)


def attend(session, person, outcome=Outcome.ATTENDED):
    place = a_place(session, person)
    return Attendance.objects.create(
        session=session, place=place, person=person, organisation=place.organisation, outcome=outcome, noted_at=NOW
    )


def walk_in(session, organisation, person=None):
    made = WalkIn.objects.create(
        session=session, name="Walker", organisation=organisation, person=person, made_at=NOW, made_by="x"
    )
    return Attendance.objects.create(
        session=session, walk_in=made, person=person, organisation=organisation, outcome=Outcome.ATTENDED, noted_at=NOW
    )


def test_everybody_counts_once_as_the_first_that_holds():
    programme = a_programme()
    session, later = a_session(programme, capacity=20), another_day(programme, capacity=20)
    people = [a_practitioner(programme) for _ in range(7)]
    Invitation.objects.bulk_create(Invitation(programme=programme, person=each, invited_at=NOW) for each in people[:6])
    attend(session, people[0])
    attend(session, people[1], Outcome.IN_PART)
    walk_in(session, partner_of(programme), people[2])
    a_place(later, people[3])
    excused = attend(session, people[4], Outcome.EXCUSED)
    excused.place.missed_at = NOW
    excused.place.save(update_fields=["missed_at"])
    walk_in(session, partner_of(programme))
    found = reach_of(programme, TODAY)
    name = partner_of(programme).name
    assert found.rows == [Reach(name, named=7, attended=3, walked_in=1, booked=1, excused=1, invited=1)]
    assert (found.total.eligible, found.total.never, found.unmatched) == (7, 1, 1)


def test_a_place_given_up_is_none_and_others_programmes_do_not_count():
    programme, other = a_programme(), a_programme()
    person = a_practitioner(programme)
    AffiliationFactory(person=person, organisation=partner_of(other))
    place = a_place(a_session(programme), person)
    place.state, place.closed_at, place.limit_key = PlaceState.GIVEN_UP, NOW, None
    place.save()
    assert reach_of(programme, TODAY).total.booked == 0
    attend(another_day(other), person)
    assert (reach_of(programme, TODAY).total.attended, reach_of(other, TODAY).total.attended) == (0, 1)


def test_who_is_eligible_twice_counts_where_they_were_known_first():
    programme = a_programme()
    person = a_practitioner(programme)
    second = OrganisationFactory(name="AA second")
    PartnerFactory(programme=programme, organisation=second)
    AffiliationFactory(person=person, organisation=second)
    found = reach_of(programme, TODAY)
    assert [(row.name, row.named) for row in found.rows] == [("AA second", 0), (partner_of(programme).name, 1)]


def test_a_head_count_is_the_denominator_where_it_is_larger_than_the_list():
    programme = a_programme()
    organisation = partner_of(programme)
    a_practitioner(programme)
    area, profession, teller = AreaFactory(), ProfessionFactory(), PersonFactory(name="Ruth Inventar")
    counts = {"organisation": organisation, "area": area, "profession": profession, "said_by": teller}
    HeadCountFactory(**counts, number=90, counted_on=date(2026, 9, 1))
    HeadCountFactory(**counts, number=40, counted_on=date(2026, 10, 1))
    HeadCountFactory(**counts | {"area": AreaFactory()}, number=6, counted_on=date(2026, 9, 1))
    found = reach_of(programme, TODAY)
    assert (found.rows[0].eligible, found.rows[0].never, found.named, found.by_list) == (46, 46, 0, 0)
    assert found.head_counts == [(organisation.name, 46, date(2026, 10, 1), "Ruth Inventar")]
    assert found.total.eligible == 46


def test_a_head_count_outside_the_scope_and_a_smaller_one_change_nothing():
    area, profession = AreaFactory(), ProfessionFactory()
    programme = a_programme(areas=[area], professions=[profession])
    for _ in range(2):
        a_practitioner(programme, areas=[area], profession=profession)
    organisation = partner_of(programme)
    HeadCountFactory(organisation=organisation, area=area, profession=profession, number=1)
    HeadCountFactory(organisation=organisation, number=500)
    found = reach_of(programme, TODAY)
    assert (found.total.eligible, found.head_counts, found.by_list) == (2, [], 1)


def test_a_programme_without_a_scope_reaches_nobody():
    programme = a_programme(areas=[], professions=[])
    a_practitioner(programme)
    found = reach_of(programme, TODAY)
    assert (found.total.eligible, len(found.rows)) == (0, 1)
