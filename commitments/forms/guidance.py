"""What is typed of guidance: titles, sections, comments and their answers, what is new, references."""

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db.models import QuerySet
from django.utils.text import Truncator

from commitments.clocks import PLANNED_WITHIN
from commitments.forms.fields import NO_CASES, LongTextField
from commitments.models import AgreementVersion, CommentState, Reference, ReferenceKind
from commitments.queries.standing import Endorsed
from face.fields import ThreeBoxDateField
from face.forms import ChangingMixin, FilterForm, HubForm
from organisations.models import Organisation

MARKDOWN = (
    "Write plainly. An empty line begins a paragraph, “- ” a list, “### ” a heading; **two stars** make bold, "
    "[words](https://example.org) a link."
)


class TitleForm(HubForm):
    """The title of a document."""

    title = forms.CharField(label="Title", help_text="For example “Working together in Wren House”.", max_length=200)


class SectionForm(HubForm):
    """One section. ``version`` is the one that was opened: whoever was quicker is not written over."""

    title = forms.CharField(label="Heading of the section", max_length=200)
    words = LongTextField(label="Words", help_text=MARKDOWN, max_length=20_000, rows=16)
    version = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=0, max_value=2**31 - 1)


class VersionsField(forms.ModelMultipleChoiceField):
    """Agreements to tick, by reference and words."""

    def label_from_instance(self, version: AgreementVersion) -> str:
        words = Truncator(version.words).chars(160)
        return (
            f"{version.agreement.reference}, version {version.number} ({version.get_state_display().lower()}): {words}"
        )


class AgreementsForm(HubForm):
    """On which agreements a section stands; with ``is_new`` also its heading."""

    title = forms.CharField(label="Heading of the section", max_length=200)
    versions = VersionsField(
        label="Which agreements?",
        help_text="Their words are put into the section, where you can write on. It stays known which version it was.",
        queryset=AgreementVersion.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose an agreement at least"},
    )

    def __init__(self, *args: Any, versions: QuerySet[AgreementVersion], is_new: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["versions"].queryset = versions
        if not is_new:
            del self.fields["title"]
            self.fields["versions"].required = False


class CommentForm(HubForm):
    """What somebody says about a section."""

    words = LongTextField(label="Your comment", help_text=NO_CASES, max_length=3000, rows=5)


class AnswerForm(HubForm):
    """What became of a comment; the reason where it is not taken up."""

    how = forms.ChoiceField(
        label="What became of it?",
        choices=[(CommentState.TAKEN_UP, "It is taken up"), (CommentState.NOT, "It is not taken up, because:")],
        widget=forms.RadioSelect,
    )
    words = LongTextField(
        label="How it was taken up, or why it was not",
        help_text="Who commented is told by e-mail, once. A reason is needed where it is not taken up.",
        max_length=2000,
        rows=4,
        required=False,
    )

    def clean(self) -> dict:
        """Ask for the reason where there must be one."""
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("how") == CommentState.NOT and not cleaned.get("words") and "words" not in self.errors:
            self.add_error("words", "Say why it is not taken up: who commented is told the reason")
        return cleaned


class PublishForm(HubForm):
    """What is new, and what one publishes all the same."""

    note = LongTextField(
        label="What is new?",
        help_text="A few words for everybody who came to a session. They stand in the mail and on the page.",
        max_length=2000,
        rows=4,
        required=False,
    )
    although_unanswered = forms.BooleanField(required=False)
    although_unendorsed = forms.BooleanField(required=False)
    seen = forms.CharField(widget=forms.HiddenInput, max_length=64)

    def __init__(self, *args: Any, unanswered: int, endorsed: Endorsed | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if endorsed and not endorsed.is_whole:
            self.fields["although_unendorsed"].label = _although(endorsed)
        else:
            del self.fields["although_unendorsed"]
        if unanswered:
            number = f"{unanswered} comments have" if unanswered > 1 else "One comment has"
            self.fields["although_unanswered"].label = f"{number} no answer yet, and I publish all the same"
        else:
            del self.fields["although_unanswered"]


def _although(endorsed: Endorsed) -> str:
    if endorsed.lacking:
        return f"It is in use before it is endorsed by {endorsed.lacking_in_words}"
    if outdated := endorsed.outdated_in_words:
        return f"It stands on what does not hold any more: {outdated}"
    return "It is in use before any partner has endorsed it"


class SinceForm(FilterForm):
    """The day on which somebody was briefed."""

    since = ThreeBoxDateField(label="The day on which you were briefed", help_text="For example 27 3 2026.")


class VersionsForm(FilterForm):
    """Which two versions are compared."""

    before = forms.TypedChoiceField(label="From version", coerce=int)
    after = forms.TypedChoiceField(label="To version", coerce=int)

    def __init__(self, *args: Any, numbers: list[int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["before"].choices = [(0, "Nothing: all is new"), *((each, str(each)) for each in numbers)]
        self.fields["after"].choices = [(each, str(each)) for each in numbers]


class ReferenceForm(ChangingMixin, HubForm):
    """A document that lies elsewhere."""

    together = (("effective_from", "effective_until"),)

    kind = forms.ChoiceField(label="What is it?", choices=ReferenceKind.choices, widget=forms.RadioSelect)
    title = forms.CharField(label="Title", max_length=200)
    version = forms.CharField(label="Version", help_text="For example 2.1.", max_length=40, required=False)
    organisation = forms.ModelChoiceField(
        label="Whose document is it?", queryset=Organisation.objects.none(), empty_label="Choose an organisation"
    )
    link = forms.URLField(
        label="Where it lies",
        help_text="A web address that begins with https:// or http://.",
        max_length=500,
        required=False,
        assume_scheme="https",
        validators=[URLValidator(schemes=["http", "https"])],
    )
    effective_from = ThreeBoxDateField(label="It holds from", subject="The day")
    effective_until = ThreeBoxDateField(
        label="It holds until",
        help_text="The last day. Leave it empty where no end is set.",
        subject="The day",
        required=False,
    )
    review_on = ThreeBoxDateField(
        label="It is looked at again on",
        help_text="The coordinators are reminded before that day, on it, and after it until it has another.",
        subject="The day",
    )

    def __init__(
        self,
        *args: Any,
        organisations: QuerySet[Organisation],
        today: date,
        own: Reference | None = None,
        **kwargs: Any,
    ) -> None:
        if own:
            names = (
                "kind",
                "title",
                "version",
                "organisation",
                "link",
                "effective_from",
                "effective_until",
                "review_on",
            )
            kwargs["initial"] = {name: getattr(own, name) for name in names}
        super().__init__(*args, **kwargs)
        self.fields["organisation"].queryset = organisations
        self.fields["review_on"].not_after = today + PLANNED_WITHIN

    def clean(self) -> dict:
        """Refuse an end that lies before the beginning."""
        cleaned = super().clean() or self.cleaned_data
        first, last = cleaned.get("effective_from"), cleaned.get("effective_until")
        if isinstance(first, date) and isinstance(last, date) and last < first:
            self.add_error("effective_until", ValidationError("It ends before it begins: check the two days"))
        return cleaned


class ReferenceFilter(FilterForm):
    """Which references of a programme."""

    q = forms.CharField(label="Words", max_length=200)
    lapsed = forms.BooleanField(label="Only what has lapsed or is to be looked at")
