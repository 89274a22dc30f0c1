"""What a programme says about booking: when it is open, when the list of names is final, how much one partner has."""

from datetime import date

from django.db import models
from django.db.models import Q

from briefings.models import Programme
from history.retention import Retention
from organisations.models import Organisation


class BookingRules(models.Model):
    """When places of a programme can be taken, and what becomes of a seat that is freed late. Empty: no such rule.

    Days are counted back from the day of each session, where the session is.
    """

    programme = models.OneToOneField(
        Programme, on_delete=models.CASCADE, primary_key=True, related_name="booking_rules"
    )
    opens_on = models.DateField(null=True, blank=True)
    closes_days = models.PositiveSmallIntegerField(null=True, blank=True, help_text="days before the session")
    offer_days = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="days before the session from which a freed place is offered, not given"
    )
    offer_hours = models.PositiveSmallIntegerField(default=24, help_text="how long each one may think")
    freeze_days = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="days before the session on which its list of names is final"
    )

    retention = Retention(plain=("programme", "opens_on", "closes_days", "offer_days", "offer_hours", "freeze_days"))

    class Meta:
        verbose_name_plural = "booking rules"
        constraints = [models.CheckConstraint(condition=Q(offer_hours__gte=1), name="booking_rules_offer_lasts")]


class Quota(models.Model):
    """The most places one organisation may hold in each session of a programme, until a date.

    Without an organisation it is for every partner that has none of its own: whose own is released has no limit
    (docs/adr/0124-a-released-quota-limits-nobody.md).
    """

    programme = models.ForeignKey(Programme, on_delete=models.CASCADE, related_name="quotas")
    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, null=True, blank=True, related_name="quotas"
    )
    seats = models.PositiveSmallIntegerField()
    released_on = models.DateField(null=True, blank=True)

    retention = Retention(plain=("id", "programme", "organisation", "seats", "released_on"))

    class Meta:
        ordering = ("organisation__name", "id")
        constraints = [
            models.UniqueConstraint(fields=["programme", "organisation"], name="quota_once", nulls_distinct=False)
        ]

    def limit_on(self, day: date) -> int | None:
        """Return how many places it allows on ``day``; None from the day on which it is released."""
        return None if self.released_on and self.released_on <= day else self.seats
