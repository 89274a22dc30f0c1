"""Telling people what became of it: drafted from what is there, refused while it names anybody, approved, sent once."""

import re
from datetime import date, timedelta
from uuid import uuid4

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from accounts.links import address_of, make_link
from accounts.models import Person
from attendance.models import Attendance, Outcome, Place, PlaceState, WalkIn
from briefings.models import Programme, ProgrammeRole, SessionPart
from commitments.actions import telling as actions
from commitments.actions.assurances import confirm_kept, end_assurance, note_assurance, propose_kept
from commitments.actions.outputs import note_output
from commitments.actions.policies import name_holder
from commitments.actions.questions import (
    commission,
    merge,
    pause_clock,
    publish_answer,
    put_out_of_scope,
    redact,
    say_unanswered,
)
from commitments.actions.questions.redaction import GONE, without
from commitments.messages import telling as messages
from commitments.models import (
    Audience,
    LiveRoom,
    Question,
    RoomQuestion,
    Section,
    Telling,
    TellingKind,
    TellingState,
)
from commitments.publishing import Why
from commitments.queries import telling as queries
from commitments.queries.telling import findings_of, names_known, seal_of
from history.queries import timeline
from messaging import kinds
from messaging.delivery import deliver_due
from messaging.models import Message
from tests.briefings.factories import AppointmentFactory, SessionFactory
from tests.commitments.factories import NOW, Cast
from tests.commitments.pages import opened, signed_in, words
from tests.organisations.factories import AffiliationFactory, OrganisationLeadFactory, PersonFactory

pytestmark = pytest.mark.django_db
DUE = date(2026, 12, 1)


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def cast():
    cast = Cast()
    cast.second = AppointmentFactory(programme=cast.programme, role=ProgrammeRole.COORDINATOR).person
    cast.session = SessionFactory(programme=cast.programme)
    return cast


def answered(cast, audience=Audience.PUBLIC, said="Where is the plan kept?", told="In the shared record.", **options):
    question = cast.commissioned(words=said, **options).question
    publish_answer(question=question, words=told, audience=audience, by=cast.senior, now=NOW)
    return question


def drafted(cast, kind=TellingKind.ANSWERED, **options) -> Telling:
    return actions.draft_telling(programme=cast.programme, kind=kind, by=cast.coordinator, now=NOW, **options)


def proposed(cast) -> Telling:
    answered(cast)
    return actions.propose_telling(telling=drafted(cast), by=cast.coordinator, now=NOW)


def published(cast) -> Telling:
    own = proposed(cast)
    return actions.publish_telling(telling=own, seen=seal_of(own), by=cast.second, now=NOW)


def changes(own, words, *, by, intro="", seen=None) -> Telling:
    return actions.change_telling(
        telling=own, intro=intro, words=words, seen=seal_of(own) if seen is None else seen, by=by, now=NOW
    )


def came(cast, session=None, outcome=Outcome.ATTENDED, **person):
    """Somebody whom the register of ``session`` knows."""
    session, who = session or cast.session, PersonFactory(**person)
    place = Place.objects.create(
        session=session, person=who, organisation=cast.organisation, state=PlaceState.BOOKED, seated_at=NOW,
        reference=f"P-{who.pk}", made_at=NOW, made_by="clock",
    )  # fmt: skip
    Attendance.objects.create(
        session=session, place=place, person=who, organisation=cast.organisation, outcome=outcome, noted_at=NOW
    )
    return who


def items(telling) -> list[tuple[str, str, str]]:
    return [(item.section, item.said, item.told) for item in telling.items.all()]


def told(kind=messages.TOLD) -> set[int]:
    return set(Message.objects.filter(kind=kind).values_list("person_id", flat=True))


def of(name, own):
    return reverse(f"commitments:telling-{name}", args=[own.pk])


# Drafting


def test_you_asked_is_drafted_from_what_everybody_may_read_and_what_is_open(cast):
    answered(cast)
    answered(cast, audience=Audience.ASKER, said="Mine alone?", told="Yours.")
    aside = cast.question(words="What about pay?")
    put_out_of_scope(question=aside, reason="Pay is for each employer.", by=cast.coordinator, now=NOW)
    waiting = cast.commissioned(words="Who may open it at night?").question
    cast.question(words="Nobody has looked at this one")
    name = cast.organisation.name
    assert items(drafted(cast)) == [
        (Section.DONE, "Where is the plan kept?", f"{name}: In the shared record."),
        (Section.NO, "What about pay?", "Pay is for each employer."),
        (Section.OPEN, waiting.words, f"{name} owes the answer, by 16 November 2026."),
    ]


def test_you_said_is_drafted_from_what_was_kept_what_was_not_and_what_stands(cast):
    question = answered(cast)
    options = {"mandate": cast.mandate, "due_on": DUE, "by": cast.senior, "now": NOW}
    kept = note_assurance(words="A room is found.", questions=[question], **options)
    propose_kept(assurance=kept, evidence="The room is open.", by=cast.senior, now=NOW)
    confirm_kept(assurance=kept, by=cast.coordinator, now=NOW)
    lost = note_assurance(words="Laptops come.", for_everybody=True, **options)
    end_assurance(assurance=lost, state="not_kept", reason="There was no budget.", by=cast.coordinator, now=NOW)
    note_assurance(words="We meet monthly.", for_everybody=True, is_ongoing=True, **options)
    note_assurance(words="Never confirmed", for_everybody=True, **options | {"by": cast.coordinator})
    found = items(drafted(cast, kind=TellingKind.DID))
    assert [(section, said) for section, said, _ in found] == [
        (Section.DONE, question.words),
        (Section.NO, "Laptops come."),
        (Section.OPEN, "We meet monthly."),
    ]
    assert found[0][2].endswith("“A room is found.”\n\nThe room is open.")
    assert found[1][2].endswith("There was no budget.")
    assert found[2][2].endswith("It is reviewed on 1 December 2026.")


