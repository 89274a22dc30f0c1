"""The way of a question beyond asking and answering: passed on, joined, drafted, cleared, redacted, and given back."""

from datetime import timedelta

import pytest
from django.db import connection
from django.urls import reverse
from psycopg2 import sql

from briefings.actions.appointments import end_mandate
from commitments.actions import policies
from commitments.actions import questions as actions
from commitments.models import (
    Answer,
    AskedAs,
    Asker,
    Audience,
    Clearance,
    ClearanceState,
    CommissionState,
    Draft,
    DraftState,
    GovernanceRole,
    Question,
    QuestionState,
)
from commitments.queries.assurances import mandates_on
from commitments.queries.questions import history_of, others_wait
from commitments.tasks import remind_due
from history.actions import record
from history.models import Entry
from messaging import kinds
from messaging.delivery import deliver_due
from messaging.models import Delivered, Message
from organisations.actions.organisations import end_organisation
from tests.briefings.factories import MandateFactory, PartnerFactory
from tests.commitments.factories import NOW, Cast
from tests.organisations.factories import OrganisationFactory, PersonFactory

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(days=1)


@pytest.fixture
def cast() -> Cast:
    return Cast()


def fresh(question: Question) -> Question:
    return Question.objects.select_related("programme", "owner", "organisation").get(pk=question.pk)


def accepted(cast: Cast, **options) -> Question:
    made = cast.commissioned(**options)
    actions.accept_commission(commission=made, by=cast.senior, now=NOW)
    return fresh(made.question)


def other_senior(cast: Cast):
    organisation = OrganisationFactory()
    PartnerFactory(programme=cast.programme, organisation=organisation)
    return MandateFactory(programme=cast.programme, organisation=organisation, person=PersonFactory())


def holder(cast: Cast, role=GovernanceRole.DPO):
    return policies.name_holder(
        programme=cast.programme, organisation=cast.organisation, role=role, person=PersonFactory(),
        by=cast.coordinator, now=NOW,
    )  # fmt: skip


def kinds_to(person) -> list[str]:
    found = Message.objects.filter(person=person).order_by("pk").values_list("kind", flat=True)
    return [kind.removeprefix("commitments.question_") for kind in found]


# Passing on


def test_passing_on_keeps_the_due_date_and_tells_who_had_it(cast):
    question, mandate = accepted(cast), other_senior(cast)
    made = actions.transfer(
        question=question, organisation=mandate.organisation, person=mandate.person, reason="It is their system",
        by=cast.coordinator, now=LATER,
    )  # fmt: skip
    after = fresh(question)
    assert (after.state, after.owner, after.organisation) == ("commissioned", mandate.person, mandate.organisation)
    assert (after.due_on, made.reason) == (question.due_on, "It is their system")
    assert set(question.commissions.exclude(pk=made.pk).values_list("state", flat=True)) == {CommissionState.ENDED}
    assert kinds_to(mandate.person) == ["commissioned"]
    assert kinds_to(cast.senior)[-1] == "transferred"


def test_who_was_asked_before_is_told_that_somebody_else_is_asked_now(cast):
    first, mandate = cast.commissioned(), other_senior(cast)
    actions.commission(
        question=first.question, organisation=mandate.organisation, person=mandate.person, by=cast.coordinator, now=NOW
    )
    assert kinds_to(cast.senior) == ["commissioned", "transferred"]
    assert kinds_to(mandate.person) == ["commissioned"]
    assert kinds_to(cast.coordinator) == []


def test_passing_on_is_refused_to_strangers_to_the_same_and_without_a_mandate(cast):
    question, mandate = accepted(cast), other_senior(cast)
    to = {"organisation": mandate.organisation, "person": mandate.person, "reason": "x", "now": NOW}
    with pytest.raises(actions.NotYours):
        actions.transfer(question=question, by=cast.practitioner, **to)
    same = {**to, "organisation": cast.organisation, "person": cast.senior}
    with pytest.raises(actions.SamePlace):
        actions.transfer(question=question, by=cast.senior, **same)
    with pytest.raises(actions.NoMandate):
        actions.transfer(question=question, by=cast.senior, **{**to, "person": cast.practitioner})
    with pytest.raises(actions.NotNow):
        actions.transfer(question=cast.question(), by=cast.coordinator, **to)


