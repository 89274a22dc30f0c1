"""Templates and clones: what is taken along, on which days, and what never is."""

import itertools
from datetime import date

import pytest
import time_machine
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import Person
from attendance.models import SeatCount
from briefings.actions.series import settle_group, start_series
from briefings.actions.sessions import AgendaLine, change_agenda
from briefings.models import CoverRule, Programme, Session, SessionPart, SessionState
from briefings.models import Part as RunsPart
from commitments.actions.policies import close_on
from commitments.clocks import Calendar
from communications.actions.cloning import DateIsPast, TooManyDates, clone_programme
from communications.actions.plan import Audience, fulfil_item
from communications.actions.templates import (
    HasStages,
    NoStages,
    TemplateNameTaken,
    apply_template,
    drop_template,
    keep_template,
    start_from_template,
)
from communications.models import PlannedItem, ProgrammeTemplate
from communications.moving import moved
from communications.queries.cloning import Part, TooFarApart, dates_of
from communications.templates import POLICIES, READY, lay_out, ready_or_own
from messaging.models import Message
from tests.briefings.factories import ProgrammeFactory, RoomFactory, SessionFactory
from tests.commitments.pages import signed_in, words
from tests.communications.plans import NOW, TODAY, Plan
from tests.hostile import WORDS
from tests.organisations.factories import PersonFactory

ENGLAND = Calendar("england-and-wales")
DAYS = st.dates(date(2024, 1, 1), date(2032, 12, 31))


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def plan(db):
    return Plan()


# Moving days


@given(st.lists(DAYS, max_size=30), DAYS, st.sets(DAYS, max_size=6), st.sampled_from(["england-and-wales", "scotland"]))
def test_every_day_moves_to_a_working_day_in_the_same_order(days, first, closures, nation):
    calendar = Calendar(nation, frozenset(closures))
    goes = moved(days, first, calendar)
    assert set(goes) == set(days)
    assert all(calendar.is_worked(day) for day in goes.values())
    ordered = sorted(goes)
    assert [goes[day] for day in ordered] == sorted(set(goes.values()))  # two days stay two, and none overtakes
    before = None
    for day in ordered:
        straight = first + (day - ordered[0])
        if calendar.is_worked(straight) and (before is None or straight > before):
            assert goes[day] == straight  # the same distance, so the same weekday
        else:
            assert goes[day] > straight or goes[day] == straight
        before = goes[day]


def test_bank_holidays_weekends_and_closure_days_go_by_without_pushing_what_follows():
    days = [date(2026, 11, 26), date(2026, 12, 3), date(2026, 12, 10), date(2026, 12, 17)]  # Thursdays
    closed = Calendar("england-and-wales", frozenset({date(2027, 1, 7)}))
    assert list(moved(days, date(2026, 12, 17), closed).values()) == [
        date(2026, 12, 17), date(2026, 12, 24), date(2026, 12, 31), date(2027, 1, 8),
    ]  # fmt: skip
    assert moved([], TODAY, ENGLAND) == {}
    assert list(moved([date(2026, 11, 2)], date(2026, 12, 25), ENGLAND).values()) == [date(2026, 12, 29)]


@given(DAYS, st.sampled_from(sorted(READY)))
def test_a_template_lays_out_stages_that_follow_one_another_on_working_days(first, key):
    stages = lay_out(READY[key], first, ENGLAND)
    days = [day for stage in stages for day in (stage.starts_on, stage.ends_on)]
    assert days == sorted(days)
    assert all(before.ends_on < after.starts_on for before, after in itertools.pairwise(stages))
    assert all(ENGLAND.is_worked(day) for stage in stages for day in (stage.starts_on, stage.ends_on, *stage.due))


# Templates


def test_a_programme_starts_from_a_template(db):
    ada = PersonFactory(administrator=True)
    made = start_from_template(
        template=READY["major"], name="One front door", first=date(2026, 11, 7), by=ada, now=NOW, purpose="Once"
    )
    assert (made.scale, made.cover_rule, made.cover_number, made.purpose) == ("major", CoverRule.SHARE, 50, "Once")
    assert list(made.stages.values_list("kind", flat=True)) == ["design", "pilot", "go_live", "review"]
    assert made.stages.first().starts_on == date(2026, 11, 9)  # the Saturday went by
    assert PlannedItem.objects.filter(owner=ada).count() == sum(len(stage.items) for stage in READY["major"].stages)
    assert made.ends_on == made.stages.last().ends_on
    assert not Message.objects.exists()
    with pytest.raises(HasStages):
        apply_template(programme=made, template=READY["pilot"], first=TODAY, by=ada, now=NOW)