def test_what_is_late_is_told_as_late(cast):
    cast.commissioned(words="Who may open it at night?")
    options = {"mandate": cast.mandate, "due_on": DUE, "by": cast.senior, "now": NOW}
    note_assurance(words="Laptops come.", for_everybody=True, **options)
    after = NOW + timedelta(days=60)
    (asked,) = items(
        actions.draft_telling(programme=cast.programme, kind=TellingKind.ANSWERED, by=cast.coordinator, now=after)
    )
    (said,) = items(
        actions.draft_telling(programme=cast.programme, kind=TellingKind.DID, by=cast.coordinator, now=after)
    )
    assert asked[2] == f"{cast.organisation.name} owes the answer. It was due on 16 November 2026, and is late."
    assert said[2].endswith("It was to be kept by 1 December 2026. It is late.")


def test_of_what_waits_no_day_is_told_on_which_it_is_not_due(cast):
    question = cast.commissioned(words="Who may open it at night?").question
    until = (NOW + timedelta(days=11)).date()
    pause_clock(question=question, until=until, reason="We wait", by=cast.coordinator, now=NOW)
    (asked,) = items(
        actions.draft_telling(programme=cast.programme, kind=TellingKind.ANSWERED, by=cast.coordinator, now=NOW)
    )
    waits = "It waits for now, until 13 November 2026 at the latest."
    assert asked[2] == f"{cast.organisation.name} owes the answer. {waits}"


@pytest.mark.parametrize("ends", [False, True], ids=["open again", "out of scope"])
def test_what_is_open_again_is_told_to_no_wider_circle_than_its_answer(cast, ends):
    for audience in Audience.values:
        question = answered(cast, audience=audience, said=f"Asked by {audience}?", session=cast.session)
        question.refresh_from_db()
        say_unanswered(asker=question.askers.get(), by=cast.practitioner, now=NOW)
        if ends:
            put_out_of_scope(question=question, reason="Not ours.", by=cast.coordinator, now=NOW)
    alone = {f"Asked by {Audience.PRACTITIONERS}?": True, f"Asked by {Audience.PUBLIC}?": False}
    told = drafted(cast).items.values_list("said", "for_attended")
    assert dict(told) == alone
    told = drafted(cast, session=cast.session).items.values_list("said", "for_attended")
    assert dict(told) == alone | {f"Asked by {Audience.ATTENDERS}?": True}


def test_one_session_tells_what_is_its_own(cast):
    answered(cast, said="Asked elsewhere")
    answered(cast, said="Asked here", session=cast.session)
    assert [said for _, said, _ in items(drafted(cast, session=cast.session))] == ["Asked here"]


def test_nothing_is_no_telling_and_a_stranger_drafts_none(cast):
    with pytest.raises(actions.NothingToTell):
        drafted(cast)
    answered(cast)
    with pytest.raises(actions.NotTheirs):
        actions.draft_telling(programme=cast.programme, kind=TellingKind.ANSWERED, by=cast.senior, now=NOW)


def test_what_was_told_before_is_left_out_unless_it_is_otherwise_now(cast):
    again, better = answered(cast, said="Told?"), answered(cast, said="Better?")
    cast.commissioned(words="Open?")
    own = actions.propose_telling(telling=drafted(cast), by=cast.coordinator, now=NOW)
    actions.publish_telling(telling=own, seen=seal_of(own), by=cast.second, now=NOW)
    options = {"words": "In better words.", "audience": Audience.PUBLIC, "by": cast.senior}
    publish_answer(question=better, now=NOW + timedelta(hours=1), **options)
    answered(cast, said="New?", session=cast.session)
    draft = {"programme": cast.programme, "by": cast.coordinator, "now": NOW, "kind": TellingKind.ANSWERED}
    said = {item.said for item in actions.draft_telling(only_new=True, **draft).items.all()}
    assert said == {"Better?", "New?", "Open?"}
    assert again.words in {item.said for item in actions.draft_telling(**draft).items.all()}
    of_session = actions.draft_telling(session=cast.session, **draft)
    of_session = actions.propose_telling(telling=of_session, by=cast.coordinator, now=NOW)
    actions.publish_telling(telling=of_session, seen=seal_of(of_session), by=cast.second, now=NOW)
    assert "New?" in {item.said for item in actions.draft_telling(only_new=True, **draft).items.all()}
    with pytest.raises(actions.NothingToTell):
        actions.draft_telling(session=cast.session, only_new=True, **draft)


def test_much_that_is_done_leaves_room_for_what_is_not(cast, monkeypatch):
    monkeypatch.setattr(queries, "MOST_ITEMS", 4)
    monkeypatch.setattr(queries, "MOST_OF_OTHERS", 1)
    for number in range(5):
        answered(cast, said=f"Told {number}?")
    for _ in range(2):
        aside = cast.question(words="What about pay?")
        put_out_of_scope(question=aside, reason="Ask your employer.", by=cast.coordinator, now=NOW)
        cast.commissioned(words="Open?")
    own = drafted(cast)
    assert [section for section, _, _ in items(own)] == ["done", "done", "no", "open"]
    monkeypatch.setattr("commitments.views.telling.MOST_ITEMS", 4)
    assert "It holds 4 items at the most" in words(signed_in(cast.coordinator).get(of("show", own)))


