"""Senior cover: each exit of each action, what is mailed, and the matrix."""

import contextlib
import threading
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import urlsplit

import pytest
import time_machine
from django.db import IntegrityError, connection
from django.test import Client

from accounts.links import address_of
from accounts.models import Person, PersonalLink
from attendance.actions import availability, cover, cover_ladder, places
from attendance.actions.engagements import BusyThen, engage
from attendance.actions.sessions import change_session
from attendance.messages import cover as messages
from attendance.models import CalendarEntry, CoverState, Engagement, SeniorAttendance
from attendance.queries.cover import NO_PARTNER, NOBODY, Share, cover_matrix, shares_of
from attendance.queries.proposals import next_best
from attendance.queries.register import seniors_on_register
from attendance.tasks import remind_seniors
from briefings.models import Assistant, CoverRule, Mandate, ProgrammeRole, Session, SessionState
from briefings.words import where_in_words
from history.alone import AllFailed
from messaging import kinds
from messaging.models import Message
from tests.attendance.places import a_place, a_programme, a_session, another_day, partner_of
from tests.briefings.factories import NOW, AppointmentFactory, MandateFactory, PartnerFactory, SessionFactory
from tests.organisations.factories import (
    AffiliationFactory,
    OrganisationFactory,
    OrganisationLeadFactory,
    PersonFactory,
)

pytestmark = pytest.mark.django_db


class Cast:
    """A session of a programme with a coordinator, and two senior managers of its partner."""

    def __init__(self) -> None:
        self.programme = a_programme()
        self.organisation = partner_of(self.programme)
        self.session = a_session(self.programme, capacity=5)
        self.coordinator = PersonFactory()
        AppointmentFactory(programme=self.programme, person=self.coordinator, role=ProgrammeRole.COORDINATOR)
        self.mandate = self.a_mandate()
        self.deputy = self.a_mandate()
        self.senior = self.mandate.person

    def a_mandate(self, organisation=None, **fields):
        return MandateFactory(programme=self.programme, organisation=organisation or self.organisation, **fields)

    def ask(self, *pairs, now=NOW) -> list[SeniorAttendance]:
        return cover.ask_to_cover(requests=pairs or [(self.session, self.mandate)], by=self.coordinator, now=now)

    def asked(self) -> SeniorAttendance:
        return self.ask()[0]

    def coming(self) -> SeniorAttendance:
        return cover.answer_coming(attendance=self.asked(), by=self.senior, now=NOW)


@pytest.fixture
def cast():
    return Cast()


def mails(kind: str) -> list[Message]:
    return list(Message.objects.filter(kind=kind).order_by("pk"))


def said(message: Message):
    content = kinds.find(message.kind).render(message)
    assert content.html
    return content


def state_of(own: SeniorAttendance) -> str:
    return SeniorAttendance.objects.get(pk=own.pk).state


# asking


def test_one_mail_for_all_that_is_asked_together(cast):
    other = another_day(cast.programme)
    asked = cast.ask((cast.session, cast.mandate), (other, cast.mandate), (cast.session, cast.deputy))
    assert [own.state for own in asked] == [CoverState.ASKED] * 3
    by_person = {message.person: said(message) for message in mails(messages.ASKED)}
    assert set(by_person) == {cast.senior, cast.deputy.person}
    assert by_person[cast.senior].subject == "Can you come to 2 sessions?"
    assert by_person[cast.senior].text.count("/cover/") == 2
    assert "to 2 sessions of" in by_person[cast.senior].text
    assert "to a session of" in by_person[cast.deputy.person].text
    assert all(where_in_words(session) in by_person[cast.senior].text for session in (cast.session, other))


def test_only_who_comes_reads_how_to_join_online(cast):
    Session.objects.filter(pk=cast.session.pk).update(online_link="https://meet.example.org/1")
    own = cast.asked()
    asked = said(mails(messages.ASKED)[0])
    assert "meet.example.org" not in asked.text + asked.html
    cover.answer_coming(attendance=own, by=cast.senior, now=NOW)
    coming = said(mails(messages.COMING)[0])
    assert "Join online: https://meet.example.org/1" in coming.text
    assert 'href="https://meet.example.org/1"' in coming.html


def test_who_is_asked_already_is_not_asked_again(cast):
    cast.ask()
    assert cast.ask() == []
    assert len(mails(messages.ASKED)) == 1


@pytest.mark.parametrize("how", ["ended", "other programme", "begins later"])
def test_a_mandate_must_hold_on_the_day(cast, how):
    mandate = cast.mandate
    if how == "other programme":
        mandate = MandateFactory(organisation=cast.organisation)
    else:
        mandate.until = date(2026, 11, 20) if how == "ended" else None
        mandate.since = date(2027, 1, 1) if how == "begins later" else mandate.since
        mandate.save()
    with pytest.raises(cover.NoMandateThen):
        cast.ask((cast.session, mandate))


def test_a_session_must_be_to_come(cast):
    with pytest.raises(cover.SessionNotToCome):
        cast.ask(now=cast.session.during.lower)
    cast.session.state = SessionState.CANCELLED
    cast.session.save()
    with pytest.raises(cover.SessionNotToCome):
        cast.ask()


def test_nobody_is_asked_for_two_sessions_at_one_time(cast):
    cast.ask()
    with pytest.raises(cover.AskedElsewhere):
        cast.ask((a_session(cast.programme), cast.mandate))
    assert SeniorAttendance.objects.count() == 1