# Joining


def test_one_answer_goes_to_everybody_who_asked_and_each_may_object(cast):
    whole, other = accepted(cast), cast.question("Who may see the plan?", asked_as=AskedAs.PSEUDONYM)
    asker = Asker.objects.get(question=other)
    Asker.objects.filter(pk=asker.pk).update(person=PersonFactory())
    asker.refresh_from_db()
    actions.merge(question=other, into=whole, by=cast.coordinator, now=NOW)
    assert (fresh(other).state, fresh(other).merged_into) == (QuestionState.MERGED, whole)
    assert kinds_to(asker.person) == ["merged"]
    actions.publish_answer(question=whole, words="All", audience=Audience.ASKER, by=cast.senior, now=LATER)
    assert kinds_to(asker.person) == ["merged", "answered"]
    assert kinds_to(cast.practitioner).count("answered") == 1
    assert actions.say_unanswered(asker=asker, by=asker.person, now=LATER).state == QuestionState.ACCEPTED
    with pytest.raises(actions.SaidBefore):
        actions.say_unanswered(asker=Asker.objects.get(question=whole), by=cast.practitioner, now=LATER)


def test_what_is_joined_with_an_answered_one_is_answered_at_once_and_it_is_not_closed_yet(cast):
    whole = accepted(cast)
    actions.publish_answer(question=whole, words="All", audience=Audience.PUBLIC, by=cast.senior, now=NOW)
    Question.objects.filter(pk=whole.pk).update(state=QuestionState.CLOSED, next_reminder_on=None)
    other = cast.question(asked_as=AskedAs.NOBODY)
    actions.merge(question=other, into=whole, by=cast.coordinator, now=LATER)
    assert fresh(whole).state == QuestionState.ANSWERED
    assert fresh(whole).next_reminder_on is not None


def test_joining_goes_along_and_is_refused_where_somebody_would_never_be_told(cast):
    first, second, third = cast.question(), cast.question(), accepted(cast)
    actions.merge(question=first, into=second, by=cast.coordinator, now=NOW)
    assert fresh(second).state == QuestionState.OPEN, "it is taken on by that"
    actions.merge(question=second, into=third, by=cast.coordinator, now=NOW)
    assert [fresh(each).merged_into for each in (first, second)] == [third, third]
    with pytest.raises(actions.NotNow):
        actions.merge(question=cast.question(), into=first, by=cast.coordinator, now=NOW)
    with pytest.raises(actions.SameQuestion):
        actions.merge(question=third, into=third, by=cast.coordinator, now=NOW)
    with pytest.raises(actions.OtherProgramme):
        actions.merge(question=third, into=Cast().question(), by=cast.coordinator, now=NOW)
    actions.publish_answer(question=third, words="All", audience=Audience.ASKER, by=cast.senior, now=NOW)
    anonymous = cast.question(asked_as=AskedAs.NOBODY)
    with pytest.raises(actions.HiddenAnswer):
        actions.merge(question=anonymous, into=third, by=cast.coordinator, now=NOW)


def test_an_anonymous_question_that_was_joined_keeps_the_answer_from_being_the_askers_alone(cast):
    whole = accepted(cast)
    actions.merge(question=cast.question(asked_as=AskedAs.NOBODY), into=whole, by=cast.coordinator, now=NOW)
    with pytest.raises(actions.NotFound):
        actions.publish_answer(question=whole, words="All", audience=Audience.ASKER, by=cast.senior, now=NOW)


