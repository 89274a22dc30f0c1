"""A programme: starting it, its purpose, its policies."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from briefings.models import CoverRule, PlacesRule, Programme
from face.fields import ClockField, HintedRadios, LongTextField, ThreeBoxDateField
from face.forms import ChangingMixin, HubForm, HubModelForm

SCALES = {
    "bilateral": "Two organisations, one dataset, perhaps one session and ten people.",
    "pilot": "Some areas and professions first, to learn from.",
    "major": "Everybody changes how they work, over months.",
}
LONGEST_REMINDER = 60


class ProgrammeForm(HubModelForm):
    """Cleans values for an action; the instance stays what it was, so the heading of a page with errors is true."""

    def _post_clean(self) -> None:
        """The database's own rules are said by ``clean`` in words for people; an action saves."""


class StartForm(ProgrammeForm):
    """The four answers a programme begins with."""

    class Meta:
        model = Programme
        fields = ("name", "scale", "purpose", "nation")
        labels = {
            "name": "Name of the programme",
            "scale": "How large is the change?",
            "purpose": "Purpose",
            "nation": "Where is it?",
        }
        help_texts = {
            "name": "As people will read it in their mail, for example “One Family Plan: Wren Valley pilot”.",
            "purpose": "One or two sentences: what changes for whom. It stands on the programme’s page.",
            "nation": "Its bank holidays do not count as working days.",
        }
        field_classes = {"purpose": LongTextField}
        widgets = {
            "scale": HintedRadios(hints=SCALES),
            "purpose": forms.Textarea({"rows": 4}),
            "nation": forms.RadioSelect,
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("scale", "nation"):
            self.fields[name].choices = [choice for choice in self.fields[name].choices if choice[0]]


class PurposeForm(ChangingMixin, StartForm):
    """What the programme is and when it runs."""

    together = (("starts_on", "ends_on"),)

    starts_on = ThreeBoxDateField(
        label="First day", subject="The first day", required=False, help_text="For example, 7 1 2027"
    )
    ends_on = ThreeBoxDateField(
        label="Last day", subject="The last day", required=False, help_text="Leave it empty while nobody knows."
    )
    is_public = forms.BooleanField(
        label="List its open sessions for everybody",
        required=False,
        help_text="Without this, only invited people find them.",
    )

    class Meta(StartForm.Meta):
        fields = (*(name for name in StartForm.Meta.fields if name != "name"), "starts_on", "ends_on", "is_public")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        starts, ends = cleaned.get("starts_on"), cleaned.get("ends_on")
        if starts and ends and ends < starts:
            self.add_error("ends_on", "The last day must be the first day or later")
        return cleaned


class HalfDaysForm(ChangingMixin, HubForm):
    """When a morning and an afternoon begin and end."""

    together = (("morning_starts", "morning_ends"), ("afternoon_starts", "afternoon_ends"))

    morning_starts = ClockField(label="A morning starts at", help_text="For example, 9:30am")
    morning_ends = ClockField(label="A morning ends at", help_text="For example, 12:30pm")
    afternoon_starts = ClockField(label="An afternoon starts at", help_text="For example, 1:30pm")
    afternoon_ends = ClockField(label="An afternoon ends at", help_text="For example, 4:30pm")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        for slot in ("morning", "afternoon"):
            starts, ends = cleaned.get(f"{slot}_starts"), cleaned.get(f"{slot}_ends")
            if starts and ends and ends <= starts:
                article = "A morning" if slot == "morning" else "An afternoon"
                self.add_error(f"{slot}_ends", f"{article} must end after it starts")
        return cleaned


class DaysField(forms.CharField):
    """Numbers of working days as people type them: "5, 1" or "5 and 1". Gives a list of int; empty for none."""

    def __init__(self, *, falling: bool, **kwargs: Any) -> None:
        self.falling = falling
        super().__init__(required=False, **kwargs)

    def to_python(self, value: Any) -> list[int]:
        texts = re.findall(r"[^\s,;]+", super().to_python(value).replace(" and ", " "))
        if not all(text.isascii() and text.isdigit() and len(text) < 5 for text in texts):
            raise ValidationError("Enter numbers of working days, for example 5, 1", code="invalid")
        days = {int(text) for text in texts}
        if len(days) > 5 or any(not 1 <= day <= LONGEST_REMINDER for day in days):
            raise ValidationError(
                f"Enter at most five numbers of working days, each from 1 to {LONGEST_REMINDER}", code="invalid"
            )
        return sorted(days, reverse=self.falling)

    def run_validators(self, value: list[int]) -> None:
        """The validators of text do not apply to numbers."""

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(str(day) for day in value) if isinstance(value, list | tuple) else value


class RemindersForm(ChangingMixin, HubForm):
    """When people are reminded."""

    reminder_days = DaysField(
        label="Working days before a session on which people with a place are reminded",
        falling=True,
        help_text="For example, 5, 1. Leave it empty for no reminder.",
    )
    invitation_reminder_days = DaysField(
        label="Working days after an invitation on which who has not answered is reminded",
        falling=False,
        help_text="For example, 5, 10. Leave it empty for no reminder.",
    )


class PlacesForm(ChangingMixin, HubForm):
    """How many places one person may take."""

    places_rule = forms.ChoiceField(
        label="How many places may one person take?",
        choices=PlacesRule.choices,
        widget=HintedRadios(
            hints={
                "one": "For the same briefing on several dates.",
                "one_per_session": "For workshops 1 to 4 that the same group takes in order.",
                "unlimited": "Nobody is in two sessions at the same time, whatever you choose.",
            }
        ),
    )


class ServiceStandardForm(ChangingMixin, HubForm):
    """How soon a question is acknowledged and answered."""

    together = (("acknowledge_days", "answer_days"),)

    acknowledge_days = forms.IntegerField(
        label="Working days to acknowledge a question",
        min_value=1,
        max_value=LONGEST_REMINDER,
        help_text="Bank holidays and weekends do not count.",
    )
    answer_days = forms.IntegerField(
        label="Working days to answer it",
        min_value=1,
        max_value=250,
        help_text="Counted from the day on which the question arrives.",
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        first, last = cleaned.get("acknowledge_days"), cleaned.get("answer_days")
        if first and last and last < first:
            self.add_error("answer_days", f"Enter {first} or more: a question is acknowledged before it is answered")
        return cleaned


class CoverForm(ChangingMixin, HubForm):
    """Which senior managers should be at which sessions."""

    together = (("cover_rule", "cover_number"),)

    cover_rule = forms.ChoiceField(
        label="Which senior managers should come?",
        choices=CoverRule.choices,
        widget=HintedRadios(
            hints={
                CoverRule.EVERY_PARTNER: "For few partners or sessions: 8 partners at 14 sessions are 112 half-days of "
                "senior people.",
                CoverRule.AT_LEAST: "Practitioners see senior people at each session, not of each organisation.",
                CoverRule.SHARE: "Each organisation shows its own people that it matters, at some of the sessions.",
                CoverRule.NONE: "Nobody is missed; you can still ask.",
            }
        ),
    )
    cover_number = forms.IntegerField(
        label="How many partners, or what per cent of the sessions?",
        required=False,
        min_value=1,
        max_value=1000,
        help_text="Only for “at least so many partners” (a number, for example 3) and “a share of the sessions” (per "
        "cent, for example 50).",
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        rule, number = cleaned.get("cover_rule"), cleaned.get("cover_number")
        if rule in (CoverRule.EVERY_PARTNER, CoverRule.NONE):
            cleaned["cover_number"] = None
        elif rule == CoverRule.AT_LEAST and number is None and "cover_number" not in self.errors:
            self.add_error("cover_number", "Enter how many partners, for example 2")
        elif rule == CoverRule.SHARE and (number is None or number > 100) and "cover_number" not in self.errors:
            self.add_error("cover_number", "Enter a share from 1 to 100 per cent, for example 50")
        return cleaned


class PublishingForm(ChangingMixin, HubForm):
    """What of the reach everybody may read."""

    publishes_reach = forms.BooleanField(
        label="Publish the reach by organisation",
        required=False,
        help_text="As of the first of the month, rounded to fives. Numbers under five are hidden, and more with them, "
        "so that nobody can work them out. Only for a programme whose sessions are listed for everybody.",
    )
