"""The register on a phone without signal, as the register sees it: what it gives, what it takes, in any order."""

import json
import random
import threading
from datetime import timedelta
from itertools import permutations
from uuid import UUID, uuid4

import pytest
import time_machine
from django.db import OperationalError, connection, transaction
from django.db.models import Sum
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from attendance.actions import register as actions
from attendance.actions.phone import SentPress, take_presses
from attendance.models import Attendance, Mark, Place, PlaceState, WalkIn
from attendance.queries.phone import subject_of
from briefings.models import Part, SessionPart
from history.models import Look
from organisations.models import Organisation
from tests.attendance.places import a_place, a_practitioner, a_session, partner_of
from tests.attendance.registers import a_coordinator, half_way
from tests.organisations.factories import OrganisationFactory, PersonFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def session():
    return a_session(capacity=20)


@pytest.fixture(autouse=True)
def the_day(session):
    with time_machine.travel(half_way(session), tick=False):
        yield


@pytest.fixture
def keeper(client, session):
    person = a_coordinator(session)
    client.force_login(person)
    return person


def somebody(session, name="Amina Samplewood"):
    return a_place(session, a_practitioner(session.programme, name=name), now=session.during.lower - timedelta(days=9))


def rows(client: Client, session, **query):
    return client.get(reverse("attendance:register-phone-rows", args=[session.pk]), query)


def send(client: Client, session, presses=(), walk_ins=(), **more):
    body = {"walk_ins": list(walk_ins), "presses": list(presses), **more}
    address = reverse("attendance:register-phone-send", args=[session.pk])
    return client.post(address, json.dumps(body), content_type="application/json")


def a_press(place, kind="attended", undoes=None, **more):
    key = f"w{place.pk}" if isinstance(place, WalkIn) else f"p{place.pk}"
    return {"id": str(uuid4()), "row": key, "kind": kind, "undoes": undoes} | more


def a_walk_in(session, name="Gus Imaginary", **more):
    return {"id": str(uuid4()), "name": name, "organisation": partner_of(session.programme).pk} | more


# what it gives


def test_a_phone_gets_names_and_organisations_and_nothing_else(client, session, keeper):
    place = somebody(session)
    answer = rows(client, session).json()
    assert set(answer) == {"csrf", "at", "closed", "may_send", "rows", "organisations"}
    assert answer["rows"] == [[f"p{place.pk}", "Amina Samplewood", place.organisation.name, []]]
    text = json.dumps(answer)
    for secret in (place.person.email, place.reference, place.profession.name):
        assert secret not in text
    assert Look.objects.filter(page="attendance:register-phone-rows").count() == 1


def test_the_page_that_is_kept_names_nobody(client, session, keeper):
    place = somebody(session)
    press = {"walk_in": uuid4(), "mark": "attended", "press": "no press"}
    client.post(reverse("attendance:register-mark", args=[session.pk]), press)  # a message waits to be shown
    page = client.get(reverse("attendance:register-phone", args=[session.pk])).content.decode()
    assert "did not arrive whole" not in page
    assert place.person.email not in page
    assert "Amina" not in page
    assert keeper.name not in page
    assert "needs JavaScript" in page


def test_only_what_has_changed_is_given_again(client, session, keeper):
    somebody(session)
    second = somebody(session, "Beatrix Makebelieve")
    at = rows(client, session).json()["at"]
    with time_machine.travel(half_way(session) + timedelta(minutes=5), tick=False):
        press = a_press(second)
        send(browser_of(keeper), session, [press])
        answer = rows(client, session, since=at).json()
    assert answer["rows"] == [
        [f"p{second.pk}", "Beatrix Makebelieve", second.organisation.name, [[press["id"], "attended"]]]
    ]
    assert "organisations" not in answer
    assert answer["places"] == [2, Place.objects.aggregate(Sum("pk"))["pk__sum"]]
    numbers = Organisation.objects.values_list("pk", flat=True)
    assert answer["organisations_in_short"] == [len(numbers), sum(numbers)]
    assert len(rows(client, session, since="nonsense").json()["rows"]) == 2


