"""What nobody should type or upload, and the forms of a page, so that it can be put into each of them."""

import io
import re
import zipfile
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin

from django.core.files.uploadedfile import SimpleUploadedFile

MARKUP = "<script>alert('needle')</script><img src=x onerror=alert(1)>\"'&"

WORDS = {
    "NUL": "Amina\x00Samplewood",
    "control characters": "Amina\x01\x08\x1b[31m\x7f\x85Samplewood",
    "a formula": '=HYPERLINK("https://example.org/","Amina")',
    "markup": MARKUP,
    "marks that turn the writing": "Amina \u202edoowelpmaS\u2066\u200f\u200b",
    "300 characters": "Gwenllian-Angharad " * 16,
    "20,000 characters": "x" * 20_000,
    "emoji": "\U0001f469\U0001f3fd\u200d\u2695\ufe0f Amina \U0001f3f4\U000e0067\U000e0062\U000e0077\U000e007f",
    "a template": "{{ settings.SECRET_KEY }}{% now 'Y' %}%(name)s{0.__class__}",
    "a number that is too large": "9" * 400,
    "a number below nothing": "-1",
    "a number no database has": "9223372036854775808",
    "no number": "1e309",
    "other digits": "\u0661\u0662\u00b2\u00bd",
    "spaces alone": " \u00a0\u2003\t\r\n ",
    "a line break": "Amina\r\nBcc: everybody@example.org",
    "an SQL": "'; DROP TABLE accounts_person; --%_\\",
}

RAW = ("%ff%fe%fd", "%ED%A0%80", "%00", "%", "%25%30%30", "&&==&", "a[]=1&a[]=2")
"""Query strings that are no UTF-8, or nearly no query string."""


def files() -> dict[str, SimpleUploadedFile]:
    """Return files that nobody should upload, fresh: each can be read once."""
    return {name: SimpleUploadedFile(name, content) for name, content in _contents().items()}


@cache
def _contents() -> dict[str, bytes]:
    header = b"Name,Email,Organisation,Profession,Area\n"
    return {
        "nothing.csv": b"",
        "only-a-header.csv": header,
        "zeros.csv": b"\x00" * 5_000,
        "zeros-inside.csv": header + b"Am\x00ina,a@example.org,Tolbury,Nurse,Melton\n",
        "columns.csv": b"," * 1_000_000 + b"\n",
        "one-line.csv": b"x" * 3_000_000,
        "open-quote.csv": header + b'"' + b"a,b\n" * 200_000,
        "picture.csv": b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20,
        "half-utf-16.csv": b"\xff\xfeA\x00m",
        "../../../etc/passwd": header,
        "bomb.xlsx": _workbook(b"<row>" + b" " * 200_000_000),
        "laughs.xlsx": _workbook(_LAUGHS),
        "no-workbook.xlsx": _zip({"readme.txt": b"nothing"}),
        "no-zip.xlsx": b"PK\x03\x04" + b"\x00" * 100,
        "\u202evsc.list\u0007.exe": b"MZ\x90\x00",
        "n" * 300 + ".csv": header,
    }


_LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE w [<!ENTITY a "ha">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + i, (b"&%c;" % (97 + i)) * 10) for i in range(9))
    + b"]><worksheet>&j;</worksheet>"
)
_TYPES = b"""<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Override PartName="/xl/workbook.xml"
 ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>"""
_BOOK = b"""<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"
 xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>
<sheet name="a" sheetId="1" r:id="rId1"/></sheets></workbook>"""
_RELATED = b"""<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
<Relationship Id="rId1" Target="worksheets/sheet1.xml"
 Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet"/></Relationships>"""


def _workbook(sheet: bytes) -> bytes:
    return _zip(
        {
            "[Content_Types].xml": _TYPES,
            "xl/workbook.xml": _BOOK,
            "xl/_rels/workbook.xml.rels": _RELATED,
            "xl/worksheets/sheet1.xml": sheet,
        }
    )


def _zip(files: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


@dataclass
class Form:
    """A form of a page: where it goes, how, and its controls with what stands in them."""

    action: str
    method: str
    values: dict[str, list[str]] = field(default_factory=dict)
    open_to_words: set[str] = field(default_factory=set)
    choices: dict[str, list[str]] = field(default_factory=dict)
    uploads: set[str] = field(default_factory=set)

    def names(self) -> set[str]:
        return set(self.values) | self.open_to_words | set(self.choices) | self.uploads

    def filled(self, typed: dict[str, str]) -> dict[str, Any]:
        """Return what is sent where ``typed`` stands in the fields and every choice is answered."""
        first = {name: next((value for value in offered if value), "") for name, offered in self.choices.items()}
        return {**self.values, **first, **typed}


class _Reader(HTMLParser):
    def __init__(self, address: str) -> None:
        super().__init__()
        self.address, self.forms, self.select = address, [], ""

    def handle_starttag(self, tag: str, attributes: list) -> None:
        named = {name: value or "" for name, value in attributes}
        if tag == "form":
            self.forms.append(Form(urljoin(self.address, named.get("action", "")), named.get("method", "get").lower()))
        elif self.forms and tag in ("input", "textarea", "select", "button", "option"):
            self._control(tag, named)

    def _control(self, tag: str, named: dict[str, str]) -> None:
        form, name, kind = self.forms[-1], named.get("name", ""), named.get("type", "text")
        if tag == "option":
            form.choices.setdefault(self.select, []).append(named.get("value", ""))
        elif tag == "select":
            self.select = name
        elif not name or name == "csrfmiddlewaretoken":
            return
        elif kind in ("radio", "checkbox"):
            form.choices.setdefault(name, []).append(named.get("value", "on"))
        elif kind == "file":
            form.uploads.add(name)
        elif kind == "hidden" or tag == "button":
            form.values.setdefault(name, []).append(named.get("value", ""))
        else:
            form.open_to_words.add(name)


def forms_of(address: str, page: str) -> list[Form]:
    """Return the forms of ``page``, which stands at ``address``."""
    reader = _Reader(address)
    reader.feed(re.sub(r"<(script|style)\b.*?</\1>", "", page, flags=re.DOTALL))
    return reader.forms