def test_nobody_is_asked_who_is_at_another_session_then(cast):
    AffiliationFactory(person=cast.senior, organisation=cast.organisation)
    a_place(a_session(cast.programme), cast.senior)
    with pytest.raises(cover.AskedElsewhere):
        cast.ask()


# answering


def test_coming_engages_and_brings_the_calendar_entry(cast):
    own = cast.coming()
    assert (own.state, own.answered_by) == (CoverState.COMING, f"accounts.person:{cast.senior.pk}")
    assert Engagement.objects.filter(person=cast.senior, session=cast.session).exists()
    content = said(mails(messages.COMING)[0])
    assert content.calendar_method == "REQUEST"
    assert b"METHOD:REQUEST" in content.calendar
    assert cover.answer_coming(attendance=own, by=cast.senior, now=NOW).state == CoverState.COMING
    assert len(mails(messages.COMING)) == 1


def test_coming_to_two_places_at_once_is_refused(cast):
    own = cast.asked()
    AffiliationFactory(person=cast.senior, organisation=cast.organisation)
    a_place(a_session(cast.programme), cast.senior)
    with pytest.raises(BusyThen):
        cover.answer_coming(attendance=own, by=cast.senior, now=NOW)


def test_passing_it_on_asks_the_colleague(cast):
    own = cast.coming()
    asked = cover.answer_not_me(attendance=own, deputy=cast.deputy, by=cast.senior, now=NOW)
    own.refresh_from_db()
    assert (own.state, own.deputy, asked.state, asked.person) == (
        CoverState.APOLOGIES,
        asked,
        CoverState.ASKED,
        cast.deputy.person,
    )
    assert not Engagement.objects.filter(person=cast.senior).exists()
    assert CalendarEntry.objects.get(person=cast.senior).is_cancelled
    assert {message.person for message in mails(messages.ASKED)} == {cast.senior, cast.deputy.person}


def test_a_deputy_is_a_colleague_with_a_mandate(cast):
    own = cast.asked()
    other = OrganisationFactory()
    PartnerFactory(programme=cast.programme, organisation=other)
    for deputy in (cast.mandate, cast.a_mandate(other)):
        with pytest.raises(cover.NotADeputy):
            cover.answer_not_me(attendance=own, deputy=deputy, by=cast.senior, now=NOW)


def test_a_deputy_who_comes_already_stands_in(cast):
    first, second = cast.ask((cast.session, cast.mandate), (cast.session, cast.deputy))
    cover.answer_coming(attendance=second, by=cast.deputy.person, now=NOW)
    cover.answer_not_me(attendance=first, deputy=cast.deputy, by=cast.senior, now=NOW)
    second.refresh_from_db()
    assert second.state == CoverState.COMING


def test_who_cannot_come_is_told_to_the_coordinators(cast):
    own = cover.answer_cannot(attendance=cast.coming(), by=cast.senior, now=NOW)
    assert own.state == CoverState.APOLOGIES
    assert [message.person for message in mails(messages.APOLOGIES)] == [cast.coordinator]
    assert set(messages.no_longer_true(mails(messages.COMING), NOW).values()) == {"answered_otherwise"}
    cover.answer_cannot(attendance=own, by=cast.senior, now=NOW)
    assert len(mails(messages.APOLOGIES)) == 1
    again = cover.answer_coming(attendance=own, by=cast.senior, now=NOW)
    assert again.state == CoverState.COMING
    assert CalendarEntry.objects.get(person=cast.senior).sequence == 2


def test_the_coordinators_are_told_who_would_be_next(cast):
    own = cast.asked()
    busy = cast.a_mandate(person=PersonFactory(name="Una Busy"))
    cover.ask_to_cover(requests=[(another_day(cast.programme), busy)], by=cast.coordinator, now=NOW)
    cover.answer_cannot(attendance=own, by=cast.senior, now=NOW)
    words = said(mails(messages.APOLOGIES)[0])
    assert f"Next would be {cast.deputy.person.name}" in words.text
    assert f"/cover/{own.pk}/next/" in words.text
    assert [each.person.name for each in next_best(own)] == [cast.deputy.person.name, "Una Busy"]
    cast.deputy.delete()
    busy.delete()
    assert f"Nobody else of {cast.organisation.name} can be asked" in said(mails(messages.APOLOGIES)[0]).text


def test_who_said_that_they_can_is_next_among_equals(cast):
    own, third = cast.asked(), cast.a_mandate()
    assert next_best(own)[0].person == cast.deputy.person
    session = cast.session
    answers = {(session.date, session.slot): True}
    availability.say_when(mandate=third, answers=answers, by=third.person, now=NOW)
    assert next_best(own)[0].person == third.person


def test_who_has_a_place_there_as_well_stays_engaged(cast):
    AffiliationFactory(person=cast.senior, organisation=cast.organisation)
    a_place(cast.session, cast.senior)
    cover.answer_cannot(attendance=cast.coming(), by=cast.senior, now=NOW)
    assert Engagement.objects.filter(person=cast.senior).count() == 1
    place = cast.senior.places.get()
    places.give_up_place(place=place, by=cast.senior, now=NOW)
    assert not Engagement.objects.filter(person=cast.senior).exists()


