"""What is typed about assurances: finding them, giving one, the evidence that it was kept."""

from datetime import date
from typing import Any

from django import forms
from django.db.models import QuerySet

from briefings.models import Mandate, Session
from commitments.forms.fields import (
    NO_CASES,
    ByWhenMixin,
    LongTextField,
    MandateField,
    QuestionsField,
    SessionField,
    SeveralFilesField,
)
from commitments.models import AssuranceKind, AssuranceState, Question
from commitments.queries.assurances import UNENDED_WORD
from face.forms import FilterForm, HubForm


class AssuranceFilter(FilterForm):
    """Which assurances of a list."""

    q = forms.CharField(label="Words or reference", max_length=200)
    state = forms.ChoiceField(
        label="State", choices=[("", "All"), (UNENDED_WORD, "Not ended yet"), *AssuranceState.choices]
    )
    organisation = forms.TypedChoiceField(label="Organisation", coerce=int, empty_value=None)
    kind = forms.ChoiceField(label="Kind", choices=[("", "All"), *AssuranceKind.choices])
    late = forms.BooleanField(label="Only what is late")
    unkept = forms.BooleanField(label="Only what somebody has to take over")
    evidence = forms.BooleanField(label="Only with evidence")

    def __init__(self, *args: Any, organisations: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["organisation"].choices = [("", "All"), *organisations]


class PromiseForm(ByWhenMixin, HubForm):
    """The exact words of a promise and its day; who speaks where that is not plain."""

    mandate = MandateField(label="Who promised it?", queryset=Mandate.objects.none(), empty_label="Choose one")
    words = LongTextField(
        label="The exact words",
        help_text=f"As they are said: they cannot be changed afterwards. {NO_CASES}",
        max_length=2000,
        rows=4,
    )
    field_order = ("mandate", "words", "kind", "by_when", "due_on")

    def __init__(
        self, *args: Any, mandates: QuerySet[Mandate], today: date, nation: str, is_own: bool, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["mandate"]
        field.queryset = mandates
        if is_own:
            field.label = "For which organisation do you speak?"
            self.only = list(mandates[:2])
            if len(self.only) == 1:
                del self.fields["mandate"]
        self.set_days(today, nation)

    def promise(self) -> dict[str, Any]:
        """Return what ``note_assurance`` takes of it."""
        cleaned = self.cleaned_data
        return {
            "mandate": cleaned.get("mandate") or self.only[0],
            "words": cleaned["words"],
            "due_on": cleaned["due_on"],
        }


class GiveForm(PromiseForm):
    """A promise with what it is for."""

    kind = forms.ChoiceField(
        label="What do you promise?",
        choices=AssuranceKind.choices,
        widget=forms.RadioSelect,
        initial=AssuranceKind.ADDRESSED,
    )
    is_ongoing = forms.BooleanField(
        label="It goes on: review it on that day", required=False, help_text="For what is not done once and for all."
    )
    for_everybody = forms.BooleanField(
        label="It is for everybody in the programme", required=False, help_text="Not for one session or question alone."
    )
    session = SessionField(
        label="For a session", queryset=Session.objects.none(), empty_label="None of them", required=False
    )
    questions = QuestionsField(
        label="For questions", queryset=Question.objects.none(), widget=forms.CheckboxSelectMultiple, required=False
    )

    def __init__(self, *args: Any, sessions: QuerySet[Session], questions: QuerySet[Question], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["session"].queryset = sessions
        self.fields["questions"].queryset = questions
        if not questions.exists():
            del self.fields["questions"]

    def promise(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        return super().promise() | {
            "kind": cleaned["kind"],
            "for_everybody": cleaned["for_everybody"],
            "is_ongoing": cleaned["is_ongoing"],
            "session": cleaned["session"],
            "questions": cleaned.get("questions") or (),
        }


class EvidenceForm(HubForm):
    """How one can see that it was kept."""

    evidence = LongTextField(
        label="What was done, and where can one see it?",
        help_text=f"For example a date, a document, who can confirm it. {NO_CASES}",
        max_length=3000,
        rows=5,
    )
    files = SeveralFilesField(label="Files that show it", required=False)


WHO_HEARS = "Whoever else sees to it is told. Where the day moves further away, so is whoever asked about it."


class ReviewForm(ByWhenMixin, HubForm):
    """How an assurance stands, and when to look at it again."""

    words = LongTextField(label="How does it stand?", help_text=f"{WHO_HEARS} {NO_CASES}", max_length=2000, rows=4)
    field_order = ("words", "by_when", "due_on")

    def __init__(self, *args: Any, today: date, nation: str, is_ongoing: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["by_when"].label = "When is it reviewed again?" if is_ongoing else "Kept by when?"
        self.set_days(today, nation)


class HandoverForm(HubForm):
    """Who is asked to take an assurance over."""

    mandate = MandateField(
        label="Who is asked to take it over?",
        queryset=Mandate.objects.none(),
        widget=forms.RadioSelect,
        empty_label=None,
        error_messages={"required": "Choose who is asked to take it over"},
    )

    def __init__(self, *args: Any, mandates: QuerySet[Mandate], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["mandate"].queryset = mandates
