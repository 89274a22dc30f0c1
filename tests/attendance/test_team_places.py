"""The lead of an organisation books a team, names places later, and nudges who has not booked."""

import re
import uuid
from datetime import UTC, date, datetime, time, timedelta

import pytest
import time_machine
from django.utils import timezone

from accounts.links import make_link, token_of
from accounts.models import Person
from attendance.actions.handovers import ask_colleague
from attendance.actions.needs import set_access_need
from attendance.actions.notices import send_notice
from attendance.actions.places import HasBegun, OutsideWindow, PlaceHasEnded, change_seats, give_up_place
from attendance.actions.policies import set_booking_rules
from attendance.actions.reminders import remind_all
from attendance.actions.replacing import replace_colleague
from attendance.actions.sessions import cancel_session, change_session
from attendance.actions.swaps import change_place
from attendance.actions.teams import (
    NamesAreOver,
    NobodyToBook,
    NotInTheTeam,
    TooManyNames,
    book_team,
    name_places,
    nudge_colleagues,
    release_all_unnamed,
    switch_to_fit,
)
from attendance.invariants import findings
from attendance.models import (
    AccessNeed,
    BookingRules,
    Handover,
    Invitation,
    Place,
    PlaceState,
    Quota,
    SeatCount,
    Team,
    TeamRule,
)
from attendance.queries.booking import position_of
from attendance.queries.figures import figures_of
from attendance.queries.notices import people_to_tell
from attendance.queries.sessions import preview_change
from attendance.views import teams
from briefings.models import PlacesRule, Session
from face.dates import day, day_without_year
from history.actions import CLOCK
from messaging import kinds
from messaging.models import Message
from organisations.models import Affiliation, OrganisationLead
from tests.attendance.places import NOW, a_place, a_practitioner, a_programme, a_session, another_day, fill, partner_of
from tests.attendance.registers import a_coordinator, half_way, page_of, send
from tests.desk.test_reach import walk_in
from tests.organisations.factories import OrganisationFactory, PersonFactory

pytestmark = pytest.mark.django_db
BOOKED, WAITING = PlaceState.BOOKED, PlaceState.WAITING


@pytest.fixture
def programme():
    return a_programme()


def _book(session, people=(), *, unnamed=0, rule=TeamRule.FIT, by=CLOCK, press=None, now=NOW, until=None):
    return book_team(
        session=session, organisation=partner_of(session.programme), people=people, unnamed=unnamed, rule=rule,
        names_until=until or (date(2026, 11, 10) if unnamed else None), press=press or uuid.uuid4(), by=by, now=now,
    )  # fmt: skip


def _states(team):
    return list(Place.objects.filter(team=team).order_by("pk").values_list("state", flat=True))


def _people(programme, number):
    return [a_practitioner(programme) for _ in range(number)]


def _nothing_wrong():
    assert [(check.promise, found) for check, found in findings() if found] == []


def test_as_many_as_fit_are_booked_and_the_rest_wait(programme):
    session, press = a_session(programme, capacity=2), uuid.uuid4()
    people = _people(programme, 3)
    team = _book(session, people, press=press)
    assert _book(session, people, press=press) == team
    assert _states(team) == [BOOKED, BOOKED, WAITING]
    assert Message.objects.filter(person__in=people).count() == 3
    _nothing_wrong()


def test_all_or_nobody_waits_as_one_blocks_nobody_and_moves_up_as_one(programme):
    session = a_session(programme, capacity=2)
    seated = a_place(session)
    team = _book(session, _people(programme, 2), rule=TeamRule.ALL)
    assert _states(team) == [WAITING, WAITING]
    single = a_place(session)
    assert single.state == BOOKED  # the team did not fit, and holds nobody up
    last = a_place(session)
    assert position_of(last) == "3rd of 3"
    give_up_place(place=single, by=single.person, now=NOW)
    last.refresh_from_db()
    assert last.state == BOOKED
    change_seats(session=session, capacity=4, reserved=0, by=CLOCK, now=NOW)
    assert _states(team) == [BOOKED, BOOKED]
    assert seated.state == BOOKED
    _nothing_wrong()


def test_a_team_that_waits_may_take_what_fits(programme):
    session = a_session(programme, capacity=1)
    team = _book(session, _people(programme, 2), rule=TeamRule.ALL)
    for _ in range(2):
        switch_to_fit(team=team, by=CLOCK, now=NOW)
    assert _states(team) == [BOOKED, WAITING]


def test_a_place_gets_its_name_later_and_its_person_is_told(programme):
    session, colleague = a_session(programme), a_practitioner(programme)
    team = _book(session, unnamed=1)
    place = Place.objects.get(team=team)
    assert (place.state, place.person) == (BOOKED, None)
    for _ in range(2):
        name_places(team=team, people=[colleague], by=CLOCK, now=NOW)
    place.refresh_from_db()
    assert (place.person, place.link.person) == (colleague, colleague)
    assert [mail.kind for mail in Message.objects.all()] == ["attendance.place_booked"]
    _nothing_wrong()


def test_several_places_get_their_names_at_once_or_none_does(programme):
    session, people = a_session(programme, capacity=2), _people(programme, 3)
    team = _book(session, unnamed=2)
    with pytest.raises(TooManyNames, match=r"^2 places have no name yet"):
        name_places(team=team, people=people, by=CLOCK, now=NOW)
    a_place(another_day(programme), people[2])
    with pytest.raises(NotInTheTeam, match=people[2].name):
        name_places(team=team, people=people[1:], by=CLOCK, now=NOW)
    assert Place.objects.filter(team=team, person=None).count() == 2
    assert len(name_places(team=team, people=people[:2], by=CLOCK, now=NOW)) == 2
    assert set(Place.objects.filter(team=team).values_list("person", flat=True)) == {one.pk for one in people[:2]}
    with pytest.raises(TooManyNames, match=r"^Every place of the team has a name by now"):
        name_places(team=team, people=people, by=CLOCK, now=NOW)
    _nothing_wrong()


def test_a_place_goes_to_a_colleague_who_waits_and_they_wait_no_more(programme, lead):
    now = timezone.now()
    session = a_session(programme, capacity=1, date=(now + timedelta(days=30)).date())
    other = another_day(programme, capacity=1, date=(now + timedelta(days=20)).date())
    fill(other)
    team = _book(session, unnamed=1, now=now, until=(now + timedelta(days=9)).date())
    here, seated = a_practitioner(programme), Place.objects.get(session=other).person
    waits = [a_place(other, here, now=now), a_place(session, here, now=now)]
    AccessNeed.objects.create(place=waits[1], words="Hearing loop", delete_on=session.date)
    address = f"/teams/{team.pk}/name/"
    page = lead.get(address).content.decode()
    assert f"{here.name} (waits for {day_without_year(session.date)})" in page, "this session before others"
    assert seated.name not in page
    assert lead.post(address, {"people": [here.pk]}).status_code == 302
    place = Place.objects.get(team=team)
    assert (place.person, place.state) == (here, BOOKED)
    for each in waits:
        each.refresh_from_db()
    assert [(each.state, each.closed_reason) for each in waits] == [
        (PlaceState.ENDED, "seated_elsewhere"),
        (PlaceState.ENDED, "named"),
    ]
    assert AccessNeed.objects.get().place == place
    told = Message.objects.get(person=here, kind="attendance.place_booked")
    assert day_without_year(other.date) in kinds.find(told.kind).render(told).text
    assert not Message.objects.filter(person=here, kind="attendance.place_given_up").exists()
    _nothing_wrong()


