"""Series of workshops: groups, places in the whole of one, and what somebody missed."""

import re
from datetime import date, timedelta
from uuid import uuid4

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.links import make_link
from attendance.actions import register
from attendance.actions.places import give_up_place
from attendance.actions.series import take_rest_of_series
from attendance.models import Engagement, Invitation, Place, PlaceState, SeatCount
from attendance.queries.series import groups_of, position_of
from briefings.actions.series import InAnotherSeries, NoSessions, SeriesNameTaken, settle_group, start_series
from briefings.models import PlacesRule, Programme, Series, SessionKind, SessionState
from commitments.actions.outputs import note_output
from messaging import kinds
from messaging.models import Message
from tests.attendance.places import NOW, a_place, a_practitioner, a_programme, a_session
from tests.attendance.registers import a_coordinator
from tests.commitments.pages import opened, signed_in, words

pytestmark = pytest.mark.django_db
DAYS = [date(2026, 11, 26), date(2026, 12, 3), date(2026, 12, 10)]


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def workshops():
    programme = a_programme(places_rule=PlacesRule.ONE_PER_SESSION)
    return [a_session(programme, date=day, kind=SessionKind.WORKSHOP) for day in DAYS]


def a_series(sessions, group="", series=None) -> Series:
    series = series or start_series(programme=sessions[0].programme, name="Wren House", by="clock", now=NOW)
    settle_group(series=series, group=group, sessions=sessions, by="clock", now=NOW)
    for session in sessions:
        session.refresh_from_db()
    return series


def test_groups_go_through_a_series_in_the_order_of_the_dates(workshops):
    first, second, third = workshops
    series = a_series([second, first], "Group A")
    a_series([third], "Group B", series)
    assert groups_of(series) == [("Group A", [first, second]), ("Group B", [third])]
    settle_group(series=series, group="Group A", sessions=[second], by="clock", now=NOW)
    first.refresh_from_db()
    assert (first.series, first.group) == (None, "")
    assert groups_of(series)[0] == ("Group A", [second])


def test_what_is_refused_changes_nothing(workshops):
    series = a_series(workshops[:1])
    with pytest.raises(SeriesNameTaken):
        start_series(programme=series.programme, name="Wren House", by="clock", now=NOW)
    other = start_series(programme=series.programme, name="Other", by="clock", now=NOW)
    with pytest.raises(InAnotherSeries):
        settle_group(series=other, group="", sessions=workshops, by="clock", now=NOW)
    with pytest.raises(NoSessions):
        settle_group(series=series, group="", sessions=[], by="clock", now=NOW)
    elsewhere = a_session(a_programme())
    settle_group(series=series, group="", sessions=[workshops[0], elsewhere], by="clock", now=NOW)
    elsewhere.refresh_from_db()
    assert elsewhere.series is None


def test_places_in_the_whole_series_each_for_itself(workshops):
    first, second, third = workshops
    a_series(workshops)
    for _ in range(2):
        a_place(second, a_practitioner(second.programme))  # full
    place = a_place(first)
    assert [each.pk for each in position_of(place, NOW).rest] == [second.pk, third.pk]
    taken = take_rest_of_series(place=place, by=place.person, now=NOW)
    assert [(each.session, each.is_booked) for each in taken] == [(second, False), (third, True)]
    assert taken[0].place.state == PlaceState.WAITING
    assert take_rest_of_series(place=place, by=place.person, now=NOW) == []
    assert Place.objects.filter(person=place.person).count() == 3


def test_one_that_cannot_be_had_takes_no_other_away(workshops):
    first = workshops[0]
    a_series(workshops)
    programme = first.programme
    programme.places_rule = PlacesRule.ONE
    programme.save()
    place = a_place(first)
    taken = take_rest_of_series(place=place, by=place.person, now=NOW)
    assert [each.place for each in taken] == [None, None]
    assert "You hold a place on " in taken[0].why_not
    assert position_of(a_place(a_session(a_programme())), NOW) is None


