"""Who is signed in, read by hand: every page of a signed-in person asks, and a queryset costs more than the row."""

from functools import cache
from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.db import connection
from django.utils import timezone

from accounts.models import Person

_SESSION = "SELECT session_data FROM {session} WHERE session_key = %s AND expire_date > %s"
_PERSON = "SELECT {columns} FROM {person} WHERE id = %s"


class SessionStore(db.SessionStore):
    """Django's own sessions in the database; what is stored, and how it is changed, stays theirs."""

    def load(self) -> dict[str, Any]:
        """Return what the session holds; nothing, and a new key when something is kept, where it has ended."""
        with connection.cursor() as cursor:
            cursor.execute(_SESSION.format(session=Session._meta.db_table), [self.session_key, timezone.now()])
            row = cursor.fetchone()
        if row is None:
            self._session_key = None
            return {}
        return self.decode(row[0])


class SignedInBackend(AuthenticationBackend):
    """allauth's own, which finds the person of a session in one narrow statement."""

    def get_user(self, user_id: int) -> Person | None:
        """Return the person with this id, or None where the account is closed or gone."""
        names, statement = _columns()
        with connection.cursor() as cursor:
            cursor.execute(statement, [user_id])
            row = cursor.fetchone()
        person = row and Person.from_db(connection.alias, names, row)
        return person if person and self.user_can_authenticate(person) else None


@cache
def _columns() -> tuple[list[str], str]:
    fields = Person._meta.concrete_fields
    columns = ", ".join(field.column for field in fields)
    return [field.attname for field in fields], _PERSON.format(columns=columns, person=Person._meta.db_table)
