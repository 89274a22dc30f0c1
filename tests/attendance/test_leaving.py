"""What the lead who booked a team hears when a colleague of it is substituted, moved, or can take an offer no more."""

from datetime import date, timedelta
from uuid import uuid4

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from attendance.actions.handovers import ask_colleague, take_over
from attendance.actions.moves import move_people
from attendance.actions.places import accept_offer, give_up_place, take_place
from attendance.actions.policies import set_booking_rules
from attendance.actions.sessions import cancel_session, change_session
from attendance.actions.teams import book_team, nudge_colleagues
from attendance.invariants import findings
from attendance.models import Place, PlaceState, Team
from attendance.queries.sessions import preview_change
from briefings.models import PlacesRule, ProgrammeRole, Session
from history.actions import CLOCK
from messaging import kinds
from messaging.models import Message
from tests.attendance.places import NOW, a_place, a_practitioner, a_programme, a_session, another_day, partner_of
from tests.attendance.registers import a_coordinator
from tests.attendance.test_booking_pages import words
from tests.attendance.test_staff_places import signed_in
from tests.organisations.factories import OrganisationLeadFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def at_now():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def programme():
    return a_programme()


@pytest.fixture
def lead(programme):
    return OrganisationLeadFactory(organisation=partner_of(programme)).person


def _team(session, lead, people):
    team = book_team(
        session=session, organisation=partner_of(session.programme), people=people, unnamed=0, rule="fit",
        names_until=None, press=uuid4(), by=lead, now=NOW,
    )  # fmt: skip
    return [Place.objects.get(team=team, person=person) for person in people]


def _told(lead):
    return Message.objects.filter(kind="attendance.team_left", person=lead)


def _mail(lead):
    mail = _told(lead).get()
    assert kinds.find(mail.kind).still_wanted([mail], NOW) == {}
    return kinds.find(mail.kind).render(mail)


def _hand_over(place, colleague):
    asked = ask_colleague(place=place, email=colleague.email, by=place.person, now=NOW)
    return take_over(handover=asked, by=colleague, now=NOW)


def _move(session, to, places, by=CLOCK):
    return move_people(
        session=session, to=to, places=places, all_or_nobody=False, from_reserve=False, fewer=False, words="", by=by,
        now=NOW,
    )  # fmt: skip


def test_a_lead_hears_who_has_taken_over_the_place_of_a_colleague(programme, lead):
    session = a_session(programme, capacity=3)
    place = _team(session, lead, [a_practitioner(programme)])[0]
    heir = a_practitioner(programme)
    _hand_over(place, heir)
    mail = _mail(lead)
    assert mail.subject == "A place of your team has been taken over: Thursday 26 November"
    assert f"- {place.person.name} has handed the place to {heir.name}." in mail.text
    assert "free" not in mail.text, "nobody is missing, so there is nobody to book"


def test_of_a_place_that_is_handed_on_the_lead_hears_who_has_it_in_the_end(programme, lead):
    session = a_session(programme, capacity=3)
    place = _team(session, lead, [a_practitioner(programme)])[0]
    heir, last = a_practitioner(programme), a_practitioner(programme)
    own = _hand_over(_hand_over(place, heir), last)
    said = _mail(lead).text
    assert f"{place.person.name} has handed the place to {last.name}." in said
    assert heir.name not in said
    give_up_place(place=own, by=last, now=NOW)
    said = _mail(lead)
    assert f"{place.person.name} has handed the place to {last.name}, who has given up the place." in said.text
    assert said.subject.startswith("A colleague has left your team")
    assert "3 places are free" in said.text


def test_a_place_that_comes_back_to_who_had_it_is_no_news(programme, lead):
    place = _team(a_session(programme), lead, [a_practitioner(programme)])[0]
    _hand_over(_hand_over(place, a_practitioner(programme)), place.person)
    mail = _told(lead).get()
    assert kinds.find(mail.kind).still_wanted([mail], NOW) == {mail.pk: "taken_back"}