def test_who_waits_elsewhere_waits_on_where_a_programme_allows_several_places():
    programme = a_programme(places_rule=PlacesRule.UNLIMITED)
    session, other = a_session(programme, capacity=1), another_day(programme, capacity=1)
    fill(other)
    team, colleague = _book(session, unnamed=1), a_practitioner(programme)
    waits = a_place(other, colleague)
    name_places(team=team, people=[colleague], by=CLOCK, now=NOW)
    waits.refresh_from_db()
    assert waits.state == WAITING
    _nothing_wrong()


def test_nobody_changes_their_position_for_a_place_that_waits_too(programme):
    session = a_session(programme, capacity=1)
    fill(session)
    own = a_place(session)
    team = _book(session, unnamed=1)
    with pytest.raises(NotInTheTeam, match="they wait for this session"):
        name_places(team=team, people=[own.person], by=CLOCK, now=NOW)
    assert position_of(own) == "1st of 2"
    _nothing_wrong()


def test_names_follow_after_booking_has_closed_and_until_the_list_is_final(programme):
    session, people = a_session(programme, capacity=3), _people(programme, 2)
    team = _book(session, unnamed=2, until=session.date - timedelta(days=3))
    rules = BookingRules.objects.create(programme=programme, closes_days=60)
    name_places(team=team, people=people[:1], by=people[0], now=NOW)
    rules.closes_days, rules.freeze_days = None, (session.date - NOW.date()).days
    rules.save()
    with pytest.raises(OutsideWindow, match="final"):
        name_places(team=team, people=people[1:], by=people[0], now=NOW)
    with pytest.raises(PlaceHasEnded):
        name_places(team=team, people=people[1:], by=people[0], now=session.during.lower)


def test_names_may_follow_only_as_long_as_others_can_have_what_goes_back(programme, lead):
    now = timezone.now()
    session = a_session(programme, capacity=1, date=(now + timedelta(days=30)).date())
    BookingRules.objects.create(programme=programme, freeze_days=10)
    typed = {"unnamed": "1", "rule": "fit", "press": str(uuid.uuid4())}

    def book(until: date):
        parts = {f"names_until_{part}": getattr(until, part) for part in ("day", "month", "year")}
        return lead.post(f"{lead.base}{session.pk}/", typed | parts)

    last = session.date - timedelta(days=12)
    refused = book(last + timedelta(days=1))
    assert refused.status_code == 422
    assert f"Enter a day from today to {day(last)}" in refused.content.decode()
    assert f"{day(last)} at the latest." in refused.content.decode()
    assert book(last).status_code == 302
    waiting = a_place(session, now=now)
    assert release_all_unnamed(now=now + timedelta(days=19)) == 1
    waiting.refresh_from_db()
    assert waiting.state == BOOKED
    BookingRules.objects.update(freeze_days=30)
    assert (
        "It is too late for names to follow"
        in lead.post(f"{lead.base}{session.pk}/", typed | {"press": str(uuid.uuid4())}).content.decode()
    )


def test_the_last_day_for_names_is_over_by_the_clock_where_the_session_is(programme):
    session = a_session(programme)
    _book(session, unnamed=1, until=date(2026, 6, 10))
    late = datetime(2026, 6, 10, 22, 59, tzinfo=UTC)  # 11.59pm in London
    assert release_all_unnamed(now=late) == 0
    assert release_all_unnamed(now=late + timedelta(minutes=2)) == 1


def test_places_without_a_name_go_back_after_their_day_and_the_lead_is_told(programme):
    session, lead = a_session(programme, capacity=2), a_practitioner(programme)
    team = _book(session, unnamed=2, by=lead)
    waiting = a_place(session)
    assert release_all_unnamed(now=NOW.replace(day=10)) == 0
    assert release_all_unnamed(now=NOW.replace(day=11)) == 2
    assert release_all_unnamed(now=NOW.replace(day=11)) == 0
    waiting.refresh_from_db()
    assert (waiting.state, _states(team)) == (BOOKED, [PlaceState.ENDED] * 2)
    told = Message.objects.get(kind="attendance.team_released")
    assert told.person == lead
    assert "2 places of" in kinds.find(told.kind).render(told).text
    _nothing_wrong()


def test_a_name_after_the_last_day_is_refused_before_the_clock_runs_and_what_has_none_goes_back(programme):
    session, people = a_session(programme, capacity=3), _people(programme, 2)
    team = _book(session, unnamed=2, by=people[0], until=date(2026, 6, 10))
    waits = [a_place(session), a_place(session)][1]
    late = datetime(2026, 6, 10, 22, 59, tzinfo=UTC)  # 11.59pm in London
    name_places(team=team, people=people[:1], by=CLOCK, now=late)
    for _ in range(2):
        with pytest.raises(NamesAreOver, match="was Wednesday 10 June 2026, so those without a name have gone back"):
            name_places(team=team, people=people, by=CLOCK, now=late + timedelta(minutes=1))
    waits.refresh_from_db()
    assert (waits.state, _states(team)) == (BOOKED, [BOOKED, PlaceState.ENDED])
    assert Message.objects.filter(kind="attendance.team_released").count() == 1
    assert name_places(team=team, people=people[:1], by=CLOCK, now=late + timedelta(days=1)) == []
    _nothing_wrong()


def test_the_page_refuses_a_late_name_and_the_place_goes_back_all_the_same(programme, lead):
    now = timezone.now()
    session = a_session(programme, capacity=1, date=(now + timedelta(days=30)).date())
    team, colleague = _book(session, unnamed=1, now=now, until=now.date()), a_practitioner(programme)
    address, typed = f"/teams/{team.pk}/name/", {"people": [colleague.pk], "press": str(uuid.uuid4())}
    Team.objects.update(names_until=now.date() - timedelta(days=2))
    page = lead.get(address, follow=True).content.decode()
    assert "The last day for names was" in page
    assert address not in page
    assert Place.objects.get().state == BOOKED, "a look changes nothing"
    page = lead.post(address, typed, follow=True).content.decode()
    assert "so those without a name have gone back" in page
    assert Place.objects.get().closed_reason == "not_named"
    assert (
        "so those without a name have gone back"
        in lead.post(address, typed | {"press": str(uuid.uuid4())}, follow=True).content.decode()
    ), "pressed again, from a stale page"


def test_a_list_that_is_final_earlier_brings_the_last_day_for_names_forward_and_the_lead_is_told(programme):
    session, lead = a_session(programme, capacity=5), a_practitioner(programme)  # on 26 November
    late, early = (_book(session, unnamed=1, by=lead, until=date(2026, 11, number)) for number in (24, 9))
    _book(session, _people(programme, 1), by=lead)
    for _ in range(2):
        set_booking_rules(programme=programme, freeze_days=8, by=CLOCK, now=NOW)
    set_booking_rules(programme=programme, freeze_days=3, by=CLOCK, now=NOW)  # nobody gets a day twice
    late.refresh_from_db()
    early.refresh_from_db()
    assert (late.names_until, early.names_until) == (date(2026, 11, 16), date(2026, 11, 9))
    told = Message.objects.get(kind="attendance.team_last_day")
    assert told.person == lead
    content = kinds.find(told.kind).render(told)
    assert "1 place of" in content.text
    assert day(late.names_until) in content.text
    with pytest.raises(OutsideWindow):
        name_places(team=late, people=_people(programme, 1), by=CLOCK, now=NOW + timedelta(days=22))
    name_places(team=late, people=_people(programme, 1), by=CLOCK, now=NOW)
    assert kinds.find(told.kind).still_wanted([told], NOW) == {told.pk: "named_meanwhile"}
    _nothing_wrong()


