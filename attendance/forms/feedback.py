"""What is asked of people who answer anonymously."""

from collections.abc import Sequence

from django import forms

from face.fields import LongTextField
from face.forms import HubForm

LONGEST = 300


def lines_of(text: str) -> list[str]:
    """Return the lines that say something."""
    return [" ".join(line.split()) for line in text.split("\n") if line.strip()]


class StatementsField(LongTextField):
    """Statements, one on a line. Gives a list of them, none twice."""

    def clean(self, value: str) -> list[str]:
        found = list(dict.fromkeys(lines_of(super().clean(value))))
        for each in found:
            if len(each) > LONGEST:
                raise forms.ValidationError(f"“{each[:40]}…” must be {LONGEST} characters or less", code="max_length")
        return found


class FeedbackForm(HubForm):
    """Which statements everybody who came is asked about: ready ones to tick, and one's own."""

    mark_optional = False
    SUGGESTED = (
        "I understand what the programme is for.",
        "I know what will change in my own work.",
        "I know whom to ask when I am not sure.",
        "My questions were taken seriously.",
        "The session was worth the time.",
    )

    ready = forms.MultipleChoiceField(
        label="What do you want to know?",
        help_text="People answer each statement from “strongly agree” to “strongly disagree”, or prefer not to say. "
        "Five are answered by most people, eight is the most.",
        choices=[(each, each) for each in SUGGESTED],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    own = StatementsField(
        label="Your own statements",
        help_text="One on each line, such as “I can explain the programme to a family”. Leave this empty if the ones "
        "above are enough.",
        rows=4,
        required=False,
    )

    @classmethod
    def initial_for(cls, words: Sequence[str]) -> dict:
        """Return what the form begins with where ``words`` are asked now; all that is suggested where nothing is."""
        return {
            "ready": [each for each in cls.SUGGESTED if each in words or not words],
            "own": "\n".join(each for each in words if each not in cls.SUGGESTED),
        }

    def words(self) -> list[str]:
        """Return the statements in the order in which they are asked."""
        own = [each for each in self.cleaned_data["own"] if each not in self.cleaned_data["ready"]]
        return [*self.cleaned_data["ready"], *own]
