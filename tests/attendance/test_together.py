"""Several who press at the same moment: one transaction, each with the answer that they would have had alone."""

import threading
import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from types import SimpleNamespace
from unittest import mock

import pytest
import time_machine
from django.contrib.sessions.middleware import SessionMiddleware
from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.test import Client
from django.utils import timezone
from psycopg2.extensions import TRANSACTION_STATUS_IDLE

from accounts.links import cookie_name, make_link, revoke, token_of
from accounts.models import PersonalLink, Press
from attendance.actions import together as room
from attendance.actions.line import writing
from attendance.actions.places import plainly_taken
from attendance.actions.together import Pressed, Together
from attendance.models import CalendarEntry, Engagement, Invitation, Place, SeatCount
from attendance.queries import seating
from attendance.views import presses
from briefings.models import Session
from history.actions import CLOCK
from history.models import Entry
from messaging.models import Message
from tests.attendance.places import a_place, a_practitioner, a_programme, a_session, another_day

pytestmark = pytest.mark.django_db


@pytest.fixture
def programme():
    return a_programme()


def _soon(days: int = 30) -> dict:
    return {"date": (timezone.now() + timedelta(days=days)).date()}


def _invite(programme, person=None) -> Invitation:
    now, person = timezone.now(), person or a_practitioner(programme)
    made = Invitation.objects.create(programme=programme, person=person, invited_at=now)
    made.link = make_link(purpose="invitation", person=person, about=made, ends_at=now + timedelta(days=60), now=now)
    made.save(update_fields=["link"])
    return made


def _pressed(session, person=None, **other) -> Pressed:
    """What somebody, invited to the programme, asks for by pressing in their browser."""
    link = _invite(session.programme, person).link
    own = {"link": link.pk, "opened": f"invitation:{link.pk}:{link.nonce}", "session": session.pk}
    led = f"/i/{link.pk}/done/{{place}}/"
    return Pressed(**{"key": uuid.uuid4(), "digest": "x", **own, "leads_to": led, **other})


def _states(session) -> list[tuple[str, int | None]]:
    return list(Place.objects.filter(session=session).order_by("pk").values_list("state", "number_in_line"))


def test_two_people_and_two_sessions_in_one_are_what_they_would_be_alone(programme, django_assert_num_queries):
    one, other = a_session(programme, **_soon()), another_day(programme, **_soon(40))
    alone = a_place(a_session(programme, **_soon(50)), now=timezone.now())
    several = [_pressed(one), _pressed(other)]
    room._write([_pressed(one)])  # prepares the statements
    with django_assert_num_queries(
        5
    ):  # a savepoint, what is claimed, what is locked and read, what is written, its end
        room._write(several)
    first, second = Place.objects.filter(session__in=[one, other]).order_by("-pk")[:2][::-1]
    assert [each.place for each in several] == [first.pk, second.pk]
    assert (first.session, second.session) == (one, other)
    for pressed, place in zip(several, (first, second), strict=True):
        assert Press.objects.get(pk=pressed.key).location == f"/i/{pressed.link}/done/{place.pk}/"
        assert place.link.about == f"attendance.place:{place.pk}"
        assert (place.state, place.limit_key) == ("booked", f"{place.person_id}:programme:{programme.pk}")
        assert Engagement.objects.get(person=place.person).during == place.session.during
        assert CalendarEntry.objects.get(person=place.person).session == place.session
        for model in (Message, Entry):
            own = {Message: {"refs__place": alone.pk}, Entry: {"object_id": alone.pk, "verb": "took"}}[model]
            like = model.objects.get(**own)
            made = model.objects.get(**{name: place.pk if value == alone.pk else value for name, value in own.items()})
            _is_like(made, like, without={"id", "pk", "key", "person_id", "actor", "object_id", "refs"})
        _is_like(place, alone, without={"id", "link_id", "person_id", "session_id", "reference", "limit_key", "made_by",
                                        "profession_id"})  # fmt: skip
    assert list(SeatCount.objects.order_by("session").values_list("taken", flat=True)) == [2, 1, 1]


def _is_like(made, like, without: set[str]) -> None:
    """Both say the same, moments aside."""
    for field in made._meta.concrete_fields:
        values = [getattr(row, field.attname) for row in (made, like)]
        kinds = {type(value) for value in values}
        assert field.attname in without or values[0] == values[1] or kinds == {type(timezone.now())}, field.attname


