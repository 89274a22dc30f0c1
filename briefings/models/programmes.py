"""A programme: its scope, its policies, and who has which part in it."""

from datetime import time
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from accounts.permissions import INSTALLATION, Permission, scopes_with
from history.retention import Retention
from organisations.models import AffiliationQuerySet, Area, Organisation, Profession


class Slot(models.TextChoices):
    MORNING = "morning", "Morning"
    AFTERNOON = "afternoon", "Afternoon"


class Scale(models.TextChoices):
    BILATERAL = "bilateral", "A bilateral share of one dataset"
    PILOT = "pilot", "A pilot"
    MAJOR = "major", "A major programme of change"


class Nation(models.TextChoices):
    ENGLAND_AND_WALES = "england-and-wales", "England and Wales"
    SCOTLAND = "scotland", "Scotland"
    NORTHERN_IRELAND = "northern-ireland", "Northern Ireland"


class PlacesRule(models.TextChoices):
    ONE = "one", "One place in the whole programme"
    ONE_PER_SESSION = "one_per_session", "One place in each session of an ordered series"
    UNLIMITED = "unlimited", "As many as somebody likes"


class CoverRule(models.TextChoices):
    EVERY_PARTNER = "every_partner", "A senior manager of every partner at every session"
    AT_LEAST = "at_least", "Senior managers of at least so many partners at every session"
    SHARE = "share", "Each partner at a share of the sessions"
    NONE = "none", "No rule"


def programme_ids_with(person: Any, permission: Permission) -> list[int] | None:
    """Return the ids of the programmes in which ``person`` holds ``permission``; None means in every one."""
    keys = scopes_with(person, permission)
    if INSTALLATION in keys:
        return None
    prefix = f"{Programme._meta.label_lower}:"
    return sorted(int(key.removeprefix(prefix)) for key in keys if key.startswith(prefix))


class ProgrammeQuerySet(models.QuerySet):
    """Programmes, in the words of the product."""

    def where(self, person: Any, permission: Permission) -> "ProgrammeQuerySet":
        """Return those in which ``person`` holds ``permission``; none for a stranger."""
        ids = programme_ids_with(person, permission)
        return self.all() if ids is None else self.filter(pk__in=ids)

    def visible_to(self, person: Any) -> "ProgrammeQuerySet":
        """Return those whose set-up and drafts ``person`` may see by a role; what is public is ``public()``."""
        return self.where(person, Permission.SEE_PROGRAMME)

    def public(self) -> "ProgrammeQuerySet":
        """Return those that everybody may read about."""
        return self.filter(is_public=True)


def usual_reminder_days() -> list[int]:
    """Return how many working days before a session its people are reminded, unless the programme says otherwise."""
    return [5, 1]


def usual_invitation_reminder_days() -> list[int]:
    """Return how many working days after an invitation who has not answered is reminded, unless told otherwise."""
    return [5, 10]


