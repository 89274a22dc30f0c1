"""Celery and the one timetable. Domain apps never call Celery: their rows are the queue, this only wakes them."""

import os

from celery import Celery, signals
from celery.schedules import crontab

from config.processes import keep_what_is_loaded

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("briefing_hub")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@signals.worker_ready.connect
def _has_loaded(**kwargs: object) -> None:
    keep_what_is_loaded()


@signals.worker_shutting_down.connect
def _finish_the_mail_at_hand(**kwargs: object) -> None:
    """Let a run of the outbox end after the mail it is sending: the worker waits for it, and it may have thousands."""
    from messaging import delivery  # here, because the worker asks for this module before Django is set up

    delivery.stopping.set()


MINUTE = 60.0


def _line(task: str, every: float | crontab, patience: float = 0) -> dict:
    """One line: its message ends when the next is due, so that a queue that stood still holds no heap of them."""
    return {"task": task, "schedule": every, "options": {"expires": patience or every}}


# The one timetable. Each line may run twice, late or not at all for a day: the rows say what is due.
app.conf.beat_schedule = {
    "send what is due": _line("messaging.tasks.deliver_due", 5.0),
    "read mail that came": _line("messaging.tasks.read_mailbox", MINUTE),
    "take answers from calendars": _line("attendance.tasks.take_answers", 20.0),
    "read and write staff lists": _line("organisations.tasks.work_on_staff_lists", 5.0),
    "write waiting rounds": _line("attendance.tasks.write_rounds", 5.0),
    "tell what programmes have changed": _line("attendance.tasks.tell_words", 20.0),
    "remind those invited": _line("attendance.tasks.remind_invited", 10 * MINUTE),
    "settle stopped rounds": _line("attendance.tasks.settle_stopped_rounds", 5 * MINUTE),
    "remind of sessions": _line("attendance.tasks.remind_of_sessions", 10 * MINUTE),
    "settle offers and waiting lists": _line("attendance.tasks.settle_places", MINUTE),
    "remind of questions and assurances": _line(
        "commitments.tasks.remind_due", crontab(minute="*/30", hour="7-16"), 30 * MINUTE
    ),
    "chase what is to be told": _line(
        "communications.tasks.chase_plans", crontab(minute="*/30", hour="7-16"), 30 * MINUTE
    ),
    "close live questions": _line("commitments.tasks.close_rooms", crontab(hour=2, minute=20), 6 * 60 * MINUTE),
    "forget who endorsed": _line("commitments.tasks.forget_endorsers", crontab(hour=3, minute=20), 6 * 60 * MINUTE),
    "remind senior managers": _line(
        "attendance.tasks.remind_seniors", crontab(minute="*/30", hour="7-16"), 30 * MINUTE
    ),
    "forget staff lists": _line("organisations.tasks.forget_staff_lists", crontab(hour=2, minute=50), 6 * 60 * MINUTE),
    "forget access needs": _line("attendance.tasks.forget_access_needs", crontab(hour=2, minute=10), 6 * 60 * MINUTE),
    "publish posts": _line("communications.tasks.publish_posts", 20.0),
    "forget contacts of reuses": _line(
        "communications.tasks.forget_contacts", crontab(hour=3, minute=50), 6 * 60 * MINUTE
    ),
    "follow time zones": _line("attendance.tasks.follow_zones", crontab(hour=1, minute=50), 6 * 60 * MINUTE),
    "publish feedback": _line("surveys.tasks.publish_feedback", crontab(hour=3, minute=40), 6 * 60 * MINUTE),
    "forget when seniors could come": _line(
        "attendance.tasks.forget_availability", crontab(hour=2, minute=20), 6 * 60 * MINUTE
    ),
    "clear ended sessions": _line("accounts.tasks.tidy", 60 * MINUTE),
    "forget old messages": _line("messaging.tasks.forget_old", crontab(hour=2, minute=40), 6 * 60 * MINUTE),
    "forget old history": _line("history.tasks.forget_old", crontab(hour=3, minute=10), 6 * 60 * MINUTE),
}