def test_a_phone_knows_that_somebody_has_moved_up_or_given_up_since_it_was_loaded(client, session, keeper):
    """Their place was made long before, and nothing is pressed: no change on the register tells of them."""
    first, waiting = somebody(session), somebody(session, "Beatrix Makebelieve")
    Place.objects.filter(pk=waiting.pk).update(
        state=PlaceState.WAITING, number_in_line=1, seated_at=None, limit_key=None
    )
    before = rows(client, session).json()
    assert [row[0] for row in before["rows"]] == [f"p{first.pk}"]
    later = half_way(session) + timedelta(minutes=5)
    with time_machine.travel(later, tick=False):
        for seen, changes in (
            ([2, first.pk + waiting.pk], {"state": PlaceState.BOOKED, "number_in_line": None, "seated_at": later}),
            ([1, first.pk], {"state": PlaceState.GIVEN_UP, "closed_at": later}),
        ):
            Place.objects.filter(pk=waiting.pk).update(**changes)
            answer = rows(browser_of(keeper), session, since=before["at"]).json()
            assert answer["places"] == seen


@pytest.mark.parametrize("since", ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00+23:59", "x", "9999-12-31T23:59:59Z"])
def test_a_moment_that_no_phone_means_is_no_error(client, session, keeper, since):
    assert rows(client, session, since=since).status_code == 200
    assert send(client, session, since=since).status_code == 200


def test_a_phone_that_goes_on_asking_looks_at_each_person_once(client, session, keeper):
    place = somebody(session)
    at = rows(client, session).json()["at"]
    for kind in ("attended", "late", "left_early"):
        send(client, session, [a_press(place, kind)])
        assert rows(client, session, since=at).json()["rows"]
    assert Look.objects.filter(page="attendance:register-phone-rows").count() == 1
    somebody_new = somebody(session, "Beatrix Makebelieve")
    send(client, session, [a_press(somebody_new)])
    assert Look.objects.filter(page="attendance:register-phone-rows").count() == 2


def test_somebody_who_stands_there_twice_holds_the_others_back_from_nothing(client, session, keeper):
    """A walk-in was matched to somebody who took a place afterwards: one fact for each person and session."""
    place = somebody(session)
    other = somebody(session, "Beatrix Makebelieve")
    walk_in = a_walk_in(session)
    send(client, session, [], [walk_in])
    WalkIn.objects.update(person=place.person)
    Attendance.objects.update(person=place.person)
    twice, good = a_press(place), a_press(other)
    assert send(client, session, [twice, good]).json()["results"] == {twice["id"]: "another", good["id"]: "kept"}
    assert Attendance.objects.filter(place=other).exists()


def browser_of(person) -> Client:
    client = Client()
    client.force_login(person)
    return client


@pytest.mark.parametrize("people", [1, 3])
def test_the_register_needs_as_many_queries_for_one_as_for_three(
    client, session, keeper, people, django_assert_max_num_queries
):
    for number in range(people):
        actions.mark(
            session=session, subject=somebody(session, f"Person {number}"), kind="attended", press=uuid4(), by="clock",
            now=half_way(session),
        )  # fmt: skip
    with django_assert_max_num_queries(13):
        rows(client, session)


@pytest.mark.parametrize(
    ("days", "loads", "sends"), [(-4, 404, 404), (-3, 200, 404), (0, 200, 200), (2, 200, 200), (3, 404, 404)]
)
def test_who_runs_it_loads_before_the_day_and_sends_until_home_again(client, session, days, loads, sends):
    presenter = PersonFactory()
    SessionPart.objects.create(session=session, person=presenter, part=Part.PRESENTER)
    place = somebody(session)
    with time_machine.travel(half_way(session) + timedelta(days=days), tick=False):
        client.force_login(presenter)
        assert rows(client, session).status_code == loads
        assert send(client, session, [a_press(place)]).status_code == sends


def test_who_has_nothing_to_do_with_it_gets_nothing(client, session):
    client.force_login(PersonFactory())
    assert rows(client, session).status_code == 404
    assert send(client, session).status_code == 404
    assert client.get(reverse("attendance:register-phone", args=[session.pk])).status_code == 404


def test_who_is_not_signed_in_is_sent_to_sign_in(session):
    assert rows(Client(), session).status_code == 302
    assert send(Client(), session).status_code == 302


def test_the_worker_may_answer_for_sessions(client):
    answer = client.get("/register-worker.js")
    assert answer["Content-Type"].startswith("text/javascript")
    assert b"respondWith" in answer.content


# what it takes


def test_a_send_again_is_once(client, session, keeper):
    place, press, walk_in = somebody(session), None, a_walk_in(session)
    press = a_press(place)
    for _ in range(3):
        said = send(client, session, [press, press], [walk_in, walk_in]).json()["results"]
        assert said == {press["id"]: "kept", walk_in["id"]: "kept"}
    assert (Mark.objects.count(), WalkIn.objects.count(), Attendance.objects.count()) == (1, 1, 2)


def test_an_undo_may_come_before_what_it_takes_back(client, session, keeper):
    place = somebody(session)
    press = a_press(place)
    undo = a_press(place, "undo", undoes=press["id"])
    send(client, session, [undo])
    answer = send(client, session, [press]).json()
    assert not Attendance.objects.exists()
    assert answer["rows"][0][3] == []


def test_a_walk_in_is_marked_and_taken_back_like_everybody(client, session, keeper):
    walk_in = a_walk_in(session)
    key = {"row": f"w{walk_in['id']}"}
    late = {"id": str(uuid4()), "kind": "late", "undoes": None} | key
    send(client, session, [late], [walk_in])
    assert Attendance.objects.get().outcome == "in_part"
    undo = [{"id": str(uuid4()), "kind": "undo", "undoes": each} | key for each in (late["id"], walk_in["id"])]
    send(client, session, undo)
    assert not Attendance.objects.exists()


def test_a_mark_before_its_walk_in_waits(client, session, keeper):
    walk_in = a_walk_in(session)
    late = {"id": str(uuid4()), "row": f"w{walk_in['id']}", "kind": "late", "undoes": None}
    assert send(client, session, [late]).json()["results"] == {late["id"]: "gone"}
    send(client, session, [], [walk_in])
    assert send(client, session, [late]).json()["results"] == {late["id"]: "kept"}
    assert Attendance.objects.get().outcome == "in_part"


def test_a_closed_register_takes_nothing_and_says_so(client, session, keeper):
    place = somebody(session)
    actions.close_register(session=session, by="clock", now=half_way(session))
    press, walk_in = a_press(place), a_walk_in(session)
    answer = send(client, session, [press], [walk_in]).json()
    assert answer["results"] == {press["id"]: "closed", walk_in["id"]: "closed"}
    assert answer["closed"] is True
    actions.reopen_register(session=session, reason="late phone", by="clock", now=half_way(session))
    assert set(send(client, session, [press], [walk_in]).json()["results"].values()) == {"kept"}


def test_one_that_is_refused_holds_nothing_back(client, session, keeper):
    place, other = somebody(session), somebody(a_session(session.programme, room=None, online_link="https://x.test"))
    good, elsewhere = a_press(place), a_press(other)
    reused = a_press(place, "late", id=good["id"])
    answer = send(client, session, [elsewhere, good]).json()["results"]
    assert answer == {elsewhere["id"]: "gone", good["id"]: "kept"}
    assert send(client, session, [reused]).json()["results"] == {good["id"]: "another"}


def test_a_walk_in_whose_organisation_has_gone_holds_the_others_back_from_nothing(client, session, keeper):
    place = somebody(session)
    organisation = OrganisationFactory()
    lost, other = a_walk_in(session, organisation=organisation.pk), a_walk_in(session, "Hal Invented")
    organisation.delete()
    good, late = a_press(place), {"id": str(uuid4()), "row": f"w{lost['id']}", "kind": "late", "undoes": None}
    answer = send(client, session, [late, good], [lost, other]).json()
    assert answer["results"] == {
        lost["id"]: "no_organisation", other["id"]: "kept", late["id"]: "gone", good["id"]: "kept"
    }  # fmt: skip
    assert [str(own.pk) for own in WalkIn.objects.all()] == [other["id"]]
    assert f"w{lost['id']}" not in [row[0] for row in answer["rows"]]
    again = lost | {"organisation": partner_of(session.programme).pk}
    assert send(client, session, [], [again]).json()["results"] == {lost["id"]: "kept"}


def test_nobody_comes_for_an_organisation_that_had_ended_by_then(client, session, keeper):
    ending = OrganisationFactory()
    before = a_walk_in(session, "Kept Invented", organisation=ending.pk)
    assert send(client, session, [], [before]).json()["results"] == {before["id"]: "kept"}
    Organisation.objects.filter(pk=ending.pk).update(ended_on=session.date)
    asked = client.get(reverse("attendance:register-phone-rows", args=[session.pk])).json()
    assert ending.pk not in [pk for pk, _ in asked["organisations"]]
    page = client.get(reverse("attendance:register-walk-in", args=[session.pk]))
    assert ending.name not in page.content.decode()
    later = a_walk_in(session, "Late Invented", organisation=ending.pk)
    results = send(client, session, [], [before, later]).json()["results"]
    assert results == {before["id"]: "kept", later["id"]: "no_organisation"}
    Organisation.objects.filter(pk=ending.pk).update(ended_on=session.date + timedelta(days=1))
    assert send(client, session, [], [later]).json()["results"] == {later["id"]: "kept"}


def _a_walk_in_called(name: str, organisation: int = 1) -> bytes:
    walk_in = f'{{"id": "00000000-0000-4000-8000-000000000000", "name": "{name}", "organisation": {organisation}}}'
    return f'{{"walk_ins": [{walk_in}], "presses": []}}'.encode()


@pytest.mark.parametrize(
    "body",
    [
        b"", b"[]", b"{}", b'{"walk_ins": 1, "presses": []}', b'{"walk_ins": [], "presses": [{"id": "x"}]}',
        _a_walk_in_called(""),
        _a_walk_in_called("A", 0), _a_walk_in_called("\\ud800"),
        b'{"walk_ins": [], "presses": [{"id": "00000000-0000-4000-8000-000000000000", "row": "p1", "kind": "absent"}]}',
        b'{"walk_ins": [], "presses": [{"id": "00000000-0000-4000-8000-000000000000", "row": 1, "kind": "late"}]}',
        b'{"walk_ins": [], "presses": [{"id": "00000000-0000-4000-8000-000000000000", "row": "p1", "kind": "undo"}]}',
        b"[" * 100_000,
    ],
)  # fmt: skip
def test_what_no_phone_sends_is_refused_whole(client, session, keeper, body):
    address = reverse("attendance:register-phone-send", args=[session.pk])
    assert client.post(address, body, content_type="application/json").status_code == 400
    assert not Mark.objects.exists()


@pytest.mark.parametrize("key", ["", "p", "p-1", "p²", "p" + "9" * 30, "w", "wx", "x1", "p1\x00"])
def test_a_key_of_no_row_names_nobody(key):
    assert subject_of(key) is None


# several phones


def arrive(session, presses) -> None:
    """Let presses arrive without the page around them, which costs most of the time."""
    read = [
        SentPress(UUID(each["id"]), each["row"], each["kind"], UUID(each["undoes"]) if each["undoes"] else None)
        for each in presses
    ]
    take_presses(session=session, walk_ins=[], presses=read, by="clock", now=half_way(session))


def test_two_phones_come_to_the_same_in_every_order(session):
    """Two phones mark, undo and mark again; each order of their five sends that is tried ends in one fact."""
    outcomes = set()
    for number, order in enumerate(list(permutations(range(5)))[::7]):
        place = somebody(session, f"Person {number}")
        one, two = (str(uuid4()) for _ in range(2))
        sends = [
            a_press(place, "attended", id=one),
            a_press(place, "undo", undoes=one),
            a_press(place, "late", id=two),
            a_press(place, "undo", undoes=one),
            a_press(place, "excused"),
        ]
        for each in order:
            arrive(session, [sends[each]])
        outcomes.add(Attendance.objects.get(place=place).outcome)
    assert outcomes == {"in_part"}


_kinds = st.sampled_from(["attended", "late", "left_early", "excused", "undo"])


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(_kinds, st.integers(0, 5)), min_size=1, max_size=7), st.integers())
def test_order_repetition_and_splitting_never_matter(presses, seed):
    """Any presses, sent in any order, again and in any batches, come to what they come to at once."""
    with transaction.atomic():
        session = a_session(capacity=20)
        with time_machine.travel(half_way(session), tick=False):
            straight, shuffled = somebody(session), somebody(session, "Beatrix Makebelieve")
            ids = [[str(uuid4()) for _ in range(6)] for _ in range(2)]

            def all_of(place, own):
                return [
                    a_press(place, kind, undoes=own[index] if kind == "undo" else None)
                    | ({} if kind == "undo" else {"id": own[index], "kind": _kind_of(index)})
                    for kind, index in presses
                ]

            arrive(session, all_of(straight, ids[0]))
            chaos = random.Random(seed)  # noqa: S311
            again = all_of(shuffled, ids[1]) * 2
            chaos.shuffle(again)
            while again:
                batch, again = again[:3], again[3:]
                arrive(session, batch)
            found = [
                Attendance.objects.filter(place=place).values_list("outcome", flat=True).first()
                for place in (straight, shuffled)
            ]
            assert found[0] == found[1]
        transaction.set_rollback(True)


