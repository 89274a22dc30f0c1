"""Who gets what a coordinator writes to those with a place in a session."""

from attendance.models import LIVE, SEATED, Place
from briefings.models import Session


def people_to_tell(session: Session, *, to_waiting: bool) -> list[int]:
    """Return the ids of those with a place in ``session`` who have an address, ``to_waiting``: those in line too."""
    states = LIVE if to_waiting else SEATED
    found = Place.objects.live().filter(session=session, state__in=states, person__email__isnull=False)
    return list(found.order_by("person").values_list("person", flat=True))
