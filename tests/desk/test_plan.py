"""Stages on the overview and the home page: what is late, who is not addressed, what waits for its owner."""

from datetime import date, timedelta

import pytest
import time_machine
from django.urls import reverse

from communications.actions.plan import fulfil_item
from tests.briefings.factories import SessionFactory
from tests.commitments.pages import signed_in, words
from tests.communications.plans import NOW, TODAY, Plan
from tests.organisations.factories import AffiliationFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def plan():
    return Plan()


def overview(plan, person=None) -> str:
    return words(signed_in(person or plan.coordinator).get(reverse("desk:programme-show", args=["plan"])))


def test_the_overview_says_who_is_not_addressed_in_the_stage_and_what_is_late(plan):
    assert "Stage: Pilot" in overview(plan)
    assert "2 of 2 audiences not addressed in pilot , 2 of them not in the plan either" in overview(plan)
    plan.item(due=TODAY - timedelta(days=1))
    page = overview(plan)
    assert "1 thing to be told is late." in page
    assert "One thing to be told is late" in page
    assert "all in the plan" in page


def test_a_programme_without_stages_is_not_heavy(plan):
    plan.programme.stages.all().delete()
    page = overview(plan)
    assert "This programme has no stages yet" in page
    assert "audiences" not in page


def test_the_home_page_says_what_its_owner_is_to_tell(plan):
    late = plan.item(words="What was decided", due=date(2026, 10, 30))
    plan.item(words="What comes soon", due=date(2026, 11, 10))
    plan.item(words="What comes later", due=date(2027, 1, 10))
    on_its_way = plan.item(words="What a session tells", due=date(2026, 11, 12))
    session = SessionFactory(programme=plan.programme, date=date(2026, 11, 12))
    fulfil_item(item=on_its_way, fulfils=session, by=plan.coordinator, now=NOW)
    response = signed_in(plan.presenter).get("/")
    page = words(response)
    assert "To be told" in page
    assert page.index("What was decided") < page.index("What comes soon")
    assert "Was due on 30 October 2026" in page
    assert "What comes later" not in page
    assert "What a session tells" not in page
    assert f"/plan/stages/{plan.pilot.pk}/#item-{late.pk}" in response.content.decode()


def test_an_owner_without_a_role_gets_to_their_own_link(plan):
    person = AffiliationFactory(organisation=plan.trust).person
    item = plan.item(owner=person, due=TODAY)
    client = signed_in(person)
    assert f'href="/links/{item.link_id}/"' in client.get("/").content.decode()
    assert "What changes on the first day" in words(client.get(f"/links/{item.link_id}/", follow=True))