def test_another_group_and_what_is_over_or_closed_are_not_offered(workshops):
    first, second, third = workshops
    series = a_series([first, second], "Group A")
    a_series([third], "Group B", series)
    place = a_place(first)
    assert [each.pk for each in position_of(place, NOW).rest] == [second.pk]
    second.state = SessionState.CANCELLED
    second.save(update_fields=["state"])
    position = position_of(place, NOW)
    assert (position.number, position.total, position.rest) == (1, 1, [])


def test_the_pages_of_who_plans(workshops):
    client = signed_in(a_coordinator(workshops[0]))
    slug = workshops[0].programme.slug
    listed = reverse("attendance:series-list", args=[slug])
    assert "There is no series yet" in words(client.get(listed))
    assert "Enter the name" in words(client.post(reverse("attendance:series-start", args=[slug])))
    client.post(reverse("attendance:series-start", args=[slug]), {"name": "Wren House"})
    series = Series.objects.get()
    show, group = (reverse(f"attendance:series-{name}", args=[slug, series.pk]) for name in ("show", "group"))
    assert "Name of the group" in words(client.get(f"{group}?group=%00"))
    assert "No session belongs to it yet" in words(client.get(show))
    assert "There is a problem" in words(client.post(group, {"group": "A"}))
    client.post(group, {"group": "Group A", "sessions": [each.pk for each in workshops[:2]]})
    assert "Group A" in words(client.get(show))
    assert "0 of 2 places taken" in words(client.get(show))
    assert "Wren House" in words(client.get(listed))
    session_page = words(client.get(reverse("attendance:session-show", args=[workshops[0].pk])))
    assert "Wren House Group A" in session_page
    again = client.post(reverse("attendance:series-start", args=[slug]), {"name": "Wren House"})
    assert "There is a series of this name" in words(again)


def test_who_has_a_place_takes_the_others_from_the_own_page(workshops):
    a_series(workshops)
    place = a_place(workshops[0])
    client = opened(place.link)
    own = reverse("attendance:place-show", args=[place.link_id])
    assert "This is workshop 1 of 3 of “Wren House”" in words(client.get(own))
    take = reverse("attendance:place-series", args=[place.link_id])
    assert "Take a place in all of them" in words(client.get(take))
    press = re.search(r'name="press" value="([^"]+)"', client.get(take).content.decode())[1]
    said = words(client.post(take, {"press": press}, follow=True))
    assert "Thursday 3 December 2026, 9:30am to 12:30pm: you have a place" in said
    assert client.post(take, {"press": press}).status_code == 302
    assert Place.objects.filter(person=place.person, state=PlaceState.BOOKED).count() == 3
    assert client.get(take).status_code == 302
    assert "Take a place in the others too" not in words(client.get(own))


def test_the_page_of_the_others_says_that_one_waits_and_leads_back_when_the_place_is_gone(workshops):
    a_series(workshops)
    for _ in range(3):
        place = a_place(workshops[0])
    assert place.state == PlaceState.WAITING
    client, take = opened(place.link), reverse("attendance:place-series", args=[place.link_id])
    assert "You wait for workshop 1 of 3." in words(client.get(take))
    give_up_place(place=place, by=place.person, now=NOW)
    for method in (client.get, client.post):
        assert method(take)["Location"] == reverse("attendance:place-show", args=[place.link_id])


def test_the_others_are_not_offered_where_the_programme_allows_one_place(workshops):
    a_series(workshops)
    place = a_place(workshops[0])
    client = opened(place.link)
    own = reverse("attendance:place-show", args=[place.link_id])
    assert "Take a place in the others too" in words(client.get(own))
    Programme.objects.update(places_rule=PlacesRule.ONE)
    assert "Take a place in the others too" not in words(client.get(own))


