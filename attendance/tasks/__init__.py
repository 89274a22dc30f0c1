"""What happens to invitations and places without a person; Celery finds the tasks through this room."""

from attendance.tasks.answers import take_answers
from attendance.tasks.invitations import remind_invited, settle_stopped_rounds, write_rounds
from attendance.tasks.places import (
    follow_zones,
    forget_access_needs,
    forget_availability,
    remind_of_sessions,
    remind_seniors,
    settle_places,
)
from attendance.tasks.words import tell_words

__all__ = [
    "follow_zones",
    "forget_access_needs",
    "forget_availability",
    "remind_invited",
    "remind_of_sessions",
    "remind_seniors",
    "settle_places",
    "settle_stopped_rounds",
    "take_answers",
    "tell_words",
    "write_rounds",
]
