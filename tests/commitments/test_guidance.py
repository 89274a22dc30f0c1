"""Guidance: written by several, commented on, published as versions that stand, read and acknowledged."""

import pytest
import time_machine
from django.db import IntegrityError, transaction

from accounts.links import address_of
from attendance.models import Outcome
from commitments.actions import guidance as actions
from commitments.actions.guidance import (
    AlreadyAnswered,
    ChangedMeanwhile,
    HasEnded,
    NoReason,
    NotForThem,
    NothingNew,
    NothingToPublish,
    NotOpen,
    NotTheirs,
    StillUnanswered,
    TooManySections,
    WordsMoved,
)
from commitments.messages import guidance as messages
from commitments.models import Acknowledgement, CommentState, GuidanceVersion
from commitments.queries.guidance import (
    acknowledged_in,
    briefed_at,
    changes_between,
    in_force,
    is_anything_new,
    sections_of,
)
from commitments.rules import organisation_of
from messaging import kinds
from messaging.delivery import deliver_due
from messaging.models import Message
from tests.briefings.factories import SessionFactory
from tests.commitments.factories import NOW
from tests.commitments.guiding import DAY, a_cast, a_draft, came, publish, rewrite
from tests.organisations.factories import AffiliationFactory, OrganisationLeadFactory, PersonFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def cast():
    return a_cast()


def titles(own) -> list[str]:
    return [each.title for each in sections_of(own)]


# Writing


def test_who_runs_the_programme_writes_and_nobody_else(cast):
    own = a_draft(cast)
    for person in (cast.senior, cast.practitioner, PersonFactory()):
        with pytest.raises(NotTheirs):
            actions.start_guidance(programme=cast.programme, title="Mine", by=person, now=NOW)
        with pytest.raises(NotTheirs):
            actions.add_section(guidance=own, title="Mine", words="?", by=person, now=NOW)
        with pytest.raises(NotTheirs):
            rewrite(own, "?", _as(cast, facilitator=person))
    with pytest.raises(NotTheirs):
        actions.set_open(guidance=own, is_open=True, by=cast.facilitator, now=NOW)
    with pytest.raises(NotTheirs):
        publish(own, cast, by=cast.facilitator)
    with pytest.raises(NotTheirs):
        actions.take_back_guidance(guidance=own, reason="?", by=cast.facilitator, now=NOW)


def _as(cast, **people):
    from types import SimpleNamespace

    return SimpleNamespace(**{**vars(cast), **people})


def test_sections_are_added_moved_taken_out_and_put_back(cast, monkeypatch):
    own = a_draft(cast, "One.", "Two.", "Three.")
    one, two, three = sections_of(own)
    common = {"by": cast.facilitator, "now": NOW}
    actions.move_section(section=three, is_up=True, **common)
    assert titles(own) == ["Section 1", "Section 3", "Section 2"]
    actions.move_section(section=one, is_up=True, **common)
    actions.move_section(section=two, is_up=False, **common)
    assert titles(own) == ["Section 1", "Section 3", "Section 2"]
    with pytest.raises(ChangedMeanwhile):
        actions.remove_section(section=one, version=7, **common)
    for _ in range(2):
        actions.remove_section(section=one, version=1, **common)
    actions.move_section(section=one, is_up=False, **common)
    assert titles(own) == ["Section 3", "Section 2"]
    actions.put_back_section(section=one, **common)
    actions.put_back_section(section=one, **common)
    assert titles(own) == ["Section 3", "Section 2", "Section 1"]
    actions.remove_section(section=one, version=2, **common)
    monkeypatch.setattr(actions, "MOST_SECTIONS", 2)
    for refused in (
        lambda: actions.add_section(guidance=own, title="Four", words="4", **common),
        lambda: actions.put_back_section(section=one, **common),
    ):
        with pytest.raises(TooManySections):
            refused()
    assert actions.rename_guidance(guidance=own, title="Wren House", **common).title == "Wren House"


def test_whoever_comes_second_writes_over_nothing(cast):
    own = a_draft(cast, "One line.")
    section = sections_of(own).get()
    write = {"section": section, "title": "Section 1", "now": NOW}
    actions.change_section(words="Hers.", version=1, by=cast.coordinator, **write)
    with pytest.raises(ChangedMeanwhile) as caught:
        actions.change_section(words="His.", version=1, by=cast.facilitator, **write)
    assert (caught.value.section.words, caught.value.section.version) == ("Hers.", 2)
    same = actions.change_section(words="Hers.\r\n", version=1, by=cast.facilitator, **write)
    assert (same.version, same.changed_by) == (2, cast.coordinator)
    assert actions.change_section(words="Hers.\nHis.", version=2, by=cast.facilitator, **write).version == 3


