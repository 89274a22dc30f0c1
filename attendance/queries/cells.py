"""The eligible people of a programme, each in one cell of organisation, profession and area, for counting in SQL."""

from datetime import date
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection

from accounts.models import Person
from attendance.models import Attendance, Invitation, Place, WalkIn
from briefings.models import Partner, Programme, Session
from briefings.queries import affiliations_in_scope
from organisations.models import Affiliation, AffiliationArea, Area, Organisation

Key = tuple[int, int | None, int | None]
"""Organisation, profession and area of a cell; None where the staff list does not say."""

READ = (
    Programme, Programme.areas.through, Programme.professions.through, Area, Partner, Organisation, Person, Affiliation,
    AffiliationArea, Session, Attendance, Place, Invitation, WalkIn,
)  # fmt: skip
"""What ``read_cells`` reads, the tables that a statement of its caller brings in aside."""

_ELIGIBLE = """
WITH tied AS (
  SELECT DISTINCT ON (person_id) person_id, organisation_id, profession_id, affiliation_id FROM ({scope}) AS found
  ORDER BY person_id, affiliation_id
), eligible AS (
  SELECT person_id, organisation_id, profession_id, area_id FROM tied LEFT JOIN (
    SELECT affiliation_id, min(area_id) AS area_id FROM {area} WHERE {in_scope} GROUP BY affiliation_id
  ) AS places USING (affiliation_id)
)"""
_TABLES = {
    "area": AffiliationArea._meta.db_table, "attendance": Attendance._meta.db_table,
    "session": Session._meta.db_table, "place": Place._meta.db_table, "invitation": Invitation._meta.db_table,
    "walk_in": WalkIn._meta.db_table,
}  # fmt: skip


def read_cells(
    statement: str, programme: Programme, on: date, areas: set[int] | None, parameters: dict[str, Any], **tables: str
) -> list[tuple]:
    """Return the rows of ``statement``, which goes on after the table ``eligible`` of those eligible on ``on``.

    ``eligible`` has person, organisation, profession and area: somebody eligible in two organisations counts in the one
    that was known first, in several areas in the one that was added first. ``areas`` are those in scope
    (``area_ids_in_scope``). Names in braces stand for tables, ``tables`` among them; ``programme`` is a parameter.
    """
    columns = ("person_id", "organisation_id", "profession_id", "pk")
    scope = affiliations_in_scope(programme, on).order_by().values_list(*columns)
    with connection.cursor() as cursor:
        try:
            inner, values = scope.query.sql_with_params()
        except EmptyResultSet:  # no area or profession is in scope yet
            inner, values = "SELECT 0, 0, 0, 0 WHERE false", ()
        named = {f"scope_{number}": value for number, value in enumerate(values)}
        inner = inner % tuple(f"%({name})s" for name in named)
        statement = "".join((_ELIGIBLE, statement)).format(
            scope=f"SELECT * FROM ({inner}) AS rows (person_id, organisation_id, profession_id, affiliation_id)",  # noqa: S608 the ORM's own
            in_scope="true" if areas is None else "area_id = ANY(%(areas)s)",
            **_TABLES,
            **tables,
        )
        cursor.execute(statement, {"programme": programme.pk, "areas": list(areas or ()), **named, **parameters})
        return cursor.fetchall()
