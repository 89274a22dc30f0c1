from celery import shared_task
from django.utils import timezone

from communications.actions.plan import chase_plan
from communications.actions.posts import publish_due
from communications.actions.reuses import forget_contacts
from communications.actions.stages import keep_ended
from history.alone import in_turn


@shared_task(name="communications.tasks.publish_posts", ignore_result=True)
def publish_posts() -> int:
    """Publish the posts whose time has come; return how many."""
    return publish_due(now=timezone.now())


@shared_task(name="communications.tasks.forget_contacts", ignore_result=True)
def forget_reuse_contacts() -> int:
    """Empty what reuses hold of their contacts when its time is over; return how many."""
    return forget_contacts(now=timezone.now())


@shared_task(name="communications.tasks.chase_plans", ignore_result=True)
def chase_plans() -> int:
    """Settle, pass on and remind of what is to be told, keep what stages have reached; return how many.

    Running it twice does it once.
    """
    now = timezone.now()
    return in_turn(lambda: chase_plan(now=now), lambda: keep_ended(now=now))
