"""What somebody answers, and what is asked."""

from collections.abc import Iterable
from typing import Any

from crispy_forms.layout import Fieldset, Layout
from django import forms

from face.forms import HubForm
from surveys.models import SCALE, Statement

_CHOICES = [(str(value), words) for value, words in SCALE.items()]


class AnswerForm(HubForm):
    """One answer of the scale to each statement; asked in one sitting, first as it was then and then as it is now."""

    def __init__(
        self, *args: Any, statements: Iterable[Statement], times: Iterable[str] = ("",), **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        parts, statements = [], list(statements)
        for number, time in enumerate(times):
            names = [self._ask(statement, number, time) for statement in statements]
            parts += [Fieldset(time, *names)] if time else names
        self.layout = Layout(*[name for name in self.fields if name not in _flat(parts)], *parts)

    def answers(self) -> list[int]:
        """Return the answers in the order in which they were asked."""
        asked = [name for name in self.fields if name.startswith("answer_")]
        return [int(self.cleaned_data[name]) for name in asked]

    def _ask(self, statement: Statement, number: int, time: str) -> str:
        name = f"answer_{number}_{statement.position}"
        about = f"“{statement.words}”" + (f" ({time.lower()})" if time else "")
        self.fields[name] = forms.ChoiceField(
            label=statement.words,
            choices=_CHOICES,
            widget=forms.RadioSelect,
            error_messages={
                "required": f"Choose an answer to {about}",
                "invalid_choice": f"Choose one of the answers shown to {about}",
            },
        )
        return name


def _flat(parts: list) -> set[str]:
    return {name for part in parts for name in (part.fields if isinstance(part, Fieldset) else [part])}
