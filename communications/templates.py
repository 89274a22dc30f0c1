"""Templates of programmes: those that are shipped, what stands in one's own, and the dates that come of one.

Only computes. A template says no date: stages are so many working days long, and an item is due so many working days
after its stage begins (before it where negative).
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, time
from typing import Any

from briefings.models import CoverRule, PlacesRule, Programme, Scale
from commitments.clocks import Calendar
from communications.models import Means, ProgrammeTemplate, Stage, StageKind

POLICIES = (
    "morning_starts", "morning_ends", "afternoon_starts", "afternoon_ends", "reminder_days",
    "invitation_reminder_days", "places_rule", "acknowledge_days", "answer_days", "cover_rule", "cover_number",
    "is_public", "publishes_reach",
)  # fmt: skip
"""The fields of a programme that a template or a clone takes along: none says anything of a person."""


@dataclass(frozen=True)
class ItemLine:
    """Something to be told, ``after`` so many working days from the first day of its stage."""

    words: str
    means: str
    after: int


@dataclass(frozen=True)
class StageLine:
    """A stage of ``days`` working days, ``gap`` working days after the one before."""

    kind: str
    name: str
    days: int
    items: tuple[ItemLine, ...] = ()
    gap: int = 0


@dataclass(frozen=True)
class Template:
    """What a programme begins with. ``policies`` are columns of Programme."""

    name: str
    words: str
    scale: str
    stages: tuple[StageLine, ...]
    policies: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return what a ProgrammeTemplate keeps as its content."""
        policies = {
            name: f"{value:%H:%M}" if isinstance(value, time) else value for name, value in self.policies.items()
        }
        return {"stages": [asdict(stage) for stage in self.stages], "policies": policies}


@dataclass(frozen=True)
class DatedStage:
    """A stage of a template with its days, and the day on which each of its items is due."""

    line: StageLine
    starts_on: date
    ends_on: date
    due: tuple[date, ...]


def lay_out(
    template: Template, first: date, calendar: Calendar, live_on: date | None = None, live_until: date | None = None
) -> list[DatedStage]:
    """Return the stages of ``template`` from ``first`` on, every day a working day.

    ``live_on`` is the day on which its go-live stage begins, where that is settled, worked or not: what comes before
    ends on the working day before, and is left out where none is left. ``live_until`` is a day that it must reach.
    """
    found: list[DatedStage] = []
    begins = next_worked(first, calendar)
    for line in template.stages:
        if found:
            begins = calendar.after(found[-1].ends_on, 1 + line.gap)
        if live_on and line.kind == StageKind.GO_LIVE:
            begins = live_on
        ends = calendar.after(begins, max(line.days, 1) - 1)
        if live_until and line.kind == StageKind.GO_LIVE:
            ends = max(ends, live_until)
        found.append(DatedStage(line, begins, ends, tuple(_due(item, begins, calendar) for item in line.items)))
    return _until_live(found, first, live_on, calendar) if live_on else found


def next_worked(day: date, calendar: Calendar) -> date:
    """Return ``day``, or the first working day after it."""
    return day if calendar.is_worked(day) else calendar.after(day, 1)


def ready_or_own(key: str) -> Template | None:
    """Return the template that an address names: a shipped one by its key, one's own as ``own-<id>``; else None."""
    if key in READY:
        return READY[key]
    number = key.removeprefix("own-")
    if not (key.startswith("own-") and number.isdecimal() and len(number) < 19):
        return None
    row = ProgrammeTemplate.objects.filter(pk=int(number)).first()
    return template_from(row) if row else None


def template_from(row: ProgrammeTemplate) -> Template:
    """Return the template that ``row`` keeps."""
    stages = tuple(
        StageLine(**{**stage, "items": tuple(ItemLine(**item) for item in stage["items"])})
        for stage in row.content["stages"]
    )
    policies = {
        name: time.fromisoformat(value) if name.endswith(("_starts", "_ends")) else value
        for name, value in row.content["policies"].items()
        if name in POLICIES
    }
    return Template(row.name, row.words, row.scale, stages, policies)


def template_of(programme: Programme, name: str, words: str, calendar: Calendar) -> Template:
    """Return what ``programme`` would leave as a template: stages, items and policies, no people and no dates."""
    lines, before = [], None
    for stage in programme.stages.prefetch_related("items"):
        lines.append(_line_of(stage, before, calendar))
        before = stage
    policies = {name: getattr(programme, name) for name in POLICIES}
    return Template(name, words, programme.scale, tuple(lines), policies)


