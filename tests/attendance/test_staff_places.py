"""What staff do about places: on the telephone, and with the list of a session."""

from datetime import date, timedelta
from uuid import uuid4

import pytest
import time_machine
from django.urls import reverse

from attendance.actions.engagements import BusyThen
from attendance.actions.needs import set_access_need
from attendance.actions.places import (
    HasPlaceElsewhere,
    NotEligible,
    NotOpen,
    PlaceHasEnded,
    WasCancelled,
    give_up_place,
)
from attendance.actions.reserve import seat_from_reserve
from attendance.actions.sessions import cancel_session
from attendance.actions.teams import NotInTheTeam, book_team
from attendance.invariants import findings
from attendance.models import BookingRules, Engagement, Place, PlaceState, Quota
from briefings.models import PlacesRule, Programme, ProgrammeRole, Session
from history.actions import CLOCK
from history.models import Look
from messaging.models import Message
from organisations.models import Affiliation
from tests.attendance.places import (
    NOW,
    PartnerFactory,
    a_place,
    a_practitioner,
    a_session,
    another_day,
    fill,
    partner_of,
)
from tests.attendance.test_booking_pages import invite, words
from tests.briefings.factories import AppointmentFactory, SessionFactory
from tests.organisations.factories import OrganisationFactory, PersonFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def session():
    return a_session(capacity=1)


@pytest.fixture
def coordinator(session, client):
    """Somebody who coordinates the programme of ``session`` and is signed in."""
    return signed_in(client, session, ProgrammeRole.COORDINATOR)


def signed_in(client, session, role):
    person = AppointmentFactory(programme=session.programme, role=role).person
    client.force_login(person)
    return person


def page_of(name, session, person, *more):
    return reverse(f"attendance:person-{name}", args=[session.programme.slug, person.pk, *more])


def test_somebody_is_found_by_name_address_or_reference_and_the_look_leaves_a_trace(client, session, coordinator):
    person = a_practitioner(session.programme, name="Amina Samplewood", email="amina@example.org")
    place = a_place(session, person)
    a_practitioner(session.programme, name="Kofi Examplar", email="kofi@example.org")
    address = reverse("attendance:person-find", args=[session.programme.slug])
    assert "Who is on the telephone?" in words(client.get(address))
    for asked in ("samplewood amina", "AMINA@example", place.reference.lower()):
        page = words(client.get(address, {"q": asked}))
        assert "Amina Samplewood" in page
        assert "Kofi" not in page
    assert "Nothing matches" in words(client.get(address, {"q": "nobody like this"}))
    assert client.get(address, {"q": "nobody\x00 like this"}).status_code == 200
    assert Look.objects.filter(
        actor=f"accounts.person:{coordinator.pk}", person=f"accounts.person:{person.pk}"
    ).exists()


def test_people_of_other_programmes_are_not_found(client, session, coordinator):
    stranger = PersonFactory(name="Nobody Elsewhere")
    assert client.get(page_of("show", session, stranger)).status_code == 404
    address = reverse("attendance:person-find", args=[session.programme.slug])
    assert "Elsewhere" not in words(client.get(address, {"q": "Nobody"})).replace("q=Nobody", "")


@pytest.mark.parametrize("count", [1, 3])
def test_finding_takes_the_same_queries_for_any_number(
    client, session, coordinator, django_assert_max_num_queries, count
):
    for _ in range(count):
        a_practitioner(session.programme, name="Amina Samplewood")
    with django_assert_max_num_queries(12):
        client.get(reverse("attendance:person-find", args=[session.programme.slug]), {"q": "Amina"})


