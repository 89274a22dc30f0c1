"""The way of an assurance: each exit of each action, its words kept, and that it never falls silent."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.links import address_of
from accounts.models import PersonalLink
from briefings.actions.appointments import end_mandate
from commitments.actions import assurances as actions
from commitments.actions import handovers
from commitments.messages import assurances as messages
from commitments.messages import handovers as handover_messages
from commitments.models import UNENDED, Assurance, AssuranceState
from messaging import kinds
from messaging.models import Message
from tests.briefings.factories import MandateFactory
from tests.commitments.factories import NOW, TODAY, Cast
from tests.organisations.factories import OrganisationLeadFactory, PersonFactory

pytestmark = pytest.mark.django_db
WORDS = "We will give every health visitor two hours for the briefing."
DUE = date(2026, 12, 1)


@pytest.fixture
def cast():
    return Cast()


def given(cast, **options) -> Assurance:
    options = {"words": WORDS, "due_on": DUE, "for_everybody": True, "by": cast.senior, "now": NOW, **options}
    return actions.note_assurance(mandate=cast.mandate, **options)


def noted(cast) -> Assurance:
    return given(cast, by=cast.coordinator)


def proposed(cast) -> Assurance:
    return actions.propose_kept(assurance=given(cast), evidence="The rota of March.", by=cast.senior, now=NOW)


def told(kind: str) -> set[int]:
    return set(Message.objects.filter(kind=kind).values_list("person_id", flat=True))


def words_of(kind: str) -> str:
    message = Message.objects.filter(kind=kind).latest("pk")
    content = kinds.find(message.kind).render(message)
    assert content.html
    return content.text


def test_a_senior_manager_gives_one_at_once_with_the_role_of_that_day(cast):
    own = given(cast)
    assert (own.state, own.role, own.organisation) == (AssuranceState.GIVEN, cast.mandate.job_title, cast.organisation)
    assert (own.given_at, own.next_reminder_on) == (NOW, date(2026, 11, 27))
    assert set(Message.objects.values_list("kind", flat=True)) == {messages.GIVEN}


def test_what_a_scribe_notes_counts_only_when_confirmed(cast):
    own = noted(cast)
    assert (own.state, own.given_at, list(Assurance.objects.standing())) == (AssuranceState.NOTED, None, [])
    assert WORDS in words_of(messages.CONFIRM)
    assert "/assurance/" in words_of(messages.CONFIRM)
    own = actions.confirm_assurance(assurance=own, by=cast.senior, now=NOW + timedelta(days=1))
    assert (own.state, list(Assurance.objects.standing())) == (AssuranceState.GIVEN, [own])
    assert actions.confirm_assurance(assurance=own, by=cast.senior, now=NOW).given_at == NOW + timedelta(days=1)


def test_only_whose_words_they_are_confirms_them(cast):
    with pytest.raises(actions.NotTheirs):
        actions.confirm_assurance(assurance=noted(cast), by=cast.coordinator, now=NOW)


def test_a_stranger_to_the_programme_notes_nothing(cast):
    with pytest.raises(actions.NotTheirs):
        given(cast, by=PersonFactory())


@pytest.mark.parametrize("due_on", [TODAY, TODAY - timedelta(days=1)])
def test_a_date_must_be_to_come(cast, due_on):
    with pytest.raises(actions.DateHasPassed):
        given(cast, due_on=due_on)


def test_it_says_what_it_is_for(cast):
    with pytest.raises(actions.NothingItIsFor):
        given(cast, for_everybody=False)
    own = given(cast, for_everybody=False, questions=[cast.question()])
    assert own.questions.count() == 1


def test_a_mandate_that_has_ended_gives_none(cast):
    cast.mandate.until = TODAY
    cast.mandate.save()
    with pytest.raises(actions.NoMandate):
        given(cast)


def test_kept_needs_evidence_and_a_second_person(cast):
    own = proposed(cast)
    assert (own.state, told(messages.PROPOSED)) == (AssuranceState.PROPOSED, {cast.coordinator.pk})
    assert "The rota of March." in words_of(messages.PROPOSED)
    with pytest.raises(actions.NotTheirs):
        actions.confirm_kept(assurance=own, by=cast.senior, now=NOW)
    own = actions.confirm_kept(assurance=own, by=cast.coordinator, now=NOW)
    assert (own.state, own.confirmed_by, own.next_reminder_on) == (AssuranceState.KEPT, cast.coordinator, None)
    assert told(messages.KEPT) == {cast.senior.pk}


def test_nobody_confirms_what_they_proposed(cast):
    own = actions.propose_kept(assurance=given(cast), evidence="Seen.", by=cast.coordinator, now=NOW)
    with pytest.raises(actions.OwnProposal):
        actions.confirm_kept(assurance=own, by=cast.coordinator, now=NOW)


def test_others_do_not_propose(cast):
    with pytest.raises(actions.NotTheirs):
        actions.propose_kept(assurance=given(cast), evidence="Seen.", by=PersonFactory(), now=NOW)


def test_what_is_not_shown_is_sent_back(cast):
    own = actions.send_back(assurance=proposed(cast), reason="Which weeks?", by=cast.coordinator, now=NOW)
    assert (own.state, own.evidence) == (AssuranceState.GIVEN, "The rota of March.")
    assert "The reason: Which weeks? Say more about the evidence" in words_of(messages.SENT_BACK)
    with pytest.raises(actions.NotNow):
        actions.send_back(assurance=own, reason="?", by=cast.coordinator, now=NOW)
    with pytest.raises(actions.NotTheirs):
        actions.send_back(assurance=own, reason="?", by=cast.senior, now=NOW)


def test_withdrawing_keeps_the_words_and_the_reason(cast):
    own = actions.end_assurance(
        assurance=given(cast), state=AssuranceState.WITHDRAWN, reason="No budget.", by=cast.senior, now=NOW
    )
    assert (own.words, own.end_reason, own.ended_at) == (WORDS, "No budget.", NOW)
    assert told(messages.ENDED) == {cast.senior.pk, cast.coordinator.pk}
    assert "No budget." in words_of(messages.ENDED)
    with pytest.raises(actions.NotNow):
        actions.propose_kept(assurance=own, evidence="Seen.", by=cast.senior, now=NOW)


def test_not_kept_is_said_by_the_coordinator_and_withdrawn_by_its_giver(cast):
    own = given(cast)
    for state, by in [(AssuranceState.NOT_KEPT, cast.senior), (AssuranceState.WITHDRAWN, cast.coordinator)]:
        with pytest.raises(actions.NotTheirs):
            actions.end_assurance(assurance=own, state=state, reason="?", by=by, now=NOW)
    own = actions.end_assurance(
        assurance=own, state=AssuranceState.NOT_KEPT, reason="Nothing came.", by=cast.coordinator, now=NOW
    )
    assert own.state == AssuranceState.NOT_KEPT


def test_nothing_else_ends_one_by_hand(cast):
    with pytest.raises(actions.NotTheirs):
        actions.end_assurance(
            assurance=given(cast), state=AssuranceState.KEPT, reason="?", by=cast.coordinator, now=NOW
        )


def test_another_replaces_it_and_both_keep_their_words(cast):
    first = given(cast)
    second = given(cast, words="We will give every health visitor three hours.", replaces=first)
    first.refresh_from_db()
    assert (first.state, first.words, second.replaces) == (AssuranceState.SUPERSEDED, WORDS, first)
    with pytest.raises(actions.NotNow):
        given(cast, words="Four hours.", replaces=first)


EDITS = ("words = 'other'", "role = 'other'", "kind = 'supported'", "given_at = now()", "is_ongoing = true",
         "for_everybody = false", "reference = 'A-1'")  # fmt: skip


@pytest.mark.parametrize("edit", EDITS)
def test_the_database_lets_nobody_edit_what_was_said(cast, edit):
    own = given(cast)
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE commitments_assurance SET {edit} WHERE id = %s", [own.pk])  # noqa: S608


def test_without_the_guard_the_words_could_be_edited(cast):
    """The negative control: it is the trigger that keeps them, and nothing else."""
    own = given(cast)
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER assurance_words_stay ON commitments_assurance")
        cursor.execute("UPDATE commitments_assurance SET words = 'other' WHERE id = %s", [own.pk])
    own.refresh_from_db()
    assert own.words == "other"


@pytest.mark.parametrize("state", UNENDED)
def test_the_database_lets_none_fall_silent(cast, state):
    own = proposed(cast)
    with pytest.raises(IntegrityError), transaction.atomic():
        Assurance.objects.filter(pk=own.pk).update(state=state, next_reminder_on=None)


def test_the_database_wants_a_second_person(cast):
    own = proposed(cast)
    with pytest.raises(IntegrityError), transaction.atomic():
        Assurance.objects.filter(pk=own.pk).update(state=AssuranceState.KEPT, confirmed_by=cast.senior)


def days_told(own: Assurance, days: int) -> dict[date, set[int]]:
    found = {}
    for number in range(days):
        now = NOW + timedelta(days=number)
        before = set(Message.objects.values_list("pk", flat=True))
        if actions.remind_about(assurance_id=own.pk, now=now):
            found[now.date()] = set(Message.objects.exclude(pk__in=before).values_list("person_id", flat=True))
    return found


def test_the_ladder_of_a_given_assurance(cast):
    lead = OrganisationLeadFactory(organisation=cast.organisation).person
    everybody = {cast.senior.pk, lead.pk, cast.coordinator.pk}
    assert list(days_told(given(cast), 40).items())[:3] == [
        (date(2026, 11, 27), {cast.senior.pk}),
        (date(2026, 12, 1), {cast.senior.pk}),
        (date(2026, 12, 2), everybody),
    ]


def test_what_nobody_confirms_lapses_and_both_are_told(cast):
    own = noted(cast)
    assert list(days_told(own, 30).items()) == [
        (date(2026, 11, 12), {cast.senior.pk}),
        (date(2026, 11, 16), {cast.senior.pk}),
        (date(2026, 11, 17), {cast.senior.pk, cast.coordinator.pk}),
    ]
    own.refresh_from_db()
    assert (own.state, own.next_reminder_on) == (AssuranceState.LAPSED, None)


def test_what_is_proposed_waits_for_the_coordinators(cast):
    own = proposed(cast)
    assert messages.reminded_people(own, False, NOW) == [cast.coordinator]


def test_who_gives_one_gets_it_in_writing_once(cast):
    own = given(cast)
    assert told(messages.GIVEN) == {cast.senior.pk}
    said = words_of(messages.GIVEN)
    assert WORDS in said
    assert "It is to be kept by Tuesday 1 December 2026." in said
    assert address_of(own.link) in said
    later = given(cast, words="We will give three hours.", replaces=own)
    assert f"It stands in the place of assurance {own.reference}, which keeps its words." in words_of(messages.GIVEN)
    waits = noted(cast)
    assert not Message.objects.filter(kind=messages.GIVEN, refs__assurance=waits.pk).exists()
    for _ in range(2):
        actions.confirm_assurance(assurance=waits, by=cast.senior, now=NOW)
    about = Message.objects.filter(kind=messages.GIVEN).values_list("refs__assurance", flat=True)
    assert sorted(about) == [own.pk, later.pk, waits.pk]


def test_a_reminder_opens_without_signing_in_for_who_keeps_it_alone(cast):
    own, late = given(cast), NOW + timedelta(days=60)
    actions.remind_about(assurance_id=own.pk, now=late)
    link = address_of(own.link)
    opens = {message.person_id: link in kinds.find(message.kind).render(message).text for message in reminders()}
    assert opens == {cast.senior.pk: True, cast.coordinator.pk: False}
    actions.propose_kept(assurance=own, evidence="Seen.", by=cast.senior, now=late)
    actions.send_back(assurance=own, reason="Where?", by=cast.coordinator, now=late)
    assert link in words_of(messages.SENT_BACK)


@pytest.mark.parametrize("was", ["none", "near its end", "revoked", "of somebody else"])
def test_a_reminder_makes_a_link_where_none_would_open(cast, was):
    own = given(cast)
    now, old = NOW + timedelta(days=25), own.link
    if was == "none":
        Assurance.objects.update(link=None)
    elif was == "near its end":
        PersonalLink.objects.update(ends_at=now + timedelta(days=59))
    elif was == "revoked":
        PersonalLink.objects.update(revoked_at=NOW)
    else:
        PersonalLink.objects.update(person=cast.coordinator)
    actions.remind_about(assurance_id=own.pk, now=now)
    own.refresh_from_db()
    assert own.link != old
    assert own.link.person == cast.senior
    assert address_of(own.link) in words_of(messages.REMINDER)
    assert was == "none" or PersonalLink.objects.get(pk=old.pk).revoked_at


def test_a_mail_carries_no_link_that_has_ended(cast):
    """What is promised for two years is reminded of only then; it may end before, and be told of."""
    own = given(cast, due_on=date(2028, 12, 1))
    PersonalLink.objects.update(ends_at=NOW + timedelta(days=365))
    end = {"state": AssuranceState.NOT_KEPT, "reason": "The unit has closed.", "by": cast.coordinator}
    actions.end_assurance(assurance=own, now=NOW + timedelta(days=366), **end)
    message = Message.objects.get(kind=messages.ENDED, person=cast.senior)
    said = kinds.find(message.kind).render(message).text
    assert address_of(own.link) not in said
    assert messages.page_of(own) in said
    assert "do not forward it" not in said


def test_a_link_that_lives_is_used_again(cast):
    own = given(cast)
    actions.remind_about(assurance_id=own.pk, now=NOW + timedelta(days=30))
    assert Assurance.objects.get().link == own.link


def test_whoever_takes_it_over_has_a_link_of_their_own(cast):
    own = given(cast)
    end_mandate(mandate=cast.mandate, by=cast.coordinator, now=NOW)
    handovers.ask_for_successor(assurance_id=own.pk, now=NOW)
    assert PersonalLink.objects.get(pk=own.link_id).revoked_at
    mandate = MandateFactory(programme=cast.programme, organisation=cast.organisation)
    asked = handovers.ask_to_take_over(assurance=own, mandate=mandate, by=cast.coordinator, now=NOW)
    taken = handovers.take_over(handover=asked, by=mandate.person, now=NOW)
    assert taken.link.person == mandate.person


def reminders():
    return Message.objects.filter(kind=messages.REMINDER).select_related("person")


def test_a_reminder_that_is_overtaken_is_not_wanted(cast):
    own = given(cast)
    actions.remind_about(assurance_id=own.pk, now=NOW + timedelta(days=25))
    batch = list(Message.objects.filter(kind=messages.REMINDER))
    assert messages.not_wanted(batch, NOW) == {}
    assert "It is due on Tuesday 1 December 2026" in words_of(messages.REMINDER)
    actions.propose_kept(assurance=own, evidence="Seen.", by=cast.senior, now=NOW)
    assert set(messages.not_wanted(batch, NOW).values()) == {"assurance_has_moved_on"}
    actions.confirm_kept(assurance=own, by=cast.coordinator, now=NOW)
    assert set(messages.not_wanted(batch, NOW).values()) == {"assurance_has_ended"}


@pytest.mark.parametrize(
    ("is_ongoing", "days", "says"),
    [
        (False, 1, "It is to be kept by Tuesday 1 December 2026."),
        (False, 30, "It was to be kept by Tuesday 1 December 2026 and is late."),
        (True, 1, "It goes on, and is reviewed on Tuesday 1 December 2026."),
        (True, 30, "It goes on, and should have been reviewed on Tuesday 1 December 2026."),
    ],
)
def test_mails_say_by_when_it_is_kept_as_it_is_on_their_day(cast, is_ongoing, days, says):
    own, now = given(cast, is_ongoing=is_ongoing), NOW + timedelta(days=days)
    actions.propose_kept(assurance=own, evidence="Seen.", by=cast.senior, now=now)
    actions.send_back(assurance=own, reason="Where?", by=cast.coordinator, now=now)
    assert f"It stands as given. {says}" in words_of(messages.SENT_BACK)
    end_mandate(mandate=cast.mandate, by=cast.coordinator, now=now)
    handovers.ask_for_successor(assurance_id=own.pk, now=now)
    assert says in words_of(handover_messages.LOST)


def test_a_question_may_be_answered_and_promised(cast):
    own = given(cast, for_everybody=False, session=None, questions=[cast.question()])
    assert actions.remind_about(assurance_id=own.pk, now=NOW) is False
