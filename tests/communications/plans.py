"""A programme with a partner, people in two areas, a coordinator and stages, for the tests of the plan."""

from datetime import UTC, date, datetime, timedelta

from briefings.models import ProgrammeRole
from communications.actions.plan import plan_item
from communications.actions.stages import add_stage
from communications.models import PlannedItem, Stage
from tests.briefings.factories import AppointmentFactory, ProgrammeFactory
from tests.organisations.factories import (
    AffiliationFactory,
    AreaFactory,
    OrganisationFactory,
    PersonFactory,
    ProfessionFactory,
)

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
"""A Monday morning."""
TODAY = date(2026, 11, 2)


class Plan:
    """Design is over, the pilot is now, review is to come. Visitors work in the east, nurses in the west."""

    def __init__(self) -> None:
        self.county = AreaFactory(name="Wrenshire")
        self.east, self.west = (AreaFactory(name=name, parent=self.county) for name in ("Eastmarsh", "Westmoor"))
        self.visitor, self.nurse = (ProfessionFactory(name=name) for name in ("Health visitor", "School nurse"))
        self.trust = OrganisationFactory(name="Wren Valley NHS Trust")
        self.programme = ProgrammeFactory(
            name="One Family Plan", slug="plan", partners=[self.trust], areas=[self.county],
            professions=[self.visitor, self.nurse],
        )  # fmt: skip
        self.coordinator = PersonFactory(name="Carys Coordinator")
        AppointmentFactory(programme=self.programme, person=self.coordinator, role=ProgrammeRole.COORDINATOR)
        self.presenter = PersonFactory(name="Pat Presenter")
        AppointmentFactory(programme=self.programme, person=self.presenter, role=ProgrammeRole.FACILITATOR)
        self.amina = self.somebody(self.visitor, self.east)
        self.bran = self.somebody(self.nurse, self.west)
        self.design = self.stage("design", date(2026, 9, 1), date(2026, 10, 30))
        self.pilot = self.stage("pilot", TODAY, date(2027, 1, 29))
        self.review = self.stage("review", date(2027, 2, 1), date(2027, 2, 26))

    def somebody(self, profession, area):
        """Return somebody eligible."""
        return AffiliationFactory(organisation=self.trust, profession=profession, areas=[area]).person

    def stage(self, kind: str, starts_on: date, ends_on: date, **more) -> Stage:
        """Return a new stage."""
        columns = {"kind": kind, "starts_on": starts_on, "ends_on": ends_on, "by": self.coordinator, "now": NOW, **more}
        return add_stage(programme=self.programme, **columns)

    def item(self, *, due: date = TODAY + timedelta(days=14), **more) -> PlannedItem:
        """Return a new item of the pilot, owned by the presenter."""
        columns = {
            "stage": self.pilot, "words": "What changes on the first day", "means": "message", "due_on": due,
            "owner": self.presenter, "by": self.coordinator, "now": NOW, **more,
        }  # fmt: skip
        return plan_item(**columns)
