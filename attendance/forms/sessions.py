"""What a coordinator types about sessions."""

import re
from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from accounts.models import Person
from briefings.actions.sessions import AgendaLine
from briefings.models import AgendaKind, Part, Programme, Room, Session, SessionKind, SessionState, Slot
from face.dates import period
from face.fields import HintedRadios, LongTextField, ThreeBoxDateField, month_of
from face.forms import ChangingMixin, FilterForm, HubForm
from organisations.models import Area

MOST_PLACES = 5_000
MOST_DATES = 60
_KINDS = {
    SessionKind.BRIEFING: "Introduces the concept and leaves room for questions",
    SessionKind.WORKSHOP: "Works on agreements that organisations endorse",
}


class RoomField(forms.ModelChoiceField):
    """A room, shown with its venue and how many it holds."""

    def __init__(self, **kwargs: Any) -> None:
        rooms = Room.objects.select_related("venue__area").order_by("venue__name", "name", "pk")
        super().__init__(queryset=rooms, empty_label="No room", required=False, **kwargs)

    def label_from_instance(self, room: Room) -> str:
        return f"{room.venue.name}, {room.name} ({room.capacity})"


def slot_choices(programme: Programme) -> list[tuple[str, str]]:
    """Return the half-days of ``programme`` with their hours, for radio buttons."""
    return [(slot.value, f"{slot.label}, {period(*programme.hours_of(slot))}") for slot in Slot]


def person_with(address: str, people: Any) -> Person:
    """Return the one of ``people`` with the mail ``address``; raises ValidationError where there is none."""
    found = people.filter(email__iexact=address).first()
    if found is None:
        raise ValidationError(
            "Nobody in your programme has this address. Give them a role in the set-up of the programme first"
        )
    return found


class _Details(HubForm):
    """What one session and several have in common."""

    kind = forms.ChoiceField(
        label="What kind of session is it?", choices=SessionKind, widget=HintedRadios(hints=_KINDS), initial="briefing"
    )
    room = RoomField(label="Room", help_text="A room is only ever in one session at a time.")
    online_link = forms.URLField(
        label="Link for people online",
        required=False,
        max_length=500,
        assume_scheme="https",
        help_text="Only those with a place get it.",
    )
    capacity = forms.IntegerField(
        label="How many places?", min_value=1, max_value=MOST_PLACES, help_text="No more than the room holds."
    )
    reserved = forms.IntegerField(
        label="Places you keep back",
        min_value=0,
        max_value=MOST_PLACES,
        required=False,
        help_text="Only you give these out. Leave empty for none.",
    )
    presenter = forms.EmailField(
        label="E-mail address of who presents it",
        required=False,
        max_length=254,
        help_text="Somebody you see in your programme’s people. You can add others later.",
    )
    title = forms.CharField(
        label="Title", max_length=200, required=False, help_text="The programme’s name where you leave it empty."
    )
    area = forms.ModelChoiceField(
        label="Area",
        queryset=Area.objects.order_by("name", "pk"),
        required=False,
        empty_label="The venue’s area",
        help_text="People who work there see this session first.",
    )
    notes = LongTextField(
        label="How to get in",
        max_length=2000,
        required=False,
        rows=4,
        help_text="Stands in the confirmation: parking, doors, lifts, prayer room.",
    )

    def __init__(self, *args: Any, programme: Programme, people: Any = None, **kwargs: Any) -> None:
        self.programme, self.people = programme, people
        super().__init__(*args, **kwargs)
        if "slot" in self.fields:
            self.fields["slot"].choices = slot_choices(programme)

    def clean_reserved(self) -> int:
        return self.cleaned_data["reserved"] or 0

    def clean_presenter(self) -> Person | None:
        address = self.cleaned_data["presenter"]
        return person_with(address, self.people) if address else None

    def details(self) -> dict[str, Any]:
        """Return the cleaned values by the names of a SessionPlan, without dates and people."""
        apart = ("date", "slot", "dates", "presenter")
        return {name: value for name, value in self.cleaned_data.items() if name not in apart}

    def runs(self) -> tuple[tuple[Person, str], ...]:
        """Return who runs it, as a SessionPlan has it."""
        presenter = self.cleaned_data["presenter"]
        return ((presenter, Part.PRESENTER),) if presenter else ()


class PlanForm(_Details):
    """One session."""

    date = ThreeBoxDateField(label="Which day?", help_text="For example, 27 3 2027")
    slot = forms.ChoiceField(label="Morning or afternoon?", widget=forms.RadioSelect)
    field_order = ("kind", "date", "slot", "room", "capacity")


