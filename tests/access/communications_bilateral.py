"""The addresses of a bilateral share; see routes.py for how a line is written."""

from tests.access.briefings import SIGNED_IN_ONLY
from tests.access.routes import Route, nothing, other_programme, own_programme

ROUTES: list[Route] = [
    Route("communications:bilateral-start", nothing, {200: "administrator", 403: SIGNED_IN_ONLY}),
    Route("communications:bilateral-done", own_programme, {200: "administrator coordinator"}),
    Route("communications:bilateral-done", other_programme, {200: "administrator other"}),
]
