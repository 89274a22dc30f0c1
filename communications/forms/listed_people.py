"""A pasted list of people: name, e-mail address, organisation, profession, one person a line."""

import re
from collections.abc import Sequence

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from communications.actions.bilateral import ListedPerson
from face.forms import is_unseen

MOST_LINES = 200
_SEPARATOR = re.compile(r"\s*[\t;,|]\s*")
_BRACKETS = re.compile(r"^(?P<name>.*?)\s*<(?P<address>[^<>]*)>\s*(?P<rest>.*)$")
_HEADS = re.compile(r"e-?mail|address", re.IGNORECASE)


def read_people(text: str, organisations: Sequence[str]) -> tuple[list[ListedPerson], list[str]]:
    """Return the people of ``text`` and a sentence with its line number for each line that cannot be used.

    Parts are parted by tabs, semicolons, commas or bars; "Name <address>" is read too. The organisation is one of
    ``organisations``: its name, part of it, or its initials. What is left is the profession. Empty lines and a line
    of headings are passed over.
    """
    people: list[ListedPerson] = []
    problems: list[str] = []
    seen: dict[str, int] = {}
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    if len(lines) > MOST_LINES:
        return [], [f"The list has {len(lines)} lines. Enter at most {MOST_LINES}, or import a staff list"]
    for number, line in lines:
        if not people and not problems and "@" not in line and _HEADS.search(line):
            continue
        found = _person(number, line, organisations)
        if isinstance(found, str):
            problems.append(f"Line {number}: {found}")
        elif found.email in seen:
            problems.append(f"Line {number}: {found.email} stands on line {seen[found.email]} already")
        else:
            seen[found.email] = number
            people.append(found)
    return people, problems


def _person(number: int, line: str, organisations: Sequence[str]) -> ListedPerson | str:
    if any(is_unseen(character) and character != "\t" for character in line):
        return "there is a character that cannot be seen. Type the line again"
    parts = _parts(line)
    place = next((index for index, part in enumerate(parts) if "@" in part), None)
    if place is None:
        return "there is no e-mail address. Write name, e-mail address, organisation, profession"
    address = parts.pop(place).lower()
    if not _is_address(address):
        return f"{address[:80]} is not an e-mail address in the form name@example.org"
    return _rest(number, address, parts, place, organisations)


def _rest(number: int, address: str, parts: list[str], place: int, organisations: Sequence[str]) -> ListedPerson | str:
    # A name stands before its address, or else first of what is left.
    name = " ".join(parts[:place]) if place else (parts[0] if parts else "")
    rest = parts[place:] if place else parts[1:]
    if not name:
        return f"there is no name beside {address}"
    chosen = next((found for part in rest if (found := _organisation(part, organisations))), None)
    if chosen is None:
        return f"say whether {name[:80]} works for {organisations[0]} or {organisations[1]}"
    other = [part for part in rest if _organisation(part, organisations) != chosen]
    if len(name) > 300 or len(", ".join(other)) > 200:
        return "the name or the profession is too long. Shorten it"
    return ListedPerson(number, name, address, chosen, ", ".join(other))


def _parts(line: str) -> list[str]:
    match = _BRACKETS.match(line)
    if match:
        line = "\t".join((match["name"], match["address"], match["rest"].lstrip("\t;,| ")))
        return [part.strip("\"' ") for part in re.split(r"[\t;|]|(?<=\S),", line) if part.strip("\"' ")]
    return [part.strip("\"' ") for part in _SEPARATOR.split(line) if part.strip("\"' ")]


def _is_address(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return len(text) <= 254


def _organisation(text: str, organisations: Sequence[str]) -> str | None:
    """Return the organisation that ``text`` means: by its name, else the only one it is a part or the initials of."""
    typed = text.casefold()
    for name in organisations:
        if name.casefold() == typed:
            return name
    if len(typed) < 2:
        return None
    near = [name for name in organisations if typed in name.casefold() or typed == _initials(name)]
    return near[0] if len(near) == 1 else None


def _initials(name: str) -> str:
    return "".join(word[0] for word in re.findall(r"\w+", name)).casefold()
