"""The pages of stages and the plan: what they show, how they say what is wrong, and how often they ask."""

import csv
import io
import uuid
from datetime import date, time, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from attendance.models import Attendance, InvitationRound, Outcome, Place
from briefings.models import Session
from commitments.models import Agreement, AgreementVersion, Telling
from communications.actions.plan import Audience, chase_plan, fulfil_item
from communications.actions.stages import change_stage, keep_ended
from communications.models import PlannedItem, Post, PostSeries, Stage
from communications.queries.addressed import TELLS, How, addressed_of
from communications.queries.timeline import current_of, timeline_of
from communications.views.stages import _HOW
from messaging import kinds
from messaging.models import Message
from tests.briefings.factories import SessionFactory
from tests.commitments.pages import opened, signed_in, words
from tests.communications.factories import Desk
from tests.communications.plans import NOW, TODAY, Plan
from tests.hostile import WORDS
from tests.organisations.factories import HeadCountFactory, OrganisationFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def plan():
    plan = Plan()
    plan.client = signed_in(plan.coordinator)
    plan.page = reverse("communications:plan-show", args=["plan"])
    return plan


def at(plan, name: str, *args) -> str:
    return reverse(f"communications:{name}", args=["plan", *args])


def queries(client, address: str) -> int:
    with CaptureQueriesContext(connection) as caught:
        assert client.get(address).status_code == 200
    return len(caught)


def written_to(plan, person, *, kind: str = TELLS[0], at=NOW, **more) -> Message:
    """Return a mail that was really sent."""
    columns = {
        "kind": kind, "key": uuid.uuid4().hex, "person": person, "about": f"briefings.programme:{plan.programme.pk}",
        "created_at": at, "due_at": at, "next_try_at": at, "state": "sent", "sent_at": at,
        "message_id": "<1@x.example>",
        **more,
    }  # fmt: skip
    return Message.objects.create(**columns)


def came(plan, person, session: Session) -> None:
    tie = person.affiliations.get()
    place = Place.objects.create(
        session=session, person=person, organisation=tie.organisation, state="booked", reference=uuid.uuid4().hex[:12],
        made_at=NOW, made_by="x", seated_at=NOW,
    )  # fmt: skip
    Attendance.objects.create(
        session=session, place=place, person=person, organisation=tie.organisation, outcome=Outcome.ATTENDED,
        noted_at=NOW,
    )  # fmt: skip


def how(plan, stage=None) -> dict[str, How]:
    stages = list(plan.programme.stages.all())
    found = addressed_of(plan.programme, stages, TODAY)[(stage or plan.pilot).pk]
    return {str(cell): found.of(cell) for cell in found.cells}


VISITORS = "Wren Valley NHS Trust, Health visitor, Eastmarsh"
NURSES = "Wren Valley NHS Trust, School nurse, Westmoor"


# Who has been addressed


def test_nobody_is_addressed_by_a_plan_alone(plan):
    assert how(plan) == {VISITORS: How.NOBODY, NURSES: How.NOBODY}
    item = plan.item(audience=Audience(areas=[plan.east]))
    assert how(plan) == {VISITORS: How.PLANNED, NURSES: How.NOBODY}
    fulfil_item(item=item, words="At the team meeting", by=plan.coordinator, now=NOW)
    assert how(plan) == {VISITORS: How.SAID, NURSES: How.NOBODY}
    assert how(plan, plan.design) == {VISITORS: How.NOBODY, NURSES: How.NOBODY}


def test_a_session_that_fulfilled_an_item_reached_who_came_and_nobody_else(plan):
    session = SessionFactory(programme=plan.programme, date=TODAY, slot="morning", starts=time(7), ends=time(8))
    came(plan, plan.amina, session)
    item = plan.item()
    with time_machine.travel(NOW + timedelta(hours=4)):
        assert fulfil_item(item=item, fulfils=session, by=plan.coordinator, now=NOW + timedelta(hours=4)).done_at
    assert how(plan) == {VISITORS: How.ATTENDED, NURSES: How.NOBODY}


