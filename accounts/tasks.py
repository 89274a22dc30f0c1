"""What happens to accounts without a person."""

from celery import shared_task
from django.utils import timezone

from accounts import actions


@shared_task
def tidy() -> None:
    """Clear ended sessions, counts and keys of forms. Once an hour is enough: ended ones open nothing meanwhile."""
    actions.tidy(now=timezone.now())
