"""A published version as an accessible PDF. Nothing is kept: it is made when asked for.

The page is laid out by templates/commitments/guidance.typ. What it says goes there as JSON, so that no word is ever
read as mark-up of the layout. PDF/UA-1 (ISO 14289-1): tagged, with a title and a language.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

import typst
from django.conf import settings
from markdown_it.token import Token

from commitments.models import GuidanceVersion
from face.dates import day_plain
from messaging.markdown import SCHEMES, parse

_LAYOUT = Path("templates") / "commitments" / "guidance.typ"
_DEEPEST = 6
"""How deep lists and quotations are laid out inside one another; what lies deeper stands as plain paragraphs."""
_LONGEST_ADDRESS = 2_000
"""The longest address of a link, in characters: the layout refuses longer ones, and the whole document with them."""

Block = dict[str, Any]
_STYLES = {"strong": "strong", "em": "em", "s": "strike"}


def document_of(version: GuidanceVersion, *, facts: list[tuple[str, str]], matrix: dict[str, Any] | None) -> bytes:
    """Return ``version`` as a PDF, with ``facts`` (name, value) before its words and who has endorsed it after.

    ``matrix``, where it stands on agreements: {"lead", "agreements": [[name, words]], "tables": [{"head": [words],
    "rows": [[words]]}]}.

    Words in letters that the fonts at hand do not have still stand in the text of the file; that file alone claims no
    standard.
    """
    says = {
        "title": f"{version.title}, version {version.number}",
        "heading": version.title,
        "issuer": settings.SITE_OWNER or settings.SITE_NAME,
        "colour": settings.BRAND_COLOUR,
        "lead": f"Version {version.number}, published on {day_plain(version.published_at)}",
        "facts": facts,
        "note": blocks_of(version.note, top=3),
        "sections": [
            {"title": each["title"], "blocks": blocks_of(each["words"], top=3)} for each in version.sections
        ],
        "matrix": matrix,
    }  # fmt: skip
    inputs = {"guidance": json.dumps(says)}
    try:
        return typst.compile(_layout(), format="pdf", pdf_standards=["ua-1"], sys_inputs=inputs)
    except typst.TypstError:
        return typst.compile(_layout(), format="pdf", sys_inputs=inputs)


def blocks_of(text: str, *, top: int) -> list[Block]:
    """Return Markdown as the layout takes it: blocks with their words, never a word as mark-up.

    The highest heading is of level ``top``, and none is skipped. Pictures stand as their words.
    """
    tokens = parse(text)
    _level(tokens, top)
    blocks, _ = _read(tokens, 0, "", 0)
    return blocks


def _level(tokens: list[Token], top: int) -> None:
    levels = sorted({int(token.tag[1]) for token in tokens if token.type == "heading_open"})
    level = top - 1
    for token in tokens:
        if token.type == "heading_open":
            level = min(top + levels.index(int(token.tag[1])), level + 1, 6)
            token.meta["level"] = level


def _read(tokens: list[Token], at: int, until: str, depth: int) -> tuple[list[Block], int]:
    """Return the blocks from ``at`` up to the token of type ``until``, and where to go on after it."""
    blocks: list[Block] = []
    while at < len(tokens):
        token = tokens[at]
        at += 1
        if token.type == until:
            break
        kind = token.type.removesuffix("_open")
        if kind == "heading":
            words = _words(tokens[at])
            blocks += [{"kind": "heading", "level": token.meta["level"], "words": words}] if words else []
            at += 2
        elif kind == "paragraph":
            blocks.append({"kind": "paragraph", "words": _words(tokens[at])})
            at += 2
        elif kind in ("fence", "code_block"):
            blocks.append({"kind": "code", "text": token.content.rstrip("\n")})
        elif kind == "hr":
            blocks.append({"kind": "rule"})
        elif kind == "table":
            table, at = _table(tokens, at)
            blocks.append(table)
        elif kind in ("bullet_list", "ordered_list", "blockquote", "list_item"):
            inside, at = _read(tokens, at, f"{kind}_close", depth + 1)
            blocks += _container(kind, token, inside, depth)
    return blocks, at


def _container(kind: str, token: Token, inside: list[Block], depth: int) -> list[Block]:
    if depth >= _DEEPEST:
        return [line for block in inside for line in (block["blocks"] if block["kind"] == "item" else [block])]
    if kind == "list_item":
        return [{"kind": "item", "blocks": inside}]
    if kind == "blockquote":
        return [{"kind": "quote", "blocks": inside}]
    items = [each["blocks"] if each["kind"] == "item" else [each] for each in inside]
    ordered = kind == "ordered_list"
    return [{"kind": "list", "ordered": ordered, "start": int(token.attrs.get("start", 1)), "items": items}]


def _table(tokens: list[Token], at: int) -> tuple[Block, int]:
    rows: list[list[Any]] = []
    while tokens[at].type != "table_close":
        if tokens[at].type == "tr_open":
            rows.append([])
        elif tokens[at].type == "inline":
            rows[-1].append(_words(tokens[at]))
        at += 1
    return {"kind": "table", "head": rows[0], "rows": rows[1:]}, at + 1


def _words(inline: Token) -> list[Block]:
    """Return what stands in one line of words: runs of text with their look, links with their address."""
    found: list[Block] = []
    looks: list[str] = []
    address = ""
    for token in inline.children or []:
        kind = token.type.removesuffix("_open").removesuffix("_close")
        if kind in _STYLES:
            looks = [*looks, _STYLES[kind]] if token.nesting > 0 else looks[:-1]
        elif token.type == "link_open":
            address = _safe(str(token.attrs.get("href", "")))
        elif token.type == "link_close":
            address = ""
        elif token.type in ("softbreak", "hardbreak"):
            found.append({"text": "\n" if token.type == "hardbreak" else " ", "looks": [], "link": ""})
        else:
            code = ["code"] if token.type == "code_inline" else []
            found.append({"text": token.content, "looks": sorted({*looks, *code}), "link": address})
    return found


def _safe(address: str) -> str:
    """Return ``address``, or nothing where the layout would refuse it: its words stay."""
    return address if len(address) <= _LONGEST_ADDRESS and address.partition(":")[0].lower() in SCHEMES else ""


@cache
def _layout() -> bytes:
    return (settings.BASE_DIR / _LAYOUT).read_bytes()