def test_what_is_told_to_some_leaves_the_others_not_addressed(plan):
    """A telling counts by its mails, an agreement not at all, a post as long as it stands."""
    told = Telling.objects.create(
        programme=plan.programme, kind="did", state="published", drafted_at=NOW, published_at=NOW,
        changed_by=plan.coordinator, approved_by=plan.presenter,
    )  # fmt: skip
    assert fulfil_item(item=plan.item(), fulfils=told, by=plan.coordinator, now=NOW).done_at
    written_to(plan, plan.amina, kind="commitments.telling")
    assert how(plan) == {VISITORS: How.WRITTEN, NURSES: How.NOBODY}
    agreement = Agreement.objects.create(
        reference="A-1", programme=plan.programme, title="One list", made_at=NOW, made_by=plan.coordinator
    )
    PlannedItem.objects.filter(pk=plan.item().pk).update(agreement=agreement, done_at=NOW, next_reminder_on=None)
    assert how(plan)[NURSES] == How.NOBODY
    desk = Desk()
    PostSeries.objects.filter(pk=desk.series.pk).update(programme=plan.programme)
    post = desk.published("Told by a nurse")
    fulfil_item(item=plan.item(), fulfils=post, by=plan.coordinator, now=NOW)
    assert how(plan)[NURSES] == How.SAID
    Post.objects.filter(pk=post.pk).update(state="withdrawn", withdrawn_at=NOW, withdrawn_because="Wrong")
    assert how(plan)[NURSES] == How.NOBODY


def test_what_a_stage_reached_stands_when_what_told_so_is_forgotten(plan):
    mail = written_to(plan, plan.amina, at=NOW - timedelta(days=20))
    before = how(plan, plan.design)
    assert before == {VISITORS: How.WRITTEN, NURSES: How.NOBODY}
    assert keep_ended(now=NOW) == 0  # attendance is still noted
    later = NOW + timedelta(days=40)
    with time_machine.travel(later, tick=False):
        assert [keep_ended(now=later) for _ in range(2)] == [1, 0]
    Message.objects.filter(pk=mail.pk).update(person=None, address=None)
    plan.bran.affiliations.all().delete()
    assert how(plan, plan.design) == before
    assert VISITORS in how(plan)
    assert NURSES not in how(plan), "the stage that runs is counted as it is"
    page = words(plan.client.get(at(plan, "stage-show", plan.design.pk), {"show": "all"}))
    assert "Got a message or a post" in page
    item = plan.item(stage=plan.design, audience=Audience(areas=[plan.west]))
    fulfil_item(item=item, words="At the team meeting", by=plan.coordinator, now=NOW)
    assert how(plan, plan.design)[NURSES] == How.SAID
    change_stage(stage=plan.design, changes={"ends_on": date(2026, 10, 29)}, by=plan.coordinator, now=NOW)
    assert how(plan, plan.design) == {VISITORS: How.NOBODY}


def test_a_stage_page_says_each_way_and_not_who_asked_for_a_series(plan):
    assert set(_HOW) == set(How)
    written_to(plan, None, kind="communications.post", address=plan.bran.email)
    page = words(plan.client.get(at(plan, "stage-show", plan.pilot.pk), {"show": "all"}))
    assert "Got a message or a post" in page
    assert "by mail" not in page


def test_what_was_really_sent_and_attended_counts_in_the_stage_of_its_day(plan):
    written_to(plan, plan.amina)
    written_to(plan, plan.bran, state="planned", sent_at=None, message_id=None)
    written_to(plan, plan.bran, kind="attendance.place_booked")
    written_to(plan, plan.bran, at=NOW - timedelta(days=20))
    assert how(plan) == {VISITORS: How.WRITTEN, NURSES: How.NOBODY}
    assert how(plan, plan.design) == {VISITORS: How.NOBODY, NURSES: How.WRITTEN}
    written_to(plan, None, kind="communications.post", address=plan.bran.email)
    assert how(plan)[NURSES] == How.WRITTEN
    came(plan, plan.bran, SessionFactory(programme=plan.programme, date=TODAY, slot="afternoon"))
    assert how(plan)[NURSES] == How.ATTENDED


def test_a_place_to_come_is_ahead_and_who_is_only_counted_is_seen(plan):
    session = SessionFactory(programme=plan.programme, date=TODAY + timedelta(days=9))
    Place.objects.create(
        session=session, person=plan.amina, organisation=plan.trust, state="booked", reference="X-1", made_at=NOW,
        made_by="x", seated_at=NOW,
    )  # fmt: skip
    HeadCountFactory(organisation=plan.trust, profession=plan.nurse, area=plan.east)
    HeadCountFactory(organisation=plan.trust, area=plan.east)  # a profession that is not in scope
    assert how(plan) == {
        VISITORS: How.BOOKED, NURSES: How.NOBODY, "Wren Valley NHS Trust, School nurse, Eastmarsh": How.NOBODY,
    }  # fmt: skip