def test_an_assistant_gets_an_own_link_and_may_answer(cast):
    assistant = PersonFactory()
    Assistant.objects.create(programme=cast.programme, senior=cast.senior, person=assistant, since=date(2026, 1, 1))
    own = cast.asked()
    assert {link.person for link in PersonalLink.objects.filter(purpose="cover")} == {cast.senior, assistant}
    said_to_assistant = next(said(message) for message in mails(messages.ASKED) if message.person == assistant)
    assert f"{cast.senior.name} is asked to come" in said_to_assistant.text
    assert cover.answer_coming(attendance=own, by=assistant, now=NOW).answered_by.endswith(f":{assistant.pk}")


def test_nobody_else_answers(cast):
    own = cast.asked()
    for action in (cover.answer_coming, cover.answer_cannot):
        with pytest.raises(cover.NotYoursToAnswer):
            action(attendance=own, by=cast.deputy.person, now=NOW)
    assert cover.answer_coming(attendance=own, by=cast.coordinator, now=NOW).state == CoverState.COMING


def test_nothing_is_answered_once_it_has_begun_or_is_withdrawn(cast):
    own = cast.asked()
    with pytest.raises(cover.NotAskedAnyMore):
        cover.answer_coming(attendance=own, by=cast.senior, now=cast.session.during.lower)
    cover.withdraw_request(attendance=own, by=cast.coordinator, now=NOW)
    with pytest.raises(cover.NotAskedAnyMore):
        cover.answer_cannot(attendance=own, by=cast.senior, now=NOW)


def test_withdrawing_takes_the_entry_out(cast):
    own = cover.withdraw_request(attendance=cast.coming(), by=cast.coordinator, now=NOW)
    content = said(mails(messages.WITHDRAWN)[0])
    assert (own.state, content.calendar_method) == (CoverState.WITHDRAWN, "CANCEL")
    assert cover.withdraw_request(attendance=own, by=cast.coordinator, now=NOW).state == CoverState.WITHDRAWN
    assert [again.state for again in cast.ask(now=NOW + timedelta(hours=1))] == [CoverState.ASKED]


# the day


def test_who_came_is_noted_asked_or_not(cast):
    at = cast.session.during.lower
    own = cast.coming()
    assert cover.note_attended(session=cast.session, mandate=cast.mandate, by="clock", now=at).pk == own.pk
    unasked = cover.note_attended(session=cast.session, mandate=cast.deputy, by="clock", now=at)
    assert unasked.state == CoverState.ATTENDED
    assert cover.take_attended_back(attendance=unasked, by="clock", now=at) is None
    assert cover.take_attended_back(attendance=own, by="clock", now=at).state == CoverState.COMING
    assert cover.take_attended_back(attendance=own, by="clock", now=at).state == CoverState.COMING


def test_what_was_said_before_a_mark_taken_back_stands_again(cast):
    """Who had said that they cannot does not become somebody who comes by two presses at the door."""
    at = cast.session.during.lower
    own = cast.asked()
    cover.answer_cannot(attendance=own, by=cast.senior, now=NOW)
    cover.note_attended(session=cast.session, mandate=cast.mandate, by="clock", now=at)
    assert cover.take_attended_back(attendance=own, by="clock", now=at).state == CoverState.APOLOGIES


@pytest.mark.parametrize("before", [CoverState.ASKED, CoverState.APOLOGIES, CoverState.WITHDRAWN])
def test_who_is_at_the_session_anyway_does_not_come_as_a_senior_by_a_mark_taken_back(cast, before):
    """Who presents at it, or has a place, is engaged then without having said yes."""
    at = cast.session.during.lower
    own = cast.asked()
    engage(cast.senior.pk, cast.session)
    if before == CoverState.APOLOGIES:
        cover.answer_cannot(attendance=own, by=cast.senior, now=NOW)
    if before == CoverState.WITHDRAWN:
        cover.withdraw_request(attendance=own, by=cast.coordinator, now=NOW)
    assert Engagement.objects.filter(person=cast.senior, session=cast.session).exists()
    for _ in range(2):
        cover.note_attended(session=cast.session, mandate=cast.mandate, by="clock", now=at)
    assert cover.take_attended_back(attendance=own, by="clock", now=at).state == before
    assert state_of(own) == before


# a mandate that ends


def end_mandate(cast, mandate) -> None:
    """End ``mandate`` and let the clock look after it, twice."""
    Mandate.objects.filter(pk=mandate.pk).update(until=NOW.date())
    with time_machine.travel(NOW, tick=False):
        remind_seniors()
        remind_seniors()


def test_who_has_no_mandate_any_more_does_not_cover_a_session(cast):
    own = cast.coming()
    end_mandate(cast, cast.mandate)
    own.refresh_from_db()
    assert (own.state, Engagement.objects.count()) == (CoverState.APOLOGIES, 0)
    (row,) = cover_matrix([cast.session], NOW.date()).rows
    assert (row.cells[0].is_gap, row.covered) == (True, 0)
    (told,) = mails(messages.APOLOGIES)
    assert "there is no mandate for them on that day any more" in said(told).text
    assert f"Next would be {cast.deputy.person.name}" in said(told).text
    (senior,) = mails(messages.GIVEN_UP)
    assert "There is no mandate for you to speak for" in said(senior).text
    with pytest.raises(cover.NoMandateThen):
        cover.answer_coming(attendance=own, by=cast.senior, now=NOW)


