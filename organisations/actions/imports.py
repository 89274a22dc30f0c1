"""Staff lists: upload, read, decide, write, take back. The row is the queue: a worker that dies is taken over.

One worker holds an import by an advisory lock of its connection, which ends with it. Reading stages rows in pieces, so
that a page can show how far it is; writing is one transaction.
"""

import csv
import hashlib
import io
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

from django.core.files.base import File
from django.db import IntegrityError, connection, transaction
from django.db.models import Count, Exists, OuterRef, QuerySet

from accounts.models import sort_key
from history.actions import CLOCK, record, record_many
from history.refusals import Refused
from organisations.actions import staff_rows
from organisations.imports import Cleaned, Head, WrongHead, clean_row, head_of, key_of_name, plain
from organisations.models import (
    IMPORT_MOVES,
    Affiliation,
    Area,
    ImportState,
    NameDecision,
    NameKind,
    Organisation,
    OrganisationKind,
    Profession,
    RowFate,
    StaffListImport,
)
from organisations.spreadsheets import Row, UnreadableFile, read_rows

MAX_BYTES = 50_000_000
PIECE = 5_000
KEPT = timedelta(days=30)
NEW, SKIP = "new", "skip"
_LOCK = 7_301
_TRIES = 3
_NULL = "\x01"
"""What stands for NULL while rows are copied: no clean value has such a character."""
_AT_A_TIME = 100
_in_quotes, _as_json = json.encoder.encode_basestring, json.encoder.encode_basestring_ascii
_COLUMNS = (
    "staff_list_id", "line", "name", "sort_name", "email", "staff_number", "organisation_words", "profession_words",
    "area_words", "until", "original", "is_unusable", "fate", "problem", "area_ids",
)  # fmt: skip


class TooLarge(Refused):
    sentence = (
        f"The file is larger than {MAX_BYTES // 1_000_000} MB. Split it, or save it as CSV, and upload the parts."
    )


class NamesUndecided(Refused):
    sentence = "Some names in the file are not known yet. Decide what each of them means first."


class NotNow(Refused):
    sentence = "This staff list has moved on since you opened the page. Look at where it is now."


class NothingToWrite(Refused):
    sentence = "No row of this file changes anything. There is nothing to write."


class NotTheLast(Refused):
    sentence = "Only the last staff list that was written can be undone, because later ones build on it."


class TooOld(Refused):
    sentence = "What this staff list changed is kept for 30 days, and these are over. It can no longer be undone."


@dataclass
class UnknownName:
    """A name in the file that nobody knows: its kind, the words, how many rows have it, and what it may mean."""

    kind: str
    words: str
    rows: int
    suggestions: list[Any] = field(default_factory=list)


@transaction.atomic
def upload(*, content: File, name: str, organisation: Organisation | None, by: Any, now: datetime) -> StaffListImport:
    """Keep an uploaded file for a worker to read. With ``organisation`` only its people may be in it.

    ``by`` is a person, or None for a command, which may change every address. Raises TooLarge.
    """
    if content.size > MAX_BYTES:
        raise TooLarge
    digest = hashlib.sha256()
    for chunk in content.chunks():
        digest.update(chunk)
    made = StaffListImport.objects.create(
        file=content,
        file_name=plain(name)[:200] or "staff list",
        digest=digest.hexdigest(),
        organisation=organisation,
        uploaded_by=by,
        uploaded_at=now,
    )
    record(by=by or CLOCK, verb="uploaded_staff_list", about=made, now=now)
    return made


def work_on_waiting(*, now: Callable[[], datetime], today: Callable[[], date]) -> int:
    """Read what was uploaded and write what was confirmed, as far as no other worker is at it; return how many."""
    waiting = (ImportState.UPLOADED, ImportState.READING, ImportState.CONFIRMED, ImportState.WRITING)
    count = 0
    for pk in StaffListImport.objects.filter(state__in=waiting).order_by("pk").values_list("pk", flat=True):
        with _held(pk) as is_ours:
            if is_ours:
                count += _work(StaffListImport.objects.get(pk=pk), now(), today())
    return count


def read(*, staff_list: StaffListImport, today: date, now: datetime) -> StaffListImport:
    """Read the file into rows and settle them; what cannot be read says why. Returns it READ or FAILED."""
    staff_list.rows.all().delete()
    _move(staff_list, ImportState.READING, rows_read=0)
    try:
        head = _stage(staff_list)
    except (UnreadableFile, WrongHead) as refusal:
        staff_list.rows.all().delete()
        _remove_file(staff_list)
        return _move(staff_list, ImportState.FAILED, problem=str(refusal)[:500], finished_at=now)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE organisations_importrow")
        staff_rows.settle(staff_list, today)
        _remove_file(staff_list)
        return _move(
            staff_list, ImportState.READ, columns=head.words, unused_columns=head.unused, counts=figures_of(staff_list)
        )