def test_the_clock_change_moves_nothing_into_another_stage(plan):
    """Half past eleven in the evening of 30 October is still October in Britain, though summer time has ended."""
    late = NOW.replace(month=10, day=30, hour=23, minute=30)
    written_to(plan, plan.amina, at=late)
    assert how(plan, plan.design)[VISITORS] == How.WRITTEN


def test_the_kinds_that_tell_are_known():
    assert [name for name in (*TELLS, "communications.post") if kinds.find(name) is None] == []


# The page of the plan


def test_the_plan_shows_everything_by_stage_and_month(plan):
    SessionFactory(programme=plan.programme, date=date(2026, 12, 3), title="Briefing one")
    SessionFactory(programme=plan.programme, date=date(2026, 12, 4), title="Briefing two", cancelled=True)
    InvitationRound.objects.create(
        programme=plan.programme, made_at=NOW, press=uuid.uuid4(), subject="Come and see", state="sending",
        choice={"organisations": [plan.trust.pk], "areas": [plan.east.pk]},
    )  # fmt: skip
    plan.item(due=date(2026, 11, 16))
    plan.item(due=date(2026, 11, 1), words="What is overdue")
    page = words(plan.client.get(plan.page))
    for said in (
        "Design", "Pilot 2 November 2026 to 29 January 2027", "0 of 2 told, 1 late", "2 of 2 audiences not addressed",
        "Invitations: Come and see", "Everybody of Wren Valley NHS Trust in Eastmarsh", "November 2026",
        "December 2026",
        "Briefing one", "Cancelled", "What is overdue", "Late", "Pat Presenter",
    ):  # fmt: skip
        assert said in page, said


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        ({}, "Everybody in scope"),
        ({"gap": True}, "Everybody in scope: who was never reached"),
        ({"gap": True, "unknown": ["profession"]}, "Everybody whose profession is not known: who was never reached"),
        (
            {"gap": True, "again": True, "trust": True, "unknown": ["area", "profession"]},
            "Everybody of Wren Valley NHS Trust whose profession and area are not known: who was invited, and nothing "
            "came of it yet",
        ),
        (
            {"gap": True, "east": True, "trust": True, "unknown": ["area"]},
            "Everybody of Wren Valley NHS Trust in Eastmarsh or not known: who was never reached",
        ),
        ({"nurse": True, "unknown": ["profession", "area"]}, "Nurse or not known whose area is not known"),
        ({"joined_since": NOW.isoformat()}, "Everybody in scope, who became eligible since the round before"),
    ],
)
def test_a_round_says_whom_it_was_for_also_whose_profession_or_area_is_not_known(plan, choice, said):
    named = {"organisations": "trust", "areas": "east", "professions": "nurse"}
    ids = {part: [getattr(plan, name).pk] for part, name in named.items() if choice.pop(name, False)}
    InvitationRound.objects.create(
        programme=plan.programme, made_at=NOW, press=uuid.uuid4(), subject="Come", state="sending", choice=choice | ids
    )
    line = next(line for line in timeline_of(plan.programme, [], NOW) if line.words == "Invitations: Come")
    assert line.audience == said.replace("Nurse", plan.nurse.name)
    unknown = choice.get("unknown", [])
    assert line.whom.reaches(None, plan.visitor.pk, "") == ("profession" not in unknown and "professions" not in ids)
    assert line.whom.reaches(None, None, plan.west.path) == ("area" not in unknown and "areas" not in ids)
    assert line.whom.reaches(plan.trust.pk, None, plan.east.path) == ("area" not in unknown or "areas" in ids)


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ({"kind": "session"}, {"In the east", "Everywhere"}),
        ({"kind": "item"}, {"For visitors", "For all"}),
        ({"area": "east"}, {"In the east", "Everywhere", "For visitors", "For all"}),
        ({"area": "west"}, {"Everywhere", "For visitors", "For all"}),
        ({"profession": "nurse"}, {"In the east", "Everywhere", "For all"}),
        ({"organisation": "trust", "kind": "item"}, {"For visitors", "For all"}),
        ({"stage": "review"}, {"For all"}),
        ({"stage": "9" * 30, "kind": "nonsense"}, {"In the east", "Everywhere", "For visitors", "For all"}),
    ],
)
def test_the_plan_is_filtered(plan, asked, shown):
    SessionFactory(programme=plan.programme, title="In the east", area=plan.east)
    SessionFactory(programme=plan.programme, title="Everywhere")
    plan.item(words="For visitors", audience=Audience(professions=[plan.visitor]))
    plan.item(words="For all", stage=plan.review)
    asked = {name: getattr(getattr(plan, value, None), "pk", value) for name, value in asked.items()}
    sheet = plan.client.get(at(plan, "plan-download"), asked).getvalue().decode("utf-8-sig")
    lines = list(csv.reader(io.StringIO(sheet)))
    found = {line[4].split(",")[0] for line in lines[1:]}
    assert found == shown
    page = words(plan.client.get(plan.page, asked))
    assert all(word in page for word in shown)


