"""One press has one effect; looking at what a mail links to has none."""

import inspect
import re
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext, suppress
from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError, connection
from django.shortcuts import redirect
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone
from psycopg2 import sql

from accounts import presses
from accounts.actions import PRESSES_LAST, tidy
from accounts.links import make_link, token_of
from accounts.models import Press
from attendance.actions.engagements import count_seat, lock_seats
from attendance.actions.handovers import ask_colleague
from attendance.actions.invitations import send_link_again
from attendance.actions.notices import send_notice
from attendance.actions.places import give_up_place
from attendance.actions.sessions import cancel_session, change_session
from attendance.actions.teams import book_team
from attendance.messages.places import remind
from attendance.models import BookingRules, Invitation, Place, PlaceState, Quota, SeatCount
from attendance.urls import urlpatterns
from history.actions import CLOCK, key_of
from history.models import Entry, Look
from messaging import kinds
from messaging.models import Message
from tests.attendance.places import a_place, a_practitioner, a_programme, a_session, another_day, partner_of
from tests.attendance.registers import a_coordinator
from tests.commitments.pages import signed_in
from tests.organisations.factories import OrganisationLeadFactory
from tests.organisations.test_uploads import PDF

pytestmark = pytest.mark.django_db


def _soon(days: int = 30) -> dict:
    return {"date": (timezone.now() + timedelta(days=days)).date()}


def _invite(programme, person):
    now = timezone.now()
    made = Invitation.objects.create(programme=programme, person=person, invited_at=now)
    made.link = make_link(purpose="invitation", person=person, about=made, ends_at=now + timedelta(days=60), now=now)
    made.save(update_fields=["link"])
    return made


def _press_on(client, address) -> str:
    return re.search(r'name="press" value="([^"]+)"', client.get(address).content.decode()).group(1)


@pytest.fixture
def invited(client):
    """Somebody with an opened invitation, and the address that books."""
    programme = a_programme()
    session = a_session(programme, **_soon())
    made = _invite(programme, a_practitioner(programme))
    client.get(f"/i/{token_of(made.link)}/")
    client.address = f"/i/{made.link_id}/sessions/{session.pk}/"
    return client


def test_the_same_press_is_answered_the_same_and_books_once(invited):
    press = _press_on(invited, invited.address)
    first, again = (invited.post(invited.address, {"press": press}) for _ in range(2))
    assert (first.status_code, first.url) == (again.status_code, again.url)
    assert Place.objects.count() == Press.objects.count() == 1


def test_a_press_that_books_is_six_statements(django_assert_num_queries):
    programme = a_programme()
    session = a_session(programme, capacity=2, **_soon())
    for expected in (None, 5, 5):  # booked, which prepares them on this connection; booked; in line
        made, browser = _invite(programme, a_practitioner(programme)), Client()
        browser.get(f"/i/{token_of(made.link)}/")
        address = f"/i/{made.link_id}/sessions/{session.pk}/"
        press = _press_on(browser, address)
        with django_assert_num_queries(expected) if expected else nullcontext():  # a savepoint is made and released
            assert browser.post(address, {"press": press}).status_code == 302
    assert list(Place.objects.order_by("pk").values_list("state", flat=True)) == ["booked", "booked", "waiting"]


def test_a_change_of_date_pressed_twice_leads_to_the_new_place_twice(client):
    programme = a_programme()
    place = a_place(a_session(programme, **_soon()), now=timezone.now())
    other = another_day(programme, **_soon(40))
    client.get(f"/p/{token_of(place.link)}/")
    address = f"/p/{place.link_id}/change/{other.pk}/"
    press = _press_on(client, address)
    first = client.post(address, {"press": press})
    client.get(f"/p/{token_of(place.link)}/")  # the test's browser keeps one cookie for all paths
    again = client.post(address, {"press": press})
    new = Place.objects.get(session=other)
    assert first.url == again.url == f"/p/{new.link_id}/"
    assert client.get(again.url).status_code == 200  # the answer brought the cookie with it
    assert Message.objects.filter(kind="attendance.place_booked", person=place.person).count() == 2