@pytest.mark.parametrize("others", [0, 1])
def test_what_cannot_be_given_up_keeps_no_other_waiting(cast, monkeypatch, caplog, others):
    """One request fails: the others are given up and who is due is reminded; where none is left the clock says so."""
    mandates = [cast.mandate, cast.deputy][: 1 + others]
    cast.ask(*((cast.session, mandate) for mandate in mandates))
    (waits,) = cast.ask((cast.session, cast.a_mandate()))
    Mandate.objects.filter(pk__in=[mandate.pk for mandate in mandates]).update(until=NOW.date())
    real = cover.give_up_what_cannot_stand

    def fails_for_the_first(*, attendance, now):
        if attendance.person == cast.senior:
            raise RuntimeError("a row that nobody thought of")
        return real(attendance=attendance, now=now)

    monkeypatch.setattr(cover, "give_up_what_cannot_stand", fails_for_the_first)
    outcome = contextlib.nullcontext() if others else pytest.raises(AllFailed, match="Giving up senior cover")
    with time_machine.travel(cast.session.during.lower - timedelta(days=1), tick=False), outcome:
        remind_seniors()
    assert "Giving up senior cover failed for" in caplog.text
    assert states().get(cast.deputy.person) == (CoverState.APOLOGIES if others else None)
    waits.refresh_from_db()
    assert waits.reminded_step > 0


def test_whose_account_is_closed_does_not_cover_a_session_and_the_mail_says_so(cast):
    own = cast.coming()
    Person.objects.filter(pk=cast.senior.pk).update(is_active=False)
    with time_machine.travel(NOW, tick=False):
        remind_seniors()
    assert state_of(own) == CoverState.APOLOGIES
    (told,) = mails(messages.APOLOGIES)
    content = said(told)
    for words in (content.text, content.html):
        assert "their account is closed. Nobody is asked in their place" in words
        assert "moved to a time" not in words
    (senior,) = mails(messages.GIVEN_UP)
    assert "Your account is closed. If that is a mistake" in said(senior).text
    assert "moved to a time" not in said(senior).text


def test_whoever_else_can_is_asked_where_the_mandate_of_one_ends(cast):
    first, second = whoever(cast)
    cover.answer_coming(attendance=first, by=first.person, now=NOW)
    end_mandate(cast, cast.mandate if first.person == cast.senior else cast.deputy)
    assert states() == {first.person: CoverState.APOLOGIES, second.person: CoverState.ASKED}
    assert mails(messages.APOLOGIES) == []


def test_a_mandate_that_holds_on_the_day_changes_nothing(cast):
    own = cast.coming()
    Mandate.objects.filter(pk=cast.mandate.pk).update(until=cast.session.date + timedelta(days=1))
    assert not cover.give_up_what_cannot_stand(attendance=own, now=NOW)
    assert states() == {cast.senior: CoverState.COMING}


@pytest.mark.parametrize("comes_to", [None, "the one that stays", "both"])
def test_nobody_is_asked_for_two_sessions_at_one_time_after_a_move_either(cast, comes_to):
    """The session to which they come stands, else the one for which they were asked first; the other is a gap."""
    first = another_day(cast.programme)
    (stays,) = cast.ask((first, cast.mandate))
    (moved,) = cast.ask()
    for own in (stays, moved)[: {"the one that stays": 1, "both": 2}.get(comes_to, 0)]:
        cover.answer_coming(attendance=own, by=cast.senior, now=NOW)
    change_session(session=cast.session, date=first.date, starts=first.starts, ends=first.ends, by="clock", now=NOW)
    settled = CoverState.COMING if comes_to else CoverState.ASKED, CoverState.APOLOGIES
    assert (state_of(stays), state_of(moved)) == settled  # by the move itself; the clock's run finds nothing
    with time_machine.travel(NOW, tick=False):
        remind_seniors()
    assert (state_of(stays), state_of(moved)) == settled
    (told,) = mails(messages.APOLOGIES)
    assert "moved to a time for which another session has asked them" in said(told).text
    gone = mails(messages.GIVEN_UP)
    assert len(gone) == (comes_to == "both")  # who had said yes to it has it in the calendar
    for mail in gone:
        content = said(mail)
        assert mail.person == cast.senior
        assert content.calendar_method == "CANCEL"
        assert "moved to a time for which another session has asked you" in content.text


def test_a_move_asks_whoever_else_can_where_that_was_asked_for(cast):
    first = another_day(cast.programme)
    cast.ask((first, cast.mandate))
    cover.ask_whoever(session=cast.session, organisation=cast.organisation, by=cast.coordinator, now=NOW)
    late = cast.a_mandate()
    change_session(session=cast.session, date=first.date, starts=first.starts, ends=first.ends, by="clock", now=NOW)
    own = dict(SeniorAttendance.objects.filter(session=cast.session).values_list("person", "state"))
    assert own == {cast.senior.pk: CoverState.APOLOGIES, cast.deputy.person_id: CoverState.ASKED}
    cover.answer_cannot(
        attendance=SeniorAttendance.objects.get(session=cast.session, person=cast.deputy.person),
        by=cast.deputy.person,
        now=NOW,
    )
    assert SeniorAttendance.objects.get(session=cast.session, person=late.person).state == CoverState.ASKED


