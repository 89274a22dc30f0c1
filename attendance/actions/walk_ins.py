"""What a coordinator decides afterwards about somebody who walked in: a new person, or nobody we know.

That it is a known person is ``attendance.actions.register.match_walk_in``.
"""

from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.models import Person
from attendance.actions.register import match_walk_in
from attendance.models import WalkIn
from history.actions import record
from organisations.models import Affiliation


@transaction.atomic
def match_to_new_person(*, walk_in: WalkIn, by: Any, now: datetime) -> WalkIn:
    """Make a person of a walk-in, without an address, tied to the organisation from the day of the session on.

    A walk-in that is matched already stays as it is: pressing twice makes one person.
    """
    own = _locked(walk_in)
    if own.person_id is not None:
        return own
    person = Person.objects.create_person(name=own.name)
    Affiliation.objects.create(person=person, organisation=own.organisation, since=own.session.date)
    record(by=by, verb="added", about=person, now=now)
    return match_walk_in(walk_in=own, person=person, by=by, now=now)


@transaction.atomic
def leave_walk_in(*, walk_in: WalkIn, by: Any, now: datetime) -> WalkIn:
    """Decide that the name is kept as it was written, matched to nobody. Leaving twice is leaving once.

    Who is matched already stays matched.
    """
    own = _locked(walk_in)
    if own.person_id is None and own.left_at is None:
        own.left_at = now
        own.save(update_fields=["left_at"])
        record(by=by, verb="left_walk_in", about=own, now=now)
    return own


def _locked(walk_in: WalkIn) -> WalkIn:
    found = WalkIn.objects.select_related("session", "organisation").select_for_update(no_key=True, of=("self",))
    return found.get(pk=walk_in.pk)
