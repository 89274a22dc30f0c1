"""Who may do what with the plan of a programme, and who may own a part of it."""

from datetime import date
from typing import Any

from django.db.models import Q, QuerySet

from accounts.models import Person
from accounts.permissions import Permission, has
from briefings.models import Appointment, Mandate, Partner, Programme
from communications.models import PlannedItem, Stage
from organisations.models import Affiliation


def can_plan(person: Any, programme: Programme) -> bool:
    """Return whether ``person`` may change the stages and the plan of ``programme``."""
    return has(person, Permission.MANAGE_PROGRAMME, programme)


def stages_seen_by(person: Any) -> QuerySet[Stage]:
    """Return the stages of the programmes that ``person`` sees by a role."""
    return Stage.objects.filter(programme__in=Programme.objects.visible_to(person))


def items_kept_by(person: Any) -> QuerySet[PlannedItem]:
    """Return the planned items of the programmes whose plan ``person`` may change."""
    return PlannedItem.objects.filter(stage__programme__in=Programme.objects.where(person, Permission.MANAGE_PROGRAMME))


def who_may_own(programme: Programme, on: date) -> QuerySet[Person]:
    """Return who may own a stage or a planned item: whoever has a role or a mandate in ``programme`` on ``on``."""
    roles = Appointment.objects.on(on).filter(programme=programme)
    mandates = Mandate.objects.on(on).filter(programme=programme)
    part = Q(pk__in=roles.values("person")) | Q(pk__in=mandates.values("person"))
    return Person.objects.filter(part, is_active=True).order_by("sort_name", "pk")


def is_still_there(person: Person | None, programme: Programme, on: date) -> bool:
    """Return whether an owner can still act: the account is open, and a role, a mandate or a partner ties them to it.

    Administrators have no tie to one programme and stay. Who has left must not fall silent with what they own.
    """
    if person is None or not person.is_active:
        return False
    if person.is_administrator or who_may_own(programme, on).filter(pk=person.pk).exists():
        return True
    partners = Partner.objects.on(on).filter(programme=programme).values("organisation")
    return Affiliation.objects.on(on).filter(person=person, organisation__in=partners).exists()