def test_ones_own_template_keeps_stages_and_policies_and_nobody(plan):
    plan.item(audience=Audience([plan.trust]))
    plan.item(words="Before it begins", due=date(2026, 10, 28))
    Programme.objects.filter(pk=plan.programme.pk).update(cover_rule=CoverRule.NONE, reminder_days=[3])
    row = keep_template(programme=plan.programme, name="Ours", words="For pilots", by=plan.coordinator, now=NOW)
    everybody = list(Person.objects.values_list("name", flat=True))
    assert not [name for name in [*everybody, plan.trust.name, "2026"] if name in str(row.content)]
    template = ready_or_own(f"own-{row.pk}")
    made = start_from_template(template=template, name="Again", first=date(2027, 3, 1), by=plan.coordinator, now=NOW)
    assert (made.cover_rule, made.reminder_days, made.morning_starts) == ("none", [3], plan.programme.morning_starts)
    lengths = [
        [(stage.name, ENGLAND.between(stage.starts_on, stage.ends_on)) for stage in programme.stages.all()]
        for programme in (plan.programme, made)
    ]
    assert lengths[0] == lengths[1]
    pilot = made.stages.get(kind="pilot")
    due = [(ENGLAND.between(pilot.starts_on, item.due_on), item.words) for item in pilot.items.all()]
    assert due == [(-3, "Before it begins"), (10, "What changes on the first day")]
    assert not [item for item in PlannedItem.objects.filter(stage=pilot) if item.organisations.exists()]
    with pytest.raises(TemplateNameTaken):
        keep_template(programme=plan.programme, name="Ours", words="", by=plan.coordinator, now=NOW)
    drop_template(template=row, by=plan.coordinator, now=NOW)
    assert ready_or_own(f"own-{row.pk}") is None
    assert ready_or_own("own-" + "9" * 30) is ready_or_own("nonsense") is None
    with pytest.raises(NoStages):
        keep_template(programme=ProgrammeFactory(), name="None", words="", by=plan.coordinator, now=NOW)


def test_no_policy_that_travels_says_anything_of_a_person():
    assert not set(POLICIES) & set(Programme.retention.personal)
    assert not [name for name in POLICIES if name.startswith("contact")]


def test_the_pages_of_templates(plan):
    ada = signed_in(PersonFactory(administrator=True))
    plan.programme.stages.all().delete()
    client = signed_in(plan.coordinator)
    address = reverse("communications:template-apply", args=["plan"])
    answers = {"template": "pilot", "first_day": "7", "first_month": "1", "first_year": "2027"}
    assert "must be 2 November 2046 or earlier" in words(client.post(address, answers | {"first_year": "9999"}))
    assert "Choose from the options shown" in words(client.post(address, answers | {"template": "nonsense"}))
    page = words(client.post(address, answers, follow=True))
    assert "The programme has its stages and a first plan" in page
    assert "has stages already" in words(client.post(address, answers))
    keep = reverse("communications:template-keep", args=["plan"])
    assert "What the design is, and why" in words(client.get(keep))
    assert "The template is kept" in words(client.post(keep, {"name": "Ours", "words": "For us"}, follow=True))
    assert "There is a template of this name" in words(client.post(keep, {"name": "Ours"}))
    row = ProgrammeTemplate.objects.get()
    start = reverse("communications:template-start")
    begun = {**answers, "template": f"own-{row.pk}", "name": "Next", "nation": "scotland", "purpose": ""}
    assert "Say next whom it is for" in words(ada.post(start, begun, follow=True))
    assert Programme.objects.get(name="Next").stages.count() == 3
    gone = ada.post(reverse("communications:template-remove", args=[row.pk]), follow=True)
    assert "“Ours” is no template any more" in words(gone)


# Clones


def everything(plan, **more) -> dict:
    return {
        "programme": plan.programme, "name": "The next valley", "first": date(2027, 9, 6), "parts": Part.values,
        "dates": {}, "by": plan.coordinator, "now": NOW, **more,
    }  # fmt: skip


