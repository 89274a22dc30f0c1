"""Files that people give us: what is taken and what is not, by name, content and size."""

import io
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from organisations.actions import uploads
from organisations.actions.uploads import UploadRefused, check_upload, safe_name

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n%%EOF\n"


def office(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in ("[Content_Types].xml", *names):
            archive.writestr(name, "<x/>")
    return out.getvalue()


def open_document(kind: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("mimetype", f"application/vnd.oasis.opendocument.{kind}")
        archive.writestr("content.xml", "<x/>")
    return out.getvalue()


def picture(kind: str, size=(40, 20), **save) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "teal").save(out, kind, **save)
    return out.getvalue()


def sent(name: str, content: bytes):
    return SimpleUploadedFile(name, content, content_type="text/html")


@pytest.mark.parametrize(
    ("name", "content", "content_type"),
    [
        ("slides.PDF", PDF, "application/pdf"),
        ("a.docx", office("word/document.xml"), uploads.DOCUMENTS["docx"][0]),
        ("a.xlsx", office("xl/workbook.xml"), uploads.DOCUMENTS["xlsx"][0]),
        ("a.pptx", office("ppt/presentation.xml"), uploads.DOCUMENTS["pptx"][0]),
        (
            "a.docx",
            office("word/document.xml", "customXml/item.json", "word/a.js/item.xml"),
            uploads.DOCUMENTS["docx"][0],
        ),
        ("a.odp", open_document("presentation"), uploads.DOCUMENTS["odp"][0]),
        ("a.txt", "Siân".encode(), "text/plain; charset=utf-8"),
        ("a.png", picture("PNG"), "image/png"),
        ("a.jpeg", picture("JPEG"), "image/jpeg"),
    ],
)
def test_what_is_what_its_name_says_is_taken(name, content, content_type):
    assert check_upload(sent(name, content)).content_type == content_type


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.pdf", b"<html><script>alert(1)</script>", "not a pdf file"),
        ("a.pdf", b"", "empty"),
        ("a.html", b"<html>", "cannot be taken"),
        ("a.svg", b"<svg/>", "cannot be taken"),
        ("noextension", PDF, "cannot be taken"),
        ("a.docx", office("xl/workbook.xml"), "not a docx file"),
        ("a.docx", office("word/document.xml", "word/vbaProject.bin"), "macros"),
        *(
            ("a.docx", office("word/document.xml", name), "macros")
            for name in ("word/a.js", "A.JS. ", "a.jse", "a.vbs", "word/x.exe", "word/activeX/activeX1.xml")
        ),
        ("a.xlsx", b"PK\x03\x04broken", "not a xlsx file"),
        ("a.odt", open_document("spreadsheet"), "not a odt file"),
        ("a.txt", b"\x00\xff", "not a txt file"),
        ("a.png", picture("JPEG"), "cannot be read"),
        ("a.jpg", picture("JPEG")[:200], "cannot be read"),
    ],
)
def test_what_is_not_what_its_name_says_is_refused(name, content, words):
    with pytest.raises(UploadRefused) as refused:
        check_upload(sent(name, content))
    assert words in refused.value.sentence


def test_a_file_that_is_too_large_is_refused_before_it_is_read():
    with pytest.raises(UploadRefused):
        check_upload(sent("a.txt", b"x" * 2_000_001), max_bytes=2_000_000)


def test_a_picture_is_drawn_anew_without_what_it_hides():
    exif = Image.Exif()
    exif[0x010E] = "secret place"
    content = picture("JPEG", (3000, 300), exif=exif) + b"<script>hidden</script>"
    assert b"secret place" in content
    kept = check_upload(sent("a.jpg", content))
    assert b"secret place" not in kept.content
    assert b"hidden" not in kept.content
    with Image.open(io.BytesIO(kept.content)) as drawn:
        assert drawn.size == (2400, 240)


def test_a_picture_of_absurd_size_is_refused(monkeypatch):
    monkeypatch.setattr(uploads, "MAX_PIXELS", 100)
    with pytest.raises(UploadRefused):
        check_upload(sent("a.png", picture("PNG")))


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd.txt", "passwd.txt"),
        ("C:\\Users\\x\\Plan v2.docx", "Plan v2.docx"),
        ('a"\r\nX: y.pdf', "a___X_ y.pdf"),
        ("…", "_"),
        (".pdf", "pdf"),
    ],
)
def test_a_name_is_made_harmless(name, safe):
    assert safe_name(name) == safe
