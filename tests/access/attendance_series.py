"""The addresses of series; see routes.py for how a line is written."""

from briefings.actions.series import start_series
from briefings.models import Programme
from tests.access.attendance_places import place_link
from tests.access.routes import Route, other_programme, own_programme
from tests.cast import NOW, Cast

SEEING = {200: "administrator coordinator facilitator board governance"}
PLANNING = {200: "administrator coordinator"}
ELSEWHERE = {200: "administrator other"}
_numbers = iter(range(1000))


def own_series(cast: Cast) -> dict:
    return _series(cast.programme)


def other_series(cast: Cast) -> dict:
    return _series(cast.other_programme)


def other_series_under_the_own_programme(cast: Cast) -> dict:
    """Somebody else's series, asked for under the address of the own programme."""
    return {**other_series(cast), "slug": cast.programme.slug}


def _series(programme: Programme) -> dict:
    made = start_series(programme=programme, name=f"Series {next(_numbers)}", by="clock", now=NOW)
    return {"slug": programme.slug, "series": made.pk}


ROUTES = [
    Route("attendance:series-list", own_programme, SEEING),
    Route("attendance:series-list", other_programme, ELSEWHERE),
    Route("attendance:series-start", own_programme, PLANNING),
    Route("attendance:series-start", other_programme, ELSEWHERE),
    Route("attendance:series-show", own_series, SEEING),
    Route("attendance:series-show", other_series, ELSEWHERE),
    Route("attendance:series-show", other_series_under_the_own_programme, {404: "signed_in"}),
    Route("attendance:series-group", own_series, PLANNING),
    Route("attendance:series-group", other_series, ELSEWHERE),
    Route("attendance:place-series", place_link, {403: "everyone"}),
]
