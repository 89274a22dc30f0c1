"""What somebody types who checks in by the code in the room."""

from typing import Any

from django import forms
from django.db.models import QuerySet

from accounts.models import Person
from face.forms import HubForm
from organisations.models import Organisation

_CODE = {"autocomplete": "off", "spellcheck": "false", "autocapitalize": "characters", "class": "w10"}


class RoomCodeForm(HubForm):
    """The code from the screen."""

    code = forms.CharField(label="Code on the screen in the room", max_length=20, widget=forms.TextInput(_CODE))


class HereForm(HubForm):
    """Who is here: enough for a place to be found, or for a walk-in."""

    email = forms.EmailField(
        label="Your work e-mail address",
        help_text="We look for your place by it. It is not kept where there is none.",
        max_length=254,
        widget=forms.EmailInput({"autocomplete": "email"}),
    )
    name = forms.CharField(
        label="Your name", max_length=300, widget=forms.TextInput({"autocomplete": "name", "spellcheck": "false"})
    )
    organisation = forms.ModelChoiceField(
        Organisation.objects.none(), label="Your organisation", empty_label="Choose your organisation"
    )

    def __init__(self, *args: Any, organisations: QuerySet[Organisation], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["organisation"].queryset = organisations

    def clean_email(self) -> str:
        return Person.objects.clean_email(self.cleaned_data["email"]) or ""