def test_a_session_on_an_earlier_day_brings_the_last_day_for_names_forward_and_the_lead_is_told(programme):
    set_booking_rules(programme=programme, freeze_days=3, by=CLOCK, now=NOW)
    session, lead = a_session(programme, capacity=5), a_practitioner(programme)  # on 26 November
    for number in (20, 9):
        _book(session, unnamed=1, by=lead, until=date(2026, 11, number))
    preview = preview_change(Session.objects.get(pk=session.pk), {"date": date(2026, 11, 18)}, NOW)
    assert (preview.hurried, preview.names_until, preview.names_are_over) == (1, date(2026, 11, 13), False)
    for day_of_month in (18, 25):  # a later day gives nobody more time: that is for the lead to say
        change_session(session=session, by=CLOCK, now=NOW, date=date(2026, 11, day_of_month))
        days = Team.objects.order_by("pk").values_list("names_until", flat=True)
        assert list(days) == [date(2026, 11, 13), date(2026, 11, 9)]
    told = Message.objects.get(kind="attendance.team_last_day")
    assert told.person == lead
    session.refresh_from_db()
    assert f"moved to {day(session.date)}, so names are needed earlier" in kinds.find(told.kind).render(told).text
    _nothing_wrong()


def test_a_lead_of_one_team_reads_in_one_mail_that_its_session_moves_and_names_are_needed_earlier(programme):
    session, lead, other = a_session(programme, capacity=5), PersonFactory(), a_practitioner(programme)
    set_booking_rules(programme=programme, freeze_days=3, by=CLOCK, now=NOW)
    _book(session, unnamed=1, by=lead, until=date(2026, 11, 21))
    _book(session, [other], unnamed=1, by=other, until=date(2026, 11, 21))
    Message.objects.all().delete()
    change_session(session=session, by=CLOCK, now=NOW, date=date(2026, 11, 18))
    told = Message.objects.get(person=lead)
    content = kinds.find(told.kind).render(told)
    for words in (content.text, content.html):
        assert "names are needed earlier than you chose: the last day for them is now Friday 13 November 2026" in words
    both = Message.objects.filter(person=other).order_by("kind").values_list("kind", flat=True)
    assert list(both) == ["attendance.session_changed", "attendance.team_last_day"], "they read of their own place"
    _nothing_wrong()


def test_where_a_session_is_moved_before_its_last_day_for_names_the_places_go_back(programme):
    session, lead = a_session(programme, capacity=1), a_practitioner(programme)
    set_booking_rules(programme=programme, freeze_days=10, by=CLOCK, now=NOW)
    team = _book(session, unnamed=1, by=lead, until=date(2026, 11, 14))
    earlier = date(2026, 11, 12)  # the list is final on 2 November
    assert preview_change(Session.objects.get(pk=session.pk), {"date": earlier}, NOW).names_are_over
    change_session(session=session, by=CLOCK, now=NOW, date=earlier)
    assert (_states(team), SeatCount.objects.get(session=session).taken) == ([PlaceState.ENDED], 0)
    told = Message.objects.get(kind="attendance.team_released")
    assert told.person == lead
    assert "since the session was moved to an earlier day" in kinds.find(told.kind).render(told).text
    _nothing_wrong()


def test_where_the_new_last_day_is_over_the_places_go_back_and_the_lead_is_told(programme):
    session, lead = a_session(programme, capacity=3), a_practitioner(programme)
    team = _book(session, unnamed=2, by=lead, until=date(2026, 11, 20))
    set_booking_rules(programme=programme, freeze_days=24, by=CLOCK, now=NOW)  # final today
    assert _states(team) == [PlaceState.ENDED] * 2
    assert SeatCount.objects.get(session=session).taken == 0
    told = Message.objects.get()
    assert (told.kind, told.person) == ("attendance.team_released", lead)
    assert "final earlier" in kinds.find(told.kind).render(told).text
    _nothing_wrong()


def test_what_goes_back_before_the_list_is_final_goes_to_who_waits(programme):
    session = a_session(programme, capacity=1)
    _book(session, unnamed=1, until=date(2026, 11, 20))
    waits = a_place(session)
    set_booking_rules(programme=programme, freeze_days=23, by=CLOCK, now=NOW)  # final tomorrow
    waits.refresh_from_db()
    assert waits.state == BOOKED
    _nothing_wrong()


def test_who_leads_by_now_is_told_of_what_went_back_where_the_one_who_booked_has_gone(programme):
    session, before, successor = a_session(programme, capacity=2), a_practitioner(programme), a_practitioner(programme)
    _book(session, unnamed=1, by=before)
    role = {"organisation": partner_of(programme), "since": NOW.date() - timedelta(days=9)}
    OrganisationLead.objects.create(person=before, until=NOW.date(), **role)
    OrganisationLead.objects.create(person=successor, **role)
    assert release_all_unnamed(now=NOW.replace(day=11)) == 1
    assert Message.objects.get(kind="attendance.team_released").person == successor


def test_an_unnamed_place_waits_and_moves_up(programme):
    session = a_session(programme, capacity=1)
    seated = a_place(session)
    BookingRules.objects.create(programme=programme, offer_days=365)
    team = _book(session, unnamed=1)
    give_up_place(place=seated, by=seated.person, now=NOW)
    assert _states(team) == [BOOKED]  # nobody could answer an offer
    assert SeatCount.objects.get(session=session).taken == 1


def test_who_cannot_be_booked_is_named_and_nobody_is(programme):
    session, people = a_session(programme), _people(programme, 2)
    a_place(another_day(programme), people[1])
    with pytest.raises(NotInTheTeam, match=people[1].name):
        _book(session, people)
    with pytest.raises(NobodyToBook):
        _book(session)
    assert not Team.objects.exists()
    assert not Place.objects.filter(session=session).exists()


# --- pages


@pytest.fixture
def lead(programme, client):
    person = a_practitioner(programme)
    OrganisationLead.objects.create(
        organisation=partner_of(programme), person=person, since=timezone.localdate() - timedelta(days=1)
    )
    client.force_login(person)
    client.base = f"/organisations/{partner_of(programme).pk}/booking/"
    return client


