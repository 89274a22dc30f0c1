"""What somebody with a place types to ask a question."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from commitments.models import AskedAs
from face.forms import HubForm

LOOKS_WHILE_TYPING = {
    "hx-post": "",
    "hx-vals": '{"look": "1"}',
    "hx-trigger": "input changed delay:700ms",
    "hx-target": "#alike",
    "hx-select": "#alike",
    "hx-swap": "outerHTML",
}
"""Attributes of a field whose words are compared with questions asked before; without scripts a button does it."""


def words_to_compare(form: forms.Form, typed: Any) -> str:
    """Return the words in ``typed`` that are compared with what was asked before, as the field of ``form`` allows them.

    What is too long is cut; "" for what could not be asked either.
    """
    field = form.fields["words"]
    try:
        return field.clean(str(typed.get("words", ""))[: field.max_length])
    except ValidationError:
        return ""


class AskForm(HubForm):
    """A question beforehand, by name or by pseudonym."""

    words = forms.CharField(
        label="Your question",
        help_text="Do not write about a case: no names, dates of birth, addresses or numbers of people you work with.",
        widget=forms.Textarea(attrs={"rows": 5, **LOOKS_WHILE_TYPING}),
        max_length=2000,
    )
    asked_as = forms.ChoiceField(
        label="How do you want to ask?",
        error_messages={"required": "Choose whether you ask by name or by pseudonym"},
        choices=[
            (AskedAs.NAME, "By name: the coordinator and whoever answers see who you are"),
            (AskedAs.PSEUDONYM, "By pseudonym: no member of staff sees who you are, and we can bring you the answer"),
        ],
        widget=forms.RadioSelect,
    )


class AnonymousForm(HubForm):
    """A question that nothing links to whoever asks it."""

    words = forms.CharField(
        label="Your question",
        help_text="Do not write about a case: no names, dates of birth, addresses or numbers of people you work with. "
        "Leave out what only you could know.",
        widget=forms.Textarea(attrs={"rows": 5}),
        max_length=2000,
    )
