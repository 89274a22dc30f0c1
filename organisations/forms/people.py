"""What is asked about people and what ties them to organisations, and the filter of the list of people."""

from datetime import date
from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.functional import cached_property

from accounts.models import Person, sort_key
from face.fields import NameChoice, ThreeBoxDateField
from face.forms import ChangingMixin, FilterForm, HubForm
from organisations.forms.organisations import AreaChoice, NameField, area_words
from organisations.models import Affiliation, Area, Organisation, Profession
from organisations.rules import affiliations_visible_to, organisations_kept_by, organisations_visible_to

HERE, LEFT = "here", "left"
_MOST_BY_NUMBER = 100


class AreasChoice(forms.ModelMultipleChoiceField):
    """Several areas, each said with the larger one it lies in."""

    widget = forms.CheckboxSelectMultiple

    def label_from_instance(self, area: Area) -> str:
        return area_words(area)


class NamedForm(ChangingMixin, HubForm):
    """Name and address of a person."""

    name = NameField(label="Full name", max_length=300, widget=forms.TextInput({"autocomplete": "off"}))
    email = forms.EmailField(
        label="E-mail address",
        max_length=254,
        required=False,
        widget=forms.EmailInput({"autocomplete": "off"}),
        help_text="The address at work. Without one, a person cannot be invited by mail.",
    )

    def clean_email(self) -> str | None:
        return Person.objects.clean_email(self.cleaned_data["email"])


class AffiliationForm(ChangingMixin, HubForm):
    """What somebody does at one organisation. ``person`` is who fills the form in."""

    organisation = forms.ModelChoiceField(Organisation.objects.none(), label="Organisation")
    profession = forms.ModelChoiceField(
        Profession.objects.all(), label="Profession", required=False, empty_label="Not known"
    )
    areas = AreasChoice(Area.objects.none(), label="Areas", required=False)
    staff_number = forms.CharField(
        label="Staff number", max_length=60, required=False, help_text="As it stands in the staff list."
    )
    since = ThreeBoxDateField(label="Since when?", subject="The first day", initial=timezone.localdate)

    def __init__(self, *args: Any, person: Person, organisation: Organisation | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["areas"].queryset = Area.objects.select_related("parent")
        if organisation is not None:
            del self.fields["organisation"]
            return
        kept = organisations_kept_by(person)
        self.fields["organisation"].queryset = kept
        only = list(kept[:2])
        if len(only) == 1:
            self.fields["organisation"].initial = only[0]


class PersonForm(AffiliationForm, NamedForm):
    """Somebody new on the staff list of an organisation."""

    field_order = ("name", "email", "organisation", "profession", "areas", "staff_number", "since")


class LeaveForm(HubForm):
    """The day on which somebody left; the first day without them is the one after."""

    last_day = ThreeBoxDateField(
        label="What was, or is, the last day there?", subject="The last day", initial=timezone.localdate
    )


class PeopleFilter(FilterForm):
    """Search in the list of people by part of a name or address or a whole staff number; choose what ties them."""

    q = forms.CharField(
        label="Name, e-mail address or staff number", max_length=100, widget=forms.TextInput({"type": "search"})
    )
    organisation = NameChoice(Organisation.objects.none(), label="Organisation", empty_label="All organisations")
    profession = NameChoice(Profession.objects.all(), label="Profession", empty_label="All professions")
    area = AreaChoice(Area.objects.none(), label="Area", empty_label="All areas")
    left = forms.ChoiceField(label="Here or left", choices=[("", "Both"), (HERE, "Here now"), (LEFT, "Left")])

    def __init__(self, *args: Any, person: Person, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person = person
        self.fields["organisation"].queryset = organisations_visible_to(person)
        self.fields["area"].queryset = Area.objects.select_related("parent")

    def narrow(self, found: QuerySet[Person], on: date) -> QuerySet[Person]:
        """Return those of ``found`` who fit what was typed and chosen on the local day ``on``."""
        found = found.filter(self.typed)
        chosen = {name: self.value(name) for name in ("organisation", "profession") if self.value(name)}
        area = self.value("area")
        if area:
            chosen["areas__path__startswith"] = area.path
        ties = affiliations_visible_to(self.person).filter(**chosen)
        if self.value("left") == LEFT:
            here = Affiliation.objects.filter(**chosen).on(on).values("person")
            return found.filter(pk__in=ties.filter(until__lte=on).values("person")).exclude(pk__in=here)
        if self.value("left") == HERE:
            return found.filter(pk__in=ties.on(on).values("person"))
        return found.filter(pk__in=ties.known_on(on).values("person")) if chosen else found

    @cached_property
    def typed(self) -> Q:
        """The condition on the person that was typed."""
        words, typed = (self.value("q") or "").lower().split(), Q()
        for word in words:
            fits = Q(email__contains=word)
            parts = [] if "@" in word else sort_key(word).split()
            if parts:
                fits |= Q(*(Q(sort_name__contains=part) for part in parts))
            if len(words) == 1 and len(word) <= 60:
                fits |= Q(pk__in=self._ids_by_number(self.value("q").strip()))
            typed &= fits
        return typed

    def _ids_by_number(self, number: str) -> list[int]:
        # The ids themselves, not a subquery, so that the indexes of names and addresses stay in use.
        ties = affiliations_visible_to(self.person).filter(staff_number__in={number, number.upper(), number.lower()})
        return list(ties.values_list("person_id", flat=True)[:_MOST_BY_NUMBER])