def test_a_lead_who_takes_a_place_over_themselves_is_told_nothing(programme):
    lead = a_practitioner(programme)
    OrganisationLeadFactory(organisation=partner_of(programme), person=lead)
    place = _team(a_session(programme), lead, [a_practitioner(programme)])[0]
    _hand_over(place, lead)
    assert not _told(lead).exists()


def test_a_team_of_ten_that_a_coordinator_moves_is_one_mail_to_its_lead(programme, lead, django_assert_max_num_queries):
    session, to = a_session(programme, capacity=12), another_day(programme, capacity=12)
    places = _team(session, lead, [a_practitioner(programme) for _ in range(8)])
    places += _team(session, lead, [a_practitioner(programme) for _ in range(2)])
    alone = a_place(session)
    _move(session, to, [*places, alone])
    mail = _mail(lead)
    assert mail.subject == "10 colleagues of your team have been moved: Thursday 26 November"
    for place in places:
        said = f"{place.person.name} was moved by the coordinator to Tuesday 8 December 2026, 1:30pm to 4:30pm."
        assert said in mail.text
    assert alone.person.name not in mail.text
    with django_assert_max_num_queries(20):
        kinds.find("attendance.team_left").render(_told(lead).get())
    team = Team.objects.get(session=to)
    assert (team.made_by, team.places.count()) == (lead, 10), "it has gone along"
    assert f"/teams/{team.pk}/" in mail.text
    assert "free" not in mail.text
    new = team.places.order_by("pk").first()
    give_up_place(place=new, by=new.person, now=NOW)
    later = kinds.find("attendance.team_left").render(_told(lead).exclude(refs__team=places[0].team_id).get())
    assert later.subject == "A colleague has left your team: Tuesday 8 December"
    assert [(check.promise, found) for check, found in findings() if found] == []


def test_who_is_moved_without_a_team_or_for_another_organisation_gets_into_none(programme, lead):
    session, to = a_session(programme, capacity=4), another_day(programme, capacity=4)
    waiting = _team(to, lead, [a_practitioner(programme)])
    Team.objects.filter(pk=waiting[0].team_id).update(rule="all")
    first, second = _team(session, lead, [a_practitioner(programme) for _ in range(2)])
    alone = a_place(session)
    _move(session, to, [alone, first])
    _move(session, to, [second])
    made = Team.objects.filter(session=to).exclude(rule="all").get()
    assert set(made.places.values_list("person", flat=True)) == {first.person_id, second.person_id}, "both in one"
    assert Place.objects.get(session=to, person=alone.person).team is None


def test_the_preview_of_a_move_counts_the_leads_who_are_told(programme, lead, client):
    session, to = a_session(programme, capacity=4), another_day(programme, capacity=4)
    _team(session, lead, [a_practitioner(programme) for _ in range(2)])
    signed_in(client, session, ProgrammeRole.COORDINATOR)
    typed = {"whom": "everybody", "to": to.pk, "rule": "fit"}
    page = words(client.post(reverse("attendance:session-move", args=[session.pk]), typed))
    assert "<strong>1 lead</strong> who booked them as a team gets one e-mail" in page


def test_a_lead_hears_that_an_offer_to_a_colleague_ended_with_the_list_of_names(programme, lead):
    session = a_session(programme, capacity=1)
    holder = a_place(session)
    place = _team(session, lead, [a_practitioner(programme)])[0]
    set_booking_rules(programme=programme, offer_days=60, by=CLOCK, now=NOW)
    give_up_place(place=holder, by=holder.person, now=NOW)
    place.refresh_from_db()
    assert place.state == PlaceState.OFFERED
    set_booking_rules(programme=programme, offer_days=60, freeze_days=60, by=CLOCK, now=NOW)
    said = _mail(lead).text
    assert (
        f"{place.person.name} had been offered a place and cannot take it any more: the list of names is final" in said
    )
    assert "There is no free place to book" in said


