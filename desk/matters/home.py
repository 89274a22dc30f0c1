"""Everything that waits for one person, by role, the most pressing role first."""

from datetime import datetime
from typing import Any

from desk.matters import Group
from desk.matters.keepers import administering, governing, leading
from desk.matters.own import places, questions, running
from desk.matters.plan import telling
from desk.matters.posts import writing
from desk.matters.programmes import coordinating
from desk.matters.seniors import agreements, assurances, clearances, commissions, cover

_SOURCES = (
    coordinating, running, telling, cover, commissions, clearances, agreements, assurances, leading, administering,
    governing, writing, places, questions,
)  # fmt: skip


def groups_for(person: Any, now: datetime) -> list[Group]:
    """Return what waits for ``person`` in each of their roles; a role with nothing to say is left out."""
    found = [source(person, now) for source in _SOURCES]
    return [group for group in found if group is not None and (group.matters or group.nothing)]
