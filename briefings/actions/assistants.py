"""Who answers for a senior manager and keeps their diary: named by the coordinator or by themselves."""

from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import Person
from briefings import messages
from briefings.actions.appointments import AccountClosed
from briefings.models import Assistant, Mandate
from history.actions import record
from history.refusals import Refused


class NotTheirOwnAssistant(Refused):
    sentence = "A senior manager cannot be their own assistant. Choose somebody else."


class NoMandateToAssist(Refused):
    sentence = "This mandate has ended, so nobody can be named for it."


@transaction.atomic
def name_assistant(*, mandate: Mandate, person: Person, until: date | None, by: Any, now: datetime) -> Assistant:
    """Let ``person`` answer cover requests and keep the diary for the senior manager of ``mandate``, from today.

    They are told by mail what they may do. It holds in the programme of the mandate, to the day before ``until`` where
    there is one. Naming twice is naming once; another ``until`` takes the place of the first. Raises
    NoMandateToAssist, AccountClosed, NotTheirOwnAssistant.
    """
    mandate = Mandate.objects.select_for_update(no_key=True, of=("self",)).get(pk=mandate.pk)
    today = timezone.localdate(now)
    if mandate.until is not None and mandate.until <= today:
        raise NoMandateToAssist
    if not person.is_active:
        raise AccountClosed
    if person.pk == mandate.person_id:
        raise NotTheirOwnAssistant
    own = {"programme_id": mandate.programme_id, "senior_id": mandate.person_id, "person": person}
    held = Assistant.objects.on(today).filter(**own).first()
    if held is None:
        held = Assistant.objects.create(**own, since=today, until=until)
        record(by=by, verb="named_assistant", about=held, now=now)
        messages.tell_assistant(held, now=now)
    elif held.until != until:
        held.until = until
        held.save(update_fields=["until"])
        record(by=by, verb="changed", about=held, now=now, fields=["until"])
    return held


@transaction.atomic
def end_assistant(*, assistant: Assistant, by: Any, now: datetime) -> Assistant:
    """End today that somebody answers for a senior manager; their links open nothing any more. Twice is once."""
    assistant = Assistant.objects.select_for_update(no_key=True, of=("self",)).get(pk=assistant.pk)
    today = timezone.localdate(now)
    if assistant.until is not None and assistant.until <= today:
        return assistant
    assistant.until = today
    assistant.save(update_fields=["until"])
    record(by=by, verb="ended", about=assistant, now=now)
    return assistant
