"""Who keeps an assurance when the mandate of who gave it ends, or their organisation is replaced.

The words stay with who gave them and the role they had. Nobody is bound by what they did not say: a successor is asked,
and takes it over or declines with a reason. Until then the coordinators own it.
"""

from datetime import date, datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from accounts.models import Person
from briefings.models import Mandate
from briefings.rules import mandate_for, speaking
from commitments.actions.assurances import NoMandate, NotNow, NotTheirs, link_keeper, lock, next_day
from commitments.clocks import local_day
from commitments.messages import handovers as messages
from commitments.models import STANDING, Assurance, Handover, HandoverState
from commitments.rules import can_triage
from history.actions import CLOCK, record
from history.refusals import Refused
from organisations.models import Organisation


class OtherOrganisation(Refused):
    sentence = "This person does not speak for the organisation that carries it, or one that came after it."


def orphaned(today: date) -> QuerySet[Assurance]:
    """Return the standing assurances whose keeper may not speak for who carries them any more on ``today``."""
    speaks = speaking(today).filter(
        programme=OuterRef("programme"), organisation=OuterRef("carried_by"), person=OuterRef("keeper")
    )
    return Assurance.objects.filter(~Exists(speaks), state__in=STANDING, keeper__isnull=False).order_by("pk")


@transaction.atomic
def ask_for_successor(*, assurance_id: int, now: datetime) -> bool:
    """Let a standing assurance go from a keeper who may not speak any more; coordinators and leads are told, and again
    every few working days until somebody takes it over.

    Where its organisation was replaced and the keeper speaks for the one that came after, it goes along with them.
    Returns False where the keeper may speak after all, or it has moved on.
    """
    own = lock(Assurance(pk=assurance_id))
    today = local_day(own.programme, now)
    if own.keeper is None or own.state not in STANDING or _speaks(own, own.carried_by, today):
        return False
    for successor in successors_of(own.carried_by):
        if _speaks(own, successor, today):
            own.carried_by = successor
            own.save(update_fields=["carried_by"])
            record(by=CLOCK, verb="assurance_followed", about=own, now=now)
            return True
    own.keeper, own.keeper_lost_on = None, today
    own.next_reminder_on = next_day(own, today)
    own.save(update_fields=["keeper", "keeper_lost_on", "next_reminder_on"])
    link_keeper(own, now)
    record(by=CLOCK, verb="lost_keeper", about=own, now=now)
    messages.tell_lost(own, now=now)
    return True


def successors_of(organisation: Organisation) -> list[Organisation]:
    """Return who came after ``organisation``, in order: PCT, CCG, ICB. No circle can stand in it."""
    found: list[Organisation] = []
    while organisation.successor is not None and organisation.successor not in found:
        organisation = organisation.successor
        found.append(organisation)
    return found


def _speaks(own: Assurance, organisation: Organisation, today: date) -> bool:
    return own.keeper is not None and mandate_for(own.keeper, own.programme, today, organisation) is not None


@transaction.atomic
def ask_to_take_over(*, assurance: Assurance, mandate: Mandate, by: Person, now: datetime) -> Handover:
    """Ask the senior manager of ``mandate`` to keep ``assurance`` from now on. Who was asked before is not any more.

    Asking the same one twice on a day is asking once; on another day they are mailed anew.
    Raises NotTheirs, NotNow, NoMandate, OtherOrganisation.
    """
    own = lock(assurance)
    if not can_triage(by, own.programme):
        raise NotTheirs
    if own.keeper_id is not None or own.state not in STANDING:
        raise NotNow
    today = local_day(own.programme, now)
    _check_mandate(mandate, own, today)
    before = own.handovers.filter(state=HandoverState.ASKED)
    again = before.filter(mandate=mandate).first()
    if again is not None and local_day(own.programme, again.asked_at) == today:
        return again
    before.update(state=HandoverState.ENDED, decided_at=now)
    made = Handover.objects.create(
        assurance=own, mandate=mandate, person=mandate.person, role=mandate.job_title, asked_by=by, asked_at=now
    )
    record(by=by, verb="asked_to_take_over", about=own, now=now)
    messages.tell_asked(made, now=now)
    return made


def _check_mandate(mandate: Mandate, own: Assurance, today: date) -> None:
    held = speaking(today).filter(pk=mandate.pk, programme=own.programme_id)
    if not held.exists():
        raise NoMandate
    if mandate.organisation not in (own.carried_by, *successors_of(own.carried_by)):
        raise OtherOrganisation


@transaction.atomic
def take_over(*, handover: Handover, by: Person, now: datetime) -> Assurance:
    """Keep it from now on: reminders come to ``by``. The caller has asked for a sign-in code.

    Taking over twice is taking over once. Raises NotTheirs, NotNow, NoMandate, OtherOrganisation.
    """
    own, asked = _asked(handover, by)
    if asked.state == HandoverState.TAKEN:
        return own
    if asked.state != HandoverState.ASKED or own.state not in STANDING:
        raise NotNow
    today = local_day(own.programme, now)
    _check_mandate(asked.mandate, own, today)
    asked.state, asked.decided_at = HandoverState.TAKEN, now
    asked.save(update_fields=["state", "decided_at"])
    own.keeper, own.keeper_lost_on, own.carried_by = by, None, asked.mandate.organisation
    own.next_reminder_on = next_day(own, today)
    own.save(update_fields=["keeper", "keeper_lost_on", "carried_by", "next_reminder_on"])
    link_keeper(own, now)
    record(by=by, verb="took_over", about=own, now=now)
    messages.tell_decided(asked, now=now)
    return own


@transaction.atomic
def decline_to_take_over(*, handover: Handover, reason: str, by: Person, now: datetime) -> Handover:
    """Say why not: the coordinators own it on, and are told. Raises NotTheirs, NotNow."""
    own, asked = _asked(handover, by)
    if asked.state != HandoverState.ASKED:
        raise NotNow
    asked.state, asked.decided_at, asked.reason = HandoverState.DECLINED, now, reason
    asked.save(update_fields=["state", "decided_at", "reason"])
    record(by=by, verb="declined_to_take_over", about=own, now=now)
    messages.tell_decided(asked, now=now)
    return asked


def _asked(handover: Handover, by: Person) -> tuple[Assurance, Handover]:
    own = lock(Assurance(pk=handover.assurance_id))
    asked = Handover.objects.select_related("mandate__organisation", "person").get(pk=handover.pk)
    if asked.person_id != by.pk:
        raise NotTheirs
    return own, asked
