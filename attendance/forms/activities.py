"""What is typed about activities."""

from typing import Any

from django import forms
from django.db.models import QuerySet

from briefings.models import Activity, Session
from briefings.words import when_in_words
from face.fields import LongTextField
from face.forms import ChangingMixin, HubForm


class ActivityForm(ChangingMixin, HubForm):
    """How to run one part of a workshop."""

    name = forms.CharField(label="Name", max_length=200)
    aim = forms.CharField(label="Aim", help_text="One sentence: what is different afterwards.", max_length=300)
    minutes = forms.IntegerField(label="Minutes", min_value=1, max_value=600)
    materials = LongTextField(label="Materials", max_length=1000, rows=2, required=False)
    steps = LongTextField(label="Steps", help_text="One on each line, with the minutes.", max_length=3000, rows=6)

    @staticmethod
    def initial_of(activity: Activity) -> dict[str, Any]:
        """Return what the form begins with for ``activity``."""
        return {name: getattr(activity, name) for name in ("name", "aim", "minutes", "materials", "steps")}


class OneSessionField(forms.ModelChoiceField):
    """One session, by its day and hours."""

    def label_from_instance(self, session: Session) -> str:
        return f"{when_in_words(session)}{f': {session.title}' if session.title else ''}"


class UseForm(HubForm):
    """In which session an activity is used."""

    session = OneSessionField(label="In which session?", queryset=Session.objects.none(), empty_label="Choose one")

    def __init__(self, *args: Any, sessions: QuerySet[Session], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["session"].queryset = sessions
