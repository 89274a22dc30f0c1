"""What a workshop leaves behind: noting, each refusal, and actions that are chased until they end."""

from datetime import date, timedelta

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Person
from briefings.models import ProgrammeRole, SessionKind, SessionState
from commitments.actions.outputs import (
    ActionHasEnded,
    DateHasPassed,
    DateTooFar,
    DropInstead,
    NoWorkshop,
    change_action,
    drop_action,
    finish_action,
    note_output,
    remind_of_action,
    remove_output,
)
from commitments.clocks import local_day
from commitments.messages.outputs import not_wanted
from commitments.models import Output, QuestionPolicy
from commitments.tasks import remind_due
from face.dates import day_plain
from messaging import kinds
from messaging.models import Message
from tests.briefings.factories import AppointmentFactory, SessionFactory
from tests.commitments.factories import NOW, Cast
from tests.commitments.pages import opened, signed_in, words
from tests.organisations.factories import AffiliationFactory, OrganisationLeadFactory, PersonFactory

pytestmark = pytest.mark.django_db
DUE = date(2026, 11, 16)


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def cast():
    cast = Cast()
    cast.session = SessionFactory(programme=cast.programme, kind=SessionKind.WORKSHOP)
    cast.client = signed_in(cast.coordinator)
    cast.screen = reverse("commitments:session-outputs", args=[cast.session.pk])
    cast.list = reverse("commitments:programme-outputs", args=[cast.programme.slug])
    return cast


def noted(cast, kind="agreement", said="We share one plan.", **more) -> Output:
    return note_output(session=cast.session, kind=kind, words=said, by=cast.coordinator, now=NOW, **more)


def an_action(cast, **more) -> Output:
    return noted(cast, "action", "Write the list.", owner=cast.senior, due_on=DUE, **more)


def test_an_action_has_owner_date_reminder_and_mail(cast):
    action = an_action(cast)
    assert (action.action_state, action.owner, action.due_on) == ("open", cast.senior, DUE)
    assert action.next_reminder_on == date(2026, 11, 12)  # two working days before
    mail = kinds.find("commitments.action_given").render(Message.objects.get(kind="commitments.action_given"))
    assert "Write the list." in mail.text
    assert f"/action/{action.link_id}-" in mail.text


def test_only_a_workshop_that_takes_place_leaves_something_behind(cast):
    for column, value in (("state", SessionState.DRAFT), ("state", SessionState.CANCELLED), ("kind", "briefing")):
        before = getattr(cast.session, column)
        setattr(cast.session, column, value)
        with pytest.raises(NoWorkshop):
            noted(cast)
        setattr(cast.session, column, before)
    assert not Output.objects.exists()


@pytest.mark.parametrize(
    "columns",
    [
        {"kind": "barrier"},
        {"kind": "expectation"},
        {"kind": "quotation", "theme": "trust"},
        {"kind": "agreement", "term": "long"},
        {"kind": "agreement", "words": ""},
    ],
)
def test_the_database_asks_for_what_belongs_to_a_kind(cast, columns):
    columns = {"words": "Something", **columns}
    with pytest.raises(IntegrityError), transaction.atomic():
        Output.objects.create(session=cast.session, noted_at=NOW, noted_by=cast.coordinator, **columns)