def test_a_lead_books_names_and_gives_back(programme, lead):
    now = timezone.now()
    session = a_session(programme, capacity=3, date=(now + timedelta(days=30)).date())
    first, second = _people(programme, 2)
    assert f"{lead.base}{session.pk}/" in lead.get(lead.base).content.decode()
    page = lead.get(f"{lead.base}{session.pk}/")
    assert first.name in page.content.decode()
    typed = {"people": [first.pk], "unnamed": "2", "rule": "fit", "press": str(uuid.uuid4())}
    assert lead.post(f"{lead.base}{session.pk}/", typed).status_code == 422  # no last day
    nobody = lead.post(f"{lead.base}{session.pk}/", {"rule": "fit", "press": str(uuid.uuid4())})
    assert "people" in nobody.context["form"].errors
    assert "how many places get a name later." in nobody.content.decode()
    fewer = lead.post(f"{lead.base}{session.pk}/", {**typed, "unnamed": "-1"}).content.decode()
    assert "Enter how many more places get a name later: 0 or more" in fewer
    until = (now + timedelta(days=9)).date()
    typed |= {f"names_until_{part}": getattr(until, part) for part in ("day", "month", "year")}
    made = [lead.post(f"{lead.base}{session.pk}/", typed) for _ in range(2)]
    assert {answer.status_code for answer in made} == {302}
    team = Team.objects.get()
    shown = lead.get(f"/teams/{team.pk}/").content.decode()
    assert shown.index("2 places have no name yet") < shown.index("<table"), "what is left to do, before who comes"
    again = lead.post(f"/teams/{team.pk}/name/", {"people": [first.pk]}, follow=True).content.decode()
    assert "They have a place of this team already" in again
    assert lead.post(f"/teams/{team.pk}/name/", {}).status_code == 422
    assert lead.post(f"/teams/{team.pk}/name/", {"people": [second.pk]}).status_code == 302
    asks = lead.post(f"/teams/{team.pk}/release/").content.decode()
    assert "Give the place without a name back?" in asks
    assert SeatCount.objects.get(session=session).taken == 3
    assert lead.post(f"/teams/{team.pk}/release/", {"confirmed": "yes"}).status_code == 302
    assert lead.get(f"/teams/{team.pk}/name/").status_code == 302, "every place has a name"
    assert "No name was given" in lead.get(f"/teams/{team.pk}/").content.decode()
    assert SeatCount.objects.get(session=session).taken == 2
    assert fill(session)
    _nothing_wrong()


def test_a_lead_gives_up_the_place_of_a_colleague_whom_they_booked_and_nobody_elses(programme, lead):
    now = timezone.now()
    session = a_session(programme, capacity=2, date=(now + timedelta(days=30)).date())
    (colleague,) = _people(programme, 1)
    lead.post(f"{lead.base}{session.pk}/", {"people": [colleague.pk], "rule": "fit", "press": str(uuid.uuid4())})
    team, place = Team.objects.get(), Place.objects.get(person=colleague)
    show, give_up = f"/teams/{team.pk}/", f"/teams/{team.pk}/places/{place.pk}/give-up/"
    assert give_up in lead.get(show).content.decode()
    asks = lead.get(give_up).content.decode()
    assert f"Give up the place of {colleague.name}?" in asks
    assert "Nobody waits for it." in asks
    assert Place.objects.get(pk=place.pk).state == PlaceState.BOOKED
    said = lead.post(give_up, follow=True).content.decode()
    assert f"{colleague.name} has no place in this team any more" in said
    assert give_up not in said
    assert Place.objects.get(pk=place.pk).state == PlaceState.GIVEN_UP
    assert lead.get(give_up).url == show
    mail = Message.objects.get(person=colleague, kind="attendance.place_given_up")
    assert "has given it up for you" in kinds.find(mail.kind).render(mail).text
    assert not Message.objects.filter(kind="attendance.team_left").exists(), "the lead knows"
    own = a_place(session, now=now)
    assert lead.get(f"/teams/{team.pk}/places/{own.pk}/give-up/").status_code == 404
    _nothing_wrong()


def _replaced(place, colleague, *, by=CLOCK, now=NOW):
    return replace_colleague(place=place, colleague=colleague, by=by, now=now)


def test_a_lead_gives_the_place_of_one_colleague_to_another_and_the_line_does_not_move(programme):
    session = a_session(programme, capacity=1)
    ill, well = _people(programme, 2)
    lead = PersonFactory()
    team = _book(session, [ill], by=lead)
    first_in_line, place = a_place(session), Place.objects.get(team=team)
    set_access_need(place=place, words="A ramp", welsh=False, by=ill, now=NOW)
    new = _replaced(place, well, by=lead)
    assert _replaced(place, well, by=lead) == new
    place.refresh_from_db()
    first_in_line.refresh_from_db()
    assert (place.state, place.closed_reason) == (PlaceState.GIVEN_UP, "substituted")
    assert (new.person, new.state, new.team, first_in_line.state) == (well, BOOKED, team, WAITING)
    assert not AccessNeed.objects.exists()
    told = {mail.person: mail for mail in Message.objects.filter(kind__in=_NEWS).order_by("pk")}
    text = {person: kinds.find(mail.kind).render(mail).text for person, mail in told.items()}
    assert f"{lead.name} has given it to {well.name}, with its papers." in text[ill]
    assert "takes the session out of your calendar" in text[ill]
    assert f"{lead.name} has booked it for you." in text[well]
    _nothing_wrong()


_NEWS = ("attendance.place_booked", "attendance.place_given_up")


def test_who_waits_comes_instead_with_what_they_need_and_waits_no_more(programme):
    session = a_session(programme, capacity=1)
    team = _book(session, _people(programme, 1))
    waits = a_place(session)
    set_access_need(place=waits, words="A ramp", welsh=False, by=waits.person, now=NOW)
    new = _replaced(Place.objects.get(team=team), waits.person)
    waits.refresh_from_db()
    assert (waits.state, new.state, new.access_need.words) == (PlaceState.ENDED, BOOKED, "A ramp")
    _nothing_wrong()


def test_who_was_asked_by_the_holder_is_told_that_the_place_has_gone_unless_they_have_it(programme):
    session = a_session(programme, capacity=2)
    people = _people(programme, 4)
    _book(session, people[:2])
    for holder, asked, heir in ((people[0], people[2], people[3]), (people[1], people[2], people[2])):
        place = Place.objects.get(person=holder)
        ask_colleague(place=place, email=asked.email, by=holder, now=NOW)
        _replaced(place, heir)
    gone = Message.objects.get(kind="attendance.handover_withdrawn")
    assert (gone.person, Handover.objects.filter(taken_as__isnull=False).count()) == (people[2], 2)
    _nothing_wrong()


def test_another_lead_reads_who_is_replaced_by_whom(programme):
    ill, well = _people(programme, 2)
    maker = PersonFactory()
    OrganisationLead.objects.create(person=maker, organisation=partner_of(programme), since=NOW.date())
    team = _book(a_session(programme), [ill], by=maker)
    _replaced(Place.objects.get(team=team), well)
    mail = Message.objects.get(kind="attendance.team_left", person=maker)
    with time_machine.travel(NOW + timedelta(hours=1), tick=False):
        content = kinds.find(mail.kind).render(mail)
    assert f"{ill.name} is replaced by {well.name}." in content.text


def test_who_had_an_offer_that_is_over_comes_instead_and_it_goes_to_the_next(programme):
    BookingRules.objects.create(programme=programme, offer_days=365, offer_hours=24)
    place = Place.objects.get(team=_book(a_session(programme, date=date(2026, 12, 10)), _people(programme, 1)))
    seated, late, following = (a_place(other) for other in [a_session(programme, capacity=1)] * 3)
    give_up_place(place=seated, by=seated.person, now=NOW)
    with pytest.raises(NotInTheTeam):
        _replaced(place, late.person, now=NOW + timedelta(hours=23))
    assert _replaced(place, late.person, now=NOW + timedelta(hours=24)).state == BOOKED
    assert Place.objects.get(pk=following.pk).state == PlaceState.OFFERED
    _nothing_wrong()


def test_nobody_is_replaced_by_somebody_elsewhere_or_when_it_is_too_late(programme):
    session = a_session(programme)
    (ill,) = _people(programme, 1)
    place = Place.objects.get(team=_book(session, [ill]))
    elsewhere = a_place(a_session(programme, date=session.date)).person
    for nobody, why in ((elsewhere, "place in another session"), (PersonFactory(), "other professions")):
        with pytest.raises(NotInTheTeam, match=why):
            _replaced(place, nobody)
    (well,) = _people(programme, 1)
    with pytest.raises(HasBegun):
        _replaced(place, well, now=session.during.lower)
    BookingRules.objects.create(programme=programme, freeze_days=30)
    with pytest.raises(OutsideWindow):
        _replaced(place, well, now=session.during.lower - timedelta(days=1))
    give_up_place(place=place, by=ill, now=NOW)
    with pytest.raises(PlaceHasEnded):
        _replaced(place, well)
    _nothing_wrong()


