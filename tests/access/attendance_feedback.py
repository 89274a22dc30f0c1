"""The addresses of feedback for who runs a programme; see routes.py for how a line is written."""

from tests.access.routes import Route, other_programme, own_programme

ROUTES = [
    Route("attendance:feedback-show", own_programme, {200: "administrator coordinator facilitator board"}),
    Route("attendance:feedback-show", other_programme, {200: "administrator other"}),
    *(
        route
        for name in ("feedback-choose", "feedback-stop")
        for route in (
            Route(f"attendance:{name}", own_programme, {200: "administrator coordinator"}),
            Route(f"attendance:{name}", other_programme, {200: "administrator other"}),
        )
    ),
]