def test_the_last_seat_goes_to_the_first_and_the_line_is_in_order(programme):
    session = a_session(programme, capacity=1, **_soon())
    several = [_pressed(session) for _ in range(4)]
    room._write(several)
    assert [each.place for each in several] == list(Place.objects.order_by("pk").values_list("pk", flat=True))
    assert _states(session) == [("booked", None), ("waiting", 1), ("waiting", 2), ("waiting", 3)]
    seats = SeatCount.objects.get(session=session)
    assert (seats.taken, seats.last_in_line) == (1, 3)
    assert Counter(Message.objects.values_list("kind", flat=True)) == {
        "attendance.place_booked": 1, "attendance.place_waiting": 3,
    }  # fmt: skip


def _closed_account(pressed) -> None:
    link = PersonalLink.objects.get(pk=pressed.link)
    link.person.is_active = False
    link.person.save()


def _no_longer_eligible(pressed) -> None:
    PersonalLink.objects.get(pk=pressed.link).person.affiliations.all().delete()


def _revoked(pressed) -> None:
    revoke(PersonalLink.objects.get(pk=pressed.link), by=CLOCK, now=timezone.now())


def _opened_by_another(pressed) -> None:
    pressed.opened = pressed.opened[:-1] + ("0" if pressed.opened[-1] != "0" else "1")


def _uninvited(pressed) -> None:
    Invitation.objects.filter(link=pressed.link).delete()


def _unknown(pressed) -> None:
    pressed.link += 10**9


def _of_no_session(pressed) -> None:
    pressed.session += 10**9


def _held_already(pressed) -> None:
    a_place(Invitation.objects.get(link=pressed.link).programme.sessions.get(), _person(pressed), now=timezone.now())


def _kept_elsewhere(pressed) -> None:
    a_place(another_day(_person(pressed).invitations.get().programme, **_soon(40)), _person(pressed))


def _person(pressed):
    return PersonalLink.objects.get(pk=pressed.link).person


REFUSED = (
    _closed_account, _no_longer_eligible, _revoked, _opened_by_another, _uninvited, _unknown, _of_no_session,
    _held_already, _kept_elsewhere,
)  # fmt: skip


@pytest.mark.parametrize("spoil", REFUSED)
def test_what_is_not_plain_is_left_and_its_key_is_free(programme, spoil):
    session = a_session(programme, capacity=9, **_soon())
    several = [_pressed(session) for _ in range(3)]
    spoil(several[1])
    before = Place.objects.count()
    room._write(several)
    assert [bool(each.place) for each in several] == [True, False, True]
    assert Place.objects.count() == before + 2
    assert set(Press.objects.values_list("key", flat=True)) == {several[0].key, several[2].key}


def test_a_used_key_among_new_ones_stays_as_it_is(programme):
    session = a_session(programme, **_soon())
    used, new = _pressed(session), _pressed(session)
    room._write([used])
    before = Press.objects.get(pk=used.key)
    again = _pressed(session, key=used.key, digest="another")
    room._write([again, new])
    assert (again.place, bool(new.place)) == (None, True)
    kept = Press.objects.get(pk=used.key)
    assert (kept.digest, kept.location) == (before.digest, before.location)
    assert Place.objects.count() == 2


def test_the_same_person_twice_is_written_once_and_the_other_goes_alone(programme):
    here, there = a_session(programme, **_soon()), another_day(programme, **_soon(40))
    first = _pressed(here)
    twice = Pressed(uuid.uuid4(), "x", first.link, first.opened, there.pk, first.leads_to)
    same = Pressed(first.key, "x", first.link, first.opened, here.pk, first.leads_to)
    room._write([first, twice, same])
    assert (bool(first.place), twice.place, same.place) == (True, None, None)
    assert Press.objects.get().key == first.key


def test_who_waits_moves_up_first_and_that_is_done_alone(programme):
    session = a_session(programme, capacity=1, **_soon())
    a_place(session, now=timezone.now())
    waits = a_place(session, now=timezone.now())
    SeatCount.objects.update(capacity=2)
    several = [_pressed(session), _pressed(session)]
    room._write(several)
    assert [each.place for each in several] == [None, None]
    assert not Press.objects.exists()
    waits.refresh_from_db()
    assert waits.state == "waiting"


def test_who_waits_elsewhere_gets_a_seat_alone_because_the_waiting_ends(programme):
    full, free = a_session(programme, capacity=1, **_soon()), another_day(programme, **_soon(40))
    a_place(full, now=timezone.now())
    person = a_practitioner(programme)
    a_place(full, person, now=timezone.now())
    pressed = _pressed(free, person)
    room._write([pressed])
    assert pressed.place is None


