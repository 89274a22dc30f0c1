"""Django's mail API ends in the outbox: sign-in codes travel the same way as everything else."""

import uuid
from datetime import timedelta

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.utils import timezone

from messaging import actions, kinds, seals
from messaging.models import Message

KIND = kinds.CODES
USEFUL = timedelta(hours=4)
"""A code ends after minutes; a notice about an account is still worth reading some hours later."""


class OutboxBackend(BaseEmailBackend):
    """Writes one private row for each recipient. Nothing is sent in the request; a dead mail server slows nobody."""

    def send_messages(self, email_messages: list[EmailMessage]) -> int:
        """Queue all and return how many mails were taken. Joins the transaction of the caller where there is one."""
        now = timezone.now()
        with transaction.atomic():
            for mail in email_messages:
                sealed = seals.seal(_payload(mail))
                for recipient in mail.recipients():
                    actions.queue(
                        kind=KIND,
                        key=uuid.uuid4().hex,
                        to=None,
                        address=recipient,
                        refs={},
                        now=now,
                        useful_until=now + USEFUL,
                        sealed=sealed,
                    )
        return len(email_messages)


def render(message: Message) -> kinds.Content:
    """Return the mail as it was given to Django. Raises seals.Unreadable after a change of SECRET_KEY."""
    payload = seals.unseal(message.sealed)
    return kinds.Content(**payload)


def _payload(mail: EmailMessage) -> dict:
    pages = [part[0] for part in getattr(mail, "alternatives", []) if part[1] == "text/html"]
    return {
        "subject": str(mail.subject),
        "text": str(mail.body),
        "html": str(pages[0]) if pages else "",
        "reply_to": str(mail.reply_to[0]) if mail.reply_to else "",
    }


def register() -> None:
    """Make the kind known."""
    kinds.register(
        kinds.Kind(name=KIND, render=render, private=True, label="Code or notice about an account", rank=kinds.AT_ONCE)
    )
