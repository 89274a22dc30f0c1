from datetime import timedelta
from uuid import uuid4

import pytest
from django.urls import reverse

from accounts.links import make_link
from attendance.actions.sessions import cancel_session
from attendance.models import Place, PlaceState, Team
from briefings.models import PlacesRule, Programme
from commitments.actions.questions import open_question, publish_answer
from commitments.models import Audience
from desk.matters.own import places
from face.dates import day_plain, day_without_year
from organisations.actions.head_counts import PURPOSE
from organisations.models import HeadCountRequest, StaffListImport
from tests.attendance.places import a_place, a_practitioner, a_programme, a_session, fill
from tests.cast import NOW
from tests.desk.county import ask, invitation_of, make_county
from tests.organisations.factories import OrganisationFactory, OrganisationLeadFactory, PersonFactory

pytestmark = pytest.mark.django_db
HOME = reverse("desk:home-show")


@pytest.fixture
def county(time_machine):
    time_machine.move_to(NOW)
    return make_county()


def shown(client, person) -> dict[str, list[tuple[str, str]]]:
    """Return the groups of the first page of ``person``: colour and title of each matter."""
    client.force_login(person)
    return {
        group.key: [(each.colour, each.title) for each in group.shown] for group in client.get(HOME).context["groups"]
    }


def addresses(client, person) -> list[str]:
    client.force_login(person)
    return [each.url for group in client.get(HOME).context["groups"] for each in group.shown]


def test_a_visitor_sees_what_this_is_open_sessions_and_published_answers(county, client):
    text = client.get(HOME).content.decode()
    assert "Half-day briefings" in text
    assert reverse("attendance:session-show", args=[county.cast.session.pk]) in text
    assert "Answers to what was asked" not in text
    open_question(question=county.raised, by=county.cast.coordinator, now=NOW)
    publish_answer(
        question=county.raised, words="Everybody named in it.", audience=Audience.PUBLIC, by=county.cast.coordinator,
        now=NOW,
    )  # fmt: skip
    text = client.get(HOME).content.decode()
    assert "Who may read the plan?" in text
    assert "Everybody named in it." in text


def test_a_visitor_sees_nothing_of_a_programme_that_is_not_public(county, client):
    open_question(question=county.raised, by=county.cast.coordinator, now=NOW)
    publish_answer(
        question=county.raised, words="Everybody named in it.", audience=Audience.PUBLIC, by=county.cast.coordinator,
        now=NOW,
    )  # fmt: skip
    Programme.objects.update(is_public=False)
    response = client.get(HOME)
    assert (response.context["sessions"], response.context["answers"]) == ([], [])


def test_an_answer_for_the_asker_alone_is_not_on_the_first_page(county, client):
    open_question(question=county.raised, by=county.cast.coordinator, now=NOW)
    publish_answer(
        question=county.raised, words="Only you.", audience=Audience.ASKER, by=county.cast.coordinator, now=NOW
    )
    assert "Only you." not in client.get(HOME).content.decode()


def test_a_coordinator_sees_what_the_programme_needs_worst_first(county, client):
    assert shown(client, county.cast.coordinator)["coordinating"] == [
        ("bad", "One partner has nobody senior at the session of Monday 2 November, afternoon"),
        ("bad", "One question has no owner"),
        ("wait", "The register of 22 October 2026 is not closed"),
        ("wait", "One partner has nobody senior at the session of Thursday 26 November, morning"),
        ("wait", "One assurance is proposed as kept"),
        ("wait", "One walk-in is not matched to a person"),
        ("wait", "One message was not delivered"),
    ]


def test_what_is_beyond_seven_is_one_press_away(county, client):
    client.force_login(county.cast.coordinator)
    (group,) = client.get(HOME).context["groups"]
    assert (len(group.shown), group.left_out) == (7, 1)
    assert group.more == (reverse("desk:programme-show", args=["own"]), "Overview of Own Programme")


def test_every_press_of_a_coordinator_opens_a_page(county, client):
    for address in addresses(client, county.cast.coordinator):
        assert client.get(address, follow=True).status_code == 200, address


def test_what_has_no_owner_is_listed_alone(county, client):
    client.force_login(county.cast.coordinator)
    (group,) = client.get(HOME).context["groups"]
    (matter,) = [each for each in group.shown if each.title == "One question has no owner"]
    assert [row.reference for row in client.get(matter.url).context["page"].rows] == [county.raised.reference]


def test_a_coordinator_of_two_programmes_is_told_which(county, client):
    from tests.briefings.factories import AppointmentFactory

    AppointmentFactory(programme=county.cast.other_programme, person=county.cast.coordinator)
    client.force_login(county.cast.coordinator)
    (group,) = client.get(HOME).context["groups"]
    assert group.shown[1].text.startswith("Own Programme. The oldest was asked")
    assert group.more == (reverse("briefings:programme-list"), "All programmes")


