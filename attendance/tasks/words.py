"""When, without a person: what a programme has changed is told to those who come."""

from celery import shared_task
from django.utils import timezone

from attendance.actions import words


@shared_task(name="attendance.tasks.tell_words", ignore_result=True)
def tell_words() -> int:
    """Tell what waits. The row is the queue: what a dead worker left is told by the next one."""
    return words.tell_all_words(now=timezone.now())
