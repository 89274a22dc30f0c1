"""Somebody nobody invited: who proved a work address, made known and booked in one go."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import Person
from attendance.actions.places import take_place
from attendance.models import Place
from briefings.models import Session
from history.actions import record
from organisations.models import Affiliation, AffiliationArea, Area, Organisation, Profession


@transaction.atomic
def register_and_take(
    *,
    session: Session,
    email: str,
    name: str,
    organisation: Organisation,
    profession: Profession | None,
    area: Area | None,
    now: datetime,
) -> Place:
    """Make the person with the proven address ``email`` known at ``organisation`` and take a place for them.

    Somebody known already keeps their name and gets a tie to the organisation where there is none. Nothing stays when
    the place cannot be had. Raises as ``take_place`` does.
    """
    address = Person.objects.clean_email(email)
    person = Person.objects.filter(email=address).first() or _new_person(name, address, now)
    tied = Affiliation.objects.on(timezone.localdate(now)).filter(person=person, organisation=organisation)
    if not tied.exists():
        _tie(person, organisation, profession, area, now)
    return take_place(session=session, person=person, by=person, now=now)


def _tie(person: Person, organisation: Organisation, profession: Profession | None, area: Area | None, now: datetime):
    """Tie ``person`` to ``organisation`` from today: until the day on which a tie begins that is known already.

    One that another browser makes at the same moment is the same one.
    """
    today, own = timezone.localdate(now), {"person": person, "organisation": organisation, "profession": profession}
    begins = Affiliation.objects.filter(since__gt=today, until=None, **own).values_list("since", flat=True).first()
    try:
        with transaction.atomic():
            tie = Affiliation.objects.create(since=today, until=begins, **own)
    except IntegrityError:
        return
    if area:
        AffiliationArea.objects.create(affiliation=tie, area=area)
    record(by=person, verb="affiliated", about=tie, now=now)


def _new_person(name: str, address: str, now: datetime) -> Person:
    """Return the person made now, or the one whom another browser made at the same moment."""
    try:
        with transaction.atomic():
            person = Person.objects.create_person(name=name, email=address)
            record(by=person, verb="registered", about=person, now=now)
    except IntegrityError:
        return Person.objects.get(email=address)
    return person
