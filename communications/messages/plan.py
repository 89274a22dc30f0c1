"""Telling the owner of a planned item that it is theirs, and reminding until it is done."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.conf import settings
from django.urls import reverse

import messaging.actions
from accounts.links import address_of
from accounts.models import Person
from briefings.rules import coordinators_of
from commitments.clocks import AFTER, Rung, local_day
from communications.models import PlannedItem
from messaging.actions import Planned
from messaging.kinds import Content, Kind, register, render_mail
from messaging.models import Message

GIVEN = "communications.item_given"
REMINDER = "communications.item_reminder"


def tell_owner(item: PlannedItem, *, now: datetime) -> None:
    """Tell the owner what is to be told to whom by when, with the link to say that it is done."""
    _tell(GIVEN, f"communications.item:{item.pk}:given:{item.link_id}", [item.owner], {}, item, now)


def remind(item: PlannedItem, rung: Rung, *, now: datetime) -> int:
    """Plan one rung of the ladder: to the owner, when late to the coordinators too; return how many."""
    people = [item.owner] if item.owner else []
    if rung.when == AFTER:
        people += coordinators_of(item.stage.programme, local_day(item.stage.programme, now))
    key = f"communications.item:{item.pk}:{item.due_on}:{item.ladder}:reminder:{rung.step}"
    return _tell(REMINDER, key, people, {"due": item.due_on.isoformat()}, item, now)


def not_wanted(batch: Sequence[Message], now: datetime) -> dict[int, str]:
    """Return the reason code of each mail whose item is done or gone, has another date, or another owner since."""
    found = PlannedItem.objects.in_bulk([message.refs["item"] for message in batch])
    reasons = {}
    for message in batch:
        item = found.get(message.refs["item"])
        if item is None or item.done_at is not None:
            reasons[message.pk] = "item_is_done"
        elif message.refs.get("due", item.due_on.isoformat()) != item.due_on.isoformat():
            reasons[message.pk] = "another_due_date"
        elif message.kind == GIVEN and item.owner_id != message.person_id:
            reasons[message.pk] = "item_has_another_owner"
    return reasons


def render(message: Message) -> Content:
    """Return the mail about one item: to its owner with the link, to a coordinator with the page of its stage."""
    found = PlannedItem.objects.select_related("stage__programme", "owner", "link")
    item = found.prefetch_related("organisations", "professions", "areas").get(pk=message.refs["item"])
    programme = item.stage.programme
    today = local_day(programme, message.due_at)
    is_owner = item.owner_id == message.person_id
    stage_page = settings.SITE_URL + reverse("communications:stage-show", args=[programme.slug, item.stage_id])
    context = {
        "person": message.person,
        "item": item,
        "programme": programme,
        "audience": audience_in_words(item),
        "is_owner": is_owner,
        "is_late": item.due_on < today,
        "is_due_today": item.due_on == today,
        "address": address_of(item.link) if is_owner and item.link else stage_page,
    }
    if message.kind == GIVEN:
        return render_mail("communications/mail/item_given", context, f"To be told in {programme.name}: it is yours")
    late = "is late" if context["is_late"] else "is due today" if context["is_due_today"] else "is due soon"
    return render_mail("communications/mail/item_reminder", context, f"To be told in {programme.name}: it {late}")


def audience_in_words(item: PlannedItem) -> str:
    """Return whom ``item`` is for: "Health visitors of Wren Valley NHS Trust in Eastmarsh"; "Everybody in scope"."""
    professions, organisations, areas = (
        ", ".join(sorted(row.name for row in related.all()))
        for related in (item.professions, item.organisations, item.areas)
    )
    words = professions or ("Everybody" if organisations or areas else "Everybody in scope")
    return words + (f" of {organisations}" if organisations else "") + (f" in {areas}" if areas else "")


def _tell(kind: str, key: str, people: Iterable[Person], refs: dict, item: PlannedItem, now: datetime) -> int:
    rows = [
        Planned(key=f"{key}:{person.pk}", to=person, refs={"item": item.pk, **refs}, about=item.stage.programme)
        for person in {person.pk: person for person in people}.values()
        if person.email
    ]
    return messaging.actions.queue_many(kind=kind, rows=rows, now=now)


def register_kinds() -> None:
    """Make the kinds of the plan known; called when the app is ready."""
    register(Kind(GIVEN, render, not_wanted, label="Something to be told, for its owner"))
    register(Kind(REMINDER, render, not_wanted, label="Reminder of something to be told"))
