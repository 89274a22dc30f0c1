"""What somebody types who books without an invitation."""

from typing import Any

from django import forms

from accounts.models import Person
from briefings.models import Programme
from briefings.queries import area_ids_in_scope
from face.forms import HubForm
from organisations.models import Area, Organisation, Profession


class AddressForm(HubForm):
    """A work address; whether it is known is nobody's business here."""

    email = forms.EmailField(
        label="Your work e-mail address",
        help_text="We send a code to this address. Your organisation follows from it.",
        max_length=254,
    )

    def clean_email(self) -> str:
        return Person.objects.clean_email(self.cleaned_data["email"]) or ""


class OrganisationForm(HubForm):
    """Which of the organisations that share a mail domain."""

    organisation = forms.ModelChoiceField(
        label="Which organisation do you work for?",
        queryset=Organisation.objects.none(),
        widget=forms.RadioSelect,
        empty_label=None,
    )

    def __init__(self, *args: Any, organisations: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["organisation"].queryset = organisations


class RequestForm(HubForm):
    """A request to the coordinator where the organisation is not known by the address."""

    name = forms.CharField(label="Your name", max_length=200, widget=forms.TextInput({"autocomplete": "name"}))
    organisation = forms.CharField(label="Your organisation", max_length=200)
    words = forms.CharField(
        label="Anything the coordinator should know",
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=1000,
        required=False,
    )


class CodeForm(HubForm):
    """The code from the mail; spaces, dashes and small letters do not matter."""

    code = forms.CharField(
        label="Code from the e-mail",
        help_text="8 letters, for example BCDF-GHJK. The dash does not matter.",
        max_length=40,
        widget=forms.TextInput({"autocomplete": "one-time-code", "spellcheck": "false", "class": "w10"}),
    )

    def clean_code(self) -> str:
        return "".join(letter for letter in self.cleaned_data["code"].upper() if letter.isalnum())


class DetailsForm(HubForm):
    """Name, profession and area of somebody who is not known yet."""

    name = forms.CharField(label="Your full name", max_length=200, widget=forms.TextInput({"autocomplete": "name"}))
    profession = forms.ModelChoiceField(
        label="Your profession", queryset=Profession.objects.all(), empty_label="Choose a profession"
    )
    area = forms.ModelChoiceField(
        label="Where you mostly work", queryset=Area.objects.all(), empty_label="Choose an area"
    )

    def why_not(self, programme: Programme) -> list[str]:
        """Return why these answers do not make somebody eligible for ``programme``, in words; [] where they do."""
        reasons = []
        profession, area = self.cleaned_data["profession"], self.cleaned_data["area"]
        if not programme.every_profession and not programme.professions.filter(pk=profession.pk).exists():
            reasons.append(f"it is not for the profession {profession.name}")
        areas = area_ids_in_scope(programme)
        if areas is not None and area.pk not in areas:
            reasons.append(f"it is not for people who work in {area.name}")
        return reasons