def test_the_page_shows_where_somebody_stands_and_acts_for_them(client, session, coordinator):
    person = invite(session.programme).person
    shown = words(client.get(page_of("show", session, person)))
    assert "Take a place for" in shown
    booked = client.post(page_of("take", session, person), {"session": session.pk}, follow=True)
    assert "Booked. They are told by e-mail" in words(booked)
    place = Place.objects.get()
    assert (place.person, place.made_by) == (person, f"accounts.person:{coordinator.pk}")
    to = another_day(session.programme)
    changed = client.post(page_of("change", session, person, place.pk), {"session": to.pk}, follow=True)
    assert "The date is changed" in words(changed)
    assert "Changed for another date, 2 November 2026 at 9am" in words(changed)
    new = Place.objects.live().get()
    assert new.session == to
    sent = client.post(page_of("send-entry", session, person, new.pk), follow=True)
    assert "are on their way" in words(sent)
    assert client.get(page_of("give-up", session, person, new.pk)).status_code == 200
    ended = client.post(page_of("give-up", session, person, new.pk), follow=True)
    assert "The place is given up" in words(ended)
    assert client.get(page_of("give-up", session, person, new.pk)).status_code == 302
    again = client.post(page_of("send-entry", session, person, new.pk), follow=True)
    assert "already been given up" in words(again)


def test_the_reserve_is_given_out_on_the_telephone(client, coordinator, session):
    kept = another_day(session.programme, capacity=1, reserved=1)
    person = a_practitioner(session.programme)
    client.post(page_of("take", session, person), {"session": kept.pk, "from_reserve": "on"})
    assert Place.objects.get().state == PlaceState.BOOKED


def test_who_waits_gets_a_place_that_is_kept_back(client, coordinator, session):
    kept = another_day(session.programme, capacity=2, reserved=1)
    fill(kept)
    places = [a_place(kept) for _ in range(3)]
    first, second, third = (place.person for place in places)
    refused = words(client.post(page_of("change", session, third, places[2].pk), {"session": kept.pk}))
    assert f"{third.name} waits for this session already." in refused
    form = {"session": kept.pk, "from_reserve": "on"}
    assert "Give them a place now" in words(client.get(page_of("show", session, third)))
    done = words(client.post(page_of("change", session, third, places[2].pk), form, follow=True))
    assert "Booked. They are told by e-mail" in done
    assert Message.objects.filter(kind="attendance.place_booked", person=third).count() == 1
    gone = words(client.post(page_of("seat", session, second, places[1].pk), follow=True))
    assert "Every place of this session is taken" in gone
    assert "Give them a place now" not in words(client.get(page_of("show", session, first)))
    states = dict(Place.objects.filter(session=kept).values_list("person", "state"))
    assert [states[person.pk] for person in (first, second, third)] == ["waiting", "waiting", "booked"]
    assert [found for _, found in findings() if found] == []


@pytest.mark.parametrize(
    ("stands", "refusal"),
    [("elsewhere", HasPlaceElsewhere), ("busy", BusyThen), ("left", NotEligible), ("ended", PlaceHasEnded),
     ("over", NotOpen)],
)  # fmt: skip
def test_a_seat_kept_back_is_for_who_may_have_it(session, stands, refusal):
    kept = another_day(session.programme, capacity=2, reserved=1)
    fill(kept)
    place = a_place(kept)
    if stands == "elsewhere":
        other = a_place(session)
        Place.objects.filter(pk=other.pk).update(person=place.person)
    if stands == "busy":
        Engagement.objects.create(person=place.person, session=session, during=kept.during)
    if stands == "left":
        Affiliation.objects.filter(person=place.person).update(until=NOW.date())
    if stands == "ended":
        give_up_place(place=place, by=place.person, now=NOW)
    now = NOW + timedelta(days=365 * (stands == "over"))
    with pytest.raises(refusal):
        seat_from_reserve(place=place, by=CLOCK, now=now)
    assert Place.objects.get(pk=place.pk).state != PlaceState.BOOKED


