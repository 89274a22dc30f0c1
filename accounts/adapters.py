"""Where allauth asks us: addresses, mails, codes, secrets, words."""

import base64
import hashlib
from typing import Any
from urllib.parse import quote, urlencode

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal import flows
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.contrib import messages
from django.core.mail import EmailMultiAlternatives
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme

from accounts import limits
from accounts.models import Person
from accounts.qr import qr_svg
from history.actions import record

SIGNED_IN_AT = "signed_in_at"
"""Where a session keeps when it began, in seconds of the epoch; it ends a working day later (SESSION_COOKIE_AGE)."""

_SAID = {
    "mfa/messages/totp_activated.txt": "Authenticator app added",
    "mfa/messages/totp_deactivated.txt": "Authenticator app removed",
    "mfa/messages/recovery_codes_generated.txt": "New recovery codes made. The old ones do not work any more",
}
_HAPPENED = {
    "mfa/email/totp_activated": "An authenticator app was added to your account",
    "mfa/email/totp_deactivated": "The authenticator app was removed from your account",
    "mfa/email/recovery_codes_generated": "New recovery codes were made for your account",
}
_WRONG_CODE = "The code is not correct. Check it and enter it again"
_TOO_MANY = "Too many codes were tried. Wait 5 minutes, then enter a new one"


class AccountAdapter(DefaultAccountAdapter):
    """Signing in by a mailed code; nobody signs up here, nobody has a password."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "incorrect_code": _WRONG_CODE,
        "rate_limited": _TOO_MANY,
        "too_many_login_attempts": "Too many wrong codes were tried. Ask for a new code",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        return limits.client_address(request)

    def is_safe_url(self, url: str) -> bool:
        """Return whether ``url`` is a path of ours: nothing with a host is ever followed (ASVS 3.7.2)."""
        return bool(url) and url.startswith("/") and url_has_allowed_host_and_scheme(url, allowed_hosts=None)

    def add_message(self, request, level, message_template=None, message_context=None, extra_tags="", message=None):
        said = message or _SAID.get(message_template or "")
        if said:
            messages.add_message(request, level, said, extra_tags=extra_tags)

    def send_mail(self, template_prefix: str, email: str, context: dict) -> None:
        """Send ``<prefix>.txt`` and ``<prefix>.html``; the first line of the text is the subject.

        Links are built from SITE_URL, never from the request, so that a forged Host header reaches no mail.
        """
        context = {"email": email, "site_name": settings.SITE_NAME, "site_url": settings.SITE_URL, **context}
        context.pop("request", None)
        subject, _, text = render_to_string(f"{template_prefix}.txt", context).strip().partition("\n")
        message = EmailMultiAlternatives(subject, text.strip() + "\n", settings.DEFAULT_FROM_EMAIL, [email])
        message.attach_alternative(render_to_string(f"{template_prefix}.html", context), "text/html")
        message.send()

    def send_notification_mail(self, template_prefix, user, context=None, email=None) -> None:
        if user.email and template_prefix in _HAPPENED:
            happened = {"happened": _HAPPENED[template_prefix], "at": timezone.now()}
            self.send_mail("account/email/security_changed", user.email, happened)

    def post_login(self, request: HttpRequest, user: Person, **kwargs: Any) -> HttpResponse:
        response = super().post_login(request, user, **kwargs)
        request.session[SIGNED_IN_AT] = int(timezone.now().timestamp())
        record(by=user, verb="signed in", about=user, now=timezone.now())
        limits.remember_browser(response, user)
        return response

    def respond_user_inactive(self, request: HttpRequest, user: Person) -> HttpResponse:
        return HttpResponseRedirect(reverse("account_login"))

    def get_reauthentication_methods(self, user: Any) -> list[dict]:
        """Whoever has an authenticator app confirms with it, everybody else with a mailed code."""
        methods = super().get_reauthentication_methods(user)
        if user.is_authenticated and user.email and not methods:
            return [{"id": "reauthenticate", "description": "", "url": reverse("account_reauthenticate")}]
        return methods


class SecondStepAdapter(DefaultMFAAdapter):
    """The authenticator app: secrets are encrypted with SECRET_KEY, the QR code is ours."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": _WRONG_CODE,
        "rate_limited": _TOO_MANY,
        "unverified_email": "The address of this account is not confirmed. Sign in with a code first",
    }

    def build_totp_url(self, user: Person, secret: str) -> str:
        """Return the otpauth: address (Google's Key URI format) with the site's name as issuer."""
        issuer, label = settings.SITE_NAME, f"{settings.SITE_NAME}:{user.email}"
        return f"otpauth://totp/{quote(label)}?{urlencode({'secret': secret, 'issuer': issuer}, quote_via=quote)}"

    def build_totp_svg(self, url: str) -> str:
        return qr_svg(url, "QR code for your authenticator app")

    def encrypt(self, text: str) -> str:
        return _cipher().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _cipher().decrypt(encrypted_text.encode()).decode()


def _cipher() -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    digests = (hashlib.sha256(b"accounts.second-step\n" + key.encode()).digest() for key in keys)
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])


def has_authenticator(person: Person) -> bool:
    """Return whether ``person`` has added an authenticator app. One query."""
    return Authenticator.objects.filter(user_id=person.pk, type=Authenticator.Type.TOTP).exists()


def is_fresh(request: HttpRequest) -> bool:
    """Return whether this person proved who they are in the last ten minutes, by the strongest means they have."""
    if has_authenticator(request.user):
        return flows.reauthentication.did_recently_reauthenticate(request)
    records = flows.login.get_authentication_records(request, request.user)
    since = timezone.now().timestamp() - settings.ACCOUNT_REAUTHENTICATION_TIMEOUT
    return any(entry["method"] == "code" and entry["at"] > since for entry in records)
