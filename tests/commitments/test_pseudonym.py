"""The needle of a pseudonym: no page of anybody, the trial's mailbox aside, puts the asker beside the question."""

import pytest

from accounts.models import Person
from commitments.actions.questions import accept_commission, commission, publish_answer, raise_question, say_unanswered
from commitments.models import AskedAs, Audience, Question
from tests.cast import NOW, on_stage
from tests.organisations.factories import PersonFactory
from tests.test_needles import addresses_in, crawl, everything_in

NAME, WORDS = "zqpseudonymqz", "zqhiddenquestionqz"
MAY_READ = ("coordinator", "senior", "facilitator")
"""Who works on the question itself; a crawl takes seconds, and nobody else sees more of it."""


@pytest.fixture(scope="module")
def stage(django_db_setup, django_db_blocker):
    with on_stage(django_db_blocker) as (cast, keys):
        asker = PersonFactory(name=f"Amina {NAME}", email=f"{NAME}@example.org")
        question = raise_question(
            programme=cast.programme, words=f"May I see {WORDS}?", asked_as=AskedAs.PSEUDONYM, by=asker, person=asker,
            session=cast.session, now=NOW,
        )  # fmt: skip
        asked = commission(
            question=question, organisation=cast.organisation, person=cast.senior, by=cast.coordinator, now=NOW
        )
        accept_commission(commission=asked, by=cast.senior, now=NOW)
        publish_answer(question=question, words="Yes", audience=Audience.PUBLIC, by=cast.senior, now=NOW)
        say_unanswered(asker=question.askers.get(), by=asker, now=NOW)
        yield cast, keys


@pytest.mark.django_db
@pytest.mark.parametrize("role", MAY_READ)
def test_no_page_leads_from_the_question_to_who_asked(stage, role):
    cast, keys = stage
    question, asker = Question.objects.get(words__contains=WORDS), Person.objects.get(name__contains=NAME)
    together, read = [], 0
    for address, response in crawl(role, keys, cast):
        seen = everything_in(response)
        traces = (NAME, f"person:{asker.pk}")
        about = WORDS in seen or question.reference.lower() in seen
        read += about
        if about and any(trace in seen for trace in traces):
            together.append(address)
        assert NAME not in " ".join(addresses_in(seen))
        assert NAME not in seen, address
    assert together == []
    assert read, "the control: this role reads the question"