def test_a_lead_finds_on_a_page_who_comes_instead(programme, lead):
    now = timezone.now()
    session = a_session(programme, capacity=1, date=(now + timedelta(days=30)).date())
    ill, well, elsewhere = _people(programme, 3)
    lead.post(f"{lead.base}{session.pk}/", {"people": [ill.pk], "rule": "fit", "press": str(uuid.uuid4())})
    team, place = Team.objects.get(), Place.objects.get(person=ill)
    show, replace = f"/teams/{team.pk}/", f"/teams/{team.pk}/places/{place.pk}/replace/"
    assert replace in lead.get(show).content.decode()
    page = lead.get(replace).content.decode()
    assert f"Who comes instead of {ill.name}?" in page
    assert well.name in page
    empty = lead.post(replace, {})
    assert (empty.status_code, "Choose who comes instead" in empty.content.decode()) == (422, True)
    other = a_session(programme, capacity=1, date=session.date)
    a_place(other, elsewhere, now=now)
    refused = lead.post(replace, {"people": elsewhere.pk})
    assert (refused.status_code, f"{elsewhere.name} cannot be booked" in refused.content.decode()) == (422, True)
    assert lead.post(replace, {"look": "1", "people": well.pk}).status_code == 200
    said = lead.post(replace, {"people": well.pk}, follow=True).content.decode()
    assert f"{well.name} comes instead of {ill.name}. Each one named is told by e-mail" in said
    assert replace not in said
    assert lead.get(replace).url == show
    assert Place.objects.get(person=well).state == BOOKED
    own = a_place(another_day(programme, date=(now + timedelta(days=40)).date()), now=now)
    assert lead.get(f"/teams/{team.pk}/places/{own.pk}/replace/").status_code == 404
    _nothing_wrong()


def _invited(programme, now=None):
    now = now or timezone.now()
    person = a_practitioner(programme)
    made = Invitation.objects.create(programme=programme, person=person, invited_at=now)
    made.link = make_link(purpose="invitation", person=person, about=made, ends_at=now + timedelta(days=90), now=now)
    made.save(update_fields=["link"])
    return made


@pytest.fixture
def nudging(programme, lead):
    """A lead in front of those who have not booked: one invited, one not, one who has a place, one who said no."""
    now = timezone.now()
    session = a_session(programme, date=(now + timedelta(days=30)).date())
    lead.made, lead.uninvited, lead.coordinator = _invited(programme), a_practitioner(programme), a_coordinator(session)
    no = _invited(programme)
    no.answer, no.answered_at = "not_for_me", now
    no.save(update_fields=["answer", "answered_at"])
    lead.done = [a_place(session, now=now).person, no.person]
    lead.page = f"{lead.base}nudge/{programme.pk}/"
    return lead


def test_a_lead_does_not_read_of_nobody(nudging):
    Invitation.objects.filter(pk=nudging.made.pk).delete()
    assert '<span class="soft">3 not invited yet</span>' in nudging.get(nudging.base).content.decode()


def test_a_lead_sees_who_has_not_booked_and_what_will_happen(nudging):
    assert "1 invited and without an answer, 2 not invited yet" in nudging.get(nudging.base).content.decode()
    page = nudging.get(nudging.page).content.decode()
    assert all(person.name in page for person in (nudging.made.person, nudging.uninvited))
    assert not any(person.name in page for person in nudging.done)
    assert "Not invited yet" in page
    found = nudging.get(nudging.page, {"find": nudging.uninvited.name}).content.decode()
    assert nudging.made.person.name not in found


def test_who_walked_in_is_not_among_those_who_have_not_booked(nudging, programme):
    walk_in(programme.sessions.get(), partner_of(programme), nudging.made.person)
    assert nudging.made.person.name not in nudging.get(nudging.page).content.decode()
    nudging.post(nudging.page, {"all": "yes", "confirmed": "yes"})
    assert not Message.objects.filter(kind="attendance.nudge").exists()


def test_who_is_invited_is_reminded_once_a_week(nudging):
    invitation, now = nudging.made, timezone.now()
    for _ in range(2):
        assert nudging.post(nudging.page, {"chosen": [invitation.person_id]}).status_code == 302
    mail = Message.objects.get(kind="attendance.nudge")
    assert mail.person == invitation.person
    assert not Message.objects.filter(kind="attendance.invitations_wanted").exists()
    assert kinds.find(mail.kind).still_wanted([mail], now) == {}
    invitation.answer, invitation.answered_at = "none_suits", now
    invitation.save()
    assert kinds.find(mail.kind).still_wanted([mail], now) == {mail.pk: "answered"}


def test_the_coordinator_is_asked_by_name_to_invite_who_is_not_once_a_week(nudging, programme):
    wanted = {"kind": "attendance.invitations_wanted"}
    answer = nudging.post(nudging.page, {"chosen": [nudging.uninvited.pk]}, follow=True)
    assert "The coordinator is asked to invite 1 colleague" in answer.content.decode()
    mail = Message.objects.get(**wanted)
    text = kinds.find(mail.kind).render(mail).text
    assert mail.person == nudging.coordinator
    assert nudging.uninvited.name in text
    assert f"/new/?who=new&organisation={partner_of(programme).pk}" in text
    answer = nudging.post(nudging.page, {"chosen": [nudging.uninvited.pk]}, follow=True)
    assert "all reminded, or asked for" in answer.content.decode()
    assert Message.objects.filter(**wanted).count() == 1
    Invitation.objects.create(programme=programme, person=nudging.uninvited, invited_at=timezone.now())
    assert kinds.find(mail.kind).still_wanted([mail], timezone.now()) == {mail.pk: "invited"}


def test_everybody_found_is_nudged_and_nobody_without_a_tick(nudging):
    answer = nudging.post(nudging.page, {}, follow=True)
    page = answer.content.decode()
    assert (answer.status_code, "<title>Error: Who has not booked" in page) == (422, True)
    assert '<a href="#id_chosen">Tick whom you want to remind</a>' in page
    assert page.count('id="id_chosen"') == 1
    assert not Message.objects.filter(kind="attendance.nudge").exists()
    asks = nudging.post(nudging.page, {"all": "yes"}).content.decode()
    assert "Remind all 3 colleagues?" in asks
    assert [re.sub(r"<[^>]+>", "", each) for each in re.findall(r"<dd>.*?</dd>", asks)][1:] == ["1", "2"]
    assert not Message.objects.filter(kind="attendance.nudge").exists()
    answer = nudging.post(nudging.page, {"all": "yes", "confirmed": "yes"}, follow=True).content.decode()
    assert answer.count("Reminded on") == 1
    assert answer.count("Coordinator asked on") == 2
    assert "1 colleague is reminded by e-mail. The coordinator is asked to invite 2 more" in answer


def test_colleagues_of_another_organisation_cannot_be_ticked(nudging, programme):
    other = _invited(a_programme()).person
    nudging.post(nudging.page, {"chosen": [other.pk, *(person.pk for person in nudging.done), "x", "9" * 30]})
    assert not Message.objects.filter(kind__in=["attendance.nudge", "attendance.invitations_wanted"]).exists()


