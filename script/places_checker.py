"""Whether a recorded history of presses and what the database wrote of it fit together (reliability: REL-01, 02, 04).

The history says what each client pressed and how it ended for them: acknowledged, refused, or unknown where no answer
came. The log (``places_log``) says what was changed, in an order. The checker replays the log against the rules as
decisions.md states them, by a model of its own, and looks for each press in it.
"""

import re
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from script.places_log import Row

ACKNOWLEDGED, REFUSED, UNKNOWN = "acknowledged", "refused", "unknown"
LIVE, SEATED = {"waiting", "offered", "booked"}, {"offered", "booked"}
MARGIN = timedelta(seconds=3)
"""How long a commit may take: what no lock orders (quotas, seats kept elsewhere) may have been read this much older."""


def leads_back(location: str) -> bool:
    """Return whether ``location`` lets somebody choose among the sessions again: what they wanted was not to be had."""
    return re.fullmatch(r"/i/\d+/|/p/\d+/change/", location) is not None


@dataclass
class Press:
    """One press of one button: who, what, and how it ended for them. ``key`` is that of the form, "" without one."""

    kind: str
    who: int
    about: dict[str, Any]
    key: str = ""
    outcome: str = UNKNOWN
    answer: str = ""
    status: int = 0

    def __str__(self) -> str:
        return f"{self.kind} by {self.who} {self.about}"


@dataclass
class Hall:
    """One session as the model sees it: its seats, when it is, whether it still takes place."""

    capacity: int
    reserved: int
    begins: datetime
    ends: datetime
    offers: bool = False
    """Past its cut-off: a freed seat is offered to the first in line for a time, not given."""
    is_cancelled: bool = False
    taken: int = 0
    last_number: int = 0


@dataclass
class Stage:
    """What the play began with: sessions by id, and whether everybody may have one place only."""

    halls: dict[int, Hall]
    one_place: bool