class Programme(models.Model):
    """A change that is being communicated: its scale, scope, dates and policies."""

    name = models.CharField(max_length=200)
    slug = models.SlugField(max_length=80, unique=True)
    code = models.CharField(max_length=6, help_text="the letters that references begin with")
    scale = models.CharField(max_length=20, choices=Scale, default=Scale.PILOT)
    purpose = models.TextField(max_length=2000, blank=True)
    nation = models.CharField(max_length=20, choices=Nation, default=Nation.ENGLAND_AND_WALES)
    zone = models.CharField(max_length=60, default="Europe/London")
    starts_on = models.DateField(null=True, blank=True)
    ends_on = models.DateField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    areas = models.ManyToManyField(Area, blank=True, related_name="+")
    professions = models.ManyToManyField(Profession, blank=True, related_name="+")
    every_area = models.BooleanField(default=False)
    every_profession = models.BooleanField(default=False)

    # Policies
    morning_starts = models.TimeField(default=time(9, 30))
    morning_ends = models.TimeField(default=time(12, 30))
    afternoon_starts = models.TimeField(default=time(13, 30))
    afternoon_ends = models.TimeField(default=time(16, 30))
    reminder_days = ArrayField(
        models.PositiveSmallIntegerField(), default=usual_reminder_days, help_text="working days before", blank=True
    )
    invitation_reminder_days = ArrayField(
        models.PositiveSmallIntegerField(),
        default=usual_invitation_reminder_days,
        help_text="working days after the invitation",
        blank=True,
    )
    places_rule = models.CharField(max_length=20, choices=PlacesRule, default=PlacesRule.ONE)
    acknowledge_days = models.PositiveSmallIntegerField(default=2)
    answer_days = models.PositiveSmallIntegerField(default=10)
    cover_rule = models.CharField(max_length=20, choices=CoverRule, default=CoverRule.EVERY_PARTNER)
    cover_number = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="partners, or per cent for a share"
    )
    is_public = models.BooleanField(default=True, help_text="open sessions are listed for everybody")
    publishes_reach = models.BooleanField(default=False, help_text="everybody reads the reach, small numbers hidden")

    # How the programme speaks
    contact_name = models.CharField(max_length=200, blank=True)
    contact_email = models.EmailField(max_length=254, blank=True)
    contact_phone = models.CharField(max_length=40, blank=True)
    invitation_subject = models.CharField(max_length=150, blank=True)
    invitation_introduction = models.TextField(max_length=3000, blank=True)
    what_to_bring = models.TextField(max_length=1000, blank=True)

    objects = ProgrammeQuerySet.as_manager()

    retention = Retention(
        plain=(
            "id", "name", "slug", "code", "scale", "purpose", "nation", "zone", "starts_on", "ends_on", "created_at",
            "every_area", "every_profession", "morning_starts", "morning_ends", "afternoon_starts", "afternoon_ends",
            "reminder_days", "invitation_reminder_days", "places_rule", "acknowledge_days", "answer_days",
            "cover_rule", "cover_number", "is_public", "publishes_reach", "invitation_subject",
            "invitation_introduction", "what_to_bring", "contact_email", "contact_phone",
        ),
        personal=("contact_name",),
        until="the end of the programme",
    )  # fmt: skip

    class Meta:
        ordering = ("name", "id")
        constraints = [
            models.CheckConstraint(condition=~Q(name="") & ~Q(slug="") & ~Q(code=""), name="programme_has_name"),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(starts_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="programme_ends_after_start",
            ),
            models.CheckConstraint(
                condition=Q(morning_ends__gt=F("morning_starts")) & Q(afternoon_ends__gt=F("afternoon_starts")),
                name="programme_slots_end_after_start",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def hours_of(self, slot: str) -> tuple[time, time]:
        """Return the local start and end of ``slot`` (a Slot value)."""
        if slot == Slot.MORNING:
            return self.morning_starts, self.morning_ends
        return self.afternoon_starts, self.afternoon_ends


class Partner(models.Model):
    """An organisation's part in a programme, from a date, perhaps until a date."""

    programme = models.ForeignKey(Programme, on_delete=models.CASCADE, related_name="partners")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="partnerships")
    since = models.DateField()
    until = models.DateField(null=True, blank=True)

    objects = AffiliationQuerySet.as_manager()

    retention = Retention(plain=("id", "programme", "organisation", "since", "until"))

    class Meta:
        constraints = [models.UniqueConstraint(fields=["programme", "organisation"], name="partner_once")]


class ProgrammeRole(models.TextChoices):
    COORDINATOR = "coordinator", "Coordinator"
    FACILITATOR = "facilitator", "Facilitator"
    BOARD = "board", "Programme board"
    INFORMATION_GOVERNANCE = "information_governance", "Information governance officer"


class Appointment(models.Model):
    """A person's role in a programme, from a date, perhaps until a date."""

    programme = models.ForeignKey(Programme, on_delete=models.CASCADE, related_name="appointments")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="appointments")
    role = models.CharField(max_length=30, choices=ProgrammeRole)
    since = models.DateField()
    until = models.DateField(null=True, blank=True)

    objects = AffiliationQuerySet.as_manager()

    retention = Retention(
        plain=("id", "programme", "role", "since", "until"), personal=("person",), until="as long as the person"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["programme", "person", "role"], condition=Q(until__isnull=True), name="appointment_once"
            )
        ]


class Mandate(models.Model):
    """What makes somebody a senior manager: they may speak for an organisation in a programme."""

    programme = models.ForeignKey(Programme, on_delete=models.CASCADE, related_name="mandates")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="mandates")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="mandates")
    job_title = models.CharField(max_length=200)
    since = models.DateField()
    until = models.DateField(null=True, blank=True)
    confirmed_by = models.CharField(max_length=200, help_text="who said that this person may speak, in words")
    confirmed_on = models.DateField()

    objects = AffiliationQuerySet.as_manager()

    retention = Retention(
        plain=("id", "programme", "organisation", "job_title", "since", "until", "confirmed_on"),
        personal=("person", "confirmed_by"),
        until="seven years after the programme, as the evidence of who could promise",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["programme", "organisation", "person"], condition=Q(until__isnull=True), name="mandate_once"
            ),
            models.CheckConstraint(condition=~Q(confirmed_by=""), name="mandate_says_who_confirmed"),
        ]


class Assistant(models.Model):
    """Somebody who may answer cover requests and keep the diary for a senior manager, never assure or endorse."""

    programme = models.ForeignKey(Programme, on_delete=models.CASCADE, related_name="assistants")
    senior = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="assistants")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="assists")
    since = models.DateField()
    until = models.DateField(null=True, blank=True)

    objects = AffiliationQuerySet.as_manager()

    retention = Retention(
        plain=("id", "programme", "since", "until"), personal=("senior", "person"), until="as long as the person"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["programme", "senior", "person"], condition=Q(until__isnull=True), name="assistant_once"
            ),
            models.CheckConstraint(condition=~Q(senior=F("person")), name="assistant_is_somebody_else"),
        ]
