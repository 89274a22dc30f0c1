"""Codes and notices about accounts, and streams."""

from datetime import datetime, timedelta

from django.test import Client

from communications.queries.posts import stream_of
from messaging.actions.streams import ask_for_stream, confirm_stream
from messaging.models import Subscription
from tests.accounts.signing_in import ask_for_code
from tests.communications.factories import Desk
from tests.mails import NOW, makes
from tests.organisations.factories import PersonFactory


@makes("messaging.code")
def sign_in_code() -> None:
    ask_for_code(Client(), PersonFactory().email)


@makes("messaging.stream_confirm", "messaging.stream_already")
def streams_asked_for() -> datetime:
    stream, address = stream_of(Desk().series), "reader@example.org"
    later = NOW + timedelta(hours=1)
    ask_for_stream(stream=stream, address=address, now=NOW)
    confirm_stream(subscription=Subscription.objects.get(), now=NOW)
    ask_for_stream(stream=stream, address=address, now=later)
    return later
