from datetime import date, timedelta

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from history.retention import Retention


class Area(models.Model):
    """A place in scope; may lie inside a larger one. ``path`` lists the ids from the top, as in ``/3/17/``."""

    name = models.CharField(max_length=200)
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="parts")
    path = models.CharField(max_length=200, editable=False, db_index=True)

    retention = Retention(plain=("id", "name", "parent", "path"))

    class Meta:
        ordering = ("name", "id")
        constraints = [
            models.UniqueConstraint(Lower("name"), F("parent"), name="area_name_unique", nulls_distinct=False),
            models.CheckConstraint(condition=~Q(name=""), name="area_has_name"),
            models.CheckConstraint(condition=~Q(parent=F("id")), name="area_not_inside_itself"),
        ]
        indexes = [models.Index(fields=["path"], name="area_by_path", opclasses=["varchar_pattern_ops"])]

    def __str__(self) -> str:
        return self.name

    def ancestor_ids(self) -> list[int]:
        """Return the ids of the larger areas this one lies in, the largest first, without itself."""
        return [int(part) for part in self.path.strip("/").split("/")[:-1]]


class Profession(models.Model):
    """An occupation, from a list that can be edited."""

    name = models.CharField(max_length=200)

    retention = Retention(plain=("id", "name"))

    class Meta:
        ordering = ("name", "id")
        constraints = [
            models.UniqueConstraint(Lower("name"), name="profession_name_unique"),
            models.CheckConstraint(condition=~Q(name=""), name="profession_has_name"),
        ]

    def __str__(self) -> str:
        return self.name


class OrganisationKind(models.TextChoices):
    COUNCIL = "council", "Council"
    HEALTH = "health", "NHS organisation"
    POLICE = "police", "Police"
    FIRE = "fire", "Fire and rescue"
    PROBATION = "probation", "Probation"
    HOUSING = "housing", "Housing"
    EDUCATION = "education", "School or college"
    CHARITY = "charity", "Charity or voluntary body"
    OTHER = "other", "Other"


class Organisation(models.Model):
    """A public body or partner. When it ends, a successor may take over what is open."""

    name = models.CharField(max_length=300)
    kind = models.CharField(max_length=20, choices=OrganisationKind, default=OrganisationKind.OTHER)
    ended_on = models.DateField(null=True, blank=True)
    successor = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="predecessors")

    retention = Retention(plain=("id", "name", "kind", "ended_on", "successor"))

    class Meta:
        ordering = ("name", "id")
        constraints = [
            models.UniqueConstraint(Lower("name"), name="organisation_name_unique"),
            models.CheckConstraint(condition=~Q(name=""), name="organisation_has_name"),
            models.CheckConstraint(
                condition=Q(successor__isnull=True) | Q(ended_on__isnull=False), name="organisation_successor_after_end"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class MailDomain(models.Model):
    """A mail domain that suggests an organisation. One domain may be shared by several (nhs.net)."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="mail_domains")
    domain = models.CharField(max_length=253)

    retention = Retention(plain=("id", "organisation", "domain"))

    class Meta:
        ordering = ("domain", "id")
        constraints = [
            models.UniqueConstraint(fields=["domain", "organisation"], name="mail_domain_once_each"),
            models.CheckConstraint(
                condition=Q(domain=Lower("domain")) & ~Q(domain=""), name="mail_domain_small_letters"
            ),
        ]

    def __str__(self) -> str:
        return self.domain


A_YEAR = timedelta(days=365)
"""So long somebody who has left is still shown."""


class AffiliationQuerySet(models.QuerySet):
    """Ties of people to organisations."""

    def on(self, day: date) -> "AffiliationQuerySet":
        """Return those that hold on ``day``."""
        return self.filter(Q(until__isnull=True) | Q(until__gt=day), since__lte=day)

    def known_on(self, day: date) -> "AffiliationQuerySet":
        """Return those that hold on ``day``, begin later, or have ended within the year before."""
        return self.filter(Q(until__isnull=True) | Q(until__gt=day - A_YEAR))


class Affiliation(models.Model):
    """A person's tie to an organisation, with the profession and areas there. A person may have two."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="affiliations")
    # No index of its own: that of organisation and profession together finds it too.
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="affiliations", db_index=False
    )
    profession = models.ForeignKey(Profession, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    areas = models.ManyToManyField(Area, through="AffiliationArea", related_name="affiliations")
    staff_number = models.CharField(max_length=60, blank=True)
    since = models.DateField()
    until = models.DateField(null=True, blank=True, help_text="the first day on which it no longer holds")

    objects = AffiliationQuerySet.as_manager()

    retention = Retention(
        plain=("id", "organisation", "profession", "since", "until"),
        personal=("person", "staff_number"),
        until="as long as the person",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person", "organisation", "profession"],
                condition=Q(until__isnull=True),
                nulls_distinct=False,
                name="affiliation_once_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(until__gte=F("since")), name="affiliation_ends_later"
            ),
        ]
        indexes = [
            models.Index(fields=["organisation", "profession"], name="affiliation_by_scope"),
            models.Index(
                fields=["organisation", "staff_number"], condition=~Q(staff_number=""), name="affiliation_by_number"
            ),
        ]


class AffiliationArea(models.Model):
    """One area in which somebody works for one organisation."""

    affiliation = models.ForeignKey(Affiliation, on_delete=models.CASCADE, db_index=False)  # found by what is unique
    area = models.ForeignKey(Area, on_delete=models.PROTECT)

    retention = Retention(plain=("id", "area"), personal=("affiliation",), until="as long as the person")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["affiliation", "area"], name="affiliation_area_once")]


class HeadCount(models.Model):
    """How many practitioners an organisation says it has, on a date, said by whom: the denominator without a list."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="head_counts")
    profession = models.ForeignKey(Profession, on_delete=models.PROTECT, related_name="+")
    area = models.ForeignKey(Area, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveIntegerField()
    counted_on = models.DateField()
    said_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")

    retention = Retention(
        plain=("id", "organisation", "profession", "area", "number", "counted_on"),
        personal=("said_by",),
        until="as long as the person; the number stays",
    )

    class Meta:
        ordering = ("-counted_on", "id")
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "profession", "area", "counted_on"], name="head_count_once_a_day"
            )
        ]


class OrganisationLead(models.Model):
    """Somebody who keeps an organisation's staff list, books for its teams and sees its own reach."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="leads")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="led_organisations")
    since = models.DateField()
    until = models.DateField(null=True, blank=True)

    objects = AffiliationQuerySet.as_manager()

    retention = Retention(
        plain=("id", "organisation", "since", "until"), personal=("person",), until="as long as the person"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "person"], condition=Q(until__isnull=True), name="organisation_lead_once"
            )
        ]
