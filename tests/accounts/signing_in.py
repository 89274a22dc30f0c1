"""Signing in as a person does: the address, the code from the outbox, the page after."""

import re

from allauth.mfa.totp.internal import auth as totp
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Person
from messaging import backends
from messaging.models import Message

CODE = re.compile(r"^[A-Z0-9]{4}-?[A-Z0-9]{4}$", re.MULTILINE)


def mailed_to(address: str) -> str:
    """Return the text of the newest mail about an account to ``address``, as its recipient reads it."""
    return backends.render(Message.objects.filter(address=address).latest("pk")).text


def mailed_code(address: str) -> str:
    """Return the code in the newest mail to ``address``."""
    return CODE.search(mailed_to(address)).group()


def ask_for_code(client: Client, address: str, **headers) -> HttpResponse:
    return client.post(reverse("account_login"), {"email": address}, **headers)


def enter_code(client: Client, code: str, address: str = "") -> HttpResponse:
    return client.post(address or reverse("account_confirm_login_code"), {"code": code})


def sign_in(client: Client, person: Person) -> HttpResponse:
    """Sign ``person`` in by a mailed code and return the last answer."""
    ask_for_code(client, person.email)
    return enter_code(client, mailed_code(person.email))


def signed_in(client: Client) -> bool:
    """Return whether the account page opens."""
    return client.get(reverse("accounts:session-list")).status_code == 200


def app_code(secret: str) -> str:
    """Return the six figures that an authenticator app with ``secret`` shows now (RFC 6238)."""
    return f"{totp.hotp_value(secret, int(timezone.now().timestamp()) // 30):06d}"
