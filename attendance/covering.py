"""Senior cover as a sum: how many partners a rule still wants, and the fewest requests that meet it, fair over people.

Plain values in, plain values out; ``attendance/queries/proposals.py`` reads them. See docs/adr/0050.
"""

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from itertools import pairwise

from attendance.flow import Flow

EVERY, AT_LEAST, SHARE = "every_partner", "at_least", "share"
"""The rules by the values of ``briefings.CoverRule``; any other wants nobody."""

_LOAD = 1_000
"""What one step of unfairness weighs against asking somebody who has not said when they can."""


@dataclass(frozen=True)
class Half:
    """One session to cover. ``partners`` take part on its day; ``covered`` of them have somebody coming or asked."""

    pk: int
    starts: datetime
    ends: datetime
    partners: frozenset[int]
    covered: frozenset[int] = frozenset()

    @property
    def day(self) -> date:
        return self.starts.date()


@dataclass(frozen=True)
class Senior:
    """Somebody who may speak for ``organisation``. ``load`` is the number of sessions they were asked to or come to.

    ``free`` are the sessions to which they can be asked; for those in ``said`` they said themselves that they can.
    """

    pk: int
    person: int
    organisation: int
    load: int = 0
    free: frozenset[int] = frozenset()
    said: frozenset[int] = frozenset()


class Why(StrEnum):
    """Why a partner cannot be asked for a session."""

    NO_MANDATE = "no_mandate"
    NOBODY_FREE = "nobody_free"
    NO_WEEKDAY = "no_weekday"
    BUSY_THEN = "busy_then"
    TOO_FEW = "too_few"


@dataclass(frozen=True)
class Unmet:
    """A want that no request meets: of ``organisation`` at ``sessions``, and why.

    TOO_FEW: of no certain organisation, ``short`` more partners than can come to the session, because ``without`` have
    nobody free then; of one, ``short`` more sessions than there are.
    """

    organisation: int | None
    sessions: tuple[int, ...]
    why: Why
    short: int = 1
    without: tuple[int, ...] = ()


@dataclass(frozen=True)
class Proposal:
    """The requests as (session, senior) keys, in the order of the sessions, and what they leave unmet."""

    requests: list[tuple[int, int]] = field(default_factory=list)
    unmet: list[Unmet] = field(default_factory=list)


@dataclass(frozen=True)
class Want:
    """``number`` of ``pairs`` (session, organisation) that have nobody yet are to get somebody."""

    number: int
    pairs: tuple[tuple[int, int], ...]


def needed(rule: str, number: int | None, partners: int) -> int:
    """Return how many of the ``partners`` of one session ``rule`` wants there; a share is no matter of one session."""
    if rule == EVERY:
        return partners
    return min(number or 0, partners) if rule == AT_LEAST else 0