def test_a_move_leaves_to_the_clock_what_was_asked_while_it_took_its_locks(cast, monkeypatch):
    """Nobody is locked out of turn: an organisation that nobody of this session stood for a moment ago waits."""
    first = another_day(cast.programme)
    cast.ask((first, cast.mandate))
    (moved,) = cast.ask()
    before_and_under_the_locks = iter([set(), cover.people_to_settle(cast.session)])
    monkeypatch.setattr(cover, "people_to_settle", lambda session: next(before_and_under_the_locks))
    change_session(session=cast.session, date=first.date, starts=first.starts, ends=first.ends, by="clock", now=NOW)
    assert state_of(moved) == CoverState.ASKED
    monkeypatch.undo()
    with time_machine.travel(NOW, tick=False):
        remind_seniors()
    assert state_of(moved) == CoverState.APOLOGIES


@pytest.mark.parametrize("before", [None, CoverState.ASKED, CoverState.COMING, CoverState.ATTENDED])
def test_who_speaks_for_two_partners_counts_for_the_one_they_came_for(cast, before):
    """What really happened wins; taken back it is as it was, for the partner that had asked."""
    other = OrganisationFactory()
    PartnerFactory(programme=cast.programme, organisation=other)
    theirs = cast.a_mandate(other, person=cast.senior)
    at = cast.session.during.lower
    if before in (CoverState.ASKED, CoverState.COMING):
        cast.coming() if before == CoverState.COMING else cast.asked()
    if before == CoverState.ATTENDED:  # by a wrong choice at the door
        cover.note_attended(session=cast.session, mandate=cast.mandate, by="clock", now=at)
    _, choices = seniors_on_register(cast.session)
    assert theirs in choices
    for _ in range(2):
        own = cover.note_attended(session=cast.session, mandate=theirs, by="clock", now=at)
    assert (own.state, own.organisation) == (CoverState.ATTENDED, other)
    (row,) = cover_matrix([cast.session], cast.session.date).rows
    assert {cell.state for cell in row.cells} == {NOBODY, CoverState.ATTENDED}
    assert row.lacking == [cast.organisation]
    listed, choices = seniors_on_register(cast.session)
    assert (listed[0].mandate, theirs in choices, cast.mandate in choices) == (theirs, False, True)
    cover.take_attended_back(attendance=own, by="clock", now=at)
    found = SeniorAttendance.objects.values_list("organisation", "state", "asked_for")
    kept = before in (CoverState.ASKED, CoverState.COMING)
    assert list(found) == ([(cast.organisation.pk, before, None)] if kept else [])


def test_nobody_has_come_before_the_day(cast):
    with pytest.raises(cover.NotTheDay):
        cover.note_attended(session=cast.session, mandate=cast.mandate, by="clock", now=NOW)


# reminders


def days_told(cast, days: int = 24) -> list[str]:
    """Let the clock run from NOW; return the days on which somebody was due."""
    every = (NOW + timedelta(days=number) for number in range(days))
    return [f"{day:%d %b}" for day in every if cover_ladder.remind_of_requests(now=day)]


def test_who_has_not_answered_is_reminded_and_then_others_are_told(cast):
    lead = OrganisationLeadFactory(organisation=cast.organisation).person
    cast.asked()
    assert days_told(cast) == ["05 Nov", "12 Nov", "19 Nov", "24 Nov", "25 Nov"]
    reminders, told = mails(messages.REMINDER), mails(messages.UNANSWERED)
    assert [message.person for message in reminders] == [cast.senior] * 4
    assert "We have no answer yet." in said(reminders[0]).text
    assert {message.person for message in told} == {lead, cast.coordinator}
    for message in told:
        text = said(message).text
        assert f"{cast.senior.name} was asked" in text
        assert ("/cover/ask/?session=" in text) == (message.person == cast.coordinator)
    assert messages.not_wanted(reminders, NOW) == messages.covered_meanwhile(told, NOW) == {}
    own = SeniorAttendance.objects.get()
    cover.answer_cannot(attendance=own, by=cast.senior, now=NOW)
    assert set(messages.not_wanted(reminders, NOW).values()) == {"answered_or_over"}
    assert set(messages.covered_meanwhile(told, NOW).values()) == {"answered_or_over"}


def test_who_became_an_assistant_meanwhile_is_reminded_too_and_may_answer(cast):
    own = cast.asked()
    Assistant.objects.create(
        programme=cast.programme, senior=cast.senior, person=(helper := PersonFactory()), since=NOW.date()
    )
    cover_ladder.remind_of_requests(now=cast.session.during.lower - timedelta(days=7))
    assert {mail.person for mail in mails(messages.REMINDER)} == {cast.senior, helper}
    link = PersonalLink.objects.get(purpose="cover", person=helper)
    (mail,) = [mail for mail in mails(messages.REMINDER) if mail.person == helper]
    assert address_of(link) in said(mail).text
    cover.answer_coming(attendance=own, by=helper, now=NOW)


def test_nobody_is_told_of_no_answer_where_a_colleague_comes(cast):
    cast.ask((cast.session, cast.mandate), (cast.session, cast.deputy))
    days_told(cast)
    cover.answer_coming(attendance=SeniorAttendance.objects.get(person=cast.senior), by=cast.senior, now=NOW)
    found = messages.covered_meanwhile(mails(messages.UNANSWERED), NOW)
    assert set(found.values()) == {"answered_or_over"}


