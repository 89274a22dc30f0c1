"""Rounds of invitations: whom they reach, what each action leaves, what it refuses."""

import uuid
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection

from accounts.models import PersonalLink
from attendance.actions import invitations as actions
from attendance.models import Invitation, InvitationAnswer, InvitationRound, PlaceState, RoundState
from attendance.queries.invitations import (
    InvitationChoice,
    LeftOut,
    figures_of_choice,
    people_left_out,
    people_to_invite,
)
from briefings.models import SessionState
from desk.queries.reach import reach_of
from history.models import Entry
from messaging.models import Message
from tests.attendance.inviting import (
    ALL,
    a_place,
    a_programme,
    a_round,
    a_written_round,
    an_eligible,
    an_open_session,
    has_left,
    mail_of_round,
)
from tests.briefings.factories import NOW, PartnerFactory
from tests.desk.test_reach import walk_in
from tests.organisations.factories import AreaFactory, OrganisationFactory, PersonFactory, ProfessionFactory

pytestmark = pytest.mark.django_db


class TestChoosing:
    def test_everybody_eligible_with_an_address(self):
        programme = a_programme()
        amina, beatrix = an_eligible(programme), an_eligible(programme)
        PersonFactory()
        assert set(people_to_invite(programme, ALL, NOW)) == {amina, beatrix}

    def test_by_organisation_profession_and_area_with_the_areas_inside(self):
        programme = a_programme()
        other = OrganisationFactory()
        PartnerFactory(programme=programme, organisation=other)
        county, nurse = AreaFactory(), ProfessionFactory()
        town = AreaFactory(parent=county)
        here = an_eligible(programme, areas=[town], profession=nurse)
        there = an_eligible(programme, organisation=other, areas=[AreaFactory()])
        assert list(people_to_invite(programme, InvitationChoice(areas=[county.pk]), NOW)) == [here]
        assert list(people_to_invite(programme, InvitationChoice(professions=[nurse.pk]), NOW)) == [here]
        assert list(people_to_invite(programme, InvitationChoice(organisations=[other.pk]), NOW)) == [there]
        both = InvitationChoice(organisations=[other.pk], professions=[nurse.pk])
        assert list(people_to_invite(programme, both, NOW)) == []

    def test_only_who_became_eligible_since_the_last_time(self):
        programme = a_programme()
        old = an_eligible(programme)
        old.created_at = datetime(2026, 5, 1, tzinfo=UTC)
        old.save(update_fields=["created_at"])
        back = an_eligible(programme, since=date(2026, 10, 20))
        type(back).objects.update(created_at=datetime(2026, 5, 1, tzinfo=UTC))
        new = an_eligible(programme)
        type(new).objects.filter(pk=new.pk).update(created_at=datetime(2026, 10, 15, tzinfo=UTC))
        joined = OrganisationFactory()
        PartnerFactory(programme=programme, organisation=joined, since=date(2026, 10, 20))
        theirs = an_eligible(programme, organisation=joined)
        type(theirs).objects.filter(pk=theirs.pk).update(created_at=datetime(2026, 5, 1, tzinfo=UTC))
        choice = InvitationChoice(joined_since="2026-10-01T09:00:00+00:00")
        assert set(people_to_invite(programme, choice, NOW)) == {back, new, theirs}

    def test_each_reason_to_leave_somebody_out(self):
        programme = a_programme()
        session = programme.sessions.get()
        invited = an_eligible(programme)
        said_no = an_eligible(programme)
        for person in (invited, said_no):
            Invitation.objects.create(programme=programme, person=person, invited_at=NOW)
        Invitation.objects.filter(person=said_no).update(answer=InvitationAnswer.NOT_FOR_ME, answered_at=NOW)
        booked, waiting, gave_up = (an_eligible(programme) for _ in range(3))
        a_place(booked, session)
        a_place(waiting, session, state=PlaceState.WAITING)
        a_place(gave_up, session, state=PlaceState.GIVEN_UP)
        no_address = an_eligible(programme, person=PersonFactory(email=None))
        came = an_eligible(programme)
        walk_in(session, came.affiliations.get().organisation, came)
        found = {person: person.left_out for person in people_left_out(programme, ALL, NOW)}
        assert found == {
            invited: LeftOut.INVITED,
            said_no: LeftOut.ANSWERED,
            booked: LeftOut.HOLDS_PLACE,
            waiting: LeftOut.HOLDS_PLACE,
            came: LeftOut.ATTENDED,
            no_address: LeftOut.NO_ADDRESS,
        }
        assert list(people_left_out(programme, ALL, NOW, LeftOut.NO_ADDRESS)) == [no_address]
        assert list(people_to_invite(programme, ALL, NOW)) == [gave_up]
        again = InvitationChoice(again=True)
        assert set(people_to_invite(programme, again, NOW)) == {gave_up, invited}

    def test_the_figures_of_a_choice_in_one_query(self, django_assert_num_queries):
        programme = a_programme(people=3)
        booked = an_eligible(programme)
        a_place(booked, programme.sessions.get())
        with django_assert_num_queries(1):
            figures = figures_of_choice(programme, ALL, NOW)
        assert (figures.chosen, figures.invited) == (4, 3)
        assert figures.left_out == [(LeftOut.HOLDS_PLACE, 1)]