def _many(like):
    """Return 120 people with the affiliation of ``like``."""
    many = Person.objects.bulk_create(
        Person(name=f"Beth Many {n:03}", sort_name=f"many beth {n:03}", email=f"many{n}@example.org")
        for n in range(120)
    )
    first = like.affiliations.get()
    Affiliation.objects.bulk_create(
        Affiliation(person=one, organisation=first.organisation, profession=first.profession, since=first.since)
        for one in many
    )
    return many


def test_a_lead_names_several_places_among_many_colleagues(programme, lead, django_assert_max_num_queries):
    now = timezone.now()
    session = a_session(programme, capacity=3, date=(now + timedelta(days=30)).date())
    many = _many(a_practitioner(programme))
    team = _book(session, unnamed=3, now=now, until=(now + timedelta(days=9)).date())
    address = f"/teams/{team.pk}/name/"
    with django_assert_max_num_queries(20):
        page = lead.get(address).content.decode()
    assert "Who gets the 3 places?" in page
    assert "1 to 50 of 122 colleagues" in page
    looked = lead.post(address, {"people": [many[0].pk], "find": "Many 119", "look": "1"}).content.decode()
    assert looked.count('name="people"') == 2, "the one found, and the one ticked before"
    assert (
        lead.post(address, {"find": "Nobody of this name", "look": "1"}).content.decode().count("Nobody is found") == 1
    )
    too_many = lead.post(address, {"people": [one.pk for one in many[:4]]})
    assert too_many.status_code == 422
    assert "3 places have no name yet. Tick fewer" in too_many.content.decode()
    named = lead.post(address, {"people": [many[0].pk, many[119].pk]}, follow=True).content.decode()
    assert "2 places have a name now" in named
    assert Place.objects.filter(team=team, person__in=[many[0], many[119]], state=BOOKED).count() == 2
    assert Message.objects.filter(kind="attendance.place_booked").count() == 2


def test_a_lead_finds_colleagues_among_many_and_keeps_the_ticks(programme, lead, django_assert_max_num_queries):
    now = timezone.now()
    session = a_session(programme, capacity=3, date=(now + timedelta(days=30)).date())
    people = _people(programme, 2)
    many = _many(people[0])
    address = f"{lead.base}{session.pk}/"
    with django_assert_max_num_queries(15):
        page = lead.get(address).content.decode()
    assert "1 to 50 of 123 colleagues" in page
    assert page.count('name="people"') == 50
    typed = {"people": [many[0].pk], "unnamed": "1", "rule": "all", "press": str(uuid.uuid4())}
    looked = lead.post(address, {**typed, "find": "Many 119", "look": "1"})
    page = looked.content.decode()
    assert looked.status_code == 200
    assert page.count('name="people"') == 2, "the one found, and the one ticked before"
    ticked = re.findall(r"<input[^>]*checked[^>]*>", page)
    assert [re.search(r'value="([^"]*)"', each)[1] for each in ticked] == [str(many[0].pk), "all"]
    assert not Team.objects.exists()
    further = lead.post(address, {**typed, "look": "3"}).content.decode()
    assert "101 to 123 of 123" in further
    until = (now + timedelta(days=9)).date()
    typed |= {f"names_until_{part}": getattr(until, part) for part in ("day", "month", "year")}
    assert lead.post(address, {**typed, "people": [many[0].pk, many[119].pk], "page": "3"}).status_code == 302
    named = Place.objects.filter(team__session=session, person__isnull=False).values_list("person", flat=True)
    assert set(named) == {many[0].pk, many[119].pk}


def test_a_team_whose_session_was_cancelled_is_not_shut_out_by_what_is_kept_for_it(programme):
    session, other = a_session(programme, capacity=3), another_day(programme, capacity=4)
    people = _people(programme, 2)
    stranger = a_place(session).person
    _book(session, people, rule=TeamRule.ALL)
    cancel_session(session=session, reason="Flood", by=CLOCK, now=NOW)
    newcomer = a_practitioner(programme)
    team = _book(other, [*people, newcomer])
    assert _states(team) == [BOOKED, BOOKED, BOOKED]
    assert Place.objects.filter(team=team, ahead__isnull=False).count() == 2
    late = _book(other, [a_practitioner(programme)])  # the last seat is kept for the stranger
    assert _states(late) == [WAITING]
    assert a_place(other, stranger).state == BOOKED
    _nothing_wrong()


def test_a_place_that_has_a_seat_gets_its_name_before_one_that_waits(programme, lead):
    session = a_session(programme, capacity=1, date=(timezone.now() + timedelta(days=30)).date())
    team = _book(session, unnamed=2, now=timezone.now(), until=session.date)
    first, second = _people(programme, 2)
    assert lead.post(f"/teams/{team.pk}/name/", {"people": [first.pk]}).status_code == 302
    assert Place.objects.get(person=first).state == BOOKED
    said = lead.post(f"/teams/{team.pk}/name/", {"people": [second.pk]}, follow=True).content.decode()
    assert f"The place on the waiting list is for {second.name}" in said


def test_places_without_a_name_end_when_the_register_is_closed(programme, client):
    session = a_session(programme)
    a_place(session)
    _book(session, unnamed=1)
    with time_machine.travel(half_way(session), tick=False):
        client.force_login(a_coordinator(session))
        assert send(client, session, "close").status_code == 302
        assert page_of(client, session).status_code == 200
    assert Place.objects.get(person=None).closed_reason == "not_named"
    assert figures_of([session]).bookings == 1
    _nothing_wrong()


def test_news_of_a_session_with_places_without_a_name_is_for_the_lead(programme, client):
    session, lead = a_session(programme, capacity=3), PersonFactory()
    team = _book(session, unnamed=2, by=lead)
    assert people_to_tell(session, to_waiting=False) == [lead.pk]
    coordinator = a_coordinator(session)
    send_notice(
        session=session, subject="Bring a coat", words="It is cold", to_waiting=False, press=uuid.uuid4(),
        by=coordinator, now=NOW,
    )  # fmt: skip
    change_session(session=session, by=CLOCK, now=NOW, starts=time(10, 0))
    cancelled_soon = Message.objects.filter(person=lead).order_by("pk")
    assert [mail.kind for mail in cancelled_soon] == ["attendance.session_notice", "attendance.session_changed"]
    for mail in cancelled_soon:
        assert kinds.find(mail.kind).still_wanted([mail], NOW) == {}
    text = kinds.find(mail.kind).render(mail).text
    assert "hold places for colleagues has changed" in text
    assert f"/teams/{team.pk}/" in text
    client.force_login(coordinator)
    page = client.get(f"/sessions/{session.pk}/places/").content.decode()
    assert page.count("No name yet") == 2
    assert team.organisation.name in page
    exported = b"".join(client.get(f"/sessions/{session.pk}/places.csv").streaming_content).decode()
    assert exported.count("No name yet") == 2
    cancel_session(session=session, reason="Flood", by=CLOCK, now=NOW)
    told = Message.objects.filter(person=lead).latest("pk")
    content = kinds.find(told.kind).render(told)
    assert "held for colleagues without a name have ended" in content.text
    assert "held for colleagues without a name have ended" in content.html
    assert f"/organisations/{team.organisation_id}/booking/" in content.text


def test_nobody_is_reminded_of_a_place_without_a_name(programme):
    session = a_session(programme)
    _book(session, unnamed=1, until=session.date)
    assert remind_all(now=session.during.lower - timedelta(hours=2)) == 0


