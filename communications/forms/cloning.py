"""What another programme takes along, and its dates, each to be changed."""

import re
from collections.abc import Iterable
from datetime import date
from typing import Any

from django import forms

from communications.forms.days import earliest, latest
from communications.queries.cloning import Date, Part
from face.dates import day_plain
from face.fields import ThreeBoxDateField
from face.forms import HubForm, prepare


class OneBoxDateField(forms.CharField):
    """A date in one box, for a table with many of them: "3 12 2026", "3 December 2026" or "3/12/2026"."""

    widget = forms.TextInput({"class": "w14", "autocomplete": "off"})

    def clean(self, value: Any) -> date:
        parts = re.split(r"[\s/.-]+", super().clean(value).strip(), maxsplit=2)
        parts += [""] * (3 - len(parts))
        return ThreeBoxDateField(subject=str(self.label), not_before=earliest, not_after=latest).clean(parts)

    def prepare_value(self, value: Any) -> Any:
        return day_plain(value) if isinstance(value, date) else value


class CloneForm(HubForm):
    """The name, the first day, and what is taken along."""

    name = forms.CharField(label="Name of the new programme", max_length=200)
    first = ThreeBoxDateField(
        label="On which day does it begin?",
        subject="The first day",
        not_before=earliest,
        not_after=latest,
        help_text="The earliest date goes there, the others keep their distance. The same weekday keeps every weekday.",
    )
    parts = forms.MultipleChoiceField(
        label="What is taken along?",
        choices=Part.choices,
        widget=forms.CheckboxSelectMultiple,
        initial=Part.values,
        help_text="Never people: no roles, mandates, presenters, places or invitations.",
    )


class DatesForm(HubForm):
    """Every date that moves. ``rows()`` gives each with its field."""

    def __init__(self, *args: Any, dates: Iterable[Date], **kwargs: Any) -> None:
        self.dates = list(dates)
        super().__init__(*args, **kwargs)
        for each in self.dates:
            label = f"{each.what}: {each.words[:60]}"
            self.fields[each.key] = OneBoxDateField(label=label, initial=each.after, max_length=40)
            prepare(self.fields[each.key])

    def rows(self) -> list[tuple[Date, Any]]:
        """Return the dates in their order, each with its field."""
        return [(each, self[each.key]) for each in self.dates]
