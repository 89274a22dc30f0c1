"""The pages of live questions: phones that are not known, people who are, the screen, the scribe, and the polling."""

import re

import pytest
import time_machine
from django.core.cache import caches
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from attendance.models import SeatCount
from briefings.models import Programme
from commitments.actions.room import close_room, hide_question, open_room, show_question
from commitments.models import AskedAs, LiveRoom, Question, QuestionState, RoomQuestion, Showing
from commitments.queries import room as queries
from commitments.views import room as views
from tests.attendance.places import a_place, a_practitioner
from tests.briefings.factories import SessionFactory
from tests.commitments.factories import NOW
from tests.commitments.pages import opened, signed_in, words
from tests.commitments.test_room import Room

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def room():
    return Room()


def phone_page(room, name="room-show"):
    return reverse(f"commitments:{name}", args=[room.room.code])


def scribes(room, name="session-questions", question=None):
    return reverse(f"commitments:{name}", args=[room.session.pk, *([question.pk] if question else [])])


# Phones


def test_the_code_leads_to_the_questions_and_a_wrong_one_is_said(client, room):
    address = reverse("commitments:room-enter")
    assert "There is a problem" not in words(client.get(address))
    assert client.get(address, {"code": room.room.code.lower()})["Location"] == phone_page(room)
    for wrong in ("ZZZZZ", "", "a\x00b", "x" * 50):
        assert "There is a problem" in words(client.get(address, {"code": wrong}))
    assert client.get(reverse("commitments:room-show", args=["ZZZZZ"])).status_code == 404


def test_a_phone_asks_without_being_known(room):
    client = signed_in(room.practitioner)
    before = client.cookies.output()
    with CaptureQueriesContext(connection) as caught:
        assert client.get(phone_page(room)).status_code == 200
        page = client.post(phone_page(room), {"words": "May I say no?"})
    asked = " ".join(query["sql"] for query in caught)
    question = Question.objects.get()
    assert f"Its reference is {question.reference}" in words(page)
    assert "appears below when the scribe shows it" in words(page)
    assert (question.asked_as, question.in_room.showing) == (AskedAs.NOBODY, Showing.WAITING)
    assert "django_session" not in asked
    assert "accounts_person" not in asked
    assert client.cookies.output() == before
    assert not page.cookies


@pytest.mark.parametrize("typed", [{}, {"words": " "}, {"words": "a\x00b"}, {"words": "x" * 501}])
def test_what_is_wrong_is_said_and_what_was_typed_stays(client, room, typed):
    page = client.post(phone_page(room), typed)
    assert "There is a problem" in words(page)
    assert not Question.objects.exists()


def test_500_letters_with_line_ends_are_within_the_length(client, room):
    client.post(phone_page(room), {"words": "\r\n".join(["x" * 9] * 50)})
    assert len(Question.objects.get().words) == 499


def test_a_form_of_another_site_is_refused(room):
    client = Client(enforce_csrf_checks=True)
    page = client.post(phone_page(room), {"words": "Forged"}, headers={"sec-fetch-site": "cross-site"})
    assert "not sent from our own page" in words(page)
    assert not Question.objects.exists()
    client.post(phone_page(room), {"words": "Mine"}, headers={"sec-fetch-site": "same-origin"})
    assert Question.objects.exists()


def test_a_flood_waits_for_the_scribe_and_a_new_code_takes_questions_again(client, monkeypatch):
    room = Room(is_moderated=False)
    monkeypatch.setattr(views, "HELD_BACK_AFTER", 2)
    monkeypatch.setattr(views, "REFUSED_AFTER", 4)
    pages = [words(client.post(phone_page(room), {"words": f"Number {number}"})) for number in range(6)]
    assert "It stands below" in pages[1]
    assert "It appears below when the scribe shows it" in pages[2]
    assert "Tell the scribe" in pages[5]
    assert sorted(RoomQuestion.objects.values_list("showing", flat=True)) == ["shown"] * 2 + ["waiting"] * 2
    signed_in(room.coordinator).post(scribes(room, "room-code"))
    room.room.refresh_from_db()
    client.post(phone_page(room), {"words": "Shown again"})
    assert RoomQuestion.objects.filter(showing="shown").count() == 3


def test_asking_in_a_closed_room_says_so(client, room):
    page = client.get(phone_page(room))
    close_room(**room.by)
    assert "Questions are closed in this session" in words(client.post(phone_page(room), {"words": "Late"}))
    assert "Ask anonymously" in words(page)
    assert "Ask anonymously" not in words(client.get(phone_page(room)))


