"""When senior managers can come: asking, the grid, patterns, and what the proposal makes of it."""

from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlencode, urlsplit
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.urls import reverse

from accounts.links import address_of
from accounts.models import PersonalLink
from attendance import weeks
from attendance.actions import availability, cover
from attendance.messages.availability import ASKED_WHEN, not_wanted
from attendance.messages.cover import APOLOGIES
from attendance.models import Availability, CoverState, SeniorAttendance
from attendance.queries.availability import diary_of
from attendance.views import cover_proposal
from briefings.models import Assistant, CoverRule, SessionState
from history.actions import key_of
from tests.attendance.places import a_session, another_day
from tests.attendance.test_cover import Cast, mails, said
from tests.attendance.test_cover_pages import opened
from tests.briefings.factories import NOW, PartnerFactory, SessionFactory
from tests.organisations.factories import OrganisationFactory, PersonFactory

pytestmark = pytest.mark.django_db
TUESDAY = date(2026, 11, 3)


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def cast():
    return Cast()


def page_of(client, cast, person=None) -> str:
    """Ask when the senior can come and open the link; return the address of the page."""
    availability.ask_availability(mandates=[cast.mandate], by=cast.coordinator, now=NOW)
    link = PersonalLink.objects.get(purpose="availability", person=person or cast.senior)
    return client.get(urlsplit(address_of(link)).path).url


def said_of(cast) -> dict:
    return {(row.date, row.slot): row.can for row in Availability.objects.filter(person=cast.senior)}


def test_one_mail_a_day_with_one_link(cast):
    for _ in range(2):
        availability.ask_availability(mandates=[cast.mandate], by=cast.coordinator, now=NOW)
    (mail,) = mails(ASKED_WHEN)
    assert said(mail).text.count("/when/") == 1
    assert not_wanted([mail], NOW) == {}
    cast.mandate.until = NOW.date()
    cast.mandate.save()
    assert not_wanted([mail], NOW) == {mail.pk: "mandate_ended"}


def test_an_assistant_says_it_for_somebody(client, cast):
    assistant = PersonFactory()
    Assistant.objects.create(programme=cast.programme, senior=cast.senior, person=assistant, since=date(2026, 1, 1))
    cast.coming()
    page = page_of(client, cast, assistant)
    html = client.get(page).content.decode()
    assert f"When can {cast.senior.name} come?" in html
    assert "Thursday 26 November, morning, they come to a session" in html
    assert client.post(page, {"do": "not-1"}).status_code == 302
    assert Availability.objects.filter(said_by=f"accounts.person:{assistant.pk}").exists()
    assert (
        "They are then asked only when they can"
        in said(next(m for m in mails(ASKED_WHEN) if m.person == assistant)).text
    )


def test_a_mandate_begins_with_the_day_where_people_are(cast):
    """Half an hour after midnight in summer it is still yesterday in UTC."""
    begun = datetime(2026, 7, 1, 0, 30, tzinfo=ZoneInfo("Europe/London"))
    mandate = cast.a_mandate(since=begun.date())
    answers = {(date(2026, 7, 2), "morning"): False}
    assert availability.say_when(mandate=mandate, answers=answers, by=mandate.person, now=begun.astimezone(UTC)) == 1


def test_nobody_else_says_it(cast):
    with pytest.raises(availability.NotYourDiary):
        availability.say_when(mandate=cast.mandate, answers={}, by=cast.deputy.person, now=NOW)
    cast.mandate.until = NOW.date()
    cast.mandate.save()
    with pytest.raises(availability.MandateEnded):
        availability.say_when(mandate=cast.mandate, answers={}, by=cast.senior, now=NOW)


def test_looking_changes_nothing_and_everything_is_ticked_at_first(client, cast):
    SessionFactory(programme=cast.programme, date=date(2026, 11, 25), state=SessionState.DRAFT)
    page = page_of(client, cast)
    html = client.get(page).content.decode()
    assert Availability.objects.count() == 0
    assert html.count(" checked") == html.count('name="can"') > 50
    assert "Weeks that were never saved" in html
    assert "Thursday 26 November, morning, a session is planned" in html
    assert "Wednesday 25 November, morning, a session is planned" in html  # in draft: it is covered before it opens


