"""Stages and the plan: each exit of each action, who is told and reminded, and for how long."""

import uuid
from datetime import date, timedelta

import pytest
import time_machine
from django.db import IntegrityError, transaction

from attendance.models import InvitationRound, SessionNotice
from briefings.models import Session, SessionState
from commitments.actions.policies import close_on
from commitments.models import Telling
from communications.actions.plan import (
    AnotherProgramme,
    Audience,
    ItemIsDone,
    ItemIsOpen,
    SayHow,
    change_item,
    chase_plan,
    fulfil_item,
    plan_item,
    remind_of_item,
    remove_item,
    reopen_item,
)
from communications.actions.stages import (
    EndsBeforeItStarts,
    StageHasItems,
    StageNameTaken,
    StagesOverlap,
    add_stage,
    change_stage,
    remove_stage,
)
from communications.models import PlannedItem, Stage
from communications.queries.addressed import orphaned
from communications.queries.timeline import AHEAD, OPEN, item_state
from communications.tasks import chase_plans
from history.models import Entry
from messaging import kinds
from messaging.models import Message
from tests.briefings.factories import ProgrammeFactory, SessionFactory
from tests.communications.plans import NOW, TODAY, Plan
from tests.organisations.factories import AffiliationFactory, PersonFactory

pytestmark = pytest.mark.django_db
DUE = date(2026, 11, 16)


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def plan():
    return Plan()


# Stages


def test_a_stage_has_the_name_of_its_kind_unless_it_has_its_own(plan):
    assert plan.pilot.name == "Pilot"
    own = plan.stage("own", date(2027, 3, 1), date(2027, 3, 31), name="Thinking it over")
    assert own.name == "Thinking it over"
    assert change_stage(stage=own, changes={"kind": "go_live", "name": ""}, by="clock", now=NOW).name == "Go-live"
    assert Entry.objects.filter(verb="changed_stage").get().fields == ["kind", "name"]


@pytest.mark.parametrize(
    ("kind", "starts", "ends", "refusal"),
    [
        ("go_live", date(2027, 4, 2), date(2027, 4, 1), EndsBeforeItStarts),
        ("pilot", date(2027, 4, 1), date(2027, 4, 1), StageNameTaken),
        ("go_live", date(2027, 1, 29), date(2027, 1, 30), StagesOverlap),
    ],
)
def test_a_stage_that_cannot_be_is_refused_in_words(plan, kind, starts, ends, refusal):
    with pytest.raises(refusal) as refused:
        plan.stage(kind, starts, ends)
    if refusal is StagesOverlap:
        assert "“Pilot” runs from 2 November 2026 to 29 January 2027" in refused.value.sentence
    with pytest.raises(refusal):
        change_stage(
            stage=plan.design,
            changes={"kind": kind, "name": "", "starts_on": starts, "ends_on": ends},
            by="clock",
            now=NOW,
        )
    assert Stage.objects.count() == 3


def test_the_database_lets_no_stages_overlap(plan):
    with pytest.raises(IntegrityError, match="stages_one_after_the_other"), transaction.atomic():
        Stage.objects.create(
            programme=plan.programme, kind="own", name="Also", starts_on=plan.pilot.ends_on, ends_on=date(2027, 1, 31)
        )
    Stage.objects.create(
        programme=ProgrammeFactory(), kind="own", name="Also", starts_on=TODAY, ends_on=TODAY
    )  # those of another programme are its own


def test_a_stage_without_plans_can_go(plan):
    plan.item()
    with pytest.raises(StageHasItems):
        remove_stage(stage=plan.pilot, by=plan.coordinator, now=NOW)
    remove_stage(stage=plan.review, by=plan.coordinator, now=NOW)
    assert [stage.name for stage in plan.programme.stages.all()] == ["Design", "Pilot"]
    assert change_stage(stage=plan.pilot, changes={"name": "Pilot"}, by="clock", now=NOW) == plan.pilot


# Items


def test_an_item_has_owner_audience_reminder_and_mail(plan):
    item = plan.item(due=DUE, audience=Audience([plan.trust], [plan.visitor], [plan.east]))
    assert (item.owner, item.next_reminder_on) == (plan.presenter, date(2026, 11, 12))
    mail = Message.objects.get(kind="communications.item_given")
    assert mail.person == plan.presenter
    text = kinds.find(mail.kind).render(mail).text
    assert "Health visitor of Wren Valley NHS Trust in Eastmarsh" in text
    assert "/planned/" in text


def test_who_plans_for_themselves_is_not_told_and_nobody_means_the_stage_or_a_coordinator(plan):
    assert plan.item(owner=plan.coordinator).owner == plan.coordinator
    assert plan.item(owner=None).owner == plan.coordinator
    change_stage(stage=plan.pilot, changes={"owner": plan.presenter}, by=plan.coordinator, now=NOW)
    plan.pilot.refresh_from_db()
    assert Message.objects.count() == 0
    assert plan.item(owner=None).owner == plan.presenter