def test_a_late_request_is_reminded_only_after_it(cast):
    asked_at = datetime(2026, 11, 20, 9, tzinfo=UTC)
    cast.ask(now=asked_at)
    assert cover_ladder.remind_of_requests(now=asked_at) == 0
    assert cover_ladder.remind_of_requests(now=datetime(2026, 11, 24, 9, tzinfo=UTC)) == 1


def test_a_clock_that_stood_still_tells_the_highest_rung_alone(cast):
    cast.asked()
    assert cover_ladder.remind_of_requests(now=datetime(2026, 11, 25, 9, tzinfo=UTC)) == 1
    assert (len(mails(messages.REMINDER)), len(mails(messages.UNANSWERED))) == (1, 1)


@pytest.mark.parametrize(
    ("day", "rungs"),
    [
        (date(2026, 11, 26), [5, 12, 19, 24, 25]),
        # Two days before a Monday is a Saturday: the Friday counts, and the lead is told on the same day.
        (date(2026, 11, 30), [9, 16, 23, 27, 27]),
    ],
)
def test_the_rungs_lie_on_working_days(day, rungs):
    assert [each.day for each in cover_ladder.rungs_of(day, "england-and-wales")] == rungs


# whoever can


def whoever(cast) -> list[SeniorAttendance]:
    return cover.ask_whoever(session=cast.session, organisation=cast.organisation, by=cast.coordinator, now=NOW)


def states() -> dict:
    return {own.person: own.state for own in SeniorAttendance.objects.select_related("person")}


def test_the_first_yes_settles_it_for_all(cast):
    first, second = whoever(cast)
    cover.answer_coming(attendance=first, by=first.person, now=NOW)
    assert states() == {first.person: CoverState.COMING, second.person: CoverState.WITHDRAWN}
    assert [message.person for message in mails(messages.WITHDRAWN)] == [second.person]
    with pytest.raises(cover.NotAskedAnyMore):
        cover.answer_coming(attendance=second, by=second.person, now=NOW)
    assert whoever(cast) == []


def test_who_withdraws_reopens_the_request_for_the_others(cast):
    first, second = whoever(cast)
    cover.answer_coming(attendance=first, by=first.person, now=NOW)
    cover.answer_cannot(attendance=first, by=first.person, now=NOW + timedelta(hours=1))
    assert states() == {first.person: CoverState.APOLOGIES, second.person: CoverState.ASKED}
    assert mails(messages.APOLOGIES) == []
    assert [message.person for message in mails(messages.ASKED)].count(second.person) == 2
    cover.answer_cannot(attendance=second, by=second.person, now=NOW + timedelta(hours=2))
    assert [message.person for message in mails(messages.APOLOGIES)] == [cast.coordinator]


def test_the_yes_of_a_deputy_settles_it_for_all(cast):
    first, second = whoever(cast)
    third = cast.a_mandate()
    asked = cover.answer_not_me(attendance=first, deputy=third, by=first.person, now=NOW)
    cover.answer_coming(attendance=asked, by=third.person, now=NOW)
    assert states() == {
        first.person: CoverState.APOLOGIES, second.person: CoverState.WITHDRAWN, third.person: CoverState.COMING,
    }  # fmt: skip


def test_nobody_is_let_go_once_it_has_begun(cast):
    own = cast.coming()
    with pytest.raises(cover.SessionNotToCome):
        cover.withdraw_request(attendance=own, by=cast.coordinator, now=cast.session.during.lower)
    assert states() == {cast.senior: CoverState.COMING}


def test_whoever_goes_on_with_who_has_become_free(cast):
    """All of them say no: who got a mandate since is asked by itself, and only then are the coordinators told."""
    first, second = whoever(cast)
    later = cast.a_mandate(person=PersonFactory(name="Nell Newcomer"))
    cover.answer_cannot(attendance=first, by=first.person, now=NOW)
    assert SeniorAttendance.objects.count() == 2
    cover.answer_cannot(attendance=second, by=second.person, now=NOW)
    newcomer = SeniorAttendance.objects.get(person=later.person)
    assert (newcomer.state, mails(messages.APOLOGIES)) == (CoverState.ASKED, [])
    assert PersonalLink.objects.filter(purpose="cover", person=later.person).exists()
    cover.answer_cannot(attendance=newcomer, by=later.person, now=NOW)
    assert len(mails(messages.APOLOGIES)) == 1


def test_who_was_let_go_by_hand_is_not_asked_again(cast):
    first, second = whoever(cast)
    cover.withdraw_request(attendance=second, by=cast.coordinator, now=NOW)
    cover.answer_coming(attendance=first, by=first.person, now=NOW)
    cover.answer_cannot(attendance=first, by=first.person, now=NOW)
    assert states()[second.person] == CoverState.WITHDRAWN


def test_only_who_can_is_asked(cast):
    def cannot(mandate):
        half = {(cast.session.date, cast.session.slot): False}
        availability.say_when(mandate=mandate, answers=half, by=mandate.person, now=NOW)

    cannot(cast.mandate)
    assert [own.person for own in whoever(cast)] == [cast.deputy.person]
    SeniorAttendance.objects.all().delete()
    cast.ask((a_session(cast.programme), cast.deputy))
    with pytest.raises(cover.NobodyFree, match=r"Nobody of .* can be asked"):
        whoever(cast)


