"""What happens to the history without a person."""

from celery import shared_task
from django.utils import timezone

from history import actions


@shared_task(name="history.tasks.forget_old", ignore_result=True)
def forget_old() -> int:
    """Delete what is past its time. Once a night is enough."""
    return actions.forget_old(now=timezone.now())
