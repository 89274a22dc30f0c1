"""Who takes a place by an invitation is answered before anything looks for who is signed in: nobody is."""

import re
from collections.abc import Callable

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware

from attendance.views.presses import answer_together

_TAKEN = re.compile(r"/i/([0-9]{1,18})/sessions/([0-9]{1,18})/")


class TakenTogether:
    """Takes places for a crowd without what a session, messages and the list of addresses cost each.

    Only for a browser without the cookie of a session. The host is looked at here, and whether the form is ours, as
    for every press. What is not answered goes on to all that any request passes.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.ours = _Ours(get_response)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        found = _TAKEN.fullmatch(request.path_info) if request.method == "POST" else None
        if not found or settings.SESSION_COOKIE_NAME in request.COOKIES:
            return self.get_response(request)
        return self._answer(request, *map(int, found.groups())) or self.get_response(request)

    def _answer(self, request: HttpRequest, link: int, session: int) -> HttpResponse | None:
        request.get_host()  # raises DisallowedHost, which is answered with 400
        if not self.ours.is_ours(request):
            return None
        request.user = AnonymousUser()
        response = answer_together(request, link, session)
        if response is not None:
            response["Vary"], response["X-Frame-Options"] = "Cookie", settings.X_FRAME_OPTIONS
            response["Content-Length"] = "0"
        return response


class _Ours(CsrfViewMiddleware):
    """Looks whether a form is ours, and leaves it to Django's own to say that it is not."""

    def is_ours(self, request: HttpRequest) -> bool:
        self.process_request(request)
        return self.process_view(request, answer_together, (), {}) is None

    def _reject(self, request: HttpRequest, reason: str) -> HttpResponse:
        return HttpResponse(status=403)
