"""REL-10: the clock on the wall stays when the rules of a zone change; the moment in UTC and the calendars follow."""

import zoneinfo
from datetime import UTC, date, datetime, time
from importlib import resources

import pytest
from icalendar import Calendar

from attendance.actions import zones
from attendance.actions.sessions import give_part
from attendance.invariants import findings
from attendance.messages import sessions as messages
from attendance.models import CalendarEntry, Engagement
from attendance.tasks import follow_zones
from briefings.models import Part, Session, SessionState, Slot
from history.models import Entry
from messaging.models import Message
from tests.attendance.places import NOW, a_place, a_programme, a_session
from tests.briefings.factories import RoomFactory
from tests.organisations.factories import PersonFactory

pytestmark = pytest.mark.django_db
JUNE = date(2028, 6, 1)


@pytest.fixture
def gmt_all_year(tmp_path):
    """Return a function that brings the rules by which London has no summer time; they go with the test."""

    def doctor() -> None:
        (tmp_path / "Europe").mkdir()
        rules = resources.files("tzdata.zoneinfo.Etc").joinpath("GMT").read_bytes()
        (tmp_path / "Europe" / "London").write_bytes(rules)
        zoneinfo.reset_tzpath([tmp_path])
        zoneinfo.ZoneInfo.clear_cache()

    yield doctor
    zoneinfo.reset_tzpath()
    zoneinfo.ZoneInfo.clear_cache()


def _hours(session: Session) -> tuple:
    session.refresh_from_db()
    return session.date, session.starts, session.during.lower, session.during.upper


def _at(hour: int, minute: int = 30) -> datetime:
    return datetime(2028, 6, 1, hour, minute, tzinfo=UTC)


def test_the_wall_clock_stays_utc_moves_and_everybody_is_told_once(gmt_all_year):
    session = a_session(date=JUNE)
    booked, presenter = a_place(session), PersonFactory()
    give_part(session=session, person=presenter, part=Part.PRESENTER, by="clock", now=NOW)
    before = CalendarEntry.objects.get(person=booked.person)
    assert _hours(session) == (JUNE, time(9, 30), _at(8), _at(11))
    assert zones.follow_all_zones(now=NOW) == 0
    gmt_all_year()
    assert [zones.follow_all_zones(now=NOW) for _ in range(2)] == [1, 0]
    assert _hours(session) == (JUNE, time(9, 30), _at(9), _at(12))
    assert set(Engagement.objects.values_list("during", flat=True)) == {session.during}
    after = CalendarEntry.objects.get(person=booked.person)
    assert (after.uid, after.sequence, after.revision) == (before.uid, before.sequence + 1, session.revision)
    told = Message.objects.filter(kind=messages.CHANGED)
    assert {message.person for message in told} == {booked.person, presenter}
    content = messages.render(told.get(person=booked.person))
    assert "Day and time stay as they are: Thursday 1 June 2028, 9:30am to 12:30pm." in content.text
    assert "Day and time stay as they are" in content.html
    event = Calendar.from_ical(content.calendar).walk("VEVENT")[0]
    assert (event["DTSTART"].dt, int(event["SEQUENCE"])) == (_at(9), after.sequence)
    assert Entry.objects.filter(verb="followed_zone").count() == 1
    assert not [found for _, found in findings() if found]


def test_winter_and_what_is_over_or_cancelled_stay(gmt_all_year):
    winter = a_session(date=date(2028, 1, 6))
    summer = a_session(date=JUNE)
    Session.objects.filter(pk=summer.pk).update(state=SessionState.CANCELLED, cancelled_reason="Flood")
    held = a_session(date=date(2028, 6, 2))
    Session.objects.filter(pk=held.pk).update(state=SessionState.HELD)
    before = [_hours(session) for session in (winter, summer, held)]
    gmt_all_year()
    assert follow_zones() == 0
    assert [_hours(session) for session in (winter, summer, held)] == before
    assert not Message.objects.filter(kind=messages.CHANGED).exists()


def test_sessions_close_together_in_one_room_and_one_life_move_all(gmt_all_year):
    programme, room, presenter = a_programme(places_rule="unlimited"), RoomFactory(), PersonFactory()
    morning = a_session(programme, date=JUNE, room=room)
    afternoon = {"slot": Slot.AFTERNOON, "starts": time(13), "ends": time(16)}
    later = a_session(programme, date=JUNE, room=room, **afternoon)
    for session in (morning, later):
        give_part(session=session, person=presenter, part=Part.PRESENTER, by="clock", now=NOW)
    gmt_all_year()
    assert zones.follow_all_zones(now=NOW) == 2
    assert [_hours(session)[2] for session in (morning, later)] == [_at(9), _at(13, 0)]
    assert not [found for _, found in findings() if found]


def test_one_that_would_meet_another_in_its_room_stays_and_is_reported(gmt_all_year, caplog):
    room = RoomFactory()
    morning = a_session(date=JUNE, room=room)
    fixed = a_session(date=JUNE, room=room, starts=time(12), ends=time(13), zone="UTC")
    gmt_all_year()
    assert zones.follow_all_zones(now=NOW) == 0
    assert f"Session {morning.pk} cannot follow the new rules of Europe/London" in caplog.text
    assert _hours(morning)[2] == _at(8)
    assert _hours(fixed)[2] == _at(12, 0)
