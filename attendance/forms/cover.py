"""What is typed about senior cover: what of the matrix, whom to ask, to whom somebody passes it on."""

from datetime import date

from django import forms
from django.db.models import QuerySet

from attendance.models import SeniorAttendance
from attendance.queries.proposals import why_in_words
from briefings.models import Mandate, Programme, Session, SessionState
from briefings.words import when_in_words
from face.forms import FilterForm, HubForm
from organisations.models import Organisation


class MatrixFilter(FilterForm):
    """What of the matrix is shown: a programme, a month (none shows what is to come), an organisation, gaps alone."""

    programme = forms.ModelChoiceField(label="Programme", queryset=Programme.objects.none(), empty_label="All")
    month = forms.ChoiceField(label="Month")
    organisation = forms.ModelChoiceField(
        label="Organisation", queryset=Organisation.objects.none(), empty_label="All partners"
    )
    gaps = forms.ChoiceField(
        label="Sessions", choices=[("", "All sessions"), ("yes", "Those that do not meet the rule")]
    )

    def __init__(
        self,
        *args,
        months: list[date],
        organisations: QuerySet[Organisation],
        programmes: list[Programme] | None,
        **kwargs,
    ) -> None:
        super().__init__(*args, **kwargs)
        words = [(f"{month:%Y-%m}", f"{month:%B %Y}") for month in months]
        self.fields["month"].choices = [("", "What is to come"), *words, ("all", "All months")]
        self.fields["organisation"].queryset = organisations
        if programmes is None:
            del self.fields["programme"]
        else:
            self.fields["programme"].queryset = Programme.objects.filter(pk__in=[each.pk for each in programmes])


class ProposalFilter(FilterForm):
    """For which sessions, and of which organisation alone, requests are proposed."""

    month = forms.ChoiceField(label="Month")
    organisation = forms.ModelChoiceField(
        label="Organisation", queryset=Organisation.objects.none(), empty_label="All partners"
    )

    def __init__(self, *args, months: list[date], organisations: QuerySet[Organisation], **kwargs) -> None:
        super().__init__(*args, **kwargs)
        words = [(f"{month:%Y-%m}", f"{month:%B %Y}") for month in months]
        self.fields["month"].choices = [("", "All that is to come"), *words]
        self.fields["organisation"].queryset = organisations


class SessionsField(forms.ModelMultipleChoiceField):
    """Sessions to tick, each by its day, hours and title."""

    def label_from_instance(self, session: Session) -> str:
        return f"{_when(session)}{f': {session.title}' if session.title else ''}"


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
    """Whom to ask to come to which sessions: people by name, or whoever of some organisations can."""

    mark_optional = False

    sessions = SessionsField(
        label="Which sessions?", queryset=Session.objects.none(), widget=forms.CheckboxSelectMultiple
    )
    organisations = forms.ModelMultipleChoiceField(
        label="Whoever of these organisations can",
        help_text="Everybody who is free then is asked. The first yes settles it, and the others are told.",
        queryset=Organisation.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    seniors = MandatesField(
        label="Or these senior managers",
        help_text="Each gets one e-mail with all that you ask for here.",
        queryset=Mandate.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(
        self,
        *args,
        sessions: QuerySet[Session],
        mandates: QuerySet[Mandate],
        organisations: QuerySet[Organisation],
        **kwargs,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["sessions"].queryset = sessions
        self.fields["seniors"].queryset = mandates
        self.fields["organisations"].queryset = organisations

    def clean(self) -> dict:
        cleaned = super().clean()
        if not (cleaned.get("seniors") or cleaned.get("organisations") or self.errors):
            self.add_error("organisations", "Tick an organisation, or a senior manager by name")
        return cleaned

    def pairs(self) -> list[tuple[Session, Mandate]]:
        """Return the (session, mandate) pairs that were ticked."""
        return [
            (session, mandate) for session in self.cleaned_data["sessions"] for mandate in self.cleaned_data["seniors"]
        ]

    def whoever(self) -> list[tuple[Session, Organisation]]:
        """Return the (session, organisation) pairs of which whoever can is asked."""
        chosen = self.cleaned_data
        return [(session, each) for session in chosen["sessions"] for each in chosen["organisations"]]


class ProposalForm(HubForm):
    """Which of the proposed requests are made: each is a session and a mandate."""

    mark_optional = False

    requests = forms.MultipleChoiceField(
        label="Whom to ask", help_text="Untick whom you do not want to ask.", widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args, pairs: list[tuple[Session, Mandate]], loads: dict[int, str], **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.by_value = {f"{session.pk}-{mandate.pk}": (session, mandate) for session, mandate in pairs}
        self.fields["requests"].choices = [
            (value, _request_in_words(session, mandate, loads)) for value, (session, mandate) in self.by_value.items()
        ]
        self.fields["requests"].initial = list(self.by_value)
        self.fields["requests"].error_messages |= {
            "required": "Tick at least one request",
            "invalid_choice": "Something has changed since you opened this page. Look at the new proposal",
        }

    def pairs(self) -> list[tuple[Session, Mandate]]:
        """Return the (session, mandate) pairs that are left ticked."""
        return [self.by_value[value] for value in self.cleaned_data["requests"]]


def _request_in_words(session: Session, mandate: Mandate, loads: dict[int, str]) -> str:
    why = loads.get(mandate.pk, "")
    return f"{_when(session)}: {mandate.person.name}, {mandate.organisation.name}{f' ({why})' if why else ''}"


def _when(session: Session) -> str:
    return f"{when_in_words(session)}{', draft' if session.state == SessionState.DRAFT else ''}"


class NextField(MandateField):
    """One senior manager with the reason why they come where they do in the list."""

    def label_from_instance(self, mandate: Mandate) -> str:
        return f"{super().label_from_instance(mandate)} ({why_in_words(mandate.load, said=mandate.said)})"


class NextForm(HubForm):
    """Who is asked in the place of somebody who cannot come; the best is chosen already."""

    mandate = NextField(
        label="Who is asked instead?",
        help_text="Who was asked least comes first.",
        queryset=Mandate.objects.none(),
        widget=forms.RadioSelect,
        empty_label=None,
    )

    def __init__(self, *args, mandates: list[Mandate], **kwargs) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["mandate"]
        field.queryset = Mandate.objects.filter(pk__in=[each.pk for each in mandates]).select_related("person")
        field.choices = [(each.pk, field.label_from_instance(each)) for each in mandates]
        field.initial = mandates[0].pk if mandates else None


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
