"""Every action on a question tried in every state: what the table allows leads where it says, all else is refused.

The states are those of the table, and four in which the same state allows something else: a draft without an owner,
a question in clearance without one, better words in clearance after an answer, and a clock that stands still.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from django.db import transaction

from accounts.models import PersonalLink
from briefings.models import Mandate
from commitments.actions import policies
from commitments.actions import questions as actions
from commitments.models import (
    MOVES,
    TAKEN_ON,
    TOLD,
    Answer,
    Asker,
    Clearance,
    ClearanceState,
    ClockChange,
    ClosureDay,
    Commission,
    CommissionState,
    Draft,
    DraftState,
    HoldingReply,
    Question,
)
from history.models import Entry
from history.refusals import Refused
from messaging.models import Message
from tests.briefings.factories import MandateFactory, PartnerFactory
from tests.commitments.factories import NOW, Cast
from tests.organisations.factories import OrganisationFactory, PersonFactory

pytestmark = pytest.mark.django_db
YESTERDAY, LATER = NOW - timedelta(days=1), NOW + timedelta(days=1)
MUCH_LATER = NOW + timedelta(days=40)
ROWS = (
    Question, Asker, Commission, Draft, Clearance, Answer, HoldingReply, ClockChange, Message, Entry, PersonalLink,
)  # fmt: skip


class Stage:
    """A question in one of the situations, and everybody who can do something to it."""

    def __init__(self, situation: str) -> None:
        self.cast = Cast()
        self.by = self.cast.coordinator
        organisation = OrganisationFactory()
        PartnerFactory(programme=self.cast.programme, organisation=organisation)
        self.other = MandateFactory(programme=self.cast.programme, organisation=organisation, person=PersonFactory())
        self.holder = policies.name_holder(
            programme=self.cast.programme, organisation=self.cast.organisation, role="dpo", person=PersonFactory(),
            by=self.by, now=NOW,
        )  # fmt: skip
        self.whole = self.cast.commissioned().question
        self.another = self.cast.question("Who may read it?")
        self.own = self.cast.question()
        SITUATIONS[situation](self)
        self.own = Question.objects.select_related("programme", "owner", "organisation").get(pk=self.own.pk)
        self.asker = Asker.objects.get(question=self.own)

    def common(self) -> dict:
        return {"question": self.own, "by": self.by, "now": LATER}

    def open(self) -> None:
        actions.open_question(question=self.own, by=self.by, now=NOW)

    def commission(self) -> None:
        to = {"organisation": self.cast.organisation, "person": self.cast.senior}
        actions.commission(question=self.own, by=self.by, now=NOW, **to)

    def accept(self) -> None:
        self.commission()
        actions.accept_commission(commission=self.asked(), by=self.cast.senior, now=NOW)

    def write(self, act: Callable, by, **more) -> None:
        act(question=self.own, words="Yes", audience="public", by=by, now=NOW, **more)

    def answer(self) -> None:
        self.accept()
        self.write(actions.publish_answer, self.cast.senior)

    def asked(self) -> Commission:
        """Return the newest commission; one that has ended where nobody was asked."""
        found = self.own.commissions.order_by("-made_at", "-pk").first()
        return found or Commission.objects.create(
            question=self.own, organisation=self.cast.organisation, person=self.cast.senior, made_at=NOW,
            made_by="clock", state=CommissionState.ENDED, decided_at=NOW,
        )  # fmt: skip

    def clearance(self) -> Clearance:
        """Return the clearance that is asked; one that is not asked any more where there is none."""
        found = Clearance.objects.filter(draft__question=self.own)
        if found:
            return found.filter(state=ClearanceState.ASKED).first() or found[0]
        draft = Draft.objects.create(
            question=self.own, version=9, words="Old", state=DraftState.DROPPED, written_by=self.by, written_at=NOW
        )
        return Clearance.objects.create(
            draft=draft, role="dpo", organisation=self.cast.organisation, state=ClearanceState.ENDED, asked_at=NOW
        )


def _close(stage: Stage) -> None:
    stage.answer()
    actions.remind_about(question_id=stage.own.pk, now=MUCH_LATER)


def _improve(stage: Stage) -> None:
    stage.answer()
    stage.write(actions.send_to_clearance, stage.cast.senior, roles=["dpo"])


def _own(verb: str, **more) -> Callable[[Stage], None]:
    return lambda stage: getattr(actions, verb)(question=stage.own, by=stage.by, now=NOW, **more)


def _written(act: str, *, owned: bool, **more) -> Callable[[Stage], None]:
    def write(stage: Stage) -> None:
        (stage.accept if owned else stage.open)()
        stage.write(getattr(actions, act), stage.cast.senior if owned else stage.by, **more)

    return write


def _paused(stage: Stage) -> None:
    stage.accept()
    actions.pause_clock(question=stage.own, until=date(2026, 11, 10), reason="We wait", by=stage.by, now=NOW)


SITUATIONS: dict[str, Callable[[Stage], object]] = {
    "raised": lambda stage: None,
    "open": Stage.open,
    "commissioned": Stage.commission,
    "accepted": Stage.accept,
    "drafting": _written("save_draft", owned=True),
    "drafting without an owner": _written("save_draft", owned=False),
    "clearing": _written("send_to_clearance", owned=True, roles=["dpo"]),
    "clearing without an owner": _written("send_to_clearance", owned=False, roles=["dpo"]),
    "accepted and paused": _paused,
    "answered": Stage.answer,
    "answered with better words in clearance": _improve,
    "closed": _close,
    "merged": lambda stage: actions.merge(question=stage.own, into=stage.whole, by=stage.by, now=NOW),
    "out_of_scope": _own("put_out_of_scope", reason="Not ours"),
    "withdrawn": lambda stage: actions.withdraw_question(
        asker=Asker.objects.get(question=stage.own), by=stage.cast.practitioner, now=NOW
    ),
}


@dataclass(frozen=True)
class Try:
    """One action: the verbs it moves by, how it is called, what is prepared for it, and where it cannot happen though
    the state alone allows it. ``quiet``: where it cannot happen it says so by changing nothing.
    """

    verbs: tuple[str, ...]
    act: Callable[[Stage], object]
    prepare: Callable[[Stage], object] = lambda stage: None
    needs: Callable[[Stage], bool] = lambda stage: True
    quiet: bool = False


def _call(name: str, **more) -> Callable[[Stage], object]:
    return lambda stage: getattr(actions, name)(**stage.common(), **more)


def _has_owner(stage: Stage) -> bool:
    return stage.own.owner_id is not None


def _in_clearance(stage: Stage) -> bool:
    return stage.own.drafts.filter(state=DraftState.CLEARING).exists()


def _free_of_clearance(stage: Stage) -> bool:
    return not _in_clearance(stage)


def _is_moving(stage: Stage) -> bool:
    return stage.own.paused_on is None


def _close_days(stage: Stage) -> None:
    """The offices were closed: counted by today's calendar everything is due later."""
    days = [date(2026, 11, 3) + timedelta(days=number) for number in range(30)]
    ClosureDay.objects.bulk_create(ClosureDay(programme=stage.own.programme, day=day, why="Flood") for day in days)


