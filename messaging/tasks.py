from celery import shared_task
from django.utils import timezone

from messaging import actions, delivery, receiving
from messaging.actions.streams import forget_subscribers


@shared_task(name="messaging.tasks.deliver_due", ignore_result=True)
def deliver_due() -> int:
    """Send what is due until nothing is, as far as a connection is free; return how many were sent."""
    return delivery.deliver_due()


@shared_task(name="messaging.tasks.forget_old", ignore_result=True)
def forget_old() -> int:
    """Empty what is personal in messages that ended a year ago, and delete subscribers whose time is over."""
    now = timezone.now()
    return actions.forget_old(now=now) + forget_subscribers(now=now)


@shared_task(name="messaging.tasks.read_mailbox", ignore_result=True)
def read_mailbox() -> int:
    """Read what came into the mailbox of INBOUND_URL; return how many mails concerned us."""
    return receiving.read_mailbox(now=timezone.now())
