"""The addresses of activities; see routes.py for how a line is written."""

from briefings.actions.activities import save_activity
from briefings.activities import READY
from briefings.models import Programme
from tests.access.routes import Route, other_programme, own_programme
from tests.cast import NOW, Cast

SEEING = {200: "administrator coordinator facilitator board governance"}
PLANNING = {200: "administrator coordinator"}
ELSEWHERE = {200: "administrator other"}
_numbers = iter(range(1000))


def own_activity(cast: Cast) -> dict:
    return _activity(cast.programme)


def other_activity(cast: Cast) -> dict:
    return _activity(cast.other_programme)


def _activity(programme: Programme) -> dict:
    made = save_activity(
        programme=programme, activity=None, by="clock", now=NOW, name=f"Activity {next(_numbers)}", aim="See",
        minutes=10, materials="", steps="1. Look.",
    )  # fmt: skip
    return {"slug": programme.slug, "activity": made.pk}


def own_ready(cast: Cast) -> dict:
    return {"slug": cast.programme.slug, "key": READY[0].key}


def other_ready(cast: Cast) -> dict:
    return {"slug": cast.other_programme.slug, "key": READY[0].key}


ROUTES = [
    Route("attendance:activity-list", own_programme, SEEING),
    Route("attendance:activity-list", other_programme, ELSEWHERE),
    Route("attendance:activity-write", own_programme, PLANNING),
    Route("attendance:activity-write", other_programme, ELSEWHERE),
    Route("attendance:activity-take", own_ready, {302: "administrator coordinator"}, post=True),
    Route("attendance:activity-take", other_ready, {302: "administrator other"}, post=True),
    *(
        route
        for name in ("activity-change", "activity-use")
        for route in (
            Route(f"attendance:{name}", own_activity, PLANNING),
            Route(f"attendance:{name}", other_activity, ELSEWHERE),
        )
    ),
]
