"""What is typed about series."""

from typing import Any

from django import forms
from django.db.models import QuerySet

from attendance.forms.cover import SessionsField
from briefings.models import Session
from face.forms import HubForm


class SeriesForm(HubForm):
    """The name of a new series."""

    name = forms.CharField(label="Name", help_text="For example “Before we move into Wren House”.", max_length=200)


class GroupForm(HubForm):
    """Which sessions a group goes through."""

    group = forms.CharField(
        label="Name of the group",
        help_text="Only where several groups go through the same in parallel. Leave it empty for one group.",
        max_length=60,
        required=False,
    )
    sessions = SessionsField(
        label="Which sessions belong to it?",
        help_text="They are taken in the order of their dates.",
        queryset=Session.objects.none(),
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, sessions: QuerySet[Session], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["sessions"].queryset = sessions
