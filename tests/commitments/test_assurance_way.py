"""Every action on an assurance in every state, by whoever may and by whoever may not; and two at the same moment."""

import contextlib
import threading
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial

import pytest
from django.db import transaction

from commitments.actions import assurances as actions
from commitments.actions import handovers
from commitments.models import Assurance, AssuranceState, Handover
from history.models import Entry
from history.refusals import Refused
from messaging.models import Message
from tests.briefings.factories import MandateFactory
from tests.commitments.factories import NOW, Cast
from tests.commitments.test_way_race import at_once
from tests.organisations.factories import PersonFactory

DUE, REVIEWED = date(2026, 12, 1), date(2027, 1, 4)
LATER = NOW + timedelta(days=1)
UNKEPT = "given, nobody keeps it"
STATES = [*AssuranceState.values, UNKEPT]


class Way:
    """An assurance in ``state``, and everybody who may do something with it."""

    def __init__(self, state: str) -> None:
        self.cast = Cast()
        self.scribe = self.cast.coordinator
        self.successor = MandateFactory(programme=self.cast.programme, organisation=self.cast.organisation)
        self.own = self.give(by=self.scribe if state == AssuranceState.NOTED else self.cast.senior)
        self._lead_to(state)
        self.asked = self.own.handovers.first() or Handover.objects.create(
            assurance=self.own, mandate=self.successor, person=self.successor.person, role="Director", state="ended",
            asked_by=self.scribe, asked_at=NOW,
        )  # fmt: skip
        self.own.refresh_from_db()

    def give(self, **options) -> Assurance:
        given = {"words": "We come.", "due_on": DUE, "for_everybody": True, "by": self.cast.senior, "now": NOW}
        return actions.note_assurance(mandate=self.cast.mandate, **given | options)

    def _lead_to(self, state: str) -> None:
        own, cast = {"assurance": self.own, "now": NOW}, self.cast
        if state in (AssuranceState.PROPOSED, AssuranceState.KEPT):
            actions.propose_kept(evidence="Seen.", by=cast.senior, **own)
        if state == AssuranceState.KEPT:
            actions.confirm_kept(by=cast.coordinator, **own)
        if state in (AssuranceState.WITHDRAWN, AssuranceState.NOT_KEPT):
            by = cast.senior if state == AssuranceState.WITHDRAWN else cast.coordinator
            actions.end_assurance(state=state, reason="Because.", by=by, **own)
        if state == AssuranceState.SUPERSEDED:
            self.give(replaces=self.own)
        if state in (AssuranceState.LAPSED, UNKEPT):
            Assurance.objects.filter(pk=self.own.pk).update(keeper=None, keeper_lost_on=NOW.date())
        if state == UNKEPT:
            mandate = {"mandate": self.successor, "by": cast.coordinator}
            handovers.ask_to_take_over(**mandate, **own)
        if state == AssuranceState.LAPSED:
            actions.end_assurance(state=state, reason="Because.", by=cast.coordinator, **own)

    def acts(self) -> dict[str, tuple[Callable, set]]:
        """Return each action with ``by`` left open, and who may do it where the state allows it."""
        cast, common = self.cast, {"assurance": self.own, "now": LATER}
        end = partial(actions.end_assurance, reason="Because.", **common)
        either, coordinators = {cast.senior, cast.coordinator}, {cast.coordinator}
        return {
            "confirm": (partial(actions.confirm_assurance, **common), {cast.senior}),
            "review": (
                partial(actions.review_assurance, words="Going well.", due_on=REVIEWED, **common),
                either,
            ),
            "propose": (partial(actions.propose_kept, evidence="Look.", **common), either),
            "confirm kept": (partial(actions.confirm_kept, **common), coordinators),
            "send back": (partial(actions.send_back, reason="Which?", **common), coordinators),
            "withdraw": (partial(end, state=AssuranceState.WITHDRAWN), {cast.senior}),
            "not kept": (partial(end, state=AssuranceState.NOT_KEPT), coordinators),
            "lapse": (partial(end, state=AssuranceState.LAPSED), coordinators),
            "replace": (partial(self._replace), {cast.senior}),
            "ask": (partial(handovers.ask_to_take_over, mandate=self.successor, **common), coordinators),
            "take over": (partial(self._decide, handovers.take_over), {self.successor.person}),
            "decline": (
                partial(self._decide, handovers.decline_to_take_over, reason="No budget."),
                {self.successor.person},
            ),
        }

    def _replace(self, *, by) -> None:
        self.give(words="We come twice.", replaces=self.own, by=by, now=LATER)

    def _decide(self, act: Callable, **given) -> None:
        act(handover=self.asked, now=LATER, **given)

    def picture(self) -> list:
        """Return everything that stands about it."""
        own = Assurance.objects.filter(pk=self.own.pk)
        return [
            *own.values(), Assurance.objects.count(), Message.objects.count(), Entry.objects.count(),
            *own.values("evidence_given", "reviews", "handovers__state"),
        ]  # fmt: skip


LEADS = {
    AssuranceState.NOTED: {"confirm": "given", "withdraw": "withdrawn"},
    AssuranceState.GIVEN: {
        "confirm": "given", "review": "given", "propose": "proposed", "withdraw": "withdrawn", "not kept": "not_kept",
        "replace": "superseded",
    },
    AssuranceState.PROPOSED: {
        "confirm kept": "kept", "send back": "given", "withdraw": "withdrawn", "not kept": "not_kept",
        "replace": "superseded",
    },
    UNKEPT: {
        "confirm": "given", "review": "given", "propose": "proposed", "not kept": "not_kept", "lapse": "lapsed",
        "ask": "given", "take over": "given", "decline": "given",
    },
}  # fmt: skip
"""Where each action leads from each state; all that is not here is refused."""
KEEPERS = ("review", "propose", "withdraw", "replace")


