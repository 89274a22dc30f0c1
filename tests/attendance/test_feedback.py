"""Feedback from the closed register to the page of the coordinator: who may answer, how it is asked, what is shown."""

from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.apps import apps
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from attendance.actions import register
from attendance.models import Attendance
from attendance.queries.feedback import feedback_path
from messaging import kinds
from messaging.models import Message
from surveys.actions.editions import make_all_editions
from surveys.actions.questionnaires import choose_feedback, standing_feedback
from surveys.models import Questionnaire, Ticket
from surveys.queries import with_answers
from tests.attendance.places import a_place, a_practitioner, a_session, partner_of
from tests.attendance.registers import a_coordinator
from tests.commitments.pages import opened, signed_in, words

pytestmark = pytest.mark.django_db
WORDS = ["I know whom to ask.", "It was worth the time."]


@pytest.fixture
def session():
    return a_session(capacity=30)


@pytest.fixture(autouse=True)
def _the_day_after(session):
    with time_machine.travel(session.during.upper + timedelta(hours=1), tick=False):
        yield


def count_feedback(questionnaire) -> int:
    return with_answers(Questionnaire.objects.filter(pk=questionnaire.pk)).get().answered


def ask(session, words=WORDS):
    programme = session.programme
    return choose_feedback(about=programme, title=programme.name, words=words, by="clock", now=timezone.now())


def come(session, number=1):
    """Let so many people come and close the register; return their places."""
    places = [a_place(session, now=session.during.lower - timedelta(days=9)) for _ in range(number)]
    for place in places:
        register.mark(
            session=session, subject=place, kind="attended", press=uuid4(), by="clock", now=session.during.lower
        )
    register.close_register(session=session, by="clock", now=timezone.now())
    return places


def path_for(place) -> str:
    return feedback_path(Attendance.objects.get(place=place), timezone.localdate())


def answer(client, path: str, first="5", second="4", **headers):
    token = path.strip("/").split("/")[-1]
    data = {"token": token, "answer_0_1": first, "answer_0_2": second}
    return client.post(reverse("surveys:feedback-send"), data, **headers)


def test_who_came_is_asked_in_the_thanks_and_on_the_own_page(session):
    absent = a_place(session, now=session.during.lower - timedelta(days=9))
    ask(session)
    (place,) = come(session)
    mail = kinds.find("attendance.thanks").render(Message.objects.get(kind="attendance.thanks"))
    path = path_for(place)
    assert f"{settings.SITE_URL}{path}" in mail.text
    assert path in mail.html
    assert path in opened(place.link).get(reverse("attendance:place-show", args=[place.link_id])).content.decode()
    page = opened(absent.link).get(reverse("attendance:place-show", args=[absent.link_id]))
    assert "Say how it was" not in words(page)
    assert Ticket.objects.count() == 1


def test_nothing_is_asked_where_the_programme_asks_nothing(session):
    (place,) = come(session)
    assert path_for(place) == ""
    mail = kinds.find("attendance.thanks").render(Message.objects.get(kind="attendance.thanks"))
    assert "how it was" not in mail.text


def test_closing_again_gives_nobody_a_second_ticket_and_newcomers_one(session):
    questionnaire = ask(session)
    late = a_place(session, now=session.during.lower - timedelta(days=9))
    (place,) = come(session)
    answer(Client(), path_for(place))
    register.reopen_register(session=session, reason="One more", by="clock", now=timezone.now())
    register.mark(session=session, subject=late, kind="attended", press=uuid4(), by="clock", now=timezone.now())
    register.close_register(session=session, by="clock", now=timezone.now())
    assert path_for(place) == ""
    assert path_for(late)
    assert Ticket.objects.count() == 2
    assert count_feedback(questionnaire) == 1


def test_who_is_matched_after_the_closing_gets_what_the_others_got(session):
    """Thanks with a link for feedback, a certificate; whoever has answered gets no second ticket by it."""
    questionnaire = ask(session)
    walk_in = register.add_walk_in(
        session=session, name="Wilma Walker", organisation=partner_of(session.programme), press=uuid4(), by="clock",
        now=session.during.lower,
    )  # fmt: skip
    (place,) = come(session)
    answer(Client(), path_for(place))
    Ticket.objects.all().delete()  # as after three weeks
    person = a_practitioner(session.programme)
    register.match_walk_in(walk_in=walk_in, person=person, by="clock", now=timezone.now())
    fact = Attendance.objects.get(walk_in=walk_in)
    assert Ticket.objects.count() == 1
    path = feedback_path(fact, timezone.localdate())
    mail = Message.objects.get(kind="attendance.thanks", person=person)
    assert path in kinds.find("attendance.thanks").render(mail).text
    client = Client()
    client.force_login(person)
    certificate = client.get(reverse("attendance:record-certificate", args=[fact.pk]))
    assert certificate.getvalue().startswith(b"%PDF")
    answer(Client(), path)
    assert count_feedback(questionnaire) == 2


