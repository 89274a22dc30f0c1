"""What is typed about stages and the items of the plan."""

from datetime import date
from typing import Any

from django import forms
from django.db.models import Q, QuerySet

from accounts.models import Person
from attendance.models import InvitationRound, SessionNotice
from briefings.models import Programme, Session, SessionState
from briefings.queries import area_ids_in_scope
from briefings.words import when_in_words
from commitments.models import Agreement, Telling
from communications.actions.plan import Audience
from communications.forms.days import earliest, latest
from communications.models import Means, PlannedItem, Post, PostState, Stage, StageKind
from communications.queries.fulfilling import LINKS
from communications.queries.timeline import Kind
from communications.rules.stages import who_may_own
from face.dates import day_plain
from face.fields import LongTextField, ThreeBoxDateField
from face.forms import ChangingMixin, FilterForm, HubForm
from organisations.models import Area, Organisation, Profession

AUDIENCE = ("organisations", "professions", "areas")
NO_OWNER = "Whoever owns the stage, or a coordinator"


class AreasField(forms.ModelMultipleChoiceField):
    """Areas to tick; each says which larger one it lies in."""

    def label_from_instance(self, area: Area) -> str:
        return f"{area.name} (in {area.parent.name})" if area.parent else area.name


class StageForm(ChangingMixin, HubForm):
    """One stage: which, from when to when, whose."""

    together = (("kind", "name"), ("starts_on", "ends_on"))

    kind = forms.ChoiceField(label="Which stage?", choices=StageKind.choices, widget=forms.RadioSelect)
    name = forms.CharField(
        label="Name",
        max_length=100,
        required=False,
        help_text="Only for another stage, or where yours is called something else.",
    )
    starts_on = ThreeBoxDateField(
        label="First day",
        subject="The first day",
        not_before=earliest,
        not_after=latest,
        help_text="For example, 7 1 2027",
    )
    ends_on = ThreeBoxDateField(
        label="Last day",
        subject="The last day",
        not_before=earliest,
        not_after=latest,
        help_text="The stage includes it.",
    )
    owner = forms.ModelChoiceField(Person.objects.none(), label="Owner", required=False, empty_label="A coordinator")

    def __init__(
        self, *args: Any, programme: Programme, today: date, stage: Stage | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].queryset = owners(programme, today, stage and stage.owner_id)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("kind") == StageKind.OWN and not cleaned.get("name") and "name" not in self.errors:
            self.add_error("name", "Enter what the stage is called")
        return cleaned