def test_the_coordinator_says_yes_to_an_offer_for_somebody(client, coordinator, session):
    place = a_place(session)
    Place.objects.filter(pk=place.pk).update(
        state=PlaceState.OFFERED, offered_until=NOW + timedelta(days=1), offered_from_line=True
    )
    assert "Take it for them" in words(client.get(page_of("show", session, place.person)))
    said = words(client.post(page_of("seat", session, place.person, place.pk), follow=True))
    assert "Booked. They are told by e-mail" in said
    assert Place.objects.get(pk=place.pk).state == PlaceState.BOOKED
    Place.objects.update(state=PlaceState.OFFERED, offered_until=NOW - timedelta(hours=1))
    late = words(client.post(page_of("seat", session, place.person, place.pk), follow=True))
    assert f"so {place.person.name} does not have this place any more" in late
    place = a_place(session, place.person)
    again = words(client.post(page_of("take", session, place.person), {"session": session.pk}))
    assert f"{place.person.name} has a place in this session already." in again


def test_a_session_that_was_cancelled_or_has_begun_is_refused_in_words(client, coordinator, session):
    person = a_practitioner(session.programme)
    draft = SessionFactory(programme=session.programme, date=date(2026, 12, 9), draft=True)
    take = page_of("take", session, person)
    other = another_day(session.programme)
    cancel_session(session=other, reason="Flood", by=CLOCK, now=NOW)
    assert "This session was cancelled. Choose another one." in words(client.post(take, {"session": other.pk}))
    with time_machine.travel(session.during.lower, tick=False):
        client.force_login(coordinator)
        assert "This session has begun. Choose another one." in words(client.post(take, {"session": session.pk}))
    client.force_login(coordinator)
    for number in (draft.pk, a_session().pk, 2**63, "x", ""):
        page = words(client.post(take, {"session": number}))
        assert "was cancelled" not in page
        assert "has begun" not in page
    with pytest.raises(WasCancelled):
        a_place(other, person)


def test_which_session_somebody_is_in_is_said_to_who_sees_who_has_a_place_there(client, coordinator, session):
    own = session.programme
    Programme.objects.filter(pk=own.pk).update(places_rule=PlacesRule.UNLIMITED)
    other = a_session()
    person = a_practitioner(own)
    PartnerFactory(programme=other.programme, organisation=partner_of(own))
    held = a_place(other, person)
    take = page_of("take", session, person)
    page = words(client.post(take, {"session": session.pk}))
    assert f"{person.name} is in another session at that time." in page
    assert str(other) not in page
    AppointmentFactory(programme=other.programme, person=coordinator)
    page = words(client.post(take, {"session": session.pk}))
    assert f"{person.name} is in “{other}” on Thursday 26 November 2026, 9:30am to 12:30pm." in page
    team = {"organisation": partner_of(own), "unnamed": 0, "rule": "fit", "names_until": None, "by": CLOCK, "now": NOW}
    with pytest.raises(NotInTheTeam, match=f"they are in “{other}” on"):
        book_team(session=session, people=[person], press=uuid4(), **team)
    Place.objects.filter(pk=held.pk).update(organisation=OrganisationFactory())
    with pytest.raises(NotInTheTeam, match="they are in another session at that time"):
        book_team(session=session, people=[person], press=uuid4(), **team)


def test_an_offer_that_is_over_goes_on_though_the_form_is_refused(client, coordinator, session):
    place = a_place(session)
    Place.objects.filter(pk=place.pk).update(
        state=PlaceState.OFFERED, offered_until=NOW - timedelta(hours=1), offered_from_line=True
    )
    form = {"session": session.pk, "press": uuid4()}
    said = words(client.post(page_of("take", session, place.person), form, follow=True))
    assert f"so {place.person.name} does not have this place any more" in said
    place.refresh_from_db()
    assert place.closed_reason == "offer_lapsed"


def test_where_somebody_holds_several_places_each_can_be_changed(client, coordinator, session):
    Programme.objects.filter(pk=session.programme_id).update(places_rule=PlacesRule.UNLIMITED)
    session = Session.objects.get(pk=session.pk)
    place = a_place(session)
    other = a_place(another_day(session.programme), place.person)
    shown = words(client.get(page_of("show", session, place.person)))
    for each in (place, other):
        assert page_of("change", session, place.person, each.pk) in shown


