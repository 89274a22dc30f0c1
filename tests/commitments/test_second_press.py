"""The same form sent twice has one effect, and leads where the first press led.

Anonymous forms keep no press: a row with its moment would be a trace of who asked.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from uuid import uuid4

import pytest
import time_machine
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from accounts.models import Attempt, Press
from attendance.models import SeatCount
from briefings.models import ProgrammeRole, SessionKind
from commitments.actions import policies
from commitments.actions import questions as actions
from commitments.actions.agreements import make_agreement, propose_version, seal_of_draft
from commitments.models import (
    Agreement,
    Answer,
    Asker,
    ClockChange,
    Commission,
    Guidance,
    GuidanceSection,
    HoldingReply,
    Output,
    Question,
    SectionComment,
)
from history.models import Entry
from messaging.models import Message
from tests.attendance.places import a_place, a_practitioner
from tests.briefings.factories import AppointmentFactory, MandateFactory, PartnerFactory, SessionFactory
from tests.commitments.factories import NOW
from tests.commitments.guiding import a_draft
from tests.commitments.pages import opened, signed_in
from tests.commitments.test_handling_pages import date_in
from tests.commitments.test_room import Room
from tests.organisations.factories import OrganisationFactory, PersonFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


class Desk(Room):
    """A session with live questions, a question with its owner, another, and a second organisation."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = self.commissioned()
        self.own = self.asked.question
        self.other = self.question("Who may read it?")
        organisation = OrganisationFactory()
        PartnerFactory(programme=self.programme, organisation=organisation)
        self.elsewhere = MandateFactory(programme=self.programme, organisation=organisation, person=PersonFactory())

    def of(self, name: str, question: Question | None = None) -> str:
        return reverse(f"commitments:question-{name}", args=[(question or self.own).pk])

    def accept(self) -> None:
        actions.accept_commission(commission=self.asked, by=self.senior, now=NOW)

    def answer(self) -> Asker:
        words = {"words": "Yes", "audience": "public"}
        actions.publish_answer(question=self.own, by=self.senior, now=NOW, **words)
        return Asker.objects.select_related("link").get(question=self.own)

    def clearance(self):
        policies.name_holder(
            programme=self.programme, organisation=self.organisation, role="dpo", person=self.coordinator,
            by=self.coordinator, now=NOW,
        )  # fmt: skip
        words = {"words": "Yes", "audience": "public", "roles": ["dpo"]}
        return actions.send_to_clearance(question=self.own, by=self.senior, now=NOW, **words).clearances.get()


@dataclass(frozen=True)
class Form:
    """One form: who opens it where, what they type, and which rows one press makes."""

    opens: Callable[[Desk], tuple[Client, str]]
    typed: Callable[[Desk], dict]
    makes: type[Model]
    number: int = 1


def _coordinator(name: str, prepare: Callable[[Desk], object] = lambda desk: None) -> Callable:
    def opens(desk: Desk) -> tuple[Client, str]:
        prepare(desk)
        return signed_in(desk.coordinator, fresh=True), desk.of(name)

    return opens


def _clears(desk: Desk) -> tuple[Client, str]:
    own = desk.clearance()
    return signed_in(desk.coordinator, fresh=True), reverse("commitments:question-clear", args=[desk.own.pk, own.pk])


def _sends_back(desk: Desk) -> tuple[Client, str]:
    own = desk.clearance()
    return signed_in(desk.coordinator), reverse("commitments:question-send-back", args=[desk.own.pk, own.pk])


def _objects(desk: Desk) -> tuple[Client, str]:
    asker = desk.answer()
    return opened(asker.link), reverse("commitments:asker-unanswered", args=[asker.link_id])


def _withdraws(desk: Desk) -> tuple[Client, str]:
    asker = Asker.objects.select_related("link").get(question=desk.own)
    return opened(asker.link), reverse("commitments:asker-withdraw", args=[asker.link_id])


def _at_own_place(desk: Desk) -> tuple[Client, str]:
    SeatCount.objects.create(session=desk.session, capacity=5)
    place = a_place(desk.session, a_practitioner(desk.programme))
    return opened(place.link), reverse("commitments:place-ask", args=[place.link_id])


