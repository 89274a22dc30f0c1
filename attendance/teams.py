"""Attendance reports of Microsoft Teams, read: both versions, as docs/teams-attendance.md describes them."""

import csv
import io
import re
from collections.abc import Iterable, Set
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from accounts.models import sort_key
from history.refusals import Refused

MOST_ROWS = 20_000
_PAST_TITLE = re.compile(r"^\s*(?:\d\.\s*)?(meeting )?summary\s*$", re.IGNORECASE)
_SECTION = re.compile(r"^\s*(\d)\.\s*\S")
_DURATION = re.compile(r"(?:\d+\s*[^\W\d_]+\.?\s*)+")
_UNITS = dict.fromkeys(("h", "hr", "std", "godz"), 3600) | dict.fromkeys(("m", "min"), 60)
_UNITS |= dict.fromkeys(("s", "sec", "sek", "seg"), 1)
"""Seconds by the words for units in English, German, Polish and the languages that write h, min, s."""
_LONGEST, _YEARS = 30 * 24 * 3600, range(2000, 2100)
"""Seconds and years that a meeting can have: what is more was broken by hand."""
_MOMENT = re.compile(
    r"^(\d{1,4})([/.-])(\d{1,2})\2(\d{1,4}),?\s+(\d{1,2})[:.](\d{2})(?:[:.](\d{2}))?\s*([ap])?\.?\s?m?\.?$",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")
_WIDE, _LINES_BEFORE = 6, 3
"""How many heads a table has at least, and how many lines about the meeting stand before that of version 1."""
_MARKERS = re.compile(r"\s*\((?:external|guest|unverified|ext)\)\s*$", re.IGNORECASE)
_HEADS = {
    "name": ("name", "full name", "imię i nazwisko"),
    "joined": (
        "join time",
        "first join",
        "godzina dołączenia",
        "pierwsze dołączenie",
        "beitrittszeit",
        "erster beitritt",
        "beitreten",
    ),
    "left": (
        "leave time",
        "last leave",
        "godzina opuszczenia",
        "ostatnie wyjście",
        "verlassenszeit",
        "letztes verlassen",
        "verlassen",
    ),
    "duration": ("duration", "in-meeting duration", "czas udziału w spotkaniu", "dauer", "dauer der besprechung"),
    "address": ("email", "e-mail", "adres e-mail", "e-mail-adresse"),
    "upn": ("(upn)",),
    "role": ("role", "rola", "rolle"),
}
"""Heads in English, Polish and German; which of them have a source stands in docs/teams-attendance.md."""
_ENOUGH = {"name", "joined", "left"}
"""The heads that a report in another language than English has at least, to be read by its heads."""
_PLACES = {
    "": ("name", "joined", "left", "duration", "address", "role", "upn"),
    "2": ("name", "joined", "left", "duration", "address", "upn", "role"),
    "3": ("name", "joined", "left", "duration", "address", "role"),
}
"""Where the columns of version 1 and of sections 2 and 3 of version 2 stand, for a report whose heads nobody knows."""


class NotAReport(Refused):
    sentence = (
        "This is no attendance report of Microsoft Teams that we can read. Download it again in English from the "
        "Attendance tab of the meeting, and upload the file as it comes."
    )


class AnotherDay(Refused):
    sentence = "This report is of another day than the session. Check which meeting you downloaded it from."


@dataclass(frozen=True)
class Join:
    """One stay of somebody in the meeting. Times are UTC, None where the report has none; ``seconds`` as it says."""

    name: str
    address: str
    upn: str
    role: str
    joined: datetime | None
    left: datetime | None
    seconds: int | None


@dataclass(frozen=True)
class Present:
    """One person of a report with all their joins: ``minutes`` within the session, None where the report says none.

    ``first`` and ``last`` are when they first joined and last left, within the session.
    """

    name: str
    address: str
    upn: str
    role: str
    joins: int
    minutes: int | None
    first: datetime | None
    last: datetime | None


def read_report(content: bytes, *, day: date, zone: str) -> tuple[int, list[Join]]:
    """Return the version of a report (1 or 2) and its joins. ``day`` and ``zone`` are those of the session.

    Raises NotAReport; AnotherDay where its times are not of ``day``.
    """
    rows = _rows(content)
    if not rows:
        raise NotAReport
    version = 2 if _SECTION.match(rows[0][0]) else 1
    read = _table if _PAST_TITLE.match(rows[0][0]) else _table_in_another_language
    table = read(rows, "3") or read(rows, "2") if version == 2 else read(rows, "")
    if table is None:
        raise NotAReport
    order = _order([row.get(name, "") for row in table for name in ("joined", "left")], day)
    return version, [_join(row, order, ZoneInfo(zone)) for row in table if row.get("name", "").strip()]


def present(joins: Iterable[Join], *, starts: datetime, ends: datetime) -> list[Present]:
    """Return who was there between two aware moments, by name: the joins of one person together, overlaps once.

    One person is one address, or one name where there is no address.
    """
    people: dict[str, list[Join]] = {}
    for join in joins:
        people.setdefault(join.address or join.upn or f"name:{sort_key(join.name)}", []).append(join)
    found = [_together(own, starts, ends) for own in people.values()]
    return sorted(found, key=lambda own: (sort_key(own.name), own.address))


def _together(joins: list[Join], starts: datetime, ends: datetime) -> Present:
    first = joins[0]
    stays = sorted(
        (max(join.joined, starts), min(_left(join, ends), ends)) for join in joins if join.joined is not None
    )
    stays = [(begin, end) for begin, end in stays if end > begin]
    total, until = timedelta(), starts
    for begin, end in stays:
        total += max(end - max(begin, until), timedelta())
        until = max(until, end)
    minutes = round(total / timedelta(minutes=1)) if any(join.joined for join in joins) else None
    said = [join.seconds for join in joins if join.seconds is not None]
    if minutes is None and said:
        minutes = round(sum(said) / 60)
    elif said and minutes is not None and len(joins) == 1:
        # One row for a person may stand for several joins: between them they were not there.
        minutes = min(minutes, round(said[0] / 60))
    return Present(
        first.name, first.address, first.upn, first.role, len(joins), minutes,
        stays[0][0] if stays else None, max(end for _, end in stays) if stays else None,
    )  # fmt: skip


def _left(join: Join, ends: datetime) -> datetime:
    """Return when a join ended: where the report does not say, by its duration, or not before the end."""
    if join.left is not None:
        return join.left
    return join.joined + timedelta(seconds=join.seconds) if join.seconds is not None else ends


def _rows(content: bytes) -> list[list[str]]:
    try:
        text = content.decode(_encoding(content)).lstrip("\ufeff").replace("\x00", "")
    except (UnicodeDecodeError, LookupError):
        raise NotAReport from None
    lines = text.splitlines()
    separator = max("\t;,", key=lambda each: sum(line.count(each) for line in lines[:60]))
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    except csv.Error:
        raise NotAReport from None
    if len(rows) > MOST_ROWS:
        raise NotAReport
    while rows and not any(cell.strip() for cell in rows[0]):
        del rows[0]
    return [row or [""] for row in rows]


def _encoding(content: bytes) -> str:
    """Return the encoding: UTF-16 as Teams writes it, by mark or zero bytes; else what a spreadsheet program makes."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if len(content) > 3 and content[1:2000:2].count(0) > 300:
        return "utf-16-le"
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def _table(rows: list[list[str]], section: str, least: Set[str] = frozenset({"name"})) -> list[dict[str, str]] | None:
    """Return the rows of a table by our own names: that of a numbered section, or the first one there is.

    A table has heads that we know, those in ``least`` among them; in which order they stand says nothing.
    """
    begun = not section
    for number, row in enumerate(rows):
        mark = _SECTION.match(row[0])
        if mark and section:
            begun = mark[1] == section
        columns = _columns(row) if begun and not mark else {}
        if len(columns) > 1 and columns.keys() >= least:
            return _until_empty(rows[number + 1 :], columns)
    return None


def _table_in_another_language(rows: list[list[str]], section: str) -> list[dict[str, str]] | None:
    """Return the same of a report in another language than English: by its heads, where they are known.

    Where they are not, by the place of its columns. None unless what stands in every row is what should stand there.
    """
    found = _table(rows, section, least=_ENOUGH) or _table_by_place(rows, section)
    return found if found and _is_sound(found) else None


def _table_by_place(rows: list[list[str]], section: str) -> list[dict[str, str]] | None:
    if section:
        marks = (number for number, row in enumerate(rows) if (mark := _SECTION.match(row[0])) and mark[1] == section)
        first = next(marks, len(rows)) + 1
        if first >= len(rows) or len(rows[first]) < _WIDE:
            return None
    else:
        wide = (number for number, row in enumerate(rows) if sum(bool(cell.strip()) for cell in row) >= _WIDE)
        first = next(wide, 0)
        if first < _LINES_BEFORE:
            return None
    return _until_empty(rows[first + 1 :], {name: place for place, name in enumerate(_PLACES[section])})


def _is_sound(found: list[dict[str, str]]) -> bool:
    """Return whether times stand where times should, nobody left before they joined, and addresses are addresses."""

    def said(row: dict[str, str], name: str) -> str:
        return _plain(row.get(name, ""))

    def forward(row: dict[str, str], order: str) -> bool:
        joined, left = (_naive(said(row, name), order) for name in ("joined", "left"))
        return joined is not None and (left is None or joined <= left)

    return all(
        _MOMENT.match(said(row, "joined"))
        and (not said(row, "left") or _MOMENT.match(said(row, "left")))
        and (not said(row, "duration") or _DURATION.fullmatch(said(row, "duration").lower()))
        and (not said(row, "address") or _ADDRESS.fullmatch(said(row, "address")))
        for row in found
    ) and any(all(forward(row, order) for row in found) for order in ("dmy", "mdy"))


def _columns(row: list[str]) -> dict[str, int]:
    heads = [" ".join(cell.split()).lower() for cell in row]
    heads = ["(upn)" if head.endswith("(upn)") else head for head in heads]
    return {name: heads.index(word) for name, words in _HEADS.items() for word in words if word in heads}


def _until_empty(rows: list[list[str]], columns: dict[str, int]) -> list[dict[str, str]]:
    found = []
    for row in rows:
        if not any(cell.strip() for cell in row) or (_SECTION.match(row[0]) and len(row) < 2):
            break
        found.append({name: row[place].strip() for name, place in columns.items() if place < len(row)})
    return found


def _join(row: dict[str, str], order: str, zone: ZoneInfo) -> Join:
    name = row.get("name", "")
    while (bare := _MARKERS.sub("", name)) != name:
        name = bare
    addresses = [row.get(column, "").strip().lower() for column in ("address", "upn")]
    address, upn = (each if _ADDRESS.fullmatch(each) else "" for each in addresses)
    joined, left = (_moment(row.get(column, ""), order, zone) for column in ("joined", "left"))
    if joined and left and left < joined:
        left = None
    return Join(
        " ".join(name.split())[:300], address[:254], upn[:254], row.get("role", "")[:40], joined, left,
        _seconds(row.get("duration", "")),
    )  # fmt: skip


def _seconds(text: str) -> int | None:
    words = text.strip().lower()
    parts = re.findall(r"(\d+)\s*([^\W\d_]+)", words)
    if not _DURATION.fullmatch(words) or any(unit not in _UNITS for _, unit in parts):
        return None
    return min(sum(min(int(number), 99_999) * _UNITS[unit] for number, unit in parts), _LONGEST)


def _order(texts: list[str], day: date) -> str:
    """Return "dmy" or "mdy": the reading by which the first time is of ``day``. Raises AnotherDay, NotAReport."""
    times = [text for text in texts if text]
    if not times:
        return "dmy"
    readings = {order: [_naive(text, order) for text in times] for order in ("dmy", "mdy")}
    if not any(found for each in readings.values() for found in each):
        raise NotAReport
    fits = [order for order, found in readings.items() if any(each and each.date() == day for each in found)]
    if not fits:
        raise AnotherDay
    # Where both fit (5 May), they say the same of that day; the one that reads more of the times is right.
    return max(fits, key=lambda order: sum(found is not None for found in readings[order]))


def _naive(text: str, order: str) -> datetime | None:
    found = _MOMENT.match(_plain(text))
    if not found:
        return None
    one, separator, two, three, hour, minute, second, half = found.groups()
    if len(one) == 4:
        year, month, day = one, two, three
    elif order == "mdy" and separator == "/":
        month, day, year = one, two, three
    else:
        day, month, year = one, two, three
    hours = int(hour)
    if half:
        if not 1 <= hours <= 12:
            return None
        hours = hours % 12 + (12 if half.lower() == "p" else 0)
    try:
        full = int(year) + (2000 if len(year) < 3 else 0)
        found = datetime(full, int(month), int(day), hours, int(minute), int(second or 0))  # noqa: DTZ001 local time
        return found if full in _YEARS else None
    except ValueError:
        return None


def _plain(text: str) -> str:
    """Return ``text`` without the marks and odd spaces that Teams puts around times."""
    return " ".join(text.replace("\u202f", " ").replace("\u200e", "").split())


def _moment(text: str, order: str, zone: ZoneInfo) -> datetime | None:
    found = _naive(text, order)
    return found.replace(tzinfo=zone).astimezone(UTC) if found else None
