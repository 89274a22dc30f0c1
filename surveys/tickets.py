"""The token that lets somebody answer once. It is derived from a name that only the app above knows."""

import base64
import hashlib

from django.utils.crypto import salted_hmac

_SALT = "surveys.tickets"
_BYTES = 20


def token_for(questionnaire: int, holder: str) -> str:
    """Return the token of ``holder`` (any name that stays the same) for a questionnaire: the same each time."""
    mac = salted_hmac(_SALT, f"{questionnaire}\n{holder}", algorithm="sha256").digest()
    return base64.urlsafe_b64encode(mac[:_BYTES]).decode().rstrip("=")


def digest_of(token: str) -> str:
    """Return what is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()
