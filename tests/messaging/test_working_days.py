from datetime import date

import pytest

from messaging.working_days import (
    Nation,
    add_working_days,
    by_rule,
    easter_sunday,
    first_working_day,
    holidays,
    is_published,
    is_working_day,
    working_days_before,
    working_days_between,
)

ENGLAND, SCOTLAND, IRELAND = Nation.ENGLAND_AND_WALES, Nation.SCOTLAND, Nation.NORTHERN_IRELAND


@pytest.mark.parametrize(
    ("day", "nation", "works"),
    [
        (date(2027, 3, 25), ENGLAND, True),  # Thursday before Easter
        (date(2027, 3, 26), ENGLAND, False),  # Good Friday
        (date(2027, 3, 29), ENGLAND, False),  # Easter Monday
        (date(2027, 3, 29), SCOTLAND, True),  # no bank holiday in Scotland
        (date(2027, 3, 29), IRELAND, False),
        (date(2027, 3, 28), ENGLAND, False),  # a Sunday, and the clocks change
        (date(2026, 12, 28), ENGLAND, False),  # substitute: Boxing Day is a Saturday
        (date(2027, 12, 27), ENGLAND, False),  # substitute: Christmas Day is a Saturday
        (date(2027, 12, 28), ENGLAND, False),  # substitute: Boxing Day is a Sunday
        (date(2027, 12, 29), ENGLAND, True),
        (date(2026, 11, 30), SCOTLAND, False),  # St Andrew's Day
        (date(2026, 11, 30), ENGLAND, True),
        (date(2026, 3, 17), IRELAND, False),  # St Patrick's Day
        (date(2026, 7, 13), IRELAND, False),  # substitute: 12 July is a Sunday
        (date(2026, 7, 13), ENGLAND, True),
        (date(2026, 8, 3), SCOTLAND, False),  # first Monday of August
        (date(2026, 8, 31), ENGLAND, False),  # last Monday of August
        (date(2026, 8, 31), SCOTLAND, True),
    ],
)
def test_which_days_are_worked(day, nation, works):
    assert is_working_day(day, nation) is works


@pytest.mark.parametrize(
    ("day", "count", "nation", "result"),
    [
        (date(2026, 11, 12), 10, ENGLAND, date(2026, 11, 26)),
        (date(2026, 11, 20), 10, ENGLAND, date(2026, 12, 4)),
        (date(2026, 11, 20), 10, SCOTLAND, date(2026, 12, 7)),  # over St Andrew's Day
        (date(2026, 12, 24), 1, ENGLAND, date(2026, 12, 29)),
        (date(2027, 3, 25), 1, ENGLAND, date(2027, 3, 30)),
        (date(2027, 3, 25), 1, SCOTLAND, date(2027, 3, 29)),
        (date(2026, 11, 21), 1, ENGLAND, date(2026, 11, 23)),  # from a Saturday
        (date(2026, 11, 21), 0, ENGLAND, date(2026, 11, 21)),
    ],
)
def test_counting_forward(day, count, nation, result):
    assert add_working_days(day, count, nation) == result


@pytest.mark.parametrize(
    ("day", "count", "nation", "result"),
    [
        (date(2026, 11, 26), 5, ENGLAND, date(2026, 11, 19)),
        (date(2027, 3, 30), 1, ENGLAND, date(2027, 3, 25)),
        (date(2027, 1, 4), 5, ENGLAND, date(2026, 12, 23)),  # over New Year, Boxing Day's substitute and Christmas
        (date(2027, 1, 5), 2, SCOTLAND, date(2026, 12, 30)),  # 4 January stands for Saturday 2 January: 31 and 30 count
    ],
)
def test_counting_back(day, count, nation, result):
    assert working_days_before(day, count, nation) == result


def test_the_first_working_day_is_the_day_itself_or_the_next_one():
    christmas = [date(2026, 12, day) for day in (24, 25, 26, 28)]
    assert [first_working_day(day, ENGLAND).day for day in christmas] == [24, 29, 29, 29]


def test_between_is_the_inverse_of_counting():
    start = date(2026, 12, 18)
    for count in range(15):
        assert working_days_between(start, add_working_days(start, count, IRELAND), IRELAND) == count
    assert working_days_between(date(2026, 11, 26), date(2026, 11, 19), ENGLAND) == -5


# Single days that a proclamation gave, moved or took away: no rule knows them.
PROCLAIMED = {
    *[date(2012, 6, 4), date(2012, 6, 5), date(2012, 5, 28)],  # Diamond Jubilee
    *[date(2020, 5, 8), date(2020, 5, 4)],  # VE Day
    *[
        date(2022, 6, 2),
        date(2022, 6, 3),
        date(2022, 5, 30),
        date(2022, 9, 19),
    ],  # Platinum Jubilee, the Queen's funeral
    date(2023, 5, 8),  # Coronation
}


@pytest.mark.parametrize("nation", list(Nation))
@pytest.mark.parametrize("year", range(2012, 2029))
def test_the_rules_give_what_was_published(year, nation):
    assert by_rule(year, nation) ^ holidays(year, nation) <= PROCLAIMED


def test_years_beyond_the_list_follow_the_rules():
    assert is_published(date(2028, 12, 31))
    assert not is_published(date(2029, 1, 1))
    assert not is_working_day(date(2029, 3, 30), ENGLAND)  # Good Friday
    assert is_working_day(date(2029, 3, 29), ENGLAND)


def test_easter():
    assert [easter_sunday(year) for year in (2026, 2027, 2028, 2038)] == [
        date(2026, 4, 5),
        date(2027, 3, 28),
        date(2028, 4, 16),
        date(2038, 4, 25),
    ]


def test_what_cannot_be_counted():
    with pytest.raises(ValueError, match="whole numbers"):
        add_working_days(date(2026, 1, 5), -1, ENGLAND)
    with pytest.raises(ValueError, match="france"):
        is_working_day(date(2026, 1, 5), "france")
