"""People and what ties them to organisations: adding, correcting, coming and leaving."""

from collections.abc import Collection, Iterable
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import Person
from history.actions import record
from history.refusals import Refused
from organisations import messages
from organisations.models import Affiliation, AffiliationArea, Area, Organisation, Profession


class AddressTaken(Refused):
    sentence = "Somebody else has this e-mail address already. Check the address, or look for that person."


class AddressNeeded(Refused):
    sentence = "This person signs in with the address, so it cannot be taken away. Enter another one."


class AlreadyThere(Refused):
    sentence = "This person is on the staff list of this organisation with this profession already."


class OrganisationEnded(Refused):
    sentence = "This organisation has ended, so nobody can join it. Choose another one."


class EndsBeforeItBegins(Refused):
    sentence = "The last day cannot be before the first one."


@transaction.atomic
def person_at(*, email: str, name: str, by: Any, now: datetime) -> Person:
    """Return the person with the address ``email``, whatever they are called; a new one with ``name`` where unknown.

    Two requests for one new address at the same moment get the same person.
    """
    address = Person.objects.clean_email(email)
    known = Person.objects.filter(email=address).first()
    if known:
        return known
    try:
        with transaction.atomic():
            person = Person.objects.create_person(name=name, email=address)
    except IntegrityError:
        return Person.objects.get(email=address)
    record(by=by, verb="added", about=person, now=now)
    return person


@transaction.atomic
def add_person(
    *,
    name: str,
    email: str | None,
    organisation: Organisation,
    profession: Profession | None = None,
    areas: Collection[Area] = (),
    staff_number: str = "",
    since: date | None = None,
    by: Any,
    now: datetime,
) -> Person:
    """Put somebody on the staff list of ``organisation`` from the local day ``since`` (default: today).

    Who is known by the address keeps the name that is known; without an address it is a new person. Returns the
    person. Raises AlreadyThere, OrganisationEnded.
    """
    if email:
        person = person_at(email=email, name=name, by=by, now=now)
    else:
        person = Person.objects.create_person(name=name)
        record(by=by, verb="added", about=person, now=now)
    start_affiliation(
        person=person,
        organisation=organisation,
        profession=profession,
        areas=areas,
        staff_number=staff_number,
        since=since or timezone.localdate(now),
        by=by,
        now=now,
    )
    return person


@transaction.atomic
def change_person(*, person: Person, by: Any, now: datetime, **answers: Any) -> Person:
    """Correct ``name`` and address (``email``), as far as they are among the ``answers``.

    The old address is told where it changes: it is what one signs in with.

    Raises AddressTaken, AddressNeeded for somebody who has signed in.
    """
    person = lock_person(person)
    name, before = answers.get("name", person.name), person.email
    address = Person.objects.clean_email(answers["email"]) if "email" in answers else before
    if before and not address and person.last_login is not None:
        raise AddressNeeded
    changed = [field for field, value in (("name", name), ("email", address)) if getattr(person, field) != value]
    if not changed:
        return person
    person.name, person.email = name, address
    try:
        with transaction.atomic():
            person.save(update_fields=changed)
    except IntegrityError as error:
        if "email" in str(error):
            raise AddressTaken from error
        raise
    record(by=by, verb="changed", about=person, now=now, fields=changed)
    if before and "email" in changed:
        messages.tell_address_changed(person, before, now=now)
    return person


@transaction.atomic
def start_affiliation(
    *,
    person: Person,
    organisation: Organisation,
    profession: Profession | None = None,
    areas: Iterable[Area] = (),
    staff_number: str = "",
    since: date,
    by: Any,
    now: datetime,
) -> Affiliation:
    """Tie ``person`` to ``organisation`` from the day ``since``, in one profession and some areas.

    Raises AlreadyThere, OrganisationEnded.
    """
    person = lock_person(person)
    if Organisation.objects.get(pk=organisation.pk).ended_on is not None:
        raise OrganisationEnded
    affiliation = Affiliation(
        person=person, organisation=organisation, profession=profession, staff_number=staff_number, since=since
    )
    _saved(affiliation)
    _set_areas(affiliation, areas)
    record(by=by, verb="joined", about=person, now=now)
    return affiliation


@transaction.atomic
def change_affiliation(*, affiliation: Affiliation, by: Any, now: datetime, **answers: Any) -> Affiliation:
    """Correct ``profession``, ``areas``, ``staff_number`` and ``since``, as far as they are among the ``answers``.

    Raises AlreadyThere, EndsBeforeItBegins.
    """
    affiliation = _locked(affiliation)
    if affiliation.until is not None and affiliation.until < answers.get("since", affiliation.since):
        raise EndsBeforeItBegins
    wanted = {name: value for name, value in answers.items() if name != "areas"}
    changed = [field for field, value in wanted.items() if getattr(affiliation, field) != value]
    for field in changed:
        setattr(affiliation, field, wanted[field])
    if changed:
        _saved(affiliation, update_fields=changed)
    if "areas" in answers and _set_areas(affiliation, answers["areas"]):
        changed.append("areas")
    if changed:
        record(by=by, verb="affiliation_changed", about=affiliation.person, now=now, fields=changed)
    return affiliation


@transaction.atomic
def mark_leaver(*, affiliation: Affiliation, until: date, by: Any, now: datetime) -> Affiliation:
    """Say that ``until`` is the first day on which somebody no longer belongs there.

    The same day again changes nothing, another one corrects it. Raises EndsBeforeItBegins.
    """
    affiliation = _locked(affiliation)
    if affiliation.until == until:
        return affiliation
    if until < affiliation.since:
        raise EndsBeforeItBegins
    affiliation.until = until
    affiliation.save(update_fields=["until"])
    record(by=by, verb="left", about=affiliation.person, now=now)
    return affiliation


@transaction.atomic
def undo_leaver(*, affiliation: Affiliation, by: Any, now: datetime) -> Affiliation:
    """Take back that somebody has left; whoever never left stays. Raises AlreadyThere where they came back since."""
    affiliation = _locked(affiliation)
    if affiliation.until is None:
        return affiliation
    affiliation.until = None
    _saved(affiliation, update_fields=["until"])
    record(by=by, verb="came_back", about=affiliation.person, now=now)
    return affiliation


def lock_person(person: Person) -> Person:
    """Return the person as they stand now, locked until the transaction ends."""
    return Person.objects.select_for_update(no_key=True).get(pk=person.pk)


def _locked(affiliation: Affiliation) -> Affiliation:
    lock_person(affiliation.person)
    found = Affiliation.objects.select_for_update(no_key=True, of=("self",))
    return found.select_related("person", "profession").get(pk=affiliation.pk)


def _saved(affiliation: Affiliation, **how: Any) -> None:
    try:
        with transaction.atomic():
            affiliation.save(**how)
    except IntegrityError as error:
        if "affiliation_once_at_a_time" in str(error):
            raise AlreadyThere from error
        raise


def _set_areas(affiliation: Affiliation, areas: Iterable[Area]) -> bool:
    """Make ``areas`` those of the affiliation; return whether that changed anything."""
    wanted = {area.pk for area in areas}
    rows = AffiliationArea.objects.filter(affiliation=affiliation)
    known = set(rows.values_list("area_id", flat=True))
    rows.filter(area_id__in=known - wanted).delete()
    AffiliationArea.objects.bulk_create(
        AffiliationArea(affiliation=affiliation, area_id=pk) for pk in sorted(wanted - known)
    )
    return wanted != known
