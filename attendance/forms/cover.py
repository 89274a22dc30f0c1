"""What is typed about senior cover: which months, whom to ask, to whom somebody passes it on."""

from datetime import date

from django import forms
from django.db.models import QuerySet

from attendance.models import SeniorAttendance
from briefings.models import Mandate, Session
from briefings.words import when_in_words
from face.forms import FilterForm, HubForm


class MonthFilter(FilterForm):
    """The month of the matrix; none shows what is to come."""

    month = forms.ChoiceField(label="Month")

    def __init__(self, *args, months: list[date], **kwargs) -> None:
        super().__init__(*args, **kwargs)
        words = [(f"{month:%Y-%m}", f"{month:%B %Y}") for month in months]
        self.fields["month"].choices = [("", "What is to come"), *words, ("all", "All sessions")]


class SessionsField(forms.ModelMultipleChoiceField):
    """Sessions to tick, each by its day, hours and title."""

    def label_from_instance(self, session: Session) -> str:
        return f"{when_in_words(session)}{f': {session.title}' if session.title else ''}"


class MandateField(forms.ModelChoiceField):
    """One senior manager, by name, role and organisation."""

    def label_from_instance(self, mandate: Mandate) -> str:
        return f"{mandate.person.name}, {mandate.job_title}"


class MandatesField(forms.ModelMultipleChoiceField):
    """Senior managers to tick, by organisation, with how often each has said yes."""

    def label_from_instance(self, mandate: Mandate) -> str:
        comes = "no session yet" if not mandate.comes_to else f"comes to {mandate.comes_to}"
        return f"{mandate.organisation.name}: {mandate.person.name}, {mandate.job_title} ({comes})"


class AskForm(HubForm):
    """Whom to ask to come to which sessions."""

    mark_optional = False

    sessions = SessionsField(
        label="Which sessions?", queryset=Session.objects.none(), widget=forms.CheckboxSelectMultiple
    )
    seniors = MandatesField(
        label="Whom do you ask?",
        help_text="Each gets one e-mail with all that you ask for here.",
        queryset=Mandate.objects.none(),
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args, sessions: QuerySet[Session], mandates: QuerySet[Mandate], **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["sessions"].queryset = sessions
        self.fields["seniors"].queryset = mandates

    def pairs(self) -> list[tuple[Session, Mandate]]:
        """Return the (session, mandate) pairs that were ticked."""
        return [
            (session, mandate) for session in self.cleaned_data["sessions"] for mandate in self.cleaned_data["seniors"]
        ]


class DeputyForm(HubForm):
    """The colleague whom somebody sends."""

    deputy = MandateField(
        label="Which colleague?",
        queryset=Mandate.objects.none(),
        widget=forms.RadioSelect,
        empty_label=None,
    )

    def __init__(self, *args, own: SeniorAttendance, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["deputy"].queryset = deputies_for(own)


def deputies_for(own: SeniorAttendance) -> QuerySet[Mandate]:
    """Return the mandates of the colleagues who may stand in on the day."""
    found = Mandate.objects.on(own.session.date).filter(
        programme=own.session.programme_id, organisation=own.organisation_id, person__is_active=True
    )
    return found.exclude(person=own.person_id).select_related("person").order_by("person__sort_name", "pk")
