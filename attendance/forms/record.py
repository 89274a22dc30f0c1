"""The filter of a lead's record of the own people."""

from typing import Any

from django import forms

from attendance.models import Outcome
from briefings.models import Programme
from face.forms import FilterForm
from organisations.models import Organisation


class RecordFilter(FilterForm):
    """Whose name, which programme, what became of it."""

    q = forms.CharField(label="Name", max_length=100)
    programme = forms.ModelChoiceField(Programme.objects.none(), label="Programme", empty_label="Every programme")
    outcome = forms.ChoiceField(label="On the day", choices=[("", "Everything"), *Outcome.choices])

    def __init__(self, *args: Any, organisation: Organisation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        takes_part = Programme.objects.filter(partners__organisation=organisation).distinct()
        self.fields["programme"].queryset = takes_part.order_by("name", "pk")