def test_a_room_can_be_read_for_two_weeks(client, room):
    room.asks()
    show_question(question=Question.objects.get(), **room.by)
    close_room(**room.by)
    assert "can be read until Monday 16 November 2026" in words(client.get(phone_page(room)))
    for days, status in ((14, 200), (15, 410)):
        queries._read.clear()
        caches["quick"].clear()
        with time_machine.travel(NOW.replace(day=2 + days), tick=False):
            for name in ("room-show", "room-screen"):
                assert client.get(phone_page(room, name)).status_code == status
            assert client.get(phone_page(room, "room-now")).status_code == {200: 200, 410: 404}[status]
            named = signed_in(room.practitioner).get(phone_page(room, "room-ask-as-me"))
            assert named.status_code == status
            over = words(client.post(phone_page(room), {"words": "Still?"}))
    assert "These questions are over" in over
    assert Question.objects.count() == 1
    assert client.get(reverse("commitments:room-show", args=["ZZZZZ"])).status_code == 404


def test_a_page_that_is_over_names_no_programme_that_is_not_public(client, room):
    Programme.objects.filter(pk=room.programme.pk).update(is_public=False)
    with time_machine.travel(NOW.replace(day=28), tick=False):
        page = client.get(phone_page(room))
    assert page.status_code == 410
    assert room.programme.name not in words(page)


def test_by_name_and_by_pseudonym_after_a_mailed_code(client, room):
    address = phone_page(room, "room-ask-as-me")
    assert "/sign-in/" in client.get(address)["Location"]
    client = signed_in(room.practitioner)
    for mode in (AskedAs.NAME, AskedAs.PSEUDONYM):
        page = client.post(address, {"words": f"Asked by {mode}", "asked_as": mode}, follow=True)
        assert "You get the answer by e-mail" in words(page)
    assert set(Question.objects.values_list("asked_as", "askers__person")) == {
        ("name", room.practitioner.pk),
        ("pseudonym", room.practitioner.pk),
    }
    assert "There is a problem" in words(client.post(address, {"words": "How?", "asked_as": "nobody"}))


def test_one_person_by_name_is_limited_and_nobody_else_by_it(room, monkeypatch):
    monkeypatch.setattr(views, "OWN_AN_HOUR", 1)
    address, me = phone_page(room, "room-ask-as-me"), signed_in(room.practitioner)
    me.post(address, {"words": "One", "asked_as": "name"})
    assert "Let others ask" in words(me.post(address, {"words": "Two", "asked_as": "name"}))
    signed_in(room.senior).post(address, {"words": "Three", "asked_as": "name"})
    assert Question.objects.count() == 2


def test_the_page_of_a_place_leads_into_the_room_while_it_is_open(room):
    SeatCount.objects.create(session=room.session, capacity=5)
    place = a_place(room.session, a_practitioner(room.programme))
    client, address = opened(place.link), reverse("commitments:place-ask", args=[place.link_id])
    assert "Live questions are open" in words(client.get(address))
    page = client.post(address, {"words": "From my place?", "asked_as": "pseudonym"}, follow=True)
    assert "Your question is in the room" in words(page)
    asked = Question.objects.get()
    assert (asked.in_room.showing, asked.askers.get().place) == (Showing.WAITING, place)
    close_room(**room.by)
    client.post(address, {"words": "And afterwards?", "asked_as": "name"})
    assert not hasattr(Question.objects.get(words="And afterwards?"), "in_room")


def test_who_asks_from_a_place_while_the_room_closes_is_heard_by_the_coordinator(room, monkeypatch):
    SeatCount.objects.create(session=room.session, capacity=5)
    place = a_place(room.session, a_practitioner(room.programme))
    closed = room.room
    closed.is_open = True
    close_room(**room.by)
    monkeypatch.setattr("commitments.views.asking.room_of", lambda session: closed)  # as it was read a moment before
    typed = {"words": "A moment late?", "asked_as": "name"}
    page = opened(place.link).post(reverse("commitments:place-ask", args=[place.link_id]), typed, follow=True)
    assert "Your question is with the coordinator" in words(page)
    assert not hasattr(Question.objects.get(), "in_room")


def test_what_is_hidden_is_explained_to_everybody_without_its_words(client, room):
    hide_question(question=room.asks("About Mrs Example"), because="case", **room.by)
    page = words(client.get(phone_page(room)))
    assert "Not shown: 1 (it tells of a case)" in page
    assert "Mrs Example" not in page