def test_saving_keeps_each_half_day_of_the_weeks_shown(client, cast):
    page = page_of(client, cast)
    answer = client.post(page, {"do": "save", "can": ["2026-11-03:morning"]}, follow=True)
    assert "Saved. You can change it here" in answer.content.decode()
    found = said_of(cast)
    assert [half for half, can in found.items() if can] == [(TUESDAY, "morning")]
    assert (min(found)[0], len({day.isocalendar().week for day, _ in found})) == (NOW.date(), 6)
    assert answer.content.decode().count(" checked") == 1


def test_tuesdays_not_is_one_press_for_every_week(client, cast):
    page = page_of(client, cast)
    shown = [f"{day:%Y-%m-%d}:{slot}" for day, slot in weeks.halves_between(NOW.date(), date(2026, 12, 11))]
    html = client.post(page, {"do": "not-1", "can": shown}, follow=True).content.decode()
    assert "Saved: Tuesdays not, every week until 3 May 2027" in html
    assert "Tuesdays again" in html
    tuesdays = {half: can for half, can in said_of(cast).items() if half[0].weekday() == 1}
    assert (len(tuesdays), set(tuesdays.values())) == (52, {False})
    client.post(page, {"do": "can-1", "can": shown})
    assert {can for half, can in said_of(cast).items() if half[0].weekday() == 1} == {True}


@pytest.mark.parametrize("data", [{}, {"do": "not-9"}, {"do": "save", "can": ["2026-01-01:morning", "\x00"]}])
def test_what_cannot_be_read_changes_nothing(client, cast, data):
    page = page_of(client, cast)
    answer = client.post(page, data)
    assert (answer.status_code, Availability.objects.count()) == (422, 0)
    assert "There is a problem" in answer.content.decode()


def test_the_page_costs_the_same_and_stays_in_its_time(client, cast, django_assert_max_num_queries):
    page = page_of(client, cast)
    for first in ("", "2027-03-01", "9999-12-31", "0001-01-01", "nonsense"):
        with django_assert_max_num_queries(6):
            assert client.get(page, {"from": first}).status_code == 200


def test_bank_holidays_and_the_end_of_the_mandate_cannot_be_ticked(client, cast):
    cast.mandate.until = date(2026, 12, 30)
    cast.mandate.save()
    html = client.get(page_of(client, cast), {"from": "2026-12-21"}).content.decode()
    assert 'value="2026-12-24:morning"' in html
    assert 'value="2026-12-29:morning"' in html
    for day in ("2026-12-25", "2026-12-28", "2026-12-30"):
        assert f'value="{day}:morning"' not in html


@pytest.mark.parametrize(("days", "begins"), [(4, "2 November"), (5, "9 November"), (6, "9 November")])
def test_at_a_weekend_the_page_begins_with_the_coming_week(client, cast, days, begins):
    page = page_of(client, cast)
    monday = datetime(2026, 11, 2, 9, tzinfo=UTC)
    with time_machine.travel(monday + timedelta(days=days), tick=False):
        client.get(urlsplit(address_of(PersonalLink.objects.get(purpose="availability"))).path)
        html = client.get(page).content.decode()
    assert f"Week of {begins}" in html
    assert ("Week of 2 November" in html) == (days == 4)
    assert "Earlier weeks" not in html


def test_a_week_of_holidays_alone_is_not_begun_with(cast):
    cast.programme.nation = "scotland"
    cast.programme.save()
    cast.mandate.programme.refresh_from_db()
    found = diary_of(cast.mandate, date(2026, 12, 31), date(2027, 1, 1))
    assert found.weeks[0][0] == date(2027, 1, 4)
    assert found.is_first


def test_a_mandate_that_ends_at_a_weekend_shows_its_last_week(cast):
    cast.mandate.until = date(2026, 11, 9)
    found = diary_of(cast.mandate, date(2026, 11, 7), date(2026, 11, 7))
    assert ([monday for monday, _ in found.weeks], found.shown, found.is_first) == ([date(2026, 11, 2)], [], True)


