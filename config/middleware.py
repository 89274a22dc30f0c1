"""What every request passes and belongs to no app."""

from collections.abc import Callable

from csp.constants import HEADER
from csp.utils import build_policy
from django.http import HttpRequest, HttpResponse

from config import views

HEALTH = {"/health/live": views.show_live, "/health/ready": views.show_ready}


class ContentPolicy:
    """Says with each page what a browser may load for it, as settings say; a page with a policy of its own keeps that.

    No page adds to it, so the words are put together once.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.policy = build_policy()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault(HEADER, self.policy)
        return response


class HealthMiddleware:
    """Answers the health pages before sessions and host names are looked at.

    A probe asks for an address of the machine, which is not in ALLOWED_HOSTS and need not be.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        view = HEALTH.get(request.path_info)
        return view(request) if view else self.get_response(request)
