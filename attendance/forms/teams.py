"""What the lead of an organisation types who books a team."""

import uuid
from collections.abc import Iterable
from typing import Any

from crispy_forms.layout import Layout
from django import forms
from django.core.exceptions import ValidationError

from accounts.models import Person
from attendance.models import TeamRule
from face.fields import PARTS, ThreeBoxDateField
from face.forms import FilterForm, HubForm
from face.paging import Page


class ColleaguesField(forms.ModelMultipleChoiceField):
    """Colleagues by name, to tick."""

    def label_from_instance(self, person: Person) -> str:
        return person.name


class TeamForm(HubForm):
    """Who comes, how many places get a name later, and what happens where not all fit.

    Of many colleagues only those found on one page, and whoever is ticked already, stand in the form: ``look`` in what
    was sent turns to another page, and keeps the ticks.
    """

    layout = Layout("unnamed", "names_until", "rule")  # the template puts the people before them, with their pages
    mark_optional = False

    find = forms.CharField(label="Find a colleague by name", max_length=100, required=False)
    people = ColleaguesField(
        label="Who comes?",
        queryset=Person.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Colleagues in scope of the programme who have no place in it yet.",
    )
    unnamed = forms.IntegerField(
        label="How many more places get a name later? (optional)",
        min_value=0,
        max_value=50,
        required=False,
        widget=forms.NumberInput({"class": "w4"}),
    )
    names_until = ThreeBoxDateField(
        label="Last day to name them",
        required=False,
        help_text="Places without a name go back by themselves after this day.",
    )
    rule = forms.ChoiceField(
        label="What if not all of you fit?", choices=TeamRule, widget=forms.RadioSelect, initial=TeamRule.FIT
    )
    press = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)

    def __init__(self, *args: Any, people: Any, last: Any, today: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["people"].queryset = people
        self.last, self.today = last, today

    @classmethod
    def as_typed(cls, data: Any, **kwargs: Any) -> "TeamForm":
        """Return the form as it was filled in, without looking for mistakes yet: another page is looked at."""
        parts = [data.get(f"names_until_{part}") for part in PARTS]
        typed = {name: data.get(name) for name in ("find", "unnamed", "rule", "press") if data.get(name)}
        return cls(initial={**typed, "names_until": parts, "people": ids_in(data.getlist("people"))}, **kwargs)

    def show(self, found: Page, ticked: list[Person]) -> None:
        """Offer the people of one page to tick, after those who are ticked already."""
        others = [person for person in found.rows if person not in ticked]
        self.fields["people"].widget.choices = [(person.pk, person.name) for person in (*ticked, *others)]

    def clean_unnamed(self) -> int:
        return self.cleaned_data["unnamed"] or 0

    def clean(self) -> dict:
        cleaned = super().clean()
        cleaned.pop("find", None)
        until = cleaned.get("names_until")
        if cleaned.get("unnamed") and not until and "names_until" not in self.errors:
            self.add_error("names_until", "Enter the last day to name the places that have no name yet")
        if until and not self.today <= until < self.last:
            self.add_error("names_until", ValidationError("Enter a day from today to the day before the session"))
        return cleaned


def ids_in(texts: Iterable[str]) -> list[int]:
    """Return those of ``texts`` that can be the number of a row."""
    return [int(text) for text in texts if text.isascii() and text.isdecimal() and len(text) < 19]


class NameForm(HubForm):
    """Who gets a place that has no name yet."""

    person = forms.ModelChoiceField(
        label="Who comes?", queryset=Person.objects.none(), empty_label="Choose a colleague"
    )

    def __init__(self, *args: Any, people: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"].queryset = people
        self.fields["person"].label_from_instance = lambda person: person.name


class ColleagueSearch(FilterForm):
    """Whose name has these words."""

    find = forms.CharField(label="Find a colleague by name", max_length=100)
