"""Roles in a programme, and who assists somebody."""

from briefings.actions.appointments import appoint
from briefings.actions.assistants import name_assistant
from briefings.models import ProgrammeRole
from tests.briefings.factories import MandateFactory, ProgrammeFactory
from tests.mails import NOW, makes
from tests.organisations.factories import PersonFactory


@makes("briefings.appointed")
def appointed() -> None:
    appoint(programme=ProgrammeFactory(), person=PersonFactory(), role=ProgrammeRole.COORDINATOR, by="clock", now=NOW)


@makes("briefings.assists")
def named_as_assistant() -> None:
    mandate = MandateFactory()
    name_assistant(mandate=mandate, person=PersonFactory(), until=None, by=mandate.person, now=NOW)
