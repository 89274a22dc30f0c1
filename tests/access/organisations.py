"""The addresses of organisations; see routes.py for how a line is written."""

from tests.access import organisations_imports, organisations_people
from tests.access.routes import Route

ROUTES: list[Route] = [*organisations_imports.ROUTES, *organisations_people.ROUTES]