def test_words_for_a_section_that_was_taken_out_are_not_lost(cast):
    own = a_draft(cast, "One line.")
    section = sections_of(own).get()
    actions.remove_section(section=section, version=1, by=cast.coordinator, now=NOW)
    write = {"section": section, "title": "Section 1", "words": "More.", "by": cast.facilitator, "now": NOW}
    with pytest.raises(ChangedMeanwhile):
        actions.change_section(version=1, **write)
    assert actions.change_section(version=2, **write).removed_at is None
    assert [each.words for each in sections_of(own)] == ["More."]


# Comments


def test_people_of_the_partners_comment_where_it_is_open(cast):
    own, part = a_draft(cast), None
    part = sections_of(own).get()
    lead = OrganisationLeadFactory(organisation=cast.organisation).person
    attended = came(cast)
    absent = came(cast, outcome=Outcome.ABSENT)
    for person in (cast.senior, lead, attended, cast.facilitator, cast.coordinator):
        made = actions.comment_on(section=part, words="Who locks?", by=person, now=NOW)
        outside = person in (cast.facilitator, cast.coordinator)
        assert (made.organisation, made.state) == (None if outside else cast.organisation, CommentState.OPEN)
    for person in (absent, PersonFactory()):
        with pytest.raises(NotOpen):
            actions.comment_on(section=part, words="?", by=person, now=NOW)
    actions.set_open(guidance=own, is_open=False, by=cast.coordinator, now=NOW)
    with pytest.raises(NotOpen):
        actions.comment_on(section=part, words="?", by=cast.senior, now=NOW)
    assert actions.comment_on(section=part, words="?", by=cast.facilitator, now=NOW)


def test_senior_managers_and_leads_are_asked_for_comments_once(cast):
    lead = OrganisationLeadFactory(organisation=cast.organisation).person
    OrganisationLeadFactory()
    came(cast)
    own = a_draft(cast)
    for is_open in (True, False, True):
        actions.set_open(guidance=own, is_open=is_open, by=cast.coordinator, now=NOW)
    asked = list(Message.objects.filter(kind=messages.OPENED))
    assert {each.person for each in asked} == {cast.senior, lead}
    assert len(asked) == 2
    mail = kinds.find(messages.OPENED).render(asked[0])
    assert f"/guidance/{own.pk}/" in mail.text
    assert messages.comments_not_wanted(asked, NOW) == {}
    actions.set_open(guidance=own, is_open=False, by=cast.coordinator, now=NOW)
    assert set(messages.comments_not_wanted(asked, NOW).values()) == {"closed_for_comments"}


def test_for_whom_somebody_speaks(cast):
    worker = PersonFactory()
    AffiliationFactory(person=worker, organisation=cast.organisation)
    AffiliationFactory(person=cast.facilitator)
    assert organisation_of(worker, cast.programme, NOW.date()) == cast.organisation
    assert organisation_of(cast.facilitator, cast.programme, NOW.date()) is None


def test_who_commented_is_told_once_what_became_of_it(cast):
    part = sections_of(a_draft(cast)).get()
    said = [actions.comment_on(section=part, words=f"Comment {n}", by=cast.senior, now=NOW) for n in range(2)]
    answer = {"by": cast.facilitator, "now": NOW}
    with pytest.raises(NotTheirs):
        actions.answer_comment(comment=said[0], is_taken_up=True, words="", by=cast.senior, now=NOW)
    with pytest.raises(NoReason):
        actions.answer_comment(comment=said[0], is_taken_up=False, words=" ", **answer)
    assert (
        actions.answer_comment(comment=said[0], is_taken_up=False, words="The law forbids it.", **answer).state == "not"
    )
    with pytest.raises(AlreadyAnswered):
        actions.answer_comment(comment=said[0], is_taken_up=True, words="", **answer)
    assert actions.answer_comment(comment=said[1], is_taken_up=True, words="", **answer).state == "taken_up"
    mails = Message.objects.filter(kind=messages.ANSWERED, person=cast.senior).order_by("pk")
    texts = [kinds.find(messages.ANSWERED).render(mail) for mail in mails]
    assert len(texts) == 2
    assert "It is not taken up, because:\nThe law forbids it." in texts[0].text
    assert "It is taken up." in texts[1].html
    messages.tell_commenter(said[0], now=NOW)
    assert mails.count() == 2


