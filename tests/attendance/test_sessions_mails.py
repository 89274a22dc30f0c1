"""The mails about sessions: what they say, which entry goes with them, and when they are no longer wanted."""

from datetime import date, timedelta

import pytest
from icalendar import Calendar

from attendance.actions import moves
from attendance.actions import sessions as actions
from attendance.actions.places import accept_offer, give_up_place, send_entry_again, take_place
from attendance.invariants import findings
from attendance.messages import places as place_messages
from attendance.messages import sessions as messages
from attendance.models import (
    BookingRules,
    CalendarEntry,
    CoverState,
    Engagement,
    Place,
    PlaceState,
    SeniorAttendance,
)
from briefings.models import Part, PlacesRule
from briefings.words import when_in_words
from messaging.models import Message
from tests.attendance.places import NOW, a_place, a_practitioner, a_programme, a_session, another_day
from tests.organisations.factories import PersonFactory

pytestmark = pytest.mark.django_db
WITH = {"by": "accounts.person:1", "now": NOW}


def mail_of(kind: str, person):
    return Message.objects.filter(kind=kind, person=person).latest("pk")


def entry_of(content):
    event = Calendar.from_ical(content.calendar).walk("VEVENT")[0]
    return content.calendar_method, str(event["STATUS"]), int(event["SEQUENCE"])


def test_a_move_is_told_in_words_with_the_new_entry():
    session = a_session()
    place = a_place(session)
    actions.change_session(session=session, date=date(2026, 12, 3), **WITH)
    content = messages.render(mail_of(messages.CHANGED, place.person))
    assert content.subject == "Moved: your session is now on Thursday 3 December, 9:30am"
    line = (
        "It is now on Thursday 3 December 2026, 9:30am to 12:30pm. "
        "It was on Thursday 26 November 2026, 9:30am to 12:30pm."
    )
    assert line in content.text
    assert "You keep your place." in content.text
    assert "Thursday 26 November 2026" in content.html
    assert entry_of(content) == ("REQUEST", "CONFIRMED", 1)


def test_who_waits_is_told_without_an_entry():
    session = a_session(capacity=1)
    a_place(session)
    waiting = a_place(session)
    actions.change_session(session=session, title="One Plan", **WITH)
    content = messages.render(mail_of(messages.CHANGED, waiting.person))
    assert content.subject == "Changed: the session you wait for on Thursday 26 November, 9:30am"
    assert "You keep your position in the waiting list." in content.text
    assert f"It is now called One Plan. It was called {session.programme.name}." in content.text
    assert content.calendar is None


def test_who_waits_and_never_had_the_link_for_people_online_is_not_told_that_theirs_counts_no_more():
    session = a_session(online_link="https://meet.example.org/1", capacity=1)
    booked, waiting = a_place(session), a_place(session)
    actions.change_session(session=session, online_link="https://meet.example.org/2", **WITH)
    for place, said in ((booked, "The one before does not count any more."), (waiting, "Everybody with a place gets")):
        content = messages.render(mail_of(messages.CHANGED, place.person))
        for words in (content.text, content.html):
            assert f"The link for people online has changed. {said}" in words
            assert ("meet.example.org/2" in words) is (place == booked)


def test_who_comes_for_certain_is_told_how_to_join_and_nobody_else():
    session = a_session(room=None, online_link="https://meet.example.org/secret", capacity=1)
    booked, waiting = a_place(session), a_place(session)
    asked, coming = (
        SeniorAttendance.objects.create(
            session=session, organisation=booked.organisation, person=PersonFactory(), state=state, asked_at=NOW,
            answered_at=NOW,
        )
        for state in (CoverState.ASKED, CoverState.COMING)
    )  # fmt: skip
    actions.change_session(session=session, title="One Plan", **WITH)
    for own, joins in ((booked, True), (waiting, False), (asked, False), (coming, True)):
        content = messages.render(mail_of(messages.CHANGED, own.person))
        assert (session.online_link in content.text, session.online_link in content.html) == (joins, joins)


