import csv
import io

import pytest

from face.spreadsheets import csv_lines, safe_cell, stream_csv


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("=1+1", "'=1+1"), ("+44", "'+44"), ("-2", "'-2"), ("@here", "'@here"), (" =1", "' =1"), ("\tx", "'\tx"),
        ("\rx", "'\rx"), ("\n=x", "'\n=x"), ("＝1", "'＝1"), ("Siân", "Siân"), ("", ""), (None, ""), (-5, "-5"),
        (1.5, "1.5"), (True, "True"), ("a\x00b", "ab"), ("\ud800", "?"), ("a=b", "a=b"),
    ],
)  # fmt: skip
def test_no_cell_is_a_formula(value, cell):
    assert safe_cell(value) == cell


def test_what_is_written_is_read_back():
    rows = [["a,b", 'say "x"'], ["two\nlines", "é"]]
    text = "".join(csv_lines(["One", "=Two"], rows))
    assert text[0] == "\ufeff"
    assert list(csv.reader(io.StringIO(text[1:], newline=""))) == [["One", "'=Two"], *rows]


def test_rows_are_streamed_a_hundred_lines_at_a_time():
    taken = []
    response = stream_csv("list", ["n"], ([taken.append(n) or n] for n in range(250)))
    lines = iter(response.streaming_content)
    assert next(lines).count(b"\r\n") == 100
    assert len(taken) == 99, "the heads are a line too"
    assert b"".join(lines).count(b"\r\n") == 151
    assert response["Content-Disposition"] == 'attachment; filename="list.csv"'
