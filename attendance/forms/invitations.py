"""What coordinators type when they invite, and what somebody types who lost their link."""

from datetime import datetime

from django import forms
from django.db.models import QuerySet
from django.utils import timezone

from attendance.models import InvitationAnswer, InvitationRound
from attendance.queries.invitations import InvitationChoice, LeftOut
from briefings.models import Programme
from briefings.queries import affiliations_in_scope, area_ids_in_scope
from face.dates import day_plain
from face.fields import LongTextField
from face.forms import FilterForm, HubForm
from organisations.models import Affiliation, Area, Organisation, Profession

NEW, JOINED, AGAIN = "new", "joined", "again"
FILTERS = ("organisations", "professions", "areas")


class AreasField(forms.ModelMultipleChoiceField):
    """Areas to tick; each says which larger one it lies in."""

    def label_from_instance(self, area: Area) -> str:
        return f"{area.name} (in {area.parent.name})" if area.parent else area.name


class ChoiceForm(HubForm):
    """Whom to invite. It may come from the address or be carried along; what it cannot read it refuses.

    Never a filter that passes over what it cannot read: that would invite everybody.
    """

    mark_optional = False

    who = forms.ChoiceField(label="Who?", widget=forms.RadioSelect)
    organisations = forms.ModelMultipleChoiceField(
        label="Organisations",
        help_text="Tick none for all.",
        queryset=Organisation.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    professions = forms.ModelMultipleChoiceField(
        label="Professions",
        help_text="Tick none for all.",
        queryset=Profession.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    areas = AreasField(
        label="Areas",
        help_text="Tick none for all. An area stands for all areas inside it.",
        queryset=Area.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    gap = forms.ChoiceField(choices=[("yes", "")], required=False, widget=forms.HiddenInput)
    unknown = forms.MultipleChoiceField(
        choices=[("profession", "Professions"), ("area", "Areas")], required=False, widget=forms.MultipleHiddenInput
    )

    def __init__(self, *args, programme: Programme, last: InvitationRound | None, now: datetime, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.last = last
        self.is_gap = bool(self["gap"].data or self["unknown"].data)
        """Whether it is for those whom a line of reach counts: then nothing is asked."""
        self.fields["gap"].required = self.is_gap
        self.fields["who"].choices = _GAPS if self.is_gap else _whom(last)
        in_scope = affiliations_in_scope(programme, timezone.localdate(now))
        self.fields["organisations"].queryset = Organisation.objects.filter(pk__in=in_scope.values("organisation"))
        self.fields["professions"].queryset = Profession.objects.filter(pk__in=in_scope.values("profession"))
        self.fields["areas"].queryset = _areas_to_choose(programme, in_scope)
        # What leaves no choice is not asked, but still read: a value that stands there must not be passed over.
        if self.is_gap or not last:
            self.fields["who"].widget = forms.HiddenInput()
        for name in FILTERS:
            if self.is_gap or len(self.fields[name].queryset[:2]) < 2:
                self.fields[name].widget = forms.MultipleHiddenInput()

    def choice(self) -> InvitationChoice:
        """Return the choice of a valid form."""
        ids = {name: sorted(row.pk for row in self.cleaned_data[name]) for name in FILTERS}
        who = self.cleaned_data["who"]
        joined = self.last.made_at.isoformat() if who == JOINED and self.last else ""
        unknown = sorted(self.cleaned_data["unknown"])
        return InvitationChoice(**ids, again=who == AGAIN, joined_since=joined, gap=self.is_gap, unknown=unknown)

    def in_words(self) -> list[tuple[str, str]]:
        """Return what was chosen as (label, words) pairs."""
        chosen = [("Who", dict(self.fields["who"].choices)[self.cleaned_data["who"]])]
        for name in FILTERS:
            names = [row.name for row in self.cleaned_data[name]]
            if name.removesuffix("s") in self.cleaned_data["unknown"]:
                names.append("Not known")
            if (self.is_gap and names) or not self.fields[name].widget.is_hidden:
                chosen.append((self.fields[name].label, ", ".join(names) or "All"))
        return chosen

    def pairs(self) -> list[tuple[str, str]]:
        """Return what was chosen as (name, value) pairs, to carry it along in a form or an address."""
        found = [("who", self.cleaned_data["who"])]
        for name in FILTERS:
            found += [(name, str(row.pk)) for row in self.cleaned_data[name]]
        if self.is_gap:
            found += [("gap", "yes"), *(("unknown", name) for name in self.cleaned_data["unknown"])]
        return found


def _areas_to_choose(programme: Programme, in_scope: QuerySet[Affiliation]) -> QuerySet[Area]:
    """Return the areas in scope; where every area is, those in which somebody works and the larger ones around them."""
    ids = area_ids_in_scope(programme)
    if ids is None:
        used = Area.objects.filter(pk__in=in_scope.values("areas"))
        ids = {pk for area in used for pk in (area.pk, *area.ancestor_ids())}
    return Area.objects.filter(pk__in=ids).select_related("parent")


_GAPS = [(NEW, "People who were never reached"), (AGAIN, "People who were invited, and nothing came of it yet")]


def _whom(last: InvitationRound | None) -> list[tuple[str, str]]:
    found = [(NEW, "People who have not been invited yet")]
    if last:
        found += [
            (JOINED, f"Only those of them who became eligible after {day_plain(last.made_at)}, when you last invited"),
            (AGAIN, "Also people who were invited and have not answered"),
        ]
    return found


class WordsForm(HubForm):
    """The words of one round."""

    subject = forms.CharField(label="Subject", max_length=150, widget=forms.TextInput({"class": "w30"}))
    introduction = LongTextField(
        label="Introduction",
        help_text="Comes first in the mail, before the dates and the link. Say what changes and why to come.",
        max_length=3000,
        required=False,
        rows=8,
    )


class LeftOutFilter(FilterForm):
    """Which of those left out are shown."""

    reason = forms.ChoiceField(label="Reason", choices=[("", "All reasons"), *LeftOut.choices])


class AnswerFilter(FilterForm):
    """Which answers are shown."""

    answer = forms.ChoiceField(label="Answer", choices=[("", "All answers"), *InvitationAnswer.choices])


class LinkAgainForm(HubForm):
    """The address that somebody wants their links sent to."""

    email = forms.EmailField(
        label="Your work e-mail address",
        help_text="The one your invitation was sent to.",
        max_length=254,
        widget=forms.EmailInput({"class": "w30", "autocomplete": "email"}),
    )
