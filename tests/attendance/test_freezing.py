"""Before the list of names is final earlier, a page says what ends at once; and exactly that ends."""

import uuid
from datetime import timedelta

import pytest
import time_machine

from attendance.actions import policies
from attendance.actions.handovers import ask_colleague
from attendance.actions.places import give_up_place
from attendance.actions.policies import set_booking_rules
from attendance.actions.teams import book_team
from attendance.models import BookingRules, Handover, Place, PlaceState, TeamRule
from attendance.queries.freezing import Freezing, freezing
from attendance.tasks import settle_places
from history.actions import CLOCK
from history.models import Entry
from tests.attendance.places import NOW, a_place, a_practitioner, a_programme, a_session, partner_of
from tests.attendance.registers import a_coordinator
from tests.commitments.pages import signed_in, words

pytestmark = pytest.mark.django_db
NEAR, FAR = NOW.date() + timedelta(days=10), NOW.date() + timedelta(days=30)


@pytest.fixture
def programme():
    """Two sessions, each with a team without a name, an offer that lasts, and a request to a colleague."""
    programme = a_programme()
    set_booking_rules(programme=programme, offer_days=365, offer_hours=240, by=CLOCK, now=NOW)
    for day in (NEAR, FAR):
        full, own = a_session(programme, capacity=1, date=day), a_session(programme, capacity=5, date=day)
        seated, _next = a_place(full), a_place(full)
        give_up_place(place=seated, by=seated.person, now=NOW)
        Place.objects.filter(state=PlaceState.OFFERED, session=full).update(offered_until=NOW + timedelta(days=9))
        book_team(
            session=own, organisation=partner_of(programme), people=(), unnamed=2, rule=TeamRule.FIT, by=CLOCK,
            names_until=day - timedelta(days=2), press=uuid.uuid4(), now=NOW,
        )  # fmt: skip
        holder, colleague = a_place(own), a_practitioner(programme)
        ask_colleague(place=holder, email=colleague.email, by=holder.person, now=NOW)
    return programme


@pytest.mark.parametrize(
    ("days", "found"),
    [
        (3, Freezing(0, 4, 0, 1, 0)),
        (10, Freezing(2, 2, 1, 0, 1)),
        (25, Freezing(2, 2, 1, 1, 1)),
        (30, Freezing(4, 0, 2, 0, 2)),
        (None, Freezing(0, 0, 0, 0, 0)),
    ],
)
def test_what_is_said_beforehand_is_what_ends(programme, days, found, django_assert_num_queries):
    rules = BookingRules.objects.get()
    rules.freeze_days = days
    with django_assert_num_queries(3):
        assert freezing(programme, rules, NOW) == found
    assert bool(found) == (days is not None)
    set_booking_rules(programme=programme, freeze_days=days, by=CLOCK, now=NOW)
    ended = Place.objects.filter(state=PlaceState.ENDED)
    assert ended.filter(closed_reason="not_named").count() == found.gone
    assert ended.filter(closed_reason="list_final").count() == found.over
    assert Handover.objects.exclude(ended_at=None).count() == found.requests
    teams = Entry.objects.filter(verb="brought_names_forward").count()
    assert 2 * teams == found.hurried + found.gone
    limits = Place.objects.filter(state=PlaceState.OFFERED, offered_until__lt=NOW + timedelta(days=9))
    assert limits.count() == found.sooner
    assert not freezing(programme, rules, NOW)


def test_what_a_press_that_was_cut_off_has_left_is_done_by_the_clock(programme, monkeypatch):
    def killed(*_args, **_more):
        raise OSError("the process has ended")

    rules = BookingRules.objects.get()
    rules.freeze_days = 10
    found = freezing(programme, rules, NOW)
    with monkeypatch.context() as patched:
        patched.setattr(policies, "bring_all_names_forward", killed)
        with pytest.raises(OSError, match="has ended"):
            set_booking_rules(programme=programme, freeze_days=10, by=CLOCK, now=NOW)
    assert freezing(programme, BookingRules.objects.get(), NOW) == found  # saved, and pressed again it is nothing new
    with time_machine.travel(NOW, tick=False):
        settle_places()
    assert not freezing(programme, rules, NOW)
    assert Place.objects.filter(closed_reason="not_named").count() == found.gone
    assert Place.objects.filter(closed_reason="list_final").count() == found.over
    assert policies.follow_all_rules(now=NOW) == 0


def test_the_coordinator_reads_what_ends_before_it_does_and_may_go_back(programme):
    client = signed_in(a_coordinator(programme.sessions.first()))
    address, typed = f"/programmes/{programme.slug}/booking-rules/", {"offer_days": "365", "offer_hours": "240"}
    with time_machine.travel(NOW, tick=False):
        asks = words(client.post(address, {**typed, "freeze_days": "10"}))
        assert "final 10 days before a session" in asks
        assert "2 places of teams that have no name go back." in asks
        assert "1 offer of a freed place ends." in asks
        assert "1 colleague who was asked to take over a place cannot any more." in asks
        assert BookingRules.objects.get().freeze_days is None
        back = client.post(address, {**typed, "freeze_days": "10", "confirmed": "yes", "again": "yes"})
        assert back.context["form"]["freeze_days"].value() == "10"
        assert client.post(address, {**typed, "freeze_days": "10", "confirmed": "yes"}).status_code == 302
        assert BookingRules.objects.get().freeze_days == 10
        assert client.post(address, {**typed, "freeze_days": "2"}).status_code == 302, "nothing ends by that"