def test_a_clone_has_everything_but_people(plan):
    session = SessionFactory(
        programme=plan.programme,
        date=date(2026, 11, 26),
        title="First",
        capacity=15,
        reserved=2,
        notes="By the side door",
        online_link="https://meet.example.org/1",
    )
    SeatCount.objects.create(session=session, capacity=15)
    SessionFactory(programme=plan.programme, date=date(2026, 11, 27), cancelled=True)
    SessionPart.objects.create(session=session, person=plan.presenter, part=RunsPart.PRESENTER)
    lines = [AgendaLine("concept", "Why", 60, plan.presenter.pk)]
    change_agenda(session=session, lines=lines, by=plan.coordinator, now=NOW)
    series = start_series(programme=plan.programme, name="Workshops", by=plan.coordinator, now=NOW)
    settle_group(series=series, group="A", sessions=[session], by=plan.coordinator, now=NOW)
    item = plan.item(audience=Audience([plan.trust], [plan.visitor], [plan.east]))
    fulfil_item(item=item, fulfils=session, by=plan.coordinator, now=NOW)
    plan.item(stage=plan.design, words="Done long ago", due=date(2026, 10, 1))
    before = Message.objects.count()
    made = clone_programme(**everything(plan))
    assert (made.name, made.scale, made.nation, made.starts_on) == (
        "The next valley", "pilot", "england-and-wales", date(2027, 9, 6),
    )  # fmt: skip
    draft = made.sessions.get()
    assert (draft.state, draft.title, draft.room, draft.capacity, draft.reserved) == (
        SessionState.DRAFT, "First", session.room, 15, 2,
    )  # fmt: skip
    assert (draft.notes, draft.online_link) == ("", "")
    assert (draft.series.name, draft.series.programme, draft.group) == ("Workshops", made, "A")
    assert draft.date.weekday() == session.date.weekday() - 1  # Tuesday 1 September became Monday 6 September
    assert [(line.title, line.minutes, line.presenter) for line in draft.agenda.all()] == [("Why", 60, None)]
    assert not draft.parts.exists()
    assert list(made.professions.all()) == list(plan.programme.professions.all())
    assert [partner.organisation for partner in made.partners.all()] == [plan.trust]
    assert not made.mandates.exists()
    assert [each.person for each in made.appointments.all()] == [plan.coordinator]
    items = PlannedItem.objects.filter(stage__programme=made)
    assert {each.owner for each in items} == {plan.coordinator}
    linked = items.get(session=draft)
    assert (linked.done_at, list(linked.organisations.all()), list(linked.areas.all())) == (
        None,
        [plan.trust],
        [plan.east],
    )
    assert items.count() == 2
    assert Message.objects.count() == before


def test_parts_are_taken_by_choice(plan):
    SessionFactory(programme=plan.programme)
    plan.item(audience=Audience([plan.trust]))
    Programme.objects.filter(pk=plan.programme.pk).update(reminder_days=[9])
    plan.programme.refresh_from_db()
    bare = clone_programme(**everything(plan, parts=[]))
    assert (bare.stages.count(), bare.sessions.count(), bare.partners.count(), bare.reminder_days) == (0, 0, 0, [5, 1])
    assert bare.is_public
    Programme.objects.filter(pk=plan.programme.pk).update(is_public=False)
    plan.programme.refresh_from_db()
    stages = clone_programme(**everything(plan, parts=[Part.STAGES, Part.POLICIES]))
    assert (stages.stages.count(), stages.sessions.count(), stages.reminder_days) == (3, 0, [9])
    assert not PlannedItem.objects.get(stage__programme=stages).organisations.exists()
    sessions = clone_programme(**everything(plan, parts=[Part.SESSIONS]))
    assert (sessions.stages.count(), sessions.sessions.count(), sessions.is_public) == (0, 1, False)
    assert sessions.sessions.get().agenda.count() == 3  # the usual one


def test_a_taken_room_is_said_before_and_left_out(plan):
    room = RoomFactory(capacity=30)
    SessionFactory(programme=plan.programme, date=date(2026, 11, 26), room=room)
    SessionFactory(programme=plan.programme, date=date(2026, 12, 3), room=room)
    SessionFactory(date=date(2026, 12, 17), room=room)
    dates = dates_of(plan.programme, [Part.SESSIONS], date(2026, 12, 10))
    assert [(each.after, bool(each.note)) for each in dates] == [
        (date(2026, 12, 10), False),
        (date(2026, 12, 17), True),
    ]
    made = clone_programme(**everything(plan, parts=[Part.SESSIONS], first=date(2026, 12, 10)))
    assert [session.room for session in made.sessions.order_by("date")] == [room, None]


def test_a_changed_date_holds_and_one_in_the_past_is_refused(plan):
    session = SessionFactory(programme=plan.programme)
    key = f"session-{session.pk}"
    chosen = {key: date(2027, 5, 1), "session-999": date(2027, 5, 1)}
    made = clone_programme(**everything(plan, parts=[Part.SESSIONS], dates=chosen))
    assert made.sessions.get().date == date(2027, 5, 1)
    with pytest.raises(DateIsPast) as refused:
        clone_programme(**everything(plan, parts=[Part.SESSIONS], dates={key: date(2026, 5, 1)}))
    assert refused.value.key == key
    assert Programme.objects.count() == 2


def test_closure_days_of_the_programme_go_by(plan):
    close_on(programme=plan.programme, day=date(2027, 9, 6), why="Moving", by=plan.coordinator, now=NOW)
    made = clone_programme(**everything(plan, parts=[Part.STAGES]))
    assert made.stages.first().starts_on == date(2027, 9, 7)


