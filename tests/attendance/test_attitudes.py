"""The pages of attitudes: choosing, opening, the room, the mail, answering without a trace, the results."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from attendance.actions.attitudes import send_link
from messaging import kinds
from messaging.models import Message
from surveys.actions.attitudes import close_point, fill_in, new_pair_code, open_point
from surveys.actions.questionnaires import start_attitudes
from surveys.models import Opening, Questionnaire, Sheet
from tests.attendance.places import NOW, a_place, a_session
from tests.attendance.registers import a_coordinator
from tests.commitments.pages import signed_in, words

pytestmark = pytest.mark.django_db
WORDS = ["I know how to ask.", "I trust the others."]


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def session():
    return a_session(capacity=30)


@pytest.fixture
def client(session):
    return signed_in(a_coordinator(session))


def page(session, name, *more) -> str:
    return reverse(f"attendance:attitudes-{name}", args=[session.programme.slug, *more])


def asked(session, method="paired") -> Questionnaire:
    about = session.programme
    return start_attitudes(about=about, method=method, title="Wren House", words=WORDS, by="clock", now=NOW)


def opened(session, point="before", method="paired", most=100) -> Opening:
    return open_point(questionnaire=asked(session, method), point=point, most=most, by="clock", now=NOW)


def form_of(response) -> dict[str, str]:
    """Return the hidden fields of the form on a page."""
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', response.content.decode()))


def send(client, opening, first="5", second="4", **more):
    address = reverse("surveys:attitudes-answer", args=[opening.code])
    data = {**form_of(client.get(address)), "answer_0_1": first, "answer_0_2": second, **more}
    return client.post(address, data)


def test_the_coordinator_chooses_opens_shows_and_closes(session, client):
    assert "Nobody is asked about attitudes yet" in words(client.get(page(session, "list")))
    faulty = client.post(page(session, "start"), {"own": ""})
    assert "Enter the title" in words(faulty)
    client.post(page(session, "start"), {"title": "Wren House", "method": "paired", "own": "\n".join(WORDS)})
    own = Questionnaire.objects.get()
    show = page(session, "show", own.pk)
    assert "Not asked yet" in words(client.get(show))
    client.post(page(session, "change", own.pk), {"own": "I know how to ask.\nI trust all."})
    assert "I trust all." in words(client.get(show))
    room = client.post(page(session, "open", own.pk, "before"), {"most": "40"}, follow=True)
    opening = Opening.objects.get()
    assert opening.code in words(room)
    for _ in range(12):
        assert "Your own code" in words(send(Client(), opening))
    assert client.get(page(session, "change", own.pk)).status_code == 404
    shown = words(client.get(show))
    assert "12 answers, code" in shown
    assert "Answers are shown when a point is closed" in shown
    assert "Answers so far 12" in words(client.get(page(session, "close", own.pk, "before")))
    client.post(page(session, "close", own.pk, "before"))
    shown = words(client.get(show))
    assert "Before 12 0 0 0 0 0 12" in shown
    assert "Before 0 12 0 0 0 0 12" in shown
    assert "Wren House" in words(client.get(page(session, "list")))


def test_results_show_pairs_and_what_the_test_says(session, client):
    questionnaire = asked(session)
    first, second = (
        open_point(questionnaire=questionnaire, point=point, most=50, by="clock", now=NOW)
        for point in ("before", "after")
    )
    for number in range(20):
        pair = new_pair_code()
        fill_in(code=first.code, pair=pair, answers=[2, 4])
        fill_in(code=second.code, pair=pair, answers=[4 if number < 14 else 1, 4])
    for opening in (first, second):
        close_point(opening=opening, by="clock", now=NOW)
    shown = words(client.get(page(session, "show", questionnaire.pk)))
    assert "From before to after 14 " in shown
    assert "(p = 0.115)" in shown
    assert shown.count("1: Strongly disagree") == 1, "the colours are told once, over two statements"
    assert shown.count("Not to compare · held back") == 1
    assert shown.count("if the workshops had changed nothing") == 1


def test_answering_before_gives_a_code_that_is_asked_for_after(session):
    client, before = Client(), opened(session)
    code = reverse("surveys:attitudes-code")
    assert "No statements are open under this code" in words(client.get(code, {"code": "AAAAAA"}))
    assert client.get(code, {"code": f" {before.code.lower()} "})["Location"].endswith(f"/{before.code}/")
    done = send(client, before)
    pair = re.search(r"[A-Z2-9]{4}\u2011[A-Z2-9]{4}", words(done)).group()
    after = open_point(questionnaire=before.questionnaire, point="after", most=9, by="clock", now=NOW)
    assert "must have 8 letters" in words(send(client, after, pair="K7"))
    assert "Nobody answered with this code before" in words(send(client, after, pair=new_pair_code()))
    assert "Your answers are counted" in words(send(client, after, pair=pair.lower()))
    assert Sheet.objects.values("pair").distinct().count() == 1
    assert "counted already" in words(send(client, after, pair=pair))
    assert "Your own code" in words(send(client, after))  # lost it: a new one for later
    assert not client.cookies


def test_sending_a_form_twice_counts_once_and_what_is_missing_is_said(session):
    client, opening = Client(), opened(session)
    address = reverse("surveys:attitudes-answer", args=[opening.code])
    data = {**form_of(client.get(address)), "answer_0_1": "5", "answer_0_2": "0"}
    assert [client.post(address, data).status_code for _ in range(2)] == [200, 403]
    assert "Choose an answer to “I trust the others.”" in words(client.post(address, {**data, "answer_0_2": ""}))
    assert client.post(address, {**data, "fresh": "AAAA"}).status_code == 200
    assert "not sent from our own page" in words(client.post(address, data, headers={"sec-fetch-site": "cross-site"}))
    assert Sheet.objects.count() == 1
    close_point(opening=opening, by="clock", now=NOW)
    assert "not open for answers now" in words(client.get(address))


def test_then_and_now_are_asked_in_one_sitting(session):
    opening = opened(session, "once", "retrospective")
    done = send(Client(), opening, answer_1_1="3", answer_1_2="0")
    assert "Your own code" not in words(done)
    assert Sheet.objects.get().answers == [5, 4, 3, 0]


def test_the_link_goes_once_to_everybody_with_a_place(session, client):
    places = [a_place(session) for _ in range(2)]
    opening = opened(session)
    address = page(session, "send", opening.questionnaire_id, "before")
    assert "Choose who gets the link" in words(client.post(address)) or "There is a problem" in words(
        client.post(address)
    )
    assert "The link goes to 2 people" in words(client.post(address, {"sessions": [session.pk]}, follow=True))
    again = send_link(opening=opening, programme=session.programme, sessions=[session], by="clock", now=timezone.now())
    assert again == 0
    mails = Message.objects.filter(kind="attendance.attitudes_asked")
    assert {mail.person_id for mail in mails} == {place.person_id for place in places}
    kind = kinds.find("attendance.attitudes_asked")
    texts = [kind.render(mail).text.replace(mail.person.name, "") for mail in mails]
    assert texts[0] == texts[1]  # the same link for everybody
    assert kind.still_wanted(list(mails), NOW) == {}
    close_point(opening=opening, by="clock", now=NOW)
    assert set(kind.still_wanted(list(mails), NOW).values()) == {"point_closed"}


def test_who_came_is_asked_after_a_session_that_is_over(session):
    opening = opened(session, "after")
    a_place(session)
    with time_machine.travel(session.during.upper + timedelta(days=90)):
        now = timezone.now()
        assert send_link(opening=opening, programme=session.programme, sessions=[session], by="clock", now=now) == 0


def test_pages_ask_the_database_as_often_for_one_as_for_three(session, client):
    def queries(address) -> int:
        with CaptureQueriesContext(connection) as caught:
            assert client.get(address).status_code == 200
        return len(caught)

    own = opened(session)
    lists, shows = page(session, "list"), page(session, "show", own.questionnaire_id)
    queries(lists)
    one = queries(lists), queries(shows)
    for point in ("after", "later"):
        open_point(questionnaire=own.questionnaire, point=point, most=9, by="clock", now=NOW)
        opened(session, "once", "retrospective")
    assert (queries(lists), queries(shows)) == one
