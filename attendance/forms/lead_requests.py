"""What a gap in the reach carries along to the request to a lead."""

from django import forms

from briefings.models import Programme
from face.forms import HubForm
from organisations.models import Area, Organisation, Profession


class LeadRequestForm(HubForm):
    """Of which organisation, profession and area how many are missing; it comes from the address and is carried."""

    organisation = forms.ModelChoiceField(Organisation.objects.none(), widget=forms.HiddenInput)
    profession = forms.ModelChoiceField(Profession.objects.all(), required=False, widget=forms.HiddenInput)
    area = forms.ModelChoiceField(Area.objects.all(), required=False, widget=forms.HiddenInput)
    missing = forms.IntegerField(min_value=1, max_value=1_000_000, widget=forms.HiddenInput)
    eligible = forms.IntegerField(min_value=1, max_value=1_000_000, widget=forms.HiddenInput)

    def __init__(self, *args, programme: Programme, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        partners = programme.partners.values("organisation")
        self.fields["organisation"].queryset = Organisation.objects.filter(pk__in=partners)

    def whom(self) -> str:
        """Return profession and area in words: "Health visitor, in Melton"; "" for everybody."""
        profession, area = self.cleaned_data["profession"], self.cleaned_data["area"]
        words = [profession.name if profession else "", f"in {area.name}" if area else ""]
        return ", ".join(filter(None, words))
