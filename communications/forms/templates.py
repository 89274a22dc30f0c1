"""What is typed to begin with a template, and to keep one."""

from datetime import date
from typing import Any

from django import forms

from briefings.models import Nation
from communications.forms.days import earliest, latest
from communications.models import ProgrammeTemplate
from communications.templates import READY
from face.fields import HintedRadios, LongTextField, ThreeBoxDateField
from face.forms import HubForm


class ApplyForm(HubForm):
    """Which template, and from which day."""

    template = forms.ChoiceField(label="Which template?", widget=HintedRadios(hints={}))
    first = ThreeBoxDateField(
        label="First day",
        subject="The first day",
        not_before=earliest,
        not_after=latest,
        help_text="For example, 7 1 2027. Every date is a working day: weekends, bank holidays and closure days go by.",
    )

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        kwargs["initial"] = {"first": today, **kwargs.get("initial", {})}
        super().__init__(*args, **kwargs)
        own = list(ProgrammeTemplate.objects.all())
        field = self.fields["template"]
        field.choices = [
            *((key, each.name) for key, each in READY.items()),
            *((f"own-{each.pk}", each.name) for each in own),
        ]
        field.widget.hints = {key: each.words for key, each in READY.items()}
        field.widget.hints |= {f"own-{each.pk}": each.words for each in own if each.words}


class StartForm(ApplyForm):
    """A new programme from a template."""

    name = forms.CharField(
        label="Name of the programme", max_length=200, help_text="As people will read it in their mail."
    )
    purpose = LongTextField(
        label="Purpose",
        max_length=2000,
        required=False,
        rows=3,
        help_text="One or two sentences: what changes for whom.",
    )
    nation = forms.ChoiceField(
        label="Where is it?",
        choices=Nation.choices,
        initial=Nation.ENGLAND_AND_WALES,
        widget=forms.RadioSelect,
        help_text="Its bank holidays do not count as working days.",
    )
    field_order = ("template", "name", "purpose", "nation", "first")


class KeepForm(HubForm):
    """What a template of one's own is called."""

    name = forms.CharField(label="Name of the template", max_length=100)
    words = forms.CharField(label="What it is for", max_length=300, required=False)
