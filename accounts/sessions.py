"""Who is signed in, read by hand: every page of a signed-in person asks, and a queryset costs more than the row."""

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.db import connection
from django.utils import timezone

from accounts.models import Person
from history.statements import prepared

_PERSON_COLUMNS = [field.attname for field in Person._meta.concrete_fields]
_SESSION = prepared(
    "signed_in_session",
    f"SELECT session_data FROM {Session._meta.db_table} WHERE session_key = $1 AND expire_date > $2",  # noqa: S608
    key="text",
    now="timestamptz",
)
_PERSON = prepared(
    "signed_in_person",
    f"SELECT {', '.join(field.column for field in Person._meta.concrete_fields)} "  # noqa: S608
    f"FROM {Person._meta.db_table} WHERE id = $1",
    number="bigint",
)


class SessionStore(db.SessionStore):
    """Django's own sessions in the database; what is stored, and how it is changed, stays theirs."""

    def _validate_session_key(self, key: str | None) -> bool:
        # What a browser sends is any text, a NUL in it too; a key of ours is letters and digits.
        return bool(super()._validate_session_key(key)) and key.isascii() and key.isalnum()

    def load(self) -> dict[str, Any]:
        """Return what the session holds; nothing, and a new key when something is kept, where it has ended."""
        found = _SESSION.rows(key=self.session_key, now=timezone.now())
        if not found:
            self._session_key = None
            return {}
        return self.decode(found[0][0])


class SignedInBackend(AuthenticationBackend):
    """allauth's own, which finds the person of a session in one narrow statement."""

    def get_user(self, user_id: int) -> Person | None:
        """Return the person with this id, or None where the account is closed or gone."""
        found = _PERSON.rows(number=user_id)
        person = Person.from_db(connection.alias, _PERSON_COLUMNS, found[0]) if found else None
        return person if person and self.user_can_authenticate(person) else None