def test_a_filter_without_a_match_says_so(plan):
    plan.item()
    assert "Nothing matches what you looked for" in words(plan.client.get(plan.page, {"kind": "post"}))


def test_a_programme_without_stages_is_offered_templates(plan):
    plan.programme.stages.all().delete()
    page = words(plan.client.get(plan.page))
    assert "No stages yet" in page
    assert "Bilateral share" in page
    reader = words(signed_in(plan.presenter).get(plan.page))
    assert "No stages yet" in reader
    assert "Take it" not in reader


def test_the_plan_opens_where_the_programme_is(plan):
    for number in range(60):
        plan.item(words=f"Old {number}", stage=plan.design, due=date(2026, 9, 1) + timedelta(days=number // 2))
    plan.item(words="What is now", due=TODAY)
    assert "What is now" in words(plan.client.get(plan.page))
    assert "What is now" not in words(plan.client.get(plan.page, {"page": "1"}))


def test_the_stage_of_a_programme_follows_the_days(plan):
    stages = list(plan.programme.stages.all())
    days = [date(2026, 1, 1), date(2026, 10, 31), TODAY, date(2027, 1, 30), date(2028, 1, 1)]
    expected = [plan.design, plan.design, plan.pilot, plan.pilot, plan.review]
    assert [current_of(stages, day) for day in days] == expected
    assert current_of([], TODAY) is None


def test_the_plan_asks_as_often_for_one_as_for_many(plan):
    def grow(number: int) -> None:
        for count in range(number):
            day = TODAY + timedelta(days=count % 80)
            SessionFactory(programme=plan.programme, date=day, room=None, online_link="https://x.example.org")
            plan.item(due=day, audience=Audience([plan.trust], [plan.nurse], [plan.west]))
            choice = {"organisations": [plan.trust.pk]}
            InvitationRound.objects.create(
                programme=plan.programme, made_at=NOW, press=uuid.uuid4(), state="sending", choice=choice
            )

    grow(1)
    addresses = [plan.page, at(plan, "plan-download"), at(plan, "stage-show", plan.pilot.pk)]
    for address in addresses:
        queries(plan.client, address)
    one = [queries(plan.client, address) for address in addresses]
    grow(2)
    assert [queries(plan.client, address) for address in addresses] == one
    assert one[0] < 45


def test_a_thousand_sessions_are_one_query(plan):
    one = SessionFactory(programme=plan.programme, room=None, online_link="https://x.example.org")
    Session.objects.bulk_create(_copies(one, 1000))
    stages = list(plan.programme.stages.all())
    with CaptureQueriesContext(connection) as caught:
        lines = timeline_of(plan.programme, stages, NOW)
    assert len(lines) > 1000
    assert len(caught) < 15


def _copies(session: Session, number: int) -> list[Session]:
    names = [field.attname for field in Session._meta.concrete_fields if field.attname != "id"]
    return [Session(**{name: getattr(session, name) for name in names}) for _ in range(number)]


# Stages and items


def stage_answers(**changes) -> dict:
    return {
        "kind": "go_live", "name": "", "starts_on_day": "1", "starts_on_month": "3", "starts_on_year": "2027",
        "ends_on_day": "31", "ends_on_month": "3", "ends_on_year": "2027", "owner": "", **changes,
    }  # fmt: skip


def test_a_stage_is_added_changed_and_taken_away(plan):
    page = words(plan.client.post(at(plan, "stage-add"), stage_answers(), follow=True))
    assert "“Go-live” is a stage of the programme" in page
    made = Stage.objects.get(kind="go_live")
    changed = plan.client.post(
        at(plan, "stage-change", made.pk), stage_answers(name="Everybody", owner=plan.presenter.pk), follow=True
    )
    assert "Everybody" in words(changed)
    made.refresh_from_db()
    assert made.owner == plan.presenter
    assert "is no stage any more" in words(plan.client.post(at(plan, "stage-remove", made.pk), follow=True))
    plan.item()
    assert "Something is planned in this stage" in words(
        plan.client.post(at(plan, "stage-remove", plan.pilot.pk), follow=True)
    )


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"starts_on_month": "1", "starts_on_day": "29"}, "“Pilot” runs from 2 November 2026 to 29 January 2027"),
        ({"ends_on_year": "2026"}, "The last day of a stage must be its first day or later"),
        ({"kind": "own"}, "Enter what the stage is called"),
        ({"kind": "pilot"}, "There is a stage of this name"),
        ({"kind": ""}, "There is a problem"),
        ({"ends_on_year": "9999"}, "The last day must be 2 November 2046 or earlier"),
        ({"starts_on_year": "0001"}, "The first day must be 1 November 2016 or later"),
        ({"owner": "9" * 30}, "There is a problem"),
        ({"name": "a\x00b"}, "cannot be seen"),
    ],
)
def test_what_is_wrong_with_a_stage_is_said(plan, changes, said):
    sent = plan.client.post(at(plan, "stage-add"), stage_answers(**changes))
    assert sent.status_code == 422
    assert said in words(sent)
    assert Stage.objects.count() == 3