def _make_late(stage: Stage) -> None:
    _close_days(stage)
    if stage.own.state in TOLD:
        Question.objects.filter(pk=stage.own.pk).update(answered_on=stage.own.due_on + timedelta(days=1))


def _pause(stage: Stage) -> None:
    if stage.own.state in TAKEN_ON:
        Question.objects.filter(pk=stage.own.pk).update(paused_on=NOW.date(), paused_until=date(2026, 11, 20))


def _to_other(name: str, **more) -> Callable[[Stage], object]:
    return lambda stage: _call(name, organisation=stage.other.organisation, person=stage.other.person, **more)(stage)


def _words(name: str, **more) -> Callable[[Stage], object]:
    return _call(name, words="So it is", audience="public", **more)


TRIES = {
    "open_question": Try(("opened",), _call("open_question")),
    "commission": Try(
        ("commissioned",), _to_other("commission"), needs=lambda s: s.own.state != "drafting" or not _has_owner(s)
    ),
    "accept_commission": Try(
        ("accepted",),
        lambda s: actions.accept_commission(commission=s.asked(), by=s.cast.senior, now=LATER),
        prepare=Stage.asked,
    ),
    "decline_commission": Try(
        ("declined",),
        lambda s: actions.decline_commission(commission=s.asked(), reason="Not mine", by=s.cast.senior, now=LATER),
        prepare=Stage.asked,
        needs=_has_owner,
    ),
    "transfer": Try(("transferred",), _to_other("transfer", reason="Theirs"), needs=_has_owner),
    "release_orphan": Try(
        ("released",),
        lambda s: actions.release_orphan(question_id=s.own.pk, now=LATER),
        prepare=lambda s: Mandate.objects.filter(pk=s.cast.mandate.pk).update(until=NOW.date()),
        needs=_has_owner,
        quiet=True,
    ),
    "save_draft": Try(("drafted",), _words("save_draft")),
    "send_holding_reply": Try(("held_reply",), _call("send_holding_reply", words="Soon")),
    "send_to_clearance": Try(
        ("sent_to_clearance", "improving"), _words("send_to_clearance", roles=["dpo"]), needs=_free_of_clearance
    ),
    "clear": Try(
        ("cleared",),
        lambda s: actions.clear(clearance=s.clearance(), by=s.holder.person, now=LATER),
        prepare=Stage.clearance,
        needs=_in_clearance,
    ),
    "send_back": Try(
        ("returned", "not_improved"),
        lambda s: actions.send_back(clearance=s.clearance(), reason="Shorter", by=s.holder.person, now=LATER),
        prepare=Stage.clearance,
        needs=_in_clearance,
    ),
    "take_back": Try(("took_back", "not_improving"), _call("take_back"), needs=_in_clearance),
    "publish_answer": Try(("answered", "answered_again"), _words("publish_answer"), needs=_free_of_clearance),
    "note_answer": Try(
        ("answered",),
        lambda s: actions.note_answer(
            **s.common(), words="Yes", organisation=s.cast.organisation, person=s.cast.senior, role="Director"
        ),
    ),
    "say_unanswered": Try(
        ("reopened",), lambda s: actions.say_unanswered(asker=s.asker, by=s.cast.practitioner, now=LATER)
    ),
    "merge": Try(("merged",), lambda s: _call("merge", into=s.whole)(s)),
    "merge another with it": Try(
        ("joined", "opened"), lambda s: actions.merge(question=s.another, into=s.own, by=s.by, now=LATER)
    ),
    "part": Try(("parted",), _call("part")),
    "put_out_of_scope": Try(("put_out_of_scope",), _call("put_out_of_scope", reason="Not ours")),
    "withdraw_question": Try(
        ("withdrew",), lambda s: actions.withdraw_question(asker=s.asker, by=s.cast.practitioner, now=LATER)
    ),
    "pause_clock": Try(("paused",), _call("pause_clock", until=date(2026, 11, 20), reason="We wait"), needs=_is_moving),
    "resume_clock": Try(("resumed",), _call("resume_clock"), prepare=_pause),
    "extend": Try(("extended",), _call("extend", due_on=date(2026, 12, 1), reason="It takes longer"), needs=_is_moving),
    "recount": Try(("recounted",), _call("recount"), prepare=_close_days, needs=_is_moving),
    "correct_late": Try(
        ("corrected",),
        lambda s: actions.correct_late(question=s.own, note="Flood", by=s.by, now=NOW + timedelta(days=22)),
        prepare=_make_late,
        needs=_is_moving,
    ),
    "remind_about": Try(
        ("closed",),
        lambda s: actions.remind_about(
            question_id=s.own.pk, now=MUCH_LATER if s.own.state == "answered" else YESTERDAY
        ),
        needs=_free_of_clearance,
        quiet=True,
    ),
}
CHANGES_NOTHING = {
    ("accept_commission", state)
    for state in ("accepted", "accepted and paused", "drafting", "clearing", "answered", "closed",
                  "answered with better words in clearance")
}  # fmt: skip
"""Accepting twice is accepting once."""
WRITES_ALONE = {("save_draft", "answered")}
"""Better words for what is answered may be written: the question stays where it is."""
ASKS_AGAIN = {("remind_about", "answered with better words in clearance")}
"""What waits for clearance is not closed: it is asked for once more."""


