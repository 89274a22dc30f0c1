"""Working days: Monday to Friday without the bank holidays of one nation.

Dates come from GOV.UK's published list (https://www.gov.uk/bank-holidays.json, shipped inside the package
govuk-bank-holidays, never fetched). Years that are not published yet follow the rules behind that list, see
docs/adr/0023; single days by proclamation are then missing, and ``is_published`` says so.
"""

import enum
from datetime import date, timedelta
from functools import cache

from govuk_bank_holidays.bank_holidays import BankHolidays

DAY = timedelta(days=1)


class Nation(enum.StrEnum):
    """Whose bank holidays count, by the names of GOV.UK's list."""

    ENGLAND_AND_WALES = "england-and-wales"
    SCOTLAND = "scotland"
    NORTHERN_IRELAND = "northern-ireland"


def is_working_day(day: date, nation: str) -> bool:
    """Return whether ``day`` is a Monday to Friday and no bank holiday in ``nation``. Raises ValueError for another."""
    return day.weekday() < 5 and day not in holidays(day.year, nation)


def first_working_day(day: date, nation: str) -> date:
    """Return ``day`` where it is a working day in ``nation``, else the next one."""
    return day if is_working_day(day, nation) else add_working_days(day, 1, nation)


def add_working_days(day: date, count: int, nation: str) -> date:
    """Return the working day that is ``count`` working days after ``day``; day 1 is the first one after it.

    Asked on Thursday with a standard of 10 working days, Friday is day 1. ``count`` 0 gives ``day`` itself, whatever
    day that is. Raises ValueError for a negative count.
    """
    return _walk(day, count, nation, DAY)


def working_days_before(day: date, count: int, nation: str) -> date:
    """Return the working day that is ``count`` working days before ``day``: a reminder's date. Raises ValueError."""
    return _walk(day, count, nation, -DAY)


def working_days_between(first: date, last: date, nation: str) -> int:
    """Return how many working days lie after ``first`` up to and with ``last``; negative where ``last`` is earlier."""
    if last < first:
        return -working_days_between(last, first, nation)
    days = (first + DAY * number for number in range(1, (last - first).days + 1))
    return sum(is_working_day(day, nation) for day in days)


def is_published(day: date) -> bool:
    """Return whether GOV.UK has published the year of ``day`` in the list that is shipped here."""
    first, last = _published_years()
    return first <= day.year <= last


@cache
def holidays(year: int, nation: str) -> frozenset[date]:
    """Return the bank holidays of ``year`` in ``nation``: as published, else by rule. Raises ValueError."""
    nation = Nation(nation)
    if is_published(date(year, 1, 1)):
        return frozenset(day for day in _published()[nation] if day.year == year)
    return by_rule(year, nation)


@cache
def by_rule(year: int, nation: str) -> frozenset[date]:
    """Return the bank holidays of ``year`` as the rules give them, one on a weekend moved to the next free weekday.

    Source: Banking and Financial Dealings Act 1971, schedule 1, the yearly proclamations of New Year and May, and the
    St Andrew's Day Bank Holiday (Scotland) Act 2007.
    """
    easter = easter_sunday(year)
    days = [date(year, 1, 1), easter - 2 * DAY, _monday(year, 5), _last_monday(year, 5)]
    if nation == Nation.SCOTLAND:
        days += [date(year, 1, 2), _monday(year, 8), date(year, 11, 30)]
    else:
        days += [easter + DAY, _last_monday(year, 8)]
    if nation == Nation.NORTHERN_IRELAND:
        days += [date(year, 3, 17), date(year, 7, 12)]
    return _with_substitutes([*days, date(year, 12, 25), date(year, 12, 26)])


def easter_sunday(year: int) -> date:
    """Return Easter Sunday in the Gregorian calendar (the algorithm of Meeus, Jones and Butcher)."""
    golden, century, rest = year % 19, year // 100, year % 100
    moon = (19 * golden + century - century // 4 - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    weekday = (32 + 2 * (century % 4) + 2 * (rest // 4) - moon - rest % 4) % 7
    late = (golden + 11 * moon + 22 * weekday) // 451
    month, day = divmod(moon + weekday - 7 * late + 114, 31)
    return date(year, month, day + 1)


def _walk(day: date, count: int, nation: str, step: timedelta) -> date:
    if count < 0:
        raise ValueError("Count working days in whole numbers from 0.")
    while count:
        day += step
        count -= is_working_day(day, nation)
    return day


def _with_substitutes(days: list[date]) -> frozenset[date]:
    taken = {day for day in days if day.weekday() < 5}
    for day in sorted(day for day in days if day.weekday() >= 5):
        while day.weekday() >= 5 or day in taken:
            day += DAY
        taken.add(day)
    return frozenset(taken)


def _monday(year: int, month: int) -> date:
    first = date(year, month, 1)
    return first + DAY * (-first.weekday() % 7)


def _last_monday(year: int, month: int) -> date:
    last = date(year, month + 1, 1) - DAY
    return last - DAY * last.weekday()


@cache
def _published() -> dict[str, frozenset[date]]:
    source = BankHolidays(use_cached_holidays=True).data
    return {nation: frozenset(event["date"] for event in source[nation]) for nation in Nation}


@cache
def _published_years() -> tuple[int, int]:
    years = [day.year for day in _published()[Nation.ENGLAND_AND_WALES]]
    return min(years), max(years)