def test_a_nudge_rests_seven_days_also_over_a_weekend(programme):
    _invited(programme, NOW)
    sunday = NOW + timedelta(days=6 - NOW.weekday())
    organisation = partner_of(programme)
    told = [
        nudge_colleagues(
            organisation=organisation, programme=programme, people=None, by=PersonFactory(),
            now=sunday + timedelta(days=days),
        ).reminded
        for days in (0, 1, 6, 7)
    ]  # fmt: skip
    assert told == [1, 0, 0, 1]


def test_a_lead_is_told_who_has_no_address_and_hears_nothing(client, programme):
    session = a_session(programme, capacity=3, date=(timezone.now() + timedelta(days=30)).date())
    lead = OrganisationLead.objects.create(
        organisation=partner_of(programme), person=PersonFactory(), since=date(2026, 1, 1)
    ).person
    client.force_login(lead)
    unheard, heard = a_practitioner(programme, email=None, name="Kofi Examplar"), a_practitioner(programme)
    press = str(uuid.uuid4())
    typed = {"people": [unheard.pk, heard.pk], "unnamed": "", "rule": "fit", "press": press}
    said = client.post(f"/organisations/{partner_of(programme).pk}/booking/{session.pk}/", typed, follow=True)
    assert "but Kofi Examplar: no address is known, so tell them yourself" in said.content.decode()


@pytest.mark.parametrize("rule", TeamRule)
def test_a_lead_is_told_once_that_places_without_a_name_moved_up(programme, rule):
    lead = OrganisationLead.objects.create(
        organisation=partner_of(programme), person=PersonFactory(), since=date(2026, 1, 1)
    ).person
    session = a_session(programme, capacity=2)
    holders = fill(session)
    team = _book(session, unnamed=2, rule=rule, by=lead)
    told = Message.objects.filter(kind="attendance.team_moved_up")
    assert not told.exists()
    change_seats(session=session, capacity=4, reserved=0, by=CLOCK, now=NOW)
    mail = told.get()
    assert (mail.person, mail.refs["number"]) == (lead, 2)
    kind = kinds.find(mail.kind)
    words = kind.render(mail).text
    assert "2 places of" in words
    assert "by Tuesday 10 November 2026" in words
    give_up_place(place=holders[0], by=holders[0].person, now=NOW)
    assert told.count() == 1
    assert kind.still_wanted([mail], NOW) == {}
    name_places(team=team, people=_people(programme, 2), by=lead, now=NOW)
    assert kind.still_wanted([mail], NOW) == {mail.pk: "named_meanwhile"}


@time_machine.travel(NOW, tick=False)
def test_a_lead_is_told_in_one_mail_which_colleagues_have_left_the_team(programme):
    programme.places_rule = PlacesRule.UNLIMITED
    programme.save()
    own = partner_of(programme)
    lead, other = (OrganisationLead.objects.create(organisation=own, person=each, since=date(2026, 1, 1)).person
                   for each in (a_practitioner(programme), PersonFactory()))  # fmt: skip
    session, elsewhere = a_session(programme, capacity=4), another_day(programme)
    people = _people(programme, 4)
    team = _book(session, [lead, *people], by=lead)
    first, second, third, back = (Place.objects.get(team=team, person=each) for each in people)
    assert (third.state, back.state) == (BOOKED, WAITING), "five of them, four seats"
    give_up_place(place=Place.objects.get(person=lead), by=lead, now=NOW)  # they know that themselves
    told = Message.objects.filter(kind="attendance.team_left")
    assert not told.exists()
    give_up_place(place=first, by=first.person, now=NOW)
    change_place(place=second, to=elsewhere, by=second.person, now=NOW + timedelta(minutes=9))
    back.refresh_from_db()
    give_up_place(place=back, by=CLOCK, now=NOW + timedelta(minutes=30))
    mail = told.get()
    kind, due = kinds.find(mail.kind), NOW + timedelta(hours=1, minutes=5)
    assert (mail.person, mail.due_at) == (lead, due), "who booked the team, not every lead"
    text = kind.render(mail).text
    assert f"{first.person.name} has given up the place." in text
    assert f"{second.person.name} has changed to another date: Tuesday 8 December 2026, 1:30pm to 4:30pm." in text
    assert f"{back.person.name} has given up the place." in text
    assert "3 places are free at the moment" in text
    assert f"/organisations/{own.pk}/booking/{session.pk}/" in text
    a_place(session, back.person)
    assert back.person.name not in kind.render(mail).text, "they have a place again"
    give_up_place(place=third, by=third.person, now=NOW + timedelta(hours=1))
    assert told.count() == 2
    assert third.person.name not in kind.render(mail).text
    assert kind.still_wanted(list(told), due) == {}
    BookingRules.objects.create(programme=programme, closes_days=300)
    assert "no free place to book" in kind.render(mail).html
    cancel_session(session=session, reason="Flood", by=CLOCK, now=NOW)
    assert set(kind.still_wanted(list(told), due).values()) == {"taken_back"}
    assert other.pk not in told.values_list("person", flat=True)
    _nothing_wrong()


def test_a_colleague_who_got_a_place_since_the_page_was_shown_is_named_with_the_reason(programme, lead):
    now = timezone.now()
    session = a_session(programme, capacity=2, date=(now + timedelta(days=30)).date())
    other = another_day(programme, date=(now + timedelta(days=40)).date())
    team = _book(session, unnamed=1, now=now, until=(now + timedelta(days=9)).date())
    colleague = a_practitioner(programme)
    assert colleague.name in lead.get(f"/teams/{team.pk}/name/").content.decode()
    a_place(other, colleague, now=now)
    page = lead.post(f"/teams/{team.pk}/name/", {"people": [colleague.pk]})
    assert page.status_code == 422
    said = f"{colleague.name} cannot be booked: they have a place in another session of this programme."
    assert said in page.content.decode()
    assert "Choose from the options" not in page.content.decode()


def test_who_leaves_no_team_or_comes_back_is_no_news_for_a_lead(programme):
    lead = OrganisationLead.objects.create(
        organisation=partner_of(programme), person=PersonFactory(), since=date(2026, 1, 1)
    ).person
    session = a_session(programme, capacity=3)
    alone = a_place(session)
    give_up_place(place=alone, by=alone.person, now=NOW)
    assert not Message.objects.filter(kind="attendance.team_left").exists()
    _book(session, _people(programme, 1), by=lead)
    place = Place.objects.get(team__isnull=False)
    give_up_place(place=place, by=place.person, now=NOW)
    a_place(session, place.person)
    mail = Message.objects.get(kind="attendance.team_left")
    assert kinds.find(mail.kind).still_wanted([mail], NOW) == {mail.pk: "taken_back"}


def test_a_lead_is_offered_no_place_that_is_kept_for_somebody_else(programme, lead):
    """Whose session was cancelled chooses first: a colleague who is booked instead would wait."""
    now = timezone.now()
    days = [(now + timedelta(days=ahead)).date() for ahead in (30, 40)]
    session, cancelled = (a_session(programme, capacity=2, date=day) for day in days)
    team = _book(session, _people(programme, 2), now=now)
    a_place(cancelled, now=now)
    cancel_session(session=cancelled, reason="No heating", by=CLOCK, now=now)
    for place, said in zip(list(team.places.order_by("pk")), ("no free place", "1 place is free"), strict=True):
        give_up_place(place=place, by=place.person, now=now)
        mail = Message.objects.get(kind="attendance.team_left")
        assert said in kinds.find(mail.kind).render(mail).text


