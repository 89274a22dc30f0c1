"""What is typed on the screen of a workshop, and about its actions."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.db.models import QuerySet

from accounts.models import Person
from commitments.clocks import PLANNED_WITHIN
from commitments.forms.fields import NO_CASES, LongTextField, PersonByNameField, SuggestingInput, names_of
from commitments.models import ActionState, OutputKind, Term, Theme
from face.fields import HintedRadios, ThreeBoxDateField
from face.forms import ChangingMixin, FilterForm, HubForm

USUAL_TIME = timedelta(weeks=4)
_HINTS = {
    OutputKind.BARRIER: "What stands in the way. Choose a theme below",
    OutputKind.ACTION: "Somebody does something by a day. They are told by e-mail and reminded until it is done",
    OutputKind.EXPECTATION: "What people expect, in the short or the long term",
    OutputKind.AGREEMENT: "One or two sentences that the organisations could endorse later",
    OutputKind.QUOTATION: "In their words. Nobody’s name is kept",
}


class OutputForm(HubForm):
    """One thing that was said or settled: what it is, its words, and what belongs to its kind."""

    mark_optional = False

    kind = forms.ChoiceField(
        label="What is it?", choices=OutputKind.choices, widget=HintedRadios(hints=_HINTS), initial=OutputKind.BARRIER
    )
    words = LongTextField(label="The words", help_text=NO_CASES, max_length=1000, rows=3)
    theme = forms.ChoiceField(
        label="Theme of a concern or barrier", choices=[("", "Choose a theme"), *Theme.choices], required=False
    )
    term = forms.ChoiceField(
        label="Term of an expectation", choices=[("", "Choose short or long"), *Term.choices], required=False
    )
    owner = PersonByNameField(label="Owner of an action", required=False, widget=SuggestingInput)
    due_on = ThreeBoxDateField(label="By when is the action done?", subject="The day", required=False)

    def __init__(self, *args: Any, people: QuerySet[Person], today: date, **kwargs: Any) -> None:
        kwargs["initial"] = {"due_on": today + USUAL_TIME, **kwargs.get("initial", {})}
        super().__init__(*args, **kwargs)
        self.fields["owner"].people = people
        self.fields["owner"].widget.names = names_of(people)
        self.fields["due_on"].not_before = today
        self.fields["due_on"].not_after = today + PLANNED_WITHIN

    def clean(self) -> dict:
        """Ask for what the kind needs and leave the rest out."""
        cleaned = super().clean() or self.cleaned_data
        needs = _NEEDS.get(cleaned.get("kind"), {})
        for name in ("theme", "term", "owner", "due_on"):
            if name not in needs:
                self.errors.pop(name, None)
                cleaned[name] = None if name in ("owner", "due_on") else ""
            elif not cleaned.get(name) and name not in self.errors:
                self.add_error(name, needs[name])
        return cleaned


_NEEDS = {
    OutputKind.BARRIER: {"theme": "Choose the theme of the concern or barrier"},
    OutputKind.EXPECTATION: {"term": "Choose short or long term"},
    OutputKind.ACTION: {
        "owner": "Enter the name or the e-mail address of who does it",
        "due_on": "Enter the day by which it is done",
    },
}


class ChangeActionForm(ChangingMixin, HubForm):
    """Who does it now, and by when."""

    owner = PersonByNameField(label="Who does it?", widget=SuggestingInput)
    due_on = ThreeBoxDateField(label="By when is it done?", subject="The day")

    def __init__(self, *args: Any, people: QuerySet[Person], today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].people = people
        self.fields["owner"].widget.names = names_of(people)
        self.fields["due_on"].not_before = today
        self.fields["due_on"].not_after = today + PLANNED_WITHIN


class EndForm(HubForm):
    """How an action ends."""

    how = forms.ChoiceField(
        label="How does it end?",
        choices=[(ActionState.DONE, "It is done"), (ActionState.DROPPED, "It is not needed any more")],
        widget=forms.RadioSelect,
        initial=ActionState.DONE,
    )
    words = LongTextField(label="What was done, or why is it not needed?", help_text=NO_CASES, max_length=500, rows=3)


class OutputFilter(FilterForm):
    """Which outputs of a programme."""

    q = forms.CharField(label="Words", max_length=200)
    kind = forms.ChoiceField(label="What", choices=[("", "Everything"), *OutputKind.choices])
    theme = forms.ChoiceField(label="Theme", choices=[("", "All"), *Theme.choices])
    open = forms.BooleanField(label="Only actions that are open")
