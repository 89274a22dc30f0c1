"""A coordinator's press, and the clock that tells it twice at once, on real connections; and with the guards out."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import transaction

import attendance.actions.words as actions
from attendance.messages import sessions as messages
from attendance.models import CalendarEntry, WordsToTell
from briefings.models import Programme, Session
from history.models import Entry
from messaging.models import Message
from tests.attendance.places import NOW, a_place, a_programme, a_session
from tests.attendance.test_online import until_somebody_waits
from tests.attendance.test_sessions_race import at_once

pytestmark = pytest.mark.django_db(transaction=True)
LAST = {"contact_email": "last@example.org"}


@pytest.fixture
def programme():
    programme = a_programme(name="Wren Valley", what_to_bring="A pen", contact_email="first@example.org")
    programme.contact_phone = ""
    programme.save()
    for days in (20, 21, 22):
        session = a_session(programme, date=NOW.date() + timedelta(days=days))
        a_place(session)
        a_place(session)
    return programme


def change(programme, **changes):
    actions.change_words(programme=programme, changes=changes, tells=True, by="clock", now=NOW)


def tell():
    actions.tell_all_words(now=NOW)


def heard() -> list[str]:
    """Return what each mail that will leave says has changed; fail where somebody gets two, or numbers differ."""
    mails = list(Message.objects.filter(kind=messages.CHANGED).order_by("person"))
    gone = messages.not_wanted(mails, NOW)
    leaving = [mail for mail in mails if mail.pk not in gone]
    assert sorted(mail.person_id for mail in leaving) == sorted(CalendarEntry.objects.values_list("person", flat=True))
    assert not WordsToTell.objects.exists()
    sessions = Session.objects.in_bulk()
    for entry in CalendarEntry.objects.all():
        assert entry.revision == sessions[entry.session_id].revision == entry.sequence
    return [messages.render(mail).text.partition("What has changed:\n")[2].partition("\n\n")[0] for mail in leaving]


BOTH = "What to bring: A photo ID\nIt said: A pen\nQuestions go to: last@example.org. They went to: first@example.org."


def test_two_clocks_at_once_tell_everybody_once(programme):
    change(programme, what_to_bring="A photo ID", **LAST)
    assert at_once(tell, tell, tell) == ["done"] * 3
    assert Entry.objects.filter(verb="followed_programme").count() == 3
    assert Message.objects.filter(kind=messages.CHANGED).count() == 6
    assert heard() == [BOTH] * 6


def test_without_the_locks_two_clocks_tell_one_change_twice_and_only_the_keys_of_mails_hold(programme, monkeypatch):
    change(programme, what_to_bring="A photo ID")
    one, both, refresh = WordsToTell.objects.first().pk, threading.Barrier(2, timeout=20), Programme.refresh_from_db

    def with_the_row_in_both_hands(*args, **kwargs):
        both.wait()
        refresh(*args, **kwargs)

    unlocked = SimpleNamespace(objects=SimpleNamespace(select_for_update=lambda **_: WordsToTell.objects.all()))
    monkeypatch.setattr(actions, "WordsToTell", unlocked)
    monkeypatch.setattr(actions, "lock_session", lambda session: Session.objects.get(pk=session.pk))
    monkeypatch.setattr(Programme, "refresh_from_db", with_the_row_in_both_hands)
    assert at_once(*[lambda: actions.tell_words(session=one, now=NOW)] * 2) == ["done"] * 2
    assert Entry.objects.filter(verb="followed_programme").count() == 2
    assert Message.objects.filter(kind=messages.CHANGED).count() == 2


def test_a_press_while_the_clock_tells_is_told_with_what_it_changed(programme, monkeypatch):
    change(programme, what_to_bring="A photo ID")
    pressed, raised = [], actions.raise_entries

    def presses_meanwhile(session, **know):
        if not pressed:  # the row of this session is in the clock's hands, those of the others are not
            pressed.append(pool.submit(at_once, lambda: change(programme, **LAST)))
            until_somebody_waits()
        raised(session, **know)

    monkeypatch.setattr(actions, "raise_entries", presses_meanwhile)
    with ThreadPoolExecutor(1) as pool:
        tell()
        assert pressed[0].result(30) == ["done"]
    tell()
    assert heard() == [BOTH] * 6


def clock_waits_for_a_press(programme) -> None:
    """Let the clock come to the first session while a press holds its row, and tell on when the press is done."""
    change(programme, what_to_bring="A photo ID")
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            change(programme, **LAST)
            clock = pool.submit(at_once, tell)
            until_somebody_waits()
        assert clock.result(30) == ["done"]
    tell()


def test_a_clock_that_waits_for_a_press_tells_its_words(programme):
    clock_waits_for_a_press(programme)
    assert heard() == [BOTH] * 6
    assert Message.objects.filter(kind=messages.CHANGED).count() == 6


def test_a_clock_that_does_not_look_again_forgets_what_was_pressed(programme, monkeypatch):
    monkeypatch.setattr(Programme, "refresh_from_db", lambda *args, **kwargs: None)
    clock_waits_for_a_press(programme)
    assert heard().count(BOTH) < 6


def test_presses_and_clocks_at_once_tell_everybody_once_in_the_end(programme):
    change(programme, what_to_bring="A photo ID")
    presses = [lambda words=words: change(programme, **words) for words in ({"contact_phone": "01632 960 118"}, LAST)]
    assert at_once(tell, *presses, tell) == ["done"] * 4
    tell()
    both = BOTH.replace("last@example.org.", "last@example.org, 01632 960 118.")
    assert heard() == [both] * 6
