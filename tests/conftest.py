"""What every test may lean on."""

import fcntl
import gc
import os

import pytest
from django.db import connection
from hypothesis import HealthCheck, settings

from tests import tools

# Playwright's synchronous API runs an event loop in the thread that also talks to the database.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

# How long an example takes says how busy the machine is; a test that is about time says so itself.
settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")


def pytest_configure(config: pytest.Config) -> None:
    """Refuse to run without the tools where REQUIRE_BROWSER is set."""
    lacking = tools.missing()
    if lacking and tools.needed():
        raise pytest.UsageError("REQUIRE_BROWSER is set, but " + "; ".join(lacking.values()))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what this machine has no tool for; the last lines say so.

    The walks in a browser go before the other tests on real connections: none is left to one process at the end.
    """
    lacking = set(tools.missing())
    out = {item for item in items if lacking & {mark.name for mark in item.iter_markers()}}
    if out:
        config.hook.pytest_deselected(items=list(out))
    kept = [item for item in items if item not in out]
    walks = [item for item in kept if "live_server" in getattr(item, "fixturenames", ())]
    first = kept.index(walks[0]) if walks else 0
    others = set(kept) - set(walks)
    items[:] = [*kept[:first], *walks, *(item for item in kept[first:] if item in others)]


def pytest_terminal_summary(terminalreporter) -> None:
    """Name what was not run."""
    for what in tools.missing().values():
        terminalreporter.write_line(f"NOT RUN: {what}")


def pytest_collection_finish(session: pytest.Session) -> None:
    """Tell the garbage collector that what is loaded by now stays, and to look less often at what is young."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 10, 10)


@pytest.fixture(scope="session")
def template():
    """The migrated database that ours is copied from, where there is one; it may be in the making (script/suite.py)."""
    if lock := os.environ.get("TEST_TEMPLATE_LOCK"):
        with open(lock) as file:
            fcntl.flock(file, fcntl.LOCK_SH)
    connection.settings_dict["TEST"]["TEMPLATE"] = os.environ.get("TEST_TEMPLATE")


@pytest.fixture(scope="session")
def django_db_setup(template, django_db_setup, django_db_blocker):
    """The database of the session; nobody holds on to it when it goes.

    A thread of the live server may still be answering a browser that has closed meanwhile.
    """
    yield
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.fixture(scope="session", autouse=True)
def tables_are_emptied_quickly():
    """Delete what a test on real connections left, in the tables that hold anything, whatever refuses it.

    Truncating 140 tables takes a quarter of a second, each time; and the database lets nobody empty some of them.
    Content types and permissions stay: they are the same for every test.
    """
    operations = type(connection.ops)

    def sql_flush(self, style, tables, **options):
        tables = sorted({*tables} - {"django_content_type", "auth_permission"})
        found = "SELECT '{0}' WHERE EXISTS (SELECT FROM {0})"
        asked = " UNION ALL ".join(found.format(table) for table in tables)
        with self.connection.cursor() as cursor:
            cursor.execute(asked)
            held = [table for (table,) in cursor.fetchall()]
        off, on = (f"SET LOCAL session_replication_role = {role}" for role in ("replica", "origin"))
        deletes = [f"DELETE FROM {table}" for table in held]  # noqa: S608 - our own tables
        return [off, *deletes, on] if held else []

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(operations, "sql_flush", sql_flush)
        yield


@pytest.fixture(scope="session", autouse=True)
def nobody_is_woken():
    """No test speaks to a broker; those of messages count the nudges instead."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("messaging.wake._nudger.nudge", lambda: None)
        yield


@pytest.fixture(scope="session")
def chromium():
    """One Chromium for the session (for each process of a parallel run)."""
    from playwright.sync_api import Locator, sync_playwright

    quiet = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=tools.chromium(), args=[*quiet, "--disable-component-update", "--disable-sync"]
        )
        with pytest.MonkeyPatch.context() as patch:
            for press in ("click", "press"):
                patch.setattr(Locator, press, _and_wait(getattr(Locator, press)))
            yield browser
        browser.close()


def _and_wait(press):
    """Return ``press`` that comes back when the page it led to is whole, as a person would look only then.

    Playwright's own comes back as soon as the next page begins, when its title may still be empty.
    """

    def pressed(locator, *args, **options):
        press(locator, *args, **options)
        locator.page.wait_for_load_state("load")

    return pressed


@pytest.fixture
def new_page(chromium, live_server):
    """Return a function that opens a page in a context of its own: ``new_page(width=360, javascript=True)``.

    Its addresses are relative to the live server. A page that asks for anything beyond this machine, or on which a
    script fails, fails the test.
    """
    contexts, complaints = [], []

    def make(*, width: int = 1280, height: int = 900, javascript: bool = True, **options):
        context = chromium.new_context(
            base_url=live_server.url,
            viewport={"width": width, "height": height},
            java_script_enabled=javascript,
            locale="en-GB",
            timezone_id="Europe/London",
            **options,
        )
        contexts.append(context)
        context.set_default_timeout(10_000)
        context.on("weberror", lambda error: complaints.append(f"script failed: {error.error}"))
        context.on("request", lambda request: _complain_about(request.url, live_server.url, complaints))
        context.on("console", lambda message: _complain_about_policy(message.text, complaints))
        page = context.new_page()
        page.is_without_scripts = not javascript
        return page

    yield make
    for context in contexts:
        context.close()
    assert not complaints, "\n".join(complaints)


def _complain_about(url: str, allowed: str, complaints: list[str]) -> None:
    if not url.startswith((allowed, "data:", "blob:", "about:")):
        complaints.append(f"asked for {url}")


def _complain_about_policy(text: str, complaints: list[str]) -> None:
    if "Content Security Policy" in text:
        complaints.append(text)


@pytest.fixture
def page(new_page):
    """A page as wide as a desk's screen."""
    return new_page(width=1280)


@pytest.fixture
def phone(new_page):
    """A page as wide as a small phone."""
    return new_page(width=360, height=740, has_touch=True, is_mobile=True, device_scale_factor=2)
