"""What is typed of a telling: which one, its introduction, the words of each item."""

from typing import Any

from crispy_forms.layout import Fieldset, Layout
from django import forms
from django.db.models import QuerySet

from briefings.models import Session
from commitments.forms.fields import LongTextField, SessionField
from commitments.models import TellingItem, TellingKind
from commitments.queries.telling import seal_of_item
from face.fields import HintedRadios
from face.forms import HubForm


class StartForm(HubForm):
    """What is told, and of which session."""

    kind = forms.ChoiceField(
        label="What do you want to tell?",
        choices=TellingKind.choices,
        widget=HintedRadios(
            hints={
                TellingKind.ANSWERED: "Drafted from the answers, from what was put aside and from what is still open. "
                "What was answered to a smaller circle is for those who attended alone.",
                TellingKind.DID: "Drafted from the assurances that were kept, that were not, and that stand.",
            }
        ),
        initial=TellingKind.ANSWERED,
    )
    session = SessionField(
        label="Of one session?",
        queryset=Session.objects.none(),
        empty_label="No, of the whole programme",
        required=False,
    )

    only_new = forms.BooleanField(
        label="Leave out what was told before",
        help_text="What is still open is told again.",
        required=False,
        initial=True,
    )

    def __init__(self, *args: Any, sessions: QuerySet[Session], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["session"].queryset = sessions


class IntroForm(HubForm):
    """The first words, and the mark of all words that the form began with."""

    intro = LongTextField(
        label="Introduction",
        help_text="Everybody reads it. No names, no addresses, no figures under five.",
        max_length=2000,
        rows=4,
        required=False,
    )
    seen = forms.CharField(widget=forms.HiddenInput, required=False)


class ItemForm(HubForm):
    """What was said and what is told of one item, and the mark of the words that the form began with."""

    said = LongTextField(label="What was asked", max_length=2000, rows=3)
    told = LongTextField(label="What we tell", max_length=5000, rows=4)
    is_left_out = forms.BooleanField(label="Leave this one out", required=False)
    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, item: TellingItem, said_words: str, **kwargs: Any) -> None:
        words = {"said": item.said, "told": item.told, "seen": seal_of_item(item)}
        super().__init__(*args, prefix=f"item{item.pk}", initial={**words, **kwargs.pop("initial", {})}, **kwargs)
        self.item = item
        self.fields["said"].label = said_words.capitalize()
        for name, what in (("said", said_words), ("told", "what we tell")):
            self.fields[name].error_messages["required"] = f"{item.place}: enter {what}"
        legend = f"{item.place}{', for those who attended alone' if item.for_attended else ''}"
        self.layout = Layout(Fieldset(legend, "said", "told", "is_left_out"), "seen")