# What stands in the way


@pytest.mark.parametrize("role", ["senior", "practitioner", "coordinator", "attender"])
def test_a_name_of_anybody_whom_the_programme_knows_stops_it(cast, role):
    who = came(cast) if role == "attender" else getattr(cast, role)
    who.name = "Amina Samplewood"
    who.save(update_fields=["name"])
    answered(cast, told="Amina Samplewood has it, at team@example.org, for 3 nurses.")
    own = drafted(cast)
    with pytest.raises(actions.NotPublishable) as caught:
        actions.propose_telling(telling=own, by=cast.coordinator, now=NOW)
    assert [(each.why, each.where) for each in caught.value.findings] == [
        (why, "“What we answered”, number 1, what we tell") for why in (Why.NAME, Why.ADDRESS, Why.CELL)
    ]


def test_somebody_whom_the_programme_does_not_know_is_no_finding(cast):
    PersonFactory(name="Bertram Fictional")
    answered(cast, told="Bertram Fictional has it.")
    assert actions.propose_telling(telling=drafted(cast), by=cast.coordinator, now=NOW).state == TellingState.PROPOSED


def test_it_is_looked_through_again_when_it_is_published(cast):
    own = proposed(cast)
    own.items.update(told="Ask at LE1 5WW.")
    with pytest.raises(actions.NotPublishable):
        actions.publish_telling(telling=own, seen=seal_of(own), by=cast.second, now=NOW)
    assert Message.objects.filter(kind=messages.TOLD).count() == 0


def test_a_word_that_means_something_else_is_said_to_and_a_name_cannot_be(cast):
    cast.senior.name = "Will May"
    cast.senior.save(update_fields=["name"])
    answered(cast, told="In May. Will May says so.")
    own = drafted(cast)
    own = actions.say_meant_otherwise(telling=own, words=["May", "Will May", "Tea"], by=cast.coordinator, now=NOW)
    assert own.meant_otherwise == ["May"]
    with pytest.raises(actions.NotPublishable) as caught:
        actions.propose_telling(telling=own, by=cast.coordinator, now=NOW)
    assert [each.words for each in caught.value.findings] == ["Will May"]


# Approving, publishing, sending


def test_a_second_person_approves_and_those_who_attended_are_told_once(cast):
    there, part = came(cast), came(cast, outcome=Outcome.IN_PART)
    came(cast, outcome=Outcome.ABSENT)
    came(cast, is_active=False)
    other = SessionFactory(programme=cast.programme, date=cast.session.date + timedelta(days=1))
    elsewhere = came(cast, session=other)
    own = proposed(cast)
    assert told(messages.TO_APPROVE) == {cast.second.pk}
    with pytest.raises(actions.OwnWords):
        actions.publish_telling(telling=own, seen=seal_of(own), by=cast.coordinator, now=NOW)
    with pytest.raises(actions.NotTheirs):
        actions.publish_telling(telling=own, seen=seal_of(own), by=cast.senior, now=NOW)
    own = actions.publish_telling(telling=own, seen=seal_of(own), by=cast.second, now=NOW)
    assert (own.state, own.approved_by, own.had_nobody_else) == (TellingState.PUBLISHED, cast.second, False)
    assert told() == {there.pk, part.pk, elsewhere.pk}
    with pytest.raises(actions.NotNow):
        actions.publish_telling(telling=own, seen=seal_of(own), by=cast.second, now=NOW)
    messages.send_to_attended(own, now=NOW)
    assert Message.objects.filter(kind=messages.TOLD).count() == 3
    text = kinds.find(messages.TOLD).render(Message.objects.filter(kind=messages.TOLD).first()).text
    assert "“Where is the plan kept?”" in text
    assert f"/programmes/{cast.programme.slug}/told/{own.pk}/" in text


def test_only_who_came_to_that_session_is_told_of_it(cast):
    answered(cast, session=cast.session)
    there = came(cast)
    came(cast, session=SessionFactory(programme=cast.programme, date=cast.session.date + timedelta(days=1)))
    own = actions.propose_telling(telling=drafted(cast, session=cast.session), by=cast.coordinator, now=NOW)
    actions.publish_telling(telling=own, seen=seal_of(own), by=cast.second, now=NOW)
    assert told() == {there.pk}


def test_where_there_is_no_second_person_that_is_kept(cast):
    own = proposed(cast)
    cast.programme.appointments.filter(person=cast.second).update(until=NOW.date())
    own = actions.publish_telling(telling=own, seen=seal_of(own), by=cast.coordinator, now=NOW)
    assert (own.approved_by, own.had_nobody_else) == (cast.coordinator, True)