class TestStarting:
    def test_a_round_waits_to_be_written(self):
        programme, by = a_programme(people=1), PersonFactory()
        made = a_round(programme, by=by, introduction="Dear colleagues")
        assert (made.state, made.total, made.made_by) == (RoundState.WRITING, 0, by)
        assert (made.subject, made.introduction) == ("Choose your half-day", "Dear colleagues")
        assert Entry.objects.get(object_type="attendance.invitationround").verb == "invited"
        assert Invitation.objects.count() == 0

    def test_one_press_makes_one_round(self):
        programme, press = a_programme(people=1), uuid.uuid4()
        first = a_round(programme, press=press)
        assert a_round(programme, press=press) == first
        assert InvitationRound.objects.count() == 1

    def test_the_press_of_another_programme_is_refused(self):
        press = uuid.uuid4()
        a_round(a_programme(people=1), press=press)
        with pytest.raises(actions.PressUsed):
            a_round(a_programme(people=1), press=press)

    def test_nothing_to_choose(self):
        programme = a_programme(people=1, sessions=0)
        an_open_session(programme, state=SessionState.DRAFT)
        with pytest.raises(actions.NothingToChoose):
            a_round(programme)

    def test_nobody_to_invite(self):
        with pytest.raises(actions.NobodyToInvite):
            a_round(a_programme())
        assert InvitationRound.objects.count() == 0


class TestWriting:
    def test_invitation_link_and_message_for_each(self):
        programme = a_programme(people=2)
        made = a_written_round(programme)
        assert (made.state, made.total) == (RoundState.SENDING, 2)
        invitations = list(Invitation.objects.select_related("link", "person"))
        assert [i.round for i in invitations] == [made, made]
        for invitation in invitations:
            assert invitation.link.person == invitation.person
            assert invitation.link.about == f"attendance.invitation:{invitation.pk}"
            assert mail_of_round(invitation).get().person == invitation.person
        assert PersonalLink.objects.count() == 2

    def test_a_written_round_is_not_written_again(self):
        programme = a_programme(people=1)
        made = a_written_round(programme)
        an_eligible(programme)
        assert actions.write_round(round_id=made.pk, now=NOW) == 0
        assert Invitation.objects.count() == Message.objects.count() == 1

    def test_no_such_round(self):
        assert actions.write_round(round_id=987654321, now=NOW) == 0

    def test_who_was_invited_before_keeps_invitation_and_link(self):
        programme = a_programme(people=1)
        a_written_round(programme)
        old = Invitation.objects.get()
        later = NOW + timedelta(days=10)
        second = a_written_round(programme, choice=InvitationChoice(again=True), now=later)
        again = Invitation.objects.select_related("link").get()
        assert (again.pk, again.link_id, again.round, again.invited_at) == (old.pk, old.link_id, second, later)
        assert Message.objects.count() == 2
        assert again.link.ends_at == later + actions.LINK_LASTS

    def test_the_links_end_the_day_after_the_programme(self):
        programme = a_programme(people=1, ends_on=date(2026, 12, 18))
        a_written_round(programme)
        assert PersonalLink.objects.get().ends_at == datetime(2026, 12, 20, tzinfo=UTC)

    def test_people_who_are_gone_by_then_are_not_written(self):
        programme = a_programme(people=1)
        made = a_round(programme)
        programme.partners.update(until=NOW.date())
        assert actions.write_round(round_id=made.pk, now=NOW) == 0
        made.refresh_from_db()
        assert (made.state, made.total) == (RoundState.SENDING, 0)

    def test_after_a_large_round_the_database_knows_how_many_rows_there_are(self, monkeypatch):
        monkeypatch.setattr(actions, "MANY", 3)
        a_round(a_programme(people=2))
        actions.write_waiting_rounds(now=NOW)
        small = _known_rows()
        a_round(a_programme(people=3))
        actions.write_waiting_rounds(now=NOW)
        assert small != {"attendance_invitation": 5, "accounts_personallink": 5, "messaging_message": 5}
        assert _known_rows() == {"attendance_invitation": 5, "accounts_personallink": 5, "messaging_message": 5}


