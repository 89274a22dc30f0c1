"""Keys and bodies that must not be read from a table or its backup."""

import base64
import hashlib
import hmac
import json

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings


def key_of_private(key: str) -> str:
    """Return the key of a private row: an HMAC, because the reason itself would tell."""
    return "private:" + _digest("messaging.key", key)


def message_id(key: str, host: str) -> str:
    """Return the Message-ID of the row with ``key``: the same at every try, and nobody else can guess it."""
    return f"<{_digest('messaging.message-id', key)[:40]}@{host}>"


def seal(payload: dict) -> bytes:
    """Return ``payload`` encrypted under SECRET_KEY."""
    return _fernet().encrypt(json.dumps(payload).encode())


def unseal(sealed: bytes) -> dict:
    """Return what was sealed. Raises Unreadable where SECRET_KEY is another one now."""
    try:
        return json.loads(_fernet().decrypt(bytes(sealed)))
    except InvalidToken as error:
        raise Unreadable from error


class Unreadable(Exception):
    """The body was sealed under another SECRET_KEY."""


def _fernet() -> Fernet:
    key = hashlib.sha256(b"messaging.seal:" + settings.SECRET_KEY.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(key))


def _digest(purpose: str, value: str) -> str:
    key = hashlib.sha256(f"{purpose}:{settings.SECRET_KEY}".encode()).digest()
    return hmac.new(key, value.encode(), hashlib.sha256).hexdigest()