def test_whoever_is_invited_takes_the_whole_series_or_one_alone(workshops):
    a_series(workshops)
    client, link = invitation_in_browser(workshops[0])
    take = reverse("attendance:invitation-take", args=[link, workshops[0].pk])
    page = words(client.get(take))
    assert "This is workshop 1 of 3 of “Wren House”" in page
    assert "A place in all of them that are to come" in page
    done = client.post(take, {"series": "all"}, follow=True)
    assert "Your other places in “Wren House” 3 December 2026" in words(done).replace("Thursday ", "")
    assert Place.objects.count() == 3
    chosen = words(client.get(reverse("attendance:invitation-choose", args=[link])))
    assert chosen.count("Change or give up my place") == 3
    other, link = invitation_in_browser(workshops[0])
    take = reverse("attendance:invitation-take", args=[link, workshops[0].pk])
    assert "Your other places" not in words(other.post(take, {"series": "one"}, follow=True))
    assert Place.objects.count() == 4
    assert "Take a place" in words(other.get(reverse("attendance:invitation-choose", args=[link])))


def invitation_in_browser(session):
    """The browser of somebody invited to the programme of ``session``, and the number of their link."""
    person = a_practitioner(session.programme)
    link = make_link(
        purpose="invitation", person=person, about=session.programme, ends_at=NOW + timedelta(days=90), now=NOW
    )
    Invitation.objects.create(programme=session.programme, person=person, link=link, invited_at=NOW)
    return opened(link), link.pk


def test_whoever_books_without_an_invitation_takes_the_whole_series(workshops):
    a_series(workshops)
    person = a_practitioner(workshops[0].programme)
    client = signed_in(person)
    check = reverse("attendance:session-book-check", args=[workshops[0].pk])
    assert "A place in all of them that are to come" in words(client.get(check))
    page = client.post(check, {"series": "all"}, follow=True)
    assert "Of the others of the series: 2 booked too" in words(page)
    assert Place.objects.filter(person=person).count() == 3


def test_the_coordinator_books_the_whole_series_for_somebody(workshops):
    first, second, _ = workshops
    a_series(workshops)
    for _ in range(2):
        a_place(second, a_practitioner(first.programme))  # full
    person = a_practitioner(first.programme)
    client = signed_in(a_coordinator(first))
    where = [first.programme.slug, person.pk]
    assert "Take the other workshops of its series too" in words(
        client.get(reverse("attendance:person-show", args=where))
    )
    page = client.post(
        reverse("attendance:person-take", args=where), {"session": first.pk, "whole_series": "on"}, follow=True
    )
    assert "Booked. They are told by e-mail. Of the others of the series: 1 booked too, 1 waited for" in words(page)
    page = words(client.get(reverse("attendance:person-show", args=where)))
    assert "to this one" in page


def test_the_coordinator_is_told_what_of_a_series_somebody_had_already(workshops):
    first, second, third = workshops
    a_series(workshops)
    person = a_practitioner(first.programme)
    a_place(first, person)
    a_place(second, person)
    client = signed_in(a_coordinator(first))
    take = reverse("attendance:person-take", args=[first.programme.slug, person.pk])
    page = words(client.post(take, {"session": first.pk, "whole_series": "on"}, follow=True))
    said = f"{person.name} has a place in this session already. Of the others of the series: 1 booked too"
    assert said in page
    assert "Booked. They" not in page
    assert Place.objects.filter(person=person, session=third).exists()
    again = client.post(take, {"session": first.pk, "whole_series": "on"})
    assert f"{person.name} has a place in this session already." in words(again)
    assert again.context["take_form"].errors  # nothing was left to take


def test_an_offer_is_accepted_for_somebody_with_the_rest_of_its_series(workshops):
    first = workshops[0]
    a_series(workshops)
    place = a_place(first, a_practitioner(first.programme))
    Engagement.objects.filter(person=place.person).delete()
    Place.objects.filter(pk=place.pk).update(
        state=PlaceState.OFFERED, offered_until=first.during.lower, offered_from_line=True
    )
    client = signed_in(a_coordinator(first))
    take = reverse("attendance:person-take", args=[first.programme.slug, place.person_id])
    page = words(client.post(take, {"session": first.pk, "whole_series": "on"}, follow=True))
    assert "Booked. They are told by e-mail. Of the others of the series: 2 booked too" in page
    assert Place.objects.filter(person=place.person, state=PlaceState.BOOKED).count() == 3


