"""Whom a programme is for: partner organisations, areas, professions."""

from datetime import date
from typing import Any

from django import forms

from briefings.models import Partner, Programme
from face.fields import ThreeBoxDateField
from face.forms import ChangingMixin, HubForm
from organisations.models import Area, Organisation, Profession


class AreaChoices(forms.ModelMultipleChoiceField):
    """Areas as ticks, each with the larger ones it lies in."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(Area.objects.select_related("parent__parent").order_by("path"), **kwargs)

    def label_from_instance(self, area: Area) -> str:
        larger = [each.name for each in (area.parent, area.parent and area.parent.parent) if each]
        return f"{area.name} ({', '.join(larger)})" if larger else area.name


class ScopeForm(ChangingMixin, HubForm):
    """Every area or only some; every profession or only some.

    ``was_areas`` and ``was_professions`` say what was ticked when the page was made, so that what somebody else
    ticked meanwhile stays.
    """

    every_area = forms.ChoiceField(
        label="Which areas?",
        choices=[("yes", "Every area"), ("no", "Only these areas")],
        widget=forms.RadioSelect,
    )
    areas = AreaChoices(
        label="Areas in scope",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Smaller areas inside a ticked one count too.",
    )
    every_profession = forms.ChoiceField(
        label="Which professions?",
        choices=[("yes", "Every profession"), ("no", "Only these professions")],
        widget=forms.RadioSelect,
    )
    professions = forms.ModelMultipleChoiceField(
        Profession.objects.all(),
        label="Professions in scope",
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    was_areas = forms.CharField(required=False, widget=forms.HiddenInput)
    was_professions = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, programme: Programme, **kwargs: Any) -> None:
        areas, professions = list(programme.areas.all()), list(programme.professions.all())
        initial = {
            "every_area": "yes" if programme.every_area else "no",
            "areas": areas,
            "every_profession": "yes" if programme.every_profession else "no",
            "professions": professions,
            "was_areas": ",".join(str(area.pk) for area in areas),
            "was_professions": ",".join(str(profession.pk) for profession in professions),
        }
        super().__init__(*args, initial=initial, **kwargs)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        for every, some, word in (("every_area", "areas", "area"), ("every_profession", "professions", "profession")):
            if cleaned.get(every) == "no" and some in cleaned and not cleaned[some]:
                self.add_error(some, f"Tick at least one {word}, or choose every {word}")
        return cleaned

    @property
    def changes(self) -> dict[str, Any]:
        """Return the arguments of ``change_scope``: what was chosen, added and taken away on this page."""
        found = super().changes
        chosen = {name: found[name] == "yes" for name in ("every_area", "every_profession") if name in found}
        return chosen | self._moved("areas", Area) | self._moved("professions", Profession)

    def _moved(self, name: str, model: type) -> dict[str, list]:
        texts = self.cleaned_data[f"was_{name}"].split(",")
        was = {int(text) for text in texts if text.isascii() and text.isdigit() and len(text) < 10}
        chosen = {row.pk for row in self.cleaned_data[name]}
        gone = model.objects.filter(pk__in=was - chosen)
        return {
            f"add_{name}": [row for row in self.cleaned_data[name] if row.pk not in was],
            f"remove_{name}": list(gone),
        }


class PartnersForm(HubForm):
    """Organisations that join, and from which day."""

    organisations = forms.ModelMultipleChoiceField(
        Organisation.objects.none(), label="Organisations", widget=forms.CheckboxSelectMultiple
    )
    since = ThreeBoxDateField(
        label="From which day?", subject="The first day", help_text="People count from this day. For example, 7 1 2027"
    )

    def __init__(self, *args: Any, programme: Programme, today: date, **kwargs: Any) -> None:
        super().__init__(*args, initial={"since": today}, **kwargs)
        taking_part = Partner.objects.filter(programme=programme).values("organisation")
        there = Organisation.objects.filter(ended_on__isnull=True) | Organisation.objects.filter(ended_on__gt=today)
        self.fields["organisations"].queryset = there.exclude(pk__in=taking_part)


class PartnerForm(ChangingMixin, HubForm):
    """From which day and until which day one organisation takes part."""

    together = (("since", "until"),)

    since = ThreeBoxDateField(label="From which day?", subject="The first day")
    until = ThreeBoxDateField(
        label="From which day does it no longer take part?",
        subject="The day on which it no longer takes part",
        required=False,
        help_text="Leave it empty while it takes part.",
    )
