"""Senior cover: each exit of each action, what is mailed, and the matrix."""

import threading
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import IntegrityError, connection

from accounts.models import PersonalLink
from attendance.actions import cover, places
from attendance.actions.engagements import BusyThen
from attendance.messages import cover as messages
from attendance.models import CalendarEntry, CoverState, Engagement, SeniorAttendance
from attendance.queries.cover import NOBODY, cover_matrix, meets_rule
from briefings.models import Assistant, CoverRule, ProgrammeRole, SessionState
from messaging import kinds
from messaging.models import Message
from tests.attendance.places import a_place, a_programme, a_session, another_day, partner_of
from tests.briefings.factories import NOW, AppointmentFactory, MandateFactory, PartnerFactory
from tests.organisations.factories import AffiliationFactory, OrganisationFactory, PersonFactory

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


# asking


def test_one_mail_for_all_that_is_asked_together(cast):
    other = another_day(cast.programme)
    asked = cast.ask((cast.session, cast.mandate), (other, cast.mandate), (cast.session, cast.deputy))
    assert [own.state for own in asked] == [CoverState.ASKED] * 3
    by_person = {message.person: said(message) for message in mails(messages.ASKED)}
    assert set(by_person) == {cast.senior, cast.deputy.person}
    assert by_person[cast.senior].subject == "Can you come to 2 sessions?"
    assert by_person[cast.senior].text.count("/cover/") == 2


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


def test_nobody_has_come_before_the_day(cast):
    with pytest.raises(cover.NotTheDay):
        cover.note_attended(session=cast.session, mandate=cast.mandate, by="clock", now=NOW)


# reminders


def test_who_has_not_answered_is_reminded_twice(cast):
    cast.asked()
    told = [
        day.date()
        for day in (NOW + timedelta(days=number) for number in range(24))
        if cover.remind_of_requests(now=day)
    ]
    assert told == [date(2026, 11, 17), date(2026, 11, 24)]
    assert "We have no answer yet." in said(mails(messages.REMINDER)[0]).text
    assert messages.not_wanted(mails(messages.REMINDER), NOW) == {}
    own = SeniorAttendance.objects.get()
    cover.answer_cannot(attendance=own, by=cast.senior, now=NOW)
    assert set(messages.not_wanted(mails(messages.REMINDER), NOW).values()) == {"answered_or_over"}


def test_a_late_request_is_reminded_only_after_it(cast):
    asked_at = datetime(2026, 11, 20, 9, tzinfo=UTC)
    cast.ask(now=asked_at)
    assert cover.remind_of_requests(now=asked_at) == 0
    assert cover.remind_of_requests(now=datetime(2026, 11, 24, 9, tzinfo=UTC)) == 1


# the matrix


def test_the_matrix_says_who_comes_for_whom(cast, django_assert_num_queries):
    other = OrganisationFactory(name="Zeta Housing")
    PartnerFactory(programme=cast.programme, organisation=other)
    later = another_day(cast.programme)
    cast.coming()
    cast.ask((later, cast.mandate))
    with django_assert_num_queries(2):
        matrix = cover_matrix(cast.programme, [cast.session, later], NOW.date())
    assert matrix.organisations[-1] == other
    assert [[cell.state for cell in row.cells] for row in matrix.rows] == [["coming", NOBODY], ["asked", NOBODY]]
    assert [(row.covered, row.meets_rule) for row in matrix.rows] == [(1, False), (0, False)]


def test_afterwards_only_who_attended_counts(cast):
    cast.coming()
    after = cast.session.date + timedelta(days=1)
    (row,) = cover_matrix(cast.programme, [cast.session], after).rows
    assert (row.cells[0].state, row.cells[0].is_gap, row.covered) == (NOBODY, True, 0)
    cover.note_attended(session=cast.session, mandate=cast.mandate, by="clock", now=cast.session.during.lower)
    (row,) = cover_matrix(cast.programme, [cast.session], after).rows
    assert (row.cells[0].state, row.covered, row.meets_rule) == ("attended", 1, True)


@pytest.mark.parametrize(
    ("rule", "number", "covered", "met"),
    [
        (CoverRule.EVERY_PARTNER, None, 3, True),
        (CoverRule.EVERY_PARTNER, None, 2, False),
        (CoverRule.AT_LEAST, 2, 2, True),
        (CoverRule.AT_LEAST, 2, 1, False),
        (CoverRule.AT_LEAST, 9, 3, True),
        (CoverRule.SHARE, 50, 0, True),
        (CoverRule.NONE, None, 0, True),
    ],
)
def test_the_rule(rule, number, covered, met):
    assert meets_rule(rule, number, covered, partners=3) is met


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
