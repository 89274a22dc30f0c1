"""The stages of the pilot and what is to be told in each: some told, one late, some still to come, with gaps."""

from datetime import datetime

from communications.actions.plan import Audience, fulfil_item, plan_item
from communications.actions.stages import add_stage
from communications.models import PlannedItem, Stage, StageKind
from config.demo import words
from config.demo.clock import Calendar
from config.demo.county import County
from config.demo.pilot import BEGINS, Pilot


class Stages:
    """Design, pilot and review of One Family Plan."""

    def __init__(self, county: County, calendar: Calendar, pilot: Pilot) -> None:
        self.county, self.calendar, self.pilot = county, calendar, pilot
        self.by = county.cast["coordinator"]
        self.stages: dict[str, Stage] = {}
        self.items: dict[str, PlannedItem] = {}

    def plan(self) -> None:
        """Put the stages, the plan and what became of it into the calendar."""
        day, at = self.calendar.day, self.calendar.at
        at(day(BEGINS), 15, self._plan)
        for key, offset, how in words.TOLD:
            at(day(offset), 12, self._tell, key, how)
        at(day(-30), 13, self._link)

    def _plan(self, now: datetime) -> None:
        day, owners = self.calendar.day, self.county.cast
        programme = self.pilot.programme
        for kind, first, last, owner in words.STAGES:
            self.stages[kind] = add_stage(
                programme=programme, kind=StageKind(kind), starts_on=day(first), ends_on=day(last),
                owner=owners[owner], by=self.by, now=now,
            )  # fmt: skip
        for key, stage, said, means, due, owner, professions in words.PLANNED:
            self.items[key] = plan_item(
                stage=self.stages[stage], words=said, means=means, due_on=day(due), owner=owners[owner], by=self.by,
                audience=Audience(professions=self.county.professions[:professions]), now=now,
            )  # fmt: skip

    def _tell(self, key: str, how: str, now: datetime) -> None:
        fulfil_item(item=self.items[key], words=how, by=self.items[key].owner, now=now)

    def _link(self, now: datetime) -> None:
        """The sessions that tell the concept: the third one has told it, a later one will tell the others."""
        for key, session in (("concept", "third"), ("districts", "later")):
            fulfil_item(item=self.items[key], fulfils=self.pilot.sessions[session], by=self.by, now=now)
