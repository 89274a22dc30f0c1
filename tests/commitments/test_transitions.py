"""The way of a question is one table: the document shows it, the actions move by it, the history can name it."""

from pathlib import Path

import pytest
from django.conf import settings

from commitments.models import MOVES, UNANSWERED, QuestionState
from commitments.models.transitions import diagram, table
from history import verbs

DOCUMENT = Path(settings.BASE_DIR) / "docs" / "questions.md"


@pytest.mark.parametrize("part", [diagram, table])
def test_the_document_shows_the_table(part):
    """Where this fails, put what ``part()`` returns into docs/questions.md."""
    assert part() in DOCUMENT.read_text()


@pytest.mark.parametrize("verb", MOVES)
def test_the_history_says_every_move_in_words(verb):
    assert verb in _words_of_questions()


def _words_of_questions() -> set[str]:
    return {key.rpartition("|")[2] for key in verbs._words if key.startswith("commitments.question|")}


def test_every_state_can_be_reached_and_what_is_owed_can_be_left():
    reached = {target for move in MOVES.values() for target in move.targets}
    assert reached | {QuestionState.RAISED} == set(QuestionState)
    for state in UNANSWERED:
        assert any(move.leads(state, QuestionState.ANSWERED) or state in move.sources for move in MOVES.values())
        assert MOVES["put_out_of_scope"].leads(state, QuestionState.OUT_OF_SCOPE)


@pytest.mark.parametrize("end", [QuestionState.OUT_OF_SCOPE, QuestionState.WITHDRAWN])
def test_nothing_leads_out_of_an_end(end):
    assert [move.verb for move in MOVES.values() if end in move.sources] == []