def test_who_drafted_it_approves_it_only_where_everybody_else_wrote_of_it_too(cast):
    own = proposed(cast)
    item = own.items.get()
    own = changes(own, [actions.Words(item.pk, item.said, "In the record.")], by=cast.second)
    third = AppointmentFactory(programme=cast.programme, role=ProgrammeRole.COORDINATOR)
    own = actions.propose_telling(telling=own, by=cast.second, now=NOW)
    assert actions.approvers_of(own, NOW) == [third.person]
    for author in (cast.coordinator, cast.second):
        with pytest.raises(actions.OwnWords):
            actions.publish_telling(telling=own, seen=seal_of(own), by=author, now=NOW)
    page = words(signed_in(cast.coordinator).get(of("show", own)))
    assert f"It waits for another coordinator: {third.person.name}" in page
    third.delete()
    with pytest.raises(actions.OwnWords):
        actions.publish_telling(telling=own, seen=seal_of(own), by=cast.second, now=NOW)
    own = actions.publish_telling(telling=own, seen=seal_of(own), by=cast.coordinator, now=NOW)
    assert (own.approved_by, own.had_nobody_else) == (cast.coordinator, True)


def test_an_administrator_who_wrote_nothing_of_it_approves_and_one_who_did_does_not(cast):
    administrator = PersonFactory(is_administrator=True)
    own = proposed(cast)
    item = own.items.get()
    own = changes(own, [actions.Words(item.pk, item.said, "In the record.")], by=administrator)
    own = actions.propose_telling(telling=own, by=administrator, now=NOW)
    with pytest.raises(actions.OwnWords):
        actions.publish_telling(telling=own, seen=seal_of(own), by=administrator, now=NOW)
    other = PersonFactory(is_administrator=True)
    assert actions.publish_telling(telling=own, seen=seal_of(own), by=other, now=NOW).approved_by == other


def test_changing_it_makes_it_a_draft_again_and_the_words_those_of_who_changed_it(cast):
    own = proposed(cast)
    item = own.items.get()
    changed = [actions.Words(item.pk, item.said, "In the record."), actions.Words(item.pk + 99, "?", "?")]
    own = changes(own, changed, by=cast.second, intro="Thank you.")
    assert (own.state, own.changed_by, own.items.get().told) == (TellingState.DRAFT, cast.second, "In the record.")
    own = actions.propose_telling(telling=own, by=cast.second, now=NOW)
    assert told(messages.TO_APPROVE) == {cast.second.pk, cast.coordinator.pk}
    with pytest.raises(actions.OwnWords):
        actions.publish_telling(telling=own, seen=seal_of(own), by=cast.second, now=NOW)
    left_out = [actions.Words(item.pk, item.said, item.told, is_left_out=True)]
    own = changes(own, left_out, by=cast.second)
    with pytest.raises(actions.NothingToTell):
        actions.propose_telling(telling=own, by=cast.second, now=NOW)


def test_what_is_published_is_not_changed_and_can_be_taken_off(cast):
    own = published(cast)
    with pytest.raises(actions.NotNow):
        changes(own, [], by=cast.second)
    came(cast)
    messages.send_to_attended(own, now=NOW)
    batch = list(Message.objects.filter(kind=messages.TOLD))
    assert messages.not_wanted(batch, NOW) == {}
    own = actions.withdraw_telling(telling=own, reason="It was wrong.", by=cast.coordinator, now=NOW)
    assert (own.state, own.end_reason) == (TellingState.WITHDRAWN, "It was wrong.")
    assert [*messages.not_wanted(batch, NOW).values()] == ["telling_has_moved_on"] * len(batch)
    with pytest.raises(actions.NotNow):
        actions.withdraw_telling(telling=own, reason="?", by=cast.coordinator, now=NOW)


def test_the_database_wants_a_second_person_or_that_there_was_none(cast):
    own = published(cast)
    with pytest.raises(IntegrityError, match="telling_approved_by_another"), transaction.atomic():
        Telling.objects.filter(pk=own.pk).update(approved_by=own.changed_by)
    with pytest.raises(IntegrityError, match="telling_approved_by_another"), transaction.atomic():
        Telling.objects.filter(pk=own.pk).update(changed_by=cast.senior, approved_by=own.drafted_by)
    Telling.objects.filter(pk=own.pk).update(approved_by=own.changed_by, had_nobody_else=True)


# Pages


def test_from_draft_to_the_public_page(cast):
    cast.senior.name = "Will May"
    cast.senior.save(update_fields=["name"])
    answered(cast, told="Ask 3 nurses in May.")
    client = signed_in(cast.coordinator, fresh=True)
    address = reverse("commitments:telling-list", args=[cast.programme.slug])
    assert "Nothing was told yet" in words(client.get(address))
    assert "There is a problem" in words(client.post(address, {"kind": "other"}))
    page = client.post(address, {"kind": "answered"}, follow=True)
    own = Telling.objects.get()
    assert "3 nurses : a figure under five, in “What we answered”, number 1, what we tell" in words(page)
    assert "It cannot be published while" in words(client.post(of("propose", own), follow=True))
    assert client.post(of("otherwise", own), {"words": ["May"]}).status_code == 302
    item = own.items.get()
    typed = {"intro": "Thank you.", "seen": seal_of(own), f"item{item.pk}-said": item.said, f"item{item.pk}-told": ""}
    assert "“What we answered”, number 1: enter what we tell" in words(client.post(of("change", own), typed))
    typed[f"item{item.pk}-told"] = "Ask in May."
    assert "Nothing stands in its way" in words(client.post(of("change", own), typed, follow=True))
    page = words(client.post(of("propose", own), follow=True))
    assert f"It waits for another coordinator: {cast.second.name}" in page
    assert signed_in(cast.second).get(of("publish", own)).url.startswith("/account/confirm/")
    second = signed_in(cast.second, fresh=True)
    assert "Approve and publish" in words(second.get(of("publish", own)))
    own.refresh_from_db()
    assert "It is published" in words(second.post(of("publish", own), {"seen": seal_of(own)}, follow=True))
    stranger = client.__class__()
    public = words(stranger.get(reverse("commitments:told-show", args=[cast.programme.slug, own.pk])))
    assert "You asked, we answered" in public
    assert "Ask in May." in public
    assert "You asked, we answered" in words(stranger.get(reverse("commitments:told-list", args=[cast.programme.slug])))
    assert "Say why" in words(client.post(of("withdraw", own), {}))
    assert "It was wrong." in words(client.post(of("withdraw", own), {"reason": "It was wrong."}, follow=True))
    gone = stranger.get(reverse("commitments:told-show", args=[cast.programme.slug, own.pk]))
    assert gone.status_code == 410
    assert "This page was taken off" in words(gone)
    assert not [each for each in ("Ask in May.", "It was wrong.") if each in words(gone)]
    dropped = drafted(cast)
    actions.withdraw_telling(telling=dropped, reason="Not yet.", by=cast.coordinator, now=NOW)
    for never in (dropped.pk, 0):
        address = reverse("commitments:told-show", args=[cast.programme.slug, never])
        assert stranger.get(address).status_code == 404


