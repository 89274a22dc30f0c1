"""What the clock does to places: whatever fails keeps nothing else waiting."""

from datetime import timedelta

import pytest
import time_machine

from attendance import tasks
from attendance.actions import needs, online, reminders
from attendance.models import Place, PlaceState, SeatCount
from history.alone import AllFailed
from messaging.models import Message
from tests.attendance.places import NOW, a_place, a_session

pytestmark = pytest.mark.django_db


def fail(*args, **options):
    raise RuntimeError("a row that nobody thought of")


def overdue() -> Place:
    """A place on offer whose time has passed."""
    place, until = a_place(a_session()), NOW - timedelta(hours=1)
    Place.objects.filter(pk=place.pk).update(state=PlaceState.OFFERED, offered_until=until)
    return place


@pytest.mark.parametrize("others", [0, 1])
def test_an_offer_that_cannot_end_keeps_no_other_waiting_and_no_seat_free(monkeypatch, caplog, others):
    broken, *whole = [overdue() for _ in range(1 + others)]
    waits = a_place(a_session(capacity=1, reserved=1))
    SeatCount.objects.filter(session=waits.session).update(reserved=0)
    real = reminders.lapse_offer
    monkeypatch.setattr(reminders, "lapse_offer", lambda **own: fail() if own["place"] == broken else real(**own))
    with time_machine.travel(NOW, tick=False):
        if others:
            assert tasks.settle_places() == 2
        else:
            with pytest.raises(AllFailed, match="Ending an offer failed for all 1"):
                tasks.settle_places()
    assert f"Ending an offer failed for {broken.pk}" in caplog.text
    states = {place.pk: place.state for place in Place.objects.all()}
    assert states == {broken.pk: "offered", waits.pk: "booked", **{place.pk: "ended" for place in whole}}


def test_a_session_that_cannot_be_reminded_of_keeps_no_other_waiting(monkeypatch, caplog):
    broken, whole = (a_place(a_session()) for _ in range(2))
    real = reminders.remind_of
    is_broken = lambda own: own["session"] == broken.session  # noqa: E731
    monkeypatch.setattr(reminders, "remind_of", lambda **own: fail() if is_broken(own) else real(**own))
    assert reminders.remind_all(now=NOW.replace(day=19)) == 1
    assert f"Reminding of a session failed for {broken.session_id}" in caplog.text
    assert Message.objects.get(kind="attendance.place_reminder").person == whole.person


def test_names_of_online_reports_that_cannot_go_keep_no_access_need(monkeypatch):
    gone = []
    monkeypatch.setattr(online, "forget_online_rows", fail)
    monkeypatch.setattr(needs, "forget_access_needs", lambda **when: gone.append(when) or 1)
    with pytest.raises(RuntimeError, match="nobody thought of"):
        tasks.forget_access_needs()
    assert len(gone) == 1