def test_how_to_get_in_and_the_link_are_told_in_words_also_of_two_changes_at_once():
    session = a_session(online_link="https://meet.example.org/1", notes="Ring the bell")
    place = a_place(session)
    session = actions.change_session(session=session, notes="Use the back door", **WITH)
    content = messages.render(mail_of(messages.CHANGED, place.person))
    assert "How to get in: Use the back door\nIt said: Ring the bell" in content.text
    assert "The link for people online" not in content.text
    session = actions.change_session(session=session, online_link="https://meet.example.org/2", **WITH)
    content = messages.render(mail_of(messages.CHANGED, place.person))
    for words in (content.text, content.html):
        assert "The link for people online has changed." in words
        assert "Ring the bell" in words
        assert "meet.example.org/1" not in words
    session = actions.change_session(session=session, notes="Ring the bell", title="One Plan", **WITH)
    mail = mail_of(messages.CHANGED, place.person)
    assert "was_notes" not in mail.refs, "it says again what everybody believes"
    assert "meet.example.org" not in str(mail.refs)
    actions.change_session(session=session, notes="", **WITH)
    content = messages.render(mail_of(messages.CHANGED, place.person))
    assert "about getting in does not hold any more: Ring the bell" in content.text


def test_a_first_link_for_people_online_takes_the_place_of_none():
    session = a_session(online_link="")
    place = a_place(session)
    session = actions.change_session(session=session, online_link="https://meet.example.org/1", **WITH)
    content = messages.render(mail_of(messages.CHANGED, place.person))
    assert "People can join online now." in content.text
    assert "does not count any more" not in content.text
    count = Message.objects.count()
    actions.change_session(session=session, online_link="", **WITH)  # nobody has heard of it
    assert Message.objects.count() == count


def test_who_has_an_offer_from_the_line_is_not_told_that_they_are_elsewhere():
    session = a_session(capacity=1)
    seated, first = a_place(session), a_place(session)
    BookingRules.objects.create(programme=session.programme, offer_days=99)
    give_up_place(place=seated, by=seated.person, now=NOW)
    actions.change_session(session=session, title="One Plan", **WITH)
    content = messages.render(mail_of(messages.CHANGED, first.person))
    assert "in which we hold a place for you has changed" in content.text
    assert "elsewhere" not in content.text
    for words in (content.text, content.html):
        assert words.index("Take this place, or say no") < words.index("What has changed")
    assert content.calendar is None


def test_who_has_to_choose_is_told_until_when_and_the_entry_goes():
    programme = a_programme(places_rule=PlacesRule.UNLIMITED)
    here, there = a_session(programme), a_session(programme, date=date(2026, 12, 3))
    person = a_practitioner(programme)
    a_place(here, person)
    a_place(there, person)
    actions.change_session(session=here, date=date(2026, 12, 3), **WITH)
    content = messages.render(mail_of(messages.CHANGED, person))
    assert content.subject == "Moved: do you keep your place on Thursday 3 December, 9:30am?"
    for words in (content.text, content.html):
        assert f"you are in “{there}” on Thursday 3 December 2026, 9:30am to 12:30pm." in words
        assert words.index("Choose another date, or keep this one") < words.index("What has changed")
    assert "We keep your seat until 7 November 2026 at 9am" in content.text
    assert entry_of(content) == ("CANCEL", "CANCELLED", 1)


def test_who_waits_is_told_that_it_is_only_a_list_that_has_moved():
    session = a_session(capacity=1)
    a_place(session)
    waiting = a_place(session)
    actions.change_session(session=session, date=date(2026, 12, 3), **WITH)
    content = messages.render(mail_of(messages.CHANGED, waiting.person))
    assert content.subject == "Moved: the session you wait for is now on Thursday 3 December, 9:30am"


def test_a_cancellation_says_why_and_takes_the_entry_out():
    session = a_session()
    place = a_place(session)
    actions.cancel_session(session=session, reason="The venue <has> flooded", **WITH)
    content = messages.render(mail_of(messages.CANCELLED, place.person))
    assert content.subject == "Cancelled: the session on Thursday 26 November, 9:30am"
    assert "The reason: The venue <has> flooded" in content.text
    assert "/invitations/again/" in content.text
    assert "The venue &lt;has&gt; flooded" in content.html
    assert entry_of(content) == ("CANCEL", "CANCELLED", 1)


def test_a_part_given_changed_and_ended_in_words():
    session, carys = a_session(), PersonFactory()
    actions.give_part(session=session, person=carys, part=Part.PRESENTER, **WITH)
    given = messages.render(mail_of(messages.PART_GIVEN, carys))
    assert f"You present a session of {session.programme.name}." in given.text
    assert entry_of(given) == ("REQUEST", "CONFIRMED", 0)
    actions.give_part(session=session, person=carys, part=Part.FACILITATOR, **WITH)
    assert "You now facilitate and present this session." in messages.render(mail_of(messages.PART_CHANGED, carys)).text
    for part in session.parts.all():
        actions.end_part(part=part, **WITH)
    ended = messages.render(mail_of(messages.PART_ENDED, carys))
    assert "You no longer present or facilitate the session" in ended.text
    assert entry_of(ended) == ("CANCEL", "CANCELLED", 1)


