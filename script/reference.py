"""The raw views that benches measure beside: the same server and driver, no framework around one statement."""

from django.db import connection, transaction
from django.http import HttpResponse
from django.urls import path


def one_row(request, session: int) -> HttpResponse:
    """Read one indexed row and return it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, date, starts, capacity FROM briefings_session WHERE id = %s", [session])
        return HttpResponse(repr(cursor.fetchone()))


def take(request, session: int, person: int) -> HttpResponse:
    """Lock, count, insert: the least that a place costs."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT capacity FROM raw_session WHERE id = %s FOR NO KEY UPDATE", [session])
        capacity = cursor.fetchone()[0]
        cursor.execute("SELECT count(*) FROM raw_place WHERE session = %s AND booked", [session])
        booked = cursor.fetchone()[0] < capacity
        cursor.execute("INSERT INTO raw_place (session, person, booked) VALUES (%s, %s, %s)", [session, person, booked])
    return HttpResponse(status=302)


urlpatterns = [
    path("health/live", lambda request: HttpResponse()),
    path("row/<int:session>/", one_row),
    path("take/<int:session>/<int:person>/", take),
]

TABLES = """
CREATE TABLE raw_session (id bigint PRIMARY KEY, capacity integer NOT NULL);
CREATE TABLE raw_place (id bigserial PRIMARY KEY, session bigint NOT NULL, person bigint NOT NULL,
                        booked boolean NOT NULL, UNIQUE (session, person));
"""
