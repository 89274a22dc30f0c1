"""Each named refusal of commitments is raised, in words for people; none is only written."""

import inspect
import pkgutil
from collections.abc import Callable
from datetime import date, timedelta
from importlib import import_module

import pytest

from commitments import actions
from commitments.actions import policies, questions
from commitments.actions.questions import answers, clock, merging, moving, redaction, way
from commitments.models import AskedAs, Asker, Audience, Draft, Question
from history.refusals import Refused
from tests.commitments import refused
from tests.commitments.factories import NOW, Cast
from tests.organisations.factories import OrganisationFactory, PersonFactory

pytestmark = pytest.mark.django_db


def every_refusal() -> set[type[Refused]]:
    """Return the refusals that the actions define, found by looking: a new one is among them at once."""
    found = pkgutil.walk_packages(actions.__path__, f"{actions.__name__}.")
    modules = [import_module(each.name) for each in found]
    return {
        each
        for module in modules
        for _, each in inspect.getmembers(module, inspect.isclass)
        if issubclass(each, Refused) and each.__module__ == module.__name__
    }


class Scene(Cast):
    """A question that its senior manager has taken on, and a holder of a role."""

    def __init__(self) -> None:
        super().__init__()
        made = self.commissioned()
        questions.accept_commission(commission=made, by=self.senior, now=NOW)
        self.own = Question.objects.get(pk=made.question_id)
        self.by = {"by": self.coordinator, "now": NOW}
        self.writes = {"question": self.own, "words": "Yes", "audience": Audience.PUBLIC, "by": self.senior, "now": NOW}

    def holder(self, person=None, organisation=None):
        return policies.name_holder(
            programme=self.programme, organisation=organisation or self.organisation, role="dpo",
            person=person or PersonFactory(), **self.by,
        )  # fmt: skip

    def draft(self) -> Draft:
        return questions.send_to_clearance(roles=["dpo"], **self.writes)

    def answered(self, audience=Audience.PUBLIC) -> Question:
        questions.publish_answer(**{**self.writes, "audience": audience})
        return self.own


def _said_before(scene: Scene) -> None:
    scene.answered()
    asker = Asker.objects.get(question=scene.own)
    for _ in range(2):
        questions.say_unanswered(asker=asker, by=scene.practitioner, now=NOW)


def _needs_clearance(scene: Scene) -> None:
    policies.set_policy(
        programme=scene.programme, themes=[], clearance_roles=["dpo"], steps=[], repeat_days=5, **scene.by
    )
    scene.answered()


def _own_words(scene: Scene) -> None:
    scene.holder()
    scene.holder(scene.senior)
    questions.clear(clearance=scene.draft().clearances.get(), by=scene.senior, now=NOW)


def _not_found(scene: Scene) -> None:
    questions.merge(question=scene.question(asked_as=AskedAs.NOBODY), into=scene.own, **scene.by)
    scene.answered(Audience.ASKER)


def _hidden_answer(scene: Scene) -> None:
    whole = scene.answered(Audience.ASKER)
    questions.merge(question=scene.question(asked_as=AskedAs.NOBODY), into=whole, **scene.by)


def _words_moved(scene: Scene) -> None:
    scene.holder()
    questions.redact(what=scene.draft(), words="[removed]", **scene.by)


def _pause(scene: Scene, *, on: int = 0, until: int = 30) -> None:
    now = NOW + timedelta(days=on)
    questions.pause_clock(
        question=scene.own, until=NOW.date() + timedelta(days=until), reason="We wait", by=scene.coordinator, now=now
    )


def _file(scene: Scene) -> None:
    policies.file_under(questions=[scene.own], theme="own-0", **scene.by)


def _to(scene: Scene, person) -> None:
    to = {"organisation": scene.organisation, "person": person, "reason": "Theirs"}
    questions.transfer(question=scene.own, **to, **scene.by)


def _close_twice(scene: Scene) -> None:
    for _ in range(2):
        policies.close_on(programme=scene.programme, day=date(2026, 12, 24), why="Closed", **scene.by)


RAISED: dict[type[Refused], Callable[[Scene], object]] = {
    answers.SaidBefore: _said_before,
    answers.NeedsClearance: _needs_clearance,
    answers.NoHolder: Scene.draft,
    answers.NothingToClear: lambda scene: questions.send_to_clearance(**scene.writes),
    answers.OwnWords: _own_words,
    answers.NotFound: _not_found,
    clock.AlreadyLate: lambda scene: _pause(scene, on=20),
    clock.NoSuchDay: lambda scene: _pause(scene, until=0),
    clock.NotLater: lambda scene: questions.extend(
        question=scene.own, due_on=scene.own.due_on, reason="Longer", **scene.by
    ),
    clock.TooFar: lambda scene: questions.extend(
        question=scene.own, due_on=date(2031, 11, 10), reason="Longer", **scene.by
    ),
    clock.StillLate: lambda scene: questions.correct_late(
        question=scene.own, note="Not so", by=scene.coordinator, now=NOW + timedelta(days=20)
    ),
    clock.NoOtherDate: lambda scene: questions.recount(question=scene.own, **scene.by),
    merging.SameQuestion: lambda scene: questions.merge(question=scene.own, into=scene.own, **scene.by),
    merging.OtherProgramme: lambda scene: questions.merge(question=scene.own, into=Cast().question(), **scene.by),
    merging.HiddenAnswer: _hidden_answer,
    moving.NotNow: lambda scene: questions.open_question(question=scene.own, **scene.by),
    moving.NoMandate: lambda scene: _to(scene, scene.practitioner),
    moving.NotYours: lambda scene: questions.publish_answer(**{**scene.writes, "by": scene.practitioner}),
    redaction.NothingDestroyed: lambda scene: questions.redact(what=scene.own, words=scene.own.words, **scene.by),
    redaction.WordsMoved: _words_moved,
    way.SamePlace: lambda scene: _to(scene, scene.senior),
    policies.NamedBefore: _close_twice,
    policies.NoSuchTheme: _file,
    policies.NotAPartner: lambda scene: scene.holder(organisation=OrganisationFactory()),
}


def name_of(refusal: type[Refused]) -> str:
    return f"{refusal.__module__.removeprefix(actions.__name__ + '.')}.{refusal.__name__}"


def test_no_refusal_is_left_out():
    assert {name_of(each) for each in every_refusal()} == {name_of(each) for each in RAISED | refused.RAISED}


def raises(refusal: type[Refused], act: Callable[[], object]) -> None:
    with pytest.raises(refusal) as raised:
        act()
    assert raised.type is refusal
    assert raised.value.sentence.endswith(".")
    assert raised.value.sentence != Refused.sentence


@pytest.mark.parametrize("refusal", RAISED, ids=name_of)
def test_a_question_is_refused_in_words_for_people(refusal):
    scene = Scene()
    raises(refusal, lambda: RAISED[refusal](scene))


@pytest.mark.parametrize("refusal", refused.RAISED, ids=name_of)
def test_all_else_is_refused_in_words_for_people(refusal):
    town = refused.Town()
    raises(refusal, lambda: refused.RAISED[refusal](town))
