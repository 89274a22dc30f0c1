"""When, without a person: reminders, offers that end, seats that find somebody, access needs that go."""

from celery import shared_task
from django.utils import timezone

from attendance.actions import (
    availability,
    cover,
    cover_ladder,
    handovers,
    needs,
    online,
    policies,
    register,
    reminders,
    teams,
    zones,
)
from history.alone import in_turn


@shared_task(name="attendance.tasks.remind_of_sessions", ignore_result=True)
def remind_of_sessions() -> int:
    """Plan the reminders of places that are due. Each is planned once, so it may run as often as it likes."""
    return reminders.remind_all(now=timezone.now())


@shared_task(name="attendance.tasks.settle_places", ignore_result=True)
def settle_places() -> int:
    """End places without a name, offers and requests to colleagues whose time has passed, and seat those who wait.

    Sessions that are over are noted as held. Each stands or falls alone, and keeps no other waiting.
    """
    now = timezone.now()
    return in_turn(
        lambda: policies.follow_all_rules(now=now),
        lambda: teams.release_all_unnamed(now=now),
        lambda: reminders.lapse_offers(now=now),
        lambda: handovers.end_all_requests(now=now),
        lambda: reminders.promote_all(now=now),
        lambda: register.hold_what_is_over(now=now),
    )


@shared_task(name="attendance.tasks.forget_access_needs", ignore_result=True)
def forget_access_needs() -> int:
    """Delete what people needed for sessions 30 days ago, and the names of online reports that came 30 days ago."""
    now = timezone.now()
    return in_turn(
        lambda: online.forget_online_rows(now=now),
        lambda: needs.forget_access_needs(today=timezone.localdate(now), now=now),
    )


@shared_task(name="attendance.tasks.remind_seniors", ignore_result=True)
def remind_seniors() -> int:
    """Remind senior managers who were asked to come and have not answered. Each rung is told once.

    Before that whoever has no mandate any more is asked for nothing, and nobody for two sessions at one time.
    """
    now = timezone.now()
    return in_turn(
        lambda: cover.give_up_all_that_cannot_stand(now=now), lambda: cover_ladder.remind_of_requests(now=now)
    )


@shared_task(name="attendance.tasks.forget_availability", ignore_result=True)
def forget_availability() -> int:
    """Delete when senior managers could come, thirty days after the half-day."""
    return availability.forget_availability(today=timezone.localdate())


@shared_task(name="attendance.tasks.follow_zones", ignore_result=True)
def follow_zones() -> int:
    """Move sessions whose zone has new rules. There is nothing to do on nearly every day."""
    return zones.follow_all_zones(now=timezone.now())
