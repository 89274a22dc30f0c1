"""What a staff list says: heads with their synonyms, and cells made into clean values. Plain functions, no database.

Source: the contract of staff-list files (README, "Staff lists").
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

SYNONYMS = {
    "email": ("email", "e-mail", "email address", "e-mail address", "work email", "work e-mail", "mail"),
    "name": ("name", "full name", "staff name", "employee name", "employee"),
    "first_name": ("first name", "forename", "given name", "firstname", "christian name"),
    "last_name": ("last name", "surname", "family name", "lastname"),
    "organisation": ("organisation", "organization", "employer", "org", "agency", "trust", "company"),
    "profession": ("profession", "job title", "role", "occupation", "position", "post", "job"),
    "area": ("area", "areas", "locality", "district", "base", "patch", "team area", "location"),
    "staff_number": ("staff number", "staff no", "employee number", "employee no", "payroll number", "staff id",
                     "assignment number", "employee id"),
    "until": ("leaving date", "leave date", "end date", "last day", "left on", "leaver"),
}  # fmt: skip
"""What each head may be called, in small letters; punctuation and spaces beside one another count as one space."""

FIELDS = {head: name for name, heads in SYNONYMS.items() for head in heads}
LABELS = {
    "email": "E-mail address",
    "name": "Full name",
    "first_name": "First name",
    "last_name": "Last name",
    "organisation": "Organisation",
    "profession": "Profession",
    "area": "Area",
    "staff_number": "Staff number",
    "until": "Leaving date",
}
_USUAL_ADDRESS = re.compile(r"[a-z0-9_+-]+(?:\.[a-z0-9_+-]+)*@(?:[a-z0-9]+(?:-[a-z0-9]+)*\.)+[a-z]{2,}")
"""What nearly every address looks like; all of it is valid, and said so ten times quicker."""
_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_DATES = ("%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y", "%d/%m/%y", "%d %B %Y", "%d %b %Y", "%Y-%m-%d %H:%M:%S")


class WrongHead(ValueError):
    """The first row is not a head that can be used; its text says what is missing, in a sentence."""


@dataclass(frozen=True)
class Head:
    """Which column holds what: field name to position, the heads as they stand, and those that are not used."""

    positions: dict[str, int]
    words: dict[str, str]
    unused: list[str]


@dataclass(slots=True)
class Cleaned:
    """One row in clean values; ``problem`` says why it cannot be used, or is empty."""

    name: str = ""
    email: str = ""
    staff_number: str = ""
    organisation: str = ""
    profession: str = ""
    areas: tuple[str, ...] = ()
    until: date | None = None
    problem: str = ""


def plain(text: str) -> str:
    """Return ``text`` with characters that cannot be seen taken out and spaces made single."""
    if text.isprintable():  # nearly every cell, and ten times quicker
        return " ".join(text.split())
    seen = "".join(" " if c.isspace() else c for c in text if c.isspace() or unicodedata.category(c) not in _UNSEEN)
    return " ".join(seen.split())


def key_of_name(text: str) -> str:
    """Return by what a name is compared: small letters, single spaces, "&" as "and", no full stops or apostrophes."""
    folded = unicodedata.normalize("NFKC", plain(text)).casefold().replace("&", " and ").replace("’", "'")
    return " ".join(re.sub(r"[.,']", "", folded).split())


def head_of(cells: Sequence[str]) -> Head:
    """Return what the first row says of the columns.

    Raises WrongHead where neither an address nor a staff number, or no name is among them, or one stands there twice.
    """
    positions: dict[str, int] = {}
    words: dict[str, str] = {}
    unused: list[str] = []
    for position, cell in enumerate(cells):
        name = FIELDS.get(" ".join(re.sub(r"[^a-z0-9-]+", " ", plain(cell).casefold()).split()))
        if name is None:
            unused += [plain(cell)] if plain(cell) else []
        elif name in positions:
            raise WrongHead(
                f"Two columns are both understood as {LABELS[name].lower()}: “{words[name]}” and “{plain(cell)}”. "
                "Keep one of them."
            )
        else:
            positions[name], words[name] = position, plain(cell)
    _check_head(positions, cells)
    return Head(positions, words, unused)


def _check_head(positions: dict[str, int], cells: Sequence[str]) -> None:
    if "name" not in positions and not {"first_name", "last_name"} <= set(positions):
        shown = ", ".join(f"“{plain(cell)[:40]}”" for cell in cells[:6] if plain(cell)) or "nothing"
        raise WrongHead(
            "The first row must be the heads of the columns, with “name”, or “first name” and “last name”. "
            f"It says {shown}."
        )
    if "email" not in positions and "staff_number" not in positions:
        raise WrongHead("There is no column “email” (or “staff number”): without it nobody can be told apart.")


def clean_row(head: Head, cells: Sequence[str]) -> Cleaned:
    """Return the clean values of one row, with the first thing that makes it unusable as its problem."""
    width = len(cells)
    found = {name: plain(cells[position]) for name, position in head.positions.items() if position < width}
    row = Cleaned(
        name=_name(found),
        email=found.get("email", "").replace(" ", "").removeprefix("mailto:").lower(),
        staff_number=found.get("staff_number", ""),
        organisation=found.get("organisation", ""),
        profession=found.get("profession", ""),
        areas=_areas(found.get("area", "")),
    )
    row.problem = _problem(row)
    if not row.problem:
        row.until, row.problem = _until(found.get("until", ""))
    return row


@lru_cache(10_000)  # a list names few, in many rows
def _areas(text: str) -> tuple[str, ...]:
    return tuple(area for part in text.replace("|", ";").split(";") if (area := part.strip()))


def _name(found: dict[str, str]) -> str:
    whole = found.get("name")
    if not whole:
        return f"{found.get('first_name', '')} {found.get('last_name', '')}".strip()
    # "Sample, Amina" is how payroll writes it.
    last, comma, first = whole.partition(",")
    return f"{first.strip()} {last.strip()}".strip() if comma and "," not in first else whole


def _problem(row: Cleaned) -> str:
    if not row.name:
        return "There is no name."
    if len(row.name) > 300 or len(row.organisation) > 300 or len(row.profession) > 200 or len(row.staff_number) > 60:
        limits = (("name", 300), ("organisation", 300), ("profession", 200), ("staff_number", 60))
        name, most = next(each for each in limits if len(getattr(row, each[0])) > each[1])
        return f"{LABELS[name]} has more than {most} characters."
    if max(map(len, row.areas), default=0) > 200:
        return "An area has more than 200 characters."
    if row.email and not _is_address(row.email):
        return f"“{row.email[:80]}” is not an e-mail address."
    if not row.email and not row.staff_number:
        return "There is no e-mail address."
    return ""


def _is_address(text: str) -> bool:
    if len(text) > 254 or not text.isascii():
        return False
    if _USUAL_ADDRESS.fullmatch(text) and len(text) - text.index("@") <= 64:  # no label is longer than 63 then
        return True
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True


def _until(text: str) -> tuple[date | None, str]:
    """Return the day somebody leaves, and why that cannot be read, or ""."""
    if not text or text.casefold() in ("no", "n", "-", "n/a"):
        return None, ""
    for form in _DATES:
        try:
            return datetime.strptime(text, form).date(), ""  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    return None, f"“{text[:40]}” is not a date. Write it as 31/03/2027."
