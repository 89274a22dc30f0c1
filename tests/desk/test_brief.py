"""The brief of a senior manager before the day, from the link of their request."""

from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.links import address_of
from accounts.models import PersonalLink
from attendance.models import CoverState, SeniorAttendance
from commitments.actions.questions import open_question
from commitments.models import AskedAs
from history.actions import key_of
from tests.attendance.places import a_place, a_practitioner
from tests.cast import NOW
from tests.desk.county import ask, make_county
from tests.desk.test_session import promise_at

pytestmark = pytest.mark.django_db


@pytest.fixture
def county(time_machine):
    time_machine.move_to(NOW)
    return make_county()


def own_request(county) -> SeniorAttendance:
    return SeniorAttendance.objects.get(person=county.cast.senior, session=county.cast.session)


def brief(client, county):
    """Return the page as its senior manager gets it from the mailed link."""
    own = own_request(county)
    link = PersonalLink.objects.get(purpose="cover", about=key_of(own), person=own.person)
    assert client.get(urlsplit(address_of(link)).path).status_code == 302
    return client.get(reverse("desk:brief-show", args=[link.pk]))


def test_it_says_who_comes_from_where_without_a_name(client, county):
    page = brief(client, county)
    found = page.context["brief"]
    assert (found.taken, found.organisations) == (1, [(county.place.organisation.name, 1)])
    assert county.place.person.name not in page.content.decode()


def test_it_says_what_is_open_and_never_who_asked(client, county):
    asked = ask(county.cast, "Where is the door?", session=county.cast.session, asked_as=AskedAs.NAME)
    page = brief(client, county)
    assert set(page.context["brief"].questions) == {asked, county.commissioned}
    for asker in asked.askers.all():
        assert asker.person.name not in page.content.decode()


def test_it_says_what_was_promised_and_not_what_was_only_noted(client, county):
    noted = promise_at(county, county.cast.session)
    page = brief(client, county)
    assert county.given in page.context["brief"].assurances
    assert (noted in page.context["brief"].assurances) == (noted.state != "noted")
    assert county.noted not in page.context["brief"].assurances


def test_it_is_reached_from_the_request_and_gone_once_declined(client, county):
    page = brief(client, county)
    request = client.get(page.request["PATH_INFO"].removesuffix("brief/")).content.decode()
    assert page.request["PATH_INFO"] in request
    SeniorAttendance.objects.update(state=CoverState.APOLOGIES, answered_at=NOW)
    assert client.get(page.request["PATH_INFO"]).status_code == 404


def test_more_rows_need_no_more_queries(client, county):
    page = brief(client, county)

    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as caught:
            client.get(page.request["PATH_INFO"])
        return len(caught)

    before = queries()
    for number in range(3):
        a_place(county.cast.session, a_practitioner(county.cast.programme))
        open_question(
            question=ask(county.cast, f"And {number}?", session=county.cast.session),
            by=county.cast.coordinator,
            now=NOW,
        )
    assert queries() == before
