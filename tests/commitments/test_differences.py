"""What is different between two texts: nothing is invented, nothing is lost."""

import time

from hypothesis import given
from hypothesis import strategies as st

from commitments.differences import ADDED, REMOVED, SAME, Piece, compare, together

TEXTS = st.text(alphabet="ab \n", max_size=60)


@given(TEXTS, TEXTS)
def test_the_pieces_make_both_texts(before, after):
    pieces = compare(before, after)
    assert "".join(piece.words for piece in pieces if piece.kind != ADDED) == before
    assert "".join(piece.words for piece in pieces if piece.kind != REMOVED) == after


@given(TEXTS, TEXTS)
def test_no_line_of_either_is_lost(theirs, mine):
    both = together(theirs, mine).splitlines()
    for text in (theirs, mine):
        left = iter([*both, ""])  # empty lines at the end say nothing
        assert all(line in left for line in text.rstrip("\n").splitlines())


def test_words_are_compared_not_letters():
    assert compare("The first opens.", "The guard opens.") == [
        Piece(SAME, "The "), Piece(REMOVED, "first"), Piece(ADDED, "guard"), Piece(SAME, " opens."),
    ]  # fmt: skip


def test_two_long_paragraphs_with_nothing_in_common_take_no_seconds():
    before, after = (" ".join(f"{word}{number}" for number in range(990)) for word in ("old", "new"))
    begun = time.perf_counter()
    assert [piece.kind for piece in compare(before, after)] == [REMOVED, ADDED]
    assert time.perf_counter() - begun < 5  # thirteen where matches begin at spaces; milliseconds where they do not