def test_a_refusal_and_a_missing_choice_are_said_at_the_field(client, session, coordinator):
    person = a_practitioner(session.programme)
    a_place(another_day(session.programme), person)
    refused = client.post(page_of("take", session, person), {"session": session.pk})
    assert f"{person.name} holds a place in another session" in words(refused)
    for wrong in ({}, {"session": "x"}, {"session": "9" * 40}, {"session": a_session().pk}):
        response = client.post(page_of("take", session, person), wrong)
        assert response.status_code == 200
        assert "There is a problem" in words(response)


def test_what_is_refused_is_said_about_the_person_and_not_to_them(client, session, coordinator):
    person, to = a_practitioner(session.programme, name="Amina Samplewood"), another_day(session.programme, capacity=1)
    fill(to)
    place = a_place(session, person)
    full = words(client.post(page_of("change", session, person, place.pk), {"session": to.pk}))
    assert "so Amina Samplewood keeps the one there is" in full
    stranger = invite(session.programme, PersonFactory(name="Kofi Examplar")).person
    refused = words(client.post(page_of("take", session, stranger), {"session": to.pk}))
    assert "Kofi Examplar is in no organisation, profession and area of this programme" in refused


def test_nobody_is_said_to_be_told_who_has_no_address(client, session, coordinator):
    person = a_practitioner(session.programme, email=None)
    booked = words(client.post(page_of("take", session, person), {"session": session.pk}, follow=True))
    assert "Booked. No e-mail address is known, so tell them yourself" in booked
    place = Place.objects.get(person=person)
    sent = words(client.post(page_of("send-entry", session, person, place.pk), follow=True))
    assert "No e-mail address is known, so nothing was sent" in sent


def test_who_waits_is_put_on_the_list(client, session, coordinator):
    fill(session)
    person = a_practitioner(session.programme)
    said = client.post(page_of("take", session, person), {"session": session.pk}, follow=True)
    assert "Put on the waiting list" in words(said)


def test_the_dates_say_where_an_organisation_has_its_quota(client, session, coordinator):
    to = another_day(session.programme)
    Quota.objects.create(programme=session.programme, organisation=partner_of(session.programme), seats=1)
    a_place(to)
    person, would_wait = a_practitioner(session.programme), "places are taken: they would wait"
    shown = words(client.get(page_of("show", session, person)))
    assert shown.count(would_wait) == 1
    assert f"1 of 2 free. Their organisation’s {would_wait}" in shown
    missing = words(client.post(page_of("take", session, person), {}))
    assert missing.count(would_wait) == 1
    client.post(page_of("take", session, person), {"session": to.pk})
    assert [place.state for place in Place.objects.filter(person=person)] == [PlaceState.WAITING]


def test_the_dates_leave_out_where_they_are_and_say_what_is_kept_for_others(client, session, coordinator):
    programme = session.programme
    other, gone = another_day(programme, capacity=1), another_day(programme, date=date(2026, 12, 9))
    person, lost = a_practitioner(programme), a_place(gone)
    a_place(session, person)
    cancel_session(session=gone, reason="Flood", by=CLOCK, now=NOW)

    def dates(somebody):
        page = words(client.get(reverse("attendance:person-show", args=[programme.slug, somebody.pk])))
        return page[page.index("Choose a session") :].split("</select>")[0]

    assert f'value="{session.pk}"' not in dates(person)
    kept = "1 of 1 free. Kept for people whose session was cancelled: they would wait"
    assert kept in dates(person)
    assert kept not in dates(lost.person)
    assert f'value="{other.pk}"' in dates(lost.person)


def test_an_answer_is_noted_and_the_link_sent_again(client, session, coordinator):
    invitation = invite(session.programme)
    person = invitation.person
    client.post(page_of("answer", session, person), {"answer": "not_for_me"})
    invitation.refresh_from_db()
    assert invitation.answer == "not_for_me"
    assert "There is a problem" in words(client.post(page_of("answer", session, person), {"answer": "perhaps"}))
    client.post(page_of("answer", session, person), {"answer": ""})
    client.post(page_of("send-link", session, person))
    invitation.refresh_from_db()
    assert invitation.answer == ""
    assert Message.objects.filter(kind="attendance.invitation_link_again").count() == 1
    uninvited = a_practitioner(session.programme)
    assert client.post(page_of("send-link", session, uninvited)).status_code == 404


