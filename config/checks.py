"""What the database has to be like, looked at by every start, ``migrate`` and ``check --database default``."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections


@register(Tags.database)
def check_isolation(*, databases: Sequence[str] | None = None, **options: Any) -> list[CheckMessage]:
    """Return an error for each of ``databases`` whose connections do not begin as config/settings.py asks for."""
    found = []
    for alias in databases or ():
        with connections[alias].cursor() as cursor:
            cursor.execute("SHOW transaction_isolation")
            (level,) = cursor.fetchone()
        if level != "read committed":
            found.append(
                Error(
                    f"The database runs transactions as {level.upper()}, and Briefing Hub needs READ COMMITTED: "
                    "otherwise two people who press at once are refused or shown an error.",
                    hint="Either DATABASE_URL asks for another level, or a pooler drops the start-up parameter "
                    "`options`: let it pass, and pool by session (README, Deployment).",
                    id="config.E001",
                )
            )
    return found
