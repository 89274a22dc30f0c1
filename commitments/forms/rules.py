"""What is typed about how a programme handles questions: themes, clearance, ladder, holders, closure days."""

from typing import Any

from crispy_forms.layout import Fieldset, Layout
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from accounts.models import Person
from commitments.clocks import Ladder, Step
from commitments.forms.fields import PersonByNameField
from commitments.models import GovernanceRole, Theme, Told
from face.fields import ThreeBoxDateField
from face.forms import ChangingMixin, HubForm
from organisations.models import Organisation

RUNGS = 7


class RulesForm(ChangingMixin, HubForm):
    """Themes, clearance and the ladder. A rung without a number is not used."""

    themes = forms.MultipleChoiceField(
        label="Which standard themes do you use?",
        choices=Theme.choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    clearance_roles = forms.MultipleChoiceField(
        label="Whose clearance does every answer need?",
        help_text="None: whoever answers publishes, and may still ask for clearance.",
        choices=GovernanceRole.choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    repeat_days = forms.IntegerField(
        label="How many working days lie between reminders after the last rung?", min_value=1, max_value=60
    )

    def __init__(self, *args: Any, ladder: Ladder, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rungs = []
        for number in range(1, RUNGS + 1):
            step = ladder.steps[number - 1] if number <= len(ladder.steps) else None
            days, tells = f"days_{number}", f"tells_{number}"
            self.fields[days] = forms.IntegerField(
                label="Working days after the due date",
                help_text="0 is the day itself, -2 two days before." if number == 1 else "",
                min_value=-20,
                max_value=60,
                required=False,
                initial=step.days if step else None,
                widget=forms.TextInput({"class": "w4", "inputmode": "text"}),
            )
            self.fields[tells] = forms.MultipleChoiceField(
                label="Who is told?",
                choices=Told.choices,
                widget=forms.CheckboxSelectMultiple,
                required=False,
                initial=list(step.tells) if step else [],
            )
            rungs.append(Fieldset(f"Reminder {number}", days, tells))
        self.layout = Layout("themes", "clearance_roles", *rungs, "repeat_days")

    def clean(self) -> dict:
        """Make ``steps`` of the rungs that are used."""
        cleaned = super().clean() or self.cleaned_data
        steps: list[Step] = []
        for number in range(1, RUNGS + 1):
            days, tells = cleaned.get(f"days_{number}"), cleaned.get(f"tells_{number}") or []
            if days is None:
                continue
            if not tells:
                self.add_error(f"tells_{number}", "Choose who is told")
            elif days in [step.days for step in steps]:
                self.add_error(f"days_{number}", "Another reminder goes on this day already. Enter another number")
            else:
                steps.append(Step(days, tuple(tells)))
        if not steps and not self.errors:
            raise ValidationError("Enter at least one reminder: what is not answered never falls silent")
        cleaned["steps"] = steps
        return cleaned

    @property
    def changes(self) -> dict[str, Any]:
        """Return what was changed as ``set_policy`` takes it: the rungs are one ladder."""
        found = super().changes
        kept = {name: found[name] for name in ("themes", "clearance_roles", "repeat_days") if name in found}
        return kept | ({"steps": self.cleaned_data["steps"]} if found.keys() - kept.keys() - {"steps"} else {})


class ThemeNameForm(HubForm):
    """A theme of the programme's own."""

    name = forms.CharField(label="Name of the theme", max_length=60)


class HolderForm(HubForm):
    """Who holds a governance role for a partner."""

    role = forms.ChoiceField(label="Role", choices=GovernanceRole.choices)
    organisation = forms.ModelChoiceField(
        label="Organisation", queryset=Organisation.objects.none(), empty_label="Choose one"
    )
    person = PersonByNameField(label="Their name or e-mail address")

    def __init__(
        self, *args: Any, organisations: QuerySet[Organisation], people: QuerySet[Person], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["organisation"].queryset = organisations
        self.fields["person"].people = people


class ClosureForm(HubForm):
    """A day on which the offices are closed."""

    day = ThreeBoxDateField(label="Day", help_text="For example 24 12 2026.")
    why = forms.CharField(label="Why are the offices closed?", max_length=100)


class RemindersForm(HubForm):
    """One mail for each question, or one a day."""

    how = forms.ChoiceField(
        label="How do you want to be reminded of questions?",
        choices=[
            ("each", "One e-mail for each question, when it is due"),
            ("digest", "One e-mail a day about all of them"),
        ],
        widget=forms.RadioSelect,
    )
