"""A database that would run transactions otherwise than we need is named before anything starts."""

import pytest
from django.core.checks import Tags, run_checks
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import connection, connections

pytestmark = pytest.mark.django_db


@pytest.fixture
def pooled(monkeypatch):
    """Make a connection whose start-up options a pooler has dropped, on a server that is set otherwise."""
    other = connection.copy("pooled")
    options = {**other.settings_dict["OPTIONS"], "options": r"-c default_transaction_isolation=repeatable\ read"}
    other.settings_dict = {**other.settings_dict, "OPTIONS": options}
    connections["pooled"] = other
    yield other
    other.close()
    del connections["pooled"]


def test_our_own_connections_pass():
    assert run_checks(tags=[Tags.database], databases=["default"]) == []


def test_a_pooler_that_drops_how_connections_begin_is_named(pooled):
    (error,) = run_checks(tags=[Tags.database], databases=["pooled"])
    assert "REPEATABLE READ, and Briefing Hub needs READ COMMITTED" in error.msg
    assert "`options`" in error.hint


def test_nothing_is_prepared_on_such_a_database(pooled, monkeypatch):
    monkeypatch.setattr("config.management.commands.prepare.DEFAULT_DB_ALIAS", "pooled")
    monkeypatch.setattr("config.management.commands.prepare.call_command", pytest.fail)
    with pytest.raises(SystemCheckError, match="needs READ COMMITTED"):
        call_command("prepare")
