"""Who has which part in a programme: roles and mandates."""

from datetime import date
from typing import Any

from django import forms

from accounts.models import Person
from briefings.models import Programme, ProgrammeRole
from briefings.words import ROLE_DOES
from face.fields import HintedRadios, ThreeBoxDateField
from face.forms import HubForm
from organisations.models import Organisation


class NamedPersonForm(HubForm):
    """A person by e-mail address; the name is needed for somebody who is not known yet."""

    email = forms.EmailField(
        label="E-mail address",
        max_length=254,
        help_text="The work address. A code is sent to it to sign in.",
    )
    name = forms.CharField(
        label="Full name",
        max_length=300,
        required=False,
        help_text="Only for somebody who is not known here yet.",
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        address = Person.objects.clean_email(cleaned.get("email"))
        self.person = Person.objects.filter(email=address).first() if address else None
        if address and not self.person and not cleaned.get("name") and "name" not in self.errors:
            self.add_error("name", "Nobody is known by this address yet. Enter the full name")
        return cleaned


class AppointForm(NamedPersonForm):
    """A role for one person."""

    role = forms.ChoiceField(
        label="Which role?",
        choices=ProgrammeRole.choices,
        widget=HintedRadios(hints={role: f"{does[0].upper()}{does[1:]}." for role, does in ROLE_DOES.items()}),
    )
    field_order = ("role", "email", "name")


class AssistantForm(NamedPersonForm):
    """Somebody who answers for a senior manager, and until when."""

    last_day = ThreeBoxDateField(
        label="Until which day?",
        subject="The last day",
        required=False,
        help_text="Leave it empty where no end is known. You can end it on any day.",
    )
    field_order = ("email", "name", "last_day")

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["last_day"].not_before = today


class MandateForm(NamedPersonForm):
    """That somebody may speak for a partner organisation, and who said so."""

    organisation = forms.ModelChoiceField(
        Organisation.objects.none(), label="For which organisation?", empty_label="Choose an organisation"
    )
    job_title = forms.CharField(label="Job title", max_length=200)
    since = ThreeBoxDateField(label="From which day?", subject="The first day")
    confirmed_by = forms.CharField(
        label="Who confirmed it?",
        max_length=200,
        help_text="For example, “The chief executive, by e-mail”.",
    )
    confirmed_on = ThreeBoxDateField(
        label="When was it confirmed?", subject="The day on which it was confirmed", help_text="For example, 7 1 2027"
    )
    field_order = ("organisation", "email", "name", "job_title", "since", "confirmed_by", "confirmed_on")

    def __init__(self, *args: Any, programme: Programme, today: date, **kwargs: Any) -> None:
        super().__init__(*args, initial={"since": today, "confirmed_on": today}, **kwargs)
        self.fields["organisation"].queryset = Organisation.objects.filter(partnerships__programme=programme)
        self.fields["confirmed_on"].not_after = today