@dataclass
class Checker:
    """Replays one log. ``breaches`` is what broke a promise, in words."""

    stage: Stage
    presses: list[Press]
    log: list[Row]
    breaches: list[str] = field(default_factory=list)
    places: dict[int, dict] = field(default_factory=dict)
    entries: dict[tuple[int, int], dict] = field(default_factory=dict)
    engaged: set[tuple[int, int]] = field(default_factory=set)
    moved_up: int = 0
    offers: Counter = field(default_factory=Counter)
    """How offers ended: by the state that came after."""

    def __post_init__(self) -> None:
        self._by_tx: dict[int, list[Row]] = defaultdict(list)
        for row in self.log:
            self._by_tx[row.tx].append(row)
        self._lost: frozenset[int] = frozenset()
        self._kept: list[tuple[datetime, frozenset[int]]] = []
        self._limits: dict[int | None, list[tuple[datetime, int | None]]] = defaultdict(list)
        self._began: dict[int, dict[int, str]] = defaultdict(dict)
        self._of_person: dict[int, set[int]] = defaultdict(set)
        self._of_session: dict[int, set[int]] = defaultdict(set)
        self._tx_of = {row.new["key"]: row.tx for row in self.log if row.what == "accounts_press" and not row.old}
        self._rows_of: dict[int, list[Row]] = defaultdict(list)
        self._seats_of: dict[int, list[Row]] = defaultdict(list)
        for row in self.log:
            if row.what == "attendance_place":
                self._rows_of[row.new["id"]].append(row)
            if row.what == "attendance_seatcount":
                self._seats_of[row.new["session_id"]].append(row)

    def check(self) -> list[str]:
        """Return every breach; [] where the history holds."""
        for row in self.log:
            getattr(self, f"_{row.what}", self._ignore)(row)
            if row is self._by_tx[row.tx][-1]:
                self._end_of(self._by_tx[row.tx])
        self._presses_have_their_effect()
        self._nothing_without_a_press()
        return self.breaches

    def waiting_in_vain(self) -> list[str]:
        """Return who waits at the end though a seat is free that they may have."""
        now = self.log[-1].at
        found = []
        for session, hall in self.stage.halls.items():
            free = self._free(session)
            for place in self._line(session) if free > 0 and not hall.is_cancelled else ():
                if not self._why_not(place, free, now, now):
                    found.append(f"session {session}: place {place['id']} waits though {free} seats are free")
        return found

    # What each kind of row does to the model.

    def _ignore(self, row: Row) -> None:
        """History and messages are looked at when their transaction ends."""

    def _attendance_place(self, row: Row) -> None:
        new = row.new or {**row.old, "state": "gone"}
        before = self.places.get(new["id"])
        self._began[row.tx].setdefault(new["id"], before["state"] if before else "")
        if before and new["state"] != before["state"] and before["state"] not in LIVE:
            self._breach(row, f"place {new['id']} came back from {before['state']}")
        if new["state"] == "waiting" and before is None:
            self._joins(new, row)
        if new["state"] in SEATED and (before is None or before["state"] not in SEATED):
            self._is_seated(new, row)
        self._is_offered(before, new, row)
        self.places[new["id"]] = new
        self._of_session[new["session_id"]].add(new["id"])
        self._of_person[new["person_id"]].add(new["id"])
        self._keep_seats(new["person_id"], row)
        self._fits_in(new["session_id"], row)

    def _attendance_seatcount(self, row: Row) -> None:
        hall = self.stage.halls[row.new["session_id"]]
        hall.capacity, hall.reserved, hall.taken = row.new["capacity"], row.new["reserved"], row.new["taken"]
        self._fits_in(row.new["session_id"], row)

    def _briefings_session(self, row: Row) -> None:
        self.stage.halls[row.new["id"]].is_cancelled = row.new["state"] == "cancelled"

    def _attendance_quota(self, row: Row) -> None:
        either = row.new or row.old
        self._limits[either["organisation_id"]].append((row.at, row.new.get("seats")))

    def _attendance_engagement(self, row: Row) -> None:
        if row.old:
            self.engaged.discard((row.old["person_id"], row.old["session_id"]))
        if row.new:
            self.engaged.add((row.new["person_id"], row.new["session_id"]))

    def _attendance_calendarentry(self, row: Row) -> None:
        self.entries[row.new["person_id"], row.new["session_id"]] = row.new
        if row.old:
            differs = any(row.old[name] != row.new[name] for name in ("is_cancelled", "revision"))
            if row.new["sequence"] - row.old["sequence"] != int(differs) or row.new["uid"] != row.old["uid"]:
                self._breach(row, f"the number of calendar entry {row.new['id']} does not follow its changes")

    # The promises about each row.

    def _fits_in(self, session: int, row: Row) -> None:
        seated, hall = len(self._seated(session)), self.stage.halls[session]
        if seated > hall.capacity:
            self._breach(row, f"session {session} has {seated} people on {hall.capacity} seats")

    def _joins(self, new: dict, row: Row) -> None:
        hall = self.stage.halls[new["session_id"]]
        if new["number_in_line"] != hall.last_number + 1:
            self._breach(row, f"place {new['id']} has number {new['number_in_line']} after {hall.last_number}")
        hall.last_number = new["number_in_line"]

    def _is_seated(self, new: dict, row: Row) -> None:
        """Nobody who stood before and may and fits is passed over; only who takes over a seat jumps no line."""
        session, before = new["session_id"], self.places.get(new["id"])
        self.moved_up += bool(before)
        if any(self._was_handed_over(each, session) for each in self._by_tx[row.tx]):
            return
        free = self._free(session)
        own = _rank(before) if before else (True, float("inf"), float("inf"))
        for place in self._line(session):
            stood_before = place["id"] != new["id"] and _rank(place) < own
            if stood_before and not self._why_not(place, free, row.begun, row.at):
                self._breach(row, f"place {new['id']} was seated before place {place['id']}, who stood before it")

    def _is_offered(self, before: dict | None, new: dict, row: Row) -> None:
        """Past the cut-off who waits is offered a seat; an offer ends by its person's press or when its time is over.

        Only who changes to that date from another is seated at once: they press for it.
        """
        state, now = before["state"] if before else "", new["state"]
        offers = self.stage.halls[new["session_id"]].offers
        if state == "waiting" and now in SEATED and (now == "offered") != offers:
            changed = ("changed_date", "moved")
            came = any(each.new.get("closed_reason") in changed for each in self._by_tx[row.tx] if each.new != new)
            if now == "offered" or not came:
                self._breach(
                    row, f"place {new['id']} was {now}, and the cut-off {'is over' if offers else 'is to come'}"
                )
        if state == "offered" and now != "offered":
            self.offers[new["closed_reason"] or now] += 1
            late = datetime.fromisoformat(before["offered_until"])
            if new["closed_reason"] == "offer_lapsed" and datetime.fromisoformat(new["closed_at"]) < late:
                self._breach(row, f"the offer of place {new['id']} lapsed before its time was over")
            if now == "booked" and row.begun >= late:
                self._breach(row, f"the offer of place {new['id']} was accepted after its time was over")

    @staticmethod
    def _was_handed_over(row: Row, session: int) -> bool:
        return (
            row.what == "attendance_place"
            and row.new.get("closed_reason") == "substituted"
            and row.new["session_id"] == session
        )

    def _why_not(self, place: dict, free: int, begun: datetime, at: datetime) -> str:
        """Return why ``place`` cannot have one of ``free`` seats, "" where it can."""
        session, person = place["session_id"], place["person_id"]
        hall = self.stage.halls[session]
        seats = [self.places[pk] for pk in self._of_person[person] if self.places[pk]["state"] in SEATED]
        others = [self.stage.halls[each["session_id"]] for each in seats if each["session_id"] != session]
        if any(other.begins < hall.ends and hall.begins < other.ends for other in others):
            return "busy"
        if others and self.stage.one_place:
            return "seated elsewhere"
        organisation = place["organisation_id"]
        taken = sum(each["organisation_id"] == organisation for each in self._seated(session))
        own = self._limits.get(organisation) or self._limits.get(None) or []
        if any(limit is not None and taken >= limit for limit in _possible(own, begun, at, None)):
            return "quota"
        there = {self.places[pk]["person_id"] for pk in self._of_session[session] if self.places[pk]["state"] in LIVE}
        kept = max(len(lost - there) for lost in _possible(self._kept, begun, at, frozenset()))
        if place["ahead"] is None and free - 1 < kept:
            return "kept"
        return ""

    # What must be true whenever a transaction ends.

    def _end_of(self, rows: list[Row]) -> None:
        last = rows[-1]
        touched = [self.places[pk] for pk in self._began.get(last.tx, {})]
        for session in {place["session_id"] for place in touched if _is_under_its_counter(place)}:
            hall, seated = self.stage.halls[session], len(self._seated(session))
            if hall.taken != seated:
                self._breach(last, f"session {session} counts {hall.taken} seats, and {seated} sit there")
            if hall.is_cancelled and (seated or self._line(session)):
                self._breach(last, f"session {session} was cancelled and has places")
        for person in {place["person_id"] for place in touched if place["person_id"]}:
            self._is_in_one_place(person, last)
        for place in touched:
            self._calendar_follows(place, last)
            if self._began[last.tx][place["id"]] == "offered" and place["state"] not in LIVE:
                self._goes_on(place, last)
        self._mails_follow(rows)

    def _is_in_one_place(self, person: int, row: Row) -> None:
        booked = [
            self.places[pk]["session_id"] for pk in self._of_person[person] if self.places[pk]["state"] == "booked"
        ]
        halls = [self.stage.halls[session] for session in booked]
        for number, one in enumerate(halls):
            for other in halls[number + 1 :]:
                if self.stage.one_place or (one.begins < other.ends and other.begins < one.ends):
                    self._breach(row, f"person {person} has two places at once, in sessions {booked}")

    def _goes_on(self, place: dict, row: Row) -> None:
        """The seat of an offer that ended goes to the next who may and fits, at once."""
        session = place["session_id"]
        free = self._free(session)
        for following in self._line(session) if free > 0 and not self.stage.halls[session].is_cancelled else ():
            if not self._why_not(following, free, row.begun, row.at):
                self._breach(row, f"the offer of place {place['id']} ended, and place {following['id']} waits on")

    def _calendar_follows(self, place: dict, row: Row) -> None:
        pair = (place["person_id"], place["session_id"])
        booked = any(
            self.places[pk]["state"] == "booked" and self.places[pk]["session_id"] == pair[1]
            for pk in self._of_person[pair[0]]
        )
        entry = self.entries.get(pair)
        if booked != (entry is not None and not entry["is_cancelled"]):
            self._breach(row, f"the calendar entry of person {pair[0]} does not say what place {place['id']} says")
        if booked != (pair in self.engaged):
            self._breach(row, f"person {pair[0]} is not engaged as place {place['id']} says")

    def _mails_follow(self, rows: list[Row]) -> None:
        """Each change is told once to whom it concerns, and nothing else is told."""
        wanted: Counter = Counter()
        for pk, before in self._began.get(rows[-1].tx, {}).items():
            wanted.update(_told(before, self.places[pk]))
        found: Counter = Counter()
        for row in rows:
            if row.what == "messaging_message" and not row.old:
                found.update(_names(row.new))
        more, missing = found - wanted, wanted - found
        if missing or not self._is_confirmed_again(more, rows):
            self._breach(rows[-1], f"told {dict(more)} and not {dict(missing)}")

    def _is_confirmed_again(self, more: Counter, rows: list[Row]) -> bool:
        """Return whether all that is told besides confirms a place that somebody had, and gave another up for."""
        swapped = {row.new["person_id"] for row in rows if row.new.get("closed_reason") == "changed_date"}
        had = {place["id"] for place in self.places.values() if place["state"] == "booked"}
        return all(
            what == "arrived" and pk in had and self.places[pk]["person_id"] in swapped and number == 1
            for (what, pk), number in more.items()
        )

    # The history of the clients against the log.

    def _presses_have_their_effect(self) -> None:
        ends = {tx: rows[-1].seq for tx, rows in self._by_tx.items()}
        for press in self.presses:
            tx = self._tx_of.get(press.key)
            late = tx is not None and self._is_too_late(press, self._by_tx[tx], ends[tx])
            if press.outcome == REFUSED and tx is not None and not late:
                self.breaches.append(f"{press} was refused ({press.status}), yet it did something")
            elif press.outcome == ACKNOWLEDGED and press.key and tx is None:
                self.breaches.append(f"{press} was acknowledged and is lost")
            elif tx is not None and (press.outcome == ACKNOWLEDGED or not late):
                whole = "" if self._is_whole(press, self._by_tx[tx], ends[tx]) else "is not whole"
                if whole:
                    self.breaches.append(f"{press}, {press.outcome}, {whole}")
            elif press.outcome == ACKNOWLEDGED and not press.key and not self._is_found(press):
                self.breaches.append(f"{press} was acknowledged and is lost")

    def _is_too_late(self, press: Press, rows: list[Row], seq: int) -> bool:
        """Return whether ``press`` came too late for what it asked for, and led to the other sessions.

        Its session was cancelled, and it did nothing; or the limit of an offer of theirs was over, which it ended.
        """
        if press.kind not in ("book", "swap") or not leads_back(rows[-1].new.get("location", "")):
            return False
        own = [row.new for row in rows if row.what == "attendance_place" and row.new["person_id"] == press.who]
        if press.kind == "swap" and own:
            return all(place["closed_reason"] == "offer_lapsed" for place in own)
        return {row.what for row in rows} == {"accounts_press"} and self._cancelled_by(press.about["session"], seq)

    def _is_whole(self, press: Press, rows: list[Row], seq: int) -> bool:
        """Return whether the transaction of ``press`` did all of it, or found it done before."""
        about, places = press.about, [row for row in rows if row.what == "attendance_place"]
        if press.kind in ("book", "swap", "take over"):
            own = [place for place in self._states_at(seq, press.who) if place["session_id"] == about["session"]]
            # Taking over once more leads to the place of the first time, whatever became of it.
            there = any(place["state"] in LIVE for place in own) or (press.kind == "take over" and bool(own))
            return there and (press.kind == "book" or self._state_at(about["place"], seq) not in LIVE)
        if press.kind == "give up":
            return self._state_at(about["place"], seq) == "given_up"
        if press.kind == "accept":
            return self._is_answered(about["place"], press.who, seq)
        if press.kind == "capacity":
            now = _last(self._seats_of[about["session"]], seq)
            return now is None or now["capacity"] == about["capacity"]
        if press.kind == "cancel":
            return self._cancelled_by(about["session"], seq)
        if press.kind == "move":
            made = [row.new for row in rows if row.what == "attendance_bulkmove"]
            arrived = {row.new["id"] for row in places if row.new["session_id"] == about["to"]}
            left = [row for row in places if row.new["closed_reason"] == "moved" and row.old.get("state") in LIVE]
            return bool(made) and set(made[-1]["moved"]) <= arrived and len(left) == len(made[-1]["moved"])
        raise AssertionError(f"no rule says when {press.kind} is whole")

    def _is_answered(self, place: int, person: int, seq: int) -> bool:
        """Return whether a yes to the offer of ``place`` has it booked, or found a reason why not: the page says it."""
        if self._state_at(place, seq) != "offered":
            return True  # booked; or given up, lapsed or cancelled before the yes came
        hall = self.stage.halls[self.places[place]["session_id"]]
        others = [self.stage.halls[own["session_id"]] for own in self._states_at(seq, person) if own["state"] in SEATED]
        return any(
            other is not hall and (self.stage.one_place or (other.begins < hall.ends and hall.begins < other.ends))
            for other in others
        )

    def _is_found(self, press: Press) -> bool:
        """Return whether an acknowledged press without a key has left its rows."""
        about = press.about
        if press.kind == "quota":
            wanted = {"organisation_id": about["organisation"], "seats": about["seats"]}
            return any(row.what == "attendance_quota" and wanted.items() <= row.new.items() for row in self.log)
        if press.kind == "ask colleague":
            asked = any(
                row.what == "attendance_handover"
                and (row.new["place_id"], row.new["colleague_id"]) == (about["place"], about["colleague"])
                for row in self.log
            )
            return asked or self.places[about["place"]]["state"] != "booked"
        raise AssertionError(f"no rule says when {press.kind} is found")

    def _nothing_without_a_press(self) -> None:
        """Whatever changed places was pressed by somebody, or is the clock's and the quotas': those who move up."""
        pressed = {self._tx_of[press.key] for press in self.presses if press.key in self._tx_of}
        for tx, began in self._began.items():
            if tx in pressed:
                continue
            entries = [row.new for row in self._by_tx[tx] if row.what == "history_entry"]
            by_clock = entries and {(row["actor"], row["verb"]) for row in entries} <= _BY_CLOCK
            if not by_clock or not {(was, self._by_tx_last(tx, pk)["state"]) for pk, was in began.items()} <= _MOVES:
                self.breaches.append(f"transaction {tx} changed places {sorted(began)}, and nobody pressed for it")

    # Looking things up.

    def _by_tx_last(self, tx: int, pk: int) -> dict:
        return [row.new for row in self._by_tx[tx] if row.what == "attendance_place" and row.new["id"] == pk][-1]

    def _states_at(self, seq: int, person: int) -> Iterator[dict]:
        return filter(None, (_last(self._rows_of[pk], seq) for pk in self._of_person[person]))

    def _state_at(self, place: int, seq: int) -> str:
        found = _last(self._rows_of[place], seq)
        return found["state"] if found else ""

    def _cancelled_by(self, session: int, seq: int) -> bool:
        return any(
            row.what == "briefings_session" and row.new["id"] == session and row.new["state"] == "cancelled"
            for row in self.log
            if row.seq <= seq
        )

    def _seated(self, session: int) -> list[dict]:
        return [self.places[pk] for pk in self._of_session[session] if self.places[pk]["state"] in SEATED]

    def _line(self, session: int) -> list[dict]:
        found = [self.places[pk] for pk in self._of_session[session] if self.places[pk]["state"] == "waiting"]
        return sorted(found, key=_rank)

    def _free(self, session: int) -> int:
        hall = self.stage.halls[session]
        return hall.capacity - hall.reserved - len(self._seated(session))

    def _keep_seats(self, person: int, row: Row) -> None:
        own = [self.places[pk] for pk in self._of_person[person]]
        lost = any(self._is_lost(place, own) for place in own)
        self._lost = self._lost | {person} if lost else self._lost - {person}
        if not self._kept or self._kept[-1][1] != self._lost:
            self._kept.append((row.at, self._lost))

    def _is_lost(self, place: dict, own: list[dict]) -> bool:
        """Return whether ``place`` was a seat that a cancellation took, and its person has chosen nothing since."""
        if place["closed_reason"] != "session_cancelled" or not place["seated_at"]:
            return False
        closed_at = datetime.fromisoformat(place["closed_at"])
        return not any(self._is_instead(other, closed_at) for other in own if other["state"] in LIVE)

    def _is_instead(self, other: dict, closed_at: datetime) -> bool:
        since = [other[name] for name in ("made_at", "seated_at") if other[name]]
        is_seat = self.stage.one_place and other["state"] in SEATED
        return is_seat or any(datetime.fromisoformat(moment) >= closed_at for moment in since)

    def _breach(self, row: Row, words: str) -> None:
        self.breaches.append(f"{row.seq}: {words}")


