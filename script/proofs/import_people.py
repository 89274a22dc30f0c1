"""A staff list of 100,000 rows is imported in flat memory, changes nothing twice, and can be undone to the letter."""

import tempfile
import time
from datetime import date
from pathlib import Path

from script.measured import memory_from_here

ROWS = 100_000
MEMORY = 200  # megabytes above the start
LIMIT = 900


def main() -> str:
    """Import as CSV and as XLSX; a second run; undo."""
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    with tempfile.TemporaryDirectory(prefix="staff lists ") as place:
        settings.MEDIA_ROOT = place
        _make_names()
        taken = memory_from_here()
        lines = [_import(_csv(Path(place)), "CSV")]
        lines.append(_second_run(_csv(Path(place))))
        lines.append(_undo())
        lines.append(_import(_xlsx(Path(place)), "XLSX"))
        used = taken()
    assert used < MEMORY, f"{used:.0f} MB more than before"
    return f"{ROWS:,} rows; " + "; ".join(lines) + f"; {used:.0f} MB above the start"


def _make_names() -> None:
    from organisations.models import Area, Organisation, Profession

    for number in range(12):
        Organisation.objects.create(name=f"Organisation {number}")
    for number in range(10):
        Profession.objects.create(name=f"Profession {number}")
    for number in range(7):
        area = Area.objects.create(name=f"Area {number}", path="/")
        Area.objects.filter(pk=area.pk).update(path=f"/{area.pk}/")


def _rows():
    yield ["name", "email", "organisation", "profession", "area", "staff number"]
    for n in range(ROWS):
        yield [f"Person Number{n}", f"p{n}@example.org", f"Organisation {n % 12}", f"Profession {n % 10}",
               f"Area {n % 7}", str(n)]  # fmt: skip


def _csv(place: Path) -> Path:
    path = place / "list.csv"
    with path.open("w") as file:
        file.writelines(",".join(row) + "\n" for row in _rows())
    return path


def _xlsx(place: Path) -> Path:
    import xlsxwriter

    path = place / "list.xlsx"
    book = xlsxwriter.Workbook(path, {"constant_memory": True})
    sheet = book.add_worksheet()
    for line, row in enumerate(_rows()):
        sheet.write_row(line, 0, row)
    book.close()
    return path


def _parsing(path: Path) -> float:
    from organisations.spreadsheets import read_rows

    begun = time.monotonic()
    assert sum(1 for _ in read_rows(path)) == ROWS + 1
    return time.monotonic() - begun


def _import(path: Path, kind: str) -> str:
    """Import one file. Returns a line with its speed, whose bar stands in script/bench."""
    parsing = _parsing(path)
    begun = time.monotonic()
    figures = _run(path)
    seconds = time.monotonic() - begun
    assert figures["new"] == ROWS, figures
    rate = ROWS / (seconds - parsing)
    line = f"{kind}: {seconds:.1f} s, {parsing:.1f} s of it parsing, {rate:,.0f} rows/s without"
    print(line, flush=True)
    return line


def _run(path: Path) -> dict[str, int]:
    """Read and write one file. Returns the figures by fate."""
    from django.core.files.base import File
    from django.utils import timezone

    from organisations.actions import imports

    now, today = timezone.now(), date.today()  # noqa: DTZ011 - any day does
    with path.open("rb") as content:
        staff_list = imports.upload(
            content=File(content, path.name), name=path.name, organisation=None, by=None, now=now
        )
    staff_list = imports.read(staff_list=staff_list, today=today, now=now)
    figures = imports.figures_of(staff_list)
    if figures["new"]:
        imports.confirm(staff_list=staff_list, by="clock", now=now)
        imports.write(staff_list=staff_list, today=today, now=timezone.now())
    return figures


def _second_run(path: Path) -> str:
    begun = time.monotonic()
    figures = _run(path)
    assert figures["same"] == ROWS, figures
    return f"a second run changes nothing, seen after {time.monotonic() - begun:.1f} s"


def _undo() -> str:
    from django.utils import timezone

    from accounts.models import Person
    from organisations.actions import imports
    from organisations.models import Affiliation, ImportState, StaffListImport

    begun = time.monotonic()
    done = StaffListImport.objects.get(state=ImportState.DONE)
    imports.undo(staff_list=done, by="clock", now=timezone.now(), today=date.today())  # noqa: DTZ011
    assert (Person.objects.count(), Affiliation.objects.count()) == (0, 0)
    return f"undone in {time.monotonic() - begun:.1f} s"
