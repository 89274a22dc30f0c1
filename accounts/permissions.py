"""Who may do what: permissions are an enum, roles are readable lists, higher apps say who holds which role where.

A page about one object loads it through what the person may see (a forgotten check is then a 404) and asks ``has``
with the object's scope; a page of the whole installation is decorated with ``permission_required``.
"""

import enum
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cache, wraps
from typing import Any
from zlib import crc32

from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from history.actions import key_of
from history.statements import DAY, NUMBER, Prepared, prepared, text_of

INSTALLATION = "installation"
"""The scope key of what belongs to no programme and no organisation."""


class Permission(enum.Enum):
    """Everything that not everybody may do, in words. A new page adds its own line here and names it in a role."""

    MANAGE_INSTALLATION = "change the settings of the installation"
    MANAGE_PEOPLE = "add people, correct their details, close accounts"
    MANAGE_ORGANISATIONS = "keep organisations, areas and professions, their leads and staff lists"
    KEEP_STAFF_LIST = "keep the staff list of one organisation and say how many people it has"
    SEE_MESSAGES = "see which messages went to whom and what became of them"
    SEE_ACCESS_TRACE = "see who looked at and changed whose data"
    START_PROGRAMMES = "start a programme and say who coordinates it"
    SEE_PROGRAMME = "see how a programme is set up, and its sessions in draft"
    MANAGE_PROGRAMME = "set a programme up and change it"
    MANAGE_SESSIONS = "plan, open, move and cancel sessions"
    MANAGE_VENUES = "add venues and rooms and change them"
    INVITE_PEOPLE = "choose whom to invite, and send, pause and stop invitations"
    SEE_PEOPLE = "see by name who is eligible for a programme and who holds a place"
    BOOK_FOR_OTHERS = "take, change and give up places for other people"
    SEE_ACCESS_NEEDS = "see what people need to take part in a session"
    RUN_SESSIONS = "see who comes to a session and keep its register"
    READ_QUESTIONS = "read a programme's questions and assurances, never who asked by pseudonym"
    TRIAGE_QUESTIONS = "decide what becomes of questions, and confirm that assurances were kept"
    SEE_FEEDBACK = "see what was answered anonymously, in numbers that show nobody"
    CHOOSE_QUESTIONS = "choose what is asked anonymously after sessions and around workshops"
    WRITE_POSTS = "write, schedule and correct the posts of a series, and see who reuses them"
    SEE_FIGURES = "see a programme's reach, cover, questions and assurances in figures"


class Scope(enum.Enum):
    """What a role is held for."""

    INSTALLATION = "installation"
    PROGRAMME = "programme"
    ORGANISATION = "organisation"
    SERIES = "series of posts"


@dataclass(frozen=True)
class Role:
    """A list of permissions with a name. ``needs_second_step``: must use an authenticator app in production."""

    name: str
    scope: Scope
    permissions: frozenset[Permission]
    needs_second_step: bool = False

    def __str__(self) -> str:
        return self.name


ADMINISTRATOR = Role(
    name="Administrator",
    scope=Scope.INSTALLATION,
    permissions=frozenset(
        {
            Permission.MANAGE_INSTALLATION,
            Permission.MANAGE_PEOPLE,
            Permission.MANAGE_ORGANISATIONS,
            Permission.KEEP_STAFF_LIST,
            Permission.SEE_MESSAGES,
            Permission.SEE_ACCESS_TRACE,
            Permission.START_PROGRAMMES,
            Permission.SEE_PROGRAMME,
            Permission.MANAGE_PROGRAMME,
            Permission.MANAGE_SESSIONS,
            Permission.MANAGE_VENUES,
            Permission.INVITE_PEOPLE,
            Permission.SEE_PEOPLE,
            Permission.BOOK_FOR_OTHERS,
            Permission.RUN_SESSIONS,
            Permission.READ_QUESTIONS,
            Permission.TRIAGE_QUESTIONS,
            Permission.SEE_FEEDBACK,
            Permission.CHOOSE_QUESTIONS,
            Permission.WRITE_POSTS,
            Permission.SEE_FIGURES,
        }
    ),
    needs_second_step=True,
)
# What people need to take part is for the named staff of the programme: no administrator sees it by being one.

COORDINATOR = Role(
    name="Coordinator",
    scope=Scope.PROGRAMME,
    permissions=frozenset(
        {
            Permission.MANAGE_ORGANISATIONS,
            Permission.SEE_MESSAGES,
            Permission.SEE_PROGRAMME,
            Permission.MANAGE_PROGRAMME,
            Permission.MANAGE_SESSIONS,
            Permission.MANAGE_VENUES,
            Permission.INVITE_PEOPLE,
            Permission.SEE_PEOPLE,
            Permission.BOOK_FOR_OTHERS,
            Permission.SEE_ACCESS_NEEDS,
            Permission.RUN_SESSIONS,
            Permission.READ_QUESTIONS,
            Permission.TRIAGE_QUESTIONS,
            Permission.SEE_FEEDBACK,
            Permission.CHOOSE_QUESTIONS,
            Permission.WRITE_POSTS,
            Permission.SEE_FIGURES,
        }
    ),
)
FACILITATOR = Role(
    name="Facilitator",
    scope=Scope.PROGRAMME,
    permissions=frozenset(
        {Permission.SEE_PROGRAMME, Permission.SEE_ACCESS_NEEDS, Permission.SEE_FEEDBACK, Permission.RUN_SESSIONS}
    ),
)
BOARD = Role(
    name="Programme board",
    scope=Scope.PROGRAMME,
    permissions=frozenset(
        {Permission.SEE_PROGRAMME, Permission.READ_QUESTIONS, Permission.SEE_FEEDBACK, Permission.SEE_FIGURES}
    ),
)
INFORMATION_GOVERNANCE = Role(
    name="Information governance officer",
    scope=Scope.PROGRAMME,
    permissions=frozenset({Permission.SEE_PROGRAMME, Permission.READ_QUESTIONS, Permission.SEE_ACCESS_TRACE}),
)
ORGANISATION_LEAD = Role(
    name="Organisation lead",
    scope=Scope.ORGANISATION,
    permissions=frozenset({Permission.KEEP_STAFF_LIST}),
)
AUTHOR = Role(name="Author", scope=Scope.SERIES, permissions=frozenset({Permission.WRITE_POSTS}))


