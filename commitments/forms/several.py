"""What is typed about several questions at once."""

from typing import Any

from django import forms
from django.db.models import QuerySet

from briefings.models import Mandate
from commitments.forms.fields import MandateField
from commitments.models import Question
from face.forms import HubForm


class AssignSeveralForm(HubForm):
    """Whom to ask; and why, where somebody owns one of them already."""

    mandate = MandateField(
        label="Who can answer them?",
        help_text="Senior managers who may speak for their organisation in this programme.",
        queryset=Mandate.objects.none(),
        empty_label="Choose one",
    )
    reason = forms.CharField(
        label="Why are they theirs?",
        help_text="Some of these questions have an owner: whoever is asked now reads why.",
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=500,
        error_messages={"required": "Say why: one sentence is enough"},
    )

    def __init__(self, *args: Any, mandates: QuerySet[Mandate], is_owned: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["mandate"].queryset = mandates
        if not is_owned:
            del self.fields["reason"]


class MergeSeveralForm(HubForm):
    """The one that is answered; the others go along."""

    into = forms.ChoiceField(label="Which one is answered?", widget=forms.RadioSelect)

    def __init__(self, *args: Any, chosen: list[Question], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["into"].choices = [(str(each.pk), f"{each.reference}: {each.words}") for each in chosen]
        self.fields["into"].initial = str(chosen[0].pk)
