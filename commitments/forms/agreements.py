"""What is typed about agreements: finding them, their words and dates, signing for an organisation."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.text import Truncator

from briefings.models import Mandate
from commitments.clocks import PLANNED_WITHIN
from commitments.forms.fields import NO_CASES, LongTextField, MandateField
from commitments.models import Agreement, Outcome, Standing, digest_of
from commitments.queries.agreements import EARLY
from face.fields import HintedRadios, ThreeBoxDateField
from face.forms import ChangingMixin, FilterForm, HubForm
from organisations.models import Organisation

USUAL_REVIEW = timedelta(days=365)
NOT_THAT_ONE = "You may not sign any more for the organisation for which you opened this page. Read for which you may"
FOR_SEVERAL = "I endorse these words for the organisation that I chose"


class AgreementFilter(FilterForm):
    """Which agreements of a list or a matrix."""

    q = forms.CharField(label="Words or reference", max_length=200)
    standing = forms.ChoiceField(
        label="State", choices=[("", "All"), (EARLY, "In use before endorsed"), *Standing.choices]
    )
    organisation = forms.ModelChoiceField(label="Partner", queryset=Organisation.objects.none(), empty_label="All")
    outcome = forms.ChoiceField(
        label="What the partner says", choices=[("", "Anything"), ("waits", "Nothing yet"), *Outcome.choices]
    )

    def __init__(self, *args: Any, organisations: QuerySet[Organisation], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["organisation"].queryset = organisations


class WordsForm(HubForm):
    """The words of a version and until when they hold."""

    title = forms.CharField(
        label="A few words to find it by", max_length=120, help_text="Not part of what is endorsed. For example: Keys"
    )
    words = LongTextField(
        label="The words that are endorsed",
        help_text=f"One or two sentences. Once proposed they cannot be changed. {NO_CASES}",
        max_length=2000,
        rows=4,
    )
    review_on = ThreeBoxDateField(
        label="Review it by",
        subject="The review date",
        help_text="It holds until that day. After it the agreement has lapsed.",
    )

    seen = forms.CharField(widget=forms.HiddenInput, required=False, max_length=64)

    def __init__(self, *args: Any, today: date, has_title: bool = True, changes: bool = False, **kwargs: Any) -> None:
        kwargs["initial"] = {"review_on": today + USUAL_REVIEW, **kwargs.get("initial", {})}
        super().__init__(*args, **kwargs)
        self.fields["review_on"].not_before = today + timedelta(days=1)
        self.fields["review_on"].not_after = today + PLANNED_WITHIN
        if not has_title:
            del self.fields["title"]
        if not changes:
            del self.fields["seen"]


class ProposeForm(HubForm):
    """By when partners are asked to answer."""

    endorse_by = ThreeBoxDateField(label="Answer by", subject="The day to answer by")
    seen = forms.CharField(widget=forms.HiddenInput, required=False, max_length=64)

    def __init__(self, *args: Any, today: date, review_on: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["endorse_by"].not_before = today + timedelta(days=1)
        self.fields["endorse_by"].not_after = review_on - timedelta(days=1)


class InUseForm(HubForm):
    """Since when people work by it."""

    since = ThreeBoxDateField(label="Since when do people work by it?", subject="The day")

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, initial={"since": today}, **kwargs)
        self.fields["since"].not_after = today


class AgreementField(forms.ModelChoiceField):
    """Another agreement, by reference and title."""

    def label_from_instance(self, agreement: Agreement) -> str:
        return f"{agreement.reference}: {Truncator(agreement.title).chars(90)}"


class ReplaceForm(HubForm):
    """Which other agreement takes its place, and why."""

    replacement = AgreementField(
        label="Which agreement takes its place?", queryset=Agreement.objects.none(), empty_label="Choose one"
    )
    reason = LongTextField(label="Why?", help_text="Everybody who was asked reads this.", max_length=500, rows=3)

    def __init__(self, *args: Any, others: QuerySet[Agreement], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["replacement"].queryset = others


class SignForm(HubForm):
    """What an organisation says of the words, by whoever speaks for it."""

    mark_optional = False

    seen = forms.CharField(widget=forms.HiddenInput, max_length=64)
    mandate = MandateField(
        label="For which organisation do you sign?", queryset=Mandate.objects.none(), empty_label="Choose one"
    )
    outcome = forms.ChoiceField(
        label="What does it say?",
        choices=Outcome.choices,
        widget=HintedRadios(
            hints={
                Outcome.NOTED: "The words stand as they are; the note is kept beside them",
                Outcome.DECLINED: "With the reason, so that better words can be found",
            }
        ),
    )
    note = LongTextField(
        label="The note, or the reason for declining",
        help_text=f"Everybody in the programme reads it, and it is kept for good. {NO_CASES}",
        max_length=2000,
        rows=4,
        required=False,
    )
    statement = forms.BooleanField(label=FOR_SEVERAL, required=False)

    def __init__(self, *args: Any, mandates: QuerySet[Mandate], words: str, **kwargs: Any) -> None:
        kwargs["initial"] = {"seen": digest_of(words), **kwargs.get("initial", {})}
        super().__init__(*args, **kwargs)
        self.fields["mandate"].queryset = mandates
        self.only = list(mandates[:2])
        if len(self.only) == 1:
            # Posted all the same: who read the statement for one organisation never signs for another.
            self.fields["mandate"].widget = forms.HiddenInput()
            self.fields["mandate"].initial = self.only[0].pk
            self.fields["statement"].label = f"I endorse these words for {self.only[0].organisation.name}"

    def clean(self) -> dict:
        """Ask for the tick where it is endorsed, and for words where it is noted or declined."""
        cleaned = super().clean() or self.cleaned_data
        if len(self.only) == 1 and "mandate" in self.errors:
            del self.errors["mandate"]
            self.data = {**self.data.dict(), "mandate": str(self.only[0].pk), "statement": ""}
            self.add_error(None, NOT_THAT_ONE)
            return cleaned
        outcome = cleaned.get("outcome")
        if outcome in (Outcome.ENDORSED, Outcome.NOTED) and not cleaned.get("statement"):
            self.add_error("statement", "Tick the statement to endorse the words")
        if outcome == Outcome.NOTED and not cleaned.get("note") and "note" not in self.errors:
            self.add_error("note", "Enter the note")
        if outcome == Outcome.DECLINED and not cleaned.get("note") and "note" not in self.errors:
            self.add_error("note", "Enter the reason for declining")
        return cleaned

    def signed(self) -> dict[str, Any]:
        """Return what ``endorse`` takes of it."""
        cleaned = self.cleaned_data
        return {
            "mandate": cleaned["mandate"],
            "outcome": cleaned["outcome"],
            "note": cleaned["note"],
            "seen": cleaned["seen"],
        }


class PassOnForm(HubForm):
    """Which colleague is asked instead."""

    mandate = MandateField(
        label="Who is asked instead?",
        queryset=Mandate.objects.none(),
        widget=forms.RadioSelect,
        empty_label=None,
        error_messages={"required": "Choose who is asked instead"},
    )

    def __init__(self, *args: Any, mandates: QuerySet[Mandate], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["mandate"].queryset = mandates


class AgreementRulesForm(ChangingMixin, HubForm):
    """How a programme has its agreements endorsed."""

    endorse_days = forms.IntegerField(
        label="Working days to answer",
        min_value=1,
        max_value=60,
        help_text="From the day on which a version is proposed. It can be changed each time.",
        widget=forms.NumberInput(attrs={"class": "w2"}),
    )
    needs_second_step = forms.BooleanField(
        label="Signing needs an authenticator app",
        required=False,
        help_text="Who signs confirms with a code of the app, after the code that we send by e-mail.",
    )