def needed_of_share(number: int | None, sessions: int) -> int:
    """Return how many of ``sessions`` are ``number`` per cent of them, rounded up: 50 % of 5 are 3."""
    return -(-sessions * (number or 0) // 100)


def wants_of(
    rule: str,
    number: int | None,
    sessions: Iterable[Half],
    owed: Mapping[int, int] | None = None,
    only: Container[int] | None = None,
) -> list[Want]:
    """Return what ``rule`` still wants at ``sessions``, of the organisations ``only`` where they are given.

    ``owed`` is for a share alone: at how many more sessions each partner is to be, over the whole programme.
    """
    open_pairs = {
        half.pk: tuple((half.pk, each) for each in sorted(half.partners - half.covered) if only is None or each in only)
        for half in sessions
    }
    if rule == EVERY:
        return [Want(1, (pair,)) for pairs in open_pairs.values() for pair in pairs]
    if rule == AT_LEAST:
        short = {
            half.pk: needed(rule, number, len(half.partners)) - len(half.covered & half.partners) for half in sessions
        }
        return [Want(short[pk], pairs) for pk, pairs in open_pairs.items() if short[pk] > 0 and pairs]
    if rule != SHARE:
        return []
    by_partner = defaultdict(list)
    for pairs in open_pairs.values():
        for pair in pairs:
            by_partner[pair[1]].append(pair)
    owed = owed or {}
    return [Want(owed[each], tuple(pairs)) for each, pairs in sorted(by_partner.items()) if owed.get(each)]


def propose(sessions: Sequence[Half], seniors: Iterable[Senior], wants: Iterable[Want]) -> Proposal:
    """Return the fewest requests that meet as much of ``wants`` as can be met, fair over people.

    One request meets one want, so the fewest are as many as can be met. Of all such choices it takes one with the
    least sum of squares of what everybody is then asked to; at the same sum it asks who said that they can. Nobody is
    asked to two sessions at one time.
    """
    sessions, seniors, wants = list(sessions), sorted(seniors, key=lambda each: each.pk), list(wants)
    times = _times(sessions)
    able = defaultdict(list)
    for senior in seniors:
        for pk in senior.free & times.keys():
            able[pk, senior.organisation].append(senior)
    loads = {senior.person: senior.load for senior in seniors}
    met: dict[tuple[int, int], int] = {}
    for part in _apart(wants, able):
        met |= _chosen(part, able, times, loads)
    order = {half.pk: (half.starts, half.pk) for half in sessions}
    requests = [(pair[0], pk) for pair, pk in met.items()]
    requests.sort(key=lambda each: (order[each[0]], each[1]))
    return Proposal(requests, _why_not(sessions, seniors, wants, able, set(met)))


def _apart(wants: list[Want], able: Mapping) -> list[list[Want]]:
    """Return ``wants`` in parts that share neither a pair nor a person: each is a small network of its own."""
    parts: list[tuple[set, list[Want]]] = []
    for want in wants:
        keys = set(want.pairs) | {senior.person for pair in want.pairs for senior in able.get(pair, ())}
        joined = [part for part in parts if not keys.isdisjoint(part[0])]
        parts = [part for part in parts if keys.isdisjoint(part[0])]
        parts.append(
            (keys.union(*(part[0] for part in joined)), [each for part in joined for each in part[1]] + [want])
        )
    return [part[1] for part in parts]


def _chosen(
    wants: list[Want], able: Mapping, times: Mapping[int, int], loads: Mapping[int, int]
) -> dict[tuple[int, int], int]:
    """Return by pair the key of the senior who is to be asked."""
    flow = Flow()
    _draw(flow, wants, able, times, loads)
    flow.run("source", "sink")
    return {
        pair: senior.pk
        for pair in sorted({pair for want in wants for pair in want.pairs})
        for senior in able.get(pair, ())
        if flow.used(("pair", pair), _then(senior, pair, times))
    }


def _draw(flow: Flow, wants: list[Want], able: Mapping, times: Mapping[int, int], loads: Mapping[int, int]) -> None:
    """Draw source → want → pair → somebody at a time → the person → sink; each further session costs more."""
    wanted = set()
    for number, want in enumerate(wants):
        flow.add("source", ("want", number), want.number, 0)
        for pair in want.pairs:
            flow.add(("want", number), ("pair", pair), 1, 0)
            wanted.add(pair)
    steps: dict[int, set[int]] = defaultdict(set)
    for pair in sorted(wanted):
        for senior in able.get(pair, ()):
            then = _then(senior, pair, times)
            flow.add(("pair", pair), then, 1, 0 if pair[0] in senior.said else 1)
            if times[pair[0]] not in steps[senior.person]:
                steps[senior.person].add(times[pair[0]])
                flow.add(then, ("person", senior.person), 1, 0)
    for person, moments in steps.items():
        for more in range(len(moments)):
            flow.add(("person", person), "sink", 1, _LOAD * (2 * (loads[person] + more) + 1))


def _then(senior: Senior, pair: tuple[int, int], times: Mapping[int, int]) -> tuple[str, int, int]:
    return "then", senior.person, times[pair[0]]


def _times(sessions: Iterable[Half]) -> dict[int, int]:
    """Return by session the number of its time: sessions that overlap, also through a third, have the same."""
    order = sorted(sessions, key=lambda half: (half.starts, half.ends, half.pk))
    found, latest = ({order[0].pk: 0}, order[0].ends) if order else ({}, None)
    for before, half in pairwise(order):
        found[half.pk] = found[before.pk] + (half.starts >= latest)
        latest = max(latest, half.ends)
    return found


def _why_not(
    sessions: list[Half], seniors: list[Senior], wants: list[Want], able: Mapping, met: set[tuple[int, int]]
) -> list[Unmet]:
    """Return what is left of ``wants``, in the order of the organisations, what has one cause told once."""
    left: dict[int, list[int]] = defaultdict(list)
    too_few = []
    for want in wants:
        short = want.number - len(met.intersection(want.pairs))
        lacking = [pair for pair in want.pairs if pair not in met]
        organisations = {organisation for _, organisation in want.pairs}
        if short <= 0:
            continue
        if len(organisations) == 1:
            left[want.pairs[0][1]] += [pk for pk, _ in lacking]
            if short > len(lacking):
                too_few.append(Unmet(want.pairs[0][1], (), Why.TOO_FEW, short - len(lacking)))
        else:
            without = tuple(organisation for pk, organisation in lacking if not able.get((pk, organisation)))
            too_few.append(Unmet(None, (want.pairs[0][0],), Why.TOO_FEW, short, without))
    speaking = {senior.organisation for senior in seniors}
    days = {half.pk: half.day for half in sessions}
    named = [
        each
        for partner in sorted(left)
        for each in _of_partner(partner, left[partner], partner in speaking, able, days)
        if left[partner]
    ]
    return named + too_few


def _of_partner(
    partner: int, lacking: list[int], has_seniors: bool, able: Mapping, days: Mapping[int, date]
) -> Iterable[Unmet]:
    if not has_seniors:
        yield Unmet(partner, tuple(lacking), Why.NO_MANDATE, len(lacking))
        return
    by_weekday: dict[int, list[int]] = defaultdict(list)
    for pk in lacking:
        by_weekday[days[pk].weekday()].append(pk)
    for weekday, found in sorted(by_weekday.items()):
        nobody = [pk for pk in found if not able.get((pk, partner))]
        all_of_it = [pk for pk, day in days.items() if day.weekday() == weekday]
        if len(nobody) > 1 and len(nobody) == len(all_of_it):
            yield Unmet(partner, tuple(nobody), Why.NO_WEEKDAY, len(nobody))
            found = []
        for pk in found:
            yield Unmet(partner, (pk,), Why.NOBODY_FREE if pk in nobody else Why.BUSY_THEN)
