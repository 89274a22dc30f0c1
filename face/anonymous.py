"""Pages that know nobody: they read no session, set no cookie, and need no token against forgery.

A form with a token against forgery would need a cookie, so the browser's own word for where the form was opened is
asked instead (Sec-Fetch-Site, else Origin; OWASP "Cross-Site Request Forgery Prevention", Fetch Metadata).
"""

from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.http import HttpRequest, HttpResponse

SENT_FROM_ELSEWHERE = "This form was not sent from our own page. Open the page again and send it from there"


def reads_no_session(view: Callable) -> Callable:
    """Mark a public view before which no middleware of ours may look at who is signed in."""

    @wraps(view)
    def unread(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        return view(request, *args, **kwargs)

    unread.reads_no_session = True
    return unread


def came_from_here(request: HttpRequest) -> bool:
    """Return whether the browser says that this form was opened on a page of ours.

    Every browser of today sends Sec-Fetch-Site over https and to this machine; what sends neither header is no
    browser, and gains nothing, because the form acts in nobody's name.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("Origin")
    own = f"{request.scheme}://{request.get_host()}"
    return origin is None or origin in (own, settings.SITE_URL)
