"""The rows of a staff list in bulk: settle what would become of each, write it, take it back.

All of it is SQL over the staged rows, so that a hundred thousand cost seconds and no memory. The caller holds the
import's lock and a transaction.
"""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.db import connection
from psycopg2.extras import execute_values

from organisations.imports import key_of_name
from organisations.models import Area, NameDecision, NameKind, Organisation, Profession, RowFate, StaffListImport
from organisations.rules import can_edit_person

_CURRENT = "a.since <= %(today)s AND (a.until IS NULL OR a.until > %(today)s)"
_MODELS = {NameKind.ORGANISATION: Organisation, NameKind.PROFESSION: Profession, NameKind.AREA: Area}


def settle(staff_list: StaffListImport, today: date) -> None:
    """Work out anew, for each usable row, which names it means, who it is about and what would become of it.

    A row with a name that nobody knows stays unsettled until it is decided. Rows that are settled already are not
    written again.
    """
    _allow_memory()
    _note_names(staff_list)
    _run(_SETTLE, {"list": staff_list.pk, "today": today, "only": staff_list.organisation_id})
    _refuse_addresses_of_others(staff_list, today)
    _run(_ONE_ADDRESS_EACH, {"list": staff_list.pk})


def names_of(staff_list: StaffListImport) -> dict[str, dict[str, int]]:
    """Return, for each kind, the names as they stand in the usable rows, and in how many rows each stands."""
    found: dict[str, dict[str, int]] = {kind: {} for kind in NameKind.values}
    with connection.cursor() as cursor:
        cursor.execute(_NAMES, {"list": staff_list.pk})
        for kind, words, count in cursor.fetchall():
            found[kind][words] = count
    return found


def known_names(kind: str) -> dict[str, int | None]:
    """Return what each name of ``kind`` means, by ``key_of_name``: an id, or None for "leave such rows out".

    A name that two of them bear (areas inside different ones) is not known. Decisions win.
    """
    found: dict[str, int | None] = {}
    twice = set()
    for pk, name in _MODELS[kind].objects.values_list("pk", "name"):
        key = key_of_name(name)
        if key in found:
            twice.add(key)
        found[key] = pk
    known = {key: pk for key, pk in found.items() if key not in twice}
    decided = NameDecision.objects.filter(kind=kind).values_list("words", f"{kind}_id")
    return known | dict(decided)


def write(staff_list: StaffListImport, today: date, now: datetime) -> None:
    """Write what the settled rows say: people, affiliations, areas, leavers; note all of it for taking it back.

    Raises IntegrityError where somebody else has written one of them since it was settled.
    """
    actor = f"accounts.person:{staff_list.uploaded_by_id}" if staff_list.uploaded_by_id else "clock"
    values = {"list": staff_list.pk, "today": today, "now": now, "actor": actor}
    # What was settled a moment ago has no figures yet: the planner expects a handful of rows and would loop over all.
    _run("SET LOCAL enable_nestloop = off", {})
    for statement in (
        _NUMBER, _ONE_NUMBER_EACH, _NEW_PEOPLE, _NOTE_PEOPLE, _CHANGE_PEOPLE, _NEW_AFFILIATIONS, _NOTE_AFFILIATIONS,
        _CHANGE_AFFILIATIONS, _LEAVE, _DROP_AREAS, _NEW_AREAS, _ADD_AREAS, _HISTORY,
    ):  # fmt: skip
        _run(statement, values)
    _run("ANALYZE accounts_person, organisations_affiliation", {})


def take_back(staff_list: StaffListImport, today: date) -> None:
    """Put back what the import changed and take away what it made; whoever has taken part since stays, as a leaver."""
    values = {"list": staff_list.pk, "today": today}
    for statement in (_RESTORE_PEOPLE, _RESTORE_AFFILIATIONS, _RESTORE_AREAS, _RESTORE_MORE_AREAS):
        _run(statement, values)
    made = staff_list.rows.filter(fate__in=(RowFate.NEW, RowFate.JOINS), affiliation__isnull=False)
    _remove_made(made.values_list("affiliation", flat=True), "affiliation", today)
    made = staff_list.rows.filter(fate=RowFate.NEW, person__isnull=False)
    _remove_made(made.values_list("person", flat=True), "person", today)