def test_a_changed_item_begins_its_reminders_again_and_tells_a_new_owner(plan):
    item = plan.item(due=TODAY)
    with time_machine.travel(NOW + timedelta(days=3)):
        chase_plan(now=NOW + timedelta(days=3))
    old = item.link
    item = change_item(item=item, changes={"due_on": DUE, "owner": plan.coordinator}, by=plan.presenter, now=NOW)
    assert (item.reminded_step, item.next_reminder_on) == (0, date(2026, 11, 12))
    old.refresh_from_db()
    assert old.revoked_at
    assert Message.objects.filter(kind="communications.item_given", person=plan.coordinator).count() == 1
    late = Message.objects.filter(kind="communications.item_reminder").first()
    assert kinds.find(late.kind).still_wanted([late], NOW) == {late.pk: "another_due_date"}
    given = Message.objects.get(kind="communications.item_given", person=plan.presenter)
    assert kinds.find(given.kind).still_wanted([given], NOW) == {given.pk: "item_has_another_owner"}


def test_what_is_the_same_leaves_no_trace_and_another_programme_is_refused(plan):
    item = plan.item()
    change_item(item=item, changes={"words": item.words}, audience=Audience(), by=plan.coordinator, now=NOW)
    assert not Entry.objects.filter(verb="changed_item").exists()
    elsewhere = add_stage(
        programme=ProgrammeFactory(), kind="pilot", starts_on=TODAY, ends_on=TODAY, by="clock", now=NOW
    )
    with pytest.raises(AnotherProgramme):
        change_item(item=item, changes={"stage": elsewhere}, by=plan.coordinator, now=NOW)


def test_what_is_done_ends_its_reminders(plan):
    item = plan.item()
    with pytest.raises(SayHow):
        fulfil_item(item=item, by=plan.coordinator, now=NOW)
    with pytest.raises(ItemIsOpen):
        reopen_item(item=item, by=plan.coordinator, now=NOW)
    done = fulfil_item(item=item, words="Told at the team meeting", by=plan.coordinator, now=NOW)
    assert (done.done_at, done.next_reminder_on) == (NOW, None)
    for act in (fulfil_item, remove_item):
        with pytest.raises(ItemIsDone):
            act(item=item, by=plan.coordinator, now=NOW)
    given = Message.objects.get(kind="communications.item_given")
    assert kinds.find(given.kind).still_wanted([given], NOW) == {given.pk: "item_is_done"}
    again = reopen_item(item=item, by=plan.coordinator, now=NOW)
    assert (again.done_at, again.done_words, again.next_reminder_on) == (None, "", date(2026, 11, 12))
    remove_item(item=item, by=plan.coordinator, now=NOW)
    assert not PlannedItem.objects.exists()


def test_a_session_fulfils_when_it_is_over_and_not_when_it_is_cancelled(plan):
    session = SessionFactory(programme=plan.programme, date=date(2026, 11, 12))
    item = fulfil_item(item=plan.item(due=DUE), fulfils=session, by=plan.coordinator, now=NOW)
    assert (item.session, item.done_at) == (session, None)
    on_day = NOW + timedelta(days=10)
    with time_machine.travel(on_day):
        chase_plan(now=on_day)
        item.refresh_from_db()
        assert item.done_at is None
        assert not Message.objects.filter(kind="communications.item_reminder").exists()  # it comes in time
        chase_plan(now=on_day + timedelta(days=1))
    item.refresh_from_db()
    assert item.done_at
    session.state = SessionState.CANCELLED
    session.save()
    other = fulfil_item(item=plan.item(due=DUE), fulfils=session, by=plan.coordinator, now=on_day)
    late = NOW + timedelta(days=15)
    with time_machine.travel(late):
        assert chase_plan(now=late)
    other.refresh_from_db()
    assert other.done_at is None
    assert Message.objects.filter(kind="communications.item_reminder").exists()


def test_what_is_called_off_or_taken_back_afterwards_is_open_again_and_its_owner_reminded(plan):
    session = SessionFactory(programme=plan.programme, date=date(2026, 11, 12))
    item = fulfil_item(item=plan.item(due=TODAY), fulfils=session, by=plan.coordinator, now=NOW)
    chase_plan(now=NOW)
    reminders = Message.objects.filter(kind="communications.item_reminder")
    first = reminders.count()
    later = NOW + timedelta(days=11)
    with time_machine.travel(later, tick=False):
        chase_plan(now=later)
        item.refresh_from_db()
        assert item.done_at == later
        Session.objects.filter(pk=session.pk).update(state="cancelled")
        chase_plan(now=later)
        item.refresh_from_db()
        assert (item.done_at, item.session) == (None, session)
        assert item_state(item, TODAY) == (OPEN, "To do")
        assert reminders.count() > first
        assert Entry.objects.filter(verb="reopened_item").count() == 1
        chase_plan(now=later)
        assert Entry.objects.filter(verb="reopened_item").count() == 1


def test_a_draft_session_is_not_on_its_way(plan):
    session = SessionFactory(programme=plan.programme, date=date(2026, 11, 12), state="draft")
    item = fulfil_item(item=plan.item(due=DUE), fulfils=session, by=plan.coordinator, now=NOW)
    assert item_state(item, TODAY) == (OPEN, "To do")
    Session.objects.filter(pk=session.pk).update(state="open")
    assert item_state(PlannedItem.objects.get(), TODAY) == (AHEAD, "On its way")


