"""What benches and proofs say of memory: what is held while they look, whatever was held before."""

import pytest

from script import measured
from script.measured import memory_from_here

LARGE, NOTHING = 50, 5
"""Megabytes: what is held for the test, and more than a process takes that holds nothing new."""


def hold() -> bytearray:
    return bytearray(LARGE * 1024 * 1024)


def test_what_is_held_is_seen():
    taken = memory_from_here()
    held = hold()

    assert LARGE - NOTHING < taken() < LARGE + NOTHING
    assert held


def test_nothing_is_seen_where_nothing_is_held():
    taken = memory_from_here()

    assert taken() < NOTHING


def test_what_was_held_before_hides_nothing_and_counts_for_nothing():
    """The mark that the kernel keeps of a whole life would say nothing was taken, in both."""
    before = [hold(), hold()]
    del before
    taken = memory_from_here()
    assert taken() < NOTHING

    held = hold()
    assert LARGE - NOTHING < taken() < LARGE + NOTHING
    assert held


def test_what_was_let_go_meanwhile_is_seen():
    taken = memory_from_here()
    hold()

    assert taken() > LARGE - NOTHING


def test_what_is_many_small_things_is_seen():
    taken = memory_from_here()
    held = [bytes(1024) for _ in range(LARGE * 1024)]

    assert taken() > LARGE - NOTHING
    assert held


def test_a_kernel_that_keeps_its_mark_is_named_and_makes_no_figure_smaller(monkeypatch, tmp_path, capsys):
    (tmp_path / "clear_refs").mkdir()  # cannot be written to
    (tmp_path / "status").write_text("Name: python\nVmHWM:\t  204800 kB\nVmRSS:\t  102400 kB\n")
    monkeypatch.setattr(measured, "_OWN", tmp_path)

    taken = memory_from_here()

    assert taken() == pytest.approx(100)
    assert "keeps the mark of the most memory" in capsys.readouterr().out
