"""Agreements of the pilot: one fully endorsed, one that waits, one declined, one in use before it is endorsed."""

from datetime import datetime, timedelta

from commitments.actions import agreements as actions
from commitments.actions.endorsements import endorse, pass_on
from commitments.models import Agreement, AgreementVersion, Outcome, SeniorAsked, digest_of
from config.demo.clock import Calendar
from config.demo.county import County
from config.demo.pilot import Pilot

_REVIEWED_AFTER = timedelta(days=365)
_WORDS = {
    "plan": (
        "One plan, one writer",
        "Each family has one plan. The worker who knows the family best writes it, whatever their organisation.",
    ),
    "call": (
        "An answer within a day",
        "Whoever is named on the first page of a plan, or their stand-in, answers a call from another organisation "
        "within one working day.",
    ),
    "desk": (
        "Desks in the shared building",
        "Every partner keeps two desks on the second floor. A desk that nobody has taken by ten is for anybody.",
    ),
    "door": (
        "Who opens the building",
        "The first to arrive opens the building and the last to leave locks it, whatever their organisation.",
    ),
}
_BETTER = (
    "The first to arrive opens the building and the last to leave locks it, whatever their organisation. Each partner "
    "keeps a list of who holds a key."
)
_EVERYBODY = range(12)


class AgreementsOfPilot:
    """How four agreements come about, and what the senior managers of twelve partners say of them."""

    def __init__(self, county: County, calendar: Calendar, pilot: Pilot) -> None:
        self.calendar, self.pilot, self.by = calendar, pilot, county.cast["coordinator"]
        self.own: dict[str, Agreement] = {}
        self.current: dict[str, AgreementVersion] = {}

    def plan(self) -> None:
        """Put the way of each agreement into the calendar."""
        day, at = self.calendar.day, self.calendar.at
        for key, ago in (("plan", -33), ("door", -26), ("call", -14), ("desk", -6)):
            at(day(ago), 15, self._propose, key)
        for place in _EVERYBODY:
            at(day(-31 + place // 2), 11 + place / 10, self._sign, "plan", place, Outcome.ENDORSED, "")
        at(day(-22), 9, self._use, "plan")
        for place in (0, 1, 3, 7):
            at(day(-23), 12 + place / 10, self._sign, "door", place, Outcome.ENDORSED, "")
        at(day(-18), 9, self._use, "door")
        at(day(-5), 10, self._propose_again)
        for place in (1, 7):
            at(day(-4), 12 + place / 10, self._sign, "door", place, Outcome.ENDORSED, "")
        for place in (0, 1, 3, 5, 6, 8):
            at(day(-11), 13 + place / 10, self._sign, "call", place, Outcome.ENDORSED, "")
        note = "From the first of next month, when the duty desk is staffed."
        at(day(-10), 14, self._sign, "call", 4, Outcome.NOTED, note)
        reason = "One working day cannot be kept at night and at weekends. We would endorse two."
        at(day(-9), 10, self._sign, "call", 2, Outcome.DECLINED, reason)
        at(day(-3), 9, self._pass_on, "desk", 1, 13)
        for place in (3, 9, 10):
            at(day(-2), 12 + place / 10, self._sign, "desk", place, Outcome.ENDORSED, "")

    def _propose(self, key: str, now: datetime) -> None:
        title, said = _WORDS[key]
        self.own[key] = actions.make_agreement(
            programme=self.pilot.programme, title=title, words=said, review_on=now.date() + _REVIEWED_AFTER,
            by=self.by, now=now,
        )  # fmt: skip
        self._ask(key, now)

    def _propose_again(self, now: datetime) -> None:
        actions.draft_version(
            agreement=self.own["door"], words=_BETTER, review_on=now.date() + _REVIEWED_AFTER, by=self.by, now=now
        )
        self._ask("door", now)

    def _ask(self, key: str, now: datetime) -> None:
        draft = self.own[key].versions.get(state="draft")
        by_when = actions.usual_endorse_by(self.pilot.programme, now)
        self.current[key] = actions.propose_version(
            version=draft, seen=actions.seal_of_draft(draft), endorse_by=by_when, by=self.by, now=now
        )

    def _sign(self, key: str, place: int, outcome: str, note: str, now: datetime) -> None:
        version, mandate = self.current[key], self.pilot.mandates[place]
        endorse(
            version=version, mandate=mandate, outcome=outcome, note=note, seen=digest_of(version.words),
            by=mandate.person, now=now,
        )  # fmt: skip

    def _pass_on(self, key: str, place: int, to: int, now: datetime) -> None:
        mandate = self.pilot.mandates[place]
        asked = SeniorAsked.objects.get(asked__version=self.current[key], person=mandate.person)
        pass_on(senior=asked, mandate=self.pilot.mandates[to], by=mandate.person, now=now)

    def _use(self, key: str, now: datetime) -> None:
        actions.put_in_use(agreement=self.own[key], since=now.date(), by=self.by, now=now)