def test_the_same_key_with_something_else_in_it_is_refused_by_a_page(invited):
    press = _press_on(invited, invited.address)
    invited.post(invited.address, {"press": press})
    answer = invited.post(invited.address, {"press": press, "more": "x"})
    assert answer.status_code == 409
    assert b"This form has been used" in answer.content
    assert Place.objects.count() == 1


def test_what_was_refused_may_be_pressed_again(invited):
    programme = Invitation.objects.get().programme
    rules = BookingRules.objects.create(programme=programme, closes_days=300)
    press = str(uuid.uuid4())
    assert invited.post(invited.address, {"press": press}).status_code == 409
    assert not Press.objects.exists()
    rules.delete()
    assert invited.post(invited.address, {"press": press}).status_code == 302


def test_keys_go_when_nobody_presses_them_any_more():
    now = timezone.now()
    for age in (timedelta(), PRESSES_LAST + timedelta(seconds=1)):
        Press.objects.create(key=uuid.uuid4(), digest="x", made_at=now - age)
    tidy(now=now)
    assert Press.objects.count() == 1


def _ten_at_once(client, address) -> list[tuple[int, str]]:
    """Send the form of ``address`` ten times at once; return what is answered: status and where it leads."""
    press = _press_on(client, address)

    def send(_):
        browser = Client()
        browser.cookies = client.cookies
        try:
            answer = browser.post(address, {"press": press})
            return answer.status_code, answer.headers.get("Location", "")
        finally:
            connection.close()

    with ThreadPoolExecutor(10) as pool:
        return sorted(pool.map(send, range(10)))


@pytest.mark.django_db(transaction=True)
def test_rel_04_ten_identical_requests_at_once_book_once(invited):
    answers = set(_ten_at_once(invited, invited.address))
    assert len(answers) == 1
    assert answers.pop()[0] == 302
    assert Place.objects.count() == Message.objects.count() == Press.objects.count() == 1


def _ten_change_the_date(client) -> list[tuple[int, str]]:
    programme = a_programme()
    place = a_place(a_session(programme, **_soon()), now=timezone.now())
    other = another_day(programme, **_soon(40))
    client.get(f"/p/{token_of(place.link)}/")
    return _ten_at_once(client, f"/p/{place.link_id}/change/{other.pk}/")


@pytest.mark.django_db(transaction=True)
def test_rel_04_ten_identical_changes_of_date_at_once_are_answered_the_same(client):
    answers = _ten_change_the_date(client)
    assert answers == [(302, f"/p/{Place.objects.get(state=PlaceState.BOOKED).link_id}/")] * 10
    assert Place.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_rel_04_without_the_key_of_the_form_nine_read_that_it_has_ended(client, monkeypatch):
    monkeypatch.setattr(presses, "key_of", lambda request: None)
    answers = _ten_change_the_date(client)
    assert [status for status, _ in answers] == [302] + [409] * 9


def test_whom_the_page_of_a_press_shows_was_seen_though_nothing_was_done():
    programme = a_programme()
    session, to = a_session(programme, **_soon()), another_day(programme, **_soon(40))
    place = a_place(session, now=timezone.now())
    client = signed_in(a_coordinator(session))
    sent = {"whom": "chosen", "chosen": place.pk, "to": to.pk, "rule": "fit", "press": str(uuid.uuid4())}
    page = client.post(reverse("attendance:session-move", args=[session.pk]), sent)
    assert (page.status_code, Press.objects.count()) == (200, 0)  # a preview: the same form may be pressed again
    assert place.person.name in page.content.decode()
    assert Look.objects.values_list("person", "page").get() == (key_of(place.person), "attendance:session-move")


