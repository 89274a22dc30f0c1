"""The controls of the proof of places: each play once with all guards, which is clean, and once without one of them."""

import contextlib
import os
import random
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from unittest import mock

from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from accounts import presses
from accounts.models import PersonalLink
from attendance.actions import line, together
from attendance.actions import places as actions
from attendance.actions.places import PlaceHasEnded
from attendance.models import Place
from attendance.models.places import PlaceQuerySet
from attendance.queries import seating
from attendance.views import places as views
from script import places_log
from script.places_crowd import Names, Player, Reader
from script.places_play import OFFERED, checked, lapse, make_coordinators, make_people, set_stage


def play_controls() -> int:
    """Play each control both ways; return how many breaches were found without the guards."""
    people, coordinators = make_people(9), make_coordinators(1)
    for number, (play, without, words) in enumerate(CONTROLS):
        clean = _control(play, people, coordinators, 100 + 2 * number, contextlib.nullcontext())
        assert not clean, f"{play.__name__} with every guard:\n" + "\n".join(clean)
        found = _control(play, people, coordinators, 101 + 2 * number, without())
        assert any(words in each for each in found), f"{play.__name__}, {without.__name__}: not found in {found}"
    return len(CONTROLS)


def _control(play: Callable, people: list, coordinators: list, seed: int, without) -> list[str]:
    names, stage = set_stage(people, coordinators, seed, capacities=[1, 1, 1, 1, 1], one=False, offers=play in OFFERING)
    places_log.clear()
    reader = Reader(os.environ["DATABASE_URL"], 1)

    def player(number: int) -> Player:
        """One that presses each button once: no chance, no time."""
        chance = mock.Mock(random=lambda: 0.99, getrandbits=random.getrandbits)
        return Player(names, reader, _in_this_process, people[number][0], chance)

    players = [player(number) for number in range(len(people))]
    try:
        with without:
            play(names, players)
            return checked(stage, [press for each in players for press in each.presses]).breaches
    finally:
        reader.close()


def _in_this_process(path: str, fields: dict, cookies: dict[str, str]) -> tuple[int, str]:
    """Send one POST to the product in this process, so that a guard can be taken out of it."""
    browser = Client(headers={"host": "localhost"})
    browser.cookies.load(cookies)
    answer = browser.post(path, fields)
    return answer.status_code, answer.headers.get("Location", "")