def unknown_names(staff_list: StaffListImport) -> list[UnknownName]:
    """Return the names in its rows that nobody knows, by kind and words; ``suggest`` says what they may mean."""
    found = []
    for kind, names in staff_rows.names_of(staff_list).items():
        known = staff_rows.known_names(kind)
        by_key: dict[str, UnknownName] = {}
        for words, rows in names.items():
            key = key_of_name(words)
            if key not in known:
                by_key.setdefault(key, UnknownName(kind, words, 0)).rows += rows
        found += sorted(by_key.values(), key=lambda unknown: unknown.words.casefold())
    return found


def suggest(names: Iterable[UnknownName], most: int = 5) -> list[UnknownName]:
    """Put beside each of ``names`` what it may mean, the most alike first; one query for each kind.

    It compares each with everything of its kind: give it the names of one page, not those of the whole file.
    """
    names = list(names)
    for kind in {name.kind for name in names}:
        known = [(key_of_name(each.name), each) for each in staff_rows._MODELS[kind].objects.order_by("pk")]
        for name in names:
            if name.kind == kind:
                name.suggestions = _most_alike(key_of_name(name.words), known)[:most]
    return names


def _most_alike(key: str, known: list[tuple[str, Any]]) -> list[Any]:
    matcher = SequenceMatcher()
    matcher.set_seq2(key)
    ranked = []
    for other, each in known:
        matcher.set_seq1(other)
        if matcher.quick_ratio() > 0.4 and (ratio := matcher.ratio()) > 0.4:
            ranked.append((-ratio, each.pk, each))
    return [each for _, _, each in sorted(ranked)]


@transaction.atomic
def decide_names(
    *, staff_list: StaffListImport, choices: Iterable[tuple[str, str, Any]], by: Any, now: datetime, today: date
) -> None:
    """Say what names mean, for this and every later file, as (kind, words, choice): one that we know, NEW, or SKIP.

    The rows are settled anew. Raises NotNow.
    """
    staff_list = _locked(staff_list, ImportState.READ)
    for kind, words, choice in choices:
        target = _make(kind, words, by, now) if choice == NEW else None if choice == SKIP else choice
        NameDecision.objects.update_or_create(
            kind=kind,
            words=key_of_name(words),
            defaults={
                **dict.fromkeys(NameKind.values),
                kind: target,
                "decided_by": by if getattr(by, "pk", None) else None,
                "decided_at": now,
            },
        )
    staff_rows.settle(staff_list, today)
    _move(staff_list, ImportState.READ, counts=figures_of(staff_list))


def figures_of(staff_list: StaffListImport) -> dict[str, int]:
    """Return how many rows would have, or had, each fate (RowFate values; "" are those that wait for a decision)."""
    counts = dict(staff_list.rows.order_by().values_list("fate").annotate(number=Count("pk")))
    return {fate: counts.get(fate, 0) for fate in RowFate.values}


@transaction.atomic
def confirm(*, staff_list: StaffListImport, by: Any, now: datetime) -> StaffListImport:
    """Let a worker write what was read. Raises NamesUndecided, NothingToWrite, NotNow."""
    staff_list = _locked(staff_list, ImportState.READ)
    figures = figures_of(staff_list)
    if figures[RowFate.UNSETTLED]:
        raise NamesUndecided
    if not any(figures[fate] for fate in (RowFate.NEW, RowFate.JOINS, RowFate.CHANGES, RowFate.LEAVES)):
        raise NothingToWrite
    record(by=by, verb="confirmed_staff_list", about=staff_list, now=now)
    return _move(staff_list, ImportState.CONFIRMED)


@transaction.atomic
def drop(*, staff_list: StaffListImport, by: Any, now: datetime) -> StaffListImport:
    """Let go of a file that is not written yet, with its rows. Raises NotNow."""
    staff_list = _locked(staff_list, ImportState.UPLOADED, ImportState.READ, ImportState.CONFIRMED)
    staff_list.rows.all().delete()
    _remove_file(staff_list)
    record(by=by, verb="dropped_staff_list", about=staff_list, now=now)
    return _move(staff_list, ImportState.DROPPED, finished_at=now)


