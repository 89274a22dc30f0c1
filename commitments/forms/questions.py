"""What is typed about questions: finding them, asking somebody to answer, the answer, raising one for somebody."""

from collections.abc import Collection
from typing import Any

from django import forms
from django.db.models import QuerySet

from accounts.models import Person
from briefings.models import Mandate, Session
from commitments.forms.asking import LOOKS_WHILE_TYPING
from commitments.forms.fields import (
    NO_CASES,
    LongTextField,
    MandateField,
    PersonByNameField,
    SessionField,
    SuggestingInput,
    names_of,
)
from commitments.models import AskedAs, Audience, GovernanceRole, Question, QuestionState
from commitments.queries.questions import UNANSWERED_WORD, anonymous_among, found_by_anybody
from face.fields import HintedRadios
from face.forms import FilterForm, HubForm


class QuestionFilter(FilterForm):
    """Which questions of a list."""

    q = forms.CharField(label="Words or reference", max_length=200)
    state = forms.ChoiceField(
        label="State", choices=[("", "All"), (UNANSWERED_WORD, "Not answered yet"), *QuestionState.choices]
    )
    organisation = forms.TypedChoiceField(label="Organisation", coerce=int, empty_value=None)
    whose = forms.ChoiceField(
        label="Owner", choices=[("", "Anybody"), ("mine", "Me"), ("nobody", "Nobody yet: the coordinator’s")]
    )
    theme = forms.ChoiceField(label="Theme")
    late = forms.BooleanField(label="Only what is late")

    def __init__(
        self, *args: Any, organisations: list[tuple[int, str]], themes: list[tuple[str, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["organisation"].choices = [("", "All"), *organisations]
        self.fields["theme"].choices = [("", "All"), *themes]


class AnswersFilter(FilterForm):
    """Words to look for in published answers, and what they are about."""

    q = forms.CharField(label="Words or reference", max_length=200)
    theme = forms.ChoiceField(label="About")

    def __init__(self, *args: Any, themes: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["theme"].choices = [("", "Everything"), *themes]
        if not themes:
            del self.fields["theme"]


class CommissionForm(HubForm):
    """Whom to ask for an answer."""

    mandate = MandateField(
        label="Who can answer it?",
        help_text="Senior managers who may speak for their organisation in this programme.",
        queryset=Mandate.objects.none(),
        empty_label="Choose one",
    )

    def __init__(self, *args: Any, mandates: QuerySet[Mandate], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["mandate"].queryset = mandates


class AnswerForm(HubForm):
    """The answer, who may read it, and whether a promise goes with it.

    ``held``: the roles that somebody else holds; no other can be asked to clear it. ``vacant`` says which those are.
    """

    words = LongTextField(
        label="Your answer", help_text="Begin with yes, no or not yet. " + NO_CASES, max_length=5000, rows=7
    )
    audience = forms.ChoiceField(label="Who may read it?")
    promise = forms.ChoiceField(
        label="Do you promise something with it?",
        choices=[("no", "No, this is the whole answer"), ("yes", "Yes, I give an assurance")],
        widget=HintedRadios(hints={"yes": "You write its exact words on the next page"}),
        initial="no",
    )

    roles = forms.MultipleChoiceField(
        label="Who should clear it before it is published?",
        choices=GovernanceRole.choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )

    def __init__(
        self,
        *args: Any,
        question: Question,
        may_promise: bool,
        held: Collection[str],
        is_cleared_always: Collection[str] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        roles = self.fields["roles"]
        others = [choice for choice in roles.choices if choice[0] not in is_cleared_always]
        roles.choices = [choice for choice in others if choice[0] in held]
        self.vacant = [str(label) for role, label in others if role not in held]
        self.needed_vacant = [GovernanceRole(role).label for role in is_cleared_always if role not in held]
        if self.vacant:
            roles.help_text = f"Nobody else holds: {', '.join(self.vacant)}. A coordinator gives a role to somebody."
        if not roles.choices:
            del self.fields["roles"]
        if is_cleared_always:
            roles.label = "Who else should clear it?"
        audience = self.fields["audience"]
        audience.choices, hints = _audiences(question)
        audience.widget = HintedRadios(hints=hints, choices=audience.choices)
        audience.initial = Audience.PUBLIC
        if not may_promise or is_cleared_always:
            del self.fields["promise"]


def _audiences(question: Question) -> tuple[list[tuple[str, str]], dict[str, str]]:
    """Return who may be told, and why. An anonymous asker finds the answer only where everybody can."""
    hint = "The words of the question and the answer stand on the programme’s answers page."
    everybody = [(str(Audience.PUBLIC), Audience.PUBLIC.label)]
    is_anonymous = anonymous_among(question)
    if is_anonymous and question.programme.is_public:
        return everybody, {Audience.PUBLIC: f"{hint} Somebody asked it anonymously, and they can find it only there."}
    choices = [(value, label) for value, label in Audience.choices if value != Audience.PUBLIC]
    if is_anonymous:
        choices = [choice for choice in choices if choice[0] in found_by_anybody(question.programme)]
    if question.session_id is None:
        choices = [choice for choice in choices if choice[0] != Audience.ATTENDERS]
    return choices + (everybody if question.programme.is_public else []), {
        Audience.PUBLIC: hint,
        Audience.PRACTITIONERS: "They read it from the page of their own invitation or place.",
    }


ME, ME_HIDDEN, SOMEBODY, NOBODY = "me", "me_by_pseudonym", "somebody", "nobody"
_WHO = {
    ME: "Me, by name",
    ME_HIDDEN: "Me, by pseudonym",
    SOMEBODY: "Somebody else, by name",
    NOBODY: "Nobody: do not keep who asked",
}
_WHO_HINTS = {
    ME_HIDDEN: "No member of staff sees who you are, and we can bring you the answer.",
    SOMEBODY: "They get the answer by e-mail. Only they themselves can ask by pseudonym.",
}


class RaiseForm(HubForm):
    """A question raised for oneself or for somebody else."""

    words = LongTextField(
        label="The question", help_text=NO_CASES, max_length=2000, widget=LongTextField.widget(LOOKS_WHILE_TYPING)
    )
    who = forms.ChoiceField(label="Who asks?", choices=list(_WHO.items()), widget=HintedRadios(hints=_WHO_HINTS))
    person = PersonByNameField(
        label="Their name or e-mail address", help_text="Only where somebody else asks.", required=False
    )
    session = SessionField(
        label="About which session?", queryset=Session.objects.none(), empty_label="None of them", required=False
    )

    def __init__(self, *args: Any, people: QuerySet[Person], sessions: QuerySet[Session], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"].people = people
        self.fields["session"].queryset = sessions

    def clean(self) -> dict:
        """Ask for the name exactly where somebody else asks."""
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("who") == SOMEBODY:
            if not cleaned.get("person") and "person" not in self.errors:
                self.add_error("person", "Enter the name or the e-mail address of who asks")
        else:
            self.errors.pop("person", None)
        return cleaned

    def asked_by(self, me: Person) -> dict[str, Any]:
        """Return ``asked_as`` and ``person`` for the action; ``me`` is who is signed in."""
        who = self.cleaned_data["who"]
        person = {ME: me, ME_HIDDEN: me, SOMEBODY: self.cleaned_data.get("person"), NOBODY: None}[who]
        as_what = {ME_HIDDEN: AskedAs.PSEUDONYM, NOBODY: AskedAs.NOBODY}.get(who, AskedAs.NAME)
        return {"asked_as": as_what, "person": person}


class ScribeForm(HubForm):
    """One question heard in the room: type it, perhaps who, Enter."""

    words = forms.CharField(
        label="The question",
        max_length=2000,
        help_text="In their words. No case details.",
        widget=forms.TextInput(LOOKS_WHILE_TYPING),
    )
    person = PersonByNameField(
        label="Who asked?",
        help_text="Leave this empty where nobody wants to be named.",
        required=False,
        widget=SuggestingInput,
    )

    def __init__(self, *args: Any, people: QuerySet[Person], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"].people = people
        self.fields["person"].widget.names = names_of(people)