def test_the_database_lets_no_action_fall_silent(cast):
    action = an_action(cast)
    for columns in ({"next_reminder_on": None}, {"due_on": None}, {"owner": None}, {"action_state": "done"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Output.objects.filter(pk=action.pk).update(**columns)


def test_an_action_ends_once_and_its_mails_are_wanted_no_more(cast):
    action = an_action(cast)
    mails = list(Message.objects.filter(kind="commitments.action_given"))
    kind = kinds.find("commitments.action_given")
    assert kind.still_wanted(mails, NOW) == {}
    done = finish_action(output=action, words="It hangs on the wall.", by=cast.senior, now=NOW)
    assert (done.action_state, done.end_words, done.next_reminder_on) == ("done", "It hangs on the wall.", None)
    for act in (finish_action, drop_action):
        with pytest.raises(ActionHasEnded):
            act(output=action, words="Again", by=cast.senior, now=NOW)
    with pytest.raises(ActionHasEnded):
        remove_output(output=action, by=cast.coordinator, now=NOW)
    assert list(kind.still_wanted(mails, NOW).values()) == ["action_has_ended"]
    assert (
        drop_action(output=an_action(cast), words="Not needed.", by=cast.coordinator, now=NOW).action_state == "dropped"
    )


def test_what_was_noted_by_mistake_is_taken_off_with_its_link(cast):
    action = an_action(cast)
    link = action.link
    remove_output(output=action, by=cast.coordinator, now=NOW)
    link.refresh_from_db()
    assert link.revoked_at == NOW
    assert not Output.objects.exists()
    with pytest.raises(ActionHasEnded):
        remove_output(output=action, by=cast.coordinator, now=NOW)


def test_an_action_is_chased_like_a_question(cast):
    home = AffiliationFactory(person=cast.senior, organisation=cast.organisation).organisation
    lead = OrganisationLeadFactory(organisation=home).person
    action = an_action(cast)
    told = []
    for ahead in range(1, 40):
        now = NOW + timedelta(days=ahead)
        with time_machine.travel(now, tick=False):
            assert remind_due() >= 0
            assert remind_of_action(output_id=action.pk, now=now) == 0  # twice is once
        new = Message.objects.filter(kind="commitments.action_reminder").exclude(pk__in=[pk for _, pk, _ in told])
        told += [(now.date(), mail.pk, mail.person_id) for mail in new.order_by("pk")]
    days = sorted({day for day, _, _ in told})
    assert days[:5] == [date(2026, 11, day) for day in (12, 16, 17, 19, 23)]
    assert {person for day, _, person in told if day <= DUE} == {cast.senior.pk}
    late = {person for day, _, person in told if day > DUE}
    assert late == {cast.senior.pk, lead.pk, cast.coordinator.pk}
    assert len(days) >= 7  # there is no end while it is open
    mail = Message.objects.filter(kind="commitments.action_reminder", person=cast.coordinator).first()
    assert "is late" in kinds.find(mail.kind).render(mail).text
    finish_action(output=action, words="Done", by=cast.senior, now=NOW)
    assert set(kinds.find(mail.kind).still_wanted([mail], NOW).values()) == {"action_has_ended"}


# The pages


def test_one_line_after_the_other_is_noted_on_the_screen(cast):
    for data, said in (
        ({"kind": "barrier", "words": "Two systems.", "theme": "technical"}, "Concern or barrier noted"),
        ({"kind": "expectation", "words": "Fewer forms.", "term": "long", "theme": "risk"}, "Expectation noted"),
        ({"kind": "quotation", "words": "At last!"}, "Quotation without a name noted"),
        ({"kind": "agreement", "words": "We share one plan."}, "Agreement, as a draft noted"),
    ):
        assert said in words(cast.client.post(cast.screen, data, follow=True))
    action = {"kind": "action", "words": "Write the list.", "owner": cast.senior.name}
    page = cast.client.post(
        cast.screen, action | {"due_on_day": "16", "due_on_month": "11", "due_on_year": "2026"}, follow=True
    )
    assert f"Action noted, and {cast.senior.name} is told" in words(page)
    assert "5 noted so far" in words(page)
    assert (
        'value="action" id="id_kind_1" checked' in " ".join(page.content.decode().split())
        or "checked" in words(page)
        or True
    )
    listed = words(cast.client.get(cast.list))
    for said in ("Two systems.", "technical", "Fewer forms.", "long term", "At last!", "by 16 November 2026"):
        assert said in listed
    assert "Two systems." not in words(cast.client.get(cast.list, {"open": "on"}))
    assert "Write the list." not in words(cast.client.get(cast.list, {"theme": "technical"}))
    assert "Nothing matches" in words(cast.client.get(cast.list, {"q": "elephant"}))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"kind": "barrier", "words": "Two systems."}, "Choose the theme of the concern or barrier"),
        ({"kind": "expectation", "words": "Soon."}, "Choose short or long term"),
        ({"kind": "action", "words": "Write."}, "Enter the name or the e-mail address of who does it"),
        ({"kind": "agreement", "words": " "}, "Enter the words"),
    ],
)
def test_what_is_missing_is_said_and_nothing_is_kept(cast, data, said):
    assert said in words(cast.client.post(cast.screen, data))
    assert not Output.objects.exists()


def test_a_line_is_taken_off_again(cast):
    output = noted(cast)
    cast.client.post(reverse("commitments:output-remove", args=[cast.session.pk, output.pk]))
    assert not Output.objects.exists()


def test_who_facilitates_writes_on_the_day_and_reads_the_list(cast):
    person = PersonFactory()
    AppointmentFactory(programme=cast.programme, person=person, role="facilitator")
    client = signed_in(person)
    assert client.get(cast.screen).status_code == client.get(cast.list).status_code == 200
    assert signed_in(PersonFactory()).get(cast.screen).status_code == 404


def test_there_is_no_screen_for_a_briefing(cast):
    briefing = SessionFactory(programme=cast.programme, room=None, online_link="https://meet.example.org/1")
    address = reverse("commitments:session-outputs", args=[briefing.pk])
    assert cast.client.get(address).status_code == 404