def test_more_dates_than_anybody_can_look_at_are_refused(plan, monkeypatch):
    monkeypatch.setattr("communications.actions.cloning.MOST_DATES", 5)
    with pytest.raises(TooManyDates):
        clone_programme(**everything(plan))


def test_a_session_at_the_end_of_time_fails_no_page(plan):
    SessionFactory(programme=plan.programme, date=date(9999, 12, 31))
    plan.item()
    client = signed_in(PersonFactory(administrator=True))
    assert client.get(reverse("communications:plan-show", args=["plan"])).status_code == 200
    address = reverse("communications:programme-clone", args=["plan"])
    assert "more than twenty years apart" in words(client.post(address, clone_answers()))
    with pytest.raises(TooFarApart):
        clone_programme(**everything(plan))


def clone_answers(**changes) -> dict:
    return {
        "name": "The next valley", "first_day": "6", "first_month": "9", "first_year": "2027",
        "parts": [Part.STAGES, Part.SESSIONS, Part.SCOPE], **changes,
    }  # fmt: skip


def test_the_dates_are_seen_changed_and_made(plan):
    client = signed_in(PersonFactory(administrator=True))
    session = SessionFactory(programme=plan.programme, title="First")
    address = reverse("communications:programme-clone", args=["plan"])
    assert "What is taken along?" in words(client.get(address))
    assert "There is a problem" in words(client.post(address, clone_answers(name="")))
    seen = client.post(address, clone_answers())
    assert "Thu 26 Nov 2026" in words(seen)
    assert 'value="1 December 2027"' in seen.content.decode()
    assert Programme.objects.count() == 1
    dates = dates_of(plan.programme, clone_answers()["parts"], date(2027, 9, 6))
    typed = {each.key: f"{each.after:%-d %B %Y}" for each in dates} | {"do": "make"}
    key = f"session-{session.pk}"
    for far in (clone_answers(first_year="9999"), clone_answers(**typed | {key: "31 12 9999"})):
        assert "must be 2 November 2046 or earlier" in words(client.post(address, far))
    wrong = client.post(address, clone_answers(**typed | {key: "31 2 2028"}))
    assert wrong.status_code == 422
    assert "February 2028 has 29 days" in words(wrong)
    overlapping = typed | {f"ends-{plan.design.pk}": "31 12 2027"}
    assert "Stages follow one another" in words(client.post(address, clone_answers(**overlapping)))
    past = client.post(address, clone_answers(**typed | {key: "1/5/2026"}))
    assert "that half-day has begun" in words(past)
    page = client.post(address, clone_answers(**typed | {key: "2 12 2027"}), follow=True)
    assert "The programme is made" in words(page)
    assert Session.objects.get(programme__name="The next valley").date == date(2027, 12, 2)


def test_a_second_press_starts_nothing_twice_from_a_template(plan):
    client, address = signed_in(PersonFactory(administrator=True)), reverse("communications:template-start")
    begun = {
        "template": "pilot", "first_day": "7", "first_month": "1", "first_year": "2027", "name": "Next",
        "nation": "scotland", "purpose": "", "press": "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
    }  # fmt: skip
    assert [client.post(address, begun).status_code for _ in range(2)] == [302, 302]
    assert Programme.objects.count() == 2


def test_a_second_press_makes_no_second_programme(plan):
    client = signed_in(PersonFactory(administrator=True))
    address = reverse("communications:programme-clone", args=["plan"])
    dates = dates_of(plan.programme, [Part.STAGES], date(2027, 9, 6))
    press = {"do": "make", "press": "6ba7b810-9dad-11d1-80b4-00c04fd430c8"}
    typed = {each.key: f"{each.after:%-d %B %Y}" for each in dates} | press
    sent = [client.post(address, clone_answers(parts=[Part.STAGES], **typed)) for _ in range(2)]
    assert [response["Location"] for response in sent] == ["/programmes/the-next-valley/plan/"] * 2
    assert Programme.objects.count() == 2


@pytest.mark.parametrize("typed", WORDS.values(), ids=WORDS.keys())
def test_hostile_words_in_a_clone_are_refused_or_kept_as_they_are(plan, typed):
    client = signed_in(PersonFactory(administrator=True))
    address = reverse("communications:programme-clone", args=["plan"])
    for answers in (clone_answers(name=typed), clone_answers(first_day=typed), clone_answers(parts=[typed])):
        assert client.post(address, answers).status_code in (200, 422)
    key = f"begins-{plan.design.pk}"
    assert client.post(address, clone_answers(**{key: typed, "do": "make"})).status_code == 422
