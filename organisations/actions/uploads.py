"""Files that people give us: checked by name, content and size before anything is kept, for every app that takes some.

OWASP ASVS 5.0: 5.2.1 (size), 5.2.2 (extension and content agree), 5.2.6 (pictures of a sane size), 5.4.1 and 5.4.2 (our
own safe name on the way out). A picture is drawn anew, so that neither what it hides nor where it was taken goes on.
"""

import io
import re
import zipfile
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import PurePath

from django.core.files import File
from PIL import Image, ImageOps

from history.refusals import Refused

MEGABYTE = 1_000_000
MAX_BYTES = 20 * MEGABYTE
MAX_PIXELS = 40_000_000
LONGEST_SIDE = 2400
_MOST_PARTS = 5_000
_ACTIVE = re.compile(r"vbaProject\.bin|\.(?:exe|jse?|vb[es])[ .]*$|/activeX/", re.IGNORECASE)
"""Parts that run. An ending counts as a whole, however it is written: Windows passes over dots and spaces after it."""


class UploadRefused(Refused):
    """A file that is not taken. ``sentence`` says why and how to mend it."""

    def __init__(self, sentence: str) -> None:
        super().__init__()
        self.sentence = sentence


@dataclass(frozen=True)
class Upload:
    """A file that may be kept: its content (a picture drawn anew), a harmless name, and the type to serve it as."""

    content: bytes
    name: str
    content_type: str

    @property
    def size(self) -> int:
        return len(self.content)


def _is_pdf(content: bytes) -> bool:
    return content[:1024].lstrip().startswith(b"%PDF-") and b"%%EOF" in content[-2048:]


def _is_office(part: str) -> Callable[[bytes], bool]:
    """Return the check for an Office Open XML file whose main part lies under ``part`` and that holds no macros."""

    def check(content: bytes) -> bool:
        names = _names_in(content)
        return "[Content_Types].xml" in names and any(name.startswith(part) for name in names)

    return check


def _is_open_document(kind: str) -> Callable[[bytes], bool]:
    def check(content: bytes) -> bool:
        # ODF 1.2 part 3, 3.3: "mimetype" is the first part, stored as it is.
        return bool(_names_in(content)) and content[30:38] == b"mimetype" and kind.encode() in content[38:200]

    return check


def _names_in(content: bytes) -> list[str]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, ValueError, OSError):
        return []
    return [] if len(names) > _MOST_PARTS or any(_ACTIVE.search(name) for name in names) else names


def _is_text(content: bytes) -> bool:
    try:
        return "\x00" not in content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False


_OOXML = "application/vnd.openxmlformats-officedocument."
_ODF = "application/vnd.oasis.opendocument."
DOCUMENTS: dict[str, tuple[str, Callable[[bytes], bool]]] = {
    "pdf": ("application/pdf", _is_pdf),
    "docx": (f"{_OOXML}wordprocessingml.document", _is_office("word/")),
    "xlsx": (f"{_OOXML}spreadsheetml.sheet", _is_office("xl/")),
    "pptx": (f"{_OOXML}presentationml.presentation", _is_office("ppt/")),
    "odt": (f"{_ODF}text", _is_open_document(f"{_ODF}text")),
    "ods": (f"{_ODF}spreadsheet", _is_open_document(f"{_ODF}spreadsheet")),
    "odp": (f"{_ODF}presentation", _is_open_document(f"{_ODF}presentation")),
    "txt": ("text/plain; charset=utf-8", _is_text),
    "csv": ("text/csv; charset=utf-8", _is_text),
}
PICTURES = {"jpg": "JPEG", "jpeg": "JPEG", "png": "PNG", "webp": "WEBP"}
EVERY_KIND = (*DOCUMENTS, *PICTURES)
"""The extensions that can be taken."""


def check_upload(file: File, *, kinds: Collection[str] = EVERY_KIND, max_bytes: int = MAX_BYTES) -> Upload:
    """Return what may be kept of ``file`` (with its ``name`` as it was sent). Raises UploadRefused.

    ``kinds`` are extensions out of EVERY_KIND. The extension must be one of them, and the content must be of that kind;
    what the browser says about it counts for nothing.
    """
    if file.size > max_bytes:
        raise UploadRefused(f"The file is larger than {max_bytes // MEGABYTE} MB. Make it smaller, or split it.")
    content, name = file.read(), safe_name(file.name or "")
    if not content:
        raise UploadRefused("The file is empty.")
    extension = PurePath(name).suffix.lstrip(".").lower()
    if extension not in kinds:
        raise UploadRefused(f"This kind of file cannot be taken. Choose one of: {', '.join(kinds)}.")
    if extension in PICTURES:
        return _drawn_anew(content, name, PICTURES[extension])
    content_type, check = DOCUMENTS[extension]
    if not check(content):
        raise UploadRefused(f"What is in the file is not a {extension} file, or it holds macros. Save it again as one.")
    return Upload(content, name, content_type)


def safe_name(name: str) -> str:
    """Return the last part of ``name`` without anything that a file system or a header could trip over."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    kept = re.sub(r"[^\w .()&'’-]", "_", last, flags=re.UNICODE).strip(" .")
    stem, dot, extension = kept.rpartition(".")
    return f"{(stem or 'file')[:120]}.{extension[:10]}" if dot else (kept[:120] or "file")


def _drawn_anew(content: bytes, name: str, kind: str) -> Upload:
    try:
        with Image.open(io.BytesIO(content), formats=[kind]) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise UploadRefused("The picture has too many pixels. Make it smaller.")
            drawn = ImageOps.exif_transpose(picture)
            drawn.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
            if kind == "JPEG" or drawn.mode not in ("RGB", "RGBA", "L"):
                drawn = drawn.convert("RGBA" if "transparency" in drawn.info and kind != "JPEG" else "RGB")
            bare = Image.new(drawn.mode, drawn.size)
            bare.paste(drawn)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise UploadRefused("The picture cannot be read. Save it again as JPEG or PNG.") from error
    out = io.BytesIO()
    bare.save(out, kind, quality=88)
    return Upload(out.getvalue(), name, f"image/{kind.lower()}")
