"""What the lead of an organisation types who books a team."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from crispy_forms.layout import Layout
from django import forms

from accounts.models import Person
from attendance.models import TeamRule
from face.dates import day, day_without_year
from face.fields import PARTS, ThreeBoxDateField
from face.forms import FilterForm, HubForm
from face.paging import Page


class ColleaguesField(forms.ModelMultipleChoiceField):
    """Colleagues by name, to tick."""

    def label_from_instance(self, person: Person) -> str:
        waits_on = getattr(person, "waits_on", None)
        return f"{person.name} (waits for {day_without_year(waits_on)})" if waits_on else person.name


class NamesForm(HubForm):
    """Which colleagues come.

    Of many only those found on one page, and whoever is ticked already, stand in the form: ``look`` in what was sent
    turns to another page, and keeps the ticks.
    """

    layout = Layout()  # the template draws the people, with their pages
    mark_optional = False

    find = forms.CharField(label="Find a colleague by name", max_length=100, required=False)
    people = ColleaguesField(
        label="Who comes?",
        queryset=Person.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        help_text="Colleagues in scope of the programme who have no place in it yet.",
        error_messages={"required": "Tick who comes"},
    )

    def __init__(self, *args: Any, people: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["people"].queryset = people

    @classmethod
    def as_typed(cls, data: Any, **kwargs: Any) -> "NamesForm":
        """Return the form as it was filled in, without looking for mistakes yet: another page is looked at."""
        return cls(initial=cls._typed(data), **kwargs)

    @classmethod
    def _typed(cls, data: Any) -> dict[str, Any]:
        return {"find": data.get("find", ""), "people": ids_in(data.getlist("people"))}

    def show(self, found: Page, ticked: list[Person]) -> None:
        """Offer the people of one page to tick, after those who are ticked already."""
        others = [person for person in found.rows if person not in ticked]
        people = self.fields["people"]
        people.widget.choices = [(person.pk, people.label_from_instance(person)) for person in (*ticked, *others)]


class HeirField(forms.ModelChoiceField):
    """One colleague by name."""

    label_from_instance = ColleaguesField.label_from_instance


class HeirForm(NamesForm):
    """Which colleague comes instead of another."""

    people = HeirField(
        label="Who comes instead?",
        queryset=Person.objects.none(),
        widget=forms.RadioSelect,
        empty_label=None,
        help_text="Colleagues in scope of the programme who have no place in it yet.",
        error_messages={"required": "Choose who comes instead"},
    )

    @classmethod
    def _typed(cls, data: Any) -> dict[str, Any]:
        typed = super()._typed(data)
        return {**typed, "people": next(iter(typed["people"]), None)}


class TeamForm(NamesForm):
    """Who comes, how many places get a name later, and what happens where not all fit."""

    layout = Layout("unnamed", "names_until", "rule")  # after the people

    unnamed = forms.IntegerField(
        label="How many more places get a name later? (optional)",
        min_value=0,
        max_value=50,
        required=False,
        error_messages={
            "invalid": "Enter how many more places get a name later as a number, for example 3",
            "min_value": "Enter how many more places get a name later: 0 or more",
            "max_value": "A team has 50 places without a name or fewer",
        },
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

    def __init__(self, *args: Any, people: Any, last: Any, today: Any, **kwargs: Any) -> None:
        super().__init__(*args, people=people, **kwargs)
        self.fields["people"].required = False
        self.last, self.today = last, today
        if last > today:
            latest = day(last - timedelta(days=1))
            hint = f"{latest} at the latest. Places without a name go back by themselves after this day."
            self.fields["names_until"].help_text = hint

    @classmethod
    def _typed(cls, data: Any) -> dict[str, Any]:
        typed = {name: data.get(name) for name in ("unnamed", "rule") if data.get(name)}
        return {**super()._typed(data), **typed, "names_until": [data.get(f"names_until_{part}") for part in PARTS]}

    def clean_unnamed(self) -> int:
        return self.cleaned_data["unnamed"] or 0

    def clean(self) -> dict:
        cleaned = super().clean()
        cleaned.pop("find", None)
        until = cleaned.get("names_until")
        if cleaned.get("unnamed") and self.last <= self.today:
            self.add_error("unnamed", "It is too late for names to follow. Tick everybody who comes")
        elif cleaned.get("unnamed") and not until and "names_until" not in self.errors:
            self.add_error("names_until", "Enter the last day to name the places that have no name yet")
        if until and not self.today <= until < self.last:
            self.add_error("names_until", f"Enter a day from today to {day(self.last - timedelta(days=1))}")
        return cleaned


def ids_in(texts: Iterable[str]) -> list[int]:
    """Return those of ``texts`` that can be the number of a row."""
    return [int(text) for text in texts if text.isascii() and text.isdecimal() and len(text) < 19]


class ColleagueSearch(FilterForm):
    """Whose name has these words."""

    find = forms.CharField(label="Find a colleague by name", max_length=100)