def test_what_was_joined_by_mistake_is_parted_again(cast):
    whole, other = accepted(cast), cast.question()
    actions.merge(question=other, into=whole, by=cast.coordinator, now=NOW)
    after = actions.part(question=other, by=cast.coordinator, now=LATER)
    assert (after.state, after.merged_into, after.owner) == (QuestionState.OPEN, None, None)
    with pytest.raises(actions.NotNow):
        actions.part(question=other, by=cast.coordinator, now=LATER)


def test_withdrawing_what_others_asked_as_well_ends_it_for_one_alone(cast):
    whole, other = accepted(cast), cast.question()
    actions.merge(question=other, into=whole, by=cast.coordinator, now=NOW)
    asker = Asker.objects.get(question=whole)
    assert actions.withdraw_question(asker=asker, by=cast.practitioner, now=NOW).state == QuestionState.ACCEPTED
    actions.publish_answer(question=whole, words="All", audience=Audience.ASKER, by=cast.senior, now=NOW)
    told = Message.objects.filter(kind="commitments.question_answered").values_list("refs__asker", flat=True)
    assert list(told) == [Asker.objects.get(question=other).pk]
    with pytest.raises(actions.NotNow):
        actions.withdraw_question(asker=asker, by=cast.practitioner, now=NOW)


# Drafts, holding replies, clearance


def test_what_was_joined_ends_with_the_last_who_waited_for_it(cast):
    whole, other = accepted(cast), cast.question("The same?")
    actions.merge(question=other, into=whole, by=cast.coordinator, now=NOW)
    first, second = Asker.objects.get(question=whole), Asker.objects.get(question=other)
    actions.withdraw_question(asker=first, by=cast.practitioner, now=NOW)
    assert fresh(whole).state == QuestionState.ACCEPTED
    assert others_wait(first)
    assert not others_wait(second)
    actions.withdraw_question(asker=second, by=cast.practitioner, now=NOW)
    for each in (whole, other):
        ended = fresh(each)
        assert (ended.state, ended.merged_into, ended.next_reminder_on) == (QuestionState.WITHDRAWN, None, None)
    assert not whole.commissions.filter(state="accepted").exists()


def test_what_somebody_asked_anonymously_goes_on_when_everybody_else_has_withdrawn(cast):
    whole, other = accepted(cast), cast.question("The same?")
    for each in (other, cast.question("Once more?", asked_as=AskedAs.NOBODY)):
        actions.merge(question=each, into=whole, by=cast.coordinator, now=NOW)
    for asker in Asker.objects.filter(question__in=[whole, other]):
        assert others_wait(asker)
        actions.withdraw_question(asker=asker, by=cast.practitioner, now=NOW)
    assert fresh(whole).state == QuestionState.ACCEPTED


def test_a_holding_reply_tells_the_asker_and_moves_nothing(cast):
    question = accepted(cast)
    actions.send_holding_reply(question=question, words="We wait for the supplier", by=cast.senior, now=NOW)
    assert (fresh(question).state, fresh(question).due_on) == (question.state, question.due_on)
    assert kinds_to(cast.practitioner) == ["received", "holding"]
    with pytest.raises(actions.NotYours):
        actions.send_holding_reply(question=question, words="x", by=cast.practitioner, now=NOW)
    with pytest.raises(actions.NotNow):
        actions.send_holding_reply(question=cast.question(), words="x", by=cast.coordinator, now=NOW)


