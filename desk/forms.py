"""The filters of the desk's lists."""

from django import forms
from django.apps import apps

from face.fields import ThreeBoxDateField
from face.forms import FilterForm
from history.fields import KeyField

_KEY = r"^\s*(?:[a-z_]+\.[a-z_]+:[0-9]+|[A-Za-z ]+ [0-9]+)\s*$"


class TraceFilter(FilterForm):
    """Whose data, who looked or acted, which object, between which days."""

    person = forms.CharField(label="Whose data", max_length=200)
    who = forms.CharField(label="Who looked or acted", max_length=200)
    about = KeyField(regex=_KEY, label="Which one, for example Session 12", max_length=120)
    since = ThreeBoxDateField(label="From")
    until = ThreeBoxDateField(label="To")

    def clean_about(self) -> str:
        """Return the key of what was typed as the list shows it, "Session 12", or as the history keeps it."""
        typed = self.cleaned_data["about"].strip()
        if not typed or ":" in typed:
            return typed
        name, _, number = typed.lower().rpartition(" ")
        kinds = (each._meta for each in apps.get_models() if each._meta.model_name == name.replace(" ", ""))
        return next((f"{kind.label_lower}:{number}" for kind in kinds), typed)


BY = [("organisation", "Organisation"), ("profession", "Profession"), ("area", "Area"), ("cell", "All three")]


class ReachFilter(FilterForm):
    """Of which organisation, profession and area the reach is shown, and by what its lines are."""

    organisation = forms.ChoiceField(label="Organisation")
    profession = forms.ChoiceField(label="Profession")
    area = forms.ChoiceField(label="Area")
    by = forms.ChoiceField(label="A line for each", choices=BY)

    def __init__(self, *args, names: dict[str, dict[int | None, str]], own: frozenset[int] | None, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.usual = "organisation" if own is None else "profession"
        """What a line is for where nothing was chosen: for who sees one organisation its professions."""
        # What is chosen so stands first, where a list shows what nobody has chosen.
        self.fields["by"].choices = sorted(BY, key=lambda choice: choice[0] != self.usual)
        for name, words in names.items():
            known = sorted(((str(pk), each) for pk, each in words.items() if pk), key=lambda pair: pair[1].casefold())
            self.fields[name].choices = [("", "All"), *known]

    def chosen(self) -> list[dict[str, str]]:
        """Return what is filtered by; the kind of line is no filter."""
        return [each for each in super().chosen() if each["name"] != "by"]
