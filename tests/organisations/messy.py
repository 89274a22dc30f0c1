"""A staff list as an HR system gives it: with everything that goes wrong in one, and what must become of it."""

import random
from dataclasses import dataclass, field

FIRST = [
    "Amina", "Bran", "Carys", "Dafydd", "Efua", "Farid", "Gwen", "Hana", "Idris", "Joan", "Kofi", "Lowri", "Mabel",
    "Nia", "Owain", "Priya", "Rhys", "Siân", "Una",
]  # fmt: skip
LAST = [
    "Samplewood", "Notreal", "Fictwell", "O’Sample", "Placeholder", "Makebelieve", "Pretendham", "Imaginary",
    "Inventor",
]  # fmt: skip
ORGANISATIONS = ["Wrenshire County Council", "Wren Valley NHS Trust", "Wrenshire Police", "Hearthside Homes"]
SPELLINGS = {"Wrenshire County Council": "Wrenshire CC", "Wren Valley NHS Trust": "WREN  VALLEY NHS TRUST"}
PROFESSIONS = ["Health visitor", "Social worker", "Police officer", "Housing officer", "Teacher"]
KINDS = ("good", "twice", "spelling", "second", "bad", "none", "left", "blank")
WEIGHTS = (80, 4, 2, 2, 3, 2, 3, 4)
AREAS = ["Melton", "Harborough", "Tolbury", "Ashfield"]


@dataclass
class Expected:
    """What must become of the rows of a messy list in an empty database."""

    new: int = 0
    duplicate: int = 0
    rejected: dict[str, int] = field(default_factory=dict)
    skipped: int = 0
    addresses: set[str] = field(default_factory=set)
    second_jobs: set[str] = field(default_factory=set)


def messy_staff_list(
    rows: int = 2_000, seed: int = 7, *, encoding: str = "cp1252", separator: str = ";"
) -> tuple[bytes, Expected]:
    """Return a file of ``rows`` rows and what is to be expected of it; the same for the same ``seed``.

    The organisation “Wrenshire CC” is known to nobody: decide that it is Wrenshire County Council.
    """
    chance, expected, lines = random.Random(seed), Expected(), []  # noqa: S311 - no secret
    head = [
        "Staff No.", "Forename", "SURNAME", "Work E-mail", "Employer", "Job Title", "Locality", "Leaving date", "Car",
    ]  # fmt: skip
    people: list[list[str]] = []
    for number in range(rows):
        kind = chance.choices(KINDS, WEIGHTS)[0]
        if kind in ("twice", "spelling", "second") and not people:
            kind = "good"
        lines.append(_row(kind, number, chance, people, expected))
    text = "\r\n".join(separator.join(_quoted(cell, separator) for cell in row) for row in [head, *lines]) + "\r\n"
    return text.encode(encoding), expected


def _row(kind: str, number: int, chance: random.Random, people: list[list[str]], expected: Expected) -> list[str]:
    if kind == "blank":
        return [""] * 9
    if kind in ("twice", "spelling", "second"):
        return _again(kind, chance.choice(people), expected)
    first, last = chance.choice(FIRST), chance.choice(LAST)
    organisation = chance.choice(ORGANISATIONS)
    written = SPELLINGS.get(organisation, organisation) if chance.random() < 0.2 else organisation
    row = [f"{number:06d}", first, last, f" Person{number}@Example.org", written, chance.choice(PROFESSIONS),
           chance.choice(AREAS), "", "yes"]  # fmt: skip
    if kind == "bad":
        row[3] = chance.choice([f"person{number}@", "not known", f"person {number} at example.org", "a@b@example.org"])
        return _rejected("not an e-mail address", row, expected)
    if kind == "none":
        row[1] = row[2] = ""
        return _rejected("There is no name", row, expected)
    if kind == "left":
        row[7] = "31/03/2020"
        expected.skipped += 1
        return row
    people.append(row)
    expected.new += 1
    expected.addresses.add(row[3].strip().lower())
    return row


def _again(kind: str, row: list[str], expected: Expected) -> list[str]:
    again = list(row)
    if kind == "spelling":
        again[1], again[2] = row[1][:1] + ".", row[2].upper()
    if kind in ("twice", "spelling"):
        expected.duplicate += 1
        return again
    # The same person with a second job counts as known, because the first row makes them.
    again[5] = "Coordinator of volunteers"
    if row[3] in expected.second_jobs:
        expected.duplicate += 1
    else:
        expected.second_jobs.add(row[3])
        expected.new += 1
    return again


def _rejected(sentence: str, row: list[str], expected: Expected) -> list[str]:
    expected.rejected[sentence] = expected.rejected.get(sentence, 0) + 1
    return row


def _quoted(cell: str, separator: str) -> str:
    return f'"{cell}"' if separator in cell or '"' in cell else cell
