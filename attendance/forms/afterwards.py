"""What is given after the day: a paper of the session, why somebody could not come."""

from django import forms

from attendance.models import AbsenceCode
from face.forms import HubForm
from organisations.actions.uploads import EVERY_KIND, MAX_BYTES, MEGABYTE


class MaterialForm(HubForm):
    """A file and what it is called."""

    file = forms.FileField(
        label="File",
        help_text=f"Up to {MAX_BYTES // MEGABYTE} MB: {', '.join(EVERY_KIND)}.",
        widget=forms.FileInput({"accept": ",".join(f".{kind}" for kind in EVERY_KIND)}),
        error_messages={"required": "Choose a file", "empty": "The file is empty"},
    )
    title = forms.CharField(
        label="What is it called?",
        max_length=200,
        required=False,
        help_text="Its file name where you leave this empty.",
    )


class AbsenceForm(HubForm):
    """Why somebody could not come."""

    code = forms.ChoiceField(
        label="Why could you not come?",
        choices=AbsenceCode.choices,
        widget=forms.RadioSelect,
        help_text="Only the lead of your organisation sees your answer. We do not ask about your health.",
        error_messages={"required": "Choose what fits best"},
    )