def _line_of(stage: Stage, before: Stage | None, calendar: Calendar) -> StageLine:
    starts = next_worked(stage.starts_on, calendar)
    gap = max(calendar.between(before.ends_on, starts) - 1, 0) if before else 0
    items = tuple(ItemLine(item.words, item.means, calendar.between(starts, item.due_on)) for item in stage.items.all())
    return StageLine(stage.kind, stage.name, max(calendar.between(starts, stage.ends_on) + 1, 1), items, gap)


def _due(item: ItemLine, begins: date, calendar: Calendar) -> date:
    return calendar.after(begins, item.after) if item.after >= 0 else calendar.before(begins, -item.after)


def _until_live(found: list[DatedStage], first: date, live_on: date, calendar: Calendar) -> list[DatedStage]:
    """Let what comes before the go-live stage end before it, and nothing be due before ``first``."""
    cut, last = [], calendar.before(live_on, 1)
    for stage in found:
        starts, ends = stage.starts_on, stage.ends_on
        if starts < live_on or stage.line.kind == StageKind.DESIGN:
            if last < first:
                continue  # it is live before there is a day to prepare
            starts, ends = min(starts, last), last
        due = tuple(max(first, min(day, ends)) if ends < live_on else day for day in stage.due)
        cut.append(DatedStage(stage.line, starts, ends, due))
    return cut


BILATERAL, PILOT, MAJOR = "bilateral", "pilot", "major"
READY: dict[str, Template] = {
    BILATERAL: Template(
        "Bilateral share",
        "Two organisations, one dataset: three short stages and three things to tell.",
        Scale.BILATERAL,
        (
            StageLine(StageKind.DESIGN, "Agree", 10, (
                ItemLine("What is shared, why, and from which day", Means.MESSAGE, 5),
            )),
            StageLine(StageKind.GO_LIVE, "Share", 20, (
                ItemLine("How it works in practice, and where to ask", Means.SESSION, 0),
            )),
            StageLine(StageKind.REVIEW, "Review", 10, (
                ItemLine("What came of it, and what changes", Means.MESSAGE, 9),
            )),
        ),
        {"cover_rule": CoverRule.NONE, "reminder_days": [1], "invitation_reminder_days": [5]},
    ),
    PILOT: Template(
        "Pilot",
        "Some areas and professions first: designed together, tried, reviewed, decided.",
        Scale.PILOT,
        (
            StageLine(StageKind.DESIGN, "Design", 30, (
                ItemLine("That a new way of working is being designed, and how to have a say", Means.MESSAGE, 5),
                ItemLine("What the design is, and why", Means.POST, 25),
            )),
            StageLine(StageKind.PILOT, "Pilot", 60, (
                ItemLine("The concept and the operating procedures", Means.SESSION, 10),
                ItemLine("What is being asked, and the first answers", Means.MESSAGE, 20),
                ItemLine("How it goes so far, told by somebody who does it", Means.POST, 40),
            )),
            StageLine(StageKind.REVIEW, "Review", 20, (
                ItemLine("What people said and what became of it", Means.MESSAGE, 10),
                ItemLine("What is decided: on, changed or ended", Means.MESSAGE, 19),
            )),
        ),
        {"cover_rule": CoverRule.EVERY_PARTNER},
    ),
    MAJOR: Template(
        "Major programme",
        "Everybody changes how they work, over months: workshops, agreements, a pilot, then all areas.",
        Scale.MAJOR,
        (
            StageLine(StageKind.DESIGN, "Design", 60, (
                ItemLine("Why this is coming, from the chief officers", Means.MESSAGE, 5),
                ItemLine("Workshops: what stands in the way, and what we expect", Means.SESSION, 20),
                ItemLine("What we have agreed, for endorsement", Means.AGREEMENT, 50),
            )),
            StageLine(StageKind.PILOT, "Pilot", 60, (
                ItemLine("The concept and the operating procedures, for the first areas", Means.SESSION, 10),
                ItemLine("What is being asked, and the first answers", Means.MESSAGE, 20),
                ItemLine("What the first areas have learnt", Means.POST, 50),
            )),
            StageLine(StageKind.GO_LIVE, "Go-live", 90, (
                ItemLine("From which day, and what to do differently on that day", Means.MESSAGE, -10),
                ItemLine("The concept and the operating procedures, for everybody", Means.SESSION, 20),
                ItemLine("Guidance that every partner has endorsed", Means.AGREEMENT, 30),
                ItemLine("How it goes, area by area", Means.POST, 60),
            )),
            StageLine(StageKind.REVIEW, "Review", 30, (
                ItemLine("What people said and what became of it", Means.MESSAGE, 10),
                ItemLine("What stays, and who looks after it from now on", Means.MESSAGE, 25),
            )),
        ),
        {"cover_rule": CoverRule.SHARE, "cover_number": 50, "places_rule": PlacesRule.ONE},
    ),
}  # fmt: skip
"""What is shipped, by the key that stands in an address."""
