"""What a coordinator writes to everybody with a place in a session."""

from django import forms

from face.fields import LongTextField
from face.forms import HubForm


class NoticeForm(HubForm):
    """Subject and words, and who gets them."""

    subject = forms.CharField(label="Subject", max_length=150)
    words = LongTextField(
        label="What do you want to tell them?",
        max_length=3000,
        rows=6,
        help_text="For example: the car park is closed, bring an ID. When and where stand below it.",
    )
    to_waiting = forms.BooleanField(label="Tell those on the waiting list too", required=False)
