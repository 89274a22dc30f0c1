"""Who the people of a report of an online session may be."""

from collections.abc import Iterable

from accounts.models import sort_key
from attendance.models import OnlinePresence, Place, WalkIn
from attendance.queries.register import on_the_register
from briefings.models import Session

MOST_SUGGESTED = 5
MOST_LEFT = 60


def places_alike(session: Session, rows: Iterable[OnlinePresence]) -> dict[int, list[Place]]:
    """Return for each row the places of ``session`` that share a word of the name, most alike first, in one query."""
    rows = list(rows)
    if not rows:
        return {}
    places = list(on_the_register(session).select_related("person", "organisation"))
    words = {place.pk: _words(place.person.name) for place in places}
    found = {}
    for row in rows:
        wanted = _words(row.name)
        alike = [(len(wanted & words[place.pk]), place) for place in places]
        ranked = sorted((pair for pair in alike if pair[0]), key=lambda pair: (-pair[0], pair[1].person.sort_name))
        found[row.pk] = [place for _, place in ranked[:MOST_SUGGESTED]]
    return found


def places_left(session: Session) -> list[Place]:
    """Return the places of ``session`` as which nobody in its reports is known yet, by name; none where they are many.

    A nickname or a meeting room shares no word with anybody's name, and yet a person knows who it was.
    """
    known = OnlinePresence.objects.filter(report__session=session, place__isnull=False)
    found = on_the_register(session).exclude(pk__in=known.values("place")).select_related("person", "organisation")
    places = list(found.order_by("person__sort_name", "pk")[: MOST_LEFT + 1])
    return places if len(places) <= MOST_LEFT else []


def walk_ins_alike(session: Session, rows: Iterable[OnlinePresence]) -> dict[int, list[WalkIn]]:
    """Return for each row who of its name walked in to ``session`` already, in whatever order; in one query."""
    rows = list(rows)
    if not rows:
        return {}
    there = WalkIn.objects.filter(session=session, attendance__isnull=False).select_related("organisation")
    named: dict[tuple[str, ...], list[WalkIn]] = {}
    for own in there.order_by("made_at", "pk"):
        named.setdefault(letters_of(own.name), []).append(own)
    return {row.pk: named.get(letters_of(row.name), []) for row in rows}


def letters_of(name: str) -> tuple[str, ...]:
    """Return what is alike in all ways of writing ``name``: accents, capitals and the order of its words aside."""
    return tuple(sorted(sort_key(name).replace(",", " ").split()))


def _words(name: str) -> set[str]:
    return {word for word in sort_key(name).replace(",", " ").split() if len(word) > 1}
