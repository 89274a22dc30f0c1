import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.attendance.places import NOW, a_place, a_programme, a_session, another_day
from tests.briefings.factories import AppointmentFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def programme(time_machine):
    time_machine.move_to(NOW)
    return a_programme(slug="own")


def lines(client, programme, **asked) -> list[str]:
    client.force_login(AppointmentFactory(programme=programme).person)
    response = client.get(reverse("attendance:session-export", args=["own"]), asked)
    return b"".join(response.streaming_content).decode("utf-8-sig").splitlines()


def test_the_list_is_a_spreadsheet_and_runs_no_formula(client, programme):
    session = a_session(programme, title="=1+1", draft=True)
    found = lines(client, programme)
    assert found[0] == "Date,Starts,Ends,Session,Where,Area,State,Places,Taken,Waiting"
    room = f"{session.room.venue.name}, {session.room.name}"
    assert found[1] == f'2026-11-26,09:30,12:30,\'=1+1,"{room}",,Draft,2,0,0'


def test_the_filter_that_is_on_holds(client, programme):
    a_session(programme, draft=True)
    a_place(another_day(programme))
    found = lines(client, programme, state="open")
    assert [line[:10] for line in found[1:]] == ["2026-12-08"]
    assert found[1].endswith(",Open,2,1,0")


def test_more_rows_need_no_more_queries(client, programme):
    def count() -> int:
        with CaptureQueriesContext(connection) as found:
            lines(client, programme)
        return len(found)

    a_session(programme)
    count()
    one = count()
    for _ in range(2):
        a_session(programme)
    assert count() == one