def _run(statement: str, values: dict[str, Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.rowcount


def _allow_memory() -> None:
    """Let this transaction sort a whole list in memory, not on the disk: one is settled or written at a time."""
    _run("SET LOCAL work_mem = '64MB'", {})


def _note_names(staff_list: StaffListImport) -> None:
    """Put what each name in the rows means into a table of this transaction."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE IF NOT EXISTS staff_list_names (kind text, words text, target bigint)"
            " ON COMMIT DROP; TRUNCATE staff_list_names"
        )
        for kind, names in names_of(staff_list).items():
            known = known_names(kind)
            rows = [(kind, words, known[key]) for words in names if (key := key_of_name(words)) in known]
            if rows:
                execute_values(cursor.cursor, "INSERT INTO staff_list_names VALUES %s", rows, page_size=5_000)
        cursor.execute("ANALYZE staff_list_names")


def _refuse_addresses_of_others(staff_list: StaffListImport, today: date) -> None:
    """A row that would give somebody another address is refused where the uploader may not change it.

    An address is what one signs in with (organisations/rules.py, can_edit_person).
    """
    if staff_list.uploaded_by is None:
        return
    fates = (RowFate.JOINS, RowFate.CHANGES)
    wanted = staff_list.rows.filter(fate__in=fates, person__isnull=False).exclude(email="")
    for row in wanted.extra(
        where=["EXISTS (SELECT 1 FROM accounts_person p WHERE p.id = person_id AND p.email IS DISTINCT FROM "
               "organisations_importrow.email)"]
    ).select_related("person").iterator(1_000):  # fmt: skip
        if not can_edit_person(staff_list.uploaded_by, row.person, today):
            row.fate, row.problem = RowFate.REJECTED, "This staff number belongs to somebody with another address."
            row.save(update_fields=["fate", "problem"])


def _remove_made(ids: Iterable[int], table: str, today: date) -> None:
    made = sorted(set(ids))
    for start in range(0, len(made), 5_000):
        _remove(made[start : start + 5_000], table, today)


def _remove(ids: list[int], table: str, today: date) -> None:
    """Remove the rows ``ids``, by halves where some of them are in use; what is in use stays and ends today."""
    from django.db import IntegrityError, transaction

    if not ids:
        return
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            for statement in _REMOVE[table]:
                cursor.execute(statement, {"ids": ids})
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    except IntegrityError:
        if len(ids) > 1:
            middle = len(ids) // 2
            _remove(ids[:middle], table, today)
            _remove(ids[middle:], table, today)
        elif table == "affiliation":
            _run(
                "UPDATE organisations_affiliation SET until = greatest(since, %(today)s) WHERE id = ANY(%(ids)s)",
                {"ids": ids, "today": today},
            )


_NAMES = """
WITH standing AS MATERIALIZED (  -- the rows are looked at once, for all kinds
    SELECT organisation_words, profession_words, area_words, count(*) AS number, min(line) AS line
    FROM organisations_importrow WHERE staff_list_id = %(list)s AND NOT is_unusable GROUP BY 1, 2, 3)
SELECT kind, words, sum(number)::bigint FROM (
    SELECT 'organisation' AS kind, organisation_words AS words, number, line FROM standing
    UNION ALL SELECT 'profession', profession_words, number, line FROM standing
    UNION ALL SELECT 'area', w, number, line FROM standing, unnest(area_words) AS w) each
WHERE words <> '' GROUP BY kind, words ORDER BY min(line)
"""
_SETTLE = f"""
WITH area_of AS (  -- what areas mean, for each way they stand together; "known" counts those that somebody has
    -- decided, also to leave out
    SELECT i.area_words, count(DISTINCT w) AS named, count(DISTINCT n.words) AS known, bool_or(n.words IS NOT NULL
        AND n.target IS NULL) AS skip, coalesce(array_agg(DISTINCT n.target ORDER BY n.target)
        FILTER (WHERE n.target IS NOT NULL), ARRAY[]::bigint[]) AS ids
    FROM (SELECT DISTINCT area_words FROM organisations_importrow WHERE staff_list_id = %(list)s AND NOT is_unusable) i,
        unnest(i.area_words) AS w
    LEFT JOIN staff_list_names n ON n.kind = 'area' AND n.words = w
    GROUP BY i.area_words),
domain AS (
    SELECT domain, min(organisation_id) AS organisation FROM organisations_maildomain
    GROUP BY domain HAVING count(DISTINCT organisation_id) = 1),
number AS (  -- who bears a staff number, where only one does
    SELECT a.organisation_id, a.staff_number, min(a.person_id) AS person FROM organisations_affiliation a
    WHERE a.staff_number <> '' AND {_CURRENT}
    GROUP BY a.organisation_id, a.staff_number HAVING count(DISTINCT a.person_id) = 1),
named AS (
    SELECT i.id, i.line, i.name, i.email, i.staff_number, i.until, i.organisation_id, i.profession_id, i.area_ids,
        i.person_id, i.affiliation_id, i.fate AS old_fate, i.problem AS old_problem,
        CASE WHEN i.organisation_words = '' THEN coalesce(%(only)s::bigint, d.organisation) ELSE o.target END
            AS organisation,
        p.target AS profession, coalesce(x.ids, ARRAY[]::bigint[]) AS areas,
        (o.words IS NOT NULL AND o.target IS NULL) OR (p.words IS NOT NULL AND p.target IS NULL)
            OR coalesce(x.skip, false) AS skip,
        (i.organisation_words <> '' AND o.words IS NULL) OR (i.profession_words <> '' AND p.words IS NULL)
            OR coalesce(x.known < x.named, false) AS unknown
    FROM organisations_importrow i
    LEFT JOIN staff_list_names o ON o.kind = 'organisation' AND o.words = i.organisation_words
    LEFT JOIN staff_list_names p ON p.kind = 'profession' AND p.words = i.profession_words
    LEFT JOIN area_of x ON x.area_words = i.area_words
    LEFT JOIN domain d ON i.organisation_words = '' AND d.domain = split_part(i.email, '@', 2)
    WHERE i.staff_list_id = %(list)s AND NOT i.is_unusable),
known AS (
    SELECT n.*, coalesce(e.id, f.person) AS person, coalesce(e.is_active, true) AS is_active
    FROM named n
    LEFT JOIN accounts_person e ON n.email <> '' AND e.email = n.email
    LEFT JOIN number f ON e.id IS NULL AND n.staff_number <> '' AND f.organisation_id = n.organisation
        AND f.staff_number = n.staff_number),
judged AS (
    SELECT k.*, coalesce(person::text, email) AS who, CASE
        WHEN skip THEN 'skipped'
        WHEN %(only)s::bigint IS NOT NULL AND NOT unknown AND organisation IS DISTINCT FROM %(only)s::bigint
            THEN 'other'
        WHEN unknown THEN ''
        WHEN organisation IS NULL THEN 'homeless'
        WHEN NOT is_active THEN 'closed'
        WHEN person IS NULL AND email = '' THEN 'nobody'
        ELSE 'ready' END AS verdict
    FROM known k),
shared AS (  -- who stands in several rows of one organisation; for everybody else nothing is to be compared
    SELECT who, organisation FROM judged WHERE verdict = 'ready' GROUP BY who, organisation HAVING count(*) > 1),
counted AS (
    SELECT k.id, first_value(line) OVER (PARTITION BY who, organisation, profession ORDER BY line) AS first
    FROM judged k JOIN shared USING (who, organisation) WHERE k.verdict = 'ready'),
tied AS (  -- who has that profession there, or, where that is clear, somebody's one affiliation there
    SELECT k.id, coalesce(min(a.id) FILTER (WHERE a.profession_id = k.profession),
        CASE WHEN count(*) = 1 AND c.id IS NULL THEN min(a.id) END) AS affiliation
    FROM judged k
    LEFT JOIN counted c ON c.id = k.id
    JOIN organisations_affiliation a ON a.person_id = k.person AND a.organisation_id = k.organisation AND {_CURRENT}
    WHERE k.verdict = 'ready' AND coalesce(c.first, k.line) = k.line
    GROUP BY k.id, c.id),
joined AS (
    SELECT k.*, coalesce(c.first, k.line) AS first, t.affiliation
    FROM judged k LEFT JOIN counted c ON c.id = k.id LEFT JOIN tied t ON t.id = k.id),
settled AS (
    SELECT t.*,
        CASE WHEN t.verdict IN ('', 'skipped') THEN t.verdict
            WHEN t.verdict <> 'ready' THEN 'rejected'
            WHEN t.first <> t.line THEN 'duplicate'
            WHEN t.until <= %(today)s THEN CASE
                WHEN t.affiliation IS NOT NULL THEN 'leaves' WHEN t.person IS NULL THEN 'skipped' ELSE 'same' END
            WHEN t.person IS NULL THEN 'new'
            WHEN t.affiliation IS NULL THEN 'joins'
            WHEN t.name <> p.name OR (t.email <> '' AND t.email IS DISTINCT FROM p.email)
                OR (t.profession IS NOT NULL AND t.profession IS DISTINCT FROM a.profession_id)
                OR (t.staff_number <> '' AND t.staff_number <> a.staff_number)
                OR (t.until IS NOT NULL AND t.until IS DISTINCT FROM a.until)
                OR (t.areas <> '{{}}' AND t.areas <> ARRAY(SELECT x.area_id FROM organisations_affiliationarea x
                    WHERE x.affiliation_id = a.id ORDER BY x.area_id)) THEN 'changes'
            ELSE 'same' END AS fate,
        CASE t.verdict
            WHEN 'other' THEN 'This row belongs to another organisation.'
            WHEN 'homeless' THEN 'There is no organisation, and the address does not tell which one.'
            WHEN 'closed' THEN 'The account with this address was closed.'
            WHEN 'nobody' THEN 'There is no e-mail address.'
            WHEN 'ready' THEN CASE
                WHEN t.first <> t.line THEN 'The same person as in line ' || t.first || '.'
                WHEN t.until <= %(today)s AND t.person IS NULL THEN 'Has left already.' ELSE '' END
            ELSE '' END AS problem
    FROM joined t
    LEFT JOIN accounts_person p ON p.id = t.person
    LEFT JOIN organisations_affiliation a ON a.id = t.affiliation)
UPDATE organisations_importrow r SET organisation_id = s.organisation, profession_id = s.profession,
    area_ids = s.areas, person_id = s.person, affiliation_id = s.affiliation, fate = s.fate, problem = s.problem
FROM settled s WHERE s.id = r.id AND (s.organisation_id, s.profession_id, s.area_ids, s.person_id, s.affiliation_id,
    s.old_fate, s.old_problem) IS DISTINCT FROM (s.organisation, s.profession, s.areas, s.person, s.affiliation, s.fate,
    s.problem)
"""  # noqa: S608 - constants of this file
_ONE_ADDRESS_EACH = """
UPDATE organisations_importrow r SET fate = 'rejected',
    problem = 'Line ' || f.line || ' gives this address to somebody else. An address is one person''s.'
FROM (  -- an address that somebody has is theirs in every row: only one that nobody has yet can come to two
    SELECT id, coalesce(person_id, 0) AS who, first_value(line) OVER of_address AS line,
        first_value(coalesce(person_id, 0)) OVER of_address AS owner
    FROM organisations_importrow WHERE staff_list_id = %(list)s AND fate IN ('new', 'joins', 'changes')
        AND email <> ''
    WINDOW of_address AS (PARTITION BY email ORDER BY line)) f
WHERE r.id = f.id AND f.who <> f.owner
"""
_NUMBER = """
UPDATE organisations_importrow r SET
    person_id = coalesce(r.person_id, nextval((SELECT pg_get_serial_sequence('accounts_person', 'id')::regclass))),
    affiliation_id = nextval((SELECT pg_get_serial_sequence('organisations_affiliation', 'id')::regclass))
WHERE r.staff_list_id = %(list)s AND (r.fate = 'new' OR r.fate = 'joins' AND (r.until IS NOT NULL OR NOT EXISTS (
    -- an affiliation that begins later stays as it is
    SELECT 1 FROM organisations_affiliation a WHERE a.person_id = r.person_id AND a.organisation_id = r.organisation_id
        AND a.profession_id IS NOT DISTINCT FROM r.profession_id AND a.until IS NULL)))
"""
_ONE_NUMBER_EACH = """
UPDATE organisations_importrow r SET person_id = f.person
FROM (SELECT email, min(person_id) AS person FROM organisations_importrow
    WHERE staff_list_id = %(list)s AND fate = 'new' GROUP BY email HAVING count(*) > 1) f
WHERE r.staff_list_id = %(list)s AND r.fate = 'new' AND r.email = f.email AND r.person_id <> f.person
"""
_NEW_PEOPLE = """
INSERT INTO accounts_person (id, password, name, sort_name, email, language, is_active, is_administrator, created_at)
SELECT DISTINCT ON (r.email) r.person_id, '!' || md5(random()::text) || md5(random()::text), r.name, r.sort_name,
    r.email, 'en-gb', true, false, %(now)s
FROM organisations_importrow r WHERE r.staff_list_id = %(list)s AND r.fate = 'new' ORDER BY r.email, r.line
"""
_PEOPLE_CHANGED = """organisations_importrow r JOIN accounts_person p ON p.id = r.person_id
WHERE r.staff_list_id = %(list)s AND r.fate IN ('joins', 'changes')  -- who joins may have been found by their number
    AND (r.fate = 'changes' AND r.name <> p.name OR r.email <> '' AND r.email IS DISTINCT FROM p.email)"""
_NOTE_PEOPLE = f"""
INSERT INTO organisations_importchange (staff_list_id, "table", "row", before)
SELECT DISTINCT ON (p.id) %(list)s, 'person', p.id,
    jsonb_build_object('name', p.name, 'sort_name', p.sort_name, 'email', p.email)
FROM {_PEOPLE_CHANGED}
"""  # noqa: S608 - constants of this file
_CHANGE_PEOPLE = f"""
UPDATE accounts_person SET name = coalesce(c.name, accounts_person.name),
    sort_name = coalesce(c.sort_name, accounts_person.sort_name), email = coalesce(c.email, accounts_person.email)
FROM (  -- what is new may stand in several rows of one person: the first that says something else counts
    SELECT p.id, (array_agg(r.name ORDER BY r.line) FILTER (WHERE r.fate = 'changes' AND r.name <> p.name))[1] AS name,
        (array_agg(r.sort_name ORDER BY r.line) FILTER (WHERE r.fate = 'changes' AND r.name <> p.name))[1] AS sort_name,
        (array_agg(r.email ORDER BY r.line) FILTER (WHERE r.email <> '' AND r.email IS DISTINCT FROM p.email))[1]
            AS email
    FROM {_PEOPLE_CHANGED} GROUP BY p.id) c
WHERE c.id = accounts_person.id
"""  # noqa: S608 - constants of this file
_NEW_AFFILIATIONS = """
INSERT INTO organisations_affiliation (id, person_id, organisation_id, profession_id, staff_number, since, until)
SELECT r.affiliation_id, r.person_id, r.organisation_id, r.profession_id, r.staff_number, %(today)s, r.until
FROM organisations_importrow r
WHERE r.staff_list_id = %(list)s AND r.fate IN ('new', 'joins') AND r.affiliation_id IS NOT NULL ORDER BY r.line
"""
_NOTE_AFFILIATIONS = """
INSERT INTO organisations_importchange (staff_list_id, "table", "row", before)
SELECT %(list)s, 'affiliation', a.id, jsonb_build_object('profession', a.profession_id, 'staff_number', a.staff_number,
    'until', a.until, 'areas', ARRAY(
        SELECT x.area_id FROM organisations_affiliationarea x WHERE x.affiliation_id = a.id))
FROM organisations_importrow r JOIN organisations_affiliation a ON a.id = r.affiliation_id
WHERE r.staff_list_id = %(list)s AND r.fate IN ('changes', 'leaves')
"""
_CHANGE_AFFILIATIONS = """
UPDATE organisations_affiliation a SET profession_id = coalesce(r.profession_id, a.profession_id),
    staff_number = coalesce(nullif(r.staff_number, ''), a.staff_number), until = coalesce(r.until, a.until)
FROM organisations_importrow r
WHERE r.staff_list_id = %(list)s AND r.fate = 'changes' AND a.id = r.affiliation_id
"""
_LEAVE = """
UPDATE organisations_affiliation a SET until = greatest(r.until, a.since) FROM organisations_importrow r
WHERE r.staff_list_id = %(list)s AND r.fate = 'leaves' AND a.id = r.affiliation_id
"""
_DROP_AREAS = """
DELETE FROM organisations_affiliationarea x USING organisations_importrow r
WHERE r.staff_list_id = %(list)s AND r.fate = 'changes' AND r.area_ids <> '{}' AND x.affiliation_id = r.affiliation_id
    AND NOT x.area_id = ANY(r.area_ids)
"""
_NEW_AREAS = """
INSERT INTO organisations_affiliationarea (affiliation_id, area_id)
SELECT r.affiliation_id, unnest(r.area_ids) FROM organisations_importrow r
WHERE r.staff_list_id = %(list)s AND r.fate IN ('new', 'joins') AND r.affiliation_id IS NOT NULL
"""
_ADD_AREAS = """
INSERT INTO organisations_affiliationarea (affiliation_id, area_id)
SELECT r.affiliation_id, unnest(r.area_ids) FROM organisations_importrow r
WHERE r.staff_list_id = %(list)s AND r.fate = 'changes' AND r.affiliation_id IS NOT NULL
ON CONFLICT DO NOTHING
"""
_HISTORY = """
INSERT INTO history_entry (at, actor, verb, object_type, object_id, reason, fields)
SELECT %(now)s, %(actor)s, 'imported_' || r.fate, 'accounts.person', r.person_id::text, '', '{}'
FROM organisations_importrow r
WHERE r.staff_list_id = %(list)s AND r.fate IN ('new', 'joins', 'changes', 'leaves') AND r.person_id IS NOT NULL
"""
_RESTORE_PEOPLE = """
UPDATE accounts_person p SET name = c.before->>'name', sort_name = c.before->>'sort_name', email = c.before->>'email'
FROM organisations_importchange c
WHERE c.staff_list_id = %(list)s AND c."table" = 'person' AND p.id = c."row"
"""
_RESTORE_AFFILIATIONS = """
UPDATE organisations_affiliation a SET profession_id = (c.before->>'profession')::bigint,
    staff_number = c.before->>'staff_number', until = (c.before->>'until')::date
FROM organisations_importchange c
WHERE c.staff_list_id = %(list)s AND c."table" = 'affiliation' AND a.id = c."row"
"""
_RESTORE_AREAS = """
DELETE FROM organisations_affiliationarea x USING organisations_importchange c
WHERE c.staff_list_id = %(list)s AND c."table" = 'affiliation' AND x.affiliation_id = c."row"
"""
_RESTORE_MORE_AREAS = """
INSERT INTO organisations_affiliationarea (affiliation_id, area_id)
SELECT c."row", (jsonb_array_elements_text(c.before->'areas'))::bigint FROM organisations_importchange c
WHERE c.staff_list_id = %(list)s AND c."table" = 'affiliation'
ON CONFLICT DO NOTHING
"""
_REMOVE = {
    "affiliation": (
        "UPDATE organisations_importrow SET affiliation_id = NULL WHERE affiliation_id = ANY(%(ids)s)",
        "DELETE FROM organisations_affiliationarea WHERE affiliation_id = ANY(%(ids)s)",
        "DELETE FROM organisations_affiliation WHERE id = ANY(%(ids)s)",
    ),
    "person": (
        "UPDATE organisations_importrow SET person_id = NULL WHERE person_id = ANY(%(ids)s)",
        "DELETE FROM accounts_person WHERE id = ANY(%(ids)s)",
    ),
}