def test_the_last_role_that_clears_the_words_publishes_them(cast):
    question = accepted(cast)
    one, two = holder(cast), holder(cast, GovernanceRole.CALDICOTT_GUARDIAN)
    actions.save_draft(question=question, words="Yes, bu", audience=Audience.ASKER, by=cast.senior, now=NOW)
    draft = actions.send_to_clearance(
        question=question, words="Yes, but", audience=Audience.PUBLIC, by=cast.senior, now=NOW,
        roles=[one.role, two.role],
    )  # fmt: skip
    assert (draft.version, fresh(question).state) == (1, QuestionState.CLEARING)
    first, second = (draft.clearances.get(role=each.role) for each in (one, two))
    with pytest.raises(actions.NotYours):
        actions.clear(clearance=first, by=two.person, now=NOW)
    actions.clear(clearance=first, by=one.person, now=NOW)
    actions.clear(clearance=first, by=one.person, now=NOW)
    assert not Answer.objects.exists()
    actions.clear(clearance=second, by=two.person, now=LATER)
    answer = Answer.objects.get()
    assert (answer.words, answer.given_by, answer.audience) == ("Yes, but", cast.senior, Audience.PUBLIC)
    assert (fresh(question).state, Draft.objects.get().state) == (QuestionState.ANSWERED, DraftState.PUBLISHED)
    with pytest.raises(actions.NotNow):
        actions.send_back(clearance=second, reason="Late", by=two.person, now=LATER)


def test_words_that_are_sent_back_are_written_again_as_another_version(cast):
    question, one = accepted(cast), holder(cast)
    common = {"question": question, "audience": Audience.PUBLIC, "by": cast.senior, "now": NOW}
    draft = actions.send_to_clearance(words="A name in it", roles=[one.role], **common)
    actions.send_back(clearance=draft.clearances.get(), reason="Take the name out", by=one.person, now=NOW)
    assert fresh(question).state == QuestionState.DRAFTING
    assert kinds_to(cast.senior)[-1] == "returned"
    assert actions.send_to_clearance(words="Without", roles=[one.role], **common).version == 2
    assert actions.take_back(question=question, by=cast.senior, now=NOW).state == QuestionState.DRAFTING
    assert set(Draft.objects.values_list("state", flat=True)) == {DraftState.RETURNED}


def test_better_words_are_taken_back_and_the_answer_stands(cast):
    question = accepted(cast)
    holder(cast, GovernanceRole.DPO)
    common = {"question": question, "audience": Audience.PUBLIC, "by": cast.senior, "now": NOW}
    actions.publish_answer(words="All", **common)
    draft = actions.send_to_clearance(words="All Zzyxword", roles=[GovernanceRole.DPO], **common)
    with pytest.raises(actions.WordsMoved):
        actions.redact(what=draft, words="[removed]", by=cast.coordinator, now=NOW)
    actions.take_back(question=question, by=cast.coordinator, now=NOW)
    actions.redact(what=draft, words="[removed]", by=cast.coordinator, now=NOW)
    after = fresh(question)
    assert (after.state, after.answers.get().words, rows_with("Zzyxword")) == (QuestionState.ANSWERED, "All", [])
    assert not Clearance.objects.filter(state="asked").exists()
    with pytest.raises(actions.NotNow):
        actions.take_back(question=question, by=cast.coordinator, now=NOW)


def test_a_programme_may_have_every_answer_cleared(cast):
    question = accepted(cast)
    policies.set_policy(
        programme=cast.programme, themes=[], clearance_roles=[GovernanceRole.SIRO], steps=[], repeat_days=5,
        by=cast.coordinator, now=NOW,
    )  # fmt: skip
    common = {"question": question, "words": "Yes", "audience": Audience.PUBLIC, "by": cast.senior, "now": NOW}
    with pytest.raises(actions.NeedsClearance):
        actions.publish_answer(**common)
    with pytest.raises(actions.NoHolder):
        actions.send_to_clearance(**common)
    own = holder(cast, GovernanceRole.SIRO)
    draft = actions.send_to_clearance(**common)
    with pytest.raises(actions.NotNow):
        actions.save_draft(**common)
    actions.clear(clearance=draft.clearances.get(), by=own.person, now=NOW)
    assert fresh(question).state == QuestionState.ANSWERED


