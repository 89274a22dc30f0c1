"""Asking a question beforehand from one's own place."""

import pytest
import time_machine
from django.urls import reverse

from accounts.links import token_of
from attendance.actions.places import give_up_place
from commitments.models import AskedAs, Asker, Question, QuestionState
from history.models import Entry
from tests.attendance.places import NOW, a_place, a_session

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def place(client):
    """A place whose link is open in this browser."""
    place = a_place(a_session())
    client.get(f"/p/{token_of(place.link)}/")
    return place


def ask(client, place, **typed):
    return client.post(reverse("commitments:place-ask", args=[place.link_id]), typed, follow=True)


@pytest.mark.parametrize("asked_as", [AskedAs.NAME, AskedAs.PSEUDONYM])
def test_a_question_is_stored_as_raised_and_who_asked_stands_apart(client, place, asked_as):
    assert client.get(reverse("commitments:place-ask", args=[place.link_id])).status_code == 200
    response = ask(client, place, words="Who may see the plan?", asked_as=asked_as)
    assert "Your question is with the coordinator" in response.content.decode()
    question, asker = Question.objects.get(), Asker.objects.get()
    assert (question.words, question.asked_as, question.state, question.session) == (
        "Who may see the plan?", asked_as, QuestionState.RAISED, place.session,
    )  # fmt: skip
    assert (asker.person, asker.place) == (place.person, place)
    named = Entry.objects.filter(verb="raised", actor=f"accounts.person:{place.person_id}")
    assert named.exists() is (asked_as == AskedAs.NAME)


@pytest.mark.parametrize(
    "typed",
    [
        {},
        {"words": "x"},
        {"words": "x", "asked_as": "nobody"},
        {"words": "a\x00b", "asked_as": "name"},
        {"words": "x" * 2001, "asked_as": "name"},
    ],
)
def test_what_is_missing_or_wrong_is_said_and_nothing_is_stored(client, place, typed):
    response = ask(client, place, **typed)
    assert response.status_code == 200
    assert "There is a problem" in response.content.decode()
    assert not Question.objects.exists()


def test_questions_of_a_day_are_limited(client, place):
    for _ in range(11):
        response = ask(client, place, words="Again?", asked_as="name")
    assert Question.objects.count() == 10
    assert "Ask the next one tomorrow" in response.content.decode()


def test_who_gave_the_place_up_asks_no_more(client, place):
    give_up_place(place=place, by=place.person, now=NOW)
    assert ask(client, place, words="Still?", asked_as="name").status_code == 404