def test_a_request_leads_to_the_page(client, cast):
    path = opened(client, cast.asked())
    answer = client.get(f"{path}when/", follow=True)
    assert "When can you come?" in answer.content.decode()


def test_what_waits_for_an_answer_is_answered_by_an_unticked_half_day(client, cast):
    """Nobody is reminded of what they have said they cannot; a yes stays, and so does what is asked in spite of it."""
    later, third = another_day(cast.programme), a_session(cast.programme, date=date(2026, 12, 10))
    waiting, yes = cast.ask((cast.session, cast.mandate), (later, cast.mandate))
    cover.answer_coming(attendance=yes, by=cast.senior, now=NOW)
    page = page_of(client, cast)
    shown = [f"{day:%Y-%m-%d}:{slot}" for day, slot in weeks.halves_between(NOW.date(), date(2026, 12, 11))]
    assert "Answered with no" not in client.post(page, {"do": "save", "can": shown}, follow=True).content.decode()
    gone = ("2026-11-26:morning", "2026-12-08:afternoon", "2026-12-10:morning")
    without = [half for half in shown if half not in gone]
    html = client.post(page, {"do": "save", "can": without}, follow=True).content.decode()
    assert "Answered with no, because the half-day is unticked: Thursday 26 November 2026, 9:30am to 12:30pm<" in html
    waiting.refresh_from_db()
    yes.refresh_from_db()
    assert (waiting.state, waiting.answered_by) == (CoverState.APOLOGIES, key_of(cast.senior))
    assert yes.state == CoverState.COMING
    assert mails(APOLOGIES)
    (asked,) = cast.ask((third, cast.mandate), now=NOW + timedelta(minutes=1))
    assert not cover.answer_by_diary(person=cast.senior, by=cast.senior, now=NOW + timedelta(minutes=2))
    assert SeniorAttendance.objects.get(pk=asked.pk).state == CoverState.ASKED


def test_who_may_not_answer_answers_nothing_by_a_diary(cast):
    cast.asked()
    answers = {(cast.session.date, cast.session.slot): False}
    availability.say_when(mandate=cast.mandate, answers=answers, by=cast.senior, now=NOW)
    assert cover.answer_by_diary(person=cast.senior, by=PersonFactory(), now=NOW) == []


def test_the_coordinator_sees_who_has_said_nothing(client, cast, django_assert_max_num_queries):
    availability.say_when(mandate=cast.deputy, answers={(TUESDAY, "morning"): True}, by=cast.deputy.person, now=NOW)
    client.force_login(cast.coordinator)
    address = reverse("attendance:availability-ask", args=[cast.programme.slug])
    with django_assert_max_num_queries(10):
        html = client.get(address).content.decode()
    assert "can come in 1 of 1 half-days" in html
    assert html.count("has said nothing yet") == html.count(" checked") == 1
    assert client.post(address, {"seniors": [cast.mandate.pk]}).status_code == 302
    assert [mail.person for mail in mails(ASKED_WHEN)] == [cast.senior]


def test_it_is_forgotten_afterwards(cast):
    for day in (TUESDAY - timedelta(days=40), TUESDAY):
        availability.say_when(mandate=cast.mandate, answers={(day, "morning"): True}, by=cast.senior, now=NOW)
    assert availability.forget_availability(today=NOW.date()) == 1
    assert list(said_of(cast)) == [(TUESDAY, "morning")]


# the proposal


def propose(client, cast, **data):
    client.force_login(cast.coordinator)
    address = reverse("attendance:cover-propose", args=[cast.programme.slug])
    return client.post(address, data) if data else client.get(address)


def cannot(mandate, *sessions):
    answers = {(session.date, session.slot): False for session in sessions}
    availability.say_when(mandate=mandate, answers=answers, by=mandate.person, now=NOW)


def test_the_fewest_requests_are_one_press(client, cast):
    other = another_day(cast.programme)
    cannot(cast.mandate, other)
    cannot(cast.deputy, cast.session)
    html = propose(client, cast).content.decode()
    assert "2 requests to 2 people</strong> meet it at every session to come." in html
    chosen = [f"{cast.session.pk}-{cast.mandate.pk}", f"{other.pk}-{cast.deputy.pk}"]
    assert all(f'value="{each}"' in html for each in chosen)
    assert propose(client, cast, requests=chosen).status_code == 302
    assert "Nobody needs to be asked" in propose(client, cast).content.decode()


