"""Tables for spreadsheet programs: streamed row by row, and no cell that such a program would run as a formula."""

import csv
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from django.http import StreamingHttpResponse

_STARTS_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_LINES_AT_ONCE = 100
_BOM = "\ufeff"
"""Excel takes a file for UTF-8 only where this stands first."""


def safe_cell(value: Any) -> str:
    """Return ``value`` as the text of a cell that no spreadsheet program takes for a formula.

    A text that begins like one gets an apostrophe before it (OWASP "CSV Injection"); numbers stay numbers, also
    negative ones. None is empty. NUL and lone surrogates, which no reader takes, go.
    """
    if value is None:
        return ""
    if type(value) is int:  # most cells of most tables
        return str(value)
    if type(value) is str and value[:1].isalnum() and value.isprintable():  # most of the others: nothing to mend
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    text = str(value).replace("\x00", "").encode("utf-8", "replace").decode()
    runs = text.startswith(("\t", "\r", "\n")) or text.lstrip(" \u00a0").startswith(_STARTS_FORMULA)
    return f"'{text}" if runs else text


def csv_lines(heads: Iterable[Any], rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    """Yield the lines of a CSV file with CRLF ends (RFC 4180), every cell safe; the first begins with a BOM."""
    writer = csv.writer(_Echo())
    yield _BOM + writer.writerow([safe_cell(head) for head in heads])
    for row in rows:
        yield writer.writerow([safe_cell(cell) for cell in row])


def stream_csv(name: str, heads: Iterable[Any], rows: Iterable[Iterable[Any]]) -> StreamingHttpResponse:
    """Return a download called ``name``.csv (letters, digits and dashes). ``rows`` may be a generator of any length.

    Memory stays flat: take the rows from ``queryset.iterator()``.
    """
    return send_csv(name, csv_blocks(heads, rows))


def send_csv(name: str, blocks: Iterable[str]) -> StreamingHttpResponse:
    """Return a download called ``name``.csv of what ``csv_blocks`` made."""
    response = StreamingHttpResponse(blocks, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    response["Cache-Control"] = "no-store, private"
    return response


def csv_blocks(heads: Iterable[Any], rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    """Yield what ``csv_lines`` does, many lines at once: each block that is sent is a write to the network."""
    lines = csv_lines(heads, rows)
    while block := "".join(islice(lines, _LINES_AT_ONCE)):
        yield block


class _Echo:
    """A file that gives back what is written to it."""

    def write(self, line: str) -> str:
        return line