def reasons() -> dict[str, str]:
    mails = list(Message.objects.filter(kind__in=[messages.CHANGED, messages.PART_GIVEN, messages.PART_ENDED]))
    found = messages.not_wanted(mails, NOW)
    return {f"{mail.kind}:{mail.refs.get('revision', '')}": found.get(mail.pk, "") for mail in mails}


def test_only_the_newest_change_is_still_wanted_and_none_after_a_cancellation():
    session = a_session()
    a_place(session)
    actions.change_session(session=session, date=date(2026, 12, 3), **WITH)
    actions.change_session(session=session, date=date(2026, 12, 10), **WITH)
    assert reasons() == {f"{messages.CHANGED}:1": "changed_again", f"{messages.CHANGED}:2": ""}
    actions.cancel_session(session=session, reason="Snow", **WITH)
    assert set(reasons().values()) == {"session_cancelled"}


def test_who_has_not_heard_of_a_move_is_told_of_the_day_they_know_that_it_is_cancelled():
    session = a_session()
    place, heard = a_place(session), a_place(session)
    actions.change_session(session=session, date=date(2026, 12, 3), **WITH)
    Message.objects.filter(person=heard.person, kind=messages.CHANGED).update(
        state="sent", sent_at=NOW, message_id="<1@example.org>"
    )
    actions.cancel_session(session=session, reason="Snow", **WITH)
    assert set(reasons().values()) == {"session_cancelled"}, "the news of the move does not leave any more"
    told, other = (messages.render(mail_of(messages.CANCELLED, each.person)) for each in (place, heard))
    assert told.subject == "Cancelled: the session on Thursday 26 November 2026, 9:30am to 12:30pm"
    for words in (told.text, told.html):
        assert "had just been moved to Thursday 3 December 2026, 9:30am to 12:30pm, and does not" in words
    assert "26 November" not in other.text
    assert "does not take place." in other.text
    assert "just been moved" not in other.text
    assert entry_of(told) == entry_of(other) == ("CANCEL", "CANCELLED", 2), "above that of the move, sent or not"


def test_who_was_moved_into_a_session_that_is_cancelled_before_they_heard_reads_both():
    session = a_session(capacity=3)
    other = another_day(session.programme)
    place = a_place(session)
    moves.move_people(
        session=session, to=other, places=[place], all_or_nobody=False, from_reserve=False, fewer=False, words="",
        **WITH,
    )  # fmt: skip
    out = place_messages.render(mail_of("attendance.place_given_up", place.person))
    assert "a mail of its own says where and when" in out.text
    actions.cancel_session(session=other, reason="Snow", **WITH)
    out = place_messages.render(mail_of("attendance.place_given_up", place.person))
    assert "a mail of its own says what became of it" in out.text
    told = messages.render(mail_of(messages.CANCELLED, place.person))
    assert "We had just moved your place there from Thursday 26 November 2026" in told.text
    assert "We had just moved your place there from Thursday 26 November 2026" in told.html
    moved = Message.objects.get(kind="attendance.place_moved")
    assert place_messages.not_wanted([moved], NOW) == {moved.pk: "no_longer_booked"}


def test_a_part_that_came_and_went_is_told_as_it_is_now():
    session, carys = a_session(), PersonFactory()
    actions.give_part(session=session, person=carys, part=Part.PRESENTER, **WITH)
    actions.end_part(part=session.parts.get(), **WITH)
    assert reasons() == {f"{messages.PART_GIVEN}:": "runs_it_no_more", f"{messages.PART_ENDED}:": ""}


def test_who_gave_the_place_up_before_the_change_left_is_not_told_of_it():
    session = a_session()
    place = a_place(session)
    actions.change_session(session=session, date=date(2026, 12, 3), **WITH)
    give_up_place(place=place, by=place.person, now=NOW)
    assert reasons() == {f"{messages.CHANGED}:1": "no_part_any_more"}
    assert messages.render(mail_of(messages.CHANGED, place.person)).calendar is None


