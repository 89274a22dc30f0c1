"""What every journey begins with: an empty hub with one administrator, whose mails stay in its mailbox."""

from datetime import UTC, datetime

import pytest
import time_machine
from django.core.management import call_command

from tests.journeys.walking import Somebody

MORNING = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
"""A Monday, four and a half weeks before Christmas."""


@pytest.fixture
def clock():
    """Monday morning; ``clock.move_to(…)`` goes on."""
    with time_machine.travel(MORNING) as traveller:
        yield traveller


@pytest.fixture
def empty_hub(transactional_db, clock, live_server, settings, capsys, tmp_path):
    """A hub right after ``script/server --empty``: nothing in it but the first administrator."""
    settings.EMAIL_BACKEND = "messaging.backends.OutboxBackend"
    settings.MEDIA_ROOT = tmp_path
    settings.SITE_URL = live_server.url
    call_command("add_administrator", "ada@example.org", name="Ada Ashdown")
    capsys.readouterr()


@pytest.fixture
def administrator(empty_hub, new_page) -> Somebody:
    return Somebody(new_page(), "ada@example.org")
