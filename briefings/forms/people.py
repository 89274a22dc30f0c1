"""The filter of the people of a programme."""

from typing import Any

from django import forms
from django.db.models import Q

from accounts.queries import people_with_word
from briefings.models import Programme
from face.fields import NameChoice
from face.forms import FilterForm
from organisations.models import Area, Organisation, Profession


class PeopleFilter(FilterForm):
    """Search by name or address; choose organisation, area, profession."""

    q = forms.CharField(label="Name or e-mail address", max_length=100)
    organisation = NameChoice(Organisation.objects.none(), label="Organisation", empty_label="All organisations")
    area = NameChoice(Area.objects.all(), label="Area", empty_label="All areas")
    profession = NameChoice(Profession.objects.all(), label="Profession", empty_label="All professions")

    def __init__(self, *args: Any, programme: Programme, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["organisation"].queryset = Organisation.objects.filter(partnerships__programme=programme)
        if not programme.every_profession:
            self.fields["profession"].queryset = programme.professions.all()

    def on_affiliation(self) -> Q:
        """Return the condition on the affiliation that was chosen; a larger area includes those inside it."""
        found = Q()
        for name in ("organisation", "profession"):
            if self.value(name):
                found &= Q(**{name: self.value(name)})
        area = self.value("area")
        if area:
            found &= Q(areas__path__startswith=area.path)
        return found

    def on_person(self) -> Q:
        """Return the condition on the person that was typed."""
        found = Q()
        for word in (self.value("q") or "").split():
            found &= people_with_word(word)
        return found
