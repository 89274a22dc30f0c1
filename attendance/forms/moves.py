"""What a coordinator chooses who moves several people to another session."""

from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models

from attendance.forms.staff import SessionChoice
from attendance.models import Place
from attendance.queries.moves import places_to_move
from briefings.models import Session
from face.fields import HintedRadios, LongTextField
from face.forms import HubForm
from organisations.models import Organisation


class Whom(models.TextChoices):
    CHOSEN = "chosen", "Those I tick"
    ORGANISATION = "organisation", "Everybody of one organisation"
    EVERYBODY = "everybody", "Everybody with a place"


class FitRule(models.TextChoices):
    FIT = "fit", "As many as can, the others stay"
    ALL = "all", "All of them or nobody"


class Ticks(forms.CheckboxSelectMultiple):
    """Ticks of a page, or all of them in one field with commas: a form carries a thousand fields at most."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[str]:
        return [pk for value in super().value_from_datadict(data, files, name) or [] for pk in value.split(",")]


class MoveForm(HubForm):
    """Who moves, to which session, and what they are told besides.

    Ticks are taken even where a place has ended meanwhile: the answer says so by name.
    """

    mark_optional = False

    whom = forms.ChoiceField(label="Who moves?", choices=Whom, widget=forms.RadioSelect, initial=Whom.CHOSEN)
    chosen = forms.ModelMultipleChoiceField(
        label="Tick who moves",
        queryset=Place.objects.none(),
        required=False,
        widget=Ticks,
        help_text="Not needed for a whole organisation or everybody.",
    )
    organisation = forms.ModelChoiceField(
        label="Which organisation?",
        queryset=Organisation.objects.none(),
        required=False,
        empty_label="Choose an organisation",
        help_text="Only where everybody of one organisation moves.",
    )
    with_waiting = forms.BooleanField(label="Also those of them who wait for this session", required=False)
    to = SessionChoice(
        label="To which session?",
        queryset=Session.objects.none(),
        empty_label="Choose a session",
        error_messages={"required": "Choose the session they move to"},
    )
    rule = forms.ChoiceField(
        label="What if not all of them can?",
        choices=FitRule,
        initial=FitRule.FIT,
        widget=HintedRadios(
            hints={"fit": "Who has a place comes before who waits; of those who have one, who booked first."}
        ),
    )
    from_reserve = forms.BooleanField(label="Use places that are kept back, if no other is free", required=False)
    fewer = forms.BooleanField(
        label="Close the places they leave here",
        required=False,
        help_text="This session then has fewer places, at least one. Otherwise they go to those who wait for it.",
    )
    words = LongTextField(
        label="What do you want to tell them? (optional)",
        required=False,
        max_length=1000,
        rows=3,
        help_text="For example: the room is smaller than planned. It stands in the e-mail to each one who moves.",
    )

    def __init__(self, *args: Any, session: Session, sessions: Any, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.session, self.now, self.movable = session, now, places_to_move(session, now)
        chosen, organisation = self.fields["chosen"], self.fields["organisation"]
        chosen.queryset = Place.objects.filter(session=session, person__isnull=False).select_related("person")
        by_name = sorted(self.movable, key=lambda place: (place.person.sort_name, place.pk))
        chosen.widget.choices = [(place.pk, _line(place)) for place in by_name]
        organisation.queryset = Organisation.objects.filter(
            pk__in={place.organisation_id for place in self.movable}
        ).order_by("name")
        self.fields["to"].queryset = sessions.exclude(pk=session.pk)
        self.fields["to"].known = session.programme.sessions.exclude(pk=session.pk)

    def clean(self) -> dict:
        cleaned = super().clean()
        whom = cleaned.get("whom")
        if whom == Whom.CHOSEN and not cleaned.get("chosen") and "chosen" not in self.errors:
            self.add_error("chosen", ValidationError("Tick who moves, or choose a whole organisation or everybody"))
        if whom == Whom.ORGANISATION and not cleaned.get("organisation") and "organisation" not in self.errors:
            self.add_error("organisation", ValidationError("Choose the organisation whose people move"))
        return cleaned

    def places(self) -> list[Place]:
        """Return the places that were chosen, in any order."""
        whom = self.cleaned_data["whom"]
        if whom == Whom.CHOSEN:
            return list(self.cleaned_data["chosen"].select_related("person", "organisation"))
        found = places_to_move(self.session, self.now, with_waiting=self.cleaned_data["with_waiting"])
        if whom == Whom.ORGANISATION:
            found = [place for place in found if place.organisation == self.cleaned_data["organisation"]]
        return found


def _line(place: Place) -> str:
    state = "" if place.state == "booked" else f" ({place.get_state_display().lower()})"
    return f"{place.person.name}, {place.organisation.name}{state}"
