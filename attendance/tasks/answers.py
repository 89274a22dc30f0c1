"""When, without a person: answers that came from calendars."""

from celery import shared_task
from django.utils import timezone

from attendance.actions import answers


@shared_task(name="attendance.tasks.take_answers", ignore_result=True)
def take_answers() -> int:
    """Take the answers that have come from calendars; return how many. Each is taken once."""
    return answers.take_answers(now=timezone.now())