def rows() -> dict[str, list[dict]]:
    return {model.__name__: list(model.objects.order_by("pk").values()) for model in ROWS}


def verb_of(name: str, stage: Stage) -> str | None:
    """Return the verb by which the table lets action ``name`` happen to the question as it is, or None."""
    attempt = TRIES[name]
    fits = [verb for verb in attempt.verbs if stage.own.state in MOVES[verb].sources]
    return fits[0] if fits and attempt.needs(stage) else None


@pytest.mark.parametrize("situation", SITUATIONS)
def test_every_action_in_every_state(situation):
    stage = Stage(situation)
    source = stage.own.state
    for name, attempt in TRIES.items():
        with transaction.atomic():
            attempt.prepare(stage)
            stage.own.refresh_from_db()
            verb, before, known = verb_of(name, stage), rows(), set(Entry.objects.values_list("pk", flat=True))
            what = f"{name} of what is {situation}"
            if verb:
                attempt.act(stage)
                new = Entry.objects.filter(object_id=str(stage.own.pk)).exclude(pk__in=known).order_by("pk")
                happened = list(new.values_list("verb", flat=True))
                assert verb in happened, what
                target = Question.objects.get(pk=stage.own.pk).state
                assert leads(source, target, happened), f"{what} leads to {target} by {happened}"
            elif (name, situation) in WRITES_ALONE | ASKS_AGAIN:
                attempt.act(stage)
                assert Question.objects.get(pk=stage.own.pk).state == source, what
            else:
                if attempt.quiet or (name, situation) in CHANGES_NOTHING:
                    attempt.act(stage)
                else:
                    assert refusal_of(attempt, stage) == "NotNow", what
                assert rows() == before, what
            transaction.set_rollback(True)
        stage.own.refresh_from_db()


