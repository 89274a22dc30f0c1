"""Telling people what became of it: drafted from what is there, refused while it names anybody, approved, sent once."""

from datetime import date, timedelta

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.urls import reverse

from attendance.models import Attendance, Outcome, Place, PlaceState
from briefings.models import ProgrammeRole
from commitments.actions import telling as actions
from commitments.actions.assurances import confirm_kept, end_assurance, note_assurance, propose_kept
from commitments.actions.questions import publish_answer, put_out_of_scope, redact
from commitments.actions.questions.redaction import GONE
from commitments.messages import telling as messages
from commitments.models import Audience, LiveRoom, RoomQuestion, Section, Telling, TellingKind, TellingState
from commitments.publishing import Why
from commitments.queries.telling import seal_of
from messaging import kinds
from messaging.delivery import deliver_due
from messaging.models import Message
from tests.briefings.factories import AppointmentFactory, SessionFactory
from tests.commitments.factories import NOW, Cast
from tests.commitments.pages import signed_in, words
from tests.organisations.factories import PersonFactory

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
        (why, "Done, number 1, what we tell") for why in (Why.NAME, Why.ADDRESS, Why.CELL)
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


def test_changing_it_makes_it_a_draft_again_and_the_words_those_of_who_changed_it(cast):
    own = proposed(cast)
    item = own.items.get()
    changed = [actions.Words(item.pk, item.said, "In the record."), actions.Words(item.pk + 99, "?", "?")]
    own = actions.change_telling(telling=own, intro="Thank you.", words=changed, by=cast.second, now=NOW)
    assert (own.state, own.changed_by, own.items.get().told) == (TellingState.DRAFT, cast.second, "In the record.")
    own = actions.propose_telling(telling=own, by=cast.second, now=NOW)
    with pytest.raises(actions.OwnWords):
        actions.publish_telling(telling=own, seen=seal_of(own), by=cast.second, now=NOW)
    left_out = [actions.Words(item.pk, item.said, item.told, is_left_out=True)]
    own = actions.change_telling(telling=own, intro="", words=left_out, by=cast.second, now=NOW)
    with pytest.raises(actions.NothingToTell):
        actions.propose_telling(telling=own, by=cast.second, now=NOW)


def test_what_is_published_is_not_changed_and_can_be_taken_off(cast):
    own = published(cast)
    with pytest.raises(actions.NotNow):
        actions.change_telling(telling=own, intro="?", words=[], by=cast.second, now=NOW)
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
    assert "3 nurses : a figure under five, in Done, number 1, what we tell" in words(page)
    assert "It cannot be published while" in words(client.post(of("propose", own), follow=True))
    assert client.post(of("otherwise", own), {"words": ["May"]}).status_code == 302
    item = own.items.get()
    typed = {"intro": "Thank you.", f"item{item.pk}-said": item.said, f"item{item.pk}-told": ""}
    assert "There is a problem" in words(client.post(of("change", own), typed))
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
    assert stranger.get(reverse("commitments:told-show", args=[cast.programme.slug, own.pk])).status_code == 404


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
    redact(what=question, words="[removed]", by=cast.coordinator, now=NOW)
    promised.items.update(said="Aurelia keeps what?")
    redact(what=question, words="[removed again]", by=cast.coordinator, now=NOW)
    redact(what=question.answers.get(), words="[gone]", by=cast.coordinator, now=NOW)
    assert items(own) == [(Section.DONE, "[removed again]", f"{cast.organisation.name}: [gone]")]
    assert items(promised)[0][1] == GONE
    assert Message.objects.get(kind=messages.TOLD).text is None


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
