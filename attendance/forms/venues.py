"""Venues and rooms, and the filters of lists."""

from django import forms

from briefings.models import Room, Venue
from face.fields import LongTextField
from face.forms import ChangingMixin, FilterForm, HubModelForm


class _SavedByAction(ChangingMixin, HubModelForm):
    def _post_clean(self) -> None:
        """The names are kept apart by the database, whose refusal the action puts into words."""


class VenueForm(_SavedByAction):
    """A venue, how to get in and how to get there."""

    class Meta:
        model = Venue
        fields = ("name", "address", "area", "access_notes", "directions")
        labels = {
            "name": "Name of the venue",
            "address": "Address",
            "area": "Area",
            "access_notes": "Access",
            "directions": "Directions",
        }
        help_texts = {
            "name": "With the town, for example “Eastmarsh Library”.",
            "address": "With the postcode: people put it into a map.",
            "area": "Sessions here come first for people who work in it.",
            "access_notes": "Steps, lifts, doors, hearing loop, toilets, prayer room.",
            "directions": "Parking, bus, which entrance.",
        }
        field_classes = {"address": LongTextField, "access_notes": LongTextField, "directions": LongTextField}
        widgets = {
            "address": forms.Textarea({"rows": 3, "autocomplete": "street-address"}),
            "access_notes": forms.Textarea({"rows": 4}),
            "directions": forms.Textarea({"rows": 4}),
        }

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["area"].empty_label = "Not said"


class RoomForm(_SavedByAction):
    """A room and how many people it holds."""

    class Meta:
        model = Room
        fields = ("name", "capacity")
        labels = {"name": "Name of the room", "capacity": "How many people does it hold?"}
        help_texts = {"capacity": "As the room is set out for a briefing, not what the fire notice allows."}

    capacity = forms.IntegerField(
        label="How many people does it hold?",
        min_value=1,
        max_value=10_000,
        help_text="As the room is set out for a briefing.",
    )


class VenueFilter(FilterForm):
    """Search in the list of venues."""

    q = forms.CharField(label="Name or address", max_length=100)