def test_a_lead_reads_in_the_list_which_free_places_are_kept_for_others(lead, programme, django_assert_max_num_queries):
    now = timezone.now()
    days = [(now + timedelta(days=ahead)).date() for ahead in (30, 40, 50, 60)]
    cancelled, _, _, full = (
        a_session(programme, capacity=capacity, date=day) for capacity, day in zip((1, 1, 2, 1), days, strict=True)
    )
    colleague = _book(cancelled, _people(programme, 1), now=now).places.get()
    a_place(full, now=now)

    def said() -> str:
        with django_assert_max_num_queries(25):
            return " ".join(re.sub("<[^>]*>", " ", lead.get(lead.base).content.decode()).split())

    assert "kept for people" not in said()
    cancel_session(session=cancelled, reason="Flood", by=CLOCK, now=now)
    assert "It is kept for people whose session was cancelled. " in said(), "the colleague would have it"
    assert "1 of them is kept for people whose session was cancelled. " in said()
    assert said().count("kept for people") == 2
    Place.objects.filter(pk=colleague.pk).update(organisation=OrganisationFactory())
    assert "It is kept for people whose session was cancelled: you would wait. " in said()
    assert "1 of them is kept for people whose session was cancelled. " in said()


def test_a_team_that_waits_when_the_list_is_final_is_offered_nothing_that_it_cannot_have(programme, lead):
    now = timezone.now()
    session = a_session(programme, capacity=1, date=(now + timedelta(days=30)).date())
    fill(session)
    team = _book(session, _people(programme, 2), rule=TeamRule.ALL, now=now)
    page = f"/teams/{team.pk}/"
    assert "Take as many places as fit now" in lead.get(page).content.decode()
    BookingRules.objects.create(programme=programme, freeze_days=365)
    said = lead.get(page).content.decode()
    assert "Take as many places as fit now" not in said
    assert "the venue has it. Nobody moves up any more." in said


def test_a_switch_says_what_it_came_to(programme, lead):
    now = timezone.now()
    session = a_session(programme, capacity=1, date=(now + timedelta(days=30)).date())
    holder = fill(session)[0]
    team = _book(session, _people(programme, 2), rule=TeamRule.ALL, now=now)
    said = lead.post(f"/teams/{team.pk}/switch/", follow=True).content.decode()
    assert "None is free for you at the moment" in said
    assert "have a place now" not in said
    give_up_place(place=Place.objects.get(pk=holder.pk), by=holder.person, now=now)
    Team.objects.update(rule=TeamRule.ALL)
    assert (
        "1 of 2 places is booked, the other waits"
        in lead.post(f"/teams/{team.pk}/switch/", follow=True).content.decode()
    )
    change_seats(session=session, capacity=3, reserved=0, by=CLOCK, now=now)
    Team.objects.update(rule=TeamRule.ALL)
    assert "All of you have a place now" in lead.post(f"/teams/{team.pk}/switch/", follow=True).content.decode()


def test_a_lead_reads_what_the_quota_leaves_before_and_after_booking(programme, lead):
    now = timezone.now()
    session = a_session(programme, capacity=6, date=(now + timedelta(days=30)).date())
    released = (now + timedelta(days=3)).date()
    Quota.objects.create(programme=programme, organisation=partner_of(programme), seats=1, released_on=released)
    words = f"may have 1 place in this session and has 0. From {day(released)} this limit is gone."
    assert words in lead.get(f"{lead.base}{session.pk}/").content.decode()
    team = _book(session, _people(programme, 2), rule=TeamRule.ALL, now=now)
    assert words in lead.get(f"/teams/{team.pk}/").content.decode()


def test_of_two_leads_the_second_is_told_who_has_a_place_and_that_every_place_has_a_name(programme, lead):
    now = timezone.now()
    session = a_session(programme, capacity=4, date=(now + timedelta(days=30)).date())
    first, second = _people(programme, 2)
    team = _book(session, [first], unnamed=1, now=now, until=(now + timedelta(days=9)).date())
    answer = lead.post(f"{lead.base}{session.pk}/", {"people": [first.pk, second.pk], "rule": "fit"})
    assert answer.status_code == 422
    assert f"{first.name} cannot be booked: they have a place in this session already." in answer.content.decode()
    name_places(team=team, people=[second], by=CLOCK, now=now)
    late = lead.post(f"/teams/{team.pk}/name/", {"people": [second.pk]}, follow=True).content.decode()
    assert "Every place of the team has a name by now." in late


def test_late_a_colleague_who_moves_up_alone_is_asked_and_a_team_that_moves_as_one_is_not(client, programme):
    now = timezone.now()
    session = a_session(programme, capacity=2, date=(now + timedelta(days=30)).date())
    holders = [a_place(session, now=now) for _ in range(2)]
    BookingRules.objects.create(programme=programme, offer_days=365)
    alone = _book(session, _people(programme, 1), now=now)
    both = _book(session, _people(programme, 2), rule=TeamRule.ALL, now=now)
    waits = both.places.select_related("link").first()
    client.get(f"/p/{token_of(waits.link)}/")
    assert "when there is room for all of your team" in client.get(f"/p/{waits.link_id}/").content.decode()
    give_up_place(place=holders[0], by=holders[0].person, now=now)
    assert _states(alone) == [PlaceState.OFFERED]
    change_seats(session=session, capacity=4, reserved=0, by=CLOCK, now=now)
    assert _states(both) == [BOOKED, BOOKED]


def test_late_a_switch_says_who_is_asked(programme, lead):
    now = timezone.now()
    session = a_session(programme, capacity=2, date=(now + timedelta(days=30)).date())
    holders = [a_place(session, now=now) for _ in range(2)]
    team = _book(session, _people(programme, 2), rule=TeamRule.ALL, now=now)
    give_up_place(place=holders[0], by=holders[0].person, now=now)
    BookingRules.objects.create(programme=programme, offer_days=365)
    said = lead.post(f"/teams/{team.pk}/switch/", follow=True).content.decode()
    assert "1 of 2 places is offered, and asked about by e-mail. 1 still waits" in said


def test_the_coordinator_reads_how_many_places_are_booked_for_names_to_come(client, programme):
    session = a_session(programme, capacity=1)
    client.force_login(a_coordinator(session))
    _book(session, unnamed=3)
    page = client.get(f"/sessions/{session.pk}/places/").content.decode()
    assert "1 place is booked for a colleague whose name the lead of an organisation gives later" in page


def test_a_lead_who_names_places_at_the_same_moment_as_another_is_told(programme, lead, monkeypatch):
    now = timezone.now()
    session = a_session(programme, capacity=3, date=(now + timedelta(days=30)).date())
    first, second, third = _people(programme, 3)
    team = _book(session, unnamed=2, now=now, until=(now + timedelta(days=9)).date())

    def meanwhile(**options):
        taken = Place.objects.filter(team=team, person=None).count() == 2
        name_places(team=team, people=[first] if taken else [second], by=CLOCK, now=now)
        return name_places(**options)

    monkeypatch.setattr(teams, "name_places", meanwhile)
    page = f"/teams/{team.pk}/name/"
    answer = lead.post(page, {"people": [second.pk, third.pk]})
    assert answer.status_code == 422
    assert "1 place has no name yet. Tick fewer colleagues" in answer.content.decode()
    assert "Who gets the place?" in answer.content.decode()
    late = lead.post(page, {"people": [third.pk]}, follow=True)
    assert "Every place of the team has a name by now." in late.content.decode()
    assert late.redirect_chain[-1][0] == f"/teams/{team.pk}/"
