import pytest

from accounts import links


@pytest.fixture
def test_purpose(monkeypatch):
    """Register the purpose "test" under /t/ for one test."""
    monkeypatch.setattr(links, "PURPOSES", {})
    return links.register_purpose("test", "t")


@pytest.fixture
def outbox(settings):
    """Send mail the product's way: Django's tests would keep it in memory instead."""
    settings.EMAIL_BACKEND = "messaging.backends.OutboxBackend"
