"""Who the mails of a scope come from."""

from django import forms
from django.core.exceptions import ValidationError

from face.forms import ChangingMixin, HubForm
from messaging.headers import Unmailable, clean_name, mailbox


class SenderForm(ChangingMixin, HubForm):
    """The name and the mailbox that people see in From, and where their answers go."""

    name = forms.CharField(label="Name of the sender", max_length=100, help_text="What people see in their inbox")
    address = forms.EmailField(
        label="E-mail address of the sender",
        max_length=254,
        help_text="Your mail server must be allowed to send from it. Calendar entries carry the same address",
    )
    reply_to = forms.EmailField(
        label="E-mail address for replies", max_length=254, required=False, help_text="Empty: replies go to the sender"
    )

    def clean_name(self) -> str:
        """Return the name as it will stand in a mail. Raises ValidationError where nothing of it is left."""
        name = clean_name(self.cleaned_data["name"])
        if not name:
            raise ValidationError("Name of the sender must have letters or numbers", code="no_words")
        return name

    def clean_address(self) -> str:
        """Return the mailbox. Raises ValidationError for one that no mail can carry."""
        return _mailable(self.cleaned_data["address"])

    def clean_reply_to(self) -> str:
        """Return the mailbox for replies, or nothing."""
        return _mailable(self.cleaned_data["reply_to"]) if self.cleaned_data["reply_to"] else ""


def _mailable(value: str) -> str:
    try:
        return mailbox(value)
    except Unmailable as error:
        raise ValidationError(
            "Enter an address that mail programs can carry, in plain letters before the @", code="unmailable"
        ) from error
