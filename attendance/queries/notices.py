"""Who gets what a coordinator writes to those with a place in a session."""

from attendance.models import LIVE, SEATED, Place
from attendance.queries.teams import unnamed_places
from briefings.models import Session


def people_to_tell(session: Session, *, to_waiting: bool) -> list[int]:
    """Return the ids of those with a place in ``session`` who have an address, ``to_waiting``: those in line too.

    For a place without a name yet it is the lead who made its team.
    """
    states = LIVE if to_waiting else SEATED
    found = Place.objects.live().filter(session=session, state__in=states, person__email__isnull=False)
    leads = unnamed_places([session.pk], states).filter(team__made_by__email__isnull=False)
    people = {*found.values_list("person", flat=True), *leads.values_list("team__made_by", flat=True)}
    return sorted(people)
