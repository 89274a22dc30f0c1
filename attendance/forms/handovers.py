"""Whom somebody asks to take over their place."""

from django import forms

from accounts.models import Person
from face.forms import HubForm


class ColleagueForm(HubForm):
    """The work address of a colleague."""

    email = forms.EmailField(
        label="Your colleague’s work e-mail address",
        max_length=254,
        help_text="Somebody of your own organisation. They get a link of their own and decide.",
        widget=forms.EmailInput({"spellcheck": "false", "autocomplete": "off"}),
    )

    def clean_email(self) -> str:
        return Person.objects.clean_email(self.cleaned_data["email"]) or ""
