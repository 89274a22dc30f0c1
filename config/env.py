"""What the environment says, read once, failing loudly with a hint.

Every variable the product knows is declared in ``KNOWN``; docker-compose.yml and the README are held
against this list by a test.
"""

import json
import os
import secrets
import tempfile
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent

KNOWN = {
    "DATABASE_URL": "postgresql://user:password@host:5432/name. Not set: our own PostgreSQL starts.",
    "REDIS_URL": "redis://:password@host:6379/0. Not set: our own Valkey starts.",
    "EMAIL_URL": "smtp://user:password@host:587. Not set: mails are kept and shown on /mailbox/.",
    "INBOUND_URL": "imaps://user:password@host:993/INBOX, the mailbox that answers and bounces come to. Not set: none.",
    "INBOUND_AUTHSERV_ID": "The name in Authentication-Results of your receiving server. Not set: no answer is proven.",
    "SITE_URL": "https://briefings.example.org, the address that stands in every mailed link.",
    "SECRET_KEY": "50 characters or more. Made and kept in VAR_DIR for a trial.",
    "DEPLOYMENT": "trial (default) or production.",
    "ALLOWED_HOSTS": "Comma-separated host names. Default: the host of SITE_URL, and in a trial this machine.",
    "TIME_ZONE": "Europe/London by default.",
    "DEFAULT_FROM_EMAIL": "Briefings <briefings@example.org>, the mailbox that mails come from.",
    "VAR_DIR": "Where the key and our own servers keep their data. Default: var/ beside manage.py.",
    "SITE_NAME": "The name in the bar. Default: Briefing Hub.",
    "SITE_OWNER": "Who runs this installation, for the foot of each page.",
    "BRAND_COLOUR": "The bar and the buttons, #rrggbb, at least 7:1 against white. Default: #14474c.",
    "ACCENT_COLOUR": "Marks on the bar, #rrggbb, at least 3:1 against the brand colour. Default: #d3dc6b.",
    "TRUSTED_PROXIES": "How many proxies of ours stand in front and set X-Forwarded-For. Default: 0.",
    "PG_BIN": "Folder with initdb and postgres, for our own PostgreSQL. Default: the wheel's, then Debian's.",
    "REDIS_BIN": "valkey-server or redis-server, for our own Valkey. Default: the wheel's, then Debian's.",
    "PORT": "The port of script/server. Default: 8000.",
}


def text(name: str, default: str = "") -> str:
    """Return the variable ``name`` without surrounding space, or ``default`` where it is unset or empty."""
    assert name in KNOWN, f"{name} is not declared in config/env.py"
    return os.environ.get(name, "").strip() or default


def choice(name: str, options: tuple[str, ...]) -> str:
    """Return one of ``options`` (the first where unset). Raises ImproperlyConfigured for anything else."""
    value = text(name, options[0])
    if value not in options:
        raise ImproperlyConfigured(f"{name} is {value!r}: set it to {' or '.join(options)}.")
    return value


def number(name: str, default: int) -> int:
    """Return a whole number of 0 or more. Raises ImproperlyConfigured otherwise."""
    value = text(name, str(default))
    if not value.isdecimal():
        raise ImproperlyConfigured(f"{name} is {value!r}: set it to a whole number, for example {default}.")
    return int(value)


def url(name: str, schemes: tuple[str, ...], default: str = "") -> str:
    """Return a URL with one of ``schemes`` and a host. Raises ImproperlyConfigured otherwise."""
    value = text(name, default)
    if not value:
        return ""
    parts = urlsplit(value)
    if parts.scheme not in schemes or not (parts.hostname or parts.path):
        raise ImproperlyConfigured(f"{name} does not start with {'://, '.join(schemes)}://. {KNOWN[name]}")
    return value


def time_zone() -> str:
    """Return TIME_ZONE. Raises ImproperlyConfigured where there is no such zone."""
    value = text("TIME_ZONE", "Europe/London")
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ImproperlyConfigured(f"TIME_ZONE is {value!r}: no such zone. Set it as in Europe/London.") from error
    return value


def var_dir() -> Path:
    """Return the folder for what a trial keeps. It is made when first needed."""
    return Path(text("VAR_DIR", str(BASE_DIR / "var"))).expanduser().resolve()


def running_servers() -> Path:
    """Return the file in which a running script/server says where its own servers are, for manage.py beside it."""
    return var_dir() / "servers.running"


def running_server(name: str, default: str) -> str:
    """Return the URL of our own running server for the variable ``name``, or ``default`` where none is running."""
    try:
        return json.loads(running_servers().read_text()).get(name, default)
    except (OSError, ValueError):
        return default


def secret_key(deployment: str) -> str:
    """Return SECRET_KEY; for a trial make one and keep it in VAR_DIR (readable by its owner alone).

    Raises ImproperlyConfigured in production where it is missing or shorter than 50 characters.
    """
    value = text("SECRET_KEY")
    if deployment == "production" and len(value) < 50:
        raise ImproperlyConfigured("SECRET_KEY is missing or short: production needs 50 random characters or more.")
    return value or _kept_key(var_dir() / "secret_key")


def _kept_key(path: Path) -> str:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        # Written beside and linked into place, so that two first starts at once agree on one key.
        handle, temporary = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(64))
        try:
            os.link(temporary, path)
        except FileExistsError:
            pass
        finally:
            os.unlink(temporary)
    return path.read_text().strip()
