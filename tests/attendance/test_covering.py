"""The proposal of requests against exhaustive search on small cases, and what it says where it cannot be met."""

from datetime import UTC, datetime, timedelta
from itertools import product
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attendance.covering import AT_LEAST, EVERY, SHARE, Half, Senior, Unmet, Why, needed_of_share, propose, wants_of
from attendance.flow import Flow

TUESDAY = datetime(2026, 12, 1, 9, 30, tzinfo=UTC)


def half(pk: int, days: int = 0, hours: int = 0, partners=(1,), covered=()) -> Half:
    starts = TUESDAY + timedelta(days=days, hours=hours)
    return Half(pk, starts, starts + timedelta(hours=3), frozenset(partners), frozenset(covered))


def senior(pk: int, organisation: int = 1, load: int = 0, free=(), said=()) -> Senior:
    return Senior(pk, pk, organisation, load, frozenset(free), frozenset(said))


@st.composite
def cases(draw):
    """At most three sessions at two times of two days, three partners, four seniors of whom one may speak for two."""
    partners = list(range(1, draw(st.integers(1, 3)) + 1))
    some = st.sets(st.sampled_from(partners))
    sessions = [
        half(
            pk,
            draw(st.integers(0, 1)),
            4 * draw(st.integers(0, 1)),
            draw(st.sets(st.sampled_from(partners), min_size=1)),
            draw(some),
        )
        for pk in range(1, draw(st.integers(1, 3)) + 1)
    ]
    free = st.sets(st.sampled_from([each.pk for each in sessions]))
    seniors = [
        Senior(pk, draw(st.integers(1, pk)), draw(st.sampled_from(partners)), 0, frozenset(draw(free)))
        for pk in range(1, draw(st.integers(1, 4)) + 1)
    ]
    loads = {each.person: draw(st.integers(0, 2)) for each in seniors}
    seniors = [Senior(s.pk, s.person, s.organisation, loads[s.person], s.free) for s in seniors]
    rule = draw(st.sampled_from([EVERY, AT_LEAST, SHARE]))
    owed = {partner: draw(st.integers(0, 3)) for partner in partners}
    return sessions, seniors, wants_of(rule, draw(st.integers(1, 3)), sessions, owed)


def best_of(sessions, seniors, wants):
    """Try every choice of somebody or nobody for each pair: the most that is met, then the fairest."""
    by_pk = {each.pk: each for each in sessions}
    pairs = sorted({pair for want in wants for pair in want.pairs})
    able = [[None, *(s for s in seniors if s.organisation == pair[1] and pair[0] in s.free)] for pair in pairs]
    best = (0, sum(load**2 for load in loads_of(seniors).values()))
    for choice in product(*able):
        taken = [(by_pk[pair[0]], who) for pair, who in zip(pairs, choice, strict=True) if who]
        if clashes(taken):
            continue
        counts = [
            sum(who is not None and pair in want.pairs for pair, who in zip(pairs, choice, strict=True))
            for want in wants
        ]
        if any(count > want.number for count, want in zip(counts, wants, strict=True)):
            continue
        loads = loads_of(seniors)
        for _, who in taken:
            loads[who.person] += 1
        found = (sum(counts), sum(load**2 for load in loads.values()))
        best = min(best, found, key=lambda each: (-each[0], each[1]))
    return best


def loads_of(seniors):
    return {each.person: each.load for each in seniors}


def clashes(taken) -> bool:
    return any(
        one[1].person == two[1].person and one[0].starts < two[0].ends and two[0].starts < one[0].ends
        for number, one in enumerate(taken)
        for two in taken[:number]
    )


@settings(max_examples=150, deadline=None)
@given(cases())
def test_it_is_as_good_as_trying_everything(case):
    sessions, seniors, wants = case
    found = propose(sessions, seniors, wants)
    by_pk, who = {each.pk: each for each in sessions}, {each.pk: each for each in seniors}
    taken = [(by_pk[session], who[pk]) for session, pk in found.requests]
    assert not clashes(taken)
    assert all(session.pk in each.free for session, each in taken)
    loads = loads_of(seniors)
    for _, each in taken:
        loads[each.person] += 1
    assert (len(taken), sum(load**2 for load in loads.values())) == best_of(sessions, seniors, wants)
    wanted = sum(want.number for want in wants)
    assert (len(taken) < wanted) == bool(found.unmet)


def test_it_asks_who_was_asked_least_and_then_who_said_that_they_can():
    sessions = [half(1), half(2, days=1)]
    seniors = [senior(1, load=3, free=[1, 2], said=[1, 2]), senior(2, free=[1, 2]), senior(3, free=[1, 2], said=[1])]
    assert propose(sessions, seniors, wants_of(EVERY, None, sessions)).requests == [(1, 3), (2, 2)]


def test_it_gives_way_so_that_both_sessions_are_covered():
    """The first could come to either, the second to one alone."""
    sessions = [half(1), half(2)]
    seniors = [senior(1, free=[1, 2]), senior(2, free=[1], load=5)]
    assert propose(sessions, seniors, wants_of(EVERY, None, sessions)).requests == [(1, 2), (2, 1)]


@pytest.mark.parametrize(
    ("seniors", "unmet"),
    [
        ([], [Unmet(1, (1, 2, 3), Why.NO_MANDATE, 3)]),
        ([senior(1, free=[3])], [Unmet(1, (1, 2), Why.NO_WEEKDAY, 2)]),
        ([senior(1, free=[1, 3])], [Unmet(1, (2,), Why.NOBODY_FREE)]),
    ],
)
def test_it_says_why_not(seniors, unmet):
    sessions = [half(1), half(2, days=7), half(3, days=2)]
    assert propose(sessions, seniors, wants_of(EVERY, None, sessions)).unmet == unmet


def test_somebody_free_who_is_asked_elsewhere_then_is_another_reason():
    sessions = [half(1), half(2)]
    found = propose(sessions, [senior(1, free=[1, 2])], wants_of(EVERY, None, sessions))
    assert [each.why for each in found.unmet] == [Why.BUSY_THEN]


def test_too_few_partners_is_said_in_numbers():
    sessions = [half(1, partners=(1, 2, 3))]
    found = propose(sessions, [senior(1, free=[1])], wants_of(AT_LEAST, 3, sessions))
    assert (found.requests, found.unmet) == ([(1, 1)], [Unmet(None, (1,), Why.TOO_FEW, 2, (2, 3))])


@pytest.mark.parametrize(
    ("per_cent", "sessions", "number"), [(50, 5, 3), (50, 4, 2), (100, 3, 3), (1, 3, 1), (30, 0, 0)]
)
def test_a_share_is_rounded_up(per_cent, sessions, number):
    assert needed_of_share(per_cent, sessions) == number


@pytest.mark.parametrize(("rule", "number"), [(EVERY, None), (AT_LEAST, 6)])
def test_a_year_of_a_county_is_proposed_while_somebody_waits(rule, number):
    """120 half-days, 12 partners, 60 senior managers: prices are counted, a clock would measure the machine."""
    chaos = Random(3)  # noqa: S311
    sessions = [half(each, each // 2, 4 * (each % 2), range(12)) for each in range(120)]
    seniors = [
        senior(each, organisation=each % 12, free=[pk for pk in range(120) if chaos.random() < 0.6])
        for each in range(60)
    ]
    rounds, real = [], Flow._reprice
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Flow, "_reprice", lambda *about: rounds.append(1) or real(*about))
        found = propose(sessions, seniors, wants_of(rule, number, sessions))
    assert len(found.requests) >= 700
    assert len(rounds) < 400