def test_late_things_are_bad(county, client, time_machine):
    time_machine.move_to(NOW + timedelta(days=40))
    bad = [title for colour, title in shown(client, county.cast.coordinator)["coordinating"] if colour == "bad"]
    assert set(bad) == {
        "One assurance is past its date", "Two questions are past their date", "One question has no owner",
    }  # fmt: skip


def test_a_senior_manager_sees_cover_questions_and_promises(county, client):
    found = shown(client, county.cast.senior)
    assert found == {
        "cover": [("wait", "Can you come? Thursday 26 November, 9:30am to 12:30pm")],
        "commissions": [("wait", "May a carer see it?")],
        "assurances": [
            ("wait", "Everybody gets half a day."),
            ("open", "We answer within two days."),
            ("quiet", "We open the side door."),
        ],
    }
    for address in addresses(client, county.cast.senior):
        assert client.get(address, follow=True).status_code == 200, address


def test_a_facilitator_opens_the_register_of_today(county, client):
    assert shown(client, county.cast.facilitator) == {
        "running": [("wait", "Open the register: today, 1:30pm to 4:30pm")]
    }
    assert addresses(client, county.cast.facilitator) == [reverse("attendance:register-show", args=[county.today.pk])]


def test_a_practitioner_sees_places_and_questions(county, client):
    found = shown(client, county.cast.practitioner)
    assert found["places"] == [("good", "Thursday 26 November, 9:30am to 12:30pm")]
    assert sorted(found["questions"]) == [("open", "May a carer see it?"), ("open", "Who may read the plan?")]
    for address in addresses(client, county.cast.practitioner):
        assert client.get(address, follow=True).status_code == 200, address


def test_who_asked_reads_by_when_as_it_is_today(county, client, time_machine):
    def said() -> dict[str, str]:
        client.force_login(county.cast.practitioner)
        groups = client.get(HOME).context["groups"]
        (group,) = [each for each in groups if each.key == "questions"]
        return {matter.title: matter.text for matter in group.shown}

    raised, owned = "Who may read the plan?", "May a carer see it?"
    assert said() == {
        raised: f"The coordinator looks at it by {day_plain(county.raised.due_on)}.",
        owned: "The answer is due on Monday 16 November 2026.",
    }
    time_machine.move_to(NOW + timedelta(days=40))
    assert said() == {
        raised: "The coordinator has not decided yet who answers it.",
        owned: "The answer was due on Monday 16 November 2026 and is late.",
    }


def test_an_invited_person_can_choose_a_date(county, client):
    invited = county.invitation.person
    assert shown(client, invited) == {"places": [("wait", "Choose a date: Own Programme")]}
    response = client.get(addresses(client, invited)[0], follow=True)
    assert response.redirect_chain[-1][0] == f"/i/{county.invitation.link_id}/"
    assert response.status_code == 200


def test_who_holds_a_place_is_not_asked_to_choose(county, client):
    invitation_of(county.cast.programme, county.cast.practitioner)
    assert len(shown(client, county.cast.practitioner)["places"]) == 1


def test_a_cancelled_session_leads_to_another_date(county, client):
    cancel_session(session=county.cast.session, reason="The boiler", by=county.cast.coordinator, now=NOW)
    client.force_login(county.cast.practitioner)
    (matter,) = client.get(HOME).context["groups"][0].shown
    assert matter.colour == "wait"
    assert "It is cancelled. You can choose another date." in matter.text


def test_what_was_missed_leads_to_another_date_and_waiting_and_offered_say_so(county, client):
    Place.objects.filter(pk=county.place.pk).update(missed_at=NOW)
    client.force_login(county.cast.practitioner)
    assert "You were not there." in client.get(HOME).context["groups"][0].shown[0].text
    Place.objects.filter(pk=county.place.pk).update(
        missed_at=None, state=PlaceState.OFFERED, offered_until=NOW + timedelta(days=2)
    )
    matter = client.get(HOME).context["groups"][0].shown[0]
    assert (matter.colour, "Your seat is kept until 4 November 2026" in matter.text) == ("bad", True)
    Place.objects.filter(pk=county.place.pk).update(
        state=PlaceState.WAITING, offered_until=None, number_in_line=1, limit_key=None
    )
    assert "waiting list" in client.get(HOME).context["groups"][0].shown[0].text


def test_a_lead_sees_who_of_the_own_people_has_no_place_and_what_is_missing(county, client):
    cast = county.cast
    assert shown(client, cast.lead) == {"leading": [("open", "One person of Own Partner has no place yet")]}
    empty = OrganisationFactory(name="Empty Trust")
    OrganisationLeadFactory(organisation=empty, person=cast.lead)
    assert shown(client, cast.lead)["leading"][0] == ("wait", "Give the staff list of Empty Trust")


