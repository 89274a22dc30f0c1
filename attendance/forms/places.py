"""What people type about their own place."""

from django import forms

from face.forms import HubForm


class AccessNeedForm(HubForm):
    """What somebody needs to take part; both answers may stay empty."""

    words = forms.CharField(
        label="What do you need to take part?",
        help_text=(
            "For example step-free access, a hearing loop, a quiet room or a place to pray. You do not have to say why."
        ),
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=1000,
        required=False,
    )
    welsh = forms.BooleanField(label="I would like to take part in Welsh", required=False)