def _two_that_wait_for_each_other() -> list[int | str]:
    """Let two presses lock two counters, each in an order of its own; return how each was answered."""
    programme = a_programme()
    sessions, both = [a_session(programme, **_soon()), another_day(programme, **_soon(40))], threading.Barrier(2)

    @presses.one_press
    def crossing(request, order):
        lock_seats(order[0])
        with suppress(threading.BrokenBarrierError):  # the second time nobody comes to meet
            both.wait(5)
        both.abort()
        seats = lock_seats(order[1])
        count_seat(seats, 1)
        return redirect("/")

    def press(order) -> int | str:
        request = RequestFactory().post("/", {"press": str(uuid.uuid4())})
        request.user = AnonymousUser()
        try:
            return crossing(request, order).status_code
        except OperationalError as error:
            return type(error.__cause__).__name__
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(press, (sessions, sessions[::-1])))


@pytest.mark.django_db(transaction=True)
def test_of_two_presses_that_wait_for_each_other_both_are_answered():
    assert _two_that_wait_for_each_other() == [302, 302]
    assert list(SeatCount.objects.values_list("taken", flat=True)) == [1, 1]
    assert Press.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_without_the_second_try_one_of_them_fails(monkeypatch):
    monkeypatch.setattr(presses, "met_at_a_lock", lambda error: False)
    assert sorted(map(str, _two_that_wait_for_each_other())) == ["302", "DeadlockDetected"]


# --- looking changes nothing

MAY_CHANGE = {"history_look", "django_session", "usersessions_usersession"}
"""The access trace, and the session of a sign-in or link."""


def _database() -> dict[str, str]:
    """Return what stands in each table, as a digest, but for the tables that looking may change."""
    found = {}
    with connection.cursor() as cursor:
        for table in sorted(set(connection.introspection.table_names(cursor)) - MAY_CHANGE):
            query = sql.SQL("SELECT md5(coalesce(string_agg(t::text, chr(10) ORDER BY t::text), '')) FROM {} t")
            cursor.execute(query.format(sql.Identifier(table)))
            found[table] = cursor.fetchone()[0]
    return found


def _links(mail: Message) -> set[str]:
    content = kinds.find(mail.kind).render(mail)
    found = re.findall(re.escape(settings.SITE_URL) + r"(/[^\s\"'<>)]*)", f"{content.text} {content.html}")
    return {address.rstrip(".,") for address in found}


def _mails_of_every_sort() -> list[Message]:
    """Make something of everything that mails about places and sessions speak of; return the mails."""
    now = timezone.now()
    programme = a_programme()
    session = a_session(programme, capacity=2, **_soon())
    giver, holder, first, second = (a_place(session, now=now) for _ in range(4))
    give_up_place(place=giver, by=giver.person, now=now)  # first moves up
    BookingRules.objects.create(programme=programme, offer_days=365)
    give_up_place(place=Place.objects.get(pk=first.pk), by=first.person, now=now)  # second is offered
    remind([(holder.pk, holder.person_id)], session, 1, now=now)
    ask_colleague(place=holder, email=a_practitioner(programme).email, by=holder.person, now=now)
    send_notice(
        session=session,
        subject="Bring ID",
        words="Bring ID.",
        to_waiting=False,
        press=uuid.uuid4(),
        by=giver.person,
        now=now,
    )
    send_link_again(invitation=_invite(programme, a_practitioner(programme)), now=now)
    change_session(session=session, title="One Plan", by=CLOCK, now=now)
    lost = a_session(programme, **_soon(50))
    a_place(lost, now=now)
    cancel_session(session=lost, reason="Snow", by=CLOCK, now=now)
    assert Place.objects.get(pk=second.pk).state == PlaceState.OFFERED
    return list(Message.objects.order_by("pk"))


