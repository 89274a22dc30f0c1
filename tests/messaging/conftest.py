import logging

import pytest
from django.utils import timezone

from messaging import delivery, kinds
from tests.messaging.sink import Sink, running_sink

logging.getLogger("mail.log").setLevel(logging.WARNING)


@pytest.fixture
def now():
    return timezone.now()


@pytest.fixture
def note():
    """A kind whose rows can be told what happens to them by their refs."""

    def render(message):
        if message.refs.get("fails"):
            raise ValueError(message.refs["fails"])
        return kinds.Content(
            subject=message.refs.get("subject", f"Note {message.pk}"), text=message.refs.get("text", "Hello\n")
        )

    def still_wanted(messages, now):
        if any(message.refs.get("cannot_say") for message in messages):
            raise LookupError
        return {message.pk: message.refs["unwanted"] for message in messages if "unwanted" in message.refs}

    kind = kinds.Kind(name="test.note", render=render, still_wanted=still_wanted, label="Note")
    kinds.register(kind)
    yield kind
    kinds.unregister(kind.name)


@pytest.fixture
def secret_note():
    kind = kinds.Kind(
        name="test.secret", render=lambda message: kinds.Content("Hidden subject", "Hidden text"), private=True
    )
    kinds.register(kind)
    yield kind
    kinds.unregister(kind.name)


@pytest.fixture
def sink(request, settings):
    """A mail server; as a parameter, whether it takes commands ahead of its answers."""
    with running_sink(Sink(pipelining=getattr(request, "param", True))) as (sink, url):
        settings.EMAIL_URL = url
        yield sink


@pytest.fixture(autouse=True)
def nobody_is_woken(monkeypatch):
    """Count the nudges instead of speaking to a broker."""
    nudges = []
    monkeypatch.setattr("messaging.wake._nudger.nudge", lambda: nudges.append(1))
    delivery.stopping.clear()
    return nudges