def test_the_list_of_a_session_shows_needs_to_named_staff_only(client, session, coordinator):
    place = a_place(session)
    a_place(session)
    set_access_need(place=place, words="Hearing loop needle", welsh=True, by=place.person, now=NOW)
    page = reverse("attendance:session-places", args=[session.pk])
    assert "Hearing loop needle" in words(client.get(page))
    signed_in(client, session, ProgrammeRole.FACILITATOR)
    assert "Hearing loop needle" in words(client.get(page))
    administrator = PersonFactory(administrator=True)
    client.force_login(administrator)
    shown = words(client.get(page))
    assert place.person.name in shown
    assert "needle" not in shown
    assert "needle" not in b"".join(client.get(page.removesuffix("/") + ".csv").streaming_content).decode()
    signed_in(client, session, ProgrammeRole.BOARD)
    assert client.get(page).status_code == 404


def test_nothing_is_said_of_needs_where_there_are_none(client, session, coordinator):
    a_place(session)
    shown = words(client.get(reverse("attendance:session-places", args=[session.pk])))
    assert "In Welsh" not in shown
    assert '<td data-head="Needs to take part"><span class="soft">None</span>' in shown  # said on a phone too


def test_the_spreadsheet_has_one_line_each_and_no_formula(client, session, coordinator):
    place = a_place(session, a_practitioner(session.programme, name="=HYPERLINK(1)"))
    waiting = a_place(session)
    response = client.get(reverse("attendance:session-places-export", args=[session.pk]))
    lines = b"".join(response.streaming_content).decode("utf-8-sig").splitlines()
    assert len(lines) == 3
    rows = {line.split(",")[0]: line for line in lines}
    assert "'=HYPERLINK(1)" in rows
    assert f"Waiting,1,{waiting.reference}" in rows[waiting.person.name]
    assert Look.objects.filter(person=f"accounts.person:{place.person_id}").exists()


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_takes_the_same_queries_for_any_number(
    client, session, coordinator, django_assert_max_num_queries, count
):
    for _ in range(count):
        a_place(session)
    with django_assert_max_num_queries(12):
        client.get(reverse("attendance:session-places", args=[session.pk]))


def test_the_list_names_who_has_a_place_before_who_waits_and_says_what_has_no_name_yet(client, session, coordinator):
    booked = a_place(session, a_practitioner(session.programme, name="Zed Lastname"))
    waiting = a_place(session, a_practitioner(session.programme, name="Amy Firstname"))
    page = reverse("attendance:session-places", args=[session.pk])
    response = client.get(page)
    assert [place.pk for place in response.context["page"].rows] == [booked.pk, waiting.pk]
    assert response.context["unnamed"] == 0
    assert "1 place, 1 waiting</h2>" in words(response), "who waits has no place"
    Place.objects.filter(pk=booked.pk).update(person=None)
    assert "1 place is booked for a colleague" in " ".join(words(client.get(page)).split())


def test_giving_up_for_somebody_says_what_follows(client, session, coordinator):
    (seated,) = fill(session)
    ask = page_of("give-up", session, seated.person, seated.pk)
    assert "Nobody waits for it." in words(client.get(ask))
    waiting = a_place(session, a_practitioner(session.programme, email=None))
    assert "goes at once to the first on the waiting list" in words(client.get(ask))
    BookingRules.objects.create(programme=session.programme, freeze_days=99)
    assert "The list of names is final, so nobody moves up." in words(client.get(ask))
    person = words(client.get(page_of("show", session, waiting.person)))
    assert 'Take off the list<span class="vh"> for Thursday 26 November</span>' in person
    assert "They keep their position in the line for Thursday 26 November until the new one is theirs." in person
    ask = page_of("give-up", session, waiting.person, waiting.pk)
    shown = words(client.get(ask))
    assert "They lose their position. No e-mail address is known" in shown
    assert "They are off the waiting list" in words(client.post(ask, follow=True))
