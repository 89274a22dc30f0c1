"""A post to take along: one ZIP with its words as Markdown, text and HTML, its pictures, the credit line in each."""

import io
import zipfile
from collections.abc import Mapping
from datetime import datetime

from django.template.loader import render_to_string
from django.utils.html import format_html

from communications.licences import CreditRule
from communications.models import Picture, Post
from communications.wording import html_of, markdown_of, text_of

_SUFFIXES = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"}


def credit_of(post: Post, address: str) -> str:
    """Return the line that goes with ``post`` wherever it is used; ``address`` is its absolute one."""
    series = post.series
    licence = f"{series.terms.short}, {series.terms.url}" if series.terms.url else series.terms.short
    line = series.credit_line.rstrip(". ")
    return f"“{post.title}”, from “{series.title}”. {line}. {licence}. First published at {address}"


def bundle(post: Post, pictures: Mapping[int, Picture], address: str) -> bytes:
    """Return the ZIP of ``post`` (its series loaded); ``pictures`` are those it shows, by number, with their files.

    The same post gives the same bytes.
    """
    files = {number: f"pictures/{number}.{_SUFFIXES[picture.content_type]}" for number, picture in pictures.items()}
    named = {number: (picture.words, files[number]) for number, picture in pictures.items()}
    credit = credit_of(post, address)
    credits = [f"Picture {number}: {each.credit}" for number, each in sorted(pictures.items()) if each.credit]
    lines = [credit, *credits]
    markdown = f"# {post.title}\n\n{_part(post.lead)}{markdown_of(post.words, named)}\n\n---\n\n" + "\n\n".join(lines)
    text = text_of(post.words, {number: picture.words for number, picture in pictures.items()})
    plain = f"{post.title}\n\n{_part(post.lead)}{text}\n\n--\n" + "\n".join(lines)

    def tag(number: int, said: str) -> str:
        known = named.get(number)
        return format_html('<img src="{}" alt="{}">', known[1], said.strip() or known[0]) if known else ""

    html = render_to_string(
        "communications/taken.html", {"post": post, "body": html_of(post.words, tag), "lines": lines}
    )
    parts = [
        ("post.md", markdown + "\n"),
        ("post.txt", plain + "\n"),
        ("post.html", html),
        ("READ ME.txt", _read_me(post, lines)),
    ]
    out = io.BytesIO()
    moment = post.corrected_at or post.published_at
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, words in parts:
            archive.writestr(_entry(name, moment), words.encode())
        for number, picture in sorted(pictures.items()):
            largest = list(picture.files.all())[-1]
            with largest.file.open("rb") as content:
                archive.writestr(_entry(files[number], moment), content.read())
    return out.getvalue()


def _read_me(post: Post, lines: list[str]) -> str:
    series = post.series
    rules = {
        CreditRule.REQUIRED: "Put this line beside the post, wherever you use it:",
        CreditRule.REQUESTED: "Please put this line beside the post, wherever you use it:",
        CreditRule.NOT_NEEDED: "No credit is needed. If you give it, this is the line:",
    }
    return (
        "\n\n".join(
            [
                f"{post.title}, from {series.title}",
                f"{series.terms.short}: {series.terms.sentence}",
                rules[CreditRule(series.credit_rule)],
                "\n".join(lines),
                f"For more than that, ask {series.ask_whom}." if series.ask_whom else "",
            ]
        ).strip()
        + "\n"
    )


def _part(words: str) -> str:
    return f"{words}\n\n" if words else ""


def _entry(name: str, moment: datetime) -> zipfile.ZipInfo:
    made = zipfile.ZipInfo(name, moment.timetuple()[:6])
    made.compress_type = zipfile.ZIP_DEFLATED
    return made
