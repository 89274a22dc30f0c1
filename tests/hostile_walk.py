"""Whatever is typed into a form, a file field or an address: a plain answer, never a failure, and nothing unescaped.

Each page and each form is tried by the first of the roles that opens it. Every field gets some of the hostile words,
each field others, so that all of them are tried many times over the whole product without a day of waiting.
``script/prove hostile`` goes round three times and tries every word where a form has one field; the suite leaves it to
that.
"""

import logging
import os
from collections.abc import Iterator
from itertools import count
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.urls import resolve

from organisations.tasks import work_on_staff_lists
from tests.cast import Cast, client_of, on_stage
from tests.hostile import MARKUP, RAW, WORDS, Form, files, forms_of
from tests.test_needles import crawl

ROLES = ("administrator", "coordinator", "lead", "practitioner", "stranger")
USUAL = (
    "q",
    "page",
    "sort",
    "next",
    "state",
    "who",
    "organisations",
    "organisation",
    "areas",
    "month",
    "do",
    "since",
    "group",
    "last",
    "find",
    "chosen",
)
PLAIN = {200, 302, 303, 400, 403, 404, 405, 409, 410, 413, 422, 429}
ROUNDS = int(os.environ.get("HOSTILE_ROUNDS", "1"))
LEFT_OUT = {"account_logout"}


@pytest.fixture(scope="module")
def stage(django_db_setup, django_db_blocker) -> Iterator[tuple[Cast, dict[str, str]]]:
    with on_stage(django_db_blocker) as staged:
        yield staged


@pytest.fixture(autouse=True)
def quiet():
    """Refusals are what is asked for here: the log would be very long."""
    logging.disable(logging.ERROR)
    yield
    logging.disable(logging.NOTSET)


class Visitor:
    """Somebody who means no good: ``complaints`` are the answers that were not plain, by the page."""

    def __init__(self, role: str, keys: dict[str, str], complaints: dict[str, str]) -> None:
        self.role, self.keys, self.client = role, keys, client_of(role, keys)
        self.complaints = complaints

    def asks(self, address: str, what: str) -> None:
        self._note(what, lambda: self.client.get(address))

    def posts(self, action: str, sent: dict, what: str) -> None:
        """Post, let a worker read what came in, follow where it leads; the database is as before afterwards."""
        with transaction.atomic():
            response = self._note(what, lambda: self.client.post(action, sent))
            work_on_staff_lists()
            if response and response.status_code in (302, 303) and response["Location"].startswith("/"):
                self._note(f"{what}, the page after it", lambda: self.client.get(response["Location"]))
            transaction.set_rollback(True)

    def _note(self, what: str, ask: Any) -> HttpResponse | None:
        try:
            with transaction.atomic():
                response = ask()
                problem = _problem(response)
        except Exception as error:
            response, problem = None, f"{type(error).__name__}: {str(error)[:300]}"
        if problem:
            self.complaints.setdefault(what, problem)
        return response


def _problem(response: HttpResponse) -> str:
    body = b"".join(response.streaming_content) if response.streaming else response.content
    if response.status_code not in PLAIN:
        return str(response.status_code)
    is_page = "html" in response.get("Content-Type", "")
    return "markup of a stranger" if is_page and MARKUP[:20].encode() in body else ""


def forms(address: str, words: str, seen: set) -> Iterator[tuple[str, Form]]:
    """Yield the view and the form of each form to post on a page that is not ``seen`` yet."""
    for form in forms_of(address, words):
        name = resolve(urlsplit(form.action).path).view_name
        key = (name, *sorted(form.names()))
        if form.method == "post" and name not in LEFT_OUT and key not in seen:
            seen.add(key)
            yield name, form


def rotated(names: set[str], first: int) -> dict[str, str]:
    """Return hostile words for each name: other words for each, and others again for another ``first``."""
    words = list(WORDS.values())
    return {name: words[(first + place * 3) % len(words)] for place, name in enumerate(sorted(names))}


@pytest.mark.django_db
def test_nothing_fails_whatever_is_asked_typed_or_uploaded(stage, settings, tmp_path):
    """One walk through the product for all of it: walking is dearer than trying."""
    settings.MEDIA_ROOT = tmp_path
    cast, keys = stage
    complaints, turn, uploads = {}, count(), 0
    pages, posted = set(), set()
    for role in ROLES:
        visitor = Visitor(role, keys, complaints)
        for address, response in crawl(role, keys, cast):
            if "html" not in response["Content-Type"]:
                continue
            words, view = response.content.decode(), resolve(urlsplit(address).path).view_name
            if view not in pages:
                pages.add(view)
                asks(visitor, address, view, words, turn)
            for name, form in forms(address, words, posted):
                types(visitor, name, form, turn)
                uploads += uploaded(visitor, name, form)
    assert complaints == {}
    assert len(pages) > 60
    assert len(posted) > 40
    assert uploads


def asks(visitor: Visitor, address: str, view: str, words: str, turn: Iterator[int]) -> None:
    """Ask for a page with hostile words for everything that it may be asked for."""
    named = {name for form in forms_of(address, words) if form.method == "get" for name in form.names()}
    path = urlsplit(address).path
    for _ in range(ROUNDS):
        asked = rotated({*named, *USUAL}, next(turn))
        query = "&".join(f"{name}={quote(words[:1_000])}" for name, words in asked.items())
        visitor.asks(f"{path}?{query}", f"{view} asked for {asked}")
    raw = RAW[next(turn) % len(RAW)]
    visitor.asks(f"{path}?{'&'.join(f'{name}={raw}' for name in sorted(named | set(USUAL)))}", f"{view} {raw}")


def types(visitor: Visitor, view: str, form: Form, turn: Iterator[int]) -> None:
    """Post a form with hostile words in its fields, and with fields forged."""
    for name, words in WORDS.items() if len(form.open_to_words) == 1 and ROUNDS > 1 else ():
        visitor.posts(form.action, form.filled(dict.fromkeys(form.open_to_words, words)), f"{view}: {name}")
    for _ in range(ROUNDS):
        typed, forged = rotated(form.open_to_words, next(turn)), rotated(form.names(), next(turn))
        visitor.posts(form.action, form.filled(typed), f"{view} with {typed}")
        visitor.posts(form.action, {name: [words] * 2 for name, words in forged.items()}, f"{view} {forged}")


def uploaded(visitor: Visitor, view: str, form: Form) -> int:
    """Post each hostile file in each upload of a form; returns how many uploads it has."""
    for upload in form.uploads:
        for name, file in files().items():
            sent = {**form.filled(dict.fromkeys(form.open_to_words, "Amina")), upload: file}
            visitor.posts(form.action, sent, f"{view} with {name[:60]!r}")
    return len(form.uploads)
