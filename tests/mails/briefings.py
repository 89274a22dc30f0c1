"""Roles in a programme."""

from briefings.actions.appointments import appoint
from briefings.models import ProgrammeRole
from tests.briefings.factories import ProgrammeFactory
from tests.mails import NOW, makes
from tests.organisations.factories import PersonFactory


@makes("briefings.appointed")
def appointed() -> None:
    appoint(programme=ProgrammeFactory(), person=PersonFactory(), role=ProgrammeRole.COORDINATOR, by="clock", now=NOW)
