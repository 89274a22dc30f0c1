"""Activities: the ready ones, a programme's own library, and using one in a session."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from attendance.actions.sessions import copy_session
from briefings.actions.activities import ActivityNameTaken, save_activity, take_ready, use_activity
from briefings.actions.sessions import AgendaLine, AgendaTooLong, SessionIsOver, change_agenda
from briefings.activities import READY
from briefings.models import Activity, SessionKind, SessionState, Slot
from tests.attendance.places import NOW, a_session
from tests.attendance.registers import a_coordinator
from tests.commitments.pages import signed_in, words

pytestmark = pytest.mark.django_db
OWN = {"name": "Map the work", "aim": "See where it touches", "minutes": 30, "materials": "Pens", "steps": "1. Draw."}


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def session():
    return a_session(kind=SessionKind.WORKSHOP)


def an_activity(session, **columns) -> Activity:
    return save_activity(programme=session.programme, activity=None, by="clock", now=NOW, **{**OWN, **columns})


def test_a_ready_one_is_copied_once_and_changed_there(session):
    made = take_ready(programme=session.programme, ready=READY[0], by="clock", now=NOW)
    assert (made.name, made.steps) == (READY[0].name, READY[0].steps)
    with pytest.raises(ActivityNameTaken):
        take_ready(programme=session.programme, ready=READY[0], by="clock", now=NOW)
    save_activity(programme=session.programme, activity=made, by="clock", now=NOW, **OWN)
    assert [each.name for each in session.programme.activities.all()] == ["Map the work"]
    other = a_session().programme
    assert take_ready(programme=other, ready=READY[0], by="clock", now=NOW).programme == other


def test_using_one_adds_it_to_the_agenda_and_a_changed_agenda_keeps_it(session):
    activity = an_activity(session)
    item = use_activity(activity=activity, session=session, by="clock", now=NOW)
    assert (item.title, item.minutes, item.activity) == ("Map the work", 30, activity)
    lines = [AgendaLine("other", "Tea", 10), AgendaLine("other", "Map the work", 20)]
    change_agenda(session=session, lines=lines, by="clock", now=NOW)
    assert list(session.agenda.values_list("title", "activity")) == [("Tea", None), ("Map the work", activity.pk)]


def test_a_copy_of_a_session_knows_how_its_parts_are_run(session):
    activity = an_activity(session)
    use_activity(activity=activity, session=session, by="clock", now=NOW)
    for with_people in (True, False):
        day, slot = NOW.date() + timedelta(days=50 + with_people), Slot.MORNING
        made = copy_session(session=session, date=day, slot=slot, with_people=with_people, by="clock", now=NOW)
        assert list(made.agenda.values_list("title", "activity")) == [("Map the work", activity.pk)]


def test_a_part_keeps_its_activity_under_another_title_and_another_part_does_not_get_it(session):
    activity = an_activity(session)
    use_activity(activity=activity, session=session, by="clock", now=NOW)
    client, address = signed_in(a_coordinator(session)), reverse("attendance:session-agenda", args=[session.pk])

    def saved(*typed):
        parts = enumerate([*typed, ("", "")])
        data = {
            f"{at}-{name}": said for at, part in parts for name, said in zip(("title", "minutes"), part, strict=True)
        }
        data |= {f"{at}-kind": "other" for at in range(len(typed))}
        assert client.post(address, data).status_code == 302
        return list(session.agenda.values_list("title", "activity"))

    assert saved(("Map our work", "30")) == [("Map our work", activity.pk)]
    assert saved(("Tea", "30"), ("Map our work", "30")) == [("Tea", None), ("Map our work", activity.pk)]
    assert saved(("Tea", "30"), ("Lunch", "60")) == [("Tea", None), ("Lunch", None)]


def test_what_does_not_fit_is_refused(session):
    with pytest.raises(AgendaTooLong):
        use_activity(activity=an_activity(session, minutes=181), session=session, by="clock", now=NOW)
    session.state = SessionState.CANCELLED
    session.save(update_fields=["state"])
    with pytest.raises(SessionIsOver):
        use_activity(activity=an_activity(session, name="Short"), session=session, by="clock", now=NOW)
    assert not session.agenda.exists()


def test_the_pages(session):
    client, slug = signed_in(a_coordinator(session)), session.programme.slug
    listed = reverse("attendance:activity-list", args=[slug])
    page = words(client.get(listed))
    assert "Your library is empty" in page
    assert "Hopes and worries, 25 minutes" in page
    client.post(reverse("attendance:activity-take", args=[slug, READY[0].key]))
    assert client.post(reverse("attendance:activity-take", args=[slug, "no-such"])).status_code == 404
    assert "Enter the aim" in words(client.post(reverse("attendance:activity-write", args=[slug]), {"name": "A"}))
    client.post(reverse("attendance:activity-write", args=[slug]), OWN)
    own = Activity.objects.get(name="Map the work")
    taken = client.post(reverse("attendance:activity-change", args=[slug, own.pk]), {**OWN, "name": READY[0].name})
    assert "There is an activity of this name" in words(taken)
    assert "Your library: 2" in words(client.get(listed))
    use = reverse("attendance:activity-use", args=[slug, own.pk])
    shown = words(client.post(use, {"session": session.pk}, follow=True))
    assert "Map the work, 30 minutes" in shown
    assert "How to run it Aim See where it touches" in shown


def test_the_library_asks_the_database_as_often_for_one_as_for_three(session):
    client, address = (
        signed_in(a_coordinator(session)),
        reverse("attendance:activity-list", args=[session.programme.slug]),
    )

    def queries() -> int:
        with CaptureQueriesContext(connection) as caught:
            assert client.get(address).status_code == 200
        return len(caught)

    an_activity(session)
    queries()
    one = queries()
    an_activity(session, name="Two")
    an_activity(session, name="Three")
    assert queries() == one
