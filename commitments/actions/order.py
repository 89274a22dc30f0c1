"""Forgetting in which order questions came: of an anonymous one nothing may tell when it was asked (docs/adr/0065).

PostgreSQL keeps rows in the order in which they came: a copy of the database would tell between which two named
questions, whose moments are known, an anonymous one was asked.
"""

from typing import Any

from django.db import connection, models

from commitments.models import Question


def hold_order() -> None:
    """Let nobody else hold or change a question until this transaction ends; reading goes on.

    Take it before any row is locked, so that who waits here holds nothing that others wait for.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {Question._meta.db_table} IN EXCLUSIVE MODE")


def forget_order(question: Question) -> None:
    """Write the questions of the same programme and day anew in an order of chance; ``hold_order`` comes first."""
    shuffle(Question, "programme_id = %s AND raised_on = %s", [question.programme_id, question.raised_on])


def shuffle(model: type[models.Model], which: str, values: list[Any]) -> None:
    """Write the rows of ``model`` for which the condition ``which`` holds anew in an order of chance."""
    table = model._meta.db_table
    columns = ", ".join(
        f'"{field.column}"' for field in model._meta.local_concrete_fields if not getattr(field, "generated", False)
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH taken AS (DELETE FROM {table} WHERE {which} RETURNING {columns})"  # noqa: S608 (names of ours)
            f" INSERT INTO {table} ({columns}) SELECT {columns} FROM taken ORDER BY random()",
            values,
        )