@transaction.atomic
def write(*, staff_list: StaffListImport, today: date, now: datetime) -> StaffListImport:
    """Write what the rows say, all or nothing: people, affiliations, areas, leavers. One import at a time."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    staff_list = _locked(staff_list, ImportState.CONFIRMED, ImportState.WRITING)
    _write_settled(staff_list, today, now)
    staff_list.state = ImportState.WRITING
    return _move(staff_list, ImportState.DONE, counts=figures_of(staff_list), finished_at=now)


@transaction.atomic
def undo(*, staff_list: StaffListImport, by: Any, now: datetime, today: date) -> StaffListImport:
    """Put everything back as it was before the last import. Raises NotTheLast, TooOld, NotNow."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    staff_list = _locked(staff_list, ImportState.DONE)
    if StaffListImport.objects.filter(state=ImportState.DONE, finished_at__gt=staff_list.finished_at).exists():
        raise NotTheLast
    if staff_list.finished_at < now - KEPT:
        raise TooOld
    staff_rows.take_back(staff_list, today)
    record(by=by, verb="undid_staff_list", about=staff_list, now=now)
    return _move(staff_list, ImportState.UNDONE)


def missing_people(staff_list: StaffListImport, on: date) -> QuerySet[Affiliation]:
    """Return who belongs, on ``on``, to an organisation in the list but is not in it: they are decided one by one."""
    rows = staff_list.rows.exclude(fate__in=(RowFate.REJECTED, RowFate.SKIPPED, RowFate.UNSETTLED))
    return (
        Affiliation.objects.on(on)
        .filter(organisation__in=rows.filter(organisation__isnull=False).values("organisation"))
        # Not "person NOT IN": beyond what fits into work_mem that is compared row by row with the whole list.
        .filter(~Exists(staff_list.rows.filter(person=OuterRef("person"))))
        .select_related("person", "organisation", "profession")
        .order_by("organisation__name", "person__sort_name", "pk")
    )


@transaction.atomic
def mark_missing_as_leavers(
    *, staff_list: StaffListImport, affiliations: Iterable[int], by: Any, now: datetime, today: date
) -> int:
    """Note that those who are missing from the list have left; return how many. Who is not missing is ignored."""
    ids = missing_people(staff_list, today).filter(pk__in=list(affiliations)).values_list("pk", flat=True)
    rows = Affiliation.objects.filter(pk__in=list(ids)).select_related("person").order_by("pk")
    found = list(rows.select_for_update(no_key=True, of=("self",)))
    Affiliation.objects.filter(pk__in=[each.pk for each in found]).update(until=today)
    record_many(by=by, verb="left", about=[each.person for each in found], now=now)
    return len(found)


@transaction.atomic
def forget_rows(*, now: datetime) -> int:
    """Remove the rows and the notes for undoing of imports older than 30 days; return how many imports."""
    old = StaffListImport.objects.filter(uploaded_at__lt=now - KEPT)
    count = 0
    for staff_list in old.filter(rows__isnull=False).distinct() | old.filter(changes__isnull=False).distinct():
        staff_list.rows.all().delete()
        staff_list.changes.all().delete()
        _remove_file(staff_list)
        staff_list.save(update_fields=["file"])
        count += 1
    return count


# reading


def _work(staff_list: StaffListImport, now: datetime, today: date) -> int:
    if staff_list.state in (ImportState.UPLOADED, ImportState.READING):
        staff_list.state = ImportState.UPLOADED  # what a dead worker began is begun again
        read(staff_list=staff_list, today=today, now=now)
        return 1
    if staff_list.state in (ImportState.CONFIRMED, ImportState.WRITING):
        write(staff_list=staff_list, today=today, now=now)
        return 1
    return 0


