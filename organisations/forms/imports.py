"""What is asked on the way of a staff list: the file, what unknown names mean, who has left."""

import hashlib
from typing import Any

from django import forms
from django.db.models import QuerySet

from accounts.models import Person
from face.forms import FilterForm, HubForm
from organisations.models import Area, NameKind, Organisation, Profession, RowFate
from organisations.rules import can_manage_organisations, organisations_visible_to

NEW, SKIP = "new", "skip"
WAITING = "waiting"
"""In the address of a list of rows: those that have no fate yet."""

Option = tuple[str, str]


class UploadForm(HubForm):
    """A file, and whose people are in it. A lead of one organisation is asked for the file alone."""

    file = forms.FileField(
        label="Staff list",
        help_text="A CSV or XLSX file of up to 200,000 rows, with the heads of the columns in the first row.",
        max_length=200,
        widget=forms.FileInput({"accept": ".csv,.tsv,.txt,.xlsx"}),
    )
    organisation = forms.ModelChoiceField(Organisation.objects.none(), label="Whose people are in it?")

    def __init__(self, *args: Any, person: Person, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.own = list(organisations_visible_to(person)[:2]) if not can_manage_organisations(person) else []
        field = self.fields["organisation"]
        field.queryset = organisations_visible_to(person).filter(ended_on__isnull=True)
        if len(self.own) == 1:
            del self.fields["organisation"]
        elif self.own:
            field.empty_label = "Choose an organisation"
        else:
            field.required, field.empty_label = False, "Several organisations: the file says which"

    def organisation_chosen(self) -> Organisation | None:
        """Return the organisation whose people alone may be in the file, or None where the file says it."""
        return self.own[0] if len(self.own) == 1 else self.cleaned_data["organisation"]


def prefix_of(kind: str, words: str) -> str:
    """Return by what the answer about a name is known: the same while others decide about names beside it."""
    return f"{kind}-{hashlib.sha256(words.encode()).hexdigest()[:16]}"


def options_of(kind: str) -> list[Option]:
    """Return everything of ``kind`` that a name can mean, by name; an area with the one that it lies in."""
    if kind == NameKind.AREA:
        areas = Area.objects.select_related("parent")
        return [(str(area.pk), f"{area.name} (in {area.parent.name})" if area.parent else area.name) for area in areas]
    found: QuerySet = Profession.objects.all()
    if kind == NameKind.ORGANISATION:
        found = Organisation.objects.filter(ended_on__isnull=True)
    return [(str(pk), name) for pk, name in found.values_list("pk", "name")]


_NOUNS = {NameKind.ORGANISATION: "organisation", NameKind.PROFESSION: "profession", NameKind.AREA: "area"}


class NameForm(HubForm):
    """What one name that nobody knows means. An empty answer puts the decision off."""

    choice = forms.ChoiceField(required=False)
    mark_optional = False

    def __init__(self, *args: Any, name: Any, options: list[Option], may_make: bool, **kwargs: Any) -> None:
        super().__init__(*args, prefix=prefix_of(name.kind, name.words), **kwargs)
        self.name = name
        noun = _NOUNS[name.kind]
        field = self.fields["choice"]
        field.label = f"“{name.words}”"
        near = _near(name, options)
        field.help_text = f"In {name.rows:,} {'row' if name.rows == 1 else 'rows'}"
        field.help_text += f". Most alike: {near[0][1]}" if near else ""
        field.choices = _choices(near, noun, options, may_make)

    @property
    def decided(self) -> str:
        """What was chosen: the id of an object, "new" or "skip"; empty where the decision is put off."""
        return self.cleaned_data.get("choice", "") if self.is_valid() else ""


class RestForm(HubForm):
    """What becomes of the names that are not answered one by one, where there are more than one page of them."""

    choice = forms.ChoiceField(label="What about all the other names?", required=False)
    mark_optional = False

    def __init__(self, *args: Any, may_make: bool, **kwargs: Any) -> None:
        super().__init__(*args, prefix="rest", **kwargs)
        decisions = [("", "Decide later"), (NEW, "Make each of them new"), (SKIP, "Leave all their rows out")]
        self.fields["choice"].choices = [each for each in decisions if may_make or each[0] != NEW]
        self.fields["choice"].help_text = "It counts for every name that you have not decided above, on all pages."


def _near(name: Any, options: list[Option]) -> list[Option]:
    """Return those of ``options`` that the name may mean, the most alike first."""
    words = dict(options)
    return [(str(one.pk), words[str(one.pk)]) for one in name.suggestions if str(one.pk) in words]


def _choices(near: list[Option], noun: str, options: list[Option], may_make: bool) -> list[Any]:
    known = {pk for pk, _ in near}
    decisions = [(SKIP, "Leave these rows out")]
    if may_make:
        decisions.insert(0, (NEW, f"Make it a new {noun}"))
    groups: list[Any] = [("", "Decide later")]
    groups += [("Perhaps it means", near)] if near else []
    groups += [("It is something else", decisions)]
    others = [(pk, words) for pk, words in options if pk not in known]
    return [*groups, *([(f"It means this {noun}", others)] if others else [])]


class RowFilter(FilterForm):
    """Which rows of a staff list are shown."""

    fate = forms.ChoiceField(
        label="What becomes of the row",
        choices=[
            ("", "Every row"),
            *((fate.value, fate.label) for fate in RowFate if fate.value),
            (WAITING, "Waits for a decision"),
        ],
    )


class MissingForm(HubForm):
    """Who of those missing from a new list has left: ticks, or everybody."""

    people = forms.ModelMultipleChoiceField(
        queryset=None,
        label="Who has left?",
        error_messages={
            "required": "Tick who has left, or go back to the result",
            "invalid_choice": "Somebody you ticked is no longer missing. Look at the list again",
            "invalid_pk_value": "Somebody you ticked is no longer missing. Look at the list again",
        },
    )

    def __init__(self, *args: Any, missing: QuerySet, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["people"].queryset = missing
