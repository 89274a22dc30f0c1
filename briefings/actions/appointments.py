"""Who does what in a programme: appointments to roles, and mandates of senior managers."""

from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import Person
from briefings import messages
from briefings.models import Appointment, Mandate, Partner, Programme, ProgrammeRole
from history.actions import record
from history.refusals import Refused
from organisations.models import Organisation


class AccountClosed(Refused):
    sentence = "The account of this person is closed. Choose somebody else, or ask an administrator to open it again."


class LastCoordinator(Refused):
    sentence = "A programme needs a coordinator. Add another one first, then end this one."


class NotAPartner(Refused):
    sentence = "This organisation does not take part in the programme. Add it to the partner organisations first."


class HasMandate(Refused):
    sentence = "This person has a mandate for this organisation already. End that one first to change it."


@transaction.atomic
def appoint(*, programme: Programme, person: Person, role: str, by: Any, now: datetime) -> Appointment:
    """Give ``person`` a role (a ProgrammeRole) in ``programme`` from today. They are told, unless it is themselves.

    Appointing twice is appointing once. Raises AccountClosed.
    """
    programme = _locked(programme)
    if not person.is_active:
        raise AccountClosed
    held = Appointment.objects.filter(programme=programme, person=person, role=role, until=None).first()
    if held:
        return held
    appointment = Appointment.objects.create(
        programme=programme, person=person, role=role, since=timezone.localdate(now)
    )
    record(by=by, verb="appointed", about=appointment, now=now)
    if by != person:
        messages.tell_appointed(appointment, now=now)
    return appointment


@transaction.atomic
def end_appointment(*, appointment: Appointment, by: Any, now: datetime) -> Appointment:
    """End a role today, at once. Ending twice is ending once. Raises LastCoordinator: somebody must be in charge."""
    programme = _locked(appointment.programme)
    appointment = Appointment.objects.select_for_update(no_key=True, of=("self",)).get(pk=appointment.pk)
    today = timezone.localdate(now)
    if appointment.until is not None and appointment.until <= today:
        return appointment
    others = Appointment.objects.on(today).filter(programme=programme, role=ProgrammeRole.COORDINATOR)
    if appointment.role == ProgrammeRole.COORDINATOR and not others.exclude(pk=appointment.pk).exists():
        raise LastCoordinator
    appointment.until = today
    appointment.save(update_fields=["until"])
    record(by=by, verb="ended", about=appointment, now=now)
    return appointment


@transaction.atomic
def give_mandate(
    *,
    programme: Programme,
    organisation: Organisation,
    person: Person,
    job_title: str,
    since: date,
    confirmed_by: str,
    confirmed_on: date,
    by: Any,
    now: datetime,
) -> Mandate:
    """Record that ``person`` may speak for ``organisation`` in ``programme`` from the day ``since``.

    ``confirmed_by`` says in words who said so. Raises NotAPartner, HasMandate, AccountClosed.
    """
    programme = _locked(programme)
    if not person.is_active:
        raise AccountClosed
    if not Partner.objects.filter(programme=programme, organisation=organisation).exists():
        raise NotAPartner
    if Mandate.objects.filter(programme=programme, organisation=organisation, person=person, until=None).exists():
        raise HasMandate
    mandate = Mandate.objects.create(
        programme=programme,
        organisation=organisation,
        person=person,
        job_title=job_title,
        since=since,
        confirmed_by=confirmed_by,
        confirmed_on=confirmed_on,
    )
    record(by=by, verb="gave_mandate", about=mandate, now=now)
    return mandate


@transaction.atomic
def end_mandate(*, mandate: Mandate, by: Any, now: datetime) -> Mandate:
    """End a mandate today; the row stays as the evidence of who could promise. Ending twice is ending once."""
    mandate = Mandate.objects.select_for_update(no_key=True, of=("self",)).get(pk=mandate.pk)
    today = timezone.localdate(now)
    if mandate.until is not None and mandate.until <= today:
        return mandate
    mandate.until = today
    mandate.save(update_fields=["until"])
    record(by=by, verb="ended", about=mandate, now=now)
    return mandate


def _locked(programme: Programme) -> Programme:
    return Programme.objects.select_for_update(no_key=True, of=("self",)).get(pk=programme.pk)
