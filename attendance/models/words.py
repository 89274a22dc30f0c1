"""What has changed in a programme's own words, and is still to be told to those who come to a session of it."""

from django.db import models

from briefings.models import Session
from history.retention import Retention


class WordsToTell(models.Model):
    """What stood in the mails and calendar entries of one session before its programme changed it.

    The row is the queue: the clock tells those who come, and takes it away.
    """

    session = models.OneToOneField(Session, on_delete=models.CASCADE, primary_key=True, related_name="+")
    was = models.JSONField(help_text="the words before, by the name of the programme's field")
    made_at = models.DateTimeField()

    retention = Retention(plain=("session", "was", "made_at"))

    class Meta:
        verbose_name_plural = "words to tell"
