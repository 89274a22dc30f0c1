"""The addresses of communications; see routes.py for how a line is written."""

from tests.access.routes import Route

ROUTES: list[Route] = []