def test_who_has_heard_nothing_of_a_change_that_is_taken_back_hears_nothing():
    session = a_session()
    first, second = a_place(session), a_place(session)
    actions.change_session(session=session, date=date(2026, 12, 3), **WITH)
    Message.objects.filter(kind=messages.CHANGED, person=first.person).delete()  # it has left
    actions.change_session(session=session, date=date(2026, 11, 26), **WITH)
    session.refresh_from_db()
    news = Message.objects.filter(kind=messages.CHANGED, refs__contains={"revision": session.revision})
    assert [mail.person for mail in news] == [first.person]
    assert "It was on Thursday 3 December 2026" in messages.render(news[0]).text
    stale = Message.objects.filter(kind=messages.CHANGED, person=second.person)
    assert set(messages.not_wanted(list(stale), NOW).values()) == {"changed_again"}


def test_who_had_to_choose_has_the_place_again_where_the_move_is_taken_back():
    session = a_session(a_programme(places_rule=PlacesRule.UNLIMITED))
    place = a_place(session)
    a_place(a_session(session.programme, date=date(2026, 12, 3)), place.person)
    actions.change_session(session=session, date=date(2026, 12, 3), **WITH)
    mail_of(messages.CHANGED, place.person).delete()  # it has left
    actions.change_session(session=session, date=date(2026, 11, 26), **WITH)
    place.refresh_from_db()
    assert (place.state, place.offered_until) == (PlaceState.BOOKED, None)
    content = messages.render(mail_of(messages.CHANGED, place.person))
    assert "You keep your place." in content.text
    assert entry_of(content) == ("REQUEST", "CONFIRMED", 2)
    assert [found for _, found in findings() if found] == []


def test_mails_about_a_place_name_the_session_and_its_programme():
    session = a_session(title="Working in one building")
    place = a_place(session)
    give_up_place(place=place, by=place.person, now=NOW)
    for kind in (place_messages.BOOKED, place_messages.GIVEN_UP):
        content = place_messages.render(mail_of(kind, place.person))
        assert f"Session: Working in one building, {session.programme.name}\n" in content.text
        assert f"Working in one building, {session.programme.name}<" in content.html


def test_whoever_did_it_for_somebody_is_named_and_nobody_is_thanked_for_what_they_did_not_do():
    session, other = a_session(), a_session(date=date(2026, 12, 3))
    person, coordinator = a_practitioner(session.programme), PersonFactory(name="Bran Caerwyn")
    place = take_place(session=session, person=person, by=coordinator, now=NOW)
    booked = place_messages.render(mail_of(place_messages.BOOKED, person))
    give_up_place(place=place, by=coordinator, now=NOW)
    ended = place_messages.render(mail_of(place_messages.GIVEN_UP, person))
    for words in ("text", "html"):
        assert "Bran Caerwyn has booked it for you." in getattr(booked, words)
        assert "Bran Caerwyn has given it up for you: somebody else can have it now." in getattr(ended, words)
        assert "Thank you" not in getattr(ended, words)
    own = a_place(other)
    moved = {"session": other, "person": a_practitioner(other.programme)}
    waited = take_place(**moved, by=coordinator, now=NOW)
    mail_of(place_messages.BOOKED, moved["person"]).delete()  # it has left
    Engagement.objects.filter(person=moved["person"]).delete()
    CalendarEntry.objects.filter(person=moved["person"]).update(is_cancelled=True)
    Place.objects.filter(pk=waited.pk).update(state=PlaceState.OFFERED, offered_until=NOW + timedelta(days=5))
    accept_offer(place=waited, by=moved["person"], now=NOW)
    taken = place_messages.render(mail_of(place_messages.BOOKED, moved["person"]))
    assert "for you" not in taken.text, "who was booked by somebody, and then says yes, did that alone"
    give_up_place(place=own, by=own.person, now=NOW)
    assert "for you" not in place_messages.render(mail_of(place_messages.BOOKED, own.person)).text
    assert "Thank you" in place_messages.render(mail_of(place_messages.GIVEN_UP, own.person)).text


def test_who_is_put_on_a_waiting_list_and_taken_off_by_somebody_else_reads_by_whom():
    session, coordinator = a_session(capacity=1), PersonFactory(name="Bran Caerwyn")
    a_place(session)
    person = a_practitioner(session.programme)
    place = take_place(session=session, person=person, by=coordinator, now=NOW)
    waiting = place_messages.render(mail_of(place_messages.WAITING, person))
    assert "Bran Caerwyn has put you on it. You are the 1st of 1." in waiting.text
    give_up_place(place=place, by=coordinator, now=NOW)
    gone = place_messages.render(mail_of(place_messages.GIVEN_UP, person))
    assert gone.subject == "You are no longer on the waiting list for Thursday 26 November, 9:30am"
    assert "Bran Caerwyn has taken you off it." in gone.text


