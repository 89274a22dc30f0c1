"""What becomes of the rest where the clock fails for one row, or for one kind of work."""

import pytest
from django.db import OperationalError

from history.alone import AllFailed, each_alone, in_turn


def fails(error):
    def act(*args):
        raise error

    return act


def test_each_has_its_turn_whichever_fails(caplog):
    act = {1: 2, 3: True}.__getitem__
    assert each_alone("Doing it", [1, 2, 3], act) == 3
    assert "Doing it failed for 2" in caplog.text
    with pytest.raises(AllFailed, match="Doing it failed for all 2"):
        each_alone("Doing it", [4, 5], act)
    assert each_alone("Doing it", [], act) == 0


def test_each_kind_of_work_has_its_turn_and_the_first_fault_is_raised(caplog):
    done = []
    with pytest.raises(RuntimeError, match="the first"):
        in_turn(fails(RuntimeError("the first")), lambda: done.append(1) or 1, fails(ValueError("the second")))
    assert done == [1]
    assert "the second" in caplog.text
    assert in_turn(lambda: 2, lambda: 3) == 5


def test_a_database_in_trouble_ends_all(caplog):
    done = []
    with pytest.raises(OperationalError):
        in_turn(fails(OperationalError()), lambda: done.append(1))
    with pytest.raises(OperationalError):
        each_alone("Doing it", [1, 2], fails(OperationalError()))
    assert (done, caplog.text) == ([], "")
