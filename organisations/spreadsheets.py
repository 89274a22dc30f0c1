"""Staff lists as they come: CSV, TSV, semicolons or XLSX, in the encodings that offices write; read row by row."""

import csv
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any, NamedTuple

import openpyxl

from history.refusals import Refused

MAX_ROWS = 200_000
MAX_COLUMNS = 200
MAX_CELL = 10_000
MAX_UNPACKED = 400_000_000
MAX_SHARED_TEXT = 100_000_000
_SAMPLE = 65_536
_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


class UnreadableFile(Refused):
    """The file as a whole cannot be read as a table."""


class Row(NamedTuple):
    """One row: its number in the file (the first is 1), trimmed cells, and why it cannot be used, or ""."""

    line: int
    cells: tuple[str, ...]
    problem: str = ""


def read_rows(path: Path) -> Iterator[Row]:
    """Yield the rows of the file at ``path`` that are not blank, the head first; memory stays flat.

    What the file is shows from its content, not from its name. Raises UnreadableFile with a sentence for people,
    also half-way, where only then something shows: so nothing may be kept before the last row was read.
    """
    with path.open("rb") as file:
        start = file.read(_SAMPLE)
    if not start.strip(b"\x00\t\r\n "):
        raise UnreadableFile("The file is empty.")
    if start.startswith(b"\xd0\xcf\x11\xe0"):
        raise UnreadableFile(
            "The file is an old Excel workbook or has a password. Save it as XLSX or CSV without a password."
        )
    source = _workbook_rows(path) if start.startswith(b"PK\x03\x04") else _text_rows(path)
    count = 0
    for line, cells in source:
        if not any(cells):
            continue
        count += 1
        if count > MAX_ROWS + 1:
            raise UnreadableFile(f"The file has more than {MAX_ROWS:,} rows. Split it and upload the parts.")
        if count == 1 and len(cells) > MAX_COLUMNS:
            raise UnreadableFile(f"The file has more than {MAX_COLUMNS} columns. Keep only those of the staff list.")
        yield Row(line, cells[:MAX_COLUMNS], _problem(cells))
    if not count:
        raise UnreadableFile("The file is empty.")


def _problem(cells: tuple[str, ...]) -> str:
    if len(cells) > MAX_COLUMNS:
        return f"The row has more than {MAX_COLUMNS} columns."
    together = "\n".join(cells)
    if len(together) <= MAX_CELL and "\x00" not in together and "\n=" not in f"\n{together}":
        return ""  # nearly every row: none of its cells needs a look of its own
    for cell in cells:
        if "\x00" in cell:
            return "The row contains a character that is not text."
        if len(cell) > MAX_CELL:
            return "A cell of the row is too long."
        if cell.startswith("="):
            return "A cell of the row is a formula. Put its value there."
    return ""


def _text_rows(path: Path) -> Iterator[tuple[int, tuple[str, ...]]]:
    encoding = _encoding(path)
    try:
        with path.open(encoding=encoding, newline="") as file:
            separator = _separator(file.readline(_SAMPLE))
            file.seek(0)
            reader = csv.reader(file, delimiter=separator)
            before = 0
            for cells in reader:
                yield before + 1, tuple(map(str.strip, cells))
                before = reader.line_num
    except UnicodeError as error:
        raise UnreadableFile("The file is not text in an encoding we know. Save it as CSV in UTF-8.") from error
    except csv.Error as error:
        raise UnreadableFile(
            f"The file cannot be read after line {before}: a quotation mark may be open there."
        ) from error


def _encoding(path: Path) -> str:
    """Return the encoding: by its mark, by the zero bytes of UTF-16, as UTF-8 where all of it is, else Windows-1252."""
    with path.open("rb") as file:
        start = file.read(_SAMPLE)
    for mark, encoding in _MARKS:
        if start.startswith(mark):
            return encoding
    if len(start) > 3 and start[1::2].count(0) > len(start) * 0.3:
        return "utf-16-le"
    if len(start) > 3 and start[::2].count(0) > len(start) * 0.3:
        return "utf-16-be"
    try:
        with path.open(encoding="utf-8", newline="") as file:
            while file.read(1_000_000):
                pass
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def _separator(head: str) -> str:
    return max(",;\t", key=head.count)


def _workbook_rows(path: Path) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Yield line numbers and cells of the first sheet. Sizes are checked before anything is unpacked."""
    try:
        _check_size(path)
        # An open file: of a path openpyxl asks that its name ends in .xlsx.
        with path.open("rb") as file:
            book = openpyxl.load_workbook(file, read_only=True, keep_links=False)
            sheet = book.worksheets[0]
            # The size that the sheet claims is not to be trusted: one far cell makes every row as wide.
            sheet.reset_dimensions()
            for line, values in enumerate(sheet.iter_rows(max_col=MAX_COLUMNS + 1, values_only=True), 1):
                yield line, _without_tail(tuple(_text(value) for value in values))
    except Refused:
        raise
    # A damaged workbook fails in openpyxl, in zipfile or in the XML reader, each with errors of its own.
    except Exception as error:
        raise UnreadableFile("The workbook is damaged. Save it again as XLSX, or as CSV.") from error


def _check_size(path: Path) -> None:
    with zipfile.ZipFile(path) as packed:
        parts = packed.infolist()
    shared = sum(part.file_size for part in parts if part.filename.lower().endswith("sharedstrings.xml"))
    if sum(part.file_size for part in parts) > MAX_UNPACKED or shared > MAX_SHARED_TEXT:
        raise UnreadableFile("The workbook is too large when unpacked. Save the staff list alone as CSV.")


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == value.min.time() else value.isoformat(" ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _without_tail(cells: tuple[str, ...]) -> tuple[str, ...]:
    end = len(cells)
    while end and not cells[end - 1]:
        end -= 1
    return cells[:end]
