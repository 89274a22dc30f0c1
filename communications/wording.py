"""The words of a post as a page, a mail and a file: Markdown in which ``![](2)`` stands for the second picture."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

from messaging.markdown import parse, to_html, to_text

_PICTURE = re.compile(r"!\[([^\]\n]*)\]\(\s*(\d{1,4})\s*\)")


def pictures_named(words: str) -> list[str]:
    """Return what stands as the source of each picture in ``words``: numbers of the series, if all is well."""
    return [
        str(child.attrs.get("src", ""))
        for token in parse(words)
        for child in token.children or []
        if child.type == "image"
    ]


def numbers_in(words: str) -> set[int]:
    """Return the numbers of the pictures that ``words`` show."""
    return {int(source) for source in pictures_named(words) if _is_number(source)}


def faults_of(words: str, numbers: set[int]) -> list[str]:
    """Return a sentence for each picture in ``words`` that is none of the ``numbers`` of the series."""
    faults = []
    for source in pictures_named(words):
        if not _is_number(source):
            faults.append(
                "A picture is named by its number, for example ![](1). Add it to the pictures of the series first"
            )
        elif int(source) not in numbers:
            faults.append(f"There is no picture {int(source)} in this series")
    if any(_is_number(source) for source in pictures_named(_PICTURE.sub("", words))):
        faults.append("Write a picture like ![words](1): words without brackets on one line, then its number alone")
    return list(dict.fromkeys(faults))


def html_of(words: str, tag: Callable[[int, str], str], *, top: int = 2) -> SafeString:
    """Return safe HTML of ``words``; ``tag(number, words)`` returns what shows a picture, "" for its words alone."""
    html = to_html(words, top=top, picture=lambda source, said: tag(int(source), said) if _is_number(source) else "")
    return mark_safe(html)  # noqa: S308 - cleaned by an allow-list just now


def worded_html_of(words: str, pictures: Mapping[int, str]) -> SafeString:
    """Return safe HTML of ``words`` without pictures: the words of each stand in brackets, as in ``text_of``."""
    return html_of(words, lambda number, said: escape(_worded(said, number, pictures)))


def text_of(words: str, pictures: Mapping[int, str]) -> str:
    """Return ``words`` as plain text, with the words of each picture in brackets; ``pictures`` are those by number."""
    return to_text(_PICTURE.sub(lambda found: _worded(found[1], int(found[2]), pictures), words))


def markdown_of(words: str, pictures: Mapping[int, tuple[str, str]]) -> str:
    """Return ``words`` with each picture named by its file: ``pictures`` are words and file by number."""

    def named(found: re.Match) -> str:
        known = pictures.get(int(found[2]))
        return f"![{found[1].strip() or _one_line(known[0])}]({known[1]})" if known else found[1]

    return _PICTURE.sub(named, words)


def picture_tag(picture: Any, said: str, base: str = "") -> str:
    """Return the tag of ``picture`` (its files loaded) with ``said`` or its own words; ``base`` before its path."""
    files = list(picture.files.all())
    if not files:
        return ""
    shown = next((file for file in files if file.width >= 960), files[-1])
    return format_html(
        '<img src="{}" srcset="{}" sizes="(max-width: 42rem) 100vw, 40rem" width="{}" height="{}" alt="{}">',
        address_of(picture, shown.width, base),
        ", ".join(f"{address_of(picture, file.width, base)} {file.width}w" for file in files),
        shown.width,
        shown.height,
        said.strip() or picture.words,
    )


def address_of(picture: Any, width: int, base: str = "") -> str:
    """Return where a picture lies in one width."""
    return f"{base}/pictures/{picture.pk}/{width}/"


def _worded(said: str, number: int, pictures: Mapping[int, str]) -> str:
    words = said.strip() or pictures.get(number, "")
    return f"(Picture: {_one_line(words)})" if words else ""


def _one_line(words: str) -> str:
    return " ".join(words.replace("[", "(").replace("]", ")").split())


def _is_number(source: str) -> bool:
    return source.isascii() and source.isdecimal() and len(source) < 5