def _last(rows: list[Row], seq: int) -> dict | None:
    """Return the newest of ``rows`` up to the number ``seq`` of the log."""
    number = bisect_right(rows, seq, key=lambda row: row.seq)
    return rows[number - 1].new if number else None


def _rank(place: dict) -> tuple:
    return (place["ahead"] is None, place["ahead"] or 0, place["number_in_line"])


def _is_under_its_counter(place: dict) -> bool:
    """Return whether ``place`` was changed under the lock of its session's counter.

    Who is seated elsewhere stops waiting under the lock of their person alone: that frees no seat, and another
    transaction may be between its place and its count at that moment.
    """
    return place["closed_reason"] != "seated_elsewhere"


def _possible(values: list[tuple[datetime, Any]], begun: datetime, at: datetime, first: Any) -> list[Any]:
    """Return what a transaction that began then may have read by ``at`` of something that no lock of its orders."""
    early = bisect_right([moment for moment, _ in values], begun - MARGIN)
    late = bisect_right([moment for moment, _ in values], at)
    before = values[early - 1][1] if early else first
    return [before, *(value for _, value in values[early:late])]


_BY_CLOCK = {("clock", "promoted"), ("clock", "offered"), ("clock", "offer_lapsed")}
_MOVES = {("waiting", "booked"), ("waiting", "offered"), ("waiting", "ended"), ("offered", "ended")}
"""What is written when nobody pressed, and what becomes of places then."""