def test_a_seat_that_is_kept_after_a_cancellation_is_given_out_alone(programme):
    session = a_session(programme, capacity=1, **_soon())
    lost = a_place(another_day(programme, **_soon(40)), now=timezone.now())
    Place.objects.filter(pk=lost.pk).update(
        state="ended", closed_reason="session_cancelled", closed_at=timezone.now(), limit_key=None
    )
    own = _pressed(session, lost.person)
    room._write([own, _pressed(session)])
    assert own.place is None
    assert _states(session) == [("waiting", 1)]


def test_what_the_database_refuses_is_refused_to_all_and_nothing_is_half_done(programme, caplog):
    session = a_session(programme, **_soon())
    several = [_pressed(session) for _ in range(3)]
    read = seating.lock_and_read_all

    def meanwhile(wishes, now):
        found = read(wishes, now)
        other = a_session(a_programme(), date=session.date)
        Engagement.objects.create(person_id=wishes[1].person, session=other, during=session.during)
        return found

    with mock.patch.object(room, "lock_and_read_all", meanwhile):
        room._write(several)
    assert [each.place for each in several] == [None] * 3
    assert "nobody_in_two_places" in caplog.text
    for model in (Place, Press, Message, CalendarEntry, Engagement):
        assert not model.objects.exists()
    assert SeatCount.objects.get(session=session).taken == 0


# --- on real connections


def _browsers(session, number: int) -> list[tuple[Client, str, dict]]:
    found = []
    for _ in range(number):
        link, browser = _invite(session.programme).link, Client()
        browser.get(f"/i/{token_of(link)}/")
        found.append((browser, f"/i/{link.pk}/sessions/{session.pk}/", {"press": str(uuid.uuid4())}))
    return found


def _at_once(browsers) -> list:
    ready = threading.Barrier(len(browsers))

    def press(each):
        browser, address, fields = each
        ready.wait(30)
        try:
            return browser.post(address, fields)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(browsers)) as pool:
        return list(pool.map(press, browsers))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("most", "written_by"), [(32, [1, 7]), (3, [1, 3, 3, 1])])
def test_those_who_come_while_one_is_written_are_written_together(programme, monkeypatch, most, written_by):
    monkeypatch.setattr(room, "MOST", most)
    monkeypatch.setattr(presses, "together", Together())  # one that had no company: it does not wait for any
    session = a_session(programme, capacity=3, **_soon())
    browsers, sizes, first, write = _browsers(session, 8), [], threading.Event(), room._write

    def written(several):
        sizes.append(len(several))
        if len(sizes) == 1:
            first.wait(0.5)
        write(several)

    with mock.patch.object(room, "_write", written):
        answers = _at_once(browsers)
    assert sizes == written_by
    assert {answer.status_code for answer in answers} == {302}
    places = list(Place.objects.order_by("pk"))
    assert (
        sorted(answer.url for answer in answers)
        == sorted(Press.objects.values_list("location", flat=True))
        == sorted(f"/i/{place.person.invitations.get().link_id}/done/{place.pk}/" for place in places)
    )
    assert [place.number_in_line for place in places] == [None] * 3 + [1, 2, 3, 4, 5]
    assert all("no-store" in answer["Cache-Control"] for answer in answers)
    again = _at_once(browsers)
    assert [answer.url for answer in again] == [answer.url for answer in answers]
    presses.together.close()
    assert Place.objects.count() == 8


@pytest.mark.django_db(transaction=True)
def test_a_leader_that_fails_keeps_nobody_waiting_and_each_goes_alone(programme):
    session = a_session(programme, capacity=3, **_soon())
    browsers, tried = _browsers(session, 6), []

    def fail(wishes, now):
        tried.append(len(wishes))
        raise RuntimeError("the power went off")

    with mock.patch.object(room, "lock_and_read_all", fail):
        answers = _at_once(browsers)
    assert sum(tried) == 6
    assert {answer.status_code for answer in answers} == {302}
    assert _states(session)[:3] == [("booked", None)] * 3
    assert [number for _, number in _states(session)[3:]] == [1, 2, 3]
    assert not room.together._is_led
    assert not room.together._waiting


