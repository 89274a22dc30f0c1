"""What every request passes and belongs to no app."""

from collections.abc import Callable
from http import HTTPStatus

from csp.constants import HEADER
from csp.utils import build_policy
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import is_valid_path

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


class NoSuchPage:
    """Answers a browser that opens the address of a button, or sends something to a page that only shows, in words.

    The status stays 405 and Allow says what the address takes. Who asks for no HTML gets no page.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        is_browser = "text/html" in request.headers.get("Accept", "")
        if response.status_code != HTTPStatus.METHOD_NOT_ALLOWED or not is_browser:
            return response
        context = {
            "knows_nobody": getattr(request.resolver_match.func, "reads_no_session", False),
            "opened": request.method != "POST",
            "page_url": page_above(request.path_info) if request.method != "POST" else request.path,
        }
        page = render(request, "405.html", context, status=response.status_code)
        for name, value in response.items():
            page.headers.setdefault(name, value)
        return page


def page_above(path: str) -> str:
    """Return the nearest address above ``path`` that there is: that of a button lies under the page it stands on."""
    while (path := f"{path.rstrip('/').rpartition('/')[0]}/") != "/":
        if is_valid_path(path):
            return path
    return ""


class HealthMiddleware:
    """Answers the health pages before sessions and host names are looked at.

    A probe asks for an address of the machine, which is not in ALLOWED_HOSTS and need not be.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        view = HEALTH.get(request.path_info)
        return view(request) if view else self.get_response(request)
