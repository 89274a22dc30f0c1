"""Organisations: their names, mail domains and ends, and who leads them."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import Person
from history.actions import record
from history.refusals import Refused
from organisations import messages
from organisations.models import MailDomain, Organisation, OrganisationLead


class OrganisationNameTaken(Refused):
    sentence = "There is an organisation of this name already. Look for it in the list."


class OwnSuccessor(Refused):
    sentence = "An organisation cannot follow itself. Choose another one, or none."


class SuccessorEnded(Refused):
    sentence = "This organisation has ended too. Choose one that goes on, or none."


class LeadHasNoAddress(Refused):
    sentence = "A lead signs in with an e-mail address, and this person has none. Add the address first."


class LeadClosed(Refused):
    sentence = "The account of this person is closed. Choose somebody else, or ask an administrator to open it again."


@transaction.atomic
def add_organisation(*, name: str, kind: str, domains: Collection[str] = (), by: Any, now: datetime) -> Organisation:
    """Return a new organisation of an OrganisationKind with its mail ``domains``, clean already.

    Raises OrganisationNameTaken, whatever the capitals.
    """
    organisation = _saved(Organisation(name=name, kind=kind))
    _set_domains(organisation, domains)
    record(by=by, verb="added", about=organisation, now=now)
    return organisation


@transaction.atomic
def change_organisation(*, organisation: Organisation, by: Any, now: datetime, **answers: Any) -> Organisation:
    """Write those of ``name``, ``kind`` and all mail ``domains`` that are among the ``answers``.

    What is the same already leaves no trace. Raises OrganisationNameTaken.
    """
    organisation = lock_organisation(organisation)
    wanted = {name: value for name, value in answers.items() if name != "domains"}
    changed = [field for field, value in wanted.items() if getattr(organisation, field) != value]
    for field in changed:
        setattr(organisation, field, wanted[field])
    if changed:
        _saved(organisation, update_fields=changed)
    if "domains" in answers and _set_domains(organisation, answers["domains"]):
        changed.append("mail_domains")
    if changed:
        record(by=by, verb="changed", about=organisation, now=now, fields=changed)
    return organisation


def _set_domains(organisation: Organisation, domains: Collection[str]) -> bool:
    """Make ``domains`` those of the organisation; return whether that changed anything."""
    wanted, known = set(domains), set(organisation.mail_domains.values_list("domain", flat=True))
    organisation.mail_domains.filter(domain__in=known - wanted).delete()
    MailDomain.objects.bulk_create(
        MailDomain(organisation=organisation, domain=domain) for domain in sorted(wanted - known)
    )
    return wanted != known


@transaction.atomic
def end_organisation(
    *, organisation: Organisation, ended_on: date, successor: Organisation | None = None, by: Any, now: datetime
) -> Organisation:
    """Say that an organisation ends on the day ``ended_on``, and who takes over what is open.

    Doing it again changes day and successor. Raises OwnSuccessor, SuccessorEnded.
    """
    if successor is not None and successor.pk == organisation.pk:
        raise OwnSuccessor
    ids = sorted({organisation.pk, successor.pk if successor else organisation.pk})
    locked = {
        row.pk: row for row in Organisation.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk")
    }
    organisation, heir = locked[organisation.pk], locked[successor.pk] if successor else None
    # Whoever is to follow must go on, so no circle of successors can come about.
    if heir is not None and heir.ended_on is not None:
        raise SuccessorEnded
    if (organisation.ended_on, organisation.successor_id) == (ended_on, heir and heir.pk):
        return organisation
    organisation.ended_on, organisation.successor = ended_on, heir
    organisation.save(update_fields=["ended_on", "successor"])
    record(by=by, verb="ended", about=organisation, now=now)
    return organisation


@transaction.atomic
def reopen_organisation(*, organisation: Organisation, by: Any, now: datetime) -> Organisation:
    """Take the end of an organisation back. One that has not ended stays as it is."""
    organisation = lock_organisation(organisation)
    if organisation.ended_on is not None:
        organisation.ended_on, organisation.successor = None, None
        organisation.save(update_fields=["ended_on", "successor"])
        record(by=by, verb="reopened", about=organisation, now=now)
    return organisation


@transaction.atomic
def appoint_lead(*, organisation: Organisation, person: Person, by: Any, now: datetime) -> OrganisationLead:
    """Make ``person`` a lead of ``organisation`` from today; they are told, unless it is themselves.

    Appointing twice is appointing once. Raises LeadHasNoAddress, LeadClosed.
    """
    person = Person.objects.select_for_update(no_key=True).get(pk=person.pk)
    organisation = lock_organisation(organisation)
    if not person.is_active:
        raise LeadClosed
    if not person.email:
        raise LeadHasNoAddress
    held = OrganisationLead.objects.filter(organisation=organisation, person=person, until=None).first()
    if held:
        return held
    lead = OrganisationLead.objects.create(organisation=organisation, person=person, since=timezone.localdate(now))
    record(by=by, verb="lead_appointed", about=organisation, now=now)
    record(by=by, verb="made_lead", about=person, now=now)
    if by != person:
        messages.tell_lead(lead, now=now)
    return lead


@transaction.atomic
def end_lead(*, lead: OrganisationLead, by: Any, now: datetime) -> OrganisationLead:
    """End a lead today, at once. Ending twice is ending once. An organisation may be without a lead."""
    lead = OrganisationLead.objects.select_for_update(no_key=True, of=("self",)).get(pk=lead.pk)
    today = timezone.localdate(now)
    if lead.until is not None and lead.until <= today:
        return lead
    lead.until = today
    lead.save(update_fields=["until"])
    record(by=by, verb="lead_ended", about=lead.organisation, now=now)
    record(by=by, verb="ended_lead", about=lead.person, now=now)
    return lead


def lock_organisation(organisation: Organisation) -> Organisation:
    """Return the organisation as it stands now, locked until the transaction ends."""
    return Organisation.objects.select_for_update(no_key=True, of=("self",)).get(pk=organisation.pk)


def _saved(organisation: Organisation, **how: Any) -> Organisation:
    try:
        with transaction.atomic():
            organisation.save(**how)
    except IntegrityError as error:
        if "organisation_name_unique" in str(error):
            raise OrganisationNameTaken from error
        raise
    return organisation