def item_answers(plan, **changes) -> dict:
    return {
        "words": "What changes", "stage": plan.pilot.pk, "due_on_day": "16", "due_on_month": "11",
        "due_on_year": "2026", "means": "post", "owner": plan.presenter.pk, "professions": [plan.visitor.pk], **changes,
    }  # fmt: skip


def test_an_item_is_planned_changed_done_opened_again_and_taken_off(plan):
    page = words(plan.client.post(at(plan, "item-add", plan.pilot.pk), item_answers(plan), follow=True))
    assert "It is in the plan, and Pat Presenter is told" in page
    item = PlannedItem.objects.get()
    assert "Health visitor. Post, by 16 November 2026. Pat Presenter" in page
    plan.client.post(at(plan, "item-change", item.pk), item_answers(plan, words="What stays", professions=[]))
    item.refresh_from_db()
    assert (item.words, item.professions.count()) == ("What stays", 0)
    done = plan.client.post(at(plan, "item-fulfil", item.pk), {"words": "At the\nmeeting"}, follow=True)
    assert "It is done" in words(done)
    assert "Done: At the meeting" in words(done)
    assert "open again" in words(plan.client.post(at(plan, "item-reopen", item.pk), follow=True))
    assert "nothing to open again" in words(plan.client.post(at(plan, "item-reopen", item.pk), follow=True))
    assert "Taken off the plan" in words(plan.client.post(at(plan, "item-remove", item.pk), follow=True))
    assert plan.client.post(at(plan, "item-remove", item.pk)).status_code == 404


def test_a_second_press_plans_nothing_twice(plan):
    press = {"press": "6ba7b810-9dad-11d1-80b4-00c04fd430c8"}
    assert 'name="press"' in plan.client.get(at(plan, "item-add", plan.pilot.pk)).content.decode()
    sent = [plan.client.post(at(plan, "item-add", plan.pilot.pk), item_answers(plan, **press)) for _ in range(2)]
    assert [response.status_code for response in sent] == [302, 302]
    assert PlannedItem.objects.count() == 1


def test_a_day_at_the_end_of_time_is_refused_in_words(plan):
    far = {"due_on_day": "31", "due_on_month": "12", "due_on_year": "9999"}
    sent = plan.client.post(at(plan, "item-add", plan.pilot.pk), item_answers(plan, **far))
    assert "The day must be 2 November 2046 or earlier" in words(sent)


def test_one_thing_fulfils_an_item(plan):
    session = SessionFactory(programme=plan.programme)
    item, address = plan.item(), None
    address = at(plan, "item-fulfil", item.pk)
    assert "Choose what fulfils it" in words(plan.client.post(address, {"words": " "}))
    assert "There is a problem" in words(plan.client.post(address, {"session": SessionFactory().pk}))
    page = words(plan.client.post(address, {"session": session.pk}, follow=True))
    assert "It is linked, and done as soon as that has happened" in page
    assert "To be done by a session on 26 November 2026" in page
    assert "On its way" in page


