"""What every request passes and belongs to no app."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from config import views

HEALTH = {"/health/live": views.show_live, "/health/ready": views.show_ready}


class HealthMiddleware:
    """Answers the health pages before sessions and host names are looked at.

    A probe asks for an address of the machine, which is not in ALLOWED_HOSTS and need not be.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        view = HEALTH.get(request.path_info)
        return view(request) if view else self.get_response(request)