def _in_the_room(desk: Desk) -> tuple[Client, str]:
    return signed_in(PersonFactory()), reverse("commitments:room-ask-as-me", args=[desk.room.code])


def _several(do: str, *questions: str) -> Callable:
    def opens(desk: Desk) -> tuple[Client, str]:
        chosen = "&".join(f"chosen={getattr(desk, each).pk}" for each in questions)
        address = reverse("commitments:question-several", args=[desk.programme.slug])
        return signed_in(desk.coordinator), f"{address}?do={do}&{chosen}"

    return opens


def _chosen(do: str, *questions: str, **more: Callable[[Desk], object]) -> Callable[[Desk], dict]:
    return lambda desk: {
        "do": do, "chosen": [str(getattr(desk, each).pk) for each in questions],
        **{name: value(desk) for name, value in more.items()},
    }  # fmt: skip


def _to_elsewhere(desk: Desk) -> dict:
    return {"mandate": desk.elsewhere.pk, "reason": "Theirs"}


def _in_a_draft(name: str, *, agreed: bool = False) -> Callable:
    def opens(desk: Desk) -> tuple[Client, str]:
        desk.facilitator = AppointmentFactory(programme=desk.programme, role=ProgrammeRole.FACILITATOR).person
        draft = a_draft(desk)
        if agreed:
            desk.version = make_agreement(
                programme=desk.programme, title="Keys", words="We share keys.", review_on=date(2027, 11, 2),
                by=desk.coordinator, now=NOW,
            ).versions.get()  # fmt: skip
            propose_version(
                version=desk.version, seen=seal_of_draft(desk.version), endorse_by=date(2026, 11, 16),
                by=desk.coordinator, now=NOW,
            )  # fmt: skip
        args = [draft.pk, draft.sections.get().pk] if name == "section-comment" else [draft.pk]
        return signed_in(desk.facilitator), reverse(f"commitments:{name}", args=args)

    return opens


def _of_programme(name: str) -> Callable:
    return lambda desk: (signed_in(desk.coordinator), reverse(f"commitments:{name}", args=[desk.programme.slug]))


def _in_a_workshop(desk: Desk) -> tuple[Client, str]:
    workshop = SessionFactory(programme=desk.programme, kind=SessionKind.WORKSHOP)
    return signed_in(desk.coordinator), reverse("commitments:session-outputs", args=[workshop.pk])