# the matrix


def test_the_matrix_says_who_comes_for_whom(cast, django_assert_num_queries):
    other = OrganisationFactory(name="Zeta Housing")
    PartnerFactory(programme=cast.programme, organisation=other)
    later = another_day(cast.programme)
    cast.coming()
    cast.ask((later, cast.mandate))
    with django_assert_num_queries(2):
        matrix = cover_matrix([cast.session, later], NOW.date())
    assert matrix.organisations[-1] == other
    assert [[cell.state for cell in row.cells] for row in matrix.rows] == [["coming", NOBODY], ["asked", NOBODY]]
    assert [(row.covered, row.meets_rule) for row in matrix.rows] == [(1, False), (0, False)]


def test_afterwards_only_who_attended_counts(cast):
    cast.coming()
    after = cast.session.date + timedelta(days=1)
    (row,) = cover_matrix([cast.session], after).rows
    assert (row.cells[0].state, row.cells[0].is_gap, row.covered) == (NOBODY, True, 0)
    cover.note_attended(session=cast.session, mandate=cast.mandate, by="clock", now=cast.session.during.lower)
    (row,) = cover_matrix([cast.session], after).rows
    assert (row.cells[0].state, row.covered, row.meets_rule) == ("attended", 1, True)


@pytest.mark.parametrize(
    ("rule", "number", "short"),
    [
        (CoverRule.EVERY_PARTNER, None, 2),
        (CoverRule.AT_LEAST, 1, 0),
        (CoverRule.AT_LEAST, 2, 1),
        (CoverRule.AT_LEAST, 9, 2),
        (CoverRule.SHARE, 100, 2),
        (CoverRule.SHARE, 0, 0),
        (CoverRule.NONE, None, 0),
    ],
)
def test_the_rule(cast, rule, number, short):
    for _ in range(2):
        PartnerFactory(programme=cast.programme, organisation=OrganisationFactory())
    cast.programme.cover_rule, cast.programme.cover_number = rule, number
    cast.programme.save()
    cast.coming()
    (row,) = cover_matrix(Session.objects.select_related("programme"), NOW.date()).rows
    assert (row.covered, row.partners, row.short, row.meets_rule) == (1, 3, short, short == 0)
    assert len(row.lacking) == (2 if short else 0)


def test_a_share_is_judged_over_all_sessions(cast, django_assert_num_queries):
    """Half of three sessions are two: attended at one that is over, coming to one, so the third wants nobody."""
    cast.programme.cover_rule, cast.programme.cover_number = CoverRule.SHARE, 50
    cast.programme.save()
    late = PartnerFactory(programme=cast.programme, organisation=OrganisationFactory(), since=date(2026, 12, 1))
    over = a_session(cast.programme, date=date(2026, 10, 20))
    later = another_day(cast.programme)
    cover.note_attended(session=over, mandate=cast.mandate, by="clock", now=over.during.lower)
    key = (cast.programme.pk, cast.organisation.pk)
    assert shares_of([cast.programme], NOW.date())[key] == Share(1, 3, 2)
    cast.coming()
    with django_assert_num_queries(3):
        matrix = cover_matrix([cast.session, later], NOW.date())
    assert matrix.shares == {cast.organisation.pk: Share(2, 3, 2), late.organisation_id: Share(0, 1, 1)}
    assert [[each.pk for each in row.lacking] for row in matrix.rows] == [[], [late.organisation_id]]
    assert NO_PARTNER in {cell.state for cell in matrix.rows[0].cells}


def test_a_draft_to_come_counts_in_a_share_and_is_reminded_of(cast):
    cast.programme.cover_rule, cast.programme.cover_number = CoverRule.SHARE, 50
    cast.programme.save()
    draft = SessionFactory(programme=cast.programme, date=date(2026, 12, 8), state=SessionState.DRAFT)
    key = (cast.programme.pk, cast.organisation.pk)
    assert shares_of([cast.programme], NOW.date())[key] == Share(0, 2, 1)
    assert shares_of([cast.programme], date(2026, 12, 9))[key] == Share(0, 1, 1)
    (own,) = cast.ask((draft, cast.mandate))
    assert cover_ladder.remind_of_requests(now=draft.during.lower - timedelta(days=7)) == 1
    own.refresh_from_db()
    assert own.reminded_step == 3