@contextmanager
def _held(pk: int) -> Iterator[bool]:
    """Hold import ``pk`` for this connection; yields whether it was free."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [_LOCK, pk % 2**31])
        (is_ours,) = cursor.fetchone()
    try:
        yield is_ours
    finally:
        if is_ours:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [_LOCK, pk % 2**31])


def _stage(staff_list: StaffListImport) -> Head:
    """Put the rows of the file into the database, a piece at a time. Raises UnreadableFile, WrongHead."""
    rows = read_rows(Path(staff_list.file.path))
    first = next(rows, None)
    if first is None:
        raise UnreadableFile("The file is empty.")
    head, count = head_of(first.cells), 0
    while piece := list(islice(rows, PIECE)):
        with transaction.atomic():
            with connection.cursor() as cursor:  # a piece that is lost with its server is read again, with all others
                cursor.execute("SET LOCAL synchronous_commit = off")
            _copy(staff_list, head, piece)
            count += len(piece)
            StaffListImport.objects.filter(pk=staff_list.pk).update(rows_read=count)
    staff_list.rows_read = count
    return head


def _copy(staff_list: StaffListImport, head: Head, rows: list[Row]) -> None:
    with connection.cursor() as cursor:
        names = ", ".join(_COLUMNS)
        cursor.cursor.copy_expert(
            f"COPY organisations_importrow ({names}) FROM STDIN WITH (FORMAT csv, NULL '{_NULL}')",
            _Lines(staff_list, head, rows),
        )


class _Lines:
    """The rows as a file that is made while it is read: the database writes some while the next are cleaned."""

    def __init__(self, staff_list: StaffListImport, head: Head, rows: Iterable[Row]) -> None:
        self.staff_list, self.head, self.rows = staff_list, head, iter(rows)

    def read(self, size: int) -> str:
        """Return the next rows as lines of CSV, however long they are, or "" after the last."""
        buffer = io.StringIO()
        write = csv.writer(buffer).writerow
        for row in islice(self.rows, _AT_A_TIME):
            clean = Cleaned(problem=row.problem) if row.problem else clean_row(self.head, row.cells)
            write(_columns(self.staff_list, row, clean))
        return buffer.getvalue()


def _columns(staff_list: StaffListImport, row: Row, clean: Cleaned) -> list[Any]:
    bad = bool(clean.problem)
    original = ", ".join([_as_json(cell.replace("\x00", "\ufffd")[:500]) for cell in row.cells[:30]])
    return [
        staff_list.pk,
        row.line,
        clean.name[:300],
        sort_key(clean.name),
        clean.email[:254],
        clean.staff_number[:60],
        clean.organisation[:300],
        clean.profession[:200],
        _array(clean.areas),
        clean.until.isoformat() if clean.until else _NULL,
        f"[{original}]",
        "t" if bad else "f",
        RowFate.REJECTED.value if bad else "",
        clean.problem[:300],
        "{}",
    ]


@lru_cache(10_000)
def _array(words: tuple[str, ...]) -> str:
    return "{" + ",".join(_in_quotes(each[:200]) for each in words) + "}"


def _remove_file(staff_list: StaffListImport) -> None:
    """Forget the file; it leaves the disk when the transaction has held."""
    if staff_list.file:
        name, storage = staff_list.file.name, staff_list.file.storage
        staff_list.file = None
        transaction.on_commit(lambda: storage.delete(name))


# writing


def _write_settled(staff_list: StaffListImport, today: date, now: datetime) -> None:
    """Settle the rows once more, as somebody may have changed a person since the preview, and write them.

    Where somebody else writes one of them in this very moment, all are settled and written again.
    """
    for left in reversed(range(_TRIES)):
        try:
            with transaction.atomic():
                staff_rows.settle(staff_list, today)
                staff_rows.write(staff_list, today, now)
            return
        except IntegrityError:
            if not left:
                raise


# states and names


def _locked(staff_list: StaffListImport, *states: ImportState) -> StaffListImport:
    found = (
        StaffListImport.objects.select_related("uploaded_by", "organisation")
        .select_for_update(no_key=True, of=("self",))
        .get(pk=staff_list.pk)
    )
    if found.state not in states:
        raise NotNow
    return found


def _move(staff_list: StaffListImport, state: ImportState, **columns: Any) -> StaffListImport:
    assert state == staff_list.state or state in IMPORT_MOVES[ImportState(staff_list.state)], (
        f"A staff list cannot go from {staff_list.state} to {state}."
    )
    staff_list.state = state
    for name, value in columns.items():
        setattr(staff_list, name, value)
    staff_list.save(update_fields=["state", "file", *columns])
    return staff_list


def _make(kind: str, words: str, by: Any, now: datetime) -> Any:
    """Return a new organisation, profession or area called ``words``, or the one that was made meanwhile."""
    name = plain(words)
    if kind == NameKind.ORGANISATION:
        made, is_new = Organisation.objects.get_or_create(name=name, defaults={"kind": OrganisationKind.OTHER})
    elif kind == NameKind.PROFESSION:
        made, is_new = Profession.objects.get_or_create(name=name)
    else:
        made, is_new = Area.objects.get_or_create(name=name, parent=None, defaults={"path": "/"})
        if is_new:
            made.path = f"/{made.pk}/"
            made.save(update_fields=["path"])
    if is_new:
        record(by=by, verb="added", about=made, now=now)
    return made
