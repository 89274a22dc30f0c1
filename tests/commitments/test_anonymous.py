"""Asking anonymously: nothing leads back. And what everybody, or who has a link, may read of the answers."""

from datetime import timedelta

import pytest
import time_machine
from django.apps import apps
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from attendance.actions.places import give_up_place
from commitments.actions.questions import merge, open_question, publish_answer, put_out_of_scope
from commitments.models import AskedAs, Asker, Audience, Question, QuestionState
from commitments.views.anonymous import QUESTIONS_AN_HOUR
from desk.queries.public import answers_published
from tests.attendance.places import a_place, a_session, another_day
from tests.briefings.factories import AppointmentFactory
from tests.commitments.factories import NOW, Cast
from tests.commitments.pages import opened, signed_in, words

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW + timedelta(minutes=17, seconds=23), tick=False):
        yield


@pytest.fixture
def cast():
    return Cast()


@pytest.fixture
def address(cast):
    return reverse("commitments:anonymous-ask", args=[cast.programme.slug])


def test_a_question_is_kept_with_its_words_and_day_alone(cast, client, address):
    page = client.post(address, {"words": "May I say no?"})
    question = Question.objects.get()
    assert question.reference in words(page)
    assert (question.words, question.asked_as, question.state) == ("May I say no?", AskedAs.NOBODY, "raised")
    assert question.raised_on == NOW.date()
    assert not Asker.objects.exists()


def test_it_reads_no_session_and_sets_no_cookie_even_where_somebody_is_signed_in(cast, address):
    client = signed_in(cast.practitioner)
    before = client.cookies.output()
    with CaptureQueriesContext(connection) as caught:
        client.get(address)
        posted = client.post(address, {"words": "May I say no?"})
    asked = " ".join(query["sql"] for query in caught)
    assert posted.status_code == 200
    assert "django_session" not in asked
    assert "accounts_person" not in asked
    assert not posted.cookies
    assert client.cookies.output() == before
    assert cast.practitioner.name not in words(posted)


def test_no_row_of_the_database_tells_who_asked_or_when(cast, address):
    """The attack: everything written by the request is looked through for the asker, the address and the moment."""
    client = signed_in(cast.practitioner)
    before = {model: set(model.objects.values_list("pk", flat=True)) for model in apps.get_models()}
    client.post(address, {"words": "May I say no?"}, headers={"user-agent": "Needle/1.0"}, REMOTE_ADDR="198.51.100.77")
    written = [
        (model._meta.label, row) for model in before for row in model.objects.exclude(pk__in=before[model]).values()
    ]
    assert sorted(label for label, _ in written) == ["accounts.Attempt", "commitments.Question"]
    text = repr(written)
    for trace in (
        "198.51.100.77",
        "Needle",
        cast.practitioner.name,
        "17, 23",
        ":17:",
        f"person:{cast.practitioner.pk}",
    ):
        assert trace not in text
    assert "minute" not in text
    attempt = next(row for label, row in written if label == "accounts.Attempt")
    assert attempt["ends_at"] == NOW + timedelta(hours=1)  # the full hour, not the moment


def test_a_form_of_another_site_is_refused_and_the_words_are_kept(cast, address):
    client = Client(enforce_csrf_checks=True)
    for headers in ({"sec-fetch-site": "cross-site"}, {"origin": "https://elsewhere.example"}):
        page = client.post(address, {"words": "Forged"}, headers=headers)
        assert "not sent from our own page" in words(page)
        assert "Forged" in page.content.decode()
    assert not Question.objects.exists()
    for headers in ({"sec-fetch-site": "same-origin"}, {"origin": settings.SITE_URL}, {"origin": "http://testserver"}):
        assert "Your question is asked" in words(client.post(address, {"words": "Mine"}, headers=headers))


@pytest.mark.parametrize("typed", [{}, {"words": " "}, {"words": "a\x00b"}, {"words": "x" * 2001}])
def test_what_is_wrong_is_said_and_nothing_is_kept(client, address, typed):
    assert "There is a problem" in words(client.post(address, typed))
    assert not Question.objects.exists()


def test_all_askers_together_are_limited_for_an_hour(client, address):
    for _ in range(QUESTIONS_AN_HOUR):
        client.post(address, {"words": "Again"})
    assert "Send yours again in an hour" in words(client.post(address, {"words": "One too many"}))
    with time_machine.travel(NOW + timedelta(hours=1), tick=False):
        assert "Your question is asked" in words(client.post(address, {"words": "Now"}))