def test_who_is_matched_before_the_closing_is_told_by_it(session):
    ask(session)
    walk_in = register.add_walk_in(
        session=session, name="Wilma Walker", organisation=partner_of(session.programme), press=uuid4(), by="clock",
        now=session.during.lower,
    )  # fmt: skip
    register.match_walk_in(
        walk_in=walk_in, person=a_practitioner(session.programme), by="clock", now=session.during.lower
    )
    assert not Message.objects.filter(kind="attendance.thanks").exists()
    come(session)
    assert Message.objects.filter(kind="attendance.thanks").count() == 2


def test_a_page_is_opened_without_using_anything_up_and_answers_are_counted_once(session):
    questionnaire = ask(session)
    (place,) = come(session)
    path, client = path_for(place), Client()
    for _ in range(2):
        page = client.get(path)
    assert page["Referrer-Policy"] == "no-referrer"
    assert "I know whom to ask." in words(page)
    assert "Prefer not to say" in words(page)
    assert count_feedback(questionnaire) == 0
    faulty = answer(client, path, second="")
    assert "There is a problem Choose an answer to “It was worth the time.”" in words(faulty)
    assert "Your answers are counted" in words(answer(client, path))
    assert client.get(path).status_code == answer(client, path).status_code == 403
    assert "counted already" in words(client.get(path))
    assert count_feedback(questionnaire) == 1
    assert path_for(place) == ""


def test_it_reads_no_session_and_writes_nothing_that_leads_back(session):
    ask(session)
    (place,) = come(session)
    path, client = path_for(place), signed_in(place.person)
    cookies = client.cookies.output()
    before = {model: {str(row) for row in model.objects.values()} for model in apps.get_models()}
    with CaptureQueriesContext(connection) as caught:
        client.get(path)
        answer(client, path, REMOTE_ADDR="198.51.100.77", HTTP_USER_AGENT="Needle/1.0")
    asked = " ".join(query["sql"] for query in caught)
    assert "django_session" not in asked
    assert "accounts_person" not in asked
    assert client.cookies.output() == cookies
    changed = {
        model._meta.label: [row for row in model.objects.values() if str(row) not in before[model]] for model in before
    }
    changed = {label: rows for label, rows in changed.items() if rows}
    assert sorted(changed) == ["surveys.Tally", "surveys.Ticket"]
    assert [sorted(row) for row in changed["surveys.Ticket"]] == [["digest", "is_used", "questionnaire_id", "until"]]
    assert "198.51" not in repr(changed)


def test_a_form_of_another_site_counts_nothing(session):
    questionnaire = ask(session)
    (place,) = come(session)
    client = Client(enforce_csrf_checks=True)
    page = answer(client, path_for(place), headers={"sec-fetch-site": "cross-site"})
    assert "not sent from our own page" in words(page)
    assert count_feedback(questionnaire) == 0
    assert "counted" in words(answer(client, path_for(place), headers={"sec-fetch-site": "same-origin"}))


def test_it_ends_after_three_weeks(session):
    ask(session)
    (place,) = come(session)
    path = path_for(place)
    with time_machine.travel(timezone.now() + timedelta(days=22), tick=False):
        assert path_for(place) == ""
        assert "that day has passed" in words(Client().get(path))


def test_the_coordinator_chooses_what_is_asked_and_sees_ten_answers(session):
    client, slug = signed_in(a_coordinator(session)), session.programme.slug
    page = reverse("attendance:feedback-show", args=[slug])
    assert "Nobody is asked for feedback" in words(client.get(page))
    choose = reverse("attendance:feedback-choose", args=[slug])
    assert "Choose or write at least one statement" in words(client.post(choose, {"own": " \n "}))
    ready = "The session was worth the time."
    client.post(choose, {"ready": [ready], "own": "I feel safe to share.\n\nI feel safe to share."})
    asked = standing_feedback(session.programme)
    assert [each.words for each in asked.statements.all()] == [ready, "I feel safe to share."]
    places = come(session, 12)
    for number, place in enumerate(places):
        answer(Client(), path_for(place), first="5" if number < 7 else "4", second="3" if number else "1")
    assert "Too few answers to show 12 people answered so far" in words(client.get(page)).replace("have ", "")
    make_all_editions(today=timezone.localdate())
    shown = words(client.get(page))
    assert "What 12 people said" in shown
    assert "7 5 0 0 0 0 12" in shown
    assert "The next edition is of 12 answers at least" in shown
    client.post(reverse("attendance:feedback-stop", args=[slug]))
    assert standing_feedback(session.programme) is None
    assert "Asked until" in words(client.get(page))


def test_the_page_asks_the_database_as_often_for_one_as_for_three(session):
    client = signed_in(a_coordinator(session))
    page = reverse("attendance:feedback-show", args=[session.programme.slug])
    ask(session)
    client.get(page)
    with CaptureQueriesContext(connection) as one:
        client.get(page)
    for number in range(2):
        ask(session, [f"Statement {number}"])
    with CaptureQueriesContext(connection) as three:
        client.get(page)
    assert len(three) == len(one)