@pytest.mark.parametrize("how", ["books", "accepts", "is booked by the lead"])
def test_a_lead_hears_that_a_colleague_who_waited_has_a_place_elsewhere(programme, lead, how):
    session, to = a_session(programme, capacity=1), another_day(programme, capacity=1)
    a_place(session)
    colleague = a_practitioner(programme)
    place = _team(session, lead, [colleague])[0]
    assert place.state == PlaceState.WAITING
    if how == "books":
        take_place(session=to, person=colleague, by=colleague, now=NOW)
    elif how == "accepts":
        holder = a_place(to)
        set_booking_rules(programme=programme, offer_days=90, by=CLOCK, now=NOW)
        other = take_place(session=to, person=colleague, by=colleague, now=NOW)
        give_up_place(place=holder, by=holder.person, now=NOW)
        accept_offer(place=other, by=colleague, now=NOW)
    else:
        take_place(session=to, person=colleague, by=lead, now=NOW)
        assert not _told(lead).exists(), "they did it themselves"
        return
    assert f"{colleague.name} has a place on another date, Tuesday 8 December 2026" in _mail(lead).text


def test_a_lead_does_not_hear_of_a_place_of_another_organisation(programme, lead):
    """Whoever belongs to two, and has the other date for the other one: its lead is told nothing of where."""
    programme.places_rule = PlacesRule.UNLIMITED
    programme.save(update_fields=["places_rule"])
    session, to = a_session(programme, capacity=2), another_day(programme)
    place = _team(session, lead, [a_practitioner(programme)])[0]
    _move(session, to, [place])
    Place.objects.filter(session=to).update(organisation=a_place(a_session()).organisation)
    assert f"{place.person.name} was moved by the coordinator to another date." in _mail(lead).text


def test_a_lead_is_not_told_of_the_places_that_they_gave_up_themselves(programme, lead):
    session = a_session(programme, capacity=3)
    first, second = _team(session, lead, [a_practitioner(programme) for _ in range(2)])
    give_up_place(place=first, by=lead, now=NOW)
    assert not _told(lead).exists()
    give_up_place(place=second, by=second.person, now=NOW)
    mail = _mail(lead)
    assert mail.subject.startswith("A colleague has left your team")
    assert first.person.name not in mail.text


def test_news_of_the_next_hour_is_a_mail_of_its_own(programme, lead):
    session = a_session(programme, capacity=2)
    first, second = _team(session, lead, [a_practitioner(programme) for _ in range(2)])
    _hand_over(first, a_practitioner(programme))
    give_up_place(place=second, by=second.person, now=NOW + timedelta(hours=1))
    assert _told(lead).count() == 2


def test_a_lead_hears_that_the_session_of_their_team_is_cancelled(programme, lead, client):
    session = a_session(programme, capacity=4)
    people = [a_practitioner(programme) for _ in range(2)]
    _team(session, lead, people)
    _team(session, lead, [a_practitioner(programme)])
    OrganisationLeadFactory(organisation=partner_of(programme))  # another, who booked none of them
    signed_in(client, session, ProgrammeRole.COORDINATOR)
    page = words(client.get(reverse("attendance:session-cancel", args=[session.pk])))
    assert "4 in all: 3 with a place, 1 with places for colleagues" in page
    cancel_session(session=session, reason="The heating has failed", by=CLOCK, now=NOW)
    mails = Message.objects.filter(kind="attendance.session_cancelled")
    assert mails.count() == 4
    mail = mails.get(person=lead)
    kind = kinds.find(mail.kind)
    assert kind.still_wanted([mail], NOW) == {}
    content = kind.render(mail)
    for said in (content.text, content.html):
        assert "The heating has failed" in said
        assert "3 colleagues of your team are told the same and choose another date before others" in said
        assert f"/organisations/{partner_of(programme).pk}/booking/" in said
        assert "without a name" not in said
    assert content.calendar is None


