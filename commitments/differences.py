"""What is different between two texts, word by word, and two texts put together so that no word of either is lost."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

SAME, ADDED, REMOVED = "same", "added", "removed"
_LONG = 600
_WORDS = re.compile(r"\s+|[^\s]+")


@dataclass(frozen=True)
class Piece:
    """Words that stand in both texts, in the later one alone, or in the earlier one alone."""

    kind: str
    words: str


def compare(before: str, after: str) -> list[Piece]:
    """Return ``before`` and ``after`` as one text in pieces: all but the added ones make the first, all but the removed
    ones the second. First line by line, then word by word where lines were changed.
    """
    pieces: list[Piece] = []
    earlier, later = before.splitlines(keepends=True), after.splitlines(keepends=True)
    for tag, one, two, three, four in _steps(earlier, later):
        old, new = "".join(earlier[one:two]), "".join(later[three:four])
        if tag == "replace":
            pieces += _by_word(old, new)
        else:
            pieces += _pieces(tag, old, new)
    return _joined(pieces)


def together(theirs: str, mine: str) -> str:
    """Return a text in which every line of both stands once, in the order of both: where they differ, theirs first."""
    earlier, later = _whole_lines(theirs), _whole_lines(mine)
    lines: list[str] = []
    for tag, one, two, three, four in _steps(earlier, later):
        lines += earlier[one:two]
        if tag != "equal":
            lines += later[three:four]
    return "".join(lines).rstrip("\n")


def _by_word(old: str, new: str) -> list[Piece]:
    earlier, later = _WORDS.findall(old), _WORDS.findall(new)
    pieces: list[Piece] = []
    # In long paragraphs no match begins at a space: there are so many that comparing would take many seconds.
    skipped = str.isspace if len(earlier) + len(later) > _LONG else None
    for tag, one, two, three, four in _steps(earlier, later, skipped):
        pieces += _pieces(tag, "".join(earlier[one:two]), "".join(later[three:four]))
    return pieces


def _steps(
    earlier: Sequence[str], later: Sequence[str], skipped: Callable[[str], bool] | None = None
) -> list[tuple[str, int, int, int, int]]:
    return SequenceMatcher(skipped, earlier, later, autojunk=len(earlier) + len(later) > 2_000).get_opcodes()


def _pieces(tag: str, old: str, new: str) -> list[Piece]:
    if tag == "equal":
        return [Piece(SAME, old)]
    return [Piece(kind, words) for kind, words in ((REMOVED, old), (ADDED, new)) if words]


def _joined(pieces: list[Piece]) -> list[Piece]:
    """Return ``pieces`` with neighbours of one kind as one, and a space between two changed words changed with them."""
    found: list[Piece] = []
    for piece in pieces:
        if found and found[-1].kind == piece.kind:
            found[-1] = Piece(piece.kind, found[-1].words + piece.words)
        else:
            found.append(piece)
    return found


def _whole_lines(text: str) -> list[str]:
    return [f"{line}\n" for line in text.splitlines()]