def _kind_of(index: int) -> str:
    """One id is one press: its kind follows from its number."""
    return ["attended", "late", "left_early", "excused", "attended", "late"][index]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("ordered", [True, False], ids=["locked in their order", "as they come"])
def test_two_phones_that_send_the_same_people_wait_for_one_another(monkeypatch, session, ordered):
    """Each sends two people, one backwards: rows that were locked as they come would wait for each other for ever."""
    places = [somebody(session), somebody(session, "Beatrix Makebelieve")]
    keeper, real, first = a_coordinator(session), actions._to_mark, threading.Barrier(2)

    def as_they_come(session, subjects):
        found = {}
        for number, subject in enumerate(list(subjects)):
            found |= real(session, [subject])
            if number == 0:
                first.wait(10)
        return found

    if not ordered:
        monkeypatch.setattr(actions, "_to_mark", as_they_come)
    failed = []

    def phone(kind, own):
        try:
            presses = [SentPress(uuid4(), f"p{place.pk}", kind) for place in own]
            found, _ = take_presses(session=session, walk_ins=[], presses=presses, by=keeper, now=half_way(session))
            assert set(found.values()) == {"kept"}
        except OperationalError as error:
            failed.append(error)
        finally:
            connection.close()

    about = (("attended", places), ("late", places[::-1]))
    threads = [threading.Thread(target=phone, args=each) for each in about]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert (not failed) == ordered
    if ordered:
        assert set(Attendance.objects.values_list("outcome", flat=True)) == {"in_part"}
        assert Mark.objects.count() == 4