def test_an_item_that_is_opened_again_reminds_at_once(plan):
    item = plan.item(due=TODAY)
    chase_plan(now=NOW)
    reminders = Message.objects.filter(kind="communications.item_reminder")
    assert reminders.count() == 1
    fulfil_item(item=item, words="Told", by=plan.coordinator, now=NOW)
    reopen_item(item=item, by=plan.coordinator, now=NOW)
    chase_plan(now=NOW)
    assert reminders.count() == 2


def test_what_has_happened_fulfils_at_once_and_only_of_the_same_programme(plan):
    made = InvitationRound.objects.create(
        programme=plan.programme, made_at=NOW, press=uuid.uuid4(), subject="Come", state="sending"
    )
    assert fulfil_item(item=plan.item(), fulfils=made, by=plan.coordinator, now=NOW).done_at == NOW
    told = Telling.objects.create(
        programme=plan.programme, kind="did", state="published", drafted_at=NOW, published_at=NOW,
        changed_by=plan.coordinator, approved_by=plan.presenter,
    )  # fmt: skip
    assert fulfil_item(item=plan.item(), fulfils=told, by=plan.coordinator, now=NOW).done_at == NOW
    notice = {"subject": "The car park is closed", "words": "Come by bus.", "made_at": NOW}
    own, others = (
        SessionNotice.objects.create(session=session, press=uuid.uuid4(), **notice)
        for session in (SessionFactory(programme=plan.programme), SessionFactory())
    )
    assert fulfil_item(item=plan.item(), fulfils=own, by=plan.coordinator, now=NOW).done_at == NOW
    with pytest.raises(AnotherProgramme):
        fulfil_item(item=plan.item(), fulfils=others, by=plan.coordinator, now=NOW)
    with pytest.raises(AnotherProgramme):
        fulfil_item(item=plan.item(), fulfils=SessionFactory(), by=plan.coordinator, now=NOW)


def test_the_ladder_has_no_end_until_it_is_done(plan):
    close_on(programme=plan.programme, day=date(2026, 11, 12), why="Moving", by=plan.coordinator, now=NOW)
    item = plan.item(due=DUE)
    told = set()
    for ahead in range(1, 45):
        now = NOW + timedelta(days=ahead)
        with time_machine.travel(now, tick=False):
            chase_plans()
            assert remind_of_item(item_id=item.pk, now=now) == 0  # twice is once
            for mail in Message.objects.filter(kind="communications.item_reminder").exclude(
                pk__in=[pk for _, pk, _ in told]
            ):
                told.add((now.date(), mail.pk, mail.person_id))
    days = sorted({day for day, _, _ in told})
    assert days[:5] == [date(2026, 11, day) for day in (11, 16, 17, 19, 23)]  # the closure day does not count
    assert {person for day, _, person in told if day <= DUE} == {plan.presenter.pk}
    assert {person for day, _, person in told if day > DUE} == {plan.presenter.pk, plan.coordinator.pk}
    assert len(days) >= 7
    mail = Message.objects.filter(kind="communications.item_reminder", person=plan.coordinator).first()
    text = kinds.find(mail.kind).render(mail).text
    assert "is late" in text
    assert "/programmes/plan/plan/stages/" in text
    fulfil_item(item=item, words="Done", by=plan.coordinator, now=NOW)
    assert kinds.find(mail.kind).still_wanted([mail], NOW) == {mail.pk: "item_is_done"}


def test_what_belongs_to_who_has_left_goes_to_a_coordinator(plan):
    item, kept = plan.item(), plan.item(owner=AffiliationFactory(organisation=plan.trust).person)
    assert list(orphaned(TODAY)) == []
    plan.presenter.appointments.update(until=TODAY)
    assert list(orphaned(TODAY)) == [item]
    assert chase_plan(now=NOW) == 1
    item.refresh_from_db()
    kept.refresh_from_db()
    assert item.owner == plan.coordinator
    assert kept.owner != plan.coordinator
    assert Message.objects.filter(kind="communications.item_given", person=plan.coordinator).exists()
    assert chase_plan(now=NOW) == 0


def test_without_a_coordinator_an_administrator_owns_it(plan):
    item = plan.item(owner=plan.coordinator)
    plan.coordinator.is_active = False
    plan.coordinator.save()
    assert chase_plan(now=NOW) == 0  # nobody is left who could
    administrator = PersonFactory(administrator=True)
    assert chase_plan(now=NOW) == 1
    item.refresh_from_db()
    assert item.owner == administrator
    assert (
        plan_item(
            stage=plan.review, words="More", means="other", due_on=DUE, owner=None, by=administrator, now=NOW
        ).owner
        == administrator
    )


def test_the_database_keeps_no_open_item_silent(plan):
    item = plan.item()
    with pytest.raises(IntegrityError, match="planned_item_never_silent"), transaction.atomic():
        PlannedItem.objects.filter(pk=item.pk).update(next_reminder_on=None)
