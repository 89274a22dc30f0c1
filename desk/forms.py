"""The filters of the desk's lists."""

from django import forms

from face.fields import ThreeBoxDateField
from face.forms import FilterForm


class TraceFilter(FilterForm):
    """Whose data, who looked or acted, which object, between which days."""

    person = forms.CharField(label="Whose data", max_length=200)
    who = forms.CharField(label="Who looked or acted", max_length=200)
    about = forms.RegexField(
        regex=r"^[a-z_]+\.[a-z_]+:[0-9]+$", label="Object, for example briefings.session:12", max_length=120
    )
    since = ThreeBoxDateField(label="From")
    until = ThreeBoxDateField(label="To")