def test_get_and_head_of_every_link_twice_change_nothing_and_the_links_work_afterwards():
    mails = _mails_of_every_sort()
    assert len({mail.kind for mail in mails}) >= 10
    links = sorted(set().union(*(_links(mail) for mail in mails)))
    assert len(links) >= 8
    before = _database()
    for address in links:
        for _ in range(2):
            browser = Client()
            for method in (browser.head, browser.get):
                assert method(address, follow=True).status_code == 200, address
    after = _database()
    assert [table for table in before if before[table] != after[table]] == []
    offered = Place.objects.select_related("link").get(state=PlaceState.OFFERED)
    browser = Client()
    browser.get(f"/p/{token_of(offered.link)}/")
    assert browser.post(f"/p/{offered.link_id}/accept/").status_code == 302
    assert Place.objects.get(pk=offered.pk).state == PlaceState.BOOKED


# Every form that posts keeps a press, or need not.

ONCE = "the action asks first what there is: done twice it is done once, and sets or ends nothing anew"
OWN_KEY = "the form has a key of its own, which the action keeps with what it makes"
DRAFT = "it makes a draft that nobody is told of: a second one is seen and dropped, and a room refuses it"
SEVERAL = "it promotes session by session, a transaction each; setting what is set changes nothing"
COUNTED = "what was refused must count against guessing addresses; asking the same colleague twice is asking once"
STEP = "a step that keeps what was typed; the last one takes the place, and keeps a press"
NAMED = "a second one of the same name is refused"
REST = "a mail leaves at most once in a time of its own: ten minutes, a day or a week"

WITHOUT_A_PRESS = {
    "activity-take": ONCE, "attitudes-change": ONCE, "attitudes-open": ONCE, "attitudes-close": ONCE,
    "attitudes-send": ONCE, "cover-ask": ONCE, "cover-next": ONCE,
    "cover-propose": ONCE, "availability-ask": REST, "cover-withdraw": ONCE,
    "cover-coming": ONCE, "cover-pass-on": ONCE, "cover-cannot": ONCE, "availability-show": ONCE,
    "feedback-choose": ONCE, "feedback-stop": ONCE, "session-plan": DRAFT, "session-plan-several": DRAFT,
    "booking-rules": SEVERAL, "booking-quotas": SEVERAL, "booking-quota-release": SEVERAL,
    "booking-quota-remove": SEVERAL, "session-change": ONCE,
    "session-copy": DRAFT, "session-open": ONCE, "session-hold": ONCE,
    "session-agenda": ONCE, "session-people": ONCE, "session-part-end": ONCE, "series-start": ONCE,
    "series-group": ONCE, "register-mark": OWN_KEY, "register-walk-in": OWN_KEY, "register-senior": ONCE,
    "register-senior-undo": ONCE, "register-type-in": OWN_KEY, "register-phone-send": OWN_KEY, "register-close": ONCE,
    "register-reopen": ONCE, "register-walk-ins": ONCE, "material-remove": ONCE, "online-list": ONCE,
    "online-share": ONCE, "online-report": ONCE, "online-take-over": ONCE, "online-reconsider": ONCE,
    "register-screen": ONCE, "here-code": STEP, "here-show": ONCE, "place-here": ONCE, "invitation-take-back": ONCE,
    "invitation-answer": ONCE, "place-feed": REST, "place-send-entry": REST, "place-needs": ONCE,
    "place-absence": ONCE, "place-hand-over": COUNTED, "person-answer": ONCE,
    "person-send-link": REST, "person-send-entry": REST, "session-book": STEP, "session-book-organisation": STEP,
    "session-book-code": STEP, "session-book-details": STEP, "answer-settle": ONCE, "feed-own": ONCE,
    "lead-ask": REST, "round-words": OWN_KEY, "round-pause": ONCE, "round-go-on": ONCE, "round-stop": ONCE,
    "invitation-again": REST, "venue-add": NAMED, "room-add": NAMED, "venue-change": ONCE, "room-change": ONCE,
    "room-remove": ONCE, "programme-voice": ONCE,
}  # fmt: skip
"""The addresses of attendance that take a POST without keeping a press, and why a second one does no harm."""


