import io
import zipfile

import openpyxl
import pytest

from organisations import spreadsheets
from organisations.spreadsheets import UnreadableFile, read_rows

TEXT = "Name,Work email\r\nZoë Brûlé,zoe@example.org\r\n"
ROWS = [(1, ("Name", "Work email")), (2, ("Zoë Brûlé", "zoe@example.org"))]


@pytest.fixture
def rows_of(tmp_path):
    def read(content):
        path = tmp_path / "list"
        path.write_bytes(content)
        return list(read_rows(path))

    return read


def workbook(*rows):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_text_in_each_encoding_and_separator_is_the_same(rows_of, encoding, separator):
    found = rows_of(TEXT.replace(",", separator).encode(encoding))
    assert [(row.line, row.cells) for row in found] == ROWS


def test_a_workbook_gives_the_same_rows_and_whole_numbers(rows_of):
    found = rows_of(workbook(["Name", "Staff number"], [], ["Zoë", 17.0]))
    assert [(row.line, row.cells) for row in found] == [(1, ("Name", "Staff number")), (3, ("Zoë", "17"))]


@pytest.mark.parametrize("content", [b"", b" \r\n\t", b"\x00\x00", b",,\r\n,,\r\n", workbook()])
def test_an_empty_file_is_refused(rows_of, content):
    with pytest.raises(UnreadableFile, match="The file is empty"):
        rows_of(content)


def test_a_damaged_workbook_and_an_old_one_are_refused(rows_of):
    with pytest.raises(UnreadableFile, match="damaged"):
        rows_of(b"PK\x03\x04 not really")
    with pytest.raises(UnreadableFile, match="old Excel"):
        rows_of(b"\xd0\xcf\x11\xe0 something")


def test_a_zip_bomb_is_refused_before_it_is_unpacked(rows_of, monkeypatch):
    monkeypatch.setattr(spreadsheets, "MAX_UNPACKED", 1_000_000)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/worksheets/sheet1.xml", b"0" * 1_000_001)
    with pytest.raises(UnreadableFile, match="too large"):
        rows_of(out.getvalue())


def test_too_many_columns_and_rows_are_refused(rows_of, monkeypatch):
    with pytest.raises(UnreadableFile, match="more than 200 columns"):
        rows_of(b"a," * 1_000_000 + b"a")
    monkeypatch.setattr(spreadsheets, "MAX_ROWS", 2)
    assert len(rows_of(b"a\n1\n2\n")) == 3
    with pytest.raises(UnreadableFile, match="more than 2 rows"):
        rows_of(b"a\n1\n2\n3\n")


@pytest.mark.parametrize(
    ("cell", "words"),
    [("a\x00b", "not text"), ("=1+1", "formula"), ("x" * 10_001, "too long"), ("1," * 200 + "1", "200 columns")],
)
def test_a_bad_row_says_why_and_the_others_stand(rows_of, cell, words):
    head, bad, good = rows_of(f"Name\n{cell}\nAda\n".encode())
    assert (head.problem, good.problem, good.cells) == ("", "", ("Ada",))
    assert words in bad.problem


def test_a_cell_of_two_lines_keeps_the_line_numbers_of_the_file(rows_of):
    assert [row.line for row in rows_of(b'Name\n"Ada\nL"\nBo\n')] == [1, 2, 4]