def test_no_name_stands_on_phones_and_screen(client, room):
    room.asks("By name?", AskedAs.NAME)
    show_question(question=Question.objects.get(), **room.by)
    signed_in(room.coordinator).post(
        scribes(room, "room-question-answered", Question.objects.get()),
        {"answered-speaker": f"m{room.mandate.pk}", "answered-words": "In May."},
    )
    room.room.refresh_from_db()
    for name in ("room-show", "room-screen", "room-now"):
        page = words(client.get(phone_page(room, name)))
        assert "By name?" in page
        assert "In May." in page
        assert room.organisation.name in page
        for person in (room.practitioner, room.senior, room.coordinator):
            assert person.name not in page


def test_the_screen_shows_the_code_and_how_to_get_there(client, room):
    page = client.get(phone_page(room, "room-screen"))
    assert room.room.code in words(page)
    assert "localhost" in words(page)
    assert "<svg" in page.content.decode()


# What is polled


def forget_versions() -> None:
    """Keep no word of an earlier version: in these tests no transaction ends, so nobody is told of a new one."""
    caches["quick"].clear()
    queries._read.clear()


@pytest.fixture
def fresh():
    forget_versions()
    yield
    forget_versions()


def test_who_has_this_version_gets_nothing_and_who_has_an_older_gets_the_list(client, room, fresh):
    address = phone_page(room, "room-now")
    first = client.get(address)
    assert first.status_code == 200
    again = client.get(address, headers={"if-none-match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    room.asks()
    show_question(question=Question.objects.get(), **room.by)
    forget_versions()
    newer = client.get(address, headers={"if-none-match": first["ETag"]})
    assert newer.status_code == 200
    assert "Who pays?" in words(newer)
    assert newer["ETag"] != first["ETag"]
    assert client.get(reverse("commitments:room-now", args=["ZZZZZ"])).status_code == 404


def test_a_304_asks_no_row_and_reads_no_session(room, fresh):
    client = signed_in(room.practitioner)
    address = phone_page(room, "room-now")
    tag = client.get(address)["ETag"]
    with CaptureQueriesContext(connection) as caught:
        assert client.get(address, headers={"if-none-match": tag}).status_code == 304
    assert len(caught) == 0


def test_without_the_quick_store_the_row_is_read(client, room, monkeypatch):
    class Gone:
        def __getattr__(self, name):
            raise queries.RedisError

    queries._read.clear()
    monkeypatch.setattr(queries, "caches", {"quick": Gone()})
    monkeypatch.setattr(views, "caches", {"quick": Gone()})
    page = client.get(phone_page(room, "room-now"))
    assert page.status_code == 200
    room.asks()
    queries._read.clear()
    assert client.get(phone_page(room, "room-now"))["ETag"] != page["ETag"]


def test_a_change_is_told_when_it_is_true(room, django_capture_on_commit_callbacks, fresh):
    with django_capture_on_commit_callbacks(execute=True):
        room.asks()
    assert caches["quick"].get(f"live:{room.room.code}") == LiveRoom.objects.get().version


# The scribe


def test_others_find_where_to_type_the_code(room):
    client = Client()
    page = client.get(scribes(room))
    assert "Code of the session" in words(page)
    assert "Note the question" not in words(page)
    assert "Code of the session" in words(signed_in(room.practitioner).get(scribes(room)))
    assert client.post(scribes(room), {"words": "x"}).status_code == 302
    assert not Question.objects.exists()
    without = SessionFactory(programme=room.programme)
    address = reverse("commitments:session-questions", args=[without.pk])
    assert "/sign-in/" in client.get(address)["Location"]
    assert signed_in(room.practitioner).get(address).status_code == 404


def test_the_scribe_opens_moderates_and_closes(room):
    session = SessionFactory(programme=room.programme)
    client = signed_in(room.coordinator)
    at = lambda name: reverse(f"commitments:{name}", args=[session.pk])  # noqa: E731
    assert "Let people ask from their phones" in words(client.get(at("session-questions")))
    page = client.post(at("room-open"), {"room-is_moderated": "yes"}, follow=True)
    own = LiveRoom.objects.get(session=session)
    assert own.code in words(page)
    client.post(at("room-moderation"), {"moderated": "no"})
    own.refresh_from_db()
    assert not own.is_moderated
    page = client.post(at("room-close"), follow=True)
    assert "Every question is answered or has an owner" in words(page)
    assert "Live questions are closed" in words(client.get(at("session-questions")))
    draft = SessionFactory(programme=room.programme, draft=True)
    address = reverse("commitments:room-open", args=[draft.pk])
    assert "Open the session first" in words(client.post(address, {"room-is_moderated": "no"}, follow=True))


def test_one_press_shows_and_one_hides(room):
    question, client = room.asks(), signed_in(room.coordinator)
    page = client.post(scribes(room, "room-question-show", question), follow=True)
    assert f"{question.reference} is shown" in words(page)
    page = client.post(scribes(room, "room-question-hide", question), {"because": "case"}, follow=True)
    assert "Hidden: it tells of a case" in words(page)
    page = client.post(scribes(room, "room-question-hide", question), {"because": "whim"}, follow=True)
    assert "press one of the reasons" in words(page)


def test_answered_now_and_taken_away(room):
    answered, taken, client = room.asks("One?"), room.asks("Two?"), signed_in(room.coordinator)
    page = client.get(scribes(room, "room-question", answered))
    assert room.senior.name in words(page)
    page = client.post(scribes(room, "room-question-answered", answered), {"answered-speaker": "x"})
    assert "There is a problem" in words(page)
    said = {"answered-speaker": f"p{room.coordinator.pk}", "answered-words": "Yes, from May."}
    page = client.post(scribes(room, "room-question-answered", answered), said, follow=True)
    assert "Yes, from May." in words(page)
    assert "moved on" in words(client.post(scribes(room, "room-question-answered", answered), said, follow=True))
    assert "There is a problem" in words(client.post(scribes(room, "room-question-taken", taken)))
    given = {"taken-mandate": room.mandate.pk}
    page = client.post(scribes(room, "room-question-taken", taken), given, follow=True)
    assert f"{room.senior.name} takes {taken.reference} away" in words(page)
    assert "It needs nothing more in the room" in words(client.get(scribes(room, "room-question", answered)))


def test_the_same_question_is_joined_in_one_press(room):
    one, two, client = room.asks("One?"), room.asks("Two?"), signed_in(room.coordinator)
    address = scribes(room, "room-question-same", two)
    assert "There is a problem" in words(client.post(address, {"same-into": two.pk}))
    page = client.post(address, {"same-into": one.pk}, follow=True)
    assert f"{two.reference} is joined with {one.reference}" in words(page)
    assert "Joined with another" in words(page)


def test_closing_shows_what_has_no_owner_and_gives_it_to_people(room):
    one, two, client = room.asks("One?"), room.asks("Two?"), signed_in(room.coordinator)
    hide_question(question=two, because="person", **room.by)
    page = words(client.get(scribes(room, "room-close")))
    assert "2 questions have no owner yet" in page
    page = client.post(scribes(room, "room-close"), {f"owner_{one.pk.hex}": room.mandate.pk}, follow=True)
    assert "1 question stays with the coordinator" in words(page)
    one.refresh_from_db()
    assert (one.owner, one.state) == (room.senior, QuestionState.COMMISSIONED)
    assert not LiveRoom.objects.get().is_open


def test_what_the_scribe_notes_is_shown_in_the_room(room):
    signed_in(room.coordinator).post(scribes(room), {"words": "Heard in the room?"})
    assert room.shown() == ["Heard in the room?"]


def test_who_presents_may_scribe_on_the_day_alone(room):
    presenter = room.practitioner
    room.session.parts.create(person=presenter, part="presenter")
    assert "Note the question" in words(signed_in(presenter).get(scribes(room)))
    with time_machine.travel(NOW.replace(day=3), tick=False):
        assert signed_in(presenter).get(scribes(room, "room-list")).status_code == 404


@pytest.mark.parametrize("name", ["session-questions", "room-list", "room-close"])
def test_the_scribe_s_pages_cost_the_same_for_many_questions(room, name):
    client = signed_in(room.coordinator)

    def queries_now() -> int:
        with CaptureQueriesContext(connection) as caught:
            assert client.get(scribes(room, name)).status_code == 200
        return len(caught)

    room.asks("One?")
    queries_now()
    first = queries_now()
    for number in range(3):
        room.asks(f"Another {number}?")
    assert queries_now() == first


def test_phones_cost_the_same_for_many_questions(client, room):
    def queries_now() -> int:
        with CaptureQueriesContext(connection) as caught:
            assert client.get(phone_page(room)).status_code == 200
        return len(caught)

    open_room(is_moderated=False, **room.by)
    room.asks("One?")
    first = queries_now()
    for number in range(3):
        room.asks(f"Another {number}?")
    assert queries_now() == first <= 4
    assert len(re.findall("data-question", client.get(phone_page(room)).content.decode())) == 4
