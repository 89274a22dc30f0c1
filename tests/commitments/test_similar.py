"""Questions that ask the same are found, in two queries, and only among what the looker may see already."""

import pytest
from django.urls import reverse

from commitments.actions.questions import open_question, publish_answer
from commitments.models import Audience, Question
from commitments.queries.similar import alike
from tests.commitments.factories import NOW, Cast
from tests.commitments.pages import signed_in, words

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return Cast()


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("How do school nurses sign in to the shared record?", "How can a school nurse get into the shared records?"),
        ("Who leads the plan when a family moves?", "Who is leading the plan if families move away?"),
        ("May I share with a charity worker?", "Am I allowed to share data with charity workers?"),
        ("What about confidentiality of the record?", "What abuot confidentialty of the recrod?"),
    ],
)
def test_the_same_in_other_words_or_misspelt_is_found(cast, first, second, django_assert_max_num_queries):
    asked = cast.question(first)
    for other in (
        "Where do I park at the library?",
        "Can the plan be in Welsh?",
        "Is travel paid outside the district?",
    ):
        cast.question(other)
    with django_assert_max_num_queries(2):
        found = alike(second, Question.objects.all())
    assert found[0] == asked


@pytest.mark.parametrize("typed", ["", "the", "who?", "Where do I park at Tolbury Library?", "' | & ! ( : *"])
def test_what_has_nothing_in_common_is_not_offered(cast, typed):
    cast.question("Who leads the plan when a family moves?")
    assert alike(typed, Question.objects.all()) == []


def test_who_types_sees_answers_that_everybody_reads_and_no_others(cast, client):
    for said, audience in (("record for all", Audience.PUBLIC), ("record for one", Audience.ASKER)):
        question = open_question(question=cast.question(f"Who sees the shared {said}?"), by=cast.coordinator, now=NOW)
        publish_answer(question=question, words=f"Answer {said}", audience=audience, by=cast.coordinator, now=NOW)
    address = reverse("commitments:anonymous-ask", args=[cast.programme.slug])
    page = words(client.post(address, {"words": "Who can see the shared record?", "look": "1"}))
    assert "Answer record for all" in page
    assert "record for one" not in page
    assert Question.objects.count() == 2, "looking asks nothing"


def test_a_coordinator_is_offered_what_is_asked_and_somebody_elses_programme_is_not_among_it(cast):
    cast.question("Who sees the shared record?")
    Cast().question("Who sees the shared record elsewhere?")
    address = reverse("commitments:question-raise", args=[cast.programme.slug])
    page = words(signed_in(cast.coordinator).post(address, {"words": "Who can see the shared record?", "look": "1"}))
    assert "Was it asked already?" in page
    assert "elsewhere" not in page