def test_a_programme_that_is_not_public_has_no_page_for_everybody(cast):
    own = published(cast)
    cast.programme.is_public = False
    cast.programme.save(update_fields=["is_public"])
    stranger = signed_in(PersonFactory())
    assert stranger.get(reverse("commitments:told-show", args=[cast.programme.slug, own.pk])).status_code == 404
    board = AppointmentFactory(programme=cast.programme, role=ProgrammeRole.BOARD).person
    assert signed_in(board).get(of("show", own)).status_code == 200


@pytest.mark.parametrize("name", ["telling-list", "told-list"])
def test_lists_ask_the_same_number_of_queries_for_one_and_for_three(cast, name, django_assert_max_num_queries):
    client, address = signed_in(cast.coordinator), reverse(f"commitments:{name}", args=[cast.programme.slug])
    published(cast)
    client.get(address)
    with django_assert_max_num_queries(40) as one:
        client.get(address)
    for _ in range(2):
        own = actions.propose_telling(telling=drafted(cast), by=cast.coordinator, now=NOW)
        actions.publish_telling(telling=own, seen=seal_of(own), by=cast.second, now=NOW)
    with django_assert_max_num_queries(len(one)):
        client.get(address)


def test_what_is_redacted_goes_from_what_was_told_and_from_its_mails(cast):
    came(cast)
    question = answered(cast, said="Where does Aurelia keep it?", told="In Bramble's office.")
    options = {"mandate": cast.mandate, "due_on": DUE, "by": cast.senior, "now": NOW}
    note_assurance(words="A room is found.", questions=[question], **options)
    promised = drafted(cast, kind=TellingKind.DID)
    own = actions.propose_telling(telling=drafted(cast), by=cast.coordinator, now=NOW)
    own = actions.publish_telling(telling=own, seen=seal_of(own), by=cast.second, now=NOW)
    deliver_due()
    assert Message.objects.get(kind=messages.TOLD).text
    said = "You asked: Where does Aurelia keep it?"
    Telling.objects.filter(pk=promised.pk).update(intro=said, meant_otherwise=["AURELIA", "Her", "May"])
    redact(what=question, words="[removed]", by=cast.coordinator, now=NOW)
    promised.items.update(said="Aurelia keeps what?")
    redact(what=question, words="[removed again]", by=cast.coordinator, now=NOW)
    redact(what=question.answers.get(), words="[gone]", by=cast.coordinator, now=NOW)
    assert items(own) == [(Section.DONE, "[removed again]", f"{cast.organisation.name}: [gone]")]
    assert items(promised)[0][1] == GONE
    promised.refresh_from_db()
    assert (promised.intro, promised.meant_otherwise) == ("You asked: [removed again]", ["Her", "May"])
    assert Message.objects.get(kind=messages.TOLD).text is None


@pytest.mark.parametrize(
    ("text", "before", "becomes"),
    [
        ("Nobody knows. No room.", "No", "Nobody knows. No room."),
        ("North Partner: No", "No", "North Partner: [gone]"),
        ("“No”\n\nNo\r\nNobody", "No", "“[gone]”\n\n[gone]\r\nNobody"),
        ("The planner: the plan is kept", "the plan", "The planner: [gone] is kept"),
        ("We asked (why?) and why?", "(why?)", "We asked [gone] and why?"),
        ("Åsa-Lena, Åsa-Lenas", "Åsa-Lena", "[gone], Åsa-Lenas"),
        ("Not a word", "", "Not a word"),
    ],
)
def test_words_are_taken_out_whole(text, before, becomes):
    assert without(text, before, "[gone]") == becomes


def test_a_short_answer_that_is_redacted_leaves_the_words_that_hold_its_letters(cast):
    question = answered(cast, said="Does anybody pay?", told="No")
    own = published(cast)
    Telling.objects.filter(pk=own.pk).update(intro="Nobody pays. No matter.")
    redact(what=question.answers.get(), words="[gone]", by=cast.coordinator, now=NOW)
    assert (Section.DONE, "Does anybody pay?", f"{cast.organisation.name}: [gone]") in items(own)
    own.refresh_from_db()
    assert own.intro == "Nobody pays. No matter."


