"""Route × role × object: every address of the product, with what each role gets (ASVS 5.0 8.2.1 to 8.2.3, 8.4.1).

The lines stand in ``tests/access/<app>.py``. An address without a line fails here, and so does a line without an
address.
"""

import importlib
from collections.abc import Iterator

import pytest
from django.db import connection, transaction
from django.http import HttpResponse
from django.urls import URLPattern, get_resolver, reverse
from pytest_django.asserts import assertContains

from config import urls
from config.middleware import page_above
from history.models import Entry
from messaging.models import Message
from tests.access.routes import SIGN_IN, Route
from tests.cast import PEOPLE, ROLES, STRANGER, Cast, client_of, on_stage

APPS = (
    "config",
    "desk",
    "communications",
    "communications_posts",
    "commitments",
    "commitments_agreements",
    "commitments_questions",
    "commitments_guidance",
    "attendance",
    "briefings",
    "organisations",
    "messaging",
    "surveys",
    "accounts",
)
ROUTES: list[Route] = [route for app in APPS for route in importlib.import_module(f"tests.access.{app}").ROUTES]


@pytest.fixture(scope="module")
def stage(django_db_setup, django_db_blocker) -> Iterator[tuple[Cast, dict[str, str]]]:
    with on_stage(django_db_blocker) as staged:
        yield staged


@pytest.fixture
def short_refusals(monkeypatch):
    """Refusals answer with their status alone.

    The page that says so is the same for every address, so one test looks at it whole, for each role; to write it
    again for each address and role, six in ten of all answers, would take a third of the time.
    """
    monkeypatch.setattr(urls, "handler403", lambda request, exception: HttpResponse(status=403), raising=False)
    monkeypatch.setattr(urls, "handler404", lambda request, exception: HttpResponse(status=404), raising=False)


TRACES = "SELECT " + ", ".join(f"(SELECT count(*) FROM {each._meta.db_table})" for each in (Entry, Message))  # noqa: S608
"""One query: it is asked some thousand times."""


def answer(response: HttpResponse) -> int | str:
    """Return the status of ``response``, or SIGN_IN where it leads to signing in."""
    leads_there = response.status_code == 302 and response["Location"].startswith(reverse("account_login") + "?next=")
    return SIGN_IN if leads_there else response.status_code


@pytest.mark.django_db
@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_each_role_gets_what_it_should(stage, short_refusals, route):
    cast, keys = stage
    address = reverse(route.name, kwargs=route.kwargs(cast))
    before = _traces()
    got = {}
    for role in ROLES:
        with transaction.atomic():  # so that what one role did is undone before the next
            client = client_of(role, keys)
            response = client.post(address, route.data) if route.post else client.get(address)
            got[role] = answer(response)
            if not _may(got[role]):
                assert _traces() == before, f"{role} may not, and something changed"
            transaction.set_rollback(True)
    assert got == {role: route.expected(role) for role in ROLES}


def _may(got: int | str) -> bool:
    return got in (200, 302)


def _traces() -> tuple[int, int]:
    """Return how many entries the history has and how many messages there are."""
    with connection.cursor() as cursor:
        cursor.execute(TRACES)
        return cursor.fetchone()


@pytest.mark.django_db
@pytest.mark.parametrize("route", [route for route in ROUTES if not route.post], ids=str)
def test_who_may_not_look_may_not_post(stage, short_refusals, route):
    cast, keys = stage
    address = reverse(route.name, kwargs=route.kwargs(cast))
    before = _traces()
    for role in ROLES:
        if _may(route.expected(role)):
            continue
        response = client_of(role, keys).post(address)
        assert answer(response) in (route.expected(role), 403, 404, 405, SIGN_IN), f"{role}: {answer(response)}"
        assert _traces() == before, f"{role} may not, and something changed"


@pytest.mark.django_db
@pytest.mark.parametrize("route", [route for route in ROUTES if route.post], ids=str)
def test_a_button_is_no_page(stage, short_refusals, route):
    cast, keys = stage
    address = reverse(route.name, kwargs=route.kwargs(cast))
    before = _traces()
    for role in PEOPLE:
        assert client_of(role, keys).get(address).status_code in (403, 404, 405), role
    assert _traces() == before
    above = page_above(address)
    assert above or route.name == "surveys:feedback-send", "whoever opens it is led to no page"
    assert client_of("administrator", keys).get(above or "/").status_code != 405, "whoever opens it is led to a button"


REFUSED = [
    (role, status, next(routes, None))
    for role in ROLES
    for status in (403, 404)
    for routes in [(r for r in ROUTES if 200 in r.answers and r.expected(role) == status and not r.post)]
]
"""For each role and refusal the first address that others may open."""


@pytest.mark.django_db
@pytest.mark.parametrize(("role", "status", "route"), [each for each in REFUSED if each[2]], ids=str)
def test_a_refusal_is_a_whole_page(stage, role, status, route):
    cast, keys = stage
    response = client_of(role, keys).get(reverse(route.name, kwargs=route.kwargs(cast)))
    heading = {403: "You cannot see this page", 404: "Page not found"}[status]
    assertContains(response, f"<h1>{heading}</h1>", status_code=status, html=True)
    assert ("Sign out" in response.content.decode()) == (role != STRANGER), "the frame of the page is there as well"


def addresses(patterns=None, namespace: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Yield the full name and the pattern of each address of the product."""
    for each in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(each, URLPattern):
            yield (f"{namespace}{each.name}" if each.name else ""), each
        else:
            inner = f"{namespace}{each.namespace}:" if each.namespace else namespace
            yield from addresses(each.url_patterns, inner)


def test_every_address_is_listed_and_every_line_has_an_address():
    nameless = [str(pattern.pattern) for name, pattern in addresses() if not name]
    assert nameless == [], "an address needs a name"
    names = {name for name, _ in addresses()}
    listed = {route.name for route in ROUTES}
    assert names - listed == set(), "list these in tests/access/<app>.py"
    assert listed - names == set(), "these lines name no address"


def test_an_address_with_an_object_is_listed_for_somebody_elses_too():
    with_object = {name for name, pattern in addresses() if pattern.pattern.converters}
    same_for_all = {r.name for r in ROUTES if len({r.expected(role) for role in ROLES}) == 1}
    elsewhere = {r.name for r in ROUTES if r.kwargs.__name__.startswith("other_")}
    assert with_object - same_for_all - elsewhere == set()


def test_no_line_stands_twice():
    lines = [(route.name, route.kwargs.__name__, route.post) for route in ROUTES]
    assert [line for line in lines if lines.count(line) > 1] == []
