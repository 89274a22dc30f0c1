from celery import shared_task
from django.utils import timezone

from organisations.actions import imports


@shared_task(name="organisations.tasks.work_on_staff_lists", ignore_result=True)
def work_on_staff_lists() -> int:
    """Read the staff lists that were uploaded and write those that were confirmed; a dead worker's are begun anew."""
    return imports.work_on_waiting(now=timezone.now, today=timezone.localdate)


@shared_task(name="organisations.tasks.forget_staff_lists", ignore_result=True)
def forget_staff_lists() -> int:
    """Forget the rows of staff lists after 30 days."""
    return imports.forget_rows(now=timezone.now())
