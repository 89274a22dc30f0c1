"""What an answer from a calendar says and what follows: plain values, no database."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attendance.models import AnswerWhy, CalendarAnswer
from attendance.replies import Known, Reply, Verdict, judge, parse
from tests.messaging.incoming import calendar

UID = "5c9e2b57-9a34-4bd5-8f1f-0a2a7c5d6e7f"
AMINA = "amina@example.org"
NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
STAMP = NOW - timedelta(hours=1)
Said = CalendarAnswer.Said


def known(**fields) -> Known:
    base = {
        "address": AMINA, "sender": AMINA, "is_proven": True, "sequence": 2, "is_cancelled": False, "is_over": False,
        "now": NOW,
    }  # fmt: skip
    return Known(**{**base, **fields})


def reply(said=Said.ACCEPTED, **fields) -> Reply:
    return Reply(**{"uid": UID, "attendee": AMINA, "said": said, "sequence": 2, "stamp": STAMP, **fields})


@pytest.mark.parametrize(
    ("said", "verdict"),
    [
        (Said.ACCEPTED, (Verdict.CONFIRM, "")),
        (Said.DECLINED, (Verdict.GIVE_UP, "")),
        (Said.TENTATIVE, (Verdict.NOTE, "")),
        (Said.DELEGATED, (Verdict.ASK, AnswerWhy.DELEGATED)),
        (Said.PROPOSED, (Verdict.ASK, AnswerWhy.PROPOSED)),
        (Said.UNCLEAR, (Verdict.ASK, AnswerWhy.UNCLEAR)),
    ],
)
def test_what_follows_from_an_answer_of_the_person(said, verdict):
    assert judge(reply(said), known()) == verdict


@pytest.mark.parametrize("said", Said.values)
@pytest.mark.parametrize(
    ("answer", "facts", "why"),
    [
        ({"attendee": "bryn@example.org"}, {}, AnswerWhy.STRANGER),
        ({"attendee": ""}, {"address": ""}, AnswerWhy.STRANGER),
        ({}, {"is_proven": False}, AnswerWhy.UNPROVEN),
        ({}, {"sender": "bryn@example.org"}, AnswerWhy.UNPROVEN),
        ({}, {"sender": ""}, AnswerWhy.UNPROVEN),
        ({"sequence": 1}, {}, AnswerWhy.OLD),
        ({"sequence": 3}, {}, AnswerWhy.UNCLEAR),
        ({"stamp": NOW + timedelta(days=3)}, {}, AnswerWhy.UNCLEAR),
    ],
)
def test_nothing_but_an_answer_of_the_person_to_what_stands_now_is_followed(said, answer, facts, why):
    assert judge(reply(said, **answer), known(**facts)) == (Verdict.ASK, why)


def test_the_latest_by_number_and_stamp_wins_whatever_came_first():
    earlier = (2, STAMP)
    assert judge(reply(Said.DECLINED), known(last=earlier)) == (Verdict.NOTHING, "")
    assert judge(reply(Said.DECLINED, stamp=STAMP - timedelta(seconds=1)), known(last=earlier))[0] == Verdict.NOTHING
    assert judge(reply(Said.DECLINED, stamp=STAMP + timedelta(seconds=1)), known(last=earlier))[0] == Verdict.GIVE_UP
    assert judge(reply(Said.DECLINED), known(last=(1, NOW)))[0] == Verdict.GIVE_UP


def test_what_is_over_needs_nobody():
    for said in Said:
        assert judge(reply(said, attendee="bryn@example.org"), known(is_over=True)) == (Verdict.NOTHING, "")


@pytest.mark.parametrize("said", [Said.ACCEPTED, Said.TENTATIVE])
def test_who_changes_their_mind_takes_it_back_unless_something_else_has_moved(said):
    declined = {"is_cancelled": True, "sequence": 3, "last": (2, STAMP), "last_left": 3}
    later = {"stamp": STAMP + timedelta(minutes=1)}
    assert judge(reply(said, **later), known(**declined)) == (Verdict.TAKE_BACK, "")
    assert judge(reply(said), known(**declined)) == (Verdict.NOTHING, "")
    assert judge(reply(said, **later), known(**{**declined, "sequence": 4})) == (Verdict.ASK, AnswerWhy.OLD)
    assert judge(reply(Said.DECLINED, **later), known(**declined)) == (Verdict.NOTE, "")
    assert judge(reply(Said.DECLINED, sequence=1), known(is_cancelled=True)) == (Verdict.NOTHING, "")
    assert judge(reply(said, sequence=3), known(is_cancelled=True, sequence=3)) == (Verdict.ASK, AnswerWhy.OLD)


@settings(max_examples=200, deadline=None)
@given(
    answers=st.lists(
        st.tuples(st.sampled_from([Said.ACCEPTED, Said.DECLINED, Said.TENTATIVE]), st.integers(0, 2)),
        min_size=1, max_size=3, unique_by=lambda pair: pair[1],
    )
)  # fmt: skip
def test_the_order_in_which_answers_arrive_does_not_matter(answers):
    """A model of one place: whatever the order, it stands as the answer with the newest stamp says."""
    newest = max(answers, key=lambda pair: pair[1])[0]
    for order in permutations(answers):
        assert _place_after(order) == (newest != Said.DECLINED)


def _place_after(answers) -> bool:
    sequence, holds, last, left = 0, True, None, -1
    for said, minute in answers:
        answer = reply(said, sequence=0, stamp=STAMP + timedelta(minutes=minute))
        verdict, why = judge(answer, known(sequence=sequence, is_cancelled=not holds, last=last, last_left=left))
        assert verdict != Verdict.ASK, why
        if verdict in (Verdict.GIVE_UP, Verdict.TAKE_BACK):
            holds, sequence = verdict == Verdict.TAKE_BACK, sequence + 1
        if verdict != Verdict.NOTHING:
            last, left = (0, answer.stamp), sequence
    return holds


# --- reading


def test_an_answer_is_read():
    found = parse(calendar(UID.upper(), "AMINA@Example.org", "DECLINED", SEQUENCE=3))
    assert found == Reply(UID, AMINA, Said.DECLINED, 3, datetime(2026, 11, 2, 10, tzinfo=UTC))


def test_what_other_programs_write_is_read_too():
    words = calendar(UID, AMINA)
    assert parse(words.replace("\r\n", "\n")) == parse(words)
    assert parse(words.replace("DTSTAMP:20261102T100000Z", "DTSTAMP:20261102T100000")).stamp == parse(words).stamp
    windows = words.replace("SUMMARY", "DTSTART;TZID=GMT Standard Time:20261126T093000\r\nSUMMARY")
    assert parse(windows) == parse(words)
    custom = words.replace("SUMMARY", "DTSTART;TZID=tzone://Microsoft/Custom:20261126T093000\r\nSUMMARY")
    assert parse(custom) == parse(words)


def test_who_delegates_is_the_one_who_answers():
    more = 'ATTENDEE;PARTSTAT=NEEDS-ACTION;DELEGATED-FROM="mailto:amina@example.org":mailto:bryn@example.org\r\n'
    found = parse(calendar(UID, AMINA, 'DELEGATED;DELEGATED-TO="mailto:bryn@example.org"', MORE=more))
    assert (found.attendee, found.said) == (AMINA, Said.DELEGATED)
    first = calendar(UID, "bryn@example.org", "NEEDS-ACTION", MORE=f"ATTENDEE;PARTSTAT=DELEGATED:mailto:{AMINA}\r\n")
    assert (parse(first).attendee, parse(first).said) == (AMINA, Said.DELEGATED)


def test_an_answer_for_two_is_not_clear():
    found = parse(calendar(UID, AMINA, MORE="ATTENDEE;PARTSTAT=ACCEPTED:mailto:bryn@example.org\r\n"))
    assert (found.attendee, found.said) == (AMINA, Said.UNCLEAR)
    many = "".join(f"ATTENDEE;PARTSTAT=DECLINED:mailto:a{each}@example.org\r\n" for each in range(900))
    assert parse(calendar(UID, AMINA, MORE=many)).said == Said.UNCLEAR
    assert parse(calendar(UID, AMINA, MORE=many * 12)) is None


def test_another_time_is_a_proposal_and_one_of_a_row_is_not_clear():
    assert parse(calendar(UID, AMINA, METHOD="COUNTER")).said == Said.PROPOSED
    assert parse(calendar(UID, AMINA, MORE="RECURRENCE-ID:20261126T093000Z\r\n")).said == Said.UNCLEAR
    assert parse(calendar(UID, AMINA, "NEEDS-ACTION")).said == Said.UNCLEAR


TWO = calendar(UID, AMINA).replace("END:VEVENT\r\n", "END:VEVENT\r\nBEGIN:VEVENT\r\nUID:2\r\nEND:VEVENT\r\n")


@pytest.mark.parametrize(
    "words",
    [
        "", "BEGIN:VCALENDAR", "x" * 60_000, "\r\n" * 5_000, TWO,
        calendar(UID, AMINA, METHOD="REQUEST"), calendar(UID, AMINA, METHOD="REFRESH"),
        calendar(UID, AMINA, METHOD="REQUEST\r\nMETHOD:REPLY"),
        calendar(UID, AMINA, DTSTAMP="20261102"), calendar(UID, AMINA, DTSTAMP="yesterday"),
        calendar(UID, AMINA, SEQUENCE="many"), calendar(UID, AMINA).replace("ATTENDEE", "X-ATTENDEE"),
        calendar(UID, AMINA).replace("DTSTAMP", "X-STAMP"), "BEGIN:VEVENT\r\n" * 900,
    ],
    ids=range(14),
)  # fmt: skip
def test_what_cannot_be_read_says_nothing(words):
    assert parse(words) is None


@settings(max_examples=200, deadline=2_000)
@given(place=st.integers(0, 400), what=st.text(max_size=12))
def test_broken_answers_never_break(place, what):
    words = calendar(UID, AMINA)
    found = parse(words[:place] + what + words[place + 3 :])
    assert found is None or (found.stamp.tzinfo is UTC and 0 <= found.sequence < 2**31)