class TestSteering:
    def test_pause_holds_and_going_on_lets_go(self):
        programme = a_programme(people=2)
        other = a_written_round(a_programme(people=1))
        made = a_written_round(programme)
        by = PersonFactory()
        assert actions.pause_round(round=made, by=by, now=NOW).state == RoundState.PAUSED
        assert _states(made) == ["held", "held"]
        assert _states(other) == ["planned"]
        assert actions.go_on_with_round(round=made, by=by, now=NOW).state == RoundState.SENDING
        assert _states(made) == ["planned", "planned"]
        verbs = Entry.objects.filter(object_id=str(made.pk), object_type="attendance.invitationround").order_by("pk")
        assert [entry.verb for entry in verbs] == ["invited", "round_paused", "round_sending"]

    def test_stopping_takes_back_what_has_not_left(self):
        programme = a_programme(people=3)
        made = a_written_round(programme)
        told, leaving, untold = Invitation.objects.order_by("pk")
        has_left(told)
        mail_of_round(leaving).update(state="claimed", claimed_by="w", lease_until=NOW)
        link = untold.link
        actions.stop_round(round=made, by=PersonFactory(), now=NOW)
        assert set(Invitation.objects.all()) == {told, leaving}
        link.refresh_from_db()
        assert link.revoked_at == NOW
        assert _states(made) == ["sent", "claimed", "withheld"]
        assert list(people_to_invite(programme, ALL, NOW)) == [untold.person]

    def test_a_mail_that_was_leaving_and_did_not_leaves_its_person_to_be_invited(self):
        programme = a_programme(people=1)
        made = a_written_round(programme)
        invitation = Invitation.objects.get()
        mail_of_round(invitation).update(state="claimed", claimed_by="w", lease_until=NOW)
        actions.stop_round(round=made, by=PersonFactory(), now=NOW)
        assert list(people_to_invite(programme, ALL, NOW)) == []
        mail_of_round(invitation).update(
            state="withheld", reason="round_stopped", claimed_by=None, lease_until=None, sending_since=None
        )
        assert list(people_to_invite(programme, ALL, NOW)) == [invitation.person]
        second = a_written_round(programme)
        assert Invitation.objects.get().round == second

    def test_who_was_not_invited_after_all_is_not_counted_as_invited(self):
        """Two mails were just leaving when the round was stopped: one left, one did not."""
        programme = a_programme(people=4)
        first = a_written_round(programme, choice=InvitationChoice())
        sent, unsent, again, asked = Invitation.objects.order_by("pk")
        has_left(again)
        made = a_written_round(programme, choice=InvitationChoice(again=True))
        for each in (sent, unsent, again, asked):
            each.refresh_from_db()
            mail_of_round(each).update(state="claimed", claimed_by="w", lease_until=NOW)
        Message.objects.filter(refs__round=first.pk, state="planned").update(state="withheld", reason="moved")
        actions.answer_invitation(invitation=asked, answer="not_for_me", by=asked.person, now=NOW)
        actions.stop_round(round=made, by=PersonFactory(), now=NOW)
        assert actions.settle_stopped_rounds(now=NOW) == 0, "all of them may leave yet"
        assert reach_of(programme, NOW.date()).total.invited == 4
        mail_of_round(sent).update(claimed_by=None, lease_until=None, state="sent", sent_at=NOW, message_id="<a@b>")
        Message.objects.filter(refs__round=made.pk, state="claimed").update(
            state="withheld", reason="round_stopped", claimed_by=None, lease_until=None, sending_since=None
        )
        link = unsent.link
        assert actions.settle_stopped_rounds(now=NOW) == 1
        assert set(Invitation.objects.values_list("pk", "round")) == {
            (sent.pk, made.pk), (again.pk, first.pk), (asked.pk, made.pk),
        }  # fmt: skip
        link.refresh_from_db()
        assert link.revoked_at == NOW
        found = reach_of(programme, NOW.date()).total
        assert (found.invited, found.never) == (3, 1)
        assert list(people_to_invite(programme, ALL, NOW)) == [unsent.person]
        assert actions.settle_stopped_rounds(now=NOW) == 0, "once is enough"

    def test_who_was_told_by_an_earlier_round_goes_back_to_it(self):
        programme = a_programme(people=1)
        first = a_written_round(programme)
        has_left(Invitation.objects.get())
        second = a_written_round(programme, choice=InvitationChoice(again=True))
        actions.stop_round(round=second, by=PersonFactory(), now=NOW)
        invitation = Invitation.objects.select_related("link").get()
        assert (invitation.round, invitation.link.revoked_at) == (first, None)

    def test_who_answered_meanwhile_stays(self):
        programme = a_programme(people=1)
        made = a_written_round(programme)
        invitation = Invitation.objects.get()
        actions.answer_invitation(
            invitation=invitation, answer=InvitationAnswer.NONE_SUITS, by=invitation.person, now=NOW
        )
        actions.stop_round(round=made, by=PersonFactory(), now=NOW)
        assert Invitation.objects.get() == invitation

    @pytest.mark.parametrize(
        ("state", "refused"),
        [
            (RoundState.WRITING, ["pause_round", "go_on_with_round", "stop_round"]),
            (RoundState.SENDING, ["go_on_with_round"]),
            (RoundState.PAUSED, ["pause_round"]),
            (RoundState.STOPPED, ["pause_round", "go_on_with_round", "stop_round"]),
        ],
    )
    def test_what_a_round_refuses(self, state, refused):
        made = a_written_round(a_programme(people=1))
        InvitationRound.objects.update(state=state)
        by = PersonFactory()
        for name in refused:
            with pytest.raises(actions.RoundIsOver):
                getattr(actions, name)(round=made, by=by, now=NOW)
        made.refresh_from_db()
        assert made.state == state


