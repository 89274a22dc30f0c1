"""What is pressed and typed at the door and after the day."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.db.models import QuerySet
from django.http import QueryDict

from attendance.models import MarkKind, Place
from briefings.models import Mandate
from face.forms import FilterForm, HubForm
from organisations.models import Organisation

_LARGEST = 2**63 - 1
WALK_IN_LINES = 5


class RegisterFilter(FilterForm):
    """What a register shows: whose name or organisation has these words, and how many rows of each half."""

    find = forms.CharField(label="Find a name or organisation", max_length=100)
    left = forms.IntegerField(label="Not marked yet", min_value=1)
    marked = forms.IntegerField(label="Marked", min_value=1)


@dataclass(frozen=True)
class SentMark:
    """One press: about a place or a walk-in, its own id, and for an undo the id of the press to take back.

    ``instead`` takes every other mark back.
    """

    place: int | None
    walk_in: UUID | None
    mark: MarkKind
    press: UUID
    undoes: UUID | None
    instead: bool


def read_mark(sent: QueryDict) -> SentMark | None:
    """Return the press that a button of the register sent; None for anything else.

    Nobody types this in, so nothing is said about single fields, and who waits in the door waits for no form.
    """
    place, walk_in, undoes = sent.get("place", ""), sent.get("walk_in", ""), sent.get("undoes", "")
    if bool(place) == bool(walk_in):
        return None
    try:
        number = int(place) if place else None
        found = SentMark(
            place=number,
            walk_in=UUID(walk_in) if walk_in else None,
            mark=MarkKind(sent.get("mark", "")),
            press=UUID(sent.get("press", "")),
            undoes=UUID(undoes) if undoes else None,
            instead=sent.get("instead", "") == "1",
        )
    except ValueError:
        return None
    return found if number is None or 0 < number <= _LARGEST else None


class OrganisationChoiceForm(HubForm):
    """Another organisation than the partners, for a walk-in."""

    mark_optional = False

    organisation = forms.ModelChoiceField(
        label="Organisation", queryset=Organisation.objects.none(), empty_label="Choose an organisation"
    )

    def __init__(self, *args: Any, organisations: QuerySet[Organisation], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["organisation"].queryset = organisations


class WalkInForm(HubForm):
    """The name of somebody at the door. ``press`` is the id of the walk-in."""

    name = forms.CharField(
        label="Name",
        max_length=300,
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false", "class": "w20"}),
    )
    press = forms.UUIDField(widget=forms.HiddenInput)


class SeniorForm(forms.Form):
    """One senior manager of the day, by their mandate."""

    mandate = forms.ModelChoiceField(queryset=Mandate.objects.none())

    def __init__(self, *args: Any, mandates: QuerySet[Mandate], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["mandate"].queryset = mandates


class ReopenForm(HubForm):
    """Why a closed register is opened again."""

    reason = forms.CharField(
        label="Why is it opened again?",
        help_text="For example: the second signing-in sheet was found.",
        max_length=300,
    )


class SheetForm(HubForm):
    """Who signed a signing-in sheet."""

    press = forms.UUIDField(
        widget=forms.HiddenInput,
        error_messages=dict.fromkeys(("required", "invalid"), "This page did not arrive whole. Send it once more"),
    )
    came = forms.ModelMultipleChoiceField(
        label="Who signed",
        queryset=Place.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": "Somebody on this page has lost their place meanwhile. Check the list again"},
    )

    def __init__(self, *args: Any, places: QuerySet[Place], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["came"].queryset = places

    @property
    def ticked(self) -> set[str]:
        """The ids of the places that were ticked, as they came."""
        return set(self.data.getlist("came")) if self.is_bound else set()


class SheetLineForm(HubForm):
    """One line that was written below the list. An empty one counts as none."""

    mark_optional = False

    name = forms.CharField(
        label="Name",
        max_length=300,
        required=False,
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false"}),
    )
    organisation = forms.TypedChoiceField(label="Organisation", required=False, coerce=int, empty_value=None)

    def __init__(self, *args: Any, organisations: Iterable[Organisation], number: int, **kwargs: Any) -> None:
        super().__init__(*args, prefix=f"line-{number}", **kwargs)
        self.known = {each.pk: each for each in organisations}
        words = [(pk, each.name) for pk, each in self.known.items()]
        self.fields["organisation"].choices = [("", "Choose an organisation"), *words]
        self.fields["name"].label = f"Name {number}"
        self.fields["organisation"].label = f"Organisation {number}"

    def clean(self) -> dict[str, Any]:
        """Ask for the other half where there is one."""
        found = super().clean()
        name, organisation = found.get("name"), found.get("organisation")
        if name and not organisation and "organisation" not in self.errors:
            self.add_error("organisation", f"Choose the organisation of {name}")
        if organisation and not name and "name" not in self.errors:
            self.add_error("name", f"Enter the name of the person from {self.known[organisation].name}")
        return found

    def line(self) -> tuple[str, Organisation] | None:
        """Return name and organisation; None for an empty line."""
        name, organisation = self.cleaned_data.get("name"), self.cleaned_data.get("organisation")
        return (name, self.known[organisation]) if name else None


class DecisionForm(forms.Form):
    """What a walk-in is: a known person (by id), a new one, or nobody we know. A button makes it."""

    walk_in = forms.UUIDField()
    decision = forms.ChoiceField(choices=[("person", ""), ("new", ""), ("leave", "")])
    person = forms.IntegerField(required=False, min_value=1, max_value=_LARGEST)
