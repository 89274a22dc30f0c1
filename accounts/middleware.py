"""What holds for every page of a signed-in person: time limits, no copies left behind, the second step."""

from collections.abc import Callable

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from accounts.adapters import SIGNED_IN_AT, has_authenticator
from accounts.rules import needs_second_step

SEEN_EVERY_SECONDS = 300
_SEEN = "seen_at"
_REACHABLE_WITHOUT_SECOND_STEP = {
    "accounts:account-show",
    "account_logout",
    "account_reauthenticate",
    "mfa_activate_totp",
    "mfa_reauthenticate",
}


class SessionLimits:
    """Ends a session that was idle, or signed in, for too long (SESSION_IDLE_SECONDS, SESSION_COOKIE_AGE; ASVS 7.3).

    The moment of the last request is written at most every five minutes.
    """

    def __init__(self, get_response: Callable) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Callable, args, kwargs) -> None:
        if getattr(view, "reads_no_session", False) or not request.user.is_authenticated:
            return
        now = int(timezone.now().timestamp())
        session = request.session
        began, seen = session.setdefault(SIGNED_IN_AT, now), session.setdefault(_SEEN, now)
        if now - began >= settings.SESSION_COOKIE_AGE or now - seen >= settings.SESSION_IDLE_SECONDS:
            self._end(request)
        elif now - seen >= SEEN_EVERY_SECONDS:
            session[_SEEN] = now
            UserSession.objects.filter(session_key=session.session_key).update(last_seen_at=timezone.now())

    def _end(self, request: HttpRequest) -> None:
        UserSession.objects.filter(session_key=request.session.session_key).delete()
        logout(request)
        messages.info(request, "We signed you out to keep your account safe. Sign in to carry on")


class LoginRequired(LoginRequiredMiddleware):
    """Django's own, which looks at who is signed in before it looks at the view: not where nobody may look."""

    def process_view(self, request: HttpRequest, view: Callable, args, kwargs) -> HttpResponse | None:
        if getattr(view, "reads_no_session", False):
            return None
        return super().process_view(request, view, args, kwargs)


class PrivatePages:
    """Keeps what a signed-in person saw out of every cache, the browser's included (ASVS 14.3.2)."""

    def __init__(self, get_response: Callable) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        # A session that no page looked at stays unread: the page cannot have shown anything of anybody.
        if request.session.accessed and request.user.is_authenticated:
            response["Cache-Control"] = "no-store, private"
        return response


class SecondStep:
    """In production, sends people whose role demands an authenticator app to add one before anything else."""

    def __init__(self, get_response: Callable) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Callable, args, kwargs) -> HttpResponse | None:
        if not settings.PRODUCTION or not getattr(view, "login_required", True):
            return None
        if request.resolver_match.view_name in _REACHABLE_WITHOUT_SECOND_STEP:
            return None
        if needs_second_step(request.user) and not has_authenticator(request.user):
            return HttpResponseRedirect(reverse("mfa_activate_totp"))
        return None