@pytest.mark.django_db(transaction=True)
def test_a_leader_that_is_gone_leads_nobody_for_ever(programme, monkeypatch):
    monkeypatch.setattr(room, "WAITS", 0.2)
    own, stands = Together(), threading.Event()
    pressed = [_pressed(a_session(programme, **_soon(30 + number))) for number in range(2)]
    with mock.patch.object(room, "_write", side_effect=lambda several: stands.wait(10)):
        leader = threading.Thread(target=own.take, args=(pressed[0],))
        leader.start()
        while not own._is_led or own._waiting:
            pass
        assert own.take(pressed[1]) is None
        stands.set()
        leader.join(10)
    assert not own._is_led
    assert not own._waiting


@pytest.mark.django_db(transaction=True)
def test_a_lock_that_somebody_else_holds_holds_up_who_wants_that_session_alone(programme, monkeypatch):
    monkeypatch.setattr(room, "LOCKED", "500ms")
    monkeypatch.setattr(room, "WAITS", 40)  # so that nobody gets through by going alone
    monkeypatch.setattr(presses, "together", Together())
    held, free = a_session(programme, **_soon()), another_day(programme, **_soon(40))
    (waits,), (goes,), begun, write = _browsers(held, 1), _browsers(free, 1), threading.Event(), room._write
    monkeypatch.setattr(room, "_write", lambda several: begun.set() or write(several))
    with ThreadPoolExecutor(2) as pool:
        with connection.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT 1 FROM attendance_seatcount WHERE session_id = %s FOR UPDATE", [held.pk])
            try:
                later = pool.submit(_at_once, [waits])
                begun.wait(20)
                assert pool.submit(_at_once, [goes]).result(20)[0].status_code == 302
                assert not later.done()
            finally:
                cursor.execute("COMMIT")
        assert later.result(20)[0].status_code == 302
    presses.together.close()
    assert Place.objects.count() == 2


def _two_processes(session) -> tuple[int, int]:
    """Let two write for four people each at once, having read both; return the seats given and the seats counted."""
    both = threading.Barrier(2)
    halves = [[_pressed(session) for _ in range(4)] for _ in range(2)]
    read = room.lock_and_read_all

    def reading(wishes, now):
        if not seating.LOCKS:
            found = read(wishes, now)
            both.wait(30)
            return found
        both.wait(30)
        return read(wishes, now)

    def write(several):
        own = Together()
        with own._lent():
            room._write(several)
        own.close()

    with mock.patch.object(room, "lock_and_read_all", reading), ThreadPoolExecutor(2) as pool:
        list(pool.map(write, halves))
    return Place.objects.seated().filter(session=session).count(), SeatCount.objects.get(session=session).taken


@pytest.mark.django_db(transaction=True)
def test_two_processes_that_write_together_give_no_seat_twice(programme):
    session = a_session(programme, capacity=5, **_soon())
    assert _two_processes(session) == (5, 5)
    assert _states(session) == [("booked", None)] * 5 + [("waiting", number) for number in (1, 2, 3)]


@pytest.mark.django_db(transaction=True)
def test_without_the_locks_only_the_database_keeps_two_processes_from_it(programme, monkeypatch, caplog):
    monkeypatch.setattr(seating, "LOCKS", ())
    assert _two_processes(a_session(programme, capacity=5, **_soon())) == (4, 4)
    assert "seats_taken_within_capacity" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_was_cut_off_is_opened_again(programme, monkeypatch, caplog):
    own = Together()
    monkeypatch.setattr(presses, "together", own)
    session = a_session(programme, capacity=9, **_soon())
    browsers = _browsers(session, 4)
    assert _at_once(browsers[:1])[0].status_code == 302
    for rests, number in ((0, 1), (60, 2)):  # it is tried first; it is not, and this press goes alone
        monkeypatch.setattr(room, "RESTS", rests)
        pid = own._connection.connection.info.backend_pid
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
        assert _at_once(browsers[number : number + 1])[0].status_code == 302
    assert caplog.text.count("could not be written together") == 1
    assert _at_once(browsers[3:])[0].status_code == 302
    assert own._connection.connection.info.backend_pid != pid
    assert caplog.text.count("could not be written together") == 1
    own.close()
    assert Place.objects.seated().count() == 4