def test_a_lead_hears_once_that_the_session_of_their_team_is_at_another_time_and_of_no_other_change(programme, lead):
    session = a_session(programme, capacity=4)
    _team(session, lead, [a_practitioner(programme) for _ in range(2)])
    _team(session, lead, [a_practitioner(programme)])
    kind = kinds.find("attendance.session_changed")

    def wanted():
        mails = list(Message.objects.filter(kind=kind.name, person=lead))
        gone = kind.still_wanted(mails, NOW)
        return [mail for mail in mails if mail.pk not in gone]

    change_session(session=session, title="One Plan", by=CLOCK, now=NOW)
    assert not wanted()
    preview = preview_change(Session.objects.get(pk=session.pk), {"date": date(2026, 12, 3)}, NOW)
    assert (preview.tells, preview.leads) == (4, {lead.pk})
    change_session(session=session, date=date(2026, 12, 3), by=CLOCK, now=NOW)
    (mail,) = wanted()
    content = kind.render(mail)
    assert content.subject == "Moved: the session of your team is now on Thursday 3 December, 9:30am"
    for said in (content.text, content.html):
        assert "A session in which your team has places has changed. 3 colleagues are told the same" in said
        assert "It was on Thursday 26 November 2026, 9:30am to 12:30pm." in said
        assert "/teams/" in said
    assert content.calendar is None
    change_session(session=session, title="Two Plans", by=CLOCK, now=NOW)  # before that mail has left
    (mail,) = wanted()
    assert "It was on Thursday 26 November 2026" in kind.render(mail).text
    assert "It is now called Two Plans" in kind.render(mail).text
    Message.objects.filter(person=lead).update(state="sent", sent_at=NOW, message_id="<1@example.org>")
    change_session(session=session, title="Three Plans", by=CLOCK, now=NOW)
    assert Message.objects.filter(person=lead).count() == 2
    for place in Place.objects.live().filter(session=session):
        give_up_place(place=place, by=place.person, now=NOW)
    change_session(session=session, date=date(2026, 12, 10), by=CLOCK, now=NOW)
    assert Message.objects.filter(person=lead, kind=kind.name).count() == 2, "nobody of the team comes any more"


def test_the_page_before_a_session_moves_counts_the_leads_who_are_told(programme, lead, client):
    session = a_session(programme)
    _team(session, lead, [a_practitioner(programme)])
    signed_in(client, session, ProgrammeRole.COORDINATOR)
    typed = {"slot": "morning", "room": session.room_id, "online_link": "", "title": "", "area": "", "notes": ""}
    typed |= {"date_day": 3, "date_month": 12, "date_year": 2026}
    page = words(client.post(reverse("attendance:session-change", args=[session.pk]), typed))
    assert (
        "2 people are told by e-mail</strong> what has changed: 1 with a place, 1 with places for colleagues." in page
    )


def _asked_of_mails(act) -> list[str]:
    """Return by which conditions ``act`` looks for mails."""
    with CaptureQueriesContext(connection) as caught:
        act()
    found = [
        each["sql"] for each in caught if each["sql"].startswith("SELECT") and '"messaging_message"' in each["sql"]
    ]
    return [sql.partition(" WHERE ")[2] for sql in found]


def test_earlier_mails_are_found_by_their_keys_among_those_of_years(programme, lead):
    session, to = a_session(programme), another_day(programme)
    place, uninvited = a_place(session), a_practitioner(programme)
    a_coordinator(session)
    _move(session, to, [place])
    own = {"organisation": partner_of(programme), "programme": programme, "people": [uninvited.pk], "by": lead}
    assert nudge_colleagues(**own, now=NOW).asked_for == 1
    asking = _asked_of_mails(lambda: nudge_colleagues(**own, now=NOW))
    cancelling = _asked_of_mails(lambda: cancel_session(session=to, reason="Flood", by=CLOCK, now=NOW))
    assert asking
    assert cancelling
    for conditions in asking + cancelling:
        assert '."key"' in conditions, "nothing else has an index that fits"
    mail = Message.objects.get(kind="attendance.session_cancelled", person=place.person)
    assert "Thursday 26 November" in kinds.find(mail.kind).render(mail).text, "the day they know"
