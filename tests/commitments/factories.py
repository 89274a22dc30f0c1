"""Questions and assurances in their usual state. Tests say only what matters to them."""

from datetime import UTC, date, datetime

from briefings.models import Programme, ProgrammeRole
from commitments.actions.questions import commission, raise_question
from commitments.models import AskedAs, Commission, Question
from tests.briefings.factories import AppointmentFactory, MandateFactory, PartnerFactory, ProgrammeFactory
from tests.organisations.factories import OrganisationFactory, PersonFactory

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
"""A Monday morning."""
TODAY = date(2026, 11, 2)


class Cast:
    """A programme with one partner, its coordinator, its senior manager and somebody who asks."""

    def __init__(self, **programme) -> None:
        self.programme: Programme = ProgrammeFactory(acknowledge_days=2, answer_days=10, **programme)
        self.organisation = OrganisationFactory()
        PartnerFactory(programme=self.programme, organisation=self.organisation)
        self.coordinator = PersonFactory()
        AppointmentFactory(programme=self.programme, person=self.coordinator, role=ProgrammeRole.COORDINATOR)
        self.senior = PersonFactory()
        self.mandate = MandateFactory(programme=self.programme, organisation=self.organisation, person=self.senior)
        self.practitioner = PersonFactory()

    def question(self, words: str = "Who may read the plan?", *, now: datetime = NOW, **options) -> Question:
        """Return a question raised by name by the practitioner."""
        asked_as = options.pop("asked_as", AskedAs.NAME)
        person = None if asked_as == AskedAs.NOBODY else self.practitioner
        return raise_question(
            programme=self.programme,
            words=words,
            asked_as=asked_as,
            by=person or "stranger",
            person=person,
            now=now,
            **options,
        )

    def commissioned(self, *, now: datetime = NOW, **options) -> Commission:
        """Return the commission of a new question to the senior manager."""
        return commission(
            question=self.question(now=now, **options),
            organisation=self.organisation,
            person=self.senior,
            by=self.coordinator,
            now=now,
        )
