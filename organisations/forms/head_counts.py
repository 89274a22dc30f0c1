"""What is asked about head-counts: of whom to ask them, and the numbers themselves."""

from typing import Any

from crispy_forms.layout import Fieldset, Layout
from django import forms
from django.utils import timezone

from accounts.models import Person
from face.fields import ThreeBoxDateField
from face.forms import HubForm
from organisations.actions.head_counts import MOST_NUMBERS
from organisations.forms.organisations import AreaChoice, NameField, area_words
from organisations.forms.people import AreasChoice
from organisations.models import Area, HeadCountRequest, Organisation, Profession

MOST = 1_000_000


class AskForm(HubForm):
    """Whom to ask, and for which professions and areas."""

    leads = forms.ModelMultipleChoiceField(
        Person.objects.none(), label="Leads to ask", required=False, widget=forms.CheckboxSelectMultiple
    )
    name = NameField(label="Name of somebody else to ask", max_length=300, required=False)
    email = forms.EmailField(
        label="Their e-mail address", max_length=254, required=False, widget=forms.EmailInput({"autocomplete": "off"})
    )
    professions = forms.ModelMultipleChoiceField(
        Profession.objects.all(), label="Professions", widget=forms.CheckboxSelectMultiple
    )
    areas = AreasChoice(Area.objects.none(), label="Areas", help_text="The numbers are asked for each of them.")

    def __init__(self, *args: Any, organisation: Organisation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        leads = organisation.leads.on(timezone.localdate()).values("person")
        people = Person.objects.filter(pk__in=leads, is_active=True, email__isnull=False).order_by("sort_name", "pk")
        self.fields["leads"].queryset = people
        self.fields["leads"].initial = list(people)
        self.fields["areas"].queryset = Area.objects.select_related("parent")
        if not people:
            del self.fields["leads"]

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        if values.get("email") and not values.get("name") and "name" not in self.errors:
            self.add_error("name", "Enter the name of whom to ask at this address")
        if values.get("name") and not values.get("email") and "email" not in self.errors:
            self.add_error("email", f"Enter the e-mail address of {values['name']}")
        if not (values.get("leads") or values.get("name") or self.errors):
            sentence = "Tick a lead, or enter a name and an e-mail address"
            self.add_error("leads" if "leads" in self.fields else "name", sentence)
        asked = len(values.get("professions") or ()) * len(values.get("areas") or ())
        if asked > MOST_NUMBERS:
            self.add_error(
                "areas", f"That makes {asked} numbers, more than {MOST_NUMBERS}. Tick fewer areas or ask twice"
            )
        return values


class NumberField(forms.IntegerField):
    """How many people: a whole number, none is 0, empty is not said."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=0, max_value=MOST, required=False, **kwargs)

    def to_python(self, value: Any) -> int | None:
        # "1,200" is how people write it; a very long text is slow to read as a number.
        text = str(value or "").strip().replace(",", "").replace(" ", "")
        return super().to_python(text if len(text) <= 20 else "x")


class OneNumberForm(HubForm):
    """One number that somebody said by telephone or letter, and when."""

    profession = forms.ModelChoiceField(Profession.objects.all(), label="Profession", empty_label="Choose a profession")
    area = AreaChoice(Area.objects.none(), label="Area", empty_label="Choose an area")
    number = NumberField(label="How many work there?")
    counted_on = ThreeBoxDateField(
        label="On which day was that so?",
        subject="The day",
        not_after=timezone.localdate,
        initial=timezone.localdate,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["area"].queryset = Area.objects.select_related("parent")
        self.fields["number"].required = True


class NumbersForm(HubForm):
    """One number for each profession in each area of ``request``; ``known`` are the numbers said last."""

    mark_optional = False

    def __init__(self, *args: Any, request: HeadCountRequest, known: dict[tuple[int, int], int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.professions = list(request.professions.all())
        self.areas = list(request.areas.select_related("parent"))
        for area in self.areas:
            for profession in self.professions:
                field = NumberField(
                    label=profession.name,
                    initial=known.get((profession.pk, area.pk)),
                    widget=forms.TextInput({"inputmode": "numeric", "class": "w4", "autocomplete": "off"}),
                )
                field.error_messages |= _sentences(profession, area)
                self.fields[_name(profession, area)] = field
        self.layout = Layout(*(self._fieldset(area) for area in self.areas))

    def _fieldset(self, area: Area) -> Fieldset:
        return Fieldset(area_words(area), *(_name(profession, area) for profession in self.professions))

    def numbers(self) -> dict[tuple[int, int], int]:
        """Return what was said, by (profession id, area id); what was left empty is not said."""
        said = {
            (profession.pk, area.pk): self.cleaned_data.get(_name(profession, area))
            for area in self.areas
            for profession in self.professions
        }
        return {key: number for key, number in said.items() if number is not None}


def _name(profession: Profession, area: Area) -> str:
    return f"n{profession.pk}_{area.pk}"


def _sentences(profession: Profession, area: Area) -> dict[str, str]:
    what = f"{profession.name} in {area.name}".replace("%", "%%")
    return {
        "invalid": f"{what}: enter a whole number, for example 25",
        "min_value": f"{what}: enter 0 or more",
        "max_value": f"{what}: enter {MOST:,} or less",
    }