def test_nobody_clears_their_own_words_and_nothing_is_cleared_by_no_role(cast):
    question = accepted(cast)
    common = {"question": question, "words": "Yes", "audience": Audience.PUBLIC, "by": cast.senior, "now": NOW}
    with pytest.raises(actions.NothingToClear):
        actions.send_to_clearance(**common)
    policies.name_holder(
        programme=cast.programme, organisation=cast.organisation, role="dpo", person=cast.senior,
        by=cast.coordinator, now=NOW,
    )  # fmt: skip
    with pytest.raises(actions.NoHolder):
        actions.send_to_clearance(roles=["dpo"], **common)
    draft = actions.send_to_clearance(roles=["dpo"], **common) if holder(cast) else None
    with pytest.raises(actions.OwnWords):
        actions.clear(clearance=draft.clearances.get(), by=cast.senior, now=NOW)


def test_where_a_holder_leaves_the_next_is_asked_and_where_nobody_is_left_the_words_come_back(cast, time_machine):
    question, one = accepted(cast), holder(cast)
    draft = actions.send_to_clearance(
        question=question, words="Yes", audience="public", roles=["dpo"], by=cast.senior, now=NOW
    )
    policies.end_holder(holder=one, by=cast.coordinator, now=NOW)
    time_machine.move_to(LATER, tick=False)
    remind_due()
    assert fresh(question).state == QuestionState.DRAFTING
    assert draft.clearances.get().state == ClearanceState.ENDED
    assert kinds_to(cast.coordinator)[-1] == "nobody_clears"
    texts = {}
    for message in Message.objects.filter(kind="commitments.question_nobody_clears"):
        texts[message.person] = " ".join(kinds.find(message.kind).render(message).text.split())
    assert texts.keys() == {cast.coordinator, cast.senior}
    add = reverse("commitments:governance-holder-add", args=[cast.programme.slug])
    assert f"The answer is back with {cast.senior.name}, and the words are kept." in texts[cast.coordinator]
    assert f"Give the role to somebody: http://localhost:8000{add}" in texts[cast.coordinator]
    assert "A coordinator is asked to give the role to somebody. You can also" in texts[cast.senior]


# Owners who leave


def test_a_question_whose_owner_may_not_answer_any_more_is_the_coordinators_with_the_same_date(cast, time_machine):
    question = accepted(cast)
    end_mandate(mandate=cast.mandate, by=cast.coordinator, now=NOW)
    time_machine.move_to(LATER, tick=False)
    remind_due()
    after = fresh(question)
    assert (after.state, after.owner, after.due_on) == (QuestionState.OPEN, None, question.due_on)
    assert "released" in kinds_to(cast.coordinator)
    assert not question.commissions.filter(state__in=("asked", "accepted")).exists()


@pytest.mark.parametrize("follows", [False, True])
def test_nobody_speaks_for_an_organisation_that_has_ended_though_no_mandate_was_ended(cast, time_machine, follows):
    question, successor = accepted(cast), OrganisationFactory()
    if follows:
        MandateFactory(programme=cast.programme, organisation=successor, person=cast.senior)
    end_organisation(
        organisation=cast.organisation, ended_on=LATER.date(), successor=successor, by=cast.coordinator, now=NOW
    )
    time_machine.move_to(NOW, tick=False)
    remind_due()
    assert fresh(question).owner == cast.senior, "not before its day"
    time_machine.move_to(LATER, tick=False)
    with pytest.raises(actions.NotYours):
        actions.save_draft(question=question, words="Yes", audience="asker", by=cast.senior, now=LATER)
    remind_due()
    after = fresh(question)
    expected = (cast.senior, successor, "accepted") if follows else (None, None, "open")
    assert (after.owner, after.organisation, after.state) == expected
    assert cast.mandate not in mandates_on(cast.programme, LATER.date()), "nor is anybody asked there"


def test_a_question_goes_along_with_its_owner_to_the_organisation_that_came_after(cast, time_machine):
    question, successor = accepted(cast), OrganisationFactory()
    cast.organisation.ended_on, cast.organisation.successor = NOW.date(), successor
    cast.organisation.save()
    end_mandate(mandate=cast.mandate, by=cast.coordinator, now=NOW)
    MandateFactory(programme=cast.programme, organisation=successor, person=cast.senior, since=NOW.date())
    time_machine.move_to(LATER, tick=False)
    remind_due()
    assert (fresh(question).owner, fresh(question).organisation) == (cast.senior, successor)


