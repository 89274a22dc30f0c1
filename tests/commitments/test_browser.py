"""Questions and promises in a real browser: on a phone, at a desk, without JavaScript, with axe on every page."""

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
import time_machine
from django.conf import settings
from django.urls import reverse

from accounts.links import address_of
from attendance.models import SeatCount
from briefings.actions.appointments import end_mandate
from commitments.actions import telling
from commitments.actions.assurances import note_assurance, propose_kept
from commitments.actions.handovers import ask_for_successor, ask_to_take_over
from commitments.actions.questions import accept_commission, decline_commission, open_question, publish_answer
from commitments.models import AskedAs, Audience, LiveRoom, Telling, TellingKind
from commitments.queries.telling import seal_of
from tests.briefings.factories import MandateFactory, SessionFactory
from tests.browser import check_page, targets_are_large
from tests.commitments.factories import NOW, Cast
from tests.commitments.pages import signed_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=True):
        yield


@pytest.fixture
def cast(transactional_db):
    cast = Cast()
    cast.session = SessionFactory(programme=cast.programme)
    SeatCount.objects.create(session=cast.session, capacity=20)
    return cast


def enter(page, person) -> None:
    """Sign ``person`` in on ``page`` by a code entered just now."""
    cookie = signed_in(person, fresh=True).cookies[settings.SESSION_COOKIE_NAME].value
    page.context.clear_cookies()
    page.goto("/help/")
    page.context.add_cookies(
        [{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": page.url.removesuffix("help/")}]
    )


def look(page, shot, name: str, *, phone: bool) -> None:
    assert "/sign-in/" not in page.url
    check_page(page)
    if phone:
        targets_are_large(page)
    shot(page, name)


@pytest.fixture
def shot(request):
    """Keep a picture where SHOTS names a folder for a person to look at."""
    import os

    folder = os.environ.get("SHOTS")

    def keep(page, name: str) -> None:
        if folder:
            page.screenshot(path=f"{folder}/{name}-{page.viewport_size['width']}.png", full_page=True)

    return keep


def go(page, name, *args):
    page.goto(reverse(f"commitments:{name}", args=args))


def test_an_anonymous_question_is_asked_triaged_answered_and_read(cast, phone, page, shot):
    go(phone, "anonymous-ask", cast.programme.slug)
    look(phone, shot, "ask", phone=True)
    phone.get_by_role("button", name="Ask anonymously").click()
    check_page(phone)
    assert "There is a problem" in phone.inner_text("main")
    phone.get_by_label("Your question").fill("Who may open the plan out of hours?")
    phone.get_by_role("button", name="Ask anonymously").click()
    look(phone, shot, "asked", phone=True)
    assert phone.context.cookies() == []
    enter(page, cast.coordinator)
    page.goto("/questions/")
    look(page, shot, "questions", phone=False)
    page.get_by_role("link", name="Who may open the plan").click()
    look(page, shot, "question-raised", phone=False)
    page.get_by_role("link", name="Ask a senior manager").click()
    look(page, shot, "commission-form", phone=False)
    page.get_by_label("Who can answer it?").select_option(index=1)
    page.get_by_role("button", name="Ask this senior manager").click()
    look(page, shot, "question-commissioned", phone=False)
    own = cast.programme.questions.get().commissions.get()
    phone.goto(urlsplit(address_of(own.link)).path)
    look(phone, shot, "commission", phone=True)
    phone.get_by_role("link", name="This is not mine").click()
    look(phone, shot, "decline", phone=True)
    phone.go_back()
    phone.get_by_role("button", name="Accept it").click()
    enter(phone, cast.senior)
    go(phone, "question-answer", own.question_id)
    look(phone, shot, "answer-form", phone=True)
    phone.get_by_label("Your answer").fill("Yes. Anybody on the emergency duty rota may open a plan.")
    phone.get_by_label("Yes, I give an assurance").check()
    phone.get_by_role("button", name="Publish the answer").click()
    look(phone, shot, "give", phone=True)
    phone.get_by_label("The exact words").fill("We publish the rota every Friday.")
    phone.get_by_role("button", name="Give this assurance").click()
    look(phone, shot, "assurance-given", phone=True)
    go(phone, "answer-list", cast.programme.slug)
    look(phone, shot, "answers", phone=True)
    go(phone, "promise-list", cast.programme.slug)
    look(phone, shot, "promises", phone=True)
    go(page, "question-show", own.question_id)
    look(page, shot, "question-answered", phone=False)


def test_the_asker_and_who_is_asked_to_confirm_find_their_way_on_a_phone(cast, phone, shot):
    own = cast.commissioned(asked_as=AskedAs.PSEUDONYM)
    asker = own.question.askers.get()
    phone.goto(urlsplit(address_of(asker.link)).path)
    look(phone, shot, "asker-waits", phone=True)
    accept_commission(commission=own, by=cast.senior, now=NOW)
    publish_answer(question=own.question, words="Yes", audience=Audience.ASKER, by=cast.senior, now=NOW)
    phone.reload()
    look(phone, shot, "asker-answered", phone=True)
    phone.get_by_role("link", name="This does not answer my question").click()
    look(phone, shot, "asker-objects", phone=True)
    phone.get_by_role("button", name="This does not answer my question").click()
    look(phone, shot, "asker-reopened", phone=True)
    noted = note_assurance(
        mandate=cast.mandate, words="We send two people to every meeting.", due_on=NOW.date().replace(day=30),
        by=cast.coordinator, now=NOW, session=cast.session,
    )  # fmt: skip
    phone.goto(urlsplit(address_of(noted.link)).path)
    look(phone, shot, "noted", phone=True)
    phone.get_by_role("link", name="These are not my words").click()
    look(phone, shot, "not-mine", phone=True)
    enter(phone, cast.senior)
    go(phone, "assurance-confirm", noted.pk)
    look(phone, shot, "confirm", phone=True)
    phone.get_by_role("button", name="Yes, these are my words").click()
    assert "From now on this assurance counts" in phone.inner_text("main")
    phone.context.clear_cookies()
    phone.goto(urlsplit(address_of(noted.link)).path)
    look(phone, shot, "own-assurance", phone=True)
    phone.get_by_role("link", name="Say how it stands, and a new date").click()
    look(phone, shot, "own-assurance-stands", phone=True)
    phone.get_by_label("How does it stand?").fill("They have come to three of five meetings.")
    phone.get_by_role("button", name="Keep this review").click()
    phone.get_by_role("link", name="Say that it was kept").click()
    look(phone, shot, "own-assurance-kept", phone=True)
    phone.get_by_label("What was done, and where can one see it?").fill("The minutes of all five meetings.")
    phone.get_by_role("button", name="Propose it as kept").press("Enter")
    look(phone, shot, "own-assurance-proposed", phone=True)
    assert "A coordinator is asked to confirm that it was kept" in phone.inner_text("main")


def test_the_scribe_types_line_after_line_without_javascript(cast, new_page, shot):
    narrow = new_page(width=320, javascript=False)
    enter(narrow, cast.coordinator)
    go(narrow, "session-questions", cast.session.pk)
    for words in ("Who pays for it?", "Who is told?"):
        narrow.get_by_label("The question").fill(words)
        narrow.get_by_label("The question").press("Enter")
    assert "2 questions so far" in narrow.inner_text("main")
    wide = new_page(width=1280)
    enter(wide, cast.coordinator)
    go(wide, "session-questions", cast.session.pk)
    wide.get_by_text("Note an assurance").click()
    look(wide, shot, "scribe", phone=False)
    wide.set_viewport_size({"width": 360, "height": 740})
    look(wide, shot, "scribe", phone=True)


def test_lists_and_one_of_each_state(cast, page, shot):
    board = [cast.commissioned(words=f"Question number {number}?") for number in range(3)]
    decline_commission(commission=board[1], reason="Housing knows this", by=cast.senior, now=NOW)
    accept_commission(commission=board[2], by=cast.senior, now=NOW)
    taken = open_question(question=cast.question("Who signs?"), by=cast.coordinator, now=NOW)
    common = {"mandate": cast.mandate, "due_on": NOW.date().replace(day=20), "now": NOW, "for_everybody": True}
    given = note_assurance(words="We send two people", by=cast.senior, questions=[taken], **common)
    note_assurance(words="We pay for rooms", by=cast.coordinator, **common)
    propose_kept(assurance=given, evidence="The rota of last week", by=cast.senior, now=NOW)
    enter(page, cast.coordinator)
    addresses = {
        "question-declined": reverse("commitments:question-show", args=[board[1].question_id]),
        "question-open": reverse("commitments:question-show", args=[taken.pk]),
        "question-aside": reverse("commitments:question-out-of-scope", args=[taken.pk]),
        "programme-questions": reverse("commitments:programme-questions", args=[cast.programme.slug]),
        "nothing-found": reverse("commitments:question-list") + "?q=elephant",
        "raise": reverse("commitments:question-raise", args=[cast.programme.slug]),
        "assurances": reverse("commitments:programme-assurances", args=[cast.programme.slug]),
        "assurance-proposed": reverse("commitments:assurance-show", args=[given.pk]),
        "assurance-kept": reverse("commitments:assurance-kept", args=[given.pk]),
        "assurance-not-kept": reverse("commitments:assurance-not-kept", args=[given.pk]),
    }
    seen_wide = {"programme-questions", "assurance-proposed", "raise"}
    for name, address in addresses.items():
        page.set_viewport_size({"width": 1280 if name in seen_wide else 360, "height": 800})
        page.goto(address)
        look(page, shot, name, phone=name not in seen_wide)


def test_what_is_seldom_seen(cast, phone, shot):
    """A room that is over, a telling that is read and one that was taken off, a promise that nobody keeps any more."""
    past = SessionFactory(programme=cast.programme, date=NOW.date() - timedelta(days=40), state="held")
    LiveRoom.objects.create(session=past, code="WXYZ2")
    LiveRoom.objects.create(session=cast.session, code="ABCD3", is_open=True)
    answered = cast.commissioned(words="Where is the shared plan of a family kept?").question
    publish_answer(question=answered, words="In the record", audience=Audience.PUBLIC, by=cast.senior, now=NOW)
    told = [tell(cast) for _ in range(2)]
    telling.withdraw_telling(telling=told[1], reason="It was wrong", by=cast.coordinator, now=NOW)
    own = note_assurance(
        mandate=cast.mandate, words="We send two people", due_on=NOW.date().replace(day=20), for_everybody=True,
        by=cast.senior, now=NOW,
    )  # fmt: skip
    end_mandate(mandate=cast.mandate, by=cast.coordinator, now=NOW)
    ask_for_successor(assurance_id=own.pk, now=NOW)
    heir = MandateFactory(programme=cast.programme, organisation=cast.organisation)
    ask_to_take_over(assurance=own, mandate=heir, by=cast.coordinator, now=NOW)

    for name, address, said in (
        ("room-over", reverse("commitments:room-show", args=["WXYZ2"]), "These questions are over"),
        ("told", reverse("commitments:told-show", args=[cast.programme.slug, told[0].pk]), "In the record"),
        ("told-off", reverse("commitments:told-show", args=[cast.programme.slug, told[1].pk]), "was taken off"),
    ):
        phone.goto(address)
        assert said in phone.inner_text("main")
        look(phone, shot, name, phone=True)
    enter(phone, cast.coordinator)
    for name in ("successor", "review", "lapse", "show"):
        go(phone, f"assurance-{name}", own.pk)
        assert (heir.person.name in phone.inner_text("main")) == (name in ("successor", "show"))
        look(phone, shot, f"assurance-lost-{name}", phone=True)
    go(phone, "telling-show", told[1].pk)
    look(phone, shot, "telling-taken-off", phone=True)
    enter(phone, heir.person)
    go(phone, "assurance-take-over", own.pk)
    look(phone, shot, "assurance-take-over", phone=True)
    go(phone, "room-ask-as-me", "ABCD3")
    phone.get_by_label("Your question").fill("Where do they keep the shared plan of the family?")
    phone.get_by_text("Is your question answered already?").wait_for()
    look(phone, shot, "room-as-me-alike", phone=True)


def tell(cast) -> Telling:
    """Return what was answered, as told to everybody; where there is no second coordinator, by the same one."""
    common = {"by": cast.coordinator, "now": NOW}
    own = telling.draft_telling(programme=cast.programme, kind=TellingKind.ANSWERED, **common)
    own = telling.propose_telling(telling=own, **common)
    return telling.publish_telling(telling=own, seen=seal_of(own), **common)
