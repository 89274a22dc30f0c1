"""Health, errors and the deployer's colours: pages that belong to no app."""

import logging

import redis
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

log = logging.getLogger(__name__)


@login_not_required
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form whose token is missing or old with the 403 page."""
    return render(request, "403_csrf.html", status=403)


@login_not_required
@require_safe
@never_cache
def show_live(request: HttpRequest) -> HttpResponse:
    """Answer 200: this process takes requests."""
    return HttpResponse("ok\n", content_type="text/plain")


@login_not_required
@require_safe
@never_cache
def show_ready(request: HttpRequest) -> HttpResponse:
    """Answer 200 where the database and the broker answer, else 503. Which one is in our log, not in the answer."""
    ready = _database_answers() and _broker_answers()
    return HttpResponse("ok\n" if ready else "not ready\n", content_type="text/plain", status=200 if ready else 503)


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        log.warning("Not ready: the database does not answer (%s).", type(error).__name__)
        return False
    return True


def _broker_answers() -> bool:
    broker = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2, retry=None)
    try:
        with broker:
            broker.ping()
    except redis.RedisError as error:
        log.warning("Not ready: the broker does not answer (%s).", type(error).__name__)
        return False
    return True