# Redaction

NEEDLE = "zqgoosefeather"


def test_redaction_leaves_the_words_nowhere_in_the_database(cast, settings, time_machine):
    time_machine.move_to(NOW, tick=False)
    question = cast.question(f"What of {NEEDLE}?")
    mandate = {"organisation": cast.organisation, "person": cast.senior, "by": cast.coordinator, "now": NOW}
    actions.commission(question=question, **mandate)
    actions.save_draft(question=question, words=f"A draft on {NEEDLE}", audience="asker", by=cast.senior, now=NOW)
    actions.send_holding_reply(question=question, words=f"We ask {NEEDLE}", by=cast.senior, now=NOW)
    answer = actions.publish_answer(
        question=question, words=f"It is {NEEDLE}", audience="asker", by=cast.senior, now=NOW
    )
    deliver_due()
    assert rows_with(NEEDLE), "the test would find it"
    assert Delivered.objects.exists()
    for what in (question, answer, question.holding_replies.get()):
        actions.redact(what=what, words="[removed]", by=cast.coordinator, now=NOW)
    assert rows_with(NEEDLE) == []
    assert Entry.objects.filter(verb="redacted").count() == 3
    with pytest.raises(actions.NothingDestroyed):
        actions.redact(what=question, words="[removed]", by=cast.coordinator, now=NOW)


def rows_with(needle: str) -> list[str]:
    """Return the tables in which some row holds ``needle``, also inside a mail as it went over the wire."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            statement = sql.SQL("SELECT count(*) FROM {} t WHERE t::text LIKE %s").format(sql.Identifier(table))
            cursor.execute(statement, [f"%{needle}%"])
            if cursor.fetchone()[0]:
                found.append(table)
    raw = [bytes(each) for each in Delivered.objects.values_list("raw", flat=True)]
    return found + ["messaging_delivered"] * any(needle.encode() in each for each in raw)


def test_what_was_asked_anonymously_is_not_joined_with_words_in_clearance_that_its_asker_never_finds(cast):
    question, held = accepted(cast), holder(cast)
    draft = actions.send_to_clearance(
        question=question, words="For you", audience=Audience.ASKER, roles=[held.role], by=cast.senior, now=NOW
    )
    anonymous = cast.question(asked_as=AskedAs.NOBODY)
    with pytest.raises(actions.HiddenAnswer):
        actions.merge(question=anonymous, into=question, by=cast.coordinator, now=NOW)
    Question.objects.filter(pk=question.pk).update(asked_as=AskedAs.NOBODY)  # as if it came in behind it
    actions.clear(clearance=draft.clearances.get(), by=held.person, now=NOW)
    assert not Answer.objects.exists()
    assert fresh(question).state == QuestionState.DRAFTING


def test_who_wrote_the_words_is_nobody_who_could_clear_them(cast):
    question, held = accepted(cast), holder(cast)
    policies.name_holder(
        programme=cast.programme, organisation=cast.organisation, role=held.role, person=cast.senior,
        by=cast.coordinator, now=NOW,
    )  # fmt: skip
    actions.send_to_clearance(
        question=question, words="So", audience=Audience.ASKER, roles=[held.role], by=cast.senior, now=NOW
    )
    policies.end_holder(holder=held, by=cast.coordinator, now=NOW)
    assert actions.reroute_clearances(question_id=question.pk, now=LATER)
    assert fresh(question).state == QuestionState.DRAFTING


def test_the_history_names_no_asker_who_withdrew(cast):
    question = cast.question()
    other = PersonFactory()
    for verb in ("raised", "withdrew", "asker_withdrew", "reopened"):
        record(by=other, verb=verb, about=question, now=NOW)
    assert other.name not in {event.who for event in history_of(question, shows_names=False)}
