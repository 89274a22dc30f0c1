"""What becomes of the rest where the clock fails for one row, or for one kind of work."""

import pytest
from django.db import OperationalError, connection, transaction
from psycopg2.errors import AdminShutdown, DeadlockDetected, SerializationFailure

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


def of_database(cause):
    error = OperationalError()
    error.__cause__ = cause()
    return error


@pytest.mark.parametrize("cause", [DeadlockDetected, SerializationFailure])
def test_who_met_another_at_a_lock_is_tried_once_more_and_holds_nobody_back(cause, caplog):
    done = []

    def act(pk):
        done.append(pk)
        if pk == "always" or done == ["once"]:
            raise of_database(cause)
        return 1

    assert each_alone("Doing it", ["once", "always", "never"], act) == 2
    assert done == ["once", "once", "always", "always", "never"]
    assert "Doing it failed for always" in caplog.text
    assert "failed for once" not in caplog.text
    with pytest.raises(OperationalError):
        in_turn(fails(of_database(cause)), lambda: done.append("the other") or 1)
    assert done[-1] == "the other"


def test_a_server_that_goes_down_is_trouble_of_all():
    done = []
    with pytest.raises(OperationalError):
        each_alone("Doing it", [1, 2], lambda pk: done.append(pk) or fails(of_database(AdminShutdown))())
    assert done == [1]


@pytest.mark.django_db(transaction=True)
def test_a_deadlock_of_the_database_itself_is_known(caplog):
    said = iter(["40P01", "", "40001", "40001", ""])

    @transaction.atomic
    def act(pk):
        if code := next(said):
            with connection.cursor() as cursor:
                cursor.execute(f"DO $$ BEGIN RAISE EXCEPTION 'met' USING ERRCODE = '{code}'; END $$")
        return 1

    assert each_alone("Doing it", ["once", "twice", "never"], act) == 2
    assert "failed for twice" in caplog.text
