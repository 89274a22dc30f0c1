"""What looks alike is offered in each place where somebody types, and in each only what they may read already."""

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from accounts.models import Attempt
from attendance.models import SeatCount
from briefings.models import ProgrammeRole
from commitments.actions.questions import open_question, publish_answer
from commitments.actions.room import ask_in_room, hide_question
from commitments.models import AskedAs, Audience, HiddenBecause, Question, Showing
from commitments.queries import similar
from tests.attendance.places import a_place, a_practitioner
from tests.briefings.factories import AppointmentFactory, SessionFactory
from tests.commitments.factories import NOW, TODAY, Cast
from tests.commitments.pages import opened, signed_in, words
from tests.commitments.test_room import Room
from tests.organisations.factories import PersonFactory

pytestmark = pytest.mark.django_db
TYPED = "How do I open the shared plan of a family at night?"
ASKED = "How do we open the shared plan of a family by {}?"


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


class County:
    """A question that looks alike in every circle of readers, each with a word of its own."""

    def __init__(self) -> None:
        self.room = room = Room()
        self.session, self.programme = room.session, room.programme
        elsewhere = SessionFactory(programme=self.programme)
        for word, audience, session in (
            ("everybody", Audience.PUBLIC, None),
            ("practitioners", Audience.PRACTITIONERS, None),
            ("attenders", Audience.ATTENDERS, self.session),
            ("strangers", Audience.ATTENDERS, elsewhere),
            ("oneself", Audience.ASKER, self.session),
        ):
            self.answer(self.ask(word, session), audience)
        self.ask("waiting-for-us", None)
        self.ask("in-this-session", self.session)
        for word, showing in (("shown", Showing.SHOWN), ("unseen", Showing.WAITING), ("hidden", Showing.SHOWN)):
            asked = ask_in_room(
                session=self.session, words=ASKED.format(word), asked_as=AskedAs.NOBODY, by="nobody", now=NOW,
                showing=showing,
            )  # fmt: skip
            if word == "hidden":
                because = {"because": HiddenBecause.CASE, "by": room.coordinator, "now": NOW}
                hide_question(session=self.session, question=asked, **because)
        other = Cast()
        foreign = open_question(question=other.question(ASKED.format("foreigners")), by=other.coordinator, now=NOW)
        publish_answer(question=foreign, words="So", audience=Audience.PUBLIC, by=other.coordinator, now=NOW)
        self.asked = Question.objects.count()

    def ask(self, word: str, session) -> Question:
        return self.room.question(ASKED.format(word), session=session)

    def answer(self, question: Question, audience: str) -> None:
        open_question(question=question, by=self.room.coordinator, now=NOW)
        publish_answer(question=question, words="So", audience=audience, by=self.room.coordinator, now=NOW)

    def role(self, role: ProgrammeRole) -> Client:
        person = PersonFactory()
        AppointmentFactory(programme=self.programme, person=person, role=role, since=TODAY)
        return signed_in(person)


WORDS = (
    "everybody", "practitioners", "attenders", "strangers", "oneself", "waiting-for-us", "in-this-session", "shown",
    "unseen", "hidden", "foreigners",
)  # fmt: skip
ANSWERED = {"everybody", "practitioners", "attenders"}


def at_public_page(county: County) -> tuple[Client, str]:
    return Client(), reverse("commitments:anonymous-ask", args=[county.programme.slug])


def at_own_place(county: County) -> tuple[Client, str]:
    SeatCount.objects.create(session=county.session, capacity=5)
    place = a_place(county.session, a_practitioner(county.programme))
    return opened(place.link), reverse("commitments:place-ask", args=[place.link_id])


def on_the_phone(county: County) -> tuple[Client, str]:
    return Client(), reverse("commitments:room-show", args=[county.room.room.code])


def on_the_phone_by_name(county: County) -> tuple[Client, str]:
    """Who typed the code and signed in, and has no place in the session."""
    return signed_in(PersonFactory()), reverse("commitments:room-ask-as-me", args=[county.room.room.code])


