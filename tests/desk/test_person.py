from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from attendance.models import Attendance, Invitation, Outcome
from briefings.models import PlacesRule, Programme
from commitments.models import AskedAs
from history.actions import look
from history.models import Look
from messaging.models import Message
from tests.attendance.places import a_place
from tests.cast import NOW, a_session
from tests.desk.county import ask, make_county
from tests.organisations.factories import AffiliationFactory, OrganisationFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def county(time_machine):
    time_machine.move_to(NOW)
    return make_county()


def page_of(client, by, person):
    client.force_login(by)
    return client.get(reverse("desk:person-show", args=[person.pk]))


def test_a_coordinator_sees_what_somebody_has_to_do_with_the_programme(county, client):
    cast, person = county.cast, county.cast.practitioner
    Invitation.objects.create(programme=cast.programme, person=person, invited_at=NOW)
    Attendance.objects.create(
        session=cast.session, place=county.place, person=person, organisation=cast.organisation,
        outcome=Outcome.ATTENDED, noted_at=NOW,
    )  # fmt: skip
    known = page_of(client, cast.coordinator, person).context["known"]
    assert [tie.organisation for tie in known.affiliations] == [cast.organisation]
    assert [(place, place.day) for place in known.places] == [(county.place, "Attended")]
    assert [each.programme for each in known.invitations] == [cast.programme]
    assert {asker.question for asker in known.questions} == {county.raised, county.commissioned}
    assert known.looks is None
    assert Look.objects.filter(page="desk:person-show").count() == 1


def test_a_pseudonym_never_stands_beside_a_name(county, client):
    question = ask(county.cast, "Is my own plan shared?", asked_as=AskedAs.PSEUDONYM)
    for by in (county.cast.coordinator, county.cast.administrator):
        response = page_of(client, by, county.cast.practitioner)
        assert question not in [asker.question for asker in response.context["known"].questions]
        assert "Is my own plan shared?" not in response.content.decode()
        assert not [mail for mail in response.context["known"].messages if mail.kind.startswith("commitments.question")]


def test_other_programmes_stay_with_their_coordinators(county, client):
    cast, person = county.cast, county.cast.practitioner
    AffiliationFactory(person=person, organisation=cast.other_organisation)
    elsewhere = a_place(a_session(cast.other_programme, date=date(2026, 12, 8)), person)
    assert list(page_of(client, cast.coordinator, person).context["known"].places) == [county.place]
    assert list(page_of(client, cast.other, person).context["known"].places) == [elsewhere]


def test_a_lead_sees_the_own_organisation_alone(county, client):
    cast, person = county.cast, county.cast.practitioner
    AffiliationFactory(person=person, organisation=OrganisationFactory())
    known = page_of(client, cast.lead, person).context["known"]
    assert [tie.organisation for tie in known.affiliations] == [cast.organisation]
    assert (known.places, known.questions, known.messages, known.looks) == ([county.place], [], [], None)


def test_an_administrator_sees_who_looked_and_which_messages_went_out(county, client):
    look(by=county.cast.facilitator, at=county.cast.practitioner, page="x:y-z", now=NOW)
    known = page_of(client, county.cast.administrator, county.cast.practitioner).context["known"]
    assert ("x:y-z", "facilitator Castmember") in [(seen.page, who) for seen, who in known.looks]
    assert Message.objects.get(state="given_up") in known.messages


def test_nobody_else_and_no_wild_number(county, client):
    assert page_of(client, county.cast.practitioner, county.cast.practitioner).status_code == 404
    client.force_login(county.cast.coordinator)
    assert client.get(reverse("desk:person-show", args=[2**70])).status_code == 404


def test_more_rows_need_no_more_queries(county, client):
    def count() -> int:
        with CaptureQueriesContext(connection) as found:
            page_of(client, county.cast.coordinator, county.cast.practitioner)
        return len(found)

    count()  # signing in and who looked first cost more
    one = count()
    Programme.objects.update(places_rule=PlacesRule.UNLIMITED)
    for number in range(3):
        ask(county.cast, f"And {number}?")
        AffiliationFactory(person=county.cast.practitioner)
        a_place(a_session(county.cast.programme, date=date(2026, 12, number + 1)), county.cast.practitioner)
    assert count() == one
