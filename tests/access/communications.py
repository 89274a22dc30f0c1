"""The addresses of communications; see routes.py for how a line is written."""

from tests.access import communications_bilateral, communications_stages
from tests.access.routes import Route

ROUTES: list[Route] = [*communications_bilateral.ROUTES, *communications_stages.ROUTES]
