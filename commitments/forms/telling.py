"""What is typed of a telling: which one, its introduction, the words of each item."""

from typing import Any

from django import forms
from django.db.models import QuerySet

from briefings.models import Session
from commitments.forms.fields import LongTextField, SessionField
from commitments.models import TellingItem, TellingKind
from face.fields import HintedRadios
from face.forms import HubForm


class StartForm(HubForm):
    """What is told, and of which session."""

    kind = forms.ChoiceField(
        label="What do you want to tell?",
        choices=TellingKind.choices,
        widget=HintedRadios(
            hints={
                TellingKind.ANSWERED: "Drafted from the answers that everybody may read, from what was put aside and "
                "from what is still open.",
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

    def __init__(self, *args: Any, sessions: QuerySet[Session], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["session"].queryset = sessions


class IntroForm(HubForm):
    """The first words."""

    intro = LongTextField(
        label="Introduction",
        help_text="Everybody reads it. No names, no addresses, no figures under five.",
        max_length=2000,
        rows=4,
        required=False,
    )


class ItemForm(HubForm):
    """What was said and what is told of one item."""

    said = LongTextField(label="What was asked or said", max_length=2000, rows=3)
    told = LongTextField(label="What we tell", max_length=5000, rows=4)
    is_left_out = forms.BooleanField(label="Leave this one out", required=False)

    def __init__(self, *args: Any, item: TellingItem, **kwargs: Any) -> None:
        initial = {"said": item.said, "told": item.told}
        super().__init__(*args, prefix=f"item{item.pk}", initial=initial, **kwargs)
        self.item = item
        for name in ("said", "told"):
            self.fields[name].label += f" ({item.get_section_display().lower()}, number {item.position})"
        self.fields["is_left_out"].label += f" (number {item.position})"