@pytest.mark.parametrize("typed", WORDS.values(), ids=WORDS.keys())
def test_hostile_words_are_shown_as_they_are_or_refused(plan, typed):
    for address, data in (
        (at(plan, "item-add", plan.pilot.pk), item_answers(plan, words=typed)),
        (at(plan, "stage-add"), stage_answers(kind="own", name=typed)),
        (at(plan, "template-keep"), {"name": typed, "words": typed}),
    ):
        assert plan.client.post(address, data).status_code in (302, 422)
    for address in (plan.page, at(plan, "plan-download"), at(plan, "stage-show", plan.pilot.pk)):
        response = plan.client.get(address, {"kind": typed, "page": typed, "show": typed, "stage": typed})
        assert response.status_code == 200
        body = b"".join(response.streaming_content) if response.streaming else response.content
        assert b"<script>alert" not in body or response.streaming


def test_the_owner_says_by_the_link_that_it_is_done(plan):
    item = plan.item()
    client, address = opened(item.link), reverse("communications:planned-show", args=[item.link_id])
    page = words(client.get(address))
    assert "What changes on the first day" in page
    assert "Everybody in scope" in page
    assert "There is a problem" in words(client.post(address, {"words": ""}))
    assert "nothing for you to do here any more" in words(client.post(address, {"words": "Told"}, follow=True))
    assert "This is done already" in words(client.post(address, {"words": "Again"}, follow=True))


def test_a_stage_says_who_was_not_addressed_and_how_the_others_were(plan):
    written_to(plan, plan.amina)
    page = words(plan.client.get(at(plan, "stage-show", plan.pilot.pk)))
    assert "1 audience not addressed in this stage" in page
    assert "School nurse" in page
    assert "Health visitor" not in page
    response = plan.client.get(at(plan, "stage-show", plan.pilot.pk)).content.decode()
    asked = f"organisations={plan.trust.pk}&amp;professions={plan.nurse.pk}&amp;areas={plan.west.pk}"
    assert f"/items/add/?{asked}" in response
    form = plan.client.get(f"{at(plan, 'item-add', plan.pilot.pk)}?{asked.replace('&amp;', '&')}&areas=nonsense")
    assert form.context["form"]["professions"].value() == [str(plan.nurse.pk)]
    assert form.content.decode().count(" checked") == 2
    assert "Got a message" in words(plan.client.get(at(plan, "stage-show", plan.pilot.pk), {"show": "all"}))


def test_posts_and_agreements_stand_on_the_line_and_fulfil(plan):
    desk = Desk()
    PostSeries.objects.filter(pk=desk.series.pk).update(programme=plan.programme)
    post = desk.published("Told by a nurse")
    post.refresh_from_db()
    agreement = Agreement.objects.create(
        reference="A-1", programme=plan.programme, title="One list", made_at=NOW, made_by=plan.coordinator
    )
    page = words(plan.client.get(plan.page))
    assert "Told by a nurse" in page
    assert "A-1" not in page  # a draft tells nobody yet
    assert fulfil_item(item=plan.item(), fulfils=post, by=plan.coordinator, now=NOW).done_at
    item = fulfil_item(item=plan.item(), fulfils=agreement, by=plan.coordinator, now=NOW)
    assert item.done_at is None
    AgreementVersion.objects.create(
        agreement=agreement, number=1, words="We keep one list.", review_on=date(2028, 1, 1), state="proposed",
        endorse_by=date(2026, 12, 1), drafted_at=NOW, drafted_by=plan.coordinator, proposed_at=NOW,
        proposed_by=plan.coordinator, next_review_reminder_on=date(2027, 12, 1),
    )  # fmt: skip
    assert chase_plan(now=NOW) == 1
    item.refresh_from_db()
    assert item.done_at
    page = plan.client.get(plan.page)
    assert "A-1: One list" in words(page)
    assert f"/agreements/{agreement.pk}/" in page.content.decode()
    other = signed_in(plan.presenter).get(plan.page)
    assert "A-1: One list" in words(other)
    assert f"/agreements/{agreement.pk}/" not in other.content.decode()


def test_an_audience_that_has_left_the_scope_stays_when_the_words_change(plan):
    gone = OrganisationFactory(name="Gone Trust")
    item = plan.item(audience=Audience(organisations=[gone], professions=[plan.visitor], areas=[plan.east]))
    address = at(plan, "item-change", item.pk)
    page = plan.client.get(address).content.decode()
    assert "Gone Trust" in page
    plan.programme.partners.all().delete()  # one organisation is left, so none is asked for
    answers = item_answers(plan, words="Other words", areas=[plan.east.pk])
    assert plan.client.post(address, answers).status_code == 302
    item.refresh_from_db()
    assert (item.words, list(item.organisations.all()), list(item.areas.all())) == ("Other words", [gone], [plan.east])
    assert list(item.professions.all()) == [plan.visitor]
