"""What is typed when a question is passed on, joined, redacted, given more time, or its answer is cleared."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.db.models import QuerySet

from briefings.models import Mandate
from commitments.clocks import PLANNED_WITHIN
from commitments.forms.fields import NO_CASES, LongTextField, MandateField, ReasonForm
from commitments.models import Question
from face.fields import HintedRadios, ThreeBoxDateField
from face.forms import HubForm


class TransferForm(ReasonForm):
    """To whom a question is passed on, and why."""

    mandate = MandateField(
        label="Who can answer it?",
        help_text="Senior managers who may speak for their organisation in this programme.",
        queryset=Mandate.objects.none(),
        empty_label="Choose one",
    )
    field_order = ("mandate", "reason")

    def __init__(self, *args: Any, mandates: QuerySet[Mandate], **kwargs: Any) -> None:
        super().__init__(*args, label="Why is it theirs?", hint="Whoever is asked now reads it.", **kwargs)
        self.fields["mandate"].queryset = mandates


class MergeForm(HubForm):
    """The question that asks the same: one of those that look alike, or another by its reference."""

    OTHER = "other"
    into = forms.ChoiceField(label="Which question asks the same?", widget=HintedRadios(hints={}))
    reference = forms.CharField(
        label="Reference of the other question", max_length=16, required=False, help_text="For example OFP-Q7K2MN4P."
    )

    def __init__(self, *args: Any, alike: list[Question], choices: QuerySet[Question], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.choices = choices
        field = self.fields["into"]
        shown = [(str(each.pk), f"{each.reference}: {each.words}") for each in alike]
        field.choices = [*shown, (self.OTHER, "Another one, by its reference")]
        field.initial = shown[0][0] if shown else self.OTHER

    def clean(self) -> dict:
        """Find the question that was chosen, as ``found``."""
        cleaned = super().clean() or self.cleaned_data
        into, typed = cleaned.get("into"), (cleaned.get("reference") or "").strip()
        if into == self.OTHER and not typed:
            self.add_error("reference", "Enter the reference of the other question")
        elif into == self.OTHER:
            cleaned["found"] = self.choices.filter(reference__iexact=typed).first()
            if cleaned["found"] is None:
                self.add_error("reference", "There is no other question with this reference in this programme")
        elif into:
            cleaned["found"] = self.choices.filter(pk=into).first()
        return cleaned


class HoldingForm(HubForm):
    """How it stands, for who asked."""

    words = LongTextField(
        label="What do you tell them?",
        help_text="Say what you are waiting for. Whoever asked gets it by e-mail; the due date stays. " + NO_CASES,
        max_length=2000,
    )


class RedactForm(HubForm):
    """The words without what must not stay."""

    words = LongTextField(
        label="The words as they may stay",
        help_text="Take out what must go, or put [removed] in its place. The words above are then destroyed for good.",
        max_length=5000,
        rows=7,
    )


class ThemeForm(HubForm):
    """What a question is about."""

    theme = forms.ChoiceField(label="Theme", required=False)

    def __init__(self, *args: Any, themes: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["theme"].choices = [("", "None"), *themes]


_READ_BY = "Whoever asked reads it. "


class PauseForm(ReasonForm):
    """Until when the clock stands still, and why."""

    until = ThreeBoxDateField(
        label="Until which day?", help_text="The clock goes on by itself then, for example 27 3 2027."
    )
    field_order = ("reason", "until")

    def __init__(self, *args: Any, today: date, is_told: bool, **kwargs: Any) -> None:
        hint = f"{_READ_BY if is_told else ''}For example: the law changes next month."
        super().__init__(*args, label="Why does it wait?", hint=hint, **kwargs)
        self.fields["until"].initial = today + timedelta(weeks=2)


class ExtendForm(ReasonForm):
    """The new due date, and why."""

    due_on = ThreeBoxDateField(label="New due date", help_text="A working day, for example 27 3 2027.")
    field_order = ("due_on", "reason")

    def __init__(self, *args: Any, today: date, is_told: bool, **kwargs: Any) -> None:
        super().__init__(*args, label="Why does it take longer?", hint=_READ_BY.strip() if is_told else "", **kwargs)
        self.fields["due_on"].not_after = today + PLANNED_WITHIN
