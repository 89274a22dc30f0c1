"""When senior managers can come: asking them, keeping what they say, forgetting it afterwards."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.links import LinkRow, make_links, revoke
from accounts.models import Person, PersonalLink
from attendance.actions.engagements import lock_people
from attendance.messages import availability as messages
from attendance.models import Availability
from attendance.rules import can_keep_diary
from briefings.models import Assistant, Mandate
from history.actions import CLOCK, key_of, record
from history.refusals import Refused

PURPOSE = "availability"
LINK_LIVES = timedelta(days=366)
KEPT = timedelta(days=30)


class NotYourDiary(Refused):
    sentence = "Only the senior manager or an assistant of theirs can say when they can come."


class MandateEnded(Refused):
    sentence = "There is no mandate any more, so nobody asks when you can come. Nothing is left to do."


@transaction.atomic
def ask_availability(*, mandates: Iterable[Mandate], by: Any, now: datetime) -> int:
    """Ask senior managers, and their assistants, when they can come; return how many of ``mandates`` were asked.

    One mail a day for each, with the link to the one page; who is asked again gets the same link.
    """
    mandates = [each for each in mandates if each.person.is_active]
    links = give_links(mandates, now)
    messages.ask_when(mandates, links, now=now)
    for mandate in mandates:
        record(by=by, verb="asked_when", about=mandate, now=now)
    return len(mandates)


def give_links(mandates: Iterable[Mandate], now: datetime) -> list[PersonalLink]:
    """Return the links to the page of each of ``mandates``, one for its senior manager and each assistant.

    Made where they are missing, and good for a year from now; those of former assistants end. Inside the caller's
    transaction.
    """
    ends_at, abouts = now + LINK_LIVES, {key_of(each): each for each in mandates}
    existing = PersonalLink.objects.filter(purpose=PURPOSE, about__in=list(abouts), revoked_at__isnull=True)
    wanted = {about: [each.person, *assistants_of(each, timezone.localdate(now))] for about, each in abouts.items()}
    for link in existing:
        if link.person_id not in {person.pk for person in wanted[link.about]}:
            revoke(link, by=CLOCK, now=now)
    existing = existing.all()
    existing.update(ends_at=ends_at)
    known = {(link.about, link.person_id) for link in existing}
    rows = [
        LinkRow(PURPOSE, person, about, ends_at)
        for about, people in wanted.items()
        for person in people
        if (about, person.pk) not in known
    ]
    make_links(rows, now)
    return list(existing.select_related("person").order_by("pk"))


def assistants_of(mandate: Mandate, on: date) -> list[Person]:
    """Return who keeps the diary of the senior manager of ``mandate`` in its programme on ``on``."""
    held = Assistant.objects.on(on).filter(programme=mandate.programme_id, senior=mandate.person_id)
    return list(Person.objects.filter(pk__in=held.values("person"), is_active=True).order_by("pk"))


@transaction.atomic
def say_when(*, mandate: Mandate, answers: Mapping[tuple[date, str], bool], by: Any, now: datetime) -> int:
    """Keep in which half-days the senior manager of ``mandate`` can come: (date, slot) → whether. Returns how many.

    What was said before about them is replaced. What they said yes to stays, and its own page takes it back; what waits
    for an answer is ``cover.answer_by_diary``. Raises NotYourDiary, MandateEnded.
    """
    lock_people([mandate.person_id])
    if not can_keep_diary(by, mandate, timezone.localdate(now)):
        raise NotYourDiary
    if not Mandate.objects.filter(pk=mandate.pk).on(timezone.localdate(now)).exists():
        raise MandateEnded
    said_by = key_of(by)
    Availability.objects.bulk_create(
        (
            Availability(person_id=mandate.person_id, date=day, slot=slot, can=can, said_at=now, said_by=said_by)
            for (day, slot), can in sorted(answers.items())
        ),
        update_conflicts=True,
        unique_fields=["person", "date", "slot"],
        update_fields=["can", "said_at", "said_by"],
    )
    record(by=by, verb="said_when", about=mandate, now=now)
    return len(answers)


@transaction.atomic
def forget_availability(*, today: date) -> int:
    """Delete what was said about half-days that are 30 days past on ``today``; return how many."""
    return Availability.objects.filter(date__lt=today - KEPT).delete()[0]
