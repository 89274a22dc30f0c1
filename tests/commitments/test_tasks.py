"""The clock of questions and assurances, as the timetable asks for it."""

from datetime import timedelta
from importlib import import_module

import pytest
import time_machine

from commitments import tasks
from commitments.actions import references
from history.alone import AllFailed
from messaging.models import Message
from tests.commitments.factories import NOW, Cast
from tests.commitments.refused import Town
from tests.commitments.test_assurances import given

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("breaks", "kind"),
    [
        ("commitments.messages.questions.remind", "commitments.question_reminder"),
        ("commitments.messages.assurances.remind", "commitments.assurance_reminder"),
        ("commitments.messages.outputs.remind", "commitments.action_reminder"),
        ("commitments.messages.references.remind", "commitments.reference_review"),
    ],
)
def test_what_fails_for_one_keeps_no_other_waiting(breaks, kind, monkeypatch, caplog):
    town, later = Town(), NOW + timedelta(days=29)
    for _ in range(2):
        town.question()
        town.given()
        town.action()
        references.add_reference(
            programme=town.programme, kind="procedure", title="Keys", version="1", organisation=town.organisation,
            link="https://example.org/keys", effective_from=NOW.date(), review_on=later.date(), **town.by,
        )  # fmt: skip
    module, name = breaks.rsplit(".", 1)
    remind, failed = getattr(import_module(module), name), []

    def fails_once(own, *args, **options):
        if not failed:
            failed.append(own)
            raise RuntimeError("a row that nobody thought of")
        return remind(own, *args, **options)

    monkeypatch.setattr(breaks, fails_once)
    with time_machine.travel(later, tick=False):
        tasks.remind_due()
        kinds = set(Message.objects.filter(created_at=later).values_list("kind", flat=True))
        assert kinds >= {
            "commitments.question_reminder", "commitments.assurance_reminder", "commitments.action_reminder",
            "commitments.reference_review",
        }  # fmt: skip
        told = Message.objects.filter(kind=kind).count()
        assert str(failed[0].pk) in caplog.text
        tasks.remind_due()
        assert Message.objects.filter(kind=kind).count() > told, "and the one has its turn next time"


def test_where_all_fails_the_rest_has_its_turn_and_the_clock_says_so(monkeypatch, caplog):
    town = Town()
    for _ in range(2):
        town.question()
        town.given()

    def fails(*args, **options):
        raise RuntimeError("a fault in what is told")

    monkeypatch.setattr("commitments.messages.questions.remind", fails)
    later = NOW + timedelta(days=29)
    with time_machine.travel(later, tick=False), pytest.raises(AllFailed, match="Reminding of a question failed for"):
        tasks.remind_due()
    assert "Reminding of a question failed for" in caplog.text
    assert Message.objects.filter(kind="commitments.assurance_reminder").exists()


def test_what_is_due_is_sent_once():
    cast = Cast()
    cast.question()
    given(cast)
    with time_machine.travel(NOW, tick=False):
        assert (tasks.remind_due(), tasks.remind_due()) == (1, 0)
    with time_machine.travel(NOW + timedelta(days=29), tick=False):
        assert (tasks.remind_due(), tasks.remind_due()) == (2, 0)
    assert Message.objects.filter(kind__endswith="_reminder").count() == 3