# two answers at once


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("locked", [True, False], ids=["with the lock", "without the lock"])
def test_one_senior_is_never_asked_for_two_sessions_at_once(monkeypatch, locked):
    cast = Cast()
    sessions = [cast.session, a_session(cast.programme)]
    barrier, refused = threading.Barrier(2), []
    if not locked:
        monkeypatch.setattr(cover, "lock_people", lambda ids: None)
        real = cover._refuse_two_at_once

        def check(session, person):
            real(session, person)
            barrier.wait(10)

        monkeypatch.setattr(cover, "_refuse_two_at_once", check)

    def ask(session):
        try:
            cast.ask((session, cast.mandate))
        except cover.AskedElsewhere as refusal:
            refused.append(refusal)
        except IntegrityError:
            pass
        finally:
            connection.close()

    threads = [threading.Thread(target=ask, args=[session]) for session in sessions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert (SeniorAttendance.objects.count(), len(refused)) == ((1, 1) if locked else (2, 0))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("locked", [True, False], ids=["with the lock", "without the lock"])
def test_of_those_asked_together_only_one_says_yes(monkeypatch, locked):
    cast = Cast()
    asked, barrier, refused = whoever(cast), threading.Barrier(2), []
    real = cover._locked

    def loaded(*arguments):
        own = real(*arguments)
        if not locked:
            barrier.wait(10)
        return own

    monkeypatch.setattr(cover, "_locked", loaded)
    if not locked:
        monkeypatch.setattr(cover, "_lock_together", lambda attendance: None)
        monkeypatch.setattr(cover, "_others_together", lambda own, state: [])

    def answer(own):
        try:
            cover.answer_coming(attendance=own, by=own.person, now=NOW)
        except cover.NotAskedAnyMore as refusal:
            refused.append(refusal)
        finally:
            connection.close()

    threads = [threading.Thread(target=answer, args=[own]) for own in asked]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    coming = SeniorAttendance.objects.filter(state=CoverState.COMING).count()
    assert (coming, len(refused)) == ((1, 1) if locked else (2, 0))


def test_letting_go_of_who_was_coming_reopens_the_request_for_the_others(cast):
    first, second = whoever(cast)
    cover.answer_coming(attendance=first, by=first.person, now=NOW)
    cover.withdraw_request(attendance=first, by=cast.coordinator, now=NOW)
    assert states() == {first.person: CoverState.WITHDRAWN, second.person: CoverState.ASKED}


def test_passing_it_on_after_a_yes_reopens_the_request_for_the_others(cast):
    third = cast.a_mandate()
    first = next(own for own in whoever(cast) if own.person == cast.senior)
    cover.answer_coming(attendance=first, by=cast.senior, now=NOW)
    cover.answer_not_me(attendance=first, deputy=cast.deputy, by=cast.senior, now=NOW + timedelta(hours=1))
    asked = {cast.deputy.person: CoverState.ASKED, third.person: CoverState.ASKED}
    assert states() == {cast.senior: CoverState.APOLOGIES, **asked}


def test_one_mail_for_all_that_one_press_asks(cast):
    other = another_day(cast.programme)
    made = cover.ask_all(
        requests=[(cast.session, cast.mandate)], whoever=[(other, cast.organisation)], by=cast.coordinator, now=NOW
    )
    assert len(made) == 3
    assert [message.person for message in mails(messages.ASKED)].count(cast.senior) == 1


def test_a_deputy_gets_the_link_to_their_half_days_and_a_page_without_one_names_none(cast, client):
    with time_machine.travel(NOW, tick=False):
        asked = cover.answer_not_me(attendance=cast.asked(), deputy=cast.deputy, by=cast.senior, now=NOW)
        link = PersonalLink.objects.get(purpose="availability", person=cast.deputy.person)
        page = client.get(urlsplit(address_of(asked.link)).path).url
        assert "can come in the next weeks" in client.get(page).content.decode()
        link.delete()
        assert "can come in the next weeks" not in client.get(page).content.decode()


def test_the_links_of_a_former_assistant_open_nothing_and_end(cast):
    assistant = PersonFactory()
    columns = {"programme": cast.programme, "senior": cast.senior, "person": assistant, "since": date(2026, 1, 1)}
    held = Assistant.objects.create(**columns)
    asked = cast.asked()
    with time_machine.travel(NOW, tick=False):
        links = list(PersonalLink.objects.filter(person=assistant))
        browsers = [Client() for _ in links]
        opened = zip(browsers, links, strict=True)
        pages = [browser.get(urlsplit(address_of(link)).path).url for browser, link in opened]
        answers = [browser.get(page).status_code for browser, page in zip(browsers, pages, strict=True)]
        assert answers == [200, 200]
        held.until = NOW.date()
        held.save()
        answers = [browser.get(page).status_code for browser, page in zip(browsers, pages, strict=True)]
        assert answers == [404, 404]
    cover.answer_cannot(attendance=asked, by=cast.senior, now=NOW)
    cast.ask()
    assert not PersonalLink.objects.filter(person=assistant, revoked_at=None).exists()
    assert PersonalLink.objects.filter(person=cast.senior, revoked_at=None).count() == 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("locked", [True, False], ids=["with the lock", "without the lock"])
def test_two_sessions_that_move_to_one_time_at_once_leave_one_request(monkeypatch, locked):
    cast = Cast()
    other = another_day(cast.programme)
    requests = [*cast.ask(), *cast.ask((other, cast.mandate))]
    barrier, real = threading.Barrier(2), cover.settle_moved

    def settle(**arguments):
        real(**arguments)
        if not locked:
            barrier.wait(10)

    monkeypatch.setattr(cover, "settle_moved", settle)
    if not locked:
        monkeypatch.setattr("attendance.actions.sessions.lock_people", lambda ids: None)
        monkeypatch.setattr(cover, "lock_people", lambda ids: None)

    def move(session):
        try:
            there = {"date": date(2026, 12, 15), "starts": time(9, 30), "ends": time(12, 30)}
            change_session(session=session, by="clock", now=NOW, **there)
        finally:
            connection.close()

    threads = [threading.Thread(target=move, args=[session]) for session in (cast.session, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    found = [state_of(own) for own in requests]
    assert sorted(found) == ([CoverState.APOLOGIES, CoverState.ASKED] if locked else [CoverState.ASKED] * 2)
