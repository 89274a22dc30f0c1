"""What must not stand in words that everybody reads: names of people, addresses, and figures that point at a few.

Pure functions over words; who is known is asked in ``queries/telling.py``. Small figures: under five people are never
counted in public (docs/adr/0068); 1 to 4 are refused, none is not a figure about anybody.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from surveys.suppression import SMALLEST_NUMBER

_SMALL = f"[1-{SMALLEST_NUMBER - 1}]"
_WORD = re.compile(r"[^\W\d_]+(?:[’'-][^\W\d_]+)*")
_TITLES = {"mr", "mrs", "ms", "miss", "mx", "dr", "prof", "professor", "sir", "dame", "sister", "rev"}
_LEFT_OUT = {"de", "van", "von", "der", "den", "la", "le", "al", "el", "bin", "binti", "da", "di", "du", "of", "the"}


class Why(StrEnum):
    """Why something may not be published, in words."""

    NAME = "a name"
    PART = "a name, or a word that is also one"
    ADDRESS = "an address"
    STREET = "a street"
    NUMBER = "a number that points at somebody"
    CELL = "a figure under five"
    FEW = "a figure under five, in words"
    MOVED = "out of date"


@dataclass(frozen=True)
class Finding:
    """One thing that may not be published: what it is, its very words, and where it stands."""

    why: Why
    words: str
    where: str

    @property
    def may_mean_otherwise(self) -> bool:
        """Whether a person may say that it means something else here: May, High Road; "we send two people"."""
        return self.why in (Why.PART, Why.FEW, Why.STREET)


def found_in(text: str, where: str, names: Iterable[str], meant_otherwise: Iterable[str] = ()) -> list[Finding]:
    """Return what may not be published of ``text``, in the order it stands there, each once.

    ``names`` are full names of people; ``meant_otherwise`` what a person has said means something else.
    """
    otherwise = {fold(word) for word in meant_otherwise}
    rows = sorted(
        [*_names(text, names, otherwise), *_addresses(text, otherwise),
         *_patterns(text, _NUMBERS, Why.NUMBER), *_cells(text, otherwise)],
    )  # fmt: skip
    return list(dict.fromkeys(Finding(why, words, where) for _, why, words in rows))


def fold(word: str) -> str:
    """Return ``word`` in small letters without accents, as names are compared: "Zoë" and "ZOE" are one."""
    plain = unicodedata.normalize("NFKD", word.casefold().replace("’", "'"))
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


def says(text: str, words: str) -> bool:
    """Return whether ``words`` stand in ``text``, folded and whole: "May" does not stand in "mayor"."""
    return re.search(rf"(?<!\w){re.escape(fold(words))}(?!\w)", fold(text)) is not None


def words_of(text: str) -> set[str]:
    """Return the words of ``text``, folded, those joined by a hyphen also one by one."""
    found = {fold(word) for word in _WORD.findall(text)}
    return found | {part for word in found for part in word.removesuffix("'s").split("-")}


Row = tuple[int, Why, str]
Spot = tuple[int, int, str, str]


def _names(text: str, names: Iterable[str], otherwise: set[str]) -> Iterator[Row]:
    """Yield names in full, in either order, after a title or an initial; else each capitalised part of one."""
    spots = [(match.start(), match.end(), match.group(), _bare(match.group())) for match in _WORD.finditer(text)]
    parts = {tuple(_bare(word) for word in _WORD.findall(name)) for name in names}
    single = {part for name in parts for part in name if len(part) > 2 and part not in _LEFT_OUT}
    full = {(name[0], name[-1]) for name in parts if len(name) > 1}
    known_last = {name[-1] for name in parts if len(name) > 1}
    covered: set[int] = set()
    for place, (start, end, _, word) in enumerate(spots):
        for size in (2, 3, 4):
            there = spots[place : place + size]
            pair = (word, there[-1][3])
            is_turned = size == 2 and pair[::-1] in full and "," in text[end : there[-1][0]]
            if len(there) == size and (is_turned or (pair in full and _inner(there))) and _together(text, there):
                yield start, Why.NAME, text[start : there[-1][1]]
                covered.update(range(place, place + size))
                break
        if place in covered or place == 0:
            continue
        before = spots[place - 1]
        is_initial = (
            len(before[3]) == 1
            and before[2].isupper()
            and any(first.startswith(before[3]) and last == word for first, last in full)
        )
        is_titled = before[3] in _TITLES and word in known_last
        if (is_initial or is_titled) and _together(text, [before, spots[place]]):
            yield before[0], Why.NAME, text[before[0] : end]
            covered.add(place)
    for place, (start, _, shown, word) in enumerate(spots):
        if place not in covered and word in single and shown[0].isupper() and word not in otherwise:
            yield start, Why.PART, shown


def _inner(spots: list[Spot]) -> bool:
    """Return whether what stands between first and last name can be a part of it."""
    return all(shown[0].isupper() or word in _LEFT_OUT for _, _, shown, word in spots[1:-1])


def _bare(word: str) -> str:
    return fold(word).removesuffix("'s")


def _together(text: str, spots: list[Spot]) -> bool:
    """Return whether nothing but spaces, commas and dots stands between the words."""
    gaps = [text[one[1] : two[0]] for one, two in pairwise(spots)]
    return all(re.fullmatch(r"[.,]?\s{1,3}|\.", gap) for gap in gaps)


_STREETS = (
    "street|st|road|rd|lane|ln|avenue|ave|close|drive|way|court|crescent|gardens|terrace|place|square|grove|hill|row|"
    "walk|mews|park|view|rise|green|parade"
)
_ADDRESSES = (
    re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"),
    # A postcode: BS 7666, as in the government's data standards catalogue; small letters too.
    re.compile(r"\b[A-Z]{1,2}\d[A-Z\d]?\s*\d[ABD-HJLNP-UW-Z]{2}\b", re.IGNORECASE),
    re.compile(rf"\b\d{{1,4}}[a-z]?,?\s+(?:[A-Z][\w’'-]+\s+){{1,3}}(?i:{_STREETS})\b"),
    re.compile(r"\b(?i:flat|apartment|unit)\s+\d{1,4}[a-z]?\b"),
)
# A street without a number says where somebody lives, or is the name of an office: a person decides.
_NAMED_STREET = re.compile(
    r"\b(?:[A-Z][\w’'-]*\s+){1,3}(?:Street|Road|Lane|Avenue|Close|Drive|Crescent|Gardens|Terrace|Grove|Mews)\b"
)
_NUMBERS = (
    # United Kingdom telephone numbers (Ofcom: 10 or 11 digits from 0), also with brackets, and NHS numbers (3 3 4).
    re.compile(r"(?<![\w+])\(?(?:\+44\s?(?:\(0\)\s?)?|0)(?:\d\)?[\s.-]?){9,10}(?!\d)"),
    re.compile(r"(?<!\d)\d{3}[\s-]?\d{3}[\s-]?\d{4}(?!\d)"),
    re.compile(r"\b[A-CEGHJ-PR-TW-Z]{2}\s?\d{2}\s?\d{2}\s?\d{2}\s?[A-D]\b"),
    # A day of birth.
    re.compile(r"\b(?i:born|dob|d\.o\.b\.|date of birth)\b.{0,20}\d{4}"),
)


def _addresses(text: str, otherwise: set[str]) -> Iterator[Row]:
    found = list(_patterns(text, _ADDRESSES, Why.ADDRESS))
    yield from found
    for start, why, words in _patterns(text, (_NAMED_STREET,), Why.STREET):
        is_covered = any(at < start + len(words) and start < at + len(other) for at, _, other in found)
        if not is_covered and fold(words) not in otherwise:
            yield start, why, words


def _patterns(text: str, patterns: Iterable[re.Pattern], why: Why) -> Iterator[Row]:
    taken: list[tuple[int, int]] = []
    for pattern in patterns:
        for match in pattern.finditer(text):
            if not any(start < match.end() and match.start() < end for start, end in taken):
                taken.append(match.span())
                yield match.start(), why, match.group().strip()


_PEOPLE = (
    "people|persons?|practitioners?|professionals?|workers?|staff|colleagues?|nurses?|visitors?|midwi(?:fe|ves)|"
    "officers?|teachers?|doctors?|gps?|managers?|volunteers?|famil(?:y|ies)|mothers?|fathers?|parents?|child(?:ren)?|"
    "girls?|boys?|wom[ae]n|m[ae]n|patients?|clients?|residents?|tenants?|victims?|attenders?|respondents?|members?|"
    "carers?|pupils?|students?|learners?|adults?|bab(?:y|ies)|infants?|teenagers?|siblings?|brothers?|sisters?|"
    "households?|individuals?|employees?|users?|others|cases?|referrals?|"
    "of (?:us|them|you)|(?:who|that) (?:asked|attended|came|said)"
)
_FEW = re.compile(
    rf"(?<![\w.,/:£–-])(?:{_SMALL}|one|two|three|four)(?![\d.,:/%]*\d|%|\s*%)[\s–-]+"
    rf"(?:\(?[\w’'-]+\)?\s+){{0,2}}?(?:{_PEOPLE})\b",
    re.IGNORECASE,
)
_CAME = re.compile(
    rf"(?<![\w.,/:£-])(?<!question )(?<!number )(?:{_SMALL}|one|two|three|four)\s+(?:(?:have|has|had)\s+)?"
    r"(?:attended|came|turned up|took part|replied|responded|declined|disagreed|agreed|asked|said|complained|voted)\b",
    re.IGNORECASE,
)
_HARDLY_ANY = re.compile(
    rf"\b(?:an?|the|one)\s+(?:single|lone|couple of|pair of|handful of)\s+(?:[\w’'-]+\s+)?(?:{_PEOPLE})\b",
    re.IGNORECASE,
)
_ONLY = re.compile(rf"(?<=[|\t])[ ]*{_SMALL}[ ]*(?=[|\t\n]|$)")
_SHARE = re.compile(rf"(?<![\w.,/£-]){_SMALL}\s+(?:of|out of|in)\s+\d+\b", re.IGNORECASE)


def _cells(text: str, otherwise: set[str]) -> Iterator[Row]:
    """Yield figures from one to four that count people, stand alone in the cell of a table, or are a part of some."""
    for start, _, words in _patterns(text, (_FEW, _CAME, _HARDLY_ANY, _SHARE, _ONLY), Why.CELL):
        if words[0].isdigit():
            yield start, Why.CELL, words
        elif fold(words) not in otherwise:
            yield start, Why.FEW, words