class DatesField(LongTextField):
    """Half-days, one on a line: "3 December 2026 morning", "3/12/2026 pm". Gives (date, Slot value) pairs, in order."""

    _LINE = re.compile(r"(\d{1,2})[ ./-]+(\w{1,12})[ ./-]+(\d{4})[ ,]+(morning|afternoon|am|pm)\.?", re.IGNORECASE)
    _SLOTS = {"morning": Slot.MORNING, "am": Slot.MORNING, "afternoon": Slot.AFTERNOON, "pm": Slot.AFTERNOON}

    def clean(self, value: Any) -> list[tuple[date, str]]:
        text = super().clean(value)
        lines = [(number, line.strip()) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
        if len(lines) > MOST_DATES:
            raise ValidationError(f"Enter {MOST_DATES} dates or fewer at a time. There are {len(lines)}")
        faults, found = [], set()
        for number, line in lines:
            half_day = self._read(line)
            if half_day is None:
                words = line if len(line) <= 40 else f"{line[:40]}…"
                faults.append(f"Line {number}, “{words}”, must be a real date with morning or afternoon")
            else:
                found.add(half_day)
        if faults:
            raise ValidationError(faults)
        return sorted(found, key=lambda half_day: (half_day[0], half_day[1] != Slot.MORNING))

    def _read(self, line: str) -> tuple[date, str] | None:
        match = self._LINE.fullmatch(
            re.sub(r"^(mon|tues?|wed(nes)?|thu(rs)?|fri|satur|sat|sun)(day)?,? ", "", line.lower())
        )
        month = month_of(match[2]) if match else None
        if month is None:
            return None
        try:
            return date(int(match[3]), month, int(match[1])), str(self._SLOTS[match[4]].value)
        except ValueError:
            return None


class PlanSeveralForm(_Details):
    """The same session on several half-days."""

    dates = DatesField(
        label="Which half-days?",
        rows=8,
        max_length=4000,
        help_text="One on each line, for example: 3 December 2026 morning",
    )
    field_order = ("kind", "dates", "room", "capacity")


class ChangeForm(ChangingMixin, _Details):
    """What can be changed of a session; places have a page of their own."""

    together = (("date", "slot"),)

    kind = None
    capacity = None
    reserved = None
    presenter = None
    date = PlanForm.base_fields["date"]
    slot = PlanForm.base_fields["slot"]
    field_order = ("date", "slot", "room", "online_link", "title")

    @classmethod
    def initial_of(cls, session: Session) -> dict[str, Any]:
        """Return what stands in the form when it is opened."""
        return {name: getattr(session, name) for name in cls.base_fields}


class CopyForm(HubForm):
    """Where the copy of a session goes."""

    date = ThreeBoxDateField(label="Which day?", help_text="For example, 27 3 2027")
    slot = forms.ChoiceField(label="Morning or afternoon?", widget=forms.RadioSelect)
    with_people = forms.BooleanField(label="With the same presenters and facilitators", required=False)

    def __init__(self, *args: Any, session: Session, names: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["slot"].choices = slot_choices(session.programme)
        if names:
            self.fields["with_people"].help_text = f"{', '.join(names)}."
        else:
            self.fields["with_people"].widget = forms.HiddenInput()


class SeatsForm(ChangingMixin, HubForm):
    """How many places, and how many the coordinator keeps."""

    capacity = _Details.base_fields["capacity"]
    reserved = _Details.base_fields["reserved"]

    def clean_reserved(self) -> int:
        return self.cleaned_data["reserved"] or 0


class CancelForm(HubForm):
    """Why a session is cancelled."""

    reason = LongTextField(
        label="Why is it cancelled?",
        max_length=300,
        rows=3,
        help_text="In words for those who wanted to come. It stands in their mail.",
    )


class PartForm(HubForm):
    """Who presents or facilitates."""

    email = forms.EmailField(
        label="E-mail address of the person", max_length=254, help_text="Somebody you see in your programme’s people."
    )
    part = forms.ChoiceField(label="What do they do?", choices=Part, widget=forms.RadioSelect)

    def __init__(self, *args: Any, people: Any, **kwargs: Any) -> None:
        self.people = people
        super().__init__(*args, **kwargs)

    def clean_email(self) -> str:
        self.person = person_with(self.cleaned_data["email"], self.people)
        return self.cleaned_data["email"]


class AgendaLineForm(HubForm):
    """One part of an agenda; an empty line is left out."""

    mark_optional = False
    kind = forms.ChoiceField(label="Kind", choices=AgendaKind, required=False)
    title = forms.CharField(label="What", max_length=200, required=False)
    minutes = forms.IntegerField(label="Minutes", min_value=1, max_value=600, required=False)
    presenter = forms.ModelChoiceField(
        label="Who presents it", queryset=Person.objects.none(), required=False, empty_label="Nobody named"
    )

    def __init__(self, *args: Any, people: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["presenter"].queryset = people

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        title, minutes = cleaned.get("title"), cleaned.get("minutes")
        if title and not minutes and "minutes" not in self.errors:
            self.add_error("minutes", "Enter how many minutes this part takes")
        if minutes and not title and "title" not in self.errors:
            self.add_error("title", "Enter what this part is")
        return cleaned

    def line(self) -> AgendaLine | None:
        """Return what was typed, or None where the line is empty.

        Where its kind and its minutes have stayed it is the same part under another title, and keeps its activity.
        """
        cleaned = self.cleaned_data
        if not cleaned.get("title"):
            return None
        presenter = cleaned.get("presenter")
        kind = cleaned.get("kind") or AgendaKind.OTHER
        activity = None if {"kind", "minutes"} & {*self.changed_data} else self.initial.get("activity")
        return AgendaLine(kind, cleaned["title"], cleaned["minutes"], presenter.pk if presenter else None, activity)


class SessionFilter(FilterForm):
    """The filter of a programme's sessions. Strangers see open ones only, so they get no state."""

    q = forms.CharField(label="Title or venue", max_length=100)
    state = forms.ChoiceField(label="State", choices=[("", "All states"), *SessionState.choices])
    month = forms.ChoiceField(label="Month")
    venue = forms.ChoiceField(label="Venue")
    area = forms.ChoiceField(label="Area")

    def __init__(self, *args: Any, options: dict[str, list[tuple[str, str]]], staff: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, all_of_them in (("month", "All months"), ("venue", "All venues"), ("area", "All areas")):
            self.fields[name].choices = [("", all_of_them), *options[name]]
        if not staff:
            del self.fields["state"]