def _leaves(mail: Message, minutes: int = 1) -> None:
    """Let ``mail`` have left ``minutes`` after NOW."""
    sent_at = NOW + timedelta(minutes=minutes)
    Message.objects.filter(pk=mail.pk).update(state=Message.State.SENT, message_id="<1@example.org>", sent_at=sent_at)


def _sees_the_entry_again(place):
    send_entry_again(place=place, by=place.person, now=NOW)
    return mail_of(place_messages.ENTRY_AGAIN, place.person)


def _books_again(place):
    give_up_place(place=place, by=place.person, now=NOW)
    a_place(place.session, place.person)
    return mail_of(place_messages.BOOKED, place.person)


@pytest.mark.parametrize("see", [_sees_the_entry_again, _books_again])
@pytest.mark.parametrize("what", ["when", "title", "notes"])
def test_whoever_saw_a_change_in_another_mail_hears_that_it_is_taken_back(see, what):
    """The news of the change itself has not left yet; what stands in their calendar does, by that other mail."""
    session = a_session(title="Briefing", notes="Ring the bell")
    first = {"when": {"date": session.date}, "title": {"title": session.title}, "notes": {"notes": session.notes}}
    other = {"when": {"date": date(2026, 12, 3)}, "title": {"title": "One Plan"}, "notes": {"notes": "Back door"}}
    place = a_place(session)
    _leaves(mail_of(place_messages.BOOKED, place.person), minutes=-1)
    session = actions.change_session(session=session, **other[what], **WITH)
    shows = when_in_words(session)
    _leaves(see(place))
    count = Message.objects.filter(kind=messages.CHANGED).count()
    session = actions.change_session(session=session, **first[what], **WITH)
    assert Message.objects.filter(kind=messages.CHANGED).count() == count + 1
    mail = mail_of(messages.CHANGED, place.person)
    assert mail.refs[f"was_{what}"] == {"when": shows, "title": "One Plan", "notes": "Back door"}[what]
    assert messages.not_wanted([mail], NOW) == {}
    entry = CalendarEntry.objects.get(person=place.person, session=session)
    assert (mail.refs["raised"], entry.held_as) == (entry.sequence, None)
    assert f"SEQUENCE:{entry.sequence}".encode() in messages.render(mail).calendar


def test_a_mail_that_has_not_left_either_shows_what_stands_when_it_leaves():
    session = a_session()
    place = a_place(session)
    _leaves(mail_of(place_messages.BOOKED, place.person), minutes=-1)
    session = actions.change_session(session=session, date=date(2026, 12, 3), **WITH)
    _sees_the_entry_again(place)
    count = Message.objects.filter(kind=messages.CHANGED).count()
    actions.change_session(session=session, date=place.session.date, **WITH)
    assert Message.objects.filter(kind=messages.CHANGED).count() == count


def test_whoever_saw_a_change_in_another_mail_is_still_told_in_words_what_it_was():
    session = a_session()
    place, was, title = a_place(session), when_in_words(session), str(session)
    session = actions.change_session(session=session, date=date(2026, 12, 3), **WITH)
    _leaves(_sees_the_entry_again(place))
    shows = when_in_words(session)
    later = {**WITH, "now": NOW + timedelta(minutes=2)}
    session = actions.change_session(session=session, title="One Plan", **later)
    mail = mail_of(messages.CHANGED, place.person)
    assert (mail.refs["was_when"], mail.refs["held"], mail.refs["raised"]) == (was, 1, 2)
    actions.change_session(session=session, date=date(2026, 11, 26), **later)
    mail = mail_of(messages.CHANGED, place.person)
    assert (mail.refs["was_when"], mail.refs["was_title"], mail.refs["held"]) == (shows, title, 1)


def test_whoever_saw_the_new_day_in_another_mail_reads_that_this_one_is_cancelled():
    session = a_session()
    place = a_place(session)
    session = actions.change_session(session=session, date=date(2026, 12, 3), **WITH)
    _leaves(_sees_the_entry_again(place))
    actions.cancel_session(session=session, reason="Snow", **WITH)
    mail = mail_of(messages.CANCELLED, place.person)
    assert "was_when" not in mail.refs
    assert "3 December" in messages.render(mail).subject
