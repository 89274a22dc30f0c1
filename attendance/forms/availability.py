"""What senior managers and coordinators press about half-days."""

from typing import Any

from django import forms
from django.utils import timezone

from attendance import weeks
from attendance.queries.availability import Diary
from attendance.weeks import Half
from briefings.models import Mandate
from face.dates import day_plain
from face.forms import HubForm

SAVE = "save"


class DiaryForm(HubForm):
    """The ticks of the weeks on the page and the button that was pressed: save, or a pattern for every week."""

    can = forms.MultipleChoiceField(label="Half-days", required=False)
    do = forms.ChoiceField(label="Button")

    def __init__(self, *args: Any, diary: Diary, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.diary = diary
        self.by_value = {f"{day:%Y-%m-%d}:{slot}": (day, slot) for day, slot in diary.shown}
        self.fields["can"].choices = [(value, value) for value in self.by_value]
        buttons = [f"{word}-{pattern.key}" for word in ("not", "can") for pattern in weeks.PATTERNS]
        self.fields["do"].choices = [(each, each) for each in (SAVE, *buttons)]
        for field in self.fields.values():
            field.error_messages |= {
                "invalid_choice": "This page was open for too long. Look at the weeks again",
                "required": "Choose “Save these weeks”, or a pattern",
            }

    def answers(self) -> dict[Half, bool]:
        """Return what a valid form says: about the half-days shown, and those of the pattern in every week."""
        ticked = {self.by_value[value] for value in self.cleaned_data["can"]}
        found = {half: half in ticked for half in self.diary.shown}
        if self.cleaned_data["do"] != SAVE:
            word, key = self.cleaned_data["do"].split("-")
            found |= weeks.repeated(key, word == "can", self.diary.halves)
        return found

    def said(self) -> str:
        """Return in words what was saved."""
        if self.cleaned_data["do"] == SAVE:
            return "Saved. You can change it here whenever you like"
        word, key = self.cleaned_data["do"].split("-")
        words = next(pattern.words for pattern in weeks.PATTERNS if pattern.key == key)
        until = day_plain(self.diary.last)
        return f"Saved: {words}{' not' if word == 'not' else ''}, every week until {until}"


class AskWhenField(forms.ModelMultipleChoiceField):
    """Senior managers to tick, each with what they have said so far."""

    def label_from_instance(self, mandate: Mandate) -> str:
        said = "has said nothing yet"
        if mandate.said_at:
            on = day_plain(timezone.localdate(mandate.said_at))
            said = f"can come in {mandate.can} of {mandate.of} half-days, said on {on}"
        return f"{mandate.organisation.name}: {mandate.person.name}, {mandate.job_title} ({said})"


class AskWhenForm(HubForm):
    """Which senior managers are asked when they can come."""

    mark_optional = False

    seniors = AskWhenField(
        label="Whom do you ask?",
        help_text="Each gets an e-mail with a link, and so does an assistant who keeps their diary. No password.",
        queryset=Mandate.objects.none(),
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, mandates: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["seniors"].queryset = mandates
        self.fields["seniors"].initial = [each.pk for each in mandates if not each.said_at]