def _posting() -> dict[str, bool]:
    """Return every address of attendance that takes a POST, and whether it keeps a press."""
    found = {}
    for pattern in urlpatterns:
        view, methods = pattern.callback, None
        while hasattr(view, "__wrapped__"):
            methods = inspect.getclosurevars(view).nonlocals.get("request_method_list", methods)
            view = view.__wrapped__
        assert methods, f"{pattern.name} does not say which methods it takes"
        if "POST" in methods:
            found[pattern.name] = getattr(pattern.callback, "takes_press", False)
    return found


def test_every_form_keeps_a_press_or_says_why_not():
    posting = _posting()
    without = {name for name, keeps in posting.items() if not keeps}
    assert without - set(WITHOUT_A_PRESS) == set(), "decorate these views with one_press, or say why not"
    assert set(WITHOUT_A_PRESS) - without == set(), "these keep a press now, or are gone"
    assert sum(posting.values()) > 20


def test_every_form_by_hand_that_keeps_a_press_carries_one():
    keeping = {name for name, keeps in _posting().items() if keeps}
    lacking, seen = [], set()
    for path in sorted((settings.BASE_DIR / "templates" / "attendance").rglob("*.html")):
        for form in re.findall(r"<form method=\"post\".*?</form>", path.read_text(), re.DOTALL):
            named = re.search(r'{% url "attendance:([a-z-]+)"', form.partition(">")[0] + form.partition("%}")[0])
            if named and named[1] in keeping:
                seen.add(named[1])
                lacking += [] if "{% press_field %}" in form else [f"{path.name}: {named[1]}"]
    assert not lacking
    assert len(seen) > 5


def test_a_place_of_a_team_is_named_once_by_two_presses(client):
    session = a_session(a_programme(), capacity=5, **_soon())
    organisation = partner_of(session.programme)
    lead = OrganisationLeadFactory(organisation=organisation).person
    colleague = a_practitioner(session.programme)
    team = book_team(
        session=session, organisation=organisation, people=[], unnamed=2, rule="fit",
        names_until=timezone.localdate(), press=uuid.uuid4(), by=lead, now=timezone.now(),
    )  # fmt: skip
    client.force_login(lead)
    page = reverse("attendance:team-name", args=[team.pk])
    fields = {"press": _press_on(client, page), "people": [colleague.pk]}
    answers = [client.post(page, fields) for _ in range(2)]
    team_page = reverse("attendance:team-show", args=[team.pk])
    assert [(answer.status_code, answer["Location"]) for answer in answers] == [(302, team_page)] * 2
    assert Place.objects.filter(team=team, person=colleague).count() == 1


def test_another_file_in_the_same_form_is_another_press(client, tmp_path, settings):
    settings.MEDIA_ROOT = tmp_path
    session = a_session(**_soon())
    client.force_login(a_coordinator(session))
    page = reverse("attendance:material-list", args=[session.pk])
    press = _press_on(client, page)

    def add(name: str) -> int:
        return client.post(page, {"press": press, "title": "Slides", "file": SimpleUploadedFile(name, PDF)}).status_code

    assert [add("a.pdf"), add("a.pdf"), add("b.pdf")] == [302, 302, 409]
    assert session.materials.count() == 1


def test_a_team_form_pressed_again_with_other_names_does_not_pretend(client):
    session = a_session(a_programme(), capacity=5, **_soon())
    organisation = partner_of(session.programme)
    client.force_login(OrganisationLeadFactory(organisation=organisation).person)
    page = reverse("attendance:team-book", args=[organisation.pk, session.pk])
    first, second = (a_practitioner(session.programme) for _ in range(2))
    typed = {"press": _press_on(client, page), "rule": "fit", "people": [first.pk]}
    assert [client.post(page, typed).status_code for _ in range(2)] == [302, 302]
    answer = client.post(page, typed | {"people": [second.pk]})
    assert answer.status_code == 409
    assert list(Place.objects.values_list("person", flat=True)) == [first.pk]


