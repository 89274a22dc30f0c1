"""Every link of every mail may be opened by anybody's scanner: it changes nothing, and works afterwards.

Each kind of mail that can be sent has a case in ``tests/mails/``, made from real rows (test_consistency.py says which
is missing). Every link in it (in both its parts, its calendar entry and its headers) is asked for with GET and HEAD,
twice each and without cookies, each time following where it leads, as gateways do (Safe Links, Proofpoint, Mimecast).
Then no row of any table but the access trace and the sessions has been written, and the page opens as it did first.
"""

import re
from html import unescape
from urllib.parse import urlsplit

import pytest
import time_machine
from django.conf import settings
from django.db import connection
from django.test import Client

from messaging import kinds
from messaging.kinds import Content
from messaging.models import Message
from tests.mails import NOW, find_cases

pytestmark = pytest.mark.django_db

MAY_CHANGE = {"history_look", "django_session"}
"""The access trace, and the session of a sign-in or a link (ADR 0002 and decisions.md, "Links")."""

ALL = [kind.name for kind in kinds.every()]


@pytest.fixture(autouse=True)
def _as_the_product_does(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    settings.EMAIL_BACKEND = "messaging.backends.OutboxBackend"


@pytest.mark.parametrize("kind", ALL)
def test_its_links_change_nothing_however_often_they_are_opened(kind):
    case = find_cases()[kind]
    with time_machine.travel(NOW, tick=False):
        later = case()
    with time_machine.travel(later or NOW, tick=False):
        message = Message.objects.filter(kind=kind).latest("pk")
        links = links_in(kinds.find(kind).render(message))
        assert links, "there is nothing to open in it"
        for link in links:
            _open_as_scanners_do(link)
        if message.person_id:
            _works_for_its_reader(message, links)


def _open_as_scanners_do(link: str) -> None:
    before = written()
    first = _answer("get", link)
    assert first[0] == 200, f"{link} answers {first[0]} at {first[1]}"
    for method in ("head", "get", "head"):
        status, path, _ = _answer(method, link)
        assert (status, path) == first[:2], f"{method} of {link}"
    after = written()
    changed = {table for table in before if before[table] != after[table]}
    assert not changed - MAY_CHANGE, f"{link} changed {changed}"
    assert _answer("get", link) == first, f"{link} shows something else than before it was opened"


def _works_for_its_reader(message: Message, links: list[str]) -> None:
    """Whoever got the mail, and signs in where that is asked, sees the page itself."""
    client = Client()
    client.force_login(message.person)
    for link in links:
        answer = client.get(link, follow=True)
        assert answer.status_code == 200, f"{link} answers {answer.status_code}"
        assert not answer.request["PATH_INFO"].startswith("/accounts/login"), f"{link} asks who is signed in again"


def _answer(method: str, link: str) -> tuple[int, str, str]:
    """Return status, address and page of where ``link`` leads, without what is new in every page."""
    answer = getattr(Client(), method)(link, follow=True)
    fresh = r'type="hidden" name="[^"]+" value="[^"]+"|nonce="[^"]+"|<meta name="csrf[^>]+>'
    return answer.status_code, answer.request["PATH_INFO"], re.sub(fresh, "", answer.content.decode())


def links_in(content: Content) -> list[str]:
    """Return the paths of our own links in ``content``, in both its parts, its headers and its calendar entry."""
    calendar = re.sub(r"\r?\n[ \t]", "", (content.calendar or b"").decode())
    plain = "\n".join([content.text, calendar, *content.headers.values()])
    found = [*re.findall(r"https?://[^\s<>\"]+", plain), *map(unescape, re.findall(r'href="([^"]+)"', content.html))]
    own = [urlsplit(each.rstrip(".,;)")) for each in found if each.startswith(settings.SITE_URL)]
    return sorted({each.path + (f"?{each.query}" if each.query else "") or "/" for each in own})


def written() -> dict[str, int]:
    """Return how many rows of each table this test, which is one transaction, has written so far."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname, n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_xact_user_tables")
        return dict(cursor.fetchall())


def test_a_link_that_changed_something_would_be_seen():
    """The control: one row of one table more, or one column otherwise."""
    from tests.organisations.factories import PersonFactory

    before = written()
    person = PersonFactory()
    made = written()
    type(person).objects.filter(pk=person.pk).update(name="Somebody Else")
    changed = written()
    assert {table for table in before if before[table] != made[table]} == {"accounts_person"}
    assert {table for table in before if made[table] != changed[table]} == {"accounts_person"}