@pytest.mark.django_db(transaction=True)
def test_three_round_trips_begin_write_and_end_it(programme, monkeypatch):
    own, sent, execute = Together(), [], CursorWrapper.execute
    monkeypatch.setattr(CursorWrapper, "execute", lambda *given: sent.append(given[1]) or execute(*given))
    session = a_session(programme, capacity=9, **_soon())
    for _ in range(2):
        pressed = _pressed(session)
        sent.clear()
        assert own.take(pressed)
    assert [text.partition("\n")[0].split()[:2] for text in sent] == [
        ["BEGIN;"], ["EXECUTE", "lock_counters"], ["EXECUTE", sent[2].split()[1]],
    ]  # fmt: skip
    assert "EXECUTE claim_and_find" in sent[0]
    assert sent[2].endswith(";\nCOMMIT")
    assert own._connection.connection.info.transaction_status == TRANSACTION_STATUS_IDLE
    used = Pressed(pressed.key, "x", pressed.link, pressed.opened, session.pk, pressed.leads_to)
    assert own.take(used) is None
    assert own._connection.connection.info.transaction_status == TRANSACTION_STATUS_IDLE
    own.close()
    assert Place.objects.count() == 2


def _is_too_long(pressed, monkeypatch) -> None:
    monkeypatch.setattr(pressed, "digest", "x" * 1000)


def _is_elsewhere_meanwhile(pressed, monkeypatch) -> None:
    read = room.lock_and_read_all

    def meanwhile(wishes, now):
        there = Session.objects.get(pk=pressed.session)
        other = a_session(a_programme(), date=there.date)
        Engagement.objects.create(person_id=wishes[0].person, session=other, during=there.during)
        return read(wishes, now)

    monkeypatch.setattr(room, "plainly_taken", _blind_to_the_clash)
    monkeypatch.setattr(room, "lock_and_read_all", meanwhile)


def _blind_to_the_clash(facts, person, now):
    facts.clash = None
    return plainly_taken(facts, person, now)


def _and(statement: str):
    def spoil(pressed, monkeypatch) -> None:
        monkeypatch.setattr(room, "writing", lambda news: [*writing(news), (statement, None)])

    return spoil


FAILS = {
    "with the first statements": (_is_too_long, "too long"),
    "with the last": (_is_elsewhere_meanwhile, "nobody_in_two_places"),
    "at the end": (_and("UPDATE accounts_press SET link_id = 1000000000"), "foreign key"),
    "where it is cancelled": (_and("SELECT pg_cancel_backend(pg_backend_pid()), pg_sleep(9)"), "QueryCanceled"),
    "where it is cut off": (_and("SELECT pg_terminate_backend(pg_backend_pid()), pg_sleep(9)"), "server closed"),
}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("where", FAILS)
def test_what_fails_on_the_way_leaves_nothing_behind_and_the_next_is_written(programme, where, caplog):
    own, session = Together(), a_session(programme, capacity=9, **_soon())
    own.take(_pressed(session))
    pid, pressed, (spoil, said) = own._connection.connection.info.backend_pid, _pressed(session), FAILS[where]
    with pytest.MonkeyPatch.context() as meanwhile:
        spoil(pressed, meanwhile)
        assert own.take(pressed) is None
    assert said in caplog.text
    assert [model.objects.count() for model in (Place, Press, Message, CalendarEntry, Engagement)] == [1] * 5
    assert SeatCount.objects.get(session=session).taken == 1
    info = own._connection.connection.info
    assert info.transaction_status == TRANSACTION_STATUS_IDLE
    assert (info.backend_pid == pid) == (where != "where it is cut off")
    assert own.take(pressed)
    own.close()
    assert SeatCount.objects.get(session=session).taken == Place.objects.count() == Press.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_what_is_found_is_found_by_keys_whatever_the_tables_held_when_it_was_prepared(programme):
    own, session = Together(), a_session(programme, capacity=9, **_soon())
    own.take(_pressed(session))
    now, one, several = timezone.now(), [session.pk], [1, 2, 3]
    asked = {
        "claim_and_find(%s::integer[], %s::uuid[], %s::text[], %s::bigint[], %s::bigint[], %s)": [
            several, [str(uuid.uuid4()) for _ in several], ["x"] * 3, several, one * 3, now,
        ],
        "seating_11(%s::integer[], %s::bigint[], %s::bigint[], %s::bigint[], %s, %s)": [
            several, one * 3, several, [programme.pk] * 3, now.date(), now,
        ],
    }  # fmt: skip
    with own._lent(), connection.cursor() as cursor:
        for statement, values in asked.items():
            cursor.execute(f"EXPLAIN EXECUTE {statement}", values)
            plan = "\n".join(line for (line,) in cursor.fetchall())
            assert "Seq Scan" not in plan
            assert not any(index.name in plan for index in PersonalLink._meta.indexes)
            assert "(id = asked.link)" in plan or "(id = asked.session)" in plan
    own.close()


