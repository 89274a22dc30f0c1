"""The one short form of a bilateral share."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from briefings.models import Room, Slot
from communications.actions.bilateral import Share
from communications.forms.days import latest
from communications.forms.listed_people import read_people
from face.fields import LongTextField, ThreeBoxDateField
from face.forms import HubForm

LARGEST_FILE = 200_000
PROBLEMS_SHOWN = 20


class RoomChoice(forms.ModelChoiceField):
    """Rooms that are known, with their venue and how many they hold."""

    def label_from_instance(self, room: Room) -> str:
        return f"{room.venue.name}, {room.name} ({room.capacity})"


class BilateralForm(HubForm):
    """What to tell whom, and one half-day for it. ``share()`` gives what the action takes."""

    mark_optional = False  # a list or a file, a room or a place or a link: one of them is always needed

    name = forms.CharField(
        label="Name of the share", max_length=200, help_text="For example, “School attendance data”."
    )
    purpose = LongTextField(
        label="Purpose",
        max_length=2000,
        widget=forms.Textarea({"rows": 3}),
        help_text="One or two sentences: which data goes where, and what for.",
    )
    first_organisation = forms.CharField(
        label="First organisation",
        max_length=300,
        widget=forms.TextInput({"list": "organisations", "autocomplete": "off"}),
        help_text="A name that is not known yet makes a new organisation.",
    )
    second_organisation = forms.CharField(
        label="Second organisation",
        max_length=300,
        widget=forms.TextInput({"list": "organisations", "autocomplete": "off"}),
    )
    people = LongTextField(
        label="People to brief",
        required=False,
        widget=forms.Textarea({"rows": 8, "spellcheck": "false"}),
        help_text=(
            "One person a line: name, e-mail address, organisation, profession. Paste it from a mail or a spreadsheet."
        ),
    )
    people_file = forms.FileField(
        label="Or a file with the same lines", required=False, help_text="CSV or plain text, up to 200 kB."
    )
    date = ThreeBoxDateField(
        label="Which day?", not_before=timezone.localdate, not_after=latest, help_text="For example, 27 3 2027"
    )
    slot = forms.ChoiceField(
        label="Morning or afternoon?",
        choices=[
            (Slot.MORNING, "Morning, 9:30am to 12:30pm"),
            (Slot.AFTERNOON, "Afternoon, 1:30pm to 4:30pm"),
        ],
        widget=forms.RadioSelect,
    )
    second_date = ThreeBoxDateField(
        label="Another day for the second organisation?",
        subject="The second day",
        required=False,
        not_before=timezone.localdate,
        not_after=latest,
        help_text="Leave it empty where one session is for both. Otherwise each side has its own.",
    )
    second_slot = forms.ChoiceField(
        label="Half-day of the second session",
        choices=[("", "The same half-day"), *Slot.choices],
        required=False,
    )
    room = RoomChoice(
        queryset=Room.objects.select_related("venue").order_by("venue__name", "name", "pk"),
        label="Room",
        required=False,
        empty_label="Another place, or online",
        help_text="Choose a room that is known, or enter another place or a link below.",
    )
    place = LongTextField(
        label="Another place",
        max_length=700,
        required=False,
        widget=forms.Textarea({"rows": 3}),
        help_text="Its name on the first line, the address below.",
    )
    online_link = forms.URLField(
        label="Link to take part online",
        max_length=500,
        required=False,
        assume_scheme="https",
        help_text="Begins with https://. Only people with a place see it.",
    )
    capacity = forms.IntegerField(label="How many places?", min_value=1, max_value=10_000, initial=20)
    contact_name = forms.CharField(label="Whom can people ask?", max_length=200)
    contact_email = forms.EmailField(label="E-mail address for questions", max_length=254)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        self._check_where(cleaned)
        self._check_second(cleaned)
        first, second = cleaned.get("first_organisation"), cleaned.get("second_organisation")
        if first and second and first.casefold() == second.casefold():
            self.add_error("second_organisation", "Enter another organisation: a share has two sides")
        elif first and second:
            self._read_people(cleaned, (first, second))
        return cleaned

    def _check_where(self, cleaned: dict[str, Any]) -> None:
        place, faulty = cleaned.get("place") or "", {"room", "place", "online_link"} & set(self.errors)
        if not faulty and not (cleaned.get("room") or place or cleaned.get("online_link")):
            self.add_error("room", "Choose a room, enter another place, or a link to take part online")
        lines = place.strip().split("\n")
        if len(lines[0]) > 200 or len("\n".join(lines[1:])) > 500:
            self.add_error("place", "Enter at most 200 characters for the name and 500 for the address")

    def _check_second(self, cleaned: dict[str, Any]) -> None:
        first, second = cleaned.get("date"), cleaned.get("second_date")
        slot = cleaned.get("slot")
        if first and first == second and (cleaned.get("second_slot") or slot) == slot:
            self.add_error("second_date", "Choose another day or half-day for the second organisation")

    def _read_people(self, cleaned: dict[str, Any], organisations: tuple[str, str]) -> None:
        if {"people", "people_file"} & set(self.errors):
            return
        text, field = cleaned.get("people") or "", "people"
        if cleaned.get("people_file") and not text:
            text, field = self._text_of_file(cleaned["people_file"]), "people_file"
        found, problems = read_people(text, organisations)
        if not text.strip() and field not in self.errors:
            problems = ["Enter the people to brief, or choose a file"]
        for problem in problems[:PROBLEMS_SHOWN]:
            self.add_error(field, problem)
        cleaned["found"] = found

    def _text_of_file(self, upload: Any) -> str:
        if upload.size > LARGEST_FILE:
            self.add_error(
                "people_file", "The file is larger than 200 kB. Choose a smaller one, or import a staff list"
            )
            return ""
        content = upload.read()
        if content.startswith((b"\xff\xfe", b"\xfe\xff")):
            return content.decode("utf-16", "replace")
        if b"\x00" in content or content.startswith(b"PK"):
            self.add_error("people_file", ValidationError("This is no text file. Save it as CSV and choose it again"))
            return ""
        try:
            return content.decode("utf-8-sig")
        except UnicodeDecodeError:
            return content.decode("cp1252", "replace")

    def share(self) -> Share:
        """Return what was typed, clean, for the action."""
        kept = {name: self.cleaned_data[name] for name in _AS_TYPED}
        organisations = (self.cleaned_data["first_organisation"], self.cleaned_data["second_organisation"])
        return Share(organisations=organisations, people=self.cleaned_data["found"], **kept)


_AS_TYPED = (
    "name", "purpose", "date", "slot", "capacity", "contact_name", "contact_email", "room", "place", "online_link",
    "second_date", "second_slot",
)  # fmt: skip