def test_a_draft_holds_no_words_that_nobody_may_read(cast):
    room = LiveRoom.objects.create(session=cast.session, code="ABCDE")
    hidden = cast.commissioned(words="About Mrs. X", session=cast.session).question
    RoomQuestion.objects.create(question=hidden, room=room, showing="hidden", hidden_because="case")
    anonymous = cast.question(words="A case of mine", asked_as="nobody")
    put_out_of_scope(question=anonymous, reason="Ask your lead.", by=cast.coordinator, now=NOW)
    assert items(drafted(cast)) == [
        (Section.NO, f"Question {anonymous.reference}, asked anonymously", "Ask your lead.")
    ]
    own = answered(cast, audience=Audience.ASKER, said="For me alone?")
    options = {"mandate": cast.mandate, "due_on": DUE, "by": cast.senior, "now": NOW}
    note_assurance(words="A room is found.", questions=[own, hidden], **options)
    assert [said for _, said, _ in items(drafted(cast, kind=TellingKind.DID))] == ["A room is found."]


def test_only_the_words_that_were_read_are_published_and_a_second_press_is_told_so(cast):
    own = proposed(cast)
    second = signed_in(cast.second, fresh=True)
    page = second.get(of("publish", own))
    assert "In the shared record." in words(page)
    seen = page.context["seen"]
    own.items.update(told="Nowhere.")
    assert "The words have changed" in words(second.post(of("publish", own), {"seen": seen}, follow=True))
    assert "The words have changed" in words(second.post(of("publish", own), follow=True))
    now = second.get(of("publish", own)).context["seen"]
    assert "It is published" in words(second.post(of("publish", own), {"seen": now}, follow=True))
    assert "This has moved on" in words(second.post(of("publish", own), {"seen": now}, follow=True))


# For who attended alone


def with_link(cast, who):
    """The place of ``who``, with a link as its mail has it."""
    place = Place.objects.select_related("session").get(person=who)
    place.link = make_link(purpose="place", person=who, about=place, ends_at=NOW + timedelta(days=90), now=NOW)
    place.save(update_fields=["link"])
    return place


def mail_to(who) -> str:
    return kinds.find(messages.TOLD).render(Message.objects.get(kind=messages.TOLD, person=who)).text


def for_attended_alone(cast) -> Telling:
    answered(cast, session=cast.session, said="For all?", told="Yes, for all.")
    answered(cast, session=cast.session, audience=Audience.ATTENDERS, said="For us?", told="For you.")
    answered(cast, session=cast.session, audience=Audience.PRACTITIONERS, said="For our work?", told="For your work.")
    answered(cast, session=cast.session, audience=Audience.ASKER, said="For me?", told="For you alone.")
    own = actions.propose_telling(telling=drafted(cast, session=cast.session), by=cast.coordinator, now=NOW)
    return actions.publish_telling(telling=own, seen=seal_of(own), by=cast.second, now=NOW)


def test_an_answer_to_who_attended_reaches_them_by_mail_and_link_and_is_on_no_public_page(cast):
    there, absent = came(cast), came(cast, outcome=Outcome.ABSENT)
    place, other = with_link(cast, there), with_link(cast, absent)
    own = for_attended_alone(cast)
    public = words(Client().get(reverse("commitments:told-show", args=[cast.programme.slug, own.pk])))
    assert "Yes, for all." in public
    assert not [each for each in ("For us?", "For you.", "For our work?", "For your work.") if each in public]
    mailed = mail_to(there)
    assert all(each in mailed for each in ("Yes, for all.", "For you.", "For your work.", "Please do not pass it on"))
    assert "For me?" not in mailed
    assert address_of(place.link) in mailed
    client = opened(place.link)
    page = client.get(reverse("commitments:place-answers", args=[place.link_id]))
    address = reverse("commitments:place-told", args=[place.link_id, own.pk])
    assert address in page.content.decode()
    assert "For you." in words(client.get(address))
    stranger = opened(other.link)
    assert "What became of it" not in words(stranger.get(reverse("commitments:place-answers", args=[other.link_id])))
    assert stranger.get(reverse("commitments:place-told", args=[other.link_id, own.pk])).status_code == 404
    actions.withdraw_telling(telling=own, reason="It was wrong.", by=cast.coordinator, now=NOW)
    assert client.get(address).status_code == 404


def test_where_all_of_it_is_for_who_attended_there_is_no_public_page(cast):
    came(cast)
    answered(cast, session=cast.session, audience=Audience.ATTENDERS)
    own = actions.propose_telling(telling=drafted(cast, session=cast.session), by=cast.coordinator, now=NOW)
    page = words(signed_in(cast.second, fresh=True).get(of("publish", own)))
    assert "all of it was answered to those who attended alone" in page
    own = actions.publish_telling(telling=own, seen=seal_of(own), by=cast.second, now=NOW)
    address = reverse("commitments:told-show", args=[cast.programme.slug, own.pk])
    assert Client().get(address).status_code == 404
    assert address not in words(signed_in(cast.coordinator).get(of("show", own)))
    assert "Nothing was told yet" in words(Client().get(reverse("commitments:told-list", args=[cast.programme.slug])))
    assert "/told/" not in mail_to(Person.objects.get(pk=told().pop()))