# --- before anything looks for who is signed in


@pytest.fixture
def pressing(programme, monkeypatch):
    """Press in a new browser, with the cookie of a session or without; return the answer, and whether it went alone."""
    looked = []
    monkeypatch.setattr(SessionMiddleware, "process_request", _noting(looked, SessionMiddleware.process_request))

    def press(
        session, *, signed_in: bool = False, checks: bool = False, spoil: Callable = lambda pressed: None, **other
    ):
        ((_, address, fields),) = _browsers(session, 1)
        link = PersonalLink.objects.get(pk=address.split("/")[2])
        browser = Client(enforce_csrf_checks=checks)
        browser.get(f"/i/{token_of(link)}/")
        if signed_in:
            browser.force_login(link.person)
        spoil(SimpleNamespace(link=link.pk, browser=browser))
        looked.clear()
        return browser.post(address, fields, **other), bool(looked)

    return press


def _noting(looked: list, process):
    return lambda self, request: looked.append(request) or process(self, request)


def test_who_is_not_signed_in_is_answered_as_ever_without_a_session(programme, pressing):
    session = a_session(programme, capacity=9, **_soon())
    short, short_looked = pressing(session)
    long, long_looked = pressing(session, signed_in=True)
    assert (short.status_code, short_looked, long.status_code, long_looked) == (302, False, 302, True)
    own = {"Expires", "Location"}
    heads = [{name: value for name, value in answer.headers.items() if name not in own} for answer in (short, long)]
    assert heads[0].pop("Cache-Control") == "max-age=0, no-cache, no-store, must-revalidate, private"
    assert heads[1].pop("Cache-Control") == "no-store, private"
    assert heads[0] == heads[1]
    assert Press.objects.count() == Place.objects.count() == 2


def test_a_form_that_is_not_ours_is_refused_there_too(programme, pressing):
    session = a_session(programme, capacity=9, **_soon())
    answer, looked = pressing(session, checks=True)
    assert (answer.status_code, looked) == (403, True)
    assert not Press.objects.exists()
    assert not Place.objects.exists()


def _ended(pressed) -> None:
    PersonalLink.objects.filter(pk=pressed.link).update(ends_at=timezone.now())


def _never_opened(pressed) -> None:
    pressed.browser.cookies.clear()


def _with_the_cookie_of_another(pressed) -> None:
    other = Client()
    there = other.get(f"/i/{token_of(_invite(a_programme()).link)}/").cookies[cookie_name()]
    pressed.browser.cookies[cookie_name()] = there.value  # as only who wishes harm would send it


def _with_a_cookie_of_their_own_making(pressed) -> None:
    link = PersonalLink.objects.get(pk=pressed.link)
    pressed.browser.cookies[cookie_name()] = f"invitation:{link.pk}:{link.nonce}:made-up:signature"


def _the_day_before(pressed) -> None:
    with time_machine.travel(timezone.now() - timedelta(hours=13), tick=False):
        pressed.browser.get(f"/i/{token_of(PersonalLink.objects.get(pk=pressed.link))}/")


@pytest.mark.parametrize(
    "spoil",
    [_ended, _revoked, _closed_account, _never_opened, _with_the_cookie_of_another, _with_a_cookie_of_their_own_making,
     _the_day_before],
)  # fmt: skip
def test_who_may_not_press_is_refused_there_too(programme, pressing, spoil):
    answer, looked = pressing(a_session(programme, capacity=9, **_soon()), spoil=spoil)
    assert (answer.status_code, looked) == (403, True)
    assert not Press.objects.exists()
    assert not Place.objects.exists()


def test_another_host_is_refused_there_too(programme, pressing):
    answer, _ = pressing(a_session(programme, capacity=9, **_soon()), HTTP_HOST="elsewhere.example.org")
    assert answer.status_code == 400
    assert not Place.objects.exists()


def test_what_is_not_plain_goes_on_and_is_not_tried_a_second_time(programme, pressing, monkeypatch):
    tried = []
    monkeypatch.setattr(presses, "together", SimpleNamespace(take=tried.append))
    answer, looked = pressing(a_session(programme, capacity=9, **_soon()))
    assert (answer.status_code, looked, len(tried)) == (302, True, 1)
    assert Place.objects.count() == 1
