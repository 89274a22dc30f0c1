"""Head-counts: asking an organisation how many practitioners it has, and writing down what it says."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.links import LinkRow, make_links
from accounts.models import Person
from history.actions import record
from history.refusals import Refused
from organisations import messages
from organisations.actions.organisations import lock_organisation
from organisations.models import Area, HeadCount, HeadCountRequest, Organisation, Profession
from organisations.queries import HEAD_COUNT_LINK_LIFE

PURPOSE = "head_count"
MOST_NUMBERS = 100


class NobodyToAsk(Refused):
    sentence = "Nobody can be asked: none of them has an e-mail address and an open account. Enter an address."


class TooManyNumbers(Refused):
    sentence = (
        f"That would ask for more than {MOST_NUMBERS} numbers, too many for a telephone. Tick fewer professions or"
        " areas, or ask twice."
    )


class NothingSaid(Refused):
    sentence = "Enter at least one number."


@transaction.atomic
def ask_head_counts(
    *,
    organisation: Organisation,
    people: Iterable[Person],
    professions: Iterable[Profession],
    areas: Iterable[Area],
    by: Any,
    now: datetime,
) -> HeadCountRequest:
    """Mail each of ``people`` a link on which to say how many of ``professions`` work in each of ``areas``.

    Returns the request. Raises NobodyToAsk, TooManyNumbers.
    """
    professions, areas = list(professions), list(areas)
    asked = [person for person in people if person.email and person.is_active]
    if not asked:
        raise NobodyToAsk
    if len(professions) * len(areas) > MOST_NUMBERS:
        raise TooManyNumbers
    request = HeadCountRequest.objects.create(organisation=organisation, asked_by=by, asked_at=now)
    request.professions.set(professions)
    request.areas.set(areas)
    links = make_links([LinkRow(PURPOSE, person, request, now + HEAD_COUNT_LINK_LIFE) for person in asked], now)
    record(by=by, verb="head_count_asked", about=organisation, now=now)
    messages.ask_head_counts(request, links, now=now)
    return request


@transaction.atomic
def give_head_counts(
    *,
    organisation: Organisation,
    numbers: Mapping[tuple[int, int], int],
    by: Person,
    now: datetime,
    counted_on: date | None = None,
) -> int:
    """Write how many practitioners ``organisation`` says it has, by (profession id, area id), on a local day.

    ``counted_on`` is today where it is not given. What is said again for the same day takes the place of what was
    said before; earlier days stay. Returns how many numbers are new or changed. Raises NothingSaid.
    """
    if not numbers:
        raise NothingSaid
    organisation = lock_organisation(organisation)
    day = counted_on or timezone.localdate(now)
    known = {
        (row.profession_id, row.area_id): row
        for row in HeadCount.objects.filter(organisation=organisation, counted_on=day)
    }
    changed = {key for key, number in numbers.items() if key not in known or known[key].number != number}
    HeadCount.objects.bulk_create(
        (
            HeadCount(
                organisation=organisation,
                profession_id=profession,
                area_id=area,
                number=numbers[profession, area],
                counted_on=day,
                said_by=by,
            )
            for profession, area in sorted(changed)
        ),
        update_conflicts=True,
        unique_fields=["organisation", "profession", "area", "counted_on"],
        update_fields=["number", "said_by"],
    )
    if changed:
        record(by=by, verb="head_count_given", about=organisation, now=now)
    return len(changed)


@transaction.atomic
def answer_head_counts(
    *, request: HeadCountRequest, numbers: Mapping[tuple[int, int], int], by: Person, now: datetime
) -> int:
    """Write what ``by`` answered to ``request``; answering again the same day corrects it. Raises NothingSaid."""
    changed = give_head_counts(organisation=request.organisation, numbers=numbers, by=by, now=now)
    HeadCountRequest.objects.filter(pk=request.pk).update(answered_at=now)
    return changed