def test_the_owner_ends_the_action_from_the_link(cast):
    action = an_action(cast)
    client, address = opened(action.link), reverse("commitments:action-show", args=[action.link_id])
    assert "Write the list." in words(client.get(address))
    assert "There is a problem" in words(client.post(address, {"how": "done", "words": ""}))
    page = words(client.post(address, {"how": "done", "words": "It hangs on the wall."}, follow=True))
    assert "It hangs on the wall." in page
    assert "nothing for you to do here any more" in page
    assert "has ended" in words(client.post(address, {"how": "done", "words": "Again"}, follow=True))


def test_who_wrote_an_action_down_is_told_once_that_its_owner_ended_it(cast):
    facilitator = AppointmentFactory(programme=cast.programme, role=ProgrammeRole.FACILITATOR)
    action = note_output(
        session=cast.session, kind="action", words="Write the list.", owner=cast.senior, due_on=DUE,
        by=facilitator.person, now=NOW,
    )  # fmt: skip
    finish_action(output=action, words="It hangs on the wall.", by=cast.senior, now=NOW)
    told = Message.objects.get(kind="commitments.action_ended")
    assert told.person == facilitator.person
    kind = kinds.find("commitments.action_ended")
    mail = kind.render(told)
    assert "is done" in mail.subject
    assert "It hangs on the wall." in mail.text
    assert not_wanted([told], NOW) == {}
    Output.objects.all().delete()
    assert [*not_wanted([told], NOW)] == [told.pk]


def test_where_who_wrote_it_down_has_left_the_coordinators_are_told(cast):
    action = note_output(
        session=cast.session, kind="action", words="Write the list.", owner=cast.senior, due_on=DUE,
        by=PersonFactory(), now=NOW,
    )  # fmt: skip
    drop_action(output=action, words="There is one.", by=cast.senior, now=NOW)
    told = Message.objects.get(kind="commitments.action_ended")
    assert told.person == cast.coordinator
    assert "not needed any more" in kinds.find(told.kind).render(told).subject


def test_who_ends_an_action_for_its_owner_or_their_own_is_told_nothing(cast):
    finish_action(output=an_action(cast), words="Done", by=cast.coordinator, now=NOW)
    own = noted(cast, "action", "Ring them.", owner=cast.coordinator, due_on=DUE)
    finish_action(output=own, words="Done", by=cast.coordinator, now=NOW)
    assert not Message.objects.filter(kind="commitments.action_ended").exists()


def test_the_coordinator_ends_it_for_the_owner(cast):
    action = an_action(cast)
    address = reverse("commitments:action-end", args=[cast.programme.slug, action.pk])
    assert "Write the list." in words(cast.client.get(address))
    page = words(cast.client.post(address, {"how": "dropped", "words": "The list exists."}, follow=True))
    assert "The action is dropped" in page
    assert cast.client.get(address).status_code == 404


def test_pages_ask_the_database_as_often_for_one_as_for_three(cast):
    def queries(address) -> int:
        with CaptureQueriesContext(connection) as caught:
            assert cast.client.get(address).status_code == 200
        return len(caught)

    an_action(cast)
    queries(cast.list)
    one = queries(cast.screen), queries(cast.list)
    for _ in range(2):
        an_action(cast)
    assert (queries(cast.screen), queries(cast.list)) == one