def test_the_whole_programme_is_told_nothing_that_one_session_was_answered(cast):
    answered(cast, session=cast.session, audience=Audience.ATTENDERS, said="For us?")
    answered(cast, session=cast.session, audience=Audience.PRACTITIONERS, said="For our work?")
    assert [item.said for item in drafted(cast).items.all()] == ["For our work?"]


def test_a_session_hears_of_what_it_asked_and_another_asked_as_well(cast):
    other = SessionFactory(programme=cast.programme, date=cast.session.date + timedelta(days=1))
    here, there = cast.question(words="Asked here", session=cast.session), cast.question(words="There", session=other)
    merge(question=here, into=there, by=cast.coordinator, now=NOW)
    assert [section for section, _, _ in items(drafted(cast, session=cast.session))] == [Section.OPEN]
    commission(question=fresh(there), organisation=cast.organisation, person=cast.senior, by=cast.coordinator, now=NOW)
    publish_answer(question=fresh(there), words="Yes.", audience=Audience.PUBLIC, by=cast.senior, now=NOW)
    options = {"mandate": cast.mandate, "due_on": DUE, "by": cast.senior, "now": NOW}
    note_assurance(words="A room is found.", questions=[there], **options)
    assert [(section, said) for section, said, _ in items(drafted(cast, session=cast.session))] == [
        (Section.DONE, "There")
    ]
    assert len(items(drafted(cast, kind=TellingKind.DID, session=cast.session))) == 1


def fresh(question):
    return Question.objects.select_related("programme", "owner", "organisation").get(pk=question.pk)


# Everybody whom the programme knows


def known_people(cast) -> dict:
    lead = OrganisationLeadFactory(organisation=cast.organisation).person
    facilitator = AppointmentFactory(programme=cast.programme, role=ProgrammeRole.FACILITATOR).person
    holder = name_holder(
        programme=cast.programme, organisation=cast.organisation, role="dpo", person=PersonFactory(),
        by=cast.coordinator, now=NOW,
    ).person  # fmt: skip
    owner = PersonFactory()
    workshop = SessionFactory(programme=cast.programme, kind="workshop", state="held")
    options = {"owner": owner, "due_on": DUE, "by": cast.coordinator, "now": NOW}
    note_output(session=workshop, kind="action", words="Print the plan", **options)
    staff = AffiliationFactory(organisation=cast.organisation).person
    presenter = SessionPart.objects.create(session=cast.session, person=PersonFactory(), part="presenter").person
    speaker = PersonFactory()
    cast.session.agenda.create(position=1, kind="other", title="Words", minutes=5, presenter=speaker)
    return {
        "speaker": speaker, "lead": lead, "facilitator": facilitator, "governance": holder, "staff": staff,
        "owner of an action": owner, "presenter": presenter,
    }  # fmt: skip


def test_everybody_whom_the_programme_knows_is_known_by_name(cast):
    people = known_people(cast)
    WalkIn.objects.create(
        id=uuid4(), session=cast.session, name="Walker In", organisation=cast.organisation, made_at=NOW, made_by="clock"
    )
    Programme.objects.filter(pk=cast.programme.pk).update(contact_name="Contact Made-Up")
    known = names_known(fresh_programme(cast), NOW.date())
    assert [who for who, person in people.items() if person.name not in known] == []
    assert {"Contact Made-Up", "Walker In"} <= known
    assert PersonFactory().name not in known


def fresh_programme(cast) -> Programme:
    return Programme.objects.get(pk=cast.programme.pk)


# The form that was left open


def test_a_form_that_was_left_open_writes_no_redacted_words_back(cast):
    answered(cast, said="Where does Aurelia keep it?")
    question = Question.objects.get()
    answered(cast, said="And the other?")
    own, client = drafted(cast), signed_in(cast.coordinator)
    page = client.get(of("change", own)).content.decode()
    fields = dict(re.findall(r'name="([^"]*seen)"[^>]*value="([^"]*)"', page))
    typed = {"intro": "Thank you.", **fields}
    for item in own.items.all():
        typed |= {f"item{item.pk}-said": item.said, f"item{item.pk}-told": f"{item.told} Indeed."}
    redact(what=question, words="Where is it kept?", by=cast.coordinator, now=NOW)
    answer = client.post(of("change", own), typed)
    assert "The words have changed since you read them" in words(answer)
    assert "Other words stand here now." in words(answer)
    assert "Aurelia" not in answer.content.decode()
    assert "Where is it kept?" in words(answer)
    assert "Thank you." in words(answer)
    assert words(answer).count("Indeed.") == 1  # of the item that nobody touched
    assert [said for _, said, _ in items(own) if "Aurelia" in said] == []
    with pytest.raises(actions.WordsMoved):
        changes(own, [], by=cast.coordinator, seen="")
    again = dict(re.findall(r'name="([^"]*seen)"[^>]*value="([^"]*)"', answer.content.decode()))
    typed |= again | {f"item{item.pk}-said": item.said for item in own.items.all()}
    assert client.post(of("change", own), typed).status_code == 302
    assert {told for _, _, told in items(own)} == {f"{cast.organisation.name}: In the shared record. Indeed."}


def test_keeping_the_same_words_makes_nobody_their_author(cast):
    own = proposed(cast)
    item = own.items.get()
    own = changes(own, [actions.Words(item.pk, item.said, item.told)], by=cast.second)
    assert (own.state, own.changed_by) == (TellingState.PROPOSED, cast.coordinator)


# Every action in every state


