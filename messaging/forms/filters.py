"""The filters of the log and of the trial's mailbox."""

from django import forms

from face.forms import FilterForm
from history.fields import KeyField
from messaging import kinds
from messaging.models import Message
from messaging.queries import CAME_BACK


class MailboxFilter(FilterForm):
    """What is looked for in the mailbox."""

    q = forms.CharField(label="E-mail address or subject", max_length=200, widget=forms.SearchInput())


class BounceFilter(FilterForm):
    """What is looked for among the addresses from which mails come back."""

    q = forms.CharField(label="Name or e-mail address", max_length=200, widget=forms.SearchInput())


class MessageFilter(FilterForm):
    """What is looked for in the log. Its kinds are those of this release."""

    q = forms.CharField(label="Name or e-mail address", max_length=200, widget=forms.SearchInput())
    state = forms.ChoiceField(label="What became of it")
    kind = forms.ChoiceField(label="Kind of message")
    domain = forms.CharField(label="Mail domain, for example nhs.net", max_length=253)
    about = KeyField(label="About", max_length=120, widget=forms.HiddenInput())

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["state"].choices = [("", "All"), *Message.State.choices, (CAME_BACK, "Came back")]
        known = [kind for kind in kinds.every() if not kind.private]
        self.fields["kind"].choices = [("", "All"), *((kind.name, kind.label or kind.name) for kind in known)]
