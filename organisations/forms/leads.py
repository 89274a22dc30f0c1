"""Who is to lead an organisation."""

from django import forms

from face.forms import HubForm
from organisations.forms.organisations import NameField


class LeadForm(HubForm):
    """Name and address; who is known by the address keeps the name that is known."""

    name = NameField(label="Full name", max_length=300, widget=forms.TextInput({"autocomplete": "off"}))
    email = forms.EmailField(
        label="E-mail address",
        max_length=254,
        widget=forms.EmailInput({"autocomplete": "off"}),
        help_text="They sign in with it.",
    )
