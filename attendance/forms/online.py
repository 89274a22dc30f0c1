"""What is asked about the report of an online session."""

from collections.abc import Iterable
from typing import Any

from django import forms

from attendance.models import OnlinePresence, Place, WalkIn
from face.forms import HubForm
from organisations.models import Organisation

LEAVE_OUT = "leave"


class ShareForm(HubForm):
    """Which share of a session counts as attended."""

    full_share = forms.IntegerField(
        label="How much of a session counts as attended, in per cent?",
        help_text="Who was there for less attended in part.",
        min_value=1,
        max_value=100,
        widget=forms.NumberInput({"class": "w4"}),
    )


class ReportForm(HubForm):
    """The report of a meeting."""

    file = forms.FileField(
        label="Attendance report of Microsoft Teams",
        help_text="The CSV file as it comes from the Attendance tab of the meeting.",
        widget=forms.FileInput({"accept": ".csv,.tsv,.txt"}),
        error_messages={"required": "Choose the report", "empty": "The file is empty"},
    )


class DecisionsForm(forms.Form):
    """Who each of some rows is: a walk-in there is already, a place (those suggested first), a new one, or nobody."""

    def __init__(
        self,
        *args: Any,
        rows: Iterable[OnlinePresence],
        suggested: dict[int, list[Place]],
        walked_in: dict[int, list[WalkIn]],
        left: Iterable[Place] = (),
        organisations: Iterable[Organisation],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        left = list(left)
        self.places = {place.pk: place for found in (*suggested.values(), left) for place in found}
        self.walk_ins = {str(own.pk): own for found in walked_in.values() for own in found}
        self.organisations = {own.pk: own for own in organisations}
        for row in rows:
            alike = suggested.get(row.pk, [])
            places, others = _places(alike), _places(own for own in left if own not in alike)
            walk_ins = [(f"o{own.pk}", own.name) for own in self.organisations.values()]
            choices = [("", "Decide later"), (LEAVE_OUT, "Leave out")]
            there = [
                (f"w{own.pk}", f"{own.name}, {own.organisation} (walked in already)")
                for own in walked_in.get(row.pk, [])
            ]
            if there:
                choices.append(("A walk-in that is there", there))
            if places:
                choices.append(("Has a place", places))
            if others:
                choices.append(("Somebody else who has a place", others))
            if walk_ins:
                choices.append(("A walk-in from", walk_ins))
            self.fields[f"row-{row.pk}"] = forms.ChoiceField(choices=choices, required=False, label=row.name)
            self.initial[f"row-{row.pk}"] = there[0][0] if there else ""

    def decisions(self) -> dict[int, Place | Organisation | WalkIn | None]:
        """Return what was decided, by the id of the row; what stays open is not in it."""
        found: dict[int, Place | Organisation | WalkIn | None] = {}
        known = {f"p{key}": own for key, own in self.places.items()}
        known |= {f"o{key}": own for key, own in self.organisations.items()}
        known |= {f"w{key}": own for key, own in self.walk_ins.items()}
        for name, said in self.cleaned_data.items():
            if said:
                found[int(name.removeprefix("row-"))] = None if said == LEAVE_OUT else known[said]
        return found


def _places(places: Iterable[Place]) -> list[tuple[str, str]]:
    return [(f"p{own.pk}", f"{own.person.name}, {own.organisation}") for own in places]
