"""Two things done to a telling at the same moment, on two real connections; and the same with the lock taken out."""

import contextlib
import threading
from functools import partial

import pytest
from django.db.models import QuerySet

from briefings.models import ProgrammeRole
from commitments.actions import telling as actions
from commitments.actions.questions import publish_answer, redact
from commitments.messages import telling as messages
from commitments.models import Audience, Question, Telling, TellingKind
from commitments.queries.telling import seal_of
from history.models import Entry
from tests.briefings.factories import AppointmentFactory, SessionFactory
from tests.commitments.factories import NOW, Cast
from tests.commitments.test_telling import came
from tests.commitments.test_way_race import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def wait_for_the_other(monkeypatch, name: str) -> None:
    """Hold each who comes to ``name`` of the actions until the other has come too, or cannot."""
    barrier, go_on = threading.Barrier(2), getattr(actions, name)

    def wait_and_go_on(*args, **options):
        with contextlib.suppress(threading.BrokenBarrierError):  # the other waits for our lock: the guard at work
            barrier.wait(timeout=0.5)
        return go_on(*args, **options)

    monkeypatch.setattr(actions, name, wait_and_go_on)


@pytest.fixture
def cast():
    cast = Cast()
    cast.others = [AppointmentFactory(programme=cast.programme, role=ProgrammeRole.COORDINATOR).person for _ in "ab"]
    cast.session = SessionFactory(programme=cast.programme)
    came(cast)
    question = cast.commissioned(words="Where does Aurelia keep it?").question
    publish_answer(question=question, words="In the record.", audience=Audience.PUBLIC, by=cast.senior, now=NOW)
    draft = {"programme": cast.programme, "kind": TellingKind.ANSWERED, "by": cast.coordinator, "now": NOW}
    cast.telling = actions.propose_telling(telling=actions.draft_telling(**draft), by=cast.coordinator, now=NOW)
    return cast


def both_approve(cast) -> list[str]:
    common = {"telling": cast.telling, "seen": seal_of(cast.telling), "now": NOW}
    return at_once(*(partial(actions.publish_telling, by=who, **common) for who in cast.others))


def test_two_who_approve_at_the_same_moment_publish_once(cast, monkeypatch):
    wait_for_the_other(monkeypatch, "_check")
    assert both_approve(cast) == ["", "NotNow"]
    assert Entry.objects.filter(verb="published_telling").count() == 1


def test_without_the_lock_both_would_publish_it_and_still_nobody_is_told_twice(cast, monkeypatch):
    wait_for_the_other(monkeypatch, "_check")
    monkeypatch.setattr(QuerySet, "select_for_update", lambda found, **options: found)
    assert both_approve(cast) == ["", ""]
    assert Entry.objects.filter(verb="published_telling").count() == 2
    assert messages.Message.objects.filter(kind=messages.TOLD).count() == 1


def changed_and_redacted(cast) -> list[str]:
    item = cast.telling.items.get()
    words = [actions.Words(item.pk, f"{item.said} And where else?", item.told)]
    change = {"telling": cast.telling, "intro": "", "words": words, "seen": seal_of(cast.telling), "now": NOW}
    return at_once(
        partial(actions.change_telling, by=cast.coordinator, **change),
        partial(redact, what=Question.objects.get(), words="Where is it kept?", by=cast.coordinator, now=NOW),
    )


def hold_after_reading(monkeypatch) -> None:
    """Let the redaction come between the words that were read and the words that are written."""
    seal, seconds = actions.seal_of, 0.4

    def read_and_wait(telling):
        found = seal(telling)
        threading.Event().wait(seconds)
        return found

    monkeypatch.setattr(actions, "seal_of", read_and_wait)


def test_a_change_at_the_moment_of_a_redaction_writes_no_words_back(cast, monkeypatch):
    hold_after_reading(monkeypatch)
    assert set(changed_and_redacted(cast)) <= {"", "WordsMoved"}
    assert "Aurelia" not in Telling.objects.get().items.get().said


def test_without_the_locks_on_it_and_its_items_the_words_would_be_back(cast, monkeypatch):
    hold_after_reading(monkeypatch)
    lock = QuerySet.select_for_update
    monkeypatch.setattr(
        QuerySet,
        "select_for_update",
        lambda found, **options: (
            found if found.model._meta.model_name in ("telling", "tellingitem") else lock(found, **options)
        ),
    )
    assert changed_and_redacted(cast) == ["", ""]
    assert "Aurelia" in Telling.objects.get().items.get().said
