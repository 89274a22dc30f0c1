"""One press of one rendered form, and what it was answered with."""

from django.db import models

from history.retention import Retention


class Press(models.Model):
    """The form carries the key; the same key is answered the same again, and never does anything twice."""

    key = models.UUIDField(primary_key=True)
    digest = models.CharField(max_length=64, help_text="of the address and of what was sent, keyed")
    location = models.CharField(max_length=500, blank=True, help_text="where the answer led to")
    link = models.ForeignKey("accounts.PersonalLink", on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    made_at = models.DateTimeField(db_index=True)

    retention = Retention(plain=("key", "digest", "location", "link", "made_at"))

    class Meta:
        verbose_name_plural = "presses"