def test_a_programme_that_is_not_public_has_no_such_pages(client):
    hidden = Cast(is_public=False).programme
    for name in ("anonymous-ask", "answer-list", "promise-list"):
        assert client.get(reverse(f"commitments:{name}", args=[hidden.slug])).status_code == 404


# Published answers


def answered(cast, said, audience, session=None):
    question = cast.question(said, session=session)
    question = open_question(question=question, by=cast.coordinator, now=NOW)
    publish_answer(question=question, words=f"Answer to {said}", audience=audience, by=cast.coordinator, now=NOW)
    return question


def test_everybody_reads_what_is_for_everybody_and_finds_it(cast, client):
    for audience in Audience.values:
        answered(cast, f"for {audience}", audience)
    address = reverse("commitments:answer-list", args=[cast.programme.slug])
    page = words(client.get(address))
    assert "Answer to for public" in page
    assert "for asker" not in page
    assert "for practitioners" not in page
    assert "for attenders" not in page
    assert cast.coordinator.name not in page
    assert "Answer to for public" in words(client.get(address, {"q": "PUBLIC answer"}))
    assert "Nothing matches" in words(client.get(address, {"q": "elephant"}))
    assert "Answer to" in words(client.get(address, {"q": "a\x00b", "page": "9" * 40}))


def test_who_asked_anonymously_reads_why_there_is_no_answer_and_nobody_reads_the_question(cast, client):
    common = {"reason": "Ask the data protection officer", "by": cast.coordinator, "now": NOW}
    anonymous = put_out_of_scope(question=cast.question("About a case", asked_as=AskedAs.NOBODY), **common)
    named = put_out_of_scope(question=cast.question("About another"), **common)
    joined, whole = cast.question("Mine too", asked_as=AskedAs.NOBODY), cast.question("The whole")
    merge(question=joined, into=whole, by=cast.coordinator, now=NOW)
    put_out_of_scope(question=whole, **common)
    page = words(client.get(reverse("commitments:answer-list", args=[cast.programme.slug])))
    assert f"{joined.reference} : Ask the data protection officer" in page
    assert "Mine too" not in page
    assert f"{anonymous.reference} : Ask the data protection officer" in page
    assert "About a case" not in page
    assert named.reference not in page


def test_an_answer_that_was_narrowed_or_reopened_is_published_no_more(cast, client):
    question = answered(cast, "narrowed", Audience.PUBLIC)
    publish_answer(question=question, words="Better", audience=Audience.ASKER, by=cast.coordinator, now=NOW)
    reopened = answered(cast, "reopened", Audience.PUBLIC)
    Question.objects.filter(pk=reopened.pk).update(state=QuestionState.OPEN)
    page = words(client.get(reverse("commitments:answer-list", args=[cast.programme.slug])))
    assert "No answer is published yet" in page
    assert answers_published() == [], "nor on the first page"


def test_who_has_a_place_reads_what_is_for_practitioners_and_for_their_session():
    session = a_session()
    place = a_place(session)
    cast = Cast()
    cast.programme = session.programme
    cast.coordinator = AppointmentFactory(programme=session.programme).person
    for audience in Audience.values:
        answered(cast, f"for {audience} here", audience, session)
    answered(cast, "for attenders elsewhere", Audience.ATTENDERS, another_day(session.programme))
    page = words(opened(place.link).get(reverse("commitments:place-answers", args=[place.link_id])))
    for audience in (Audience.PUBLIC, Audience.PRACTITIONERS, Audience.ATTENDERS):
        assert f"Answer to for {audience} here" in page
    assert "for asker here" not in page
    assert "elsewhere" not in page
    give_up_place(place=place, by=place.person, now=NOW)
    page = words(opened(place.link).get(reverse("commitments:place-answers", args=[place.link_id])))
    assert "for practitioners here" in page
    assert "for attenders here" not in page, "who has no place any more is not one of those who have"


def test_looking_takes_any_words_and_is_limited(cast, client, address, monkeypatch):
    answered(cast, "Where is the plan kept at night?", Audience.PUBLIC)
    look = {"look": "1", "words": "Where is the plan kept at night?"}
    assert "Is your question answered already?" in words(client.post(address, look))
    assert client.post(address, look | {"words": "plan kept\x00night"}).status_code == 200
    assert client.post(address, look | {"words": "plan kept night " * 5000}).status_code == 200
    monkeypatch.setattr("commitments.views.anonymous.LOOKS_AN_HOUR", 3)
    page = words(client.post(address, look))
    assert "Is your question answered already?" not in page
    assert "Nothing that looks alike" not in page
