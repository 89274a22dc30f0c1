"""What a programme says of itself in mails and calendar entries: whoever comes is told what has changed, once."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse
from icalendar import Calendar

from attendance.actions.places import give_up_place
from attendance.actions.sessions import cancel_session, change_session, give_part
from attendance.actions.words import change_words, tell_all_words
from attendance.messages import sessions as messages
from attendance.models import CalendarEntry, PlaceState, WordsToTell
from briefings.models import Part, PlacesRule, Programme, Session, SessionState
from history.actions import CLOCK
from history.models import Entry
from messaging.models import Message
from tests.attendance.places import NOW, a_place, a_practitioner, a_programme, a_session, another_day
from tests.attendance.registers import a_coordinator
from tests.commitments.pages import signed_in, words
from tests.organisations.factories import PersonFactory

pytestmark = pytest.mark.django_db
WITH = {"by": CLOCK, "now": NOW}
BRING = {"what_to_bring": "A photo ID"}


@pytest.fixture
def programme():
    said = {"name": "Wren Valley", "what_to_bring": "A pen", "contact_email": "team@example.org"}
    return a_programme(contact_phone="", **said)


def _change(programme, *, tells=True, now=NOW, **changes):
    change_words(programme=programme, changes=changes, tells=tells, by=CLOCK, now=now)


def _told() -> list[Message]:
    return list(Message.objects.filter(kind=messages.CHANGED).order_by("pk"))


def _leave() -> None:
    """Let every mail about a change leave."""
    for mail in _told():
        Message.objects.filter(pk=mail.pk).update(
            state=Message.State.SENT, sent_at=NOW, message_id=f"<{mail.pk}@example.org>"
        )


def _event(content) -> dict:
    (event,) = Calendar.from_ical(content.calendar).walk("VEVENT")
    return event


def test_what_to_bring_is_told_to_those_who_come_and_their_entries_follow(programme):
    session = a_session(programme, capacity=1)
    place, waits = a_place(session), a_place(session)
    presenter = PersonFactory()
    give_part(session=session, person=presenter, part=Part.PRESENTER, **WITH)
    uid = CalendarEntry.objects.get(person=place.person).uid
    _change(programme, **BRING)
    assert not _told()
    assert tell_all_words(now=NOW) == 2
    assert tell_all_words(now=NOW) == 0
    told = {mail.person: mail for mail in _told()}
    assert set(told) == {place.person, presenter}
    assert waits.person not in told
    assert messages.not_wanted(_told(), NOW) == {}
    content = messages.render(told[place.person])
    assert content.subject == "Your session on Thursday 26 November, 9:30am: what to bring"
    assert "There is news about your session. You keep your place." in content.text
    assert "What to bring: A photo ID\nIt said: A pen" in content.text
    assert "moved" not in content.text.partition("If something changes")[0]
    event = _event(content)
    assert (content.calendar_method, event["UID"], event["SEQUENCE"]) == ("REQUEST", str(uid), 1)
    assert "Bring: A photo ID" in event["DESCRIPTION"]
    assert Session.objects.get(pk=session.pk).revision == session.revision + 1
    assert Entry.objects.filter(verb="followed_programme").get().fields == ["what_to_bring"]


def test_the_contact_and_the_name_are_told_in_words(programme):
    titled = a_place(a_session(programme, title="How the plan works")).person
    plain = a_place(another_day(programme)).person
    _change(programme, name="Wren Valley pilot", contact_email="new@example.org", contact_phone="01632 960 118")
    assert tell_all_words(now=NOW) == 2
    content = {mail.person: messages.render(mail) for mail in _told()}
    for person in (titled, plain):
        assert (
            "Questions go to: new@example.org, 01632 960 118. They went to: team@example.org." in content[person].text
        )
        assert "Questions: new@example.org\\, 01632 960 118" in content[person].calendar.decode().replace("\r\n ", "")
    assert content[titled].subject.endswith(": whom to ask and the name of the programme")
    assert "The programme is now called Wren Valley pilot. It was called Wren Valley." in content[titled].text
    assert content[plain].subject.startswith("Changed: your session on")
    assert "It is now called Wren Valley pilot. It was called Wren Valley." in content[plain].text
    assert "programme is now called" not in content[plain].text
    assert (_event(content[titled])["SUMMARY"], _event(content[plain])["SUMMARY"]) == (
        "How the plan works", "Wren Valley pilot",
    )  # fmt: skip


def test_two_changes_before_the_clock_are_one_mail_and_what_is_taken_back_tells_nobody(programme):
    a_place(a_session(programme))
    _change(programme, what_to_bring="A pencil")
    _change(programme, what_to_bring="A chair", contact_email="new@example.org")
    assert tell_all_words(now=NOW) == 1
    (mail,) = _told()
    text = messages.render(mail).text
    assert "What to bring: A chair\nIt said: A pen\n" in text
    assert "They went to: team@example.org." in text
    _leave()
    _change(programme, what_to_bring="A cat")
    _change(programme, what_to_bring="A chair")
    assert tell_all_words(now=NOW) == 0
    assert len(_told()) == 1
    assert not WordsToTell.objects.exists()


def test_news_that_has_not_left_is_told_together_and_nobody_loses_it(programme):
    session = a_session(programme, capacity=1)
    place, waits = a_place(session), a_place(session)
    change_session(session=session, title="New title", **WITH)
    _change(programme, **BRING)
    tell_all_words(now=NOW)
    wanted = [mail for mail in _told() if mail.pk not in messages.not_wanted(_told(), NOW)]
    assert {mail.person for mail in wanted} == {place.person, waits.person}
    assert len(wanted) == 2
    for mail in wanted:
        assert "It is now called New title. It was called Wren Valley." in messages.render(mail).text
    # And the other way round: a session that is moved while its words have not left.
    change_session(session=Session.objects.get(pk=session.pk), date=session.date + timedelta(days=1), **WITH)
    last = messages.render(_told()[-1])
    assert "It was on Thursday 26 November 2026" in last.text
    assert (
        "What to bring: A photo ID\nIt said: A pen"
        in messages.render(Message.objects.filter(kind=messages.CHANGED, person=place.person).latest("pk")).text
    )


def test_each_entry_of_somebody_who_comes_to_several_gets_its_mail(programme):
    Programme.objects.filter(pk=programme.pk).update(places_rule=PlacesRule.UNLIMITED)
    programme.refresh_from_db()
    person = a_practitioner(programme)
    for session in (a_session(programme), another_day(programme)):
        a_place(session, person)
    _change(programme, **BRING)
    assert tell_all_words(now=NOW) == 2
    assert len({_event(messages.render(mail))["UID"] for mail in _told()}) == 2


def test_nobody_is_told_of_what_is_over_given_up_seated_since_or_stands_in_no_entry(programme):
    over, cancelled, given_up = (a_session(programme, date=NOW.date() + timedelta(days=d)) for d in (1, 2, 3))
    for session in (over, cancelled):
        a_place(session)
    place = a_place(given_up)
    give_up_place(place=place, by=place.person, now=NOW)
    late = a_session(programme, date=NOW.date() + timedelta(days=4))
    a_place(late)
    elsewhere = a_place(a_session())
    _change(programme, purpose="Another", contact_name="Somebody", invitation_subject="Come")
    assert not WordsToTell.objects.exists()
    _change(programme, **BRING)
    seated = a_place(late, now=NOW + timedelta(seconds=5))
    assert seated.state == PlaceState.BOOKED
    cancel_session(session=cancelled, reason="Snow", **WITH)
    Session.objects.filter(pk=over.pk).update(state=SessionState.HELD)
    assert tell_all_words(now=NOW + timedelta(seconds=9)) == 1
    people = {mail.person for mail in _told()}
    assert not people & {seated.person, place.person, elsewhere.person}
    assert sorted(late.calendar_entries.values_list("sequence", "revision")) == [(0, 1), (1, 1)]
    assert late.calendar_entries.get(sequence=0).person == seated.person, "an answer to what they have is not old"


def test_a_slip_of_spelling_tells_nobody(programme):
    a_place(a_session(programme))
    _change(programme, tells=False, **BRING)
    assert tell_all_words(now=NOW) == 0
    assert set(CalendarEntry.objects.values_list("sequence", flat=True)) == {0}


def test_telling_is_as_many_statements_for_three_as_for_one(programme, django_assert_max_num_queries):
    session = a_session(programme, capacity=9)
    counts = []
    for number in (1, 3):
        for _ in range(number):
            a_place(session)
        _change(programme, what_to_bring=f"A number: {number}")
        with django_assert_max_num_queries(24) as found:
            tell_all_words(now=NOW)
        counts.append(len(found))
    assert counts[0] >= counts[1] - 2  # what waited from before is read and told again


# --- the page


@pytest.fixture
def page(programme):
    with time_machine.travel(NOW, tick=False):
        session = a_session(programme)
        a_place(session)
        a_place(session)
        yield signed_in(a_coordinator(session)), reverse("attendance:programme-voice", args=[programme.slug])


def _typed(programme, **changes):
    return {"name": programme.name, "contact_email": programme.contact_email, "what_to_bring": "A pen", **changes}


def test_the_page_says_who_is_told_what_and_the_coordinator_chooses(programme, page):
    client, address = page
    assert "2 people come to sessions of this programme." in words(client.get(address))
    typed = _typed(programme, **BRING)
    asks = client.post(address, typed)
    text = words(asks)
    assert "2 people who come to 1 session." in text
    assert "A photo ID" in text
    assert "It was: A pen" in text
    programme.refresh_from_db()
    assert programme.what_to_bring == "A pen"
    assert client.post(address, {**typed, "confirmed": "yes", "tells": "maybe"}).status_code == 422
    again = client.post(address, {**typed, "confirmed": "yes", "again": "yes"})
    assert "A photo ID" in words(again)
    sent = client.post(address, {**typed, "confirmed": "yes", "tells": "everybody"}, follow=True)
    assert "Saved. 2 people are told by e-mail." in words(sent)
    programme.refresh_from_db()
    assert programme.what_to_bring == "A photo ID"
    assert tell_all_words(now=NOW) == 2
    client.post(address, {**typed, "confirmed": "yes", "tells": "everybody"})
    assert tell_all_words(now=NOW) == 0


def test_by_the_page_nobody_is_told_where_that_is_chosen_or_nothing_is_to_be_told(programme, page):
    client, address = page
    typed = _typed(programme, invitation_subject="Please come")
    assert client.post(address, typed).status_code == 302  # what stands in no entry is saved at once
    typed = _typed(programme, **BRING)
    sent = client.post(address, {**typed, "confirmed": "yes", "tells": "nobody"}, follow=True)
    assert "How the programme speaks: saved." in words(sent)
    assert tell_all_words(now=NOW) == 0
    programme.refresh_from_db()
    assert programme.what_to_bring == "A photo ID"


def test_what_somebody_else_wrote_since_the_page_was_made_stays(programme, page):
    client, address = page
    was = client.get(address).context["form"]["was"].value()
    _change(programme, tells=False, contact_email="newer@example.org")
    typed = {**_typed(programme, **BRING), "was": was}
    asks = client.post(address, typed)
    assert [fact["name"] for fact in asks.context["facts"]] == ["What to bring"]
    client.post(address, {**typed, "confirmed": "yes", "tells": "nobody"})
    programme.refresh_from_db()
    assert (programme.contact_email, programme.what_to_bring) == ("newer@example.org", "A photo ID")


def test_many_words_are_told_in_lines_and_listed_in_words(programme):
    place = a_place(a_session(programme, title="How the plan works"))
    _change(programme, name="Wren", contact_phone="01632 960 118", what_to_bring="A photo ID\nA pen <b>")
    tell_all_words(now=NOW)
    content = messages.render(_told()[0])
    assert content.subject.endswith(": what to bring, whom to ask and the name of the programme")
    assert "What to bring: A photo ID\nA pen <b>\nIt said: A pen\n" in content.text
    assert "<strong>A photo ID<br>A pen &lt;b&gt;</strong><br>It said: A pen</li>" in content.html
    assert place.person == _told()[0].person