def _by(own, who, cast):
    item = own.items.first()
    common = {"telling": own, "by": who, "now": NOW}
    anew = [actions.Words(item.pk, item.said, "Anew.")] if item else []
    return {
        "change": lambda: changes(own, anew, by=who),
        "otherwise": lambda: actions.say_meant_otherwise(words=["May"], **common),
        "propose": lambda: actions.propose_telling(**common),
        "publish": lambda: actions.publish_telling(seen=seal_of(own), **common),
        "withdraw": lambda: actions.withdraw_telling(reason="It was wrong.", **common),
    }


LEADS = {
    ("draft", "change"): "draft",
    ("draft", "otherwise"): "draft",
    ("draft", "propose"): "proposed",
    ("draft", "withdraw"): "withdrawn",
    ("proposed", "change"): "draft",
    ("proposed", "otherwise"): "proposed",
    ("proposed", "publish"): "published",
    ("proposed", "withdraw"): "withdrawn",
    ("published", "withdraw"): "withdrawn",
}


@pytest.mark.parametrize("state", TellingState.values)
@pytest.mark.parametrize("what", ["change", "otherwise", "propose", "publish", "withdraw"])
def test_every_action_in_every_state(cast, state, what):
    own = {"draft": lambda: drafted(cast) if answered(cast) else None, "proposed": lambda: proposed(cast)}.get(
        state, lambda: published(cast)
    )()
    if state == "withdrawn":
        own = actions.withdraw_telling(telling=own, reason="Over.", by=cast.coordinator, now=NOW)
    before, sent = as_it_stands(own), Message.objects.count()
    for who in (cast.senior, cast.practitioner):
        with pytest.raises(actions.NotTheirs):
            _by(own, who, cast)[what]()
    act = _by(own, cast.second, cast)[what]
    if (state, what) in LEADS:
        assert act().state == LEADS[state, what]
        return
    with pytest.raises(actions.NotNow):
        act()
    assert (as_it_stands(own), Message.objects.count()) == (before, sent)


def as_it_stands(own) -> list:
    return [*Telling.objects.filter(pk=own.pk).values(), *own.items.values(), *timeline(own)]


# What has changed since it was drafted


def in_the_way(own: Telling) -> list[tuple[str, str]]:
    return [(each.words, each.where) for each in findings_of(own, NOW.date()) if each.why == Why.MOVED]


def test_nothing_is_published_that_is_not_so_any_more(cast):
    answers = [answered(cast, said=f"{word}?", told="Yes.") for word in ("First", "Second", "Third", "Fourth")]
    waiting = cast.commissioned(words="Who may open it?").question
    own = drafted(cast)
    assert in_the_way(own) == []
    actions.propose_telling(telling=own, by=cast.coordinator, now=NOW)
    common = {"by": cast.senior, "now": NOW + timedelta(hours=1)}
    first, second, third, _ = answers
    say_unanswered(asker=first.askers.get(), by=cast.practitioner, now=NOW)
    publish_answer(question=second, words="No.", audience=Audience.PUBLIC, **common)
    publish_answer(question=third, words="Yes.", audience=Audience.ASKER, **common)
    publish_answer(question=waiting, words="You.", audience=Audience.PUBLIC, **common)
    assert {why for why, _ in in_the_way(own)} == {
        "The question is now “With an owner”", "It was answered in other words since", "The question is now “Answered”",
    }  # fmt: skip
    assert len(in_the_way(own)) == 4
    with pytest.raises(actions.NotPublishable):
        actions.publish_telling(telling=own, seen=seal_of(own), by=cast.second, now=NOW)
    moved = [item for item in own.items.all() if item.question != answers[3]]
    left_out = [actions.Words(item.pk, item.said, item.told, is_left_out=True) for item in moved]
    own = changes(Telling.objects.get(pk=own.pk), left_out, by=cast.coordinator)
    assert in_the_way(own) == []
    own = actions.propose_telling(telling=own, by=cast.coordinator, now=NOW)
    assert actions.publish_telling(telling=own, seen=seal_of(own), by=cast.second, now=NOW).published_at == NOW


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        (Audience.PUBLIC, Audience.PRACTITIONERS, "It was answered to fewer people since"),
        (Audience.ATTENDERS, Audience.ASKER, "It was answered to fewer people since"),
        (Audience.ATTENDERS, Audience.PRACTITIONERS, ""),
    ],
)
def test_what_was_answered_to_fewer_since_is_not_told_to_more(cast, before, after, says):
    question = answered(cast, audience=before, session=cast.session)
    own = drafted(cast, session=cast.session)
    # As if it was answered before: other words alone stand in the way, whoever reads them.
    publish_answer(question=question, words="In the record.", audience=after, by=cast.senior, now=NOW)
    assert [why for why, _ in in_the_way(own)] == ([says] if says else [])


def test_a_promise_that_is_kept_since_is_not_told_as_open(cast):
    options = {"mandate": cast.mandate, "due_on": DUE, "by": cast.senior, "now": NOW}
    promised = note_assurance(words="Laptops come.", for_everybody=True, **options)
    own = drafted(cast, kind=TellingKind.DID)
    assert in_the_way(own) == []
    propose_kept(assurance=promised, evidence="They came.", by=cast.senior, now=NOW)
    assert in_the_way(own) == []
    confirm_kept(assurance=promised, by=cast.coordinator, now=NOW)
    assert in_the_way(own) == [("The promise is now “Kept”", "“Still open”, number 1")]