FORMS = {
    "note an action": Form(
        _in_a_workshop,
        lambda desk: {
            "kind": "action",
            "words": "Write it.",
            "owner": desk.senior.name,
            **date_in("due_on", "2026-12-01"),
        },
        Output,
    ),
    "draft an agreement": Form(
        _of_programme("agreement-make"),
        lambda desk: {"title": "Keys", "words": "We share keys.", **date_in("review_on", "2027-11-02")},
        Agreement,
    ),
    "start guidance": Form(_of_programme("guidance-start"), lambda desk: {"title": "In Wren House"}, Guidance),
    "add a section": Form(
        _in_a_draft("section-add"), lambda desk: {"title": "Keys", "words": "We share."}, GuidanceSection
    ),
    "draft from agreements": Form(
        _in_a_draft("section-draft", agreed=True),
        lambda desk: {"title": "Keys", "versions": [desk.version.pk]},
        GuidanceSection,
    ),
    "comment": Form(_in_a_draft("section-comment"), lambda desk: {"words": "Say when."}, SectionComment),
    "ask of a senior": Form(
        lambda desk: (signed_in(desk.coordinator), desk.of("commission", desk.other)), _to_elsewhere, Commission
    ),
    "pass on": Form(_coordinator("transfer", Desk.accept), _to_elsewhere, Commission),
    "answer": Form(
        _coordinator("answer"), lambda desk: {"words": "Yes", "audience": "public", "promise": "no"}, Answer
    ),
    "hold": Form(_coordinator("hold"), lambda desk: {"words": "Soon"}, HoldingReply),
    "extend": Form(
        _coordinator("extend"),
        lambda desk: {**date_in("due_on", "2026-12-01"), "reason": "Longer"},
        ClockChange,
    ),
    "pause": Form(
        _coordinator("pause"),
        lambda desk: {**date_in("until", "2026-11-20"), "reason": "We wait"},
        ClockChange,
    ),
    "out of scope": Form(_coordinator("out-of-scope"), lambda desk: {"reason": "Not ours"}, Entry),
    "decline": Form(
        lambda desk: (signed_in(desk.senior), desk.of("decline")), lambda desk: {"reason": "Not mine"}, Entry
    ),
    "join": Form(
        _coordinator("merge"), lambda desk: {"into": "other", "reference": desk.other.reference}, Entry, number=3
    ),
    "clear": Form(_clears, lambda desk: {}, Answer),
    "send back": Form(_sends_back, lambda desk: {"reason": "Shorter"}, Entry),
    "not answered": Form(_objects, lambda desk: {}, ClockChange),
    "withdraw": Form(_withdraws, lambda desk: {}, Entry),
    "ask before": Form(_at_own_place, lambda desk: {"words": "Who pays for it?", "asked_as": "name"}, Question),
    "ask in the room": Form(
        _in_the_room,
        lambda desk: {"words": "Who pays for it?", "asked_as": "name"},
        Question,
    ),
    "raise": Form(
        lambda desk: (signed_in(desk.senior), reverse("commitments:question-raise", args=[desk.programme.slug])),
        lambda desk: {"words": "Who pays for it?", "who": "me"},
        Question,
    ),
    "note in the room": Form(
        lambda desk: (signed_in(desk.coordinator), reverse("commitments:session-questions", args=[desk.session.pk])),
        lambda desk: {"words": "Who pays for it?"},
        Question,
    ),
    "assign several": Form(
        _several("assign", "own", "other"),
        _chosen("assign", "own", "other", mandate=lambda desk: desk.elsewhere.pk, reason=lambda desk: "Theirs"),
        Commission,
        number=2,
    ),
    "join several": Form(
        _several("join", "own", "other"),
        _chosen("join", "own", "other", into=lambda desk: str(desk.own.pk)),
        Entry,
        number=2,
    ),
}


@pytest.mark.parametrize("name", FORMS)
def test_the_same_press_twice_is_one(name):
    form, desk = FORMS[name], Desk()
    client, address = form.opens(desk)
    page = client.get(address)
    assert page.status_code == 200
    key = re.search(r'name="press" value="([^"]+)"', page.content.decode())
    assert key, "the form keeps no press"
    before = form.makes.objects.count()
    typed = {**form.typed(desk), "press": key[1]}
    first = client.post(address.partition("?")[0], typed)
    assert first.status_code == 302, re.findall(r'class="error[^>]*>([^<]+)', first.content.decode())
    assert form.makes.objects.count() == before + form.number
    mails = Message.objects.count()
    again = client.post(address.partition("?")[0], typed)
    assert (again.status_code, again.url) == (302, first.url)
    assert (form.makes.objects.count(), Message.objects.count()) == (before + form.number, mails)


@pytest.mark.parametrize("opens", [_in_the_room, _at_own_place])
def test_a_look_is_counted_whatever_its_form_holds(opens):
    client, address = opens(Desk())
    for _ in range(2):
        typed = {"words": "Who pays for it?", "asked_as": "name", "look": "1", "press": str(uuid4())}
        assert client.post(address, typed).status_code == 200
    assert list(Attempt.objects.values_list("count", flat=True)) == [2]
    assert not Press.objects.exists()


@pytest.mark.parametrize("name", ["anonymous-ask", "room-show"])
def test_an_anonymous_form_keeps_no_press(name):
    desk = Desk()
    key = desk.programme.slug if name == "anonymous-ask" else desk.room.code
    address = reverse(f"commitments:{name}", args=[key])
    assert 'name="press"' not in Client().get(address).content.decode()
    Client().post(address, {"words": "Who pays for it?", "press": "5d4b3f0e-7e52-4a39-9d0c-3f6e0a2f7c11"})
    assert not Press.objects.exists()