@dataclass(frozen=True)
class Assignment:
    """That a person holds ``role`` for ``scope_key``: INSTALLATION, or a history key as ``briefings.programme:3``."""

    role: Role
    scope_key: str = INSTALLATION


@dataclass(frozen=True)
class RoleSource:
    """Where a higher app keeps who holds which role.

    ``rows(person, on)`` are pairs: a code, and the id of what the role is held for, of the person with that id on that
    day. ``read(code, id)`` is what such a pair says.
    """

    rows: Callable[[int, date], models.QuerySet]
    read: Callable[[str, int], Assignment]


_sources: list[RoleSource] = []


def register_role_source(source: RoleSource) -> RoleSource:
    """Add a source of roles. Call it in AppConfig.ready. Registering the same again changes nothing. Returns it."""
    if source not in _sources:
        _sources.append(source)
    return source


def assignments_of(person: Any) -> tuple[Assignment, ...]:
    """Return the roles ``person`` holds now; none for a stranger or a closed account.

    All sources are asked in one statement, once for one instance of the person, which is once a request: a change
    counts from the next.
    """
    if not (person.is_authenticated and person.is_active):
        return ()
    return _everywhere(person) + _held(person)


def _everywhere(person: Any) -> tuple[Assignment, ...]:
    return (Assignment(ADMINISTRATOR),) if person.is_administrator else ()


def _held(person: Any) -> tuple[Assignment, ...]:
    found = person.__dict__.get("_assignments")
    if found is None:
        sources = tuple(_sources)
        found = person.__dict__["_assignments"] = tuple(
            sources[number].read(code, pk) for number, code, pk in _rows_of(sources, person.pk, timezone.localdate())
        )
    return found


def _rows_of(sources: tuple[RoleSource, ...], person: int, on: date) -> list[tuple[int, str, int]]:
    if not sources:
        return []
    return _statement(sources).rows(person=person, on=on)


@cache
def _statement(sources: tuple[RoleSource, ...]) -> Prepared:
    """Return the statement that asks all ``sources``. Every signed-in page asks it."""
    marks = {NUMBER: "$1", DAY: "$2"}
    parts = (
        f"SELECT {number}, held.code::text, held.scope::bigint FROM "  # noqa: S608 - of querysets
        f"({text_of(source.rows(NUMBER, DAY).order_by(), marks)}) AS held (code, scope)"
        for number, source in enumerate(sources)
    )
    text = " UNION ALL ".join(parts)
    return prepared(f"roles_of_a_person_{crc32(text.encode())}", text, person="bigint", on="date")


def permissions_of(person: Any, scope: models.Model | str | None = None) -> frozenset[Permission]:
    """Return what ``person`` may do in ``scope``: a saved programme or organisation, its history key, or everywhere.

    A role held for the installation counts in every scope; without a scope only such roles count.
    """
    keys = {INSTALLATION} if scope is None else {INSTALLATION, key_of(scope)}
    held = (assignment.role.permissions for assignment in assignments_of(person) if assignment.scope_key in keys)
    return frozenset().union(*held)


def has(person: Any, permission: Permission, scope: models.Model | str | None = None) -> bool:
    """Return whether ``person`` (or a stranger) may do ``permission`` in ``scope``; see ``permissions_of``.

    What a role for everywhere answers needs no query.
    """
    if not (person.is_authenticated and person.is_active):
        return False
    if any(permission in each.role.permissions for each in _everywhere(person)):
        return True
    keys = {INSTALLATION} if scope is None else {INSTALLATION, key_of(scope)}
    return any(permission in each.role.permissions for each in _held(person) if each.scope_key in keys)


def scopes_with(person: Any, permission: Permission) -> frozenset[str]:
    """Return the scope keys in which ``person`` holds ``permission``; INSTALLATION among them means everywhere."""
    return frozenset(a.scope_key for a in assignments_of(person) if permission in a.role.permissions)


def permission_required(permission: Permission) -> Callable:
    """Decorate a view of the whole installation: a person without ``permission`` gets the 403 page.

    A stranger was sent to sign in before this is asked (accounts.middleware.LoginRequired).
    """

    def decorate(view: Callable) -> Callable:
        @wraps(view)
        def guarded(request: HttpRequest, *args, **kwargs) -> HttpResponse:
            if not has(request.user, permission):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return guarded

    return decorate
