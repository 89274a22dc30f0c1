"""How far the day of an assurance can be moved, and who hears that it was."""

from datetime import date, timedelta

import pytest
import time_machine
from django.urls import reverse

from accounts.links import address_of
from commitments.actions import assurances as actions
from commitments.actions import questions
from commitments.models import AskedAs, Asker, Assurance
from messaging import kinds
from messaging.models import Message
from tests.commitments.factories import NOW, TODAY, Cast
from tests.commitments.pages import opened, signed_in, words
from tests.commitments.test_assurance_pages import by_link
from tests.commitments.test_keeping import DUE, given, of

pytestmark = pytest.mark.django_db
LATER, LATEST = date(2027, 2, 1), date(2027, 3, 1)
REVIEWED, MOVED = "commitments.assurance_reviewed", "commitments.question_promise_moved"
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def cast():
    return Cast()


def moved(own: Assurance, due_on: date, *, now=NOW, by=None, said="Two of five are done"):
    own = Assurance.objects.get(pk=own.pk)
    return actions.review_assurance(assurance=own, words=said, due_on=due_on, by=by or own.keeper, now=now)


def wanted(kind: str) -> list[Message]:
    """Return the messages of ``kind`` that are sent when their time has come."""
    found = list(Message.objects.filter(kind=kind).select_related("person").order_by("pk"))
    reasons = kinds.find(kind).still_wanted(found, NOW + timedelta(days=1))
    return [message for message in found if message.pk not in reasons]


def mailed(kind: str) -> list[str]:
    return [" ".join(kinds.find(kind).render(message).text.split()) for message in wanted(kind)]


def test_it_is_given_for_five_years_and_moved_by_one_at_the_most(cast):
    last, next_day = TODAY + timedelta(days=366), timedelta(days=1)
    moved(given(cast), last)
    with pytest.raises(actions.MovedTooFar):
        moved(given(cast), last + next_day)
    furthest = TODAY + timedelta(days=5 * 366)
    own = given(cast, due_on=furthest)
    moved(own, furthest)  # it stands well, and keeps its day
    with pytest.raises(actions.DateTooFar):
        given(cast, due_on=furthest + next_day)


@pytest.mark.parametrize("way", ["from the link", "signed in"])
def test_a_day_too_far_is_refused_beside_its_boxes_and_what_was_typed_stays(cast, way):
    own = given(cast)
    client, address = (
        (opened(own.link), by_link("say-how", own))
        if way == "from the link"
        else (signed_in(cast.senior), of("review", own))
    )
    said = {"words": "It takes long", "by_when": "other", "due_on_day": "1", "due_on_month": "2", "due_on_year": "9999"}
    page = client.post(address, said)
    assert words(page).count("Say a day within a year from today. Where it takes longer") == 2
    assert "It takes long" in words(page)
    own.refresh_from_db()
    assert (own.due_on, Message.objects.filter(kind__in=[REVIEWED, MOVED]).count()) == (DUE, 0)


def test_who_else_sees_to_it_hears_once_how_it_stands(cast):
    own = given(cast)
    page = words(signed_in(cast.senior).get(of("review", own)))
    assert "Whoever else sees to it is told. Where the day moves further away, so is whoever asked about it." in page
    moved(own, LATER)
    (message,) = wanted(REVIEWED)
    assert (message.person, message.due_at) == (cast.coordinator, NOW + HOUR)
    (text,) = mailed(REVIEWED)
    assert f"{cast.senior.name} said how it stands, 2 November 2026 at 9am: “Two of five are done”" in text
    assert "to be kept by Monday 1 February 2027 now; before, it was Tuesday 1 December 2026." in text


def test_a_review_by_a_coordinator_is_told_to_who_keeps_it(cast):
    own = given(cast, is_ongoing=True)
    moved(own, LATER, by=cast.coordinator)
    (message,) = wanted(REVIEWED)
    assert message.person == cast.senior
    (text,) = mailed(REVIEWED)
    assert "It is looked at again on Monday 1 February 2027 now" in text
    assert address_of(own.link) in text
    assert "do not forward it" in text


def test_reviews_that_follow_closely_are_told_by_one_mail(cast):
    own = given(cast)
    moved(own, LATEST, said="First.")
    moved(own, LATER, said="Second.", now=NOW + HOUR * 0.9)
    moved(own, DUE, said="Third.", now=NOW + HOUR * 1.8)
    (text,) = mailed(REVIEWED)
    assert text.index("First.") < text.index("Second.") < text.index("Third.")
    assert "to be kept by Tuesday 1 December 2026, as before." in text
    moved(own, LATER, said="Fourth.", now=NOW + HOUR * 2.8)
    texts = mailed(REVIEWED)
    assert len(texts) == 2
    assert "Third." not in texts[1]


def test_what_is_proposed_as_kept_meanwhile_is_told_by_that_alone(cast):
    own = given(cast)
    moved(own, LATER)
    actions.propose_kept(assurance=own, evidence="The rota.", by=cast.senior, now=NOW)
    assert wanted(REVIEWED) == []


@pytest.mark.parametrize("asked_as", [AskedAs.NAME, AskedAs.PSEUDONYM])
def test_whoever_asked_hears_that_it_is_kept_later(cast, asked_as):
    question = cast.question(asked_as=asked_as)
    own = given(cast, questions=[question])
    moved(own, LATER)
    (message,) = wanted(MOVED)
    assert (message.person, message.due_at) == (cast.practitioner, NOW + HOUR)
    assert kinds.find(MOVED).private
    (text,) = mailed(MOVED)
    assert f"{cast.senior.name} ({own.role}, {cast.organisation.name}) promised: “We send two people”" in text
    assert "to be kept by Monday 1 February 2027 now; before, it was Tuesday 1 December 2026." in text
    assert "Two of five are done" not in text
    link = Asker.objects.get().link
    assert "by 1 February 2027" in words(opened(link).get(reverse("commitments:asker-show", args=[link.pk])))


def test_whoever_asked_hears_nothing_of_a_day_that_is_no_later(cast):
    own = given(cast, questions=[cast.question()])
    moved(own, date(2026, 11, 20))
    moved(own, LATER, now=NOW + HOUR * 2)
    moved(own, date(2026, 11, 20), now=NOW + HOUR * 2.5)  # taken back before anybody has heard
    assert wanted(MOVED) == []
    ongoing = given(cast, questions=[cast.question()], is_ongoing=True)
    moved(ongoing, LATER)
    assert wanted(MOVED) == []


def test_who_took_the_question_back_or_whose_promise_has_ended_hears_nothing(cast):
    first, second = cast.question(), cast.question("Who pays?")
    own = given(cast, questions=[first, second])
    moved(own, LATER)
    questions.withdraw_question(asker=Asker.objects.get(question=first), by=cast.practitioner, now=NOW)
    assert [message.refs["asker"] for message in wanted(MOVED)] == [Asker.objects.get(question=second).pk]
    actions.end_assurance(assurance=own, state="not_kept", reason="No budget", by=cast.coordinator, now=NOW)
    assert wanted(MOVED) == []


def test_who_asked_what_was_joined_hears_of_the_promises_that_their_page_shows(cast):
    whole, joined = cast.question(), cast.question("The same?")
    of_joined = given(cast, questions=[joined])
    questions.merge(question=joined, into=whole, by=cast.coordinator, now=NOW)
    moved(of_joined, LATER)
    assert wanted(MOVED) == []
    moved(given(cast, questions=[whole]), LATER)
    assert len(wanted(MOVED)) == 2
