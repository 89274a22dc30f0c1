"""How a programme speaks, and who is told when it says something else."""

from typing import Any

from django import forms

from attendance.queries.words import Concerned
from briefings.models import Programme
from face.fields import HintedRadios, LongTextField
from face.forms import ChangingMixin, HubForm, HubModelForm


class VoiceForm(ChangingMixin, HubModelForm):
    """How the programme speaks: its name, whom to ask, the words of the invitation, what to bring."""

    class Meta:
        model = Programme
        fields = (
            "name", "contact_name", "contact_email", "contact_phone", "invitation_subject", "invitation_introduction",
            "what_to_bring",
        )  # fmt: skip
        labels = {
            "name": "Name of the programme",
            "contact_name": "Whom can people ask?",
            "contact_email": "E-mail address for questions",
            "contact_phone": "Telephone number",
            "invitation_subject": "Subject of the invitation",
            "invitation_introduction": "First words of the invitation",
            "what_to_bring": "What to bring",
        }
        help_texts = {
            "name": "As people will read it in their mail, for example “One Family Plan: Wren Valley pilot”.",
            "contact_name": "A name or a team.",
            "contact_email": "Stands in every mail. A shared mailbox outlives its owner.",
            "contact_phone": "Include the area code.",
            "invitation_subject": "Leave it empty for “You are invited to” and the programme’s name.",
            "invitation_introduction": "Why it matters, from whom. The dates and the link follow by themselves.",
            "what_to_bring": "Stands in the confirmation and in calendar entries.",
        }
        field_classes = {"invitation_introduction": LongTextField, "what_to_bring": LongTextField}
        widgets = {
            "contact_phone": forms.TextInput({"class": "w20", "autocomplete": "tel"}),
            "invitation_introduction": forms.Textarea({"rows": 6}),
            "what_to_bring": forms.Textarea({"rows": 3}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["contact_email"].required = True

    def _post_clean(self) -> None:
        """The instance stays what it was, so the heading of a page with errors is true; an action saves."""


class TellForm(HubForm):
    """Whether those who come are told of new words of a programme."""

    tells = forms.ChoiceField(label="Who is told?", choices=[("everybody", ""), ("nobody", "Nobody")])

    def __init__(self, *args: Any, concerned: Concerned, **kwargs: Any) -> None:
        super().__init__(*args, initial={"tells": "everybody"}, **kwargs)
        number = concerned.people
        hints = {
            "everybody": "They get the difference in words, and their calendar entry follows.",
            "nobody": "For a slip of spelling. Pages and later mails have the new words; calendar entries keep the old "
            "ones until something else about their session changes.",
        }
        self.fields["tells"].choices = [
            ("everybody", f"The {number} people who come" if number != 1 else "The one person who comes"),
            ("nobody", "Nobody"),
        ]
        self.fields["tells"].widget = HintedRadios(hints=hints, choices=self.fields["tells"].choices)