_ARRIVED = ("attendance.place_booked", "attendance.place_promoted", "attendance.place_moved")


def _told(before: str, place: dict) -> Iterable[tuple]:
    """Return the mails that the change of ``place`` from the state ``before`` asks for."""
    now, why = place["state"], place["closed_reason"]
    if now == "booked" and before != "booked":
        return [("arrived", place["id"])]
    if now == "offered" and before != "offered":
        return [("offered", place["id"])]
    if now == "waiting" and before == "":
        return [("waiting", place["id"])]
    if why == "offer_lapsed" and before == "offered":
        return [("left", place["id"])]
    if (now == "given_up" and before in LIVE) or (now == "ended" and why == "moved" and before == "booked"):
        return [("left", place["id"])]
    if now == "ended" and before in LIVE and why == "session_cancelled":
        return [("cancelled", place["person_id"])]
    return []


def _names(message: dict) -> Iterable[tuple]:
    """Return what ``message`` tells, in the words of ``_told``; nothing for mails of other subjects."""
    kind, refs = message["kind"], message["refs"]
    if kind in _ARRIVED:
        return [("arrived", refs["place"])]
    if kind == "attendance.place_offered":
        return [("offered", refs["place"])]
    if kind == "attendance.place_waiting":
        return [("waiting", refs["place"])]
    if kind == "attendance.place_given_up":
        return [("left", refs["place"])]
    if kind == "attendance.session_cancelled":
        return [("cancelled", message["person_id"])]
    return []
