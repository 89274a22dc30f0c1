"""The checker of the recorded history: what may stand between two rows of another transaction, and what may not."""

from datetime import UTC, datetime, timedelta

import pytest

from script.places_checker import ACKNOWLEDGED, REFUSED, UNKNOWN, Checker, Hall, Press, Stage
from script.places_log import Row

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


def test_who_stops_waiting_elsewhere_may_do_so_while_somebody_there_gives_up():
    assert _breaches("seated_elsewhere") == []


def test_who_ends_a_place_while_the_counter_is_wrong_is_found():
    found = _breaches("offer_lapsed")
    assert [each for each in found if "session 1 counts 2 seats, and 1 sit there" in each], found


def _breaches(reason: str) -> list[str]:
    """Return what is found about one session where a waiting place ends between a place given up and its count."""
    hall = Hall(2, 0, NOW + timedelta(days=9), NOW + timedelta(days=9, hours=3))
    rows = [
        _place(1, 1, {}, _row(1, "booked")),
        _place(2, 1, {}, _row(2, "booked")),
        _count(3, 1, 2),
        _place(4, 2, {}, _row(3, "waiting", number=1)),
        _place(5, 3, _row(1, "booked"), _row(1, "given_up", "given_up")),
        _place(6, 4, _row(3, "waiting", number=1), _row(3, "ended", reason)),
        _count(7, 3, 1),
    ]
    checker = Checker(Stage({1: hall}, one_place=True), [], rows)
    return [each for each in checker.check() if "sit there" in each]


def _row(pk: int, state: str, reason: str = "", number: int | None = None) -> dict:
    return {
        "id": pk, "session_id": 1, "person_id": pk, "organisation_id": 1, "state": state, "closed_reason": reason,
        "number_in_line": number, "ahead": None, "seated_at": None, "offered_until": None, "closed_at": None,
    }  # fmt: skip


def _place(seq: int, tx: int, old: dict, new: dict) -> Row:
    return Row(seq, tx, NOW, NOW, "attendance_place", new, old)


def _count(seq: int, tx: int, taken: int) -> Row:
    new = {"session_id": 1, "capacity": 2, "reserved": 0, "taken": taken}
    return Row(seq, tx, NOW, NOW, "attendance_seatcount", new, {})


@pytest.mark.parametrize("outcome", [REFUSED, UNKNOWN])
def test_a_press_for_a_session_that_was_cancelled_before_leads_to_the_others(outcome):
    assert _breaches_of_a_press(outcome, "/i/4/", is_cancelled=True) == []


@pytest.mark.parametrize(
    ("outcome", "location", "is_cancelled", "words"),
    [
        (ACKNOWLEDGED, "/i/4/done/9/", True, "is not whole"),
        (UNKNOWN, "/i/4/done/9/", True, "is not whole"),
        (REFUSED, "/i/4/", False, "yet it did something"),
    ],
)
def test_a_press_that_says_it_is_done_or_gone_and_is_not_is_found(outcome, location, is_cancelled, words):
    found = _breaches_of_a_press(outcome, location, is_cancelled=is_cancelled)
    assert len(found) == 1
    assert words in found[0]


def _breaches_of_a_press(outcome: str, location: str, *, is_cancelled: bool) -> list[str]:
    hall = Hall(2, 0, NOW + timedelta(days=9), NOW + timedelta(days=9, hours=3))
    key = "0e1b6d0e-7d8e-4c2b-9a55-2f6f2c1d9b11"
    state = "cancelled" if is_cancelled else "open"
    rows = [
        Row(1, 1, NOW, NOW, "briefings_session", {"id": 1, "state": state}, {"id": 1, "state": "open"}),
        Row(2, 2, NOW, NOW, "accounts_press", {"key": key, "location": ""}, {}),
        Row(3, 2, NOW, NOW, "accounts_press", {"key": key, "location": location}, {"key": key, "location": ""}),
    ]
    press = Press("book", 7, {"session": 1}, key, outcome, location, 302)
    return [each for each in Checker(Stage({1: hall}, one_place=True), [press], rows).check() if "book by 7" in each]


@pytest.mark.parametrize(
    ("reason", "location", "words"),
    [
        ("offer_lapsed", "/p/4/change/", ""),
        ("changed_date", "/p/4/change/", "yet it did something"),
        ("offer_lapsed", "/p/4/", "yet it did something"),
    ],
)
def test_a_change_that_finds_an_offer_over_ends_that_and_leads_to_the_others(reason, location, words):
    hall = Hall(2, 0, NOW + timedelta(days=9), NOW + timedelta(days=9, hours=3))
    key = "0e1b6d0e-7d8e-4c2b-9a55-2f6f2c1d9b11"
    offered = {**_row(1, "offered"), "offered_until": NOW.isoformat()}
    ended = {**_row(1, "ended", reason), "closed_at": NOW.isoformat()}
    rows = [
        _place(1, 1, {}, offered),
        Row(2, 2, NOW, NOW, "accounts_press", {"key": key, "location": ""}, {}),
        _place(3, 2, offered, ended),
        Row(4, 2, NOW, NOW, "accounts_press", {"key": key, "location": location}, {"key": key, "location": ""}),
    ]
    press = Press("swap", 1, {"place": 1, "session": 1}, key, REFUSED, location, 302)
    found = [each for each in Checker(Stage({1: hall}, one_place=True), [press], rows).check() if str(press) in each]
    assert words in found[0] if words else not found, found
