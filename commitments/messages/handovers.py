"""Assurances whose keeper may not speak any more: who is asked for a successor, who is asked to be one."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import messaging.actions
from accounts.models import Person
from commitments.clocks import local_day
from commitments.messages.assurances import coordinators_told, leads_of, page_of
from commitments.models import Assurance, Handover, HandoverState
from commitments.queries.assurances import last_keeper_of, when_kept
from messaging.actions import Planned
from messaging.kinds import Content, Kind, register, render_mail
from messaging.models import Message

LOST = "commitments.assurance_without_keeper"
ASKED = "commitments.assurance_to_take_over"
DECIDED = "commitments.assurance_taken_over"


def tell_lost(own: Assurance, *, now: datetime) -> None:
    """Ask the coordinators, and tell the leads, that somebody has to take ``own`` over."""
    people = [*coordinators_told(own, now), *leads_of(own, now)]
    _tell(LOST, own, people, f"lost:{now:%Y%m%d}", now, {"lost_on": own.keeper_lost_on.isoformat()})


def tell_asked(made: Handover, *, now: datetime, again: str = "") -> None:
    """Ask one senior manager to take it over; ``again`` names a reminder."""
    _tell(ASKED, made.assurance, [made.person], f"take_over:{made.pk}{again}", now, {"handover": made.pk})


def tell_decided(made: Handover, *, now: datetime) -> None:
    """Tell the coordinators whether it was taken over."""
    own = made.assurance
    _tell(DECIDED, own, coordinators_told(own, now), f"decided:{made.pk}", now, {"handover": made.pk})


def not_wanted(batch: Sequence[Message], now: datetime) -> dict[int, str]:
    """Return the reason code of each request that somebody has seen to meanwhile."""
    assurances = Assurance.objects.in_bulk([message.refs["assurance"] for message in batch])
    asked = Handover.objects.in_bulk([message.refs["handover"] for message in batch if "handover" in message.refs])
    reasons = {}
    for message in batch:
        own, made = assurances.get(message.refs["assurance"]), asked.get(message.refs.get("handover"))
        is_over = message.kind == ASKED and (made is None or made.state != HandoverState.ASKED)
        if own is None or own.keeper_id is not None or is_over:
            reasons[message.pk] = "assurance_has_moved_on"
    return reasons


def render(message: Message) -> Content:
    """Return the mail of any kind about handing an assurance over."""
    own = Assurance.objects.select_related("programme", "person", "organisation", "carried_by__successor").get(
        pk=message.refs["assurance"]
    )
    made = Handover.objects.select_related("person", "mandate__organisation").filter(
        pk=message.refs.get("handover")
    ).first()  # fmt: skip
    template, subject = {
        LOST: ("assurance_without_keeper", f"Who takes over assurance {own.reference}?"),
        ASKED: ("assurance_to_take_over", f"Will you take over assurance {own.reference}?"),
        DECIDED: ("assurance_taken_over", f"Assurance {own.reference}: {_decided(made)}"),
    }[message.kind]
    context = {
        "person": message.person,
        "assurance": own,
        "handover": made,
        "last_keeper": last_keeper_of(own),
        "due": when_kept(own, local_day(own.programme, message.due_at)),
        "programme": own.programme,
        "address": page_of(own),
    }
    return render_mail(f"commitments/mail/{template}", context, subject)


def _decided(made: Handover | None) -> str:
    return "taken over" if made and made.state == HandoverState.TAKEN else "nobody has taken it over"


def _tell(kind: str, own: Assurance, people: Iterable[Person], reason: str, now: datetime, refs: dict) -> None:
    rows = [
        Planned(
            key=f"commitments.assurance:{own.pk}:{reason}:{person.pk}",
            to=person,
            refs={"assurance": own.pk, **refs},
            about=own.programme,
        )
        for person in {person.pk: person for person in people if person.email}.values()
    ]
    messaging.actions.queue_many(kind=kind, rows=rows, now=now)


def register_kinds() -> None:
    """Make the kinds of handing over known; called when the app is ready."""
    register(Kind(LOST, render, not_wanted, label="Assurance without a keeper"))
    register(Kind(ASKED, render, not_wanted, label="Assurance to take over"))
    register(Kind(DECIDED, render, label="Assurance taken over, or not"))
