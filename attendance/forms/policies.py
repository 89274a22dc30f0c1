"""What a coordinator types about booking in a programme."""

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from face.fields import ThreeBoxDateField
from face.forms import ChangingMixin, HubForm
from organisations.models import Organisation

_MOST_DAYS = 365


def _whole(least: int, most: int, wanted: str) -> dict[str, Any]:
    """Return what makes an IntegerField one for ``least`` to ``most``, whose errors say what is ``wanted``."""
    sentence = f"Enter {wanted}: {least} to {most}"
    return {
        "min_value": least,
        "max_value": most,
        "widget": forms.NumberInput({"class": "w4"}),
        "error_messages": dict.fromkeys(("invalid", "min_value", "max_value"), sentence),
    }


def _days(least: int = 0) -> dict[str, Any]:
    return {"required": False, **_whole(least, _MOST_DAYS, "how many days before the session")}


class BookingRulesForm(ChangingMixin, HubForm):
    """When booking opens and closes, when freed places are offered, when the list of names is final."""

    opens_on = ThreeBoxDateField(
        label="Booking opens on", required=False, help_text="Leave empty: as soon as a session is open."
    )
    closes_days = forms.IntegerField(
        label="Booking closes, days before the session",
        help_text="For example 2: for a session on Friday, Tuesday is the last day. Leave empty: when it begins.",
        **_days(least=1),
    )
    offer_days = forms.IntegerField(
        label="Offer freed places, days before the session",
        help_text=(
            "Until then the first in line gets a freed place at once. From then on it is offered to one person at a "
            "time. Leave empty: it is always given at once."
        ),
        **_days(),
    )
    offer_hours = forms.IntegerField(
        label="How many hours does each one have to answer?",
        initial=24,
        **_whole(1, 240, "how many hours each one has to answer"),
    )
    freeze_days = forms.IntegerField(
        label="The list of names is final, days before the session",
        help_text=(
            "For venues that check names at the door. From then on nobody books, moves up or sends a colleague; "
            "you can still change it. Leads are told where they have to name places earlier by it. "
            "Leave empty: there is no such day."
        ),
        **_days(),
    )


class QuotaForm(HubForm):
    """How many places one organisation may hold in each session."""

    mark_optional = False

    organisation = forms.ModelChoiceField(
        label="Which organisation?",
        help_text="“Every other partner” is each one that has no quota of its own.",
        queryset=Organisation.objects.none(),
        required=False,
        empty_label="Every other partner",
    )
    seats = forms.IntegerField(
        label="Places in each session",
        help_text="It may have as many, and no more.",
        min_value=0,
        max_value=5_000,
        widget=forms.NumberInput({"class": "w4"}),
    )
    released_on = ThreeBoxDateField(
        label="Released on (optional)",
        required=False,
        help_text="From this day it limits nobody, and anybody may have these places. Leave empty: the quota stays.",
    )

    def __init__(self, *args: Any, organisations: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["organisation"].queryset = organisations

    def clean_released_on(self) -> date | None:
        day = self.cleaned_data["released_on"]
        if day and day <= timezone.localdate():
            raise ValidationError(
                "A quota that is released already limits nobody. Enter a day to come, or leave it empty"
            )
        return day
