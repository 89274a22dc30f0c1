"""A staff list of 100,000 rows read and compared, as CSV and XLSX, beside parsing the same file by hand."""

import csv
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from script.measured import Figure, memory_from_here, set_up

LIMIT = 1800
ROWS = int(os.environ.get("BENCH_PEOPLE", "100000"))
RATE = 10_000
MEMORY = 50


def main() -> Iterator[Figure]:
    """Import the same list twice: as CSV, and, changing nothing, as XLSX."""
    set_up()
    with tempfile.TemporaryDirectory(prefix="import ") as folder:
        table, book = Path(folder) / "staff.csv", Path(folder) / "staff.xlsx"
        with table.open("w", newline="") as file:
            csv.writer(file).writerows(_lines())
        _write_book(book)
        for name, path, parse in (("CSV", table, _parse_table), ("XLSX", book, _parse_book)):
            yield from _measure(name, path, parse)


def _lines() -> Iterator[tuple[str, ...]]:
    yield "name", "work email", "organisation", "profession", "area"
    for number in range(ROWS):
        yield (
            f"Person Number{number}", f"person{number}@example.org", f"Organisation {number % 12}",
            f"Profession {number % 10}", f"Area {number % 7}",
        )  # fmt: skip


def _measure(name: str, path: Path, parse) -> Iterator[Figure]:
    from django.core.management import call_command

    from accounts.models import Person

    begun = time.perf_counter()
    parse(path)
    parsing = time.perf_counter() - begun
    taken, begun = memory_from_here(), time.perf_counter()
    call_command("import_people", str(path), make_new=True)
    seconds, most = time.perf_counter() - begun, taken()
    yield Figure(
        f"import of {ROWS} rows, {name}, after parsing",
        ROWS / max(seconds - parsing, 0.01),
        "rows a second",
        least=RATE if name == "CSV" else None,
    )
    yield Figure(f"import, {name}", seconds, "seconds", parsing)
    yield Figure(f"import, {name}: memory", most, "MB", most=MEMORY)
    found = Person.objects.filter(email__startswith="person").count()
    yield Figure(f"import, {name}: people there", found, "people", least=ROWS, most=ROWS)


def _write_book(path: Path) -> None:
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    for line in _lines():
        sheet.append(line)
    book.save(path)


def _parse_table(path: Path) -> int:
    with path.open(newline="") as file:
        return sum(1 for _ in csv.reader(file))


def _parse_book(path: Path) -> int:
    from openpyxl import load_workbook

    return sum(1 for _ in load_workbook(path, read_only=True).active.iter_rows(values_only=True))
