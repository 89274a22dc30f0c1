"""The days that a plan may have: near enough to today to be counted in working days, whatever somebody types."""

from datetime import date, timedelta

from django.utils import timezone


def earliest() -> date:
    """Return the first day that a plan may have: ten years ago."""
    return timezone.localdate() - timedelta(days=3653)


def latest() -> date:
    """Return the last day that a plan may have: in twenty years."""
    return timezone.localdate() + timedelta(days=7305)
