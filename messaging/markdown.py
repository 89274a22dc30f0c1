"""Markdown that people write, made safe: the same words as a page, as a mail and as plain text.

CommonMark with tables and strikethrough, raw HTML switched off, addresses written bare stay words. What comes of it is
cleaned once more by an allow-list (ASVS 5.0 1.3.1, 1.3.5), so that a fault in one library is not a hole.
"""

from collections.abc import Callable

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token

TAGS = {
    "p", "br", "hr", "strong", "em", "s", "a", "ul", "ol", "li", "blockquote", "code", "pre",
    "h2", "h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td", "img",
}  # fmt: skip
SCHEMES = {"http", "https", "mailto", "tel"}
ATTRIBUTES = {"a": {"href"}, "img": {"src", "srcset", "sizes", "alt", "width", "height"}, "ol": {"start"}}

_FRAME = '<div class="scroll" role="group" tabindex="0" aria-label="Table"><table>'

_parser = MarkdownIt("commonmark", {"html": False, "linkify": False, "typographer": False}).enable(
    ["table", "strikethrough"]
)


def parse(text: str) -> list[Token]:
    """Return the block tokens of ``text`` (CommonMark), for who turns them into another form, such as a PDF."""
    return _parser.parse(text.replace("\x00", ""))


def to_html(text: str, *, top: int = 2, picture: Callable[[str, str], str] | None = None) -> str:
    """Return safe HTML of ``text``.

    ``top`` is the level of its highest headings, 2 to 6: a page has one h1 of its own. Pictures are left out with their
    words in their place, unless ``picture(source, words)`` returns the tag to show instead. Links have the schemes
    http, https, mailto and tel alone; the rest lose their address.
    """
    tokens = parse(text)
    _lower_headings(tokens, top)
    _replace_pictures(tokens, picture)
    html = _parser.renderer.render(tokens, _parser.options, {})
    return nh3.clean(
        html, tags=TAGS, attributes=ATTRIBUTES, url_schemes=SCHEMES, link_rel="noopener noreferrer", strip_comments=True
    )


def framed(html: str) -> str:
    """Return what ``to_html`` made with a frame around each table, for pages: a wide one scrolls there by keyboard."""
    return html.replace("<table>", _FRAME).replace("</table>", "</table></div>")


def to_text(text: str) -> str:
    """Return ``text`` for a plain mail: its words as they are written, links with their address in brackets.

    A row of a table is one line.
    """
    lines: list[str] = []
    row: list[str] | None = None
    for token in parse(text):
        if token.type == "tr_open":
            row = []
        elif token.type == "tr_close":
            lines.append(" | ".join(row or []))
            row = None
        elif token.type == "inline":
            (lines if row is None else row).append(_words_of(token.children or []))
        elif token.type in ("fence", "code_block"):
            lines.append(token.content.rstrip())
        elif token.type == "hr":
            lines.append("—")
    return "\n\n".join(line for line in lines if line)


def _lower_headings(tokens: list[Token], top: int) -> None:
    """Let the highest heading of the text be ``top``, the others below it as far as there are levels; none is skipped:
    after one comes one that is a single level lower at most, whatever stands in the text.
    """
    levels = sorted({int(token.tag[1]) for token in tokens if token.type == "heading_open"})
    level = top - 1
    for token in tokens:
        if token.type == "heading_open":
            level = min(top + levels.index(int(token.tag[1])), level + 1, 6)
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{level}"


def _replace_pictures(tokens: list[Token], picture: Callable[[str, str], str] | None) -> None:
    for token in tokens:
        for child in token.children or []:
            if child.type == "image":
                words = child.content
                shown = picture(str(child.attrs.get("src", "")), words) if picture else ""
                child.type, child.content = ("html_inline", shown) if shown else ("text", words)
                child.children, child.tag, child.nesting = None, "", 0


def _words_of(children: list[Token]) -> str:
    words, links = "", []
    for child in children:
        if child.type == "link_open":
            links.append((len(words), str(child.attrs.get("href", ""))))
        elif child.type == "link_close":
            begins, address = links.pop()
            words += f" ({address})" if address and address != words[begins:] else ""
        elif child.type in ("softbreak", "hardbreak"):
            words += "\n"
        else:
            words += child.content
    return words
