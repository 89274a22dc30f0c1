from celery import shared_task
from django.utils import timezone

from surveys.actions import editions, feedback


@shared_task(name="surveys.tasks.publish_feedback", ignore_result=True)
def publish_feedback() -> int:
    """Once a night: publish what may be shown of feedback, and forget tickets whose time is over."""
    today = timezone.localdate()
    feedback.forget_tickets(today=today)
    return editions.make_all_editions(today=today)
