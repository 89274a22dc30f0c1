"""When, without a person: rounds that wait are written, who has not answered is reminded."""

from celery import shared_task
from django.utils import timezone

from attendance.actions import invitations


@shared_task(name="attendance.tasks.write_rounds", ignore_result=True)
def write_rounds() -> int:
    """Write the rounds that wait. The row is the queue: what a dead worker left is written by the next one."""
    return invitations.write_waiting_rounds(now=timezone.now())


@shared_task(name="attendance.tasks.remind_invited", ignore_result=True)
def remind_invited() -> int:
    """Plan the reminders that are due where it is a working hour now; once an hour is enough."""
    return invitations.remind_where_at_work(now=timezone.now())


@shared_task(name="attendance.tasks.settle_stopped_rounds", ignore_result=True)
def settle_stopped_rounds() -> int:
    """Take back invitations whose mail was just leaving when their round was stopped, and then did not leave."""
    return invitations.settle_stopped_rounds(now=timezone.now())
