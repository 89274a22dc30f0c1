import pytest
from django.db import DatabaseError
from django.urls import reverse

from config import middleware, views


def test_live_answers_any_host(client):
    assert client.get("/health/live", headers={"host": "10.1.2.3"}).status_code == 200


@pytest.mark.django_db
def test_ready_answers_when_database_and_broker_do(client):
    answer = client.get("/health/ready")
    assert (answer.status_code, answer.content) == (200, b"ok\n")


@pytest.mark.django_db
def test_not_ready_without_broker(client, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    answer = client.get("/health/ready")
    assert (answer.status_code, answer.content) == (503, b"not ready\n")


def test_not_ready_without_database(client, monkeypatch):
    class Down:
        def cursor(self):
            raise DatabaseError("secret detail")

    monkeypatch.setattr(views, "connection", Down())
    answer = client.get("/health/ready")
    assert (answer.status_code, answer.content) == (503, b"not ready\n")


def test_ready_is_not_kept_by_anybody(client, monkeypatch):
    monkeypatch.setattr(views, "_database_answers", lambda: True)
    monkeypatch.setattr(views, "_broker_answers", lambda: True)
    assert "no-store" in client.get("/health/ready").headers["Cache-Control"]


@pytest.mark.parametrize("path", ["/health/live", "/health/ready"])
def test_nothing_can_be_posted(client, path):
    assert client.post(path).status_code == 405


def test_the_early_answers_are_the_pages():
    assert set(middleware.HEALTH) == {reverse("health-live"), reverse("health-ready")}


def test_no_redirect_to_https_for_a_probe(client, settings):
    settings.SECURE_SSL_REDIRECT = True
    assert client.get("/health/live").status_code == 200