class TestAnswering:
    def test_an_answer_and_taking_it_back(self):
        programme = a_programme(people=1)
        a_written_round(programme)
        invitation = Invitation.objects.get()
        person = invitation.person
        answer = {"invitation": invitation, "by": person, "now": NOW}
        said = actions.answer_invitation(answer=InvitationAnswer.NOT_FOR_ME, **answer)
        assert (said.answer, said.answered_at) == ("not_for_me", NOW)
        actions.answer_invitation(answer=InvitationAnswer.NOT_FOR_ME, **answer)
        back = actions.answer_invitation(answer="", **answer)
        assert (back.answer, back.answered_at) == ("", None)
        verbs = Entry.objects.filter(object_type="attendance.invitation").order_by("pk").values_list("verb", "reason")
        assert list(verbs) == [("answered_invitation", "not_for_me"), ("took_back_answer", "")]


class TestLinksAgain:
    def test_one_link_once_in_ten_minutes(self):
        a_written_round(a_programme(people=1))
        invitation = Invitation.objects.get()
        actions.send_link_again(invitation=invitation, now=NOW)
        actions.send_link_again(invitation=invitation, now=NOW + timedelta(minutes=5))
        assert Message.objects.filter(kind="attendance.invitation_link_again").count() == 1
        actions.send_link_again(invitation=invitation, now=NOW + timedelta(minutes=10))
        assert Message.objects.filter(kind="attendance.invitation_link_again").count() == 2

    def test_known_or_not_one_row_is_written_with_as_many_queries(self, django_assert_num_queries):
        person = PersonFactory(email="amina@example.org")
        with django_assert_num_queries(4):
            actions.send_links_again(address=" Amina@Example.org ", now=NOW)
        with django_assert_num_queries(4):
            actions.send_links_again(address="nobody@example.org", now=NOW)
        actions.send_links_again(address="nobody@example.org", now=NOW)
        rows = Message.objects.order_by("pk").values_list("person", "address", "refs")
        assert list(rows) == [(person.pk, "amina@example.org", {}), (None, "nobody@example.org", {})]


def _known_rows() -> dict[str, float]:
    tables = ["attendance_invitation", "accounts_personallink", "messaging_message"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname, reltuples FROM pg_class WHERE relname = ANY(%s)", [tables])
        return dict(cursor.fetchall())


def _states(made: InvitationRound) -> list[str]:
    return list(
        Message.objects.filter(key__startswith=f"attendance.round:{made.pk}:")
        .order_by("pk")
        .values_list("state", flat=True)
    )