def test_it_says_why_the_rule_cannot_be_met(client, cast):
    tuesdays = [a_session(cast.programme, date=date(2026, 12, day)) for day in (1, 8)]
    lonely = OrganisationFactory(name="Lonely Housing")
    PartnerFactory(programme=cast.programme, organisation=lonely)
    for mandate in (cast.mandate, cast.deputy):
        cannot(mandate, *tuesdays)
    html = propose(client, cast).content.decode()
    assert f"{cast.organisation.name} has nobody free on any Tuesday." in html
    assert "Lonely Housing has no senior manager with a mandate." in html
    assert reverse("briefings:mandate-list", args=[cast.programme.slug]) in html
    assert "1 request to 1 person" in html


@pytest.mark.parametrize(
    ("rule", "number", "sentence"),
    [
        (CoverRule.AT_LEAST, 2, "wants 1 more partner than has anybody free: nobody of Zeta Housing can be asked."),
        (CoverRule.SHARE, 100, "nobody free on Thursday 26 November, morning"),
    ],
)
def test_each_rule_has_its_reasons(client, cast, rule, number, sentence):
    PartnerFactory(programme=cast.programme, organisation=OrganisationFactory(name="Zeta Housing"))
    cast.programme.cover_rule, cast.programme.cover_number = rule, number
    cast.programme.save()
    cannot(cast.mandate, cast.session)
    if rule == CoverRule.SHARE:
        cannot(cast.deputy, cast.session)
    assert sentence in propose(client, cast).content.decode()


def test_a_month_and_an_organisation_can_be_chosen(client, cast):
    december = another_day(cast.programme)
    other = PartnerFactory(programme=cast.programme, organisation=OrganisationFactory(name="Zeta Housing")).organisation
    zeta = cast.a_mandate(other)
    client.force_login(cast.coordinator)
    address = reverse("attendance:cover-propose", args=[cast.programme.slug])
    assert "4 requests to 3 people</strong> meet it at every session to come." in client.get(address).content.decode()
    html = client.get(address, {"month": "2026-12"}).content.decode()
    assert "2 requests to 2 people</strong> meet it at every session looked at." in html
    assert f'value="{cast.session.pk}-' not in html
    query = {"month": "2026-12", "organisation": other.pk}
    html = client.get(address, query).content.decode()
    assert f'value="{december.pk}-{zeta.pk}"' in html
    assert "1 request to 1 person" in html
    # What is pressed is what was shown: the filter stays in the address of the form.
    answer = client.post(f"{address}?{urlencode(query)}", {"requests": [f"{december.pk}-{zeta.pk}"]})
    assert answer.status_code == 302
    html = client.get(address, query).content.decode()
    assert "Nobody of this organisation needs to be asked" in html
    assert client.get(address, {"month": "2026-99", "organisation": "x"}).status_code == 200


def test_it_says_how_far_it_looks(client, cast, monkeypatch):
    monkeypatch.setattr(cover_proposal, "MOST", 1)
    another_day(cast.programme)
    html = propose(client, cast).content.decode()
    assert "The first 1 sessions are looked at, 1 later ones are not." in html
    assert "1 request to 1 person</strong> meet it at every session looked at." in html


@pytest.mark.parametrize("sessions", [1, 3])
def test_a_proposal_costs_the_same(client, cast, sessions, django_assert_max_num_queries):
    for number in range(sessions - 1):
        another_day(cast.programme, date=date(2026, 12, 9 + number))
    client.force_login(cast.coordinator)
    address = reverse("attendance:cover-propose", args=[cast.programme.slug])
    with django_assert_max_num_queries(18):
        assert client.get(address).status_code == 200


def test_a_proposal_that_has_changed_meanwhile_is_shown_again(client, cast):
    answer = propose(client, cast, requests=["1-999"])
    assert (answer.status_code, "Something has changed" in answer.content.decode()) == (422, True)