def test_who_answers_the_own_comment_gets_no_mail(cast):
    part = sections_of(a_draft(cast)).get()
    made = actions.comment_on(section=part, words="Who locks?", by=cast.facilitator, now=NOW)
    actions.answer_comment(comment=made, is_taken_up=True, words="", by=cast.facilitator, now=NOW)
    assert not Message.objects.filter(kind=messages.ANSWERED).exists()


@pytest.mark.parametrize("columns", [{"state": "not"}, {"state": "open", "answer": "?"}, {"words": ""}])
def test_the_database_wants_an_answer_whole(cast, columns):
    part = sections_of(a_draft(cast)).get()
    made = actions.comment_on(section=part, words="Who locks?", by=cast.senior, now=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        part.comments.filter(pk=made.pk).update(**columns)


# Versions


def test_a_version_stands_and_who_was_briefed_is_told_once(cast):
    briefed, gone = came(cast), came(cast, is_active=False)
    came(cast, outcome=Outcome.ABSENT)
    own = a_draft(cast, "One.", "Two.")
    version = publish(own, cast, note="Read *this*.")
    assert (version.number, [each["words"] for each in version.sections]) == (1, ["One.", "Two."])
    told = Message.objects.filter(kind=messages.PUBLISHED)
    assert [each.person for each in told] == [briefed]
    assert gone not in {each.person for each in told}
    mail = kinds.find(messages.PUBLISHED).render(told.get())
    assert mail.subject == "New guidance: Working in Wren House"
    assert f"/guidance/{own.pk}/since/" in mail.text
    assert "<em>this</em>" in mail.html
    with pytest.raises(NothingNew):
        publish(own, cast)
    rewrite(own, "Other.", cast)
    version.refresh_from_db()
    assert version.sections[0]["words"] == "One."
    assert publish(own, cast).number == 2
    told = list(Message.objects.filter(kind=messages.PUBLISHED).order_by("pk"))
    assert len(told) == 2
    assert kinds.find(messages.PUBLISHED).still_wanted(told, NOW) == {told[0].pk: "newer_version"}


def test_what_stands_in_the_way_of_publishing(cast):
    own = actions.start_guidance(programme=cast.programme, title="Wren House", by=cast.coordinator, now=NOW)
    with pytest.raises(NothingToPublish):
        publish(own, cast)
    own = a_draft(cast)
    with pytest.raises(WordsMoved):
        actions.publish_guidance(guidance=own, seen="other", note="", by=cast.coordinator, now=NOW)
    part = sections_of(own).get()
    actions.comment_on(section=part, words="Who locks?", by=cast.senior, now=NOW)
    with pytest.raises(StillUnanswered):
        publish(own, cast)
    assert publish(own, cast, although_unanswered=True).unanswered == 1


def test_what_was_published_is_never_changed_or_deleted(cast):
    version = publish(a_draft(cast), cast)
    rows = GuidanceVersion.objects.filter(pk=version.pk)
    for change in (lambda: rows.update(title="Other"), lambda: rows.update(sections=[]), rows.delete):
        with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
            change()


def test_what_was_taken_back_takes_nothing_more(cast):
    own = a_draft(cast)
    part, version = sections_of(own).get(), publish(own, cast)
    own = actions.take_back_guidance(guidance=own, reason="The building burnt down.", by=cast.coordinator, now=NOW)
    assert (own.is_open, own.end_reason) == (False, "The building burnt down.")
    who = came(cast)
    for refused in (
        lambda: actions.take_back_guidance(guidance=own, reason="?", by=cast.coordinator, now=NOW),
        lambda: rewrite(own, "?", cast),
        lambda: actions.acknowledge(version=version, person=who, by=who, now=NOW),
    ):
        with pytest.raises(HasEnded):
            refused()
    with pytest.raises(NotOpen):
        actions.comment_on(section=part, words="?", by=cast.coordinator, now=NOW)
    messages.tell_briefed(version, now=NOW)
    told = list(Message.objects.filter(kind=messages.PUBLISHED))
    assert set(kinds.find(messages.PUBLISHED).still_wanted(told, NOW).values()) == {"guidance_was_taken_back"}


# What has changed, and who has read it


def test_what_is_different_between_two_versions(cast):
    own = a_draft(cast, "The *first* opens.\n\nThe last locks.", "Stays.", "Goes.")
    first = publish(own, cast)
    rewrite(own, "The *first* opens.\n\nThe guard locks.", cast)
    gone = sections_of(own)[2]
    actions.remove_section(section=gone, version=1, by=cast.facilitator, now=NOW)
    actions.add_section(guidance=own, title="Section 4", words="New.", by=cast.facilitator, now=NOW)
    second = publish(own, cast)
    changes = changes_between(first, second)
    assert [(each.kind, each.heading) for each in changes] == [
        ("changed", "Section 1"), ("same", "Section 2"), ("added", "Section 4"), ("removed", "Section 3"),
    ]  # fmt: skip
    assert [(piece.kind, piece.words) for piece in changes[0].words if piece.kind != "same"] == [
        ("removed", "last"), ("added", "guard"),
    ]  # fmt: skip
    assert is_anything_new(changes)
    assert not is_anything_new(changes_between(second, second))
    assert [each.kind for each in changes_between(None, second)] == ["added"] * 3


def test_another_order_is_told_and_what_only_made_room_is_not(cast):
    own = a_draft(cast, "One.", "Two.", "Three.")
    first = publish(own, cast)
    one = sections_of(own)[0]
    actions.move_section(section=sections_of(own)[2], is_up=True, by=cast.facilitator, now=NOW)
    actions.remove_section(section=one, version=1, by=cast.facilitator, now=NOW)
    second = publish(own, cast)
    moved = {each.heading: each.is_moved for each in changes_between(first, second)}
    assert moved == {"Section 3": True, "Section 2": True, "Section 1": False}
    assert is_anything_new(changes_between(first, second))


def test_since_when_somebody_was_briefed(cast):
    own = a_draft(cast)
    first = publish(own, cast, now=NOW - 12 * DAY)
    rewrite(own, "Other.", cast)
    second = publish(own, cast, now=NOW - DAY)
    who = came(cast)
    then = briefed_at(who, cast.programme)
    assert then == cast.session.during.upper
    assert (in_force(own, then), in_force(own, NOW), in_force(own, NOW - 20 * DAY)) == (first, second, None)
    later = SessionFactory(programme=cast.programme, date=NOW.date())
    came(cast, later)
    who.attendances.create(
        session=later, walk_in=later.walk_ins.create(
            name="W", organisation=cast.organisation, made_at=NOW, made_by="clock", person=who
        ), organisation=cast.organisation, outcome=Outcome.IN_PART, noted_at=NOW,
    )  # fmt: skip
    assert briefed_at(who, cast.programme) == later.during.upper
    assert briefed_at(came(cast, outcome=Outcome.EXCUSED), cast.programme) is None


def test_having_read_it_is_noted_once_and_counted_by_organisation(cast):
    version = publish(a_draft(cast), cast)
    who, other = came(cast), came(cast)
    for _ in range(2):
        actions.acknowledge(version=version, person=who, by=who, now=NOW)
    actions.acknowledge(version=version, person=cast.senior, by=cast.senior, now=NOW)
    assert Acknowledgement.objects.count() == 2
    assert acknowledged_in(version) == [{"name": cast.organisation.name, "read": 2, "came": 2}]
    with pytest.raises(NotForThem):
        actions.acknowledge(version=version, person=PersonFactory(), by="?", now=NOW)
    assert not Acknowledgement.objects.filter(person=other).exists()


def test_whose_link_still_works_finds_it_without_signing_in(cast):
    who = came(cast, link=True)
    publish(a_draft(cast), cast)
    message = Message.objects.get(kind=messages.PUBLISHED)
    render = kinds.find(messages.PUBLISHED).render
    assert address_of(who.own_link) in render(message).text
    assert address_of(who.own_link) in render(message).html
    who.own_link.revoked_at = NOW
    who.own_link.save(update_fields=["revoked_at"])
    assert "Without signing in" not in render(message).text


def test_the_mails_leave(cast):
    came(cast)
    own = a_draft(cast)
    made = actions.comment_on(section=sections_of(own).get(), words="Who locks?", by=cast.senior, now=NOW)
    actions.answer_comment(comment=made, is_taken_up=True, words="The guard.", by=cast.facilitator, now=NOW)
    publish(own, cast, note="<script>alert(1)</script> [x](javascript:alert(1)) **bold**")
    deliver_due()
    sent = Message.objects.filter(kind__in=(messages.ANSWERED, messages.PUBLISHED))
    assert {each.state for each in sent} == {Message.State.SENT}
    html = kinds.find(messages.PUBLISHED).render(sent.get(kind=messages.PUBLISHED)).html
    assert "<script" not in html
    assert 'href="javascript' not in html
    assert "<strong>bold</strong>" in html
