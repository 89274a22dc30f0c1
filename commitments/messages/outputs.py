"""Actions from a workshop: who is told, and who is reminded until they end."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.conf import settings
from django.urls import reverse

import messaging.actions
from accounts.links import address_of
from accounts.models import Person
from commitments.clocks import Rung, local_day
from commitments.models import ActionState, Output, Told
from commitments.queries.standards import board_of, keepers_of
from commitments.rules import programmes_with_outputs
from messaging.actions import Planned
from messaging.kinds import Content, Kind, register, render_mail
from messaging.models import Message
from organisations.models import OrganisationLead

GIVEN = "commitments.action_given"
MOVED = "commitments.action_moved"
REMINDER = "commitments.action_reminder"
ENDED = "commitments.action_ended"


def tell_owner(action: Output, *, now: datetime, again: bool = False) -> None:
    """Tell the owner of an action what it is and by when, with the link to say that it is done.

    ``again`` where it was given to somebody else, or for another day, before.
    """
    key = f"commitments.action:{action.pk}:given{f':{now.isoformat()}' if again else ''}"
    _tell(GIVEN, key, [action.owner], {"due": action.due_on.isoformat()}, action, now)


def tell_moved(action: Output, before: Person, *, now: datetime) -> None:
    """Tell who had the action ``before`` that somebody else has it now: the link they got opens nothing any more."""
    _tell(MOVED, f"commitments.action:{action.pk}:moved:{now.isoformat()}", [before], {}, action, now)


def tell_ended(action: Output, *, now: datetime) -> None:
    """Tell who wrote the action down that its owner has ended it, and how.

    Where they do not read the outputs of the programme any more, or have no address, its coordinators are told.
    """
    programme, giver = action.session.programme, action.noted_by
    still_reads = giver.is_active and giver.email and programmes_with_outputs(giver).filter(pk=programme.pk).exists()
    people = [giver] if still_reads else keepers_of(programme, local_day(programme, now))
    others = [person for person in people if person.pk != action.owner_id]
    _tell(ENDED, f"commitments.action:{action.pk}:ended", others, {}, action, now)


def remind(action: Output, rung: Rung, *, now: datetime) -> int:
    """Plan one rung of the ladder: to the owner, when late to leads and coordinators too; return how many."""
    key = f"commitments.action:{action.pk}:{action.due_on}:reminder:{rung.step}"
    people = reminded_people(action, rung, now)
    return _tell(REMINDER, key, people, {"due": action.due_on.isoformat()}, action, now)


def reminded_people(action: Output, rung: Rung, now: datetime) -> list[Person]:
    """Return who is reminded: whom the ladder of the programme tells, the leads those of the owner's organisations.

    Somebody is always told: where a rung tells a board or leads that are not there, the coordinators.
    Where the owner has left or has no e-mail address it is the coordinators' to give it to somebody else or to end it.
    """
    programme = action.session.programme
    today = local_day(programme, now)
    if not action.owner.is_active or not action.owner.email:
        return keepers_of(programme, today)
    homes = action.owner.affiliations.on(today).values("organisation")
    leads = OrganisationLead.objects.on(today).filter(organisation__in=homes).values("person")
    found = {
        Told.OWNER: [action.owner],
        Told.LEAD: Person.objects.filter(pk__in=leads, is_active=True),
        Told.COORDINATOR: keepers_of(programme, today),
        Told.BOARD: board_of(programme, today) if Told.BOARD in rung.tells else [],
    }
    told = {person.pk: person for tells in rung.tells for person in found[Told(tells)]}
    return list(told.values()) or keepers_of(programme, today)


def not_wanted(batch: Sequence[Message], now: datetime) -> dict[int, str]:
    """Return the reason code of each mail whose action has ended, was taken back, or has another owner or date."""
    found = Output.objects.in_bulk([message.refs["action"] for message in batch])
    reasons = {}
    for message in batch:
        action = found.get(message.refs["action"])
        if message.kind == ENDED:
            if action is None:
                reasons[message.pk] = "action_is_gone"
        elif action is None or action.action_state != ActionState.OPEN:
            reasons[message.pk] = "action_has_ended"
        elif message.kind == MOVED:
            if action.owner_id == message.person_id:
                reasons[message.pk] = "another_owner"
        elif message.refs.get("owner", action.owner_id) != action.owner_id:
            reasons[message.pk] = "another_owner"
        elif message.refs.get("due", action.due_on.isoformat()) != action.due_on.isoformat():
            reasons[message.pk] = "another_due_date"
    return reasons


def render(message: Message) -> Content:
    """Return the mail about one action: to its owner with the link, to others with the list."""
    action = Output.objects.select_related("session__programme", "owner", "link").get(pk=message.refs["action"])
    programme = action.session.programme
    today = local_day(programme, message.due_at)
    is_owner = action.owner_id == message.person_id
    staff_page = settings.SITE_URL + reverse("commitments:programme-outputs", args=[programme.slug])
    context = {
        "person": message.person,
        "action": action,
        "session": action.session,
        "programme": programme,
        "is_owner": is_owner,
        "is_done": action.action_state == ActionState.DONE,
        "is_late": action.due_on < today,
        "is_due_today": action.due_on == today,
        "address": address_of(action.link) if is_owner and action.link else staff_page,
    }
    if message.kind == MOVED:
        return render_mail(
            "commitments/mail/action_moved", context, f"An action of {programme.name} is not yours any more"
        )
    if message.kind == GIVEN:
        return render_mail("commitments/mail/action_given", context, f"An action for you from {programme.name}")
    if message.kind == ENDED:
        how = "done" if context["is_done"] else "not needed any more"
        return render_mail("commitments/mail/action_ended", context, f"An action from {programme.name} is {how}")
    late = "is late" if context["is_late"] else "is due today" if context["is_due_today"] else "is due soon"
    return render_mail("commitments/mail/action_reminder", context, f"An action from {programme.name} {late}")


def _tell(kind: str, key: str, people: Iterable[Person], refs: dict, action: Output, now: datetime) -> int:
    refs = {"action": action.pk, "owner": action.owner_id, **refs}
    rows = [
        Planned(key=f"{key}:{person.pk}", to=person, refs=refs, about=action.session.programme)
        for person in people
        if person.email
    ]
    return messaging.actions.queue_many(kind=kind, rows=rows, now=now)


def register_kinds() -> None:
    """Make the kinds of actions known; called when the app is ready."""
    register(Kind(GIVEN, render, not_wanted, label="Action from a workshop"))
    register(Kind(MOVED, render, not_wanted, label="Action given to somebody else"))
    register(Kind(ENDED, render, not_wanted, label="Action that its owner ended"))
    register(Kind(REMINDER, render, not_wanted, label="Reminder of an action"))