def test_a_notice_pressed_again_with_other_words_does_not_pretend(client):
    session = a_session(**_soon())
    holder = a_place(session, now=timezone.now()).person
    client.force_login(a_coordinator(session))
    page = reverse("attendance:session-notice", args=[session.pk])
    words = {"subject": "Car park", "words": "The car park is closed.", "confirmed": "yes"}
    words["press"] = _press_on(client, page)
    assert [client.post(page, words).status_code for _ in range(2)] == [302, 302]
    assert client.post(page, words | {"words": "It is open again."}).status_code == 409
    assert Message.objects.filter(kind="attendance.session_notice", person=holder).count() == 1


def test_the_preview_of_a_notice_carries_one_key_of_its_own(client):
    session = a_session(**_soon())
    a_place(session, now=timezone.now())
    client.force_login(a_coordinator(session))
    page = reverse("attendance:session-notice", args=[session.pk])
    key = _press_on(client, page)
    preview = client.post(page, {"subject": "Car park", "words": "Closed.", "press": key}).content.decode()
    assert preview.count('name="press"') == 1
    assert key not in preview, "who goes back and writes something else sends another mail"


def test_a_quota_set_twice_is_set_once_and_released_twice_is_released(client):
    session = a_session()
    programme = session.programme
    client.force_login(a_coordinator(session))
    page = reverse("attendance:booking-quotas", args=[programme.slug])
    assert [client.post(page, {"seats": 2}).status_code for _ in range(2)] == [302, 302]
    assert Entry.objects.filter(verb="set_quota").count() == 1
    release = reverse("attendance:booking-quota-release", args=[programme.slug, Quota.objects.get().pk])
    assert [client.post(release)["Location"] for _ in range(2)] == [page, page]
    assert Entry.objects.filter(verb="released_quota").count() == 1
    remove = reverse("attendance:booking-quota-remove", args=[programme.slug, Quota.objects.get().pk])
    client.post(page, {"seats": 3})  # by a colleague, while the page says that it is released
    assert b"This quota is in force again" in client.post(remove, follow=True).content
    client.post(release)
    assert [b"is off the list" in client.post(remove, follow=True).content for _ in range(2)] == [True, True]


def test_one_address_sent_ten_times_leaves_room_to_ask_another_and_guessing_still_ends(client):
    place = a_place(a_session(**_soon()), now=timezone.now())
    client.get(f"/p/{token_of(place.link)}/")
    page = reverse("attendance:place-hand-over", args=[place.link_id])
    first, other = (a_practitioner(place.session.programme).email for _ in range(2))
    assert {client.post(page, {"email": first}).status_code for _ in range(11)} == {302}
    assert client.post(page, {"email": other}).status_code == 302
    guesses = [client.post(page, {"email": f"guess.{n}@example.org"}).content.decode() for n in range(9)]
    assert ["Too many addresses" in answer for answer in guesses] == [False] * 8 + [True]
    assert "Too many addresses" in client.post(page, {"email": "guess.8@example.org"}).content.decode()


def test_what_is_said_or_asked_for_again_leaves_one_line_of_history(client):
    place = a_place(a_session(**_soon()), now=timezone.now())
    client.get(f"/p/{token_of(place.link)}/")
    for _ in range(3):
        client.post(reverse("attendance:place-send-entry", args=[place.link_id]))
        client.post(reverse("attendance:place-needs", args=[place.link_id]), {"words": "A ramp"})
    verbs = list(Entry.objects.filter(verb__in=["asked_for_entry", "changed_access_need"]).values_list("verb"))
    assert sorted(verbs) == [("asked_for_entry",), ("changed_access_need",)]


def test_the_form_that_booked_leads_to_what_has_become_of_the_place(invited):
    press = _press_on(invited, invited.address)
    done = invited.post(invited.address, {"press": press})["Location"]
    place = Place.objects.get()
    give_up_place(place=place, by=place.person, now=timezone.now())
    assert invited.post(invited.address, {"press": press})["Location"] == done
    page = invited.get(done, follow=True)
    assert page.status_code == 200
    assert "You have given up this place." in page.content.decode()
