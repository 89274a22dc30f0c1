"""What the tests of pages begin with: signing in, also by a code entered just now, and opening a mailed link."""

import html
import re
from types import SimpleNamespace
from urllib.parse import urlsplit

from allauth.account.internal.flows.login import record_authentication
from django.test import Client

from accounts.links import address_of


def signed_in(person, *, fresh: bool = False) -> Client:
    """Return a browser in which ``person`` is signed in; ``fresh``: by a code entered just now."""
    client = Client()
    client.force_login(person)
    if fresh:
        session = client.session
        record_authentication(SimpleNamespace(session=session), person, "code", email=person.email)
        session.save()
    return client


def opened(link) -> Client:
    """Return a browser in which the mailed ``link`` was opened."""
    client = Client()
    assert client.get(urlsplit(address_of(link)).path).status_code == 302
    return client


def words(response) -> str:
    """Return what a page says, without its tags and with single spaces."""
    text = re.sub(r"<(script|style).*?</\1>", " ", response.content.decode(), flags=re.S)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())
