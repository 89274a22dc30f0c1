"""The eligible people of a programme, each in one cell of organisation, profession and area, for counting in SQL."""

from collections.abc import Collection
from datetime import date
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection

from accounts.models import Person
from attendance.models import CAME, SEATED, Attendance, Invitation, Outcome, Place, WalkIn
from briefings.models import Partner, Programme, Session
from briefings.queries import affiliations_in_scope, area_ids_in_scope
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
HOW_FAR = """, day AS (
  SELECT a.person_id, bool_or(a.outcome = ANY(%(came)s)) AS came,
         bool_or(a.outcome = ANY(%(came)s)) AND NOT bool_or(a.outcome = ANY(%(came)s) AND a.walk_in_id IS NULL)
         AS walked_in,
         bool_or(a.outcome = %(excused)s) AS excused, bool_or(a.outcome = %(absent)s) AS absent
  FROM {attendance} a JOIN {session} s ON s.id = a.session_id
  WHERE s.programme_id = %(programme)s AND a.person_id IS NOT NULL AND s.date <= %(until)s GROUP BY a.person_id
), seated AS (
  SELECT DISTINCT p.person_id FROM {place} p JOIN {session} s ON s.id = p.session_id
  WHERE s.programme_id = %(programme)s AND p.state = ANY(%(seated)s) AND p.missed_at IS NULL
), invited AS (SELECT person_id FROM {invitation} WHERE programme_id = %(programme)s),
known AS (
  SELECT e.person_id, e.organisation_id, e.profession_id, e.area_id,
         COALESCE(day.came, false) AS came, COALESCE(day.walked_in, false) AS walked_in,
         seated.person_id IS NOT NULL AS holds, COALESCE(day.excused, false) AS excused,
         COALESCE(day.absent, false) AS absent, invited.person_id IS NOT NULL AS called
  FROM eligible e LEFT JOIN day USING (person_id) LEFT JOIN seated USING (person_id) LEFT JOIN invited USING (person_id)
)"""
"""Goes on after ``eligible``: the table ``known`` says of each how far the briefings have come; see ``how_far``."""
NEVER = "NOT came AND NOT holds AND NOT excused AND NOT absent AND NOT called"
"""The condition on ``known`` of who was never reached."""
INVITED = "NOT came AND NOT holds AND NOT excused AND NOT absent AND called"
"""The condition on ``known`` of who was invited, and nothing came of it yet."""
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


def how_far(until: date) -> dict[str, Any]:
    """Return the parameters of ``HOW_FAR``; what was noted at sessions after ``until`` is left out."""
    return {
        "until": until, "came": list(CAME), "seated": list(SEATED), "excused": Outcome.EXCUSED,
        "absent": Outcome.ABSENT,
    }  # fmt: skip


def people_of_gap(
    programme: Programme, on: date, cell: tuple[Collection[int | None], ...], *, invited: bool
) -> list[int]:
    """Return the ids of the people whom reach counts as never reached, or as ``invited``, in the cells of ``cell``.

    ``cell`` has the organisations, professions and areas, None for one that is not known; all where it has none.
    """
    parameters, wanted = how_far(date.max), [INVITED if invited else NEVER]
    for column, ids in zip(("organisation_id", "profession_id", "area_id"), cell, strict=True):
        if ids:
            parameters |= {f"of_{column}": [each for each in ids if each is not None], f"no_{column}": None in ids}
            wanted.append(f"({column} = ANY(%(of_{column})s) OR (%(no_{column})s AND {column} IS NULL))")
    statement = f"{HOW_FAR} SELECT person_id FROM known WHERE {' AND '.join(wanted)}"  # noqa: S608 constants alone
    found = read_cells(statement, programme, on, area_ids_in_scope(programme), parameters)
    return [person for (person,) in found]