def _both(*calls: Callable[[], object]) -> None:
    """Do all at the same time, each on a connection of its own."""

    def one(call: Callable[[], object]) -> None:
        try:
            call()
        finally:
            connection.close()

    threads = [threading.Thread(target=one, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _two_for_one_seat(names: Names, players: list[Player]) -> None:
    session = names.sessions[0]
    _both(lambda: players[0].book(session), lambda: players[1].book(session))


def _one_for_two_at_once(names: Names, players: list[Player]) -> None:
    _both(*(lambda session=session: players[0].book(session) for session in names.sessions[:2]))


def _give_up_with_a_line(names: Names, players: list[Player]) -> None:
    for player in players[:4]:
        player.book(names.sessions[0])
    for place, _, _, link in players[0].reader.places_of(players[0].who, names.programme):
        players[0].give_up(place, link)


def _an_offer_that_lapses(names: Names, players: list[Player]) -> None:
    """The seat is offered to the first in line, who does not answer, then to the second, who accepts; a third waits."""
    _give_up_with_a_line(names, players)
    lapse(names.sessions, 1)
    for place, _, _, link in players[2].reader.places_of(players[2].who, names.programme):
        players[2].accept(place, link)
    lapse(names.sessions, 2)


def _a_yes_that_is_late(names: Names, players: list[Player]) -> None:
    """The seat is offered for no time at all; who says yes then is refused, and it goes on to the next."""
    with mock.patch.object(line, "timedelta", return_value=timedelta()):
        _give_up_with_a_line(names, players)
    for place, _, _, link in players[1].reader.places_of(players[1].who, names.programme):
        players[1].accept(place, link)


def _an_offer(names: Names, players: list[Player]) -> None:
    _give_up_with_a_line(names, players)


OFFERING = (_an_offer, _an_offer_that_lapses, _a_yes_that_is_late)
"""The plays in which the session is past its cut-off."""


@contextlib.contextmanager
def _with_offers_that_hold_no_seat() -> Iterator[None]:
    """What is offered to one counts as free for the next."""
    offer = line._offer

    def offered(*what) -> None:
        with mock.patch.object(line, "count_seat"):
            offer(*what)

    with mock.patch.object(line, "_offer", offered):
        yield


@contextlib.contextmanager
def _with_lapsed_offers_left_lying() -> Iterator[None]:
    """The offer ends, and the next in line is forgotten until the clock looks round again."""
    ended = actions.lapse_offer

    def left(**what) -> bool:
        with mock.patch.object(actions, "promote"):
            return ended(**what)

    with mock.patch.object(actions, "lapse_offer", left):
        yield


@contextlib.contextmanager
def _with_a_clock_that_is_fast() -> Iterator[None]:
    """An offer ends though there is time left to think: as if another had read a later time than the one it writes."""
    ended = actions.close

    def early(place, seats, state, reason, now) -> None:
        ended(place, seats, state, reason, now - OFFERED)

    with mock.patch.object(actions, "close", early):
        yield


@contextlib.contextmanager
def _with_a_yes_of_an_hour_ago() -> Iterator[None]:
    """A yes counts as if it had come before the limit."""
    accepted = views.accept_offer

    def early(*, now, **what):
        return accepted(now=now - OFFERED, **what)

    with mock.patch.object(views, "accept_offer", early):
        yield


@contextlib.contextmanager
def _without_offers() -> Iterator[None]:
    """Who waits is seated and told, though they may not know any more that they wanted to come."""
    with mock.patch("attendance.window.Window.is_offering", False):
        yield


@contextlib.contextmanager
def _without_the_lock_on_seats() -> Iterator[None]:
    """Both read the counter before either has taken a seat; no constraint stands behind it."""
    within = ("attendance_seatcount", "seats_taken_within_capacity", "CHECK (taken <= capacity)")
    with _without_constraint(*within), _without_locks(threading.Barrier(2)):
        yield


@contextlib.contextmanager
def _without_the_exclusion() -> Iterator[None]:
    """Both have looked where the person is before either has seated them; no constraint stands behind it."""
    rule = "EXCLUDE USING gist (person_id WITH =, during WITH &&, session_id WITH <>)"
    excluded = _without_constraint("attendance_engagement", "nobody_in_two_places", rule)
    with excluded, _without_locks(threading.Barrier(2)):
        yield


@contextlib.contextmanager
def _without_locks(both: threading.Barrier) -> Iterator[None]:
    """Nothing is locked, and each has read how things stand before anybody writes."""

    read = together.lock_and_read_all

    def reading(wishes, now):
        facts = read(wishes, now)
        both.wait(30)
        return facts

    def apart(pressed):
        own = together.Together()  # as in a process of its own
        try:
            return own.take(pressed)
        finally:
            own.close()

    with (
        mock.patch.object(seating, "LOCKS", ()),
        mock.patch.object(together, "lock_and_read_all", reading),
        mock.patch.object(together.together, "take", apart),
    ):
        yield


@contextlib.contextmanager
def _without_constraint(table: str, name: str, words: str) -> Iterator[None]:
    """Take a constraint away; afterwards the rows that break it go, and it stands again."""
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        try:
            yield
        finally:
            # What it would have refused goes: the next play begins with sessions of its own.
            cursor.execute("DELETE FROM attendance_engagement")
            cursor.execute("UPDATE attendance_seatcount SET taken = least(taken, capacity)")
            cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {words}")


@contextlib.contextmanager
def _with_the_last_first() -> Iterator[None]:
    def turned(places):
        return places.filter(state="waiting").order_by("-number_in_line")

    with mock.patch.object(PlaceQuerySet, "in_line", turned):
        yield


@contextlib.contextmanager
def _with_an_answer_before_it_is_saved() -> Iterator[None]:
    """The browser is led on, and what it was told of is rolled back."""
    kept = presses._effect

    def lost(made, response):
        response = kept(made, response)
        transaction.set_rollback(True)
        return response

    with mock.patch.object(presses, "_effect", lost):
        yield


@contextlib.contextmanager
def _with_a_refusal_that_stays() -> Iterator[None]:
    """What was done before a refusal is not taken back."""
    given_up = views.give_up_place

    def refused(**what):
        given_up(**what)
        raise PlaceHasEnded

    with (
        mock.patch.object(views, "give_up_place", refused),
        mock.patch.object(presses.transaction, "set_rollback"),
    ):
        yield


@contextlib.contextmanager
def _with_half_a_swap() -> Iterator[None]:
    """The old place ends, and the new one is forgotten: what a lost row would look like."""
    with mock.patch.object(line, "count_seat"):
        yield


@contextlib.contextmanager
def _with_nobody_told() -> Iterator[None]:
    with mock.patch("attendance.messages.places.tell_promoted"):
        yield


@contextlib.contextmanager
def _with_no_entry() -> Iterator[None]:
    with mock.patch("attendance.actions.line.announce"):
        yield


@contextlib.contextmanager
def _with_a_hand_in_the_database() -> Iterator[None]:
    """Something ends a place without anybody having pressed."""

    def end(player: Player, place: int, link: PersonalLink) -> None:
        Place.objects.filter(pk=place).update(state="ended", closed_at=timezone.now(), limit_key=None)

    with mock.patch.object(Player, "give_up", end):
        yield


CONTROLS = (
    (_two_for_one_seat, _without_the_lock_on_seats, "2 people on 1 seats"),
    (_one_for_two_at_once, _without_the_exclusion, "two places at once"),
    (_give_up_with_a_line, _with_the_last_first, "who stood before it"),
    (_give_up_with_a_line, _with_an_answer_before_it_is_saved, "was acknowledged and is lost"),
    (_give_up_with_a_line, _with_a_refusal_that_stays, "was refused (409), yet it did something"),
    (_give_up_with_a_line, _with_half_a_swap, "counts 1 seats, and 0 sit there"),
    (_give_up_with_a_line, _with_nobody_told, "and not {('arrived'"),
    (_give_up_with_a_line, _with_no_entry, "does not say what place"),
    (_give_up_with_a_line, _with_a_hand_in_the_database, "and nobody pressed for it"),
    (_an_offer, _with_offers_that_hold_no_seat, "counts 0 seats, and 1 sit there"),
    (_an_offer_that_lapses, _with_lapsed_offers_left_lying, "ended, and place"),
    (_an_offer_that_lapses, _with_a_clock_that_is_fast, "lapsed before its time was over"),
    (_a_yes_that_is_late, _with_a_yes_of_an_hour_ago, "was accepted after its time was over"),
    (_an_offer_that_lapses, _without_offers, "was booked, and the cut-off is over"),
)
"""What is played, what is taken out, and the words of the breach that has to be found."""