class ItemForm(ChangingMixin, HubForm):
    """One item of the plan: what, to whom, by when, by what means, whose."""

    words = LongTextField(
        label="What is to be told?",
        max_length=300,
        rows=3,
        help_text="For example, “What changes on the first day, and where to ask”.",
    )
    stage = forms.ModelChoiceField(Stage.objects.none(), label="In which stage?", empty_label=None)
    due_on = ThreeBoxDateField(
        label="By when?", subject="The day", not_before=earliest, not_after=latest, help_text="For example, 27 3 2027"
    )
    means = forms.ChoiceField(label="By what means?", choices=Means.choices, widget=forms.RadioSelect)
    owner = forms.ModelChoiceField(
        Person.objects.none(),
        label="Owner",
        required=False,
        empty_label=NO_OWNER,
        help_text="They are told by e-mail, and reminded until it is done.",
    )
    organisations = forms.ModelMultipleChoiceField(
        Organisation.objects.none(),
        label="Organisations",
        required=False,
        help_text="Tick none for all of them.",
        widget=forms.CheckboxSelectMultiple,
    )
    professions = forms.ModelMultipleChoiceField(
        Profession.objects.none(),
        label="Professions",
        required=False,
        help_text="Tick none for all of them.",
        widget=forms.CheckboxSelectMultiple,
    )
    areas = AreasField(
        Area.objects.none(),
        label="Areas",
        required=False,
        help_text="Tick none for all. An area stands for all areas inside it.",
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, programme: Programme, today: date, item: PlannedItem | None = None, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["stage"].queryset = programme.stages.all()
        self.fields["owner"].queryset = owners(programme, today, item and item.owner_id)
        self.item = item
        for name, found in in_scope(programme, today).items():
            # What the item is for already can be kept, though it has left the scope since.
            also = getattr(item, name).values("pk") if item else []
            self.fields[name].queryset = found.model.objects.filter(Q(pk__in=found.values("pk")) | Q(pk__in=also))
            if len(self.fields[name].queryset[:2]) < 2:
                del self.fields[name]

    def audience(self) -> Audience:
        """Return whom the item is for; where a part leaves no choice, or none was made, what stands there."""
        return Audience(**{name: self._part(name) for name in AUDIENCE})

    def _part(self, name: str) -> Any:
        if self.item and name not in self.changes:
            return getattr(self.item, name).all()
        return self.cleaned_data.get(name, ())

    def columns(self) -> dict[str, Any]:
        """Return the other answers, by column."""
        return {name: self.cleaned_data[name] for name in ("words", "stage", "due_on", "means", "owner")}


class RoundField(forms.ModelChoiceField):
    """Rounds of invitations, by day and subject."""

    def label_from_instance(self, round: InvitationRound) -> str:
        return f"{day_plain(round.made_at)}: {round.subject or 'Invitations'}"


class SessionField(forms.ModelChoiceField):
    """Sessions, by day and hours."""

    def label_from_instance(self, session: Session) -> str:
        return f"{when_in_words(session)}{f': {session.title}' if session.title else ''}"


class NoticeField(forms.ModelChoiceField):
    """Notices about sessions, by day and subject."""

    def label_from_instance(self, notice: SessionNotice) -> str:
        return f"{day_plain(notice.made_at)}: {notice.subject}"


class TellingField(forms.ModelChoiceField):
    """Tellings, by kind and day."""

    def label_from_instance(self, telling: Telling) -> str:
        return f"{telling.get_kind_display()}, {day_plain(telling.published_at or telling.drafted_at)}"


class AgreementField(forms.ModelChoiceField):
    """Agreements, by reference and title."""

    def label_from_instance(self, agreement: Agreement) -> str:
        return f"{agreement.reference}: {agreement.title}"


class WordsDoneForm(HubForm):
    """That an item is done, because."""

    words = LongTextField(label="How was it done?", max_length=500, rows=3)


class FulfilForm(HubForm):
    """What fulfils an item: one thing of the programme, or words."""

    mark_optional = False

    session = SessionField(Session.objects.none(), label="A session", required=False, empty_label="No session")
    round = RoundField(
        InvitationRound.objects.none(), label="A round of invitations", required=False, empty_label="No round"
    )
    notice = NoticeField(
        SessionNotice.objects.none(), label="A notice about a session", required=False, empty_label="No notice"
    )
    telling = TellingField(
        Telling.objects.none(), label="What people were told", required=False, empty_label="Nothing of these"
    )
    post = forms.ModelChoiceField(Post.objects.none(), label="A post", required=False, empty_label="No post")
    agreement = AgreementField(
        Agreement.objects.none(), label="An agreement", required=False, empty_label="No agreement"
    )
    words = LongTextField(
        label="Or it is done, because", required=False, max_length=500, rows=3, help_text="How it was told, in words."
    )

    def __init__(self, *args: Any, programme: Programme, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = {
            "session": programme.sessions.exclude(state=SessionState.CANCELLED).order_by("date", "starts", "pk"),
            "round": programme.invitation_rounds.all(),
            "notice": SessionNotice.objects.filter(session__programme=programme),
            "telling": programme.tellings.exclude(state="withdrawn"),
            "post": Post.objects.filter(series__programme=programme).exclude(state=PostState.WITHDRAWN).order_by("pk"),
            "agreement": programme.agreements.unended(),
        }
        for name, found in choices.items():
            self.fields[name].queryset = found
            if not found.exists():
                del self.fields[name]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        chosen = [name for name in LINKS if cleaned.get(name)]
        if len(chosen) > 1:
            self.add_error(chosen[1], "Choose one thing that fulfils it")
        elif not chosen and not cleaned.get("words") and not self.errors:
            self.add_error("words", "Choose what fulfils it, or write how it was done")
        cleaned["fulfils"] = cleaned.get(chosen[0]) if chosen else None
        return cleaned


class PlanFilter(FilterForm):
    """Which lines of the plan are shown."""

    stage = forms.ModelChoiceField(Stage.objects.none(), label="Stage", empty_label="All stages")
    kind = forms.ChoiceField(label="What", choices=[("", "Everything"), *Kind.choices])
    organisation = forms.ModelChoiceField(Organisation.objects.none(), label="Organisation", empty_label="All")
    profession = forms.ModelChoiceField(Profession.objects.none(), label="Profession", empty_label="All")
    area = forms.ModelChoiceField(Area.objects.none(), label="Area", empty_label="All")

    def __init__(self, *args: Any, programme: Programme, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["stage"].queryset = programme.stages.all()
        for name, found in in_scope(programme, today).items():
            self.fields[name.removesuffix("s")].queryset = found


def owners(programme: Programme, today: date, also: int | None = None) -> QuerySet[Person]:
    """Return who may be chosen as an owner; ``also`` is who owns it now, whatever their part."""
    found = who_may_own(programme, today)
    return found | Person.objects.filter(pk=also).order_by("sort_name", "pk") if also else found


def in_scope(programme: Programme, today: date) -> dict[str, QuerySet]:
    """Return the organisations, professions and areas that ``programme`` is for on ``today``.

    Where every profession or area is in scope, all that are known.
    """
    areas = area_ids_in_scope(programme)
    partners = programme.partners.on(today).values("organisation")
    return {
        "organisations": Organisation.objects.filter(pk__in=partners).order_by("name", "pk"),
        "professions": Profession.objects.all() if programme.every_profession else programme.professions.all(),
        "areas": (Area.objects.all() if areas is None else Area.objects.filter(pk__in=areas)).select_related("parent"),
    }
