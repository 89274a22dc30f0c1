"""Live questions: the room of one session in which people ask from their phones, and what of it is shown there."""

from django.db import models
from django.db.models import Q

from briefings.models import Session
from commitments.models.questions import Question
from history.retention import Retention


class LiveRoom(models.Model):
    """The live questions of one session: the code shown in the room, whether it is open, whether a scribe looks first.

    ``version`` rises with everything that phones, screen and scribe may see: whoever follows the room asks for it.
    """

    session = models.OneToOneField(Session, on_delete=models.CASCADE, primary_key=True, related_name="live_room")
    code = models.CharField(max_length=8, unique=True)
    is_open = models.BooleanField(default=True)
    is_moderated = models.BooleanField(default=True, help_text="a question waits until the scribe shows it")
    version = models.PositiveIntegerField(default=1)

    retention = Retention(plain=("session", "code", "is_open", "is_moderated", "version"))

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(code=""), name="live_room_has_code")]

    def __str__(self) -> str:
        return self.code


class Showing(models.TextChoices):
    WAITING = "waiting", "Waiting"
    SHOWN = "shown", "Shown"
    HIDDEN = "hidden", "Hidden"


class HiddenBecause(models.TextChoices):
    CASE = "case", "It tells of a case"
    ASKED = "asked", "It was asked already"
    ELSEWHERE = "elsewhere", "It is not about this programme"
    PERSON = "person", "It is against a person"


class RoomQuestion(models.Model):
    """Whether one question is shown in the room. It keeps no moment and no number: no order leads back to one."""

    question = models.OneToOneField(Question, on_delete=models.CASCADE, primary_key=True, related_name="in_room")
    room = models.ForeignKey(LiveRoom, on_delete=models.CASCADE, related_name="asked")
    showing = models.CharField(max_length=10, choices=Showing)
    hidden_because = models.CharField(max_length=10, choices=HiddenBecause, blank=True)

    retention = Retention(plain=("question", "room", "showing", "hidden_because"))

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(showing="hidden", hidden_because__in=HiddenBecause.values)
                | (~Q(showing="hidden") & Q(hidden_because="")),
                name="room_question_hidden_with_reason",
            ),
        ]
        indexes = [models.Index(fields=["room", "showing"], name="room_question_by_room")]
