"""The communication plan as a picture: a lane for each sort, stages above, today as a line. Numbers for an SVG only."""

from collections import defaultdict
from datetime import date, timedelta
from typing import Any

from communications.models import Stage
from communications.queries.timeline import Kind, Line

WIDTH, LEFT, LANE, TOP, TALL = 1200, 130, 34, 44, 18
LEAST_DAYS, MOST_DAYS = 28, 7305
_WORST = ("bad", "wait", "open", "good", "quiet")


def drawn(lines: list[Line], stages: list[Stage], today: date) -> dict[str, Any] | None:
    """Return what the template draws of ``lines``; None where there is nothing.

    Lines of one sort in one week are one mark, coloured as the worst of them and as high as they are many. What lies
    more than twenty years after the first stands in the list alone.
    """
    if not lines:
        return None
    days = [line.day for line in lines] + [day for stage in stages for day in (stage.starts_on, stage.ends_on)]
    first = min(days)
    lines = [line for line in lines if (line.day - first).days <= MOST_DAYS]
    stages = [stage for stage in stages if (stage.ends_on - first).days <= MOST_DAYS]
    last = max([day for day in days if (day - first).days <= MOST_DAYS])
    span = max((last - first).days + 7, LEAST_DAYS)

    def x(day: date) -> float:
        return LEFT + (WIDTH - LEFT) * (day - first).days / span

    kinds = [kind for kind in Kind if any(line.kind == kind for line in lines)]
    height = TOP + LANE * len(kinds) + 22
    return {
        "width": WIDTH,
        "height": height,
        "left": LEFT,
        "bands": [_band(stage, x, height) for stage in stages],
        "months": [
            {"x": f"{x(day):.1f}", "words": f"{day:%b %Y}" if day.month == 1 else f"{day:%b}", "base": height - 6}
            for day in _months(first, last)
        ],
        "lanes": [
            {"words": kind.label, "y": TOP + LANE * number + 20, "line": TOP + LANE * (number + 1) - 2,
             "marks": _marks([line for line in lines if line.kind == kind], x, TOP + LANE * (number + 1) - 4, span)}
            for number, kind in enumerate(kinds)
        ],
        "today": f"{x(today):.1f}" if first <= today <= first + timedelta(days=span) else "",
    }  # fmt: skip


def _band(stage: Stage, x: Any, height: int) -> dict[str, Any]:
    starts, ends = x(stage.starts_on), x(stage.ends_on + timedelta(days=1))
    return {
        "x": f"{starts:.1f}",
        "width": f"{max(ends - starts - 2, 2):.1f}",
        "height": height - 22,
        "words": stage.name if ends - starts > 8 * len(stage.name) else "",
        "text_x": f"{starts + 8:.1f}",
    }


def _months(first: date, last: date) -> list[date]:
    """Return the first day of each month; only some of them where a programme runs for years."""
    found, day = [], first.replace(day=1)
    while day <= last:
        if day >= first:
            found.append(day)
        day = (day.replace(day=28) + timedelta(days=7)).replace(day=1)
    step = -(-len(found) // 18) if found else 1
    return found[::step]


def _marks(lines: list[Line], x: Any, base: int, span: int) -> list[dict[str, Any]]:
    weeks: dict[date, list[Line]] = defaultdict(list)
    for line in lines:
        weeks[line.day - timedelta(days=line.day.weekday())].append(line)
    width = max(4.0, min(16.0, (WIDTH - LEFT) * 7 / span - 2))
    marks = []
    for own in weeks.values():
        tall = min(TALL + 3 * (len(own) - 1), LANE - 6)
        colour = min((line.colour for line in own), key=_WORST.index)
        marks.append(
            {"x": f"{x(own[0].day):.1f}", "y": base - tall, "width": f"{width:.1f}", "height": tall, "colour": colour}
        )
    return marks
