"""What is typed about attitudes: the statements, how many people, who gets the link."""

from typing import Any

from django import forms
from django.db.models import QuerySet

from attendance.forms.cover import SessionsField
from attendance.forms.feedback import FeedbackForm
from briefings.models import Session
from face.fields import HintedRadios
from face.forms import HubForm
from surveys.models import Method

_METHODS = [(str(each), each.label) for each in (Method.PAIRED, Method.RETROSPECTIVE)]
_HINTS = {
    Method.PAIRED: "The same statements before, after and, if you like, months later. People keep a code, so that "
    "their answers can be compared. Some will lose it.",
    Method.RETROSPECTIVE: "Once, at the end: how it was before and how it is now. Nobody needs a code, but people tend "
    "to answer what is wished for.",
}


class AttitudesForm(FeedbackForm):
    """How and what to ask; ``words_only`` leaves the method as it is."""

    SUGGESTED = (
        "I understand what working together in one building is for.",
        "I know how to ask another organisation for information.",
        "I am confident about when sharing information is lawful.",
        "I trust the people of the other organisations.",
        "My managers will support me.",
        "I intend to work in the new way.",
    )
    field_order = ("title", "method", "ready", "own")

    title = forms.CharField(
        label="Title", help_text="People see it above the statements: “Working together at Wren House”.", max_length=200
    )
    method = forms.ChoiceField(label="How do you ask?", choices=_METHODS, widget=HintedRadios(hints=_HINTS))

    def __init__(self, *args: Any, words_only: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["ready"].choices = [(each, each) for each in self.SUGGESTED]
        if words_only:
            del self.fields["title"], self.fields["method"]


class OpenForm(HubForm):
    """For how many people a point is opened."""

    most = forms.IntegerField(
        label="How many people can answer?",
        help_text="The code takes no more answers after that, so that nobody can flood it.",
        min_value=1,
        max_value=5000,
        initial=30,
    )


class SendForm(HubForm):
    """Whose people get the link."""

    mark_optional = False
    sessions = SessionsField(
        label="Who gets the link?",
        help_text="Of sessions to come everybody with a place, of those that are over everybody who came. Nobody gets "
        "it twice.",
        queryset=Session.objects.none(),
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, sessions: QuerySet[Session], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["sessions"].queryset = sessions