def test_a_lead_sees_which_places_of_a_team_have_no_name_yet_and_until_when(county, client):
    cast = county.cast
    team = Team.objects.create(
        session=cast.session, organisation=cast.organisation, rule="fit", press=uuid4(), made_at=NOW,
        names_until=NOW.date() + timedelta(days=2),
    )  # fmt: skip
    place = {
        "session": cast.session,
        "organisation": cast.organisation,
        "team": team,
        "made_at": NOW,
        "made_by": "clock",
    }
    for number in range(2):
        Place.objects.create(state=PlaceState.BOOKED, seated_at=NOW, reference=f"X-{number}", **place)
    Place.objects.create(state=PlaceState.ENDED, closed_at=NOW, reference="X-9", **place)
    when = day_without_year(cast.session.date)
    first = shown(client, cast.lead)["leading"][0]
    assert first == ("wait", f"Two places of your team on {when} have no name yet")
    assert addresses(client, cast.lead)[0] == reverse("attendance:team-show", args=[team.pk])
    page = client.get(reverse("attendance:team-choose", args=[cast.organisation.pk])).content.decode()
    assert "2 places have no name yet" in page
    Place.objects.filter(team=team).update(state=PlaceState.ENDED, closed_at=NOW)
    assert "wait" not in [look for look, _ in shown(client, cast.lead)["leading"]]


def test_an_administrator_sees_the_installation(county, client):
    assert shown(client, county.cast.administrator) == {"installation": [("wait", "One message was not delivered")]}
    Programme.objects.get(pk=county.cast.other_programme.pk).appointments.all().delete()
    assert ("bad", "Other Programme has no coordinator") in shown(client, county.cast.administrator)["installation"]


def test_an_officer_sees_how_often_somebody_looked(county, client):
    assert list(shown(client, county.cast.governance)) == ["governance"]
    assert client.get(addresses(client, county.cast.governance)[0]).status_code == 200


def test_who_has_nothing_sees_open_sessions(county, client):
    client.force_login(PersonFactory())
    response = client.get(HOME)
    assert response.context["groups"] == []
    assert "Nothing waits for you" in response.content.decode()
    assert county.cast.session in response.context["sessions"]


def test_somebody_elses_link_is_not_there_and_an_ended_one_says_so(county, client):
    person = county.cast.practitioner
    ends_at = NOW + timedelta(seconds=1)
    link = make_link(purpose="place", person=person, about=county.place, ends_at=ends_at, now=NOW)
    address = reverse("desk:link-open", args=[link.pk])
    client.force_login(county.cast.lead)
    assert client.get(address).status_code == 404
    assert client.get(reverse("desk:link-open", args=[2**70])).status_code == 404
    client.force_login(person)
    link.ends_at = NOW + timedelta(milliseconds=1)
    link.save(update_fields=["ends_at"])
    import time_machine

    with time_machine.travel(NOW + timedelta(minutes=1)):
        assert client.get(address, follow=True).status_code == 403


@pytest.mark.parametrize("role", ["coordinator", "senior", "practitioner", "lead"])
def test_more_rows_need_no_more_queries(county, client, role, django_assert_max_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client.force_login(getattr(county.cast, role))
    client.get(HOME)
    with CaptureQueriesContext(
        connection,
    ) as one:
        client.get(HOME)
    for number in range(3):
        ask(county.cast, f"And what of {number}?")
    with CaptureQueriesContext(connection) as more:
        client.get(HOME)
    assert len(more) == len(one)
    assert len(one) <= 25


def test_a_lead_is_led_to_the_head_count_that_was_asked(county, client):
    cast = county.cast
    made = HeadCountRequest.objects.create(organisation=cast.organisation, asked_by=cast.coordinator, asked_at=NOW)
    ends_at = NOW + timedelta(days=30)
    link = make_link(purpose=PURPOSE, person=cast.lead, about=made, ends_at=ends_at, now=NOW)
    assert shown(client, cast.lead)["leading"][0] == ("wait", "Say how many practitioners Own Partner has")
    assert addresses(client, cast.lead)[0] == reverse("desk:link-open", args=[link.pk])
    HeadCountRequest.objects.update(answered_at=NOW)
    assert len(shown(client, cast.lead)["leading"]) == 1


def test_a_lead_decides_on_a_staff_list_that_was_read(county, client):
    made = StaffListImport.objects.create(
        organisation=county.cast.organisation, file_name="staff.csv", digest="x", uploaded_at=NOW, state="read"
    )
    assert shown(client, county.cast.lead)["leading"][0] == ("wait", "Check the staff list of Own Partner")
    assert addresses(client, county.cast.lead)[0] == reverse("organisations:import-show", args=[made.pk])


def test_what_somebody_waits_for_costs_the_same_for_many(django_assert_max_num_queries):
    programme = a_programme(places_rule=PlacesRule.UNLIMITED)
    person, counts = a_practitioner(programme), []
    for number in range(3):
        session = a_session(programme, capacity=1, date=NOW.date() + timedelta(days=20 + number))
        fill(session)
        a_place(session, person)
        with django_assert_max_num_queries(10) as taken:
            assert len(places(person, NOW).matters) == number + 1
        counts.append(len(taken))
    assert counts[0] == counts[2]