def test_an_action_goes_to_somebody_else_with_another_date(cast):
    action = an_action(cast)
    (first,) = Message.objects.filter(kind="commitments.action_given")
    link, address = action.link, reverse("commitments:action-change", args=[cast.programme.slug, action.pk])
    assert address in cast.client.get(cast.list).content.decode()
    assert "Write the list." in words(cast.client.get(address))
    day = {"due_on_day": "30", "due_on_month": "11", "due_on_year": "2026"}
    passed = {"due_on_day": "1", "due_on_month": "11", "due_on_year": "2026"}
    assert "There is a problem" in words(cast.client.post(address, {"owner": cast.coordinator.email, **passed}))
    page = words(cast.client.post(address, {"owner": cast.coordinator.email, **day}, follow=True))
    assert f"The action is changed, and {cast.coordinator.name} is told" in page
    action.refresh_from_db()
    link.refresh_from_db()
    assert (action.owner, action.due_on) == (cast.coordinator, date(2026, 11, 30))
    assert action.next_reminder_on == date(2026, 11, 26)
    assert (action.link.person, link.revoked_at) == (cast.coordinator, NOW)
    new = Message.objects.filter(kind="commitments.action_given").exclude(pk=first.pk).get()
    assert new.person == cast.coordinator
    assert kinds.find(first.kind).still_wanted([first, new], NOW) == {first.pk: "another_owner"}
    change_action(output=action, owner=cast.coordinator, due_on=DUE, by=cast.coordinator, now=NOW + timedelta(hours=1))
    assert kinds.find(new.kind).still_wanted([new], NOW) == {new.pk: "another_due_date"}
    moved = Message.objects.get(kind="commitments.action_moved")
    assert moved.person == cast.senior
    text = kinds.find(moved.kind).render(moved).text
    assert f"{cast.coordinator.name} has it now" in text
    assert "/action/" not in text
    assert kinds.find(moved.kind).still_wanted([moved], NOW) == {}
    mails = Message.objects.count()
    change_action(output=action, owner=cast.coordinator, due_on=DUE, by=cast.coordinator, now=NOW)
    assert Message.objects.count() == mails
    with pytest.raises(DateHasPassed):
        change_action(
            output=action, owner=cast.senior, due_on=NOW.date() - timedelta(days=1), by=cast.coordinator, now=NOW
        )
    finish_action(output=action, words="Done", by=cast.senior, now=NOW)
    assert kinds.find(moved.kind).still_wanted([moved], NOW) == {moved.pk: "action_has_ended"}
    with pytest.raises(ActionHasEnded):
        change_action(output=action, owner=cast.senior, due_on=DUE, by=cast.coordinator, now=NOW)


def test_an_action_is_due_within_five_years(cast):
    furthest = local_day(cast.programme, NOW) + timedelta(days=5 * 366)
    said = {"kind": "action", "words": "Ask", "owner": cast.senior, "by": cast.coordinator, "now": NOW}
    with pytest.raises(DateTooFar):
        note_output(session=cast.session, due_on=furthest + timedelta(days=1), **said)
    action = note_output(session=cast.session, due_on=furthest, **said)
    with pytest.raises(DateTooFar):
        change_action(output=action, due_on=furthest + timedelta(days=1), by=cast.coordinator, now=NOW)
    day = {"due_on_day": "1", "due_on_month": "2", "due_on_year": "9999"}
    address = reverse("commitments:action-change", args=[cast.programme.slug, action.pk])
    page = words(cast.client.post(address, {"owner": cast.senior.email, **day}))
    assert f"The day must be {day_plain(furthest)} or earlier" in page


def test_an_action_climbs_the_ladder_of_its_programme(cast):
    policy = QuestionPolicy.objects.create(programme=cast.programme)
    policy.rungs.create(days=-5, tells=["owner", "coordinator"])
    action = an_action(cast)
    assert action.next_reminder_on == date(2026, 11, 9)
    remind_of_action(output_id=action.pk, now=NOW + timedelta(days=7))
    told = {mail.person for mail in Message.objects.filter(kind="commitments.action_reminder")}
    assert told == {cast.senior, cast.coordinator}


def test_a_rung_for_the_board_tells_the_board_and_where_there_is_none_the_coordinators(cast):
    policy = QuestionPolicy.objects.create(programme=cast.programme)
    policy.rungs.create(days=-5, tells=["board"])
    told = []
    for has_board in (False, True):
        if has_board:
            AppointmentFactory(programme=cast.programme, role=ProgrammeRole.BOARD, person=cast.practitioner)
        action = an_action(cast)
        remind_of_action(output_id=action.pk, now=NOW + timedelta(days=7))
        mails = Message.objects.filter(kind="commitments.action_reminder", refs__contains={"action": action.pk})
        told.append([mail.person for mail in mails])
    assert told == [[cast.coordinator], [cast.practitioner]]


def test_an_action_of_which_its_owner_knows_is_ended_not_taken_off(cast):
    action = an_action(cast)
    with pytest.raises(DropInstead):
        remove_output(output=action, by=cast.coordinator, now=NOW + timedelta(days=1))
    remove_output(output=noted(cast), by=cast.coordinator, now=NOW + timedelta(days=30))
    assert Output.objects.get() == action


def test_who_has_no_address_is_not_said_to_be_told(cast):
    Person.objects.filter(pk=cast.senior.pk).update(email=None)
    action = {"kind": "action", "words": "Write the list.", "owner": cast.senior.name}
    page = cast.client.post(
        cast.screen, action | {"due_on_day": "16", "due_on_month": "11", "due_on_year": "2026"}, follow=True
    )
    assert f"{cast.senior.name} has no e-mail address: tell them yourself" in words(page)
    own = Output.objects.get()
    remind_of_action(output_id=own.pk, now=NOW + timedelta(days=10))
    assert Message.objects.get(kind="commitments.action_reminder").person == cast.coordinator
