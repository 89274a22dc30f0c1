"""What somebody answers, and what is asked."""

from collections.abc import Iterable
from typing import Any

from crispy_forms.layout import Fieldset, Layout
from django import forms

from face.forms import HubForm
from surveys.actions.attitudes import is_pair_code
from surveys.models import SCALE, Method, Opening, Point, Statement

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


class CodeForm(HubForm):
    """The code that is shown in the room."""

    code = forms.CharField(
        label="The code",
        help_text="Six letters and figures, as they are shown in the room or in our e-mail.",
        widget=forms.TextInput({"class": "w10", "autocomplete": "off", "autocapitalize": "characters"}),
    )

    def clean_code(self) -> str:
        """Return the code of a point that takes answers."""
        code = "".join(self.cleaned_data["code"].split()).upper()
        if not Opening.objects.filter(code=code, closed_on__isnull=True).exists():
            raise forms.ValidationError("No statements are open under this code. Look at it again", code="unknown")
        return code


class AttitudesForm(AnswerForm):
    """The statements at one point. Where answers are paired, ``fresh`` is a new code, ``pair`` the one somebody kept.

    A fresh code goes with every form, so that sending it twice counts once.
    """

    pair = forms.CharField(
        label="Your own code from the first time",
        help_text="Eight letters and figures such as K7QM-2XTB. Leave this empty if you have none: your answers count, "
        "but cannot be compared with earlier ones.",
        widget=forms.TextInput({"class": "w10", "autocomplete": "off", "autocapitalize": "characters"}),
        required=False,
    )
    fresh = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, opening: Opening, fresh: str, **kwargs: Any) -> None:
        asked = opening.questionnaire
        times = ("Before the workshops", "Now") if asked.method == Method.RETROSPECTIVE else ("",)
        kwargs.setdefault("initial", {"fresh": fresh})
        super().__init__(*args, statements=asked.statements.all(), times=times, **kwargs)
        if opening.point not in (Point.AFTER, Point.LATER):
            del self.fields["pair"]
        self.layout = Layout(*[each for each in self.layout.fields if each != "pair" or "pair" in self.fields])

    def clean_pair(self) -> str:
        """Return the typed code; refuse what cannot be one."""
        typed = self.cleaned_data["pair"]
        if typed and not is_pair_code(typed):
            raise forms.ValidationError("Your code must have 8 letters and figures, such as K7QM-2XTB", code="form")
        return typed

    def clean_fresh(self) -> str:
        """Refuse what we did not make: a code that is easily guessed is no code."""
        if not is_pair_code(self.cleaned_data["fresh"]):
            raise forms.ValidationError("Open the page again", code="form")
        return self.cleaned_data["fresh"]

    def has_own_pair(self) -> bool:
        """Return whether somebody typed the code they kept."""
        return bool(self.cleaned_data.get("pair"))

    def pair_code(self) -> str:
        """Return the code under which the sheet is kept."""
        return self.cleaned_data.get("pair") or self.cleaned_data["fresh"]


def _flat(parts: list) -> set[str]:
    return {name for part in parts for name in (part.fields if isinstance(part, Fieldset) else [part])}