def refusal_of(attempt: Try, stage: Stage) -> str:
    try:
        attempt.act(stage)
    except Refused as refusal:
        return refusal.code
    return ""


def leads(source: str, target: str, happened: list[str]) -> bool:
    """Return whether the moves ``happened`` lead from ``source`` to ``target``, one after the other, by the table."""
    reached = {source}
    for verb in happened:
        if verb in MOVES:
            reached = {to for at in reached for to in (MOVES[verb].targets or (at,)) if MOVES[verb].leads(at, to)}
    return target in reached


def test_every_move_of_the_table_is_tried_from_every_state_it_names():
    tried = set()
    for situation in SITUATIONS:
        stage = Stage(situation)
        tried |= {(verb_of(name, stage), stage.own.state) for name in TRIES}
    assert {(verb, source) for verb, move in MOVES.items() for source in move.sources} == {
        pair for pair in tried if pair[0]
    }


def test_what_an_asker_says_reopens_it_with_its_owner_or_without():
    """The one move with two ends besides joining: the owner who may no longer speak is not asked again."""
    for is_there, state in ((True, "accepted"), (False, "open")):
        stage = Stage("answered")
        Mandate.objects.filter(pk=stage.cast.mandate.pk).update(until=None if is_there else NOW.date())
        after = actions.say_unanswered(asker=stage.asker, by=stage.cast.practitioner, now=LATER)
        assert (after.state, after.owner is not None) == (state, is_there)