@pytest.mark.django_db
@pytest.mark.parametrize("state", STATES)
def test_every_action_in_every_state(state):
    way = Way(state)
    stranger, before = PersonFactory(), way.picture()
    for name, (act, may) in way.acts().items():
        leads = LEADS.get(state, {}).get(name)
        if state == UNKEPT and name in KEEPERS:
            may = may - {way.cast.senior}
        for who in {stranger, way.cast.practitioner, way.cast.senior, way.cast.coordinator, way.successor.person}:
            with contextlib.suppress(_Undone), transaction.atomic():
                if who in may and leads:
                    act(by=who)
                    way.own.refresh_from_db()
                    assert way.own.state == leads, (state, name)
                else:
                    with pytest.raises((actions.NotTheirs, actions.NotNow)), transaction.atomic():
                        act(by=who)
                    assert way.picture() == before, (state, name, who)
                raise _Undone
            way.own.refresh_from_db()


class _Undone(Exception):
    """What was done is taken back, so that the next action finds the same."""


@pytest.mark.django_db
@pytest.mark.parametrize("state", AssuranceState.values)
def test_what_has_moved_on_is_refused_as_such_to_who_may(state):
    way = Way(state)
    for name, (act, may) in way.acts().items():
        if name in LEADS.get(state, {}) or name in ("lapse", "take over", "decline"):
            continue
        for who in may:
            expected = actions.NotTheirs if state == AssuranceState.LAPSED and who != way.scribe else actions.NotNow
            if name == "confirm":
                expected = actions.NotNow
            with pytest.raises(expected), transaction.atomic():
                act(by=who)


@pytest.mark.django_db
def test_a_promise_that_is_only_noted_replaces_none():
    """It counts for nothing until it is confirmed; the earlier one must stand until then."""
    way = Way(AssuranceState.GIVEN)
    for options in ({"by": way.cast.coordinator}, {"by": way.cast.coordinator, "mandate": way.successor}):
        given = {"words": "We come twice.", "due_on": DUE, "for_everybody": True, "replaces": way.own, "now": LATER}
        with pytest.raises(actions.NotTheirs), transaction.atomic():
            actions.note_assurance(**{"mandate": way.cast.mandate} | given | options)
    way.own.refresh_from_db()
    assert way.own.state == AssuranceState.GIVEN


# Two at the same moment


@pytest.fixture
def both_have_read(monkeypatch):
    """Return what holds, once it is called, each who moves an assurance, after it was read, until the other has too.

    It waits ``seconds`` for one who cannot come. Called when all is ready: what is prepared moves assurances as well.
    """

    def begin(seconds: float) -> None:
        barrier, become = threading.Barrier(2), actions.become

        def wait_and_go_on(*args, **options):
            with contextlib.suppress(threading.BrokenBarrierError):  # the other waits for our lock: the guard at work
                barrier.wait(timeout=seconds)
            return become(*args, **options)

        monkeypatch.setattr(actions, "become", wait_and_go_on)

    return begin


def two_confirmations() -> list[Callable]:
    way = Way(AssuranceState.NOTED)
    act = partial(actions.confirm_assurance, assurance=way.own, by=way.cast.senior, now=LATER)
    return [act, act]


def kept_and_withdrawn() -> list[Callable]:
    way = Way(AssuranceState.PROPOSED)
    common = {"assurance": way.own, "now": LATER}
    return [
        partial(actions.confirm_kept, by=way.cast.coordinator, **common),
        partial(actions.end_assurance, state="withdrawn", reason="Because.", by=way.cast.senior, **common),
    ]


def moved(verbs: set[str]) -> int:
    return Entry.objects.filter(verb__in=verbs).count()


@pytest.mark.django_db(transaction=True)
def test_confirming_at_the_same_moment_is_confirming_once(both_have_read):
    ready = two_confirmations()
    both_have_read(0.5)
    assert at_once(*ready) == ["", ""]
    assert moved({"confirmed_assurance"}) == 1


@pytest.mark.django_db(transaction=True)
def test_what_is_confirmed_as_kept_is_not_withdrawn_at_the_same_moment(both_have_read):
    ready = kept_and_withdrawn()
    both_have_read(0.5)
    assert at_once(*ready) == ["", "NotNow"]
    assert moved({"confirmed_kept", "assurance_withdrawn"}) == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("acts", "verbs"),
    [(two_confirmations, {"confirmed_assurance"}), (kept_and_withdrawn, {"confirmed_kept", "assurance_withdrawn"})],
)
def test_without_the_lock_both_would_be_done(both_have_read, monkeypatch, acts, verbs):
    ready = acts()
    both_have_read(10)

    def unlocked(assurance: Assurance) -> Assurance:
        return Assurance.objects.select_related("programme", "person", "organisation", "carried_by", "keeper").get(
            pk=assurance.pk
        )

    monkeypatch.setattr(actions, "lock", unlocked)
    assert at_once(*ready) == ["", ""]
    assert moved(verbs) == 2


def test_every_refusal_is_one_of_ours_and_has_a_sentence():
    for each in vars(actions).values():
        if isinstance(each, type) and issubclass(each, Refused) and each is not Refused:
            assert each.sentence