@pytest.mark.parametrize("whole", [{"whole_series": "on"}, {}])
def test_a_yes_that_comes_too_late_gives_the_offer_to_the_next_at_once(workshops, whole):
    first = workshops[0]
    a_series(workshops)
    late = a_place(first)
    Engagement.objects.filter(person=late.person).delete()
    Place.objects.filter(pk=late.pk).update(
        state=PlaceState.OFFERED, offered_until=NOW - timedelta(minutes=1), offered_from_line=True
    )
    SeatCount.objects.filter(session=first).update(capacity=1)
    following = a_place(first)
    client = signed_in(a_coordinator(first))
    take = reverse("attendance:person-take", args=[first.programme.slug, late.person_id])
    page = words(client.post(take, {"session": first.pk, "press": str(uuid4()), **whole}, follow=True))
    assert "does not have this place any more" in page
    states = {place.pk: place.state for place in Place.objects.all()}
    assert states == {late.pk: PlaceState.ENDED, following.pk: PlaceState.BOOKED}


@pytest.mark.parametrize("rule", [PlacesRule.ONE])
def test_nothing_of_a_series_is_offered_where_one_place_is_allowed(workshops, rule):
    a_series(workshops)
    Programme.objects.update(places_rule=rule)
    person = a_practitioner(workshops[0].programme)
    check = reverse("attendance:session-book-check", args=[workshops[0].pk])
    assert "A place in all of them" not in words(signed_in(person).get(check))
    where = [workshops[0].programme.slug, person.pk]
    client = signed_in(a_coordinator(workshops[0]))
    assert "of its series too" not in words(client.get(reverse("attendance:person-show", args=where)))


def test_who_missed_one_is_told_what_was_missed(workshops):
    first = workshops[0]
    a_series(workshops)
    place, other = a_place(first), a_place(first)
    coordinator = a_coordinator(first)
    common = {"session": first, "by": coordinator, "now": NOW}
    note_output(kind="agreement", words="We share one plan.", **common)
    note_output(kind="action", words="Write the list.", owner=other.person, due_on=date(2026, 12, 1), **common)
    missed = reverse("commitments:place-missed", args=[place.link_id])
    assert opened(place.link).get(missed).status_code == 404
    with time_machine.travel(first.during.upper + timedelta(hours=1), tick=False) as moment:
        now = first.during.upper + timedelta(hours=1)
        register.mark(session=first, subject=other, kind="attended", press=uuid4(), by="clock", now=now)
        register.close_register(session=first, by="clock", now=now)
        mail = kinds.find("attendance.missed").render(Message.objects.get(kind="attendance.missed"))
        assert "what was done in the workshop and what came out of it" in mail.text
        client = opened(place.link)
        assert "What you missed" in words(client.get(reverse("attendance:place-show", args=[place.link_id])))
        page = words(client.get(missed))
        assert moment is not None
    assert "This was workshop 1 of 3" in page
    assert "We share one plan." in page
    assert "Write the list." in page
    assert other.person.name not in page


def test_pages_ask_the_database_as_often_for_one_as_for_three(workshops):
    client = signed_in(a_coordinator(workshops[0]))
    series = a_series(workshops[:1])
    slug = series.programme.slug
    addresses = [
        reverse("attendance:series-list", args=[slug]), reverse("attendance:series-show", args=[slug, series.pk]),
    ]  # fmt: skip

    def queries() -> list[int]:
        found = []
        for address in addresses:
            with CaptureQueriesContext(connection) as caught:
                client.get(address)
            found.append(len(caught))
        return found

    queries()
    one = queries()
    a_series(workshops, "", series)
    for name in ("Second", "Third"):
        start_series(programme=series.programme, name=name, by="clock", now=NOW)
    assert queries() == one