def on_the_phone_with_a_place(county: County) -> tuple[Client, str]:
    SeatCount.objects.create(session=county.session, capacity=5)
    person = a_practitioner(county.programme)
    a_place(county.session, person)
    return signed_in(person), reverse("commitments:room-ask-as-me", args=[county.room.room.code])


def as_facilitator(county: County) -> tuple[Client, str]:
    return county.role(ProgrammeRole.FACILITATOR), reverse("commitments:session-questions", args=[county.session.pk])


def as_scribe_who_coordinates(county: County) -> tuple[Client, str]:
    return signed_in(county.room.coordinator), reverse("commitments:session-questions", args=[county.session.pk])


def as_senior_who_raises(county: County) -> tuple[Client, str]:
    return signed_in(county.room.senior), reverse("commitments:question-raise", args=[county.programme.slug])


def as_coordinator_who_raises(county: County) -> tuple[Client, str]:
    return signed_in(county.room.coordinator), reverse("commitments:question-raise", args=[county.programme.slug])


IN_SESSION = {"in-this-session", "shown", "unseen", "hidden"}
PLACES = [
    (at_public_page, {"everybody"}),
    (at_own_place, ANSWERED | {"shown"}),
    (on_the_phone, {"everybody", "shown"}),
    (on_the_phone_by_name, {"everybody", "shown"}),
    (on_the_phone_with_a_place, ANSWERED | {"shown"}),
    (as_facilitator, ANSWERED | IN_SESSION),
    (as_scribe_who_coordinates, ANSWERED | IN_SESSION | {"waiting-for-us"}),
    (as_senior_who_raises, {"everybody", "practitioners"}),
    (as_coordinator_who_raises, {"everybody", "practitioners", "waiting-for-us"} | IN_SESSION),
]


@pytest.mark.parametrize(("place", "expected"), PLACES, ids=[place.__name__ for place, _ in PLACES])
def test_only_what_may_be_read_there_is_offered(place, expected, monkeypatch):
    for each in (similar.alike, similar.alike_answered, similar.alike_in_room):
        monkeypatch.setitem(each.__kwdefaults__, "most", 20)
    county = County()
    client, address = place(county)
    answer = client.post(address, {"words": TYPED, "look": "1"})
    assert answer.status_code == 200
    offered = words_alike(answer)
    assert {word for word in WORDS if f"by {word}?" in offered} == expected
    assert Question.objects.count() == county.asked, "looking asks nothing"
    assert TYPED in answer.content.decode(), "what was typed stays in the field"


def words_alike(answer) -> str:
    page = answer.content.decode()
    begins = page.index('id="alike"')
    return page[begins : page.index("<form", begins)] if "<form" in page[begins:] else page[begins:]


def test_what_looks_alike_at_triage_is_of_the_own_programme_and_not_ended():
    county = County()
    new = county.room.question(TYPED)
    page = words(signed_in(county.room.coordinator).get(reverse("commitments:question-show", args=[new.pk])))
    assert "Was it asked already?" in page
    assert "foreigners" not in page


def test_a_phone_that_looks_gets_no_cookie_and_leaves_no_row_but_the_count_of_the_hour():
    county = County()
    client, address = on_the_phone(county)
    before = set(Attempt.objects.values_list("pk", flat=True))
    answer = client.post(address, {"words": TYPED, "look": "1"})
    assert not answer.cookies
    new = Attempt.objects.exclude(pk__in=before)
    assert new.count() <= 1
    for _ in range(3):
        Client().post(address, {"words": TYPED, "look": "1"})
    assert Attempt.objects.exclude(pk__in=before).count() == new.count(), "four phones are one row"


@pytest.mark.parametrize("place", [on_the_phone, on_the_phone_by_name], ids=lambda place: place.__name__)
def test_a_room_of_a_programme_that_is_not_public_offers_no_answers_to_a_phone(place):
    county = County()
    county.programme.is_public = False
    county.programme.save()
    client, address = place(county)
    offered = words_alike(client.post(address, {"words": TYPED, "look": "1"}))
    assert "by shown?" in offered
    assert "by everybody?" not in offered
