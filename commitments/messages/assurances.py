"""Assurances: who is asked to confirm, reminded, and told how one ended."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.urls import reverse

import messaging.actions
from accounts.links import address_of
from accounts.models import Person
from commitments.clocks import AFTER, Rung, local_day
from commitments.models import UNENDED, Assurance, AssuranceState, Review
from commitments.queries.assurances import TOLD_TOGETHER, is_told_by_later, reviews_told, when_kept
from commitments.queries.standards import keepers_of
from messaging.actions import Planned
from messaging.kinds import Content, Kind, register, render_mail
from messaging.models import Message
from organisations.models import OrganisationLead

CONFIRM = "commitments.assurance_to_confirm"
GIVEN = "commitments.assurance_given"
REMINDER = "commitments.assurance_reminder"
PROPOSED = "commitments.assurance_proposed"
KEPT = "commitments.assurance_kept"
REVIEWED = "commitments.assurance_reviewed"
SENT_BACK = "commitments.assurance_sent_back"
ENDED = "commitments.assurance_ended"
REDACTED = "commitments.assurance_redacted"
_TEMPLATES = {  # by kind: template and subject
    CONFIRM: ("assurance_to_confirm", "Did you say this? Assurance {}"),
    GIVEN: ("assurance_given", "You gave assurance {}"),
    REMINDER: ("assurance_reminder", "Assurance {}"),
    PROPOSED: ("assurance_proposed", "Assurance {} is proposed as kept"),
    KEPT: ("assurance_kept", "Assurance {} is kept"),
    REVIEWED: ("assurance_reviewed", "Assurance {}: how it stands"),
    SENT_BACK: ("assurance_sent_back", "Assurance {} needs more evidence"),
    ENDED: ("assurance_ended", "Assurance {} has ended"),
    REDACTED: ("assurance_redacted", "Words of assurance {} were taken out"),
}
_TAKEN_OUT = {
    "assurance": "words of the promise itself",
    "evidence": "words of the evidence that it was kept",
    "review": "words of a review",
    "evidencefile": "a file of the evidence",
    "assurance_reason": "words of the reason why it ended",
    "evidence_reason": "words of the reason why evidence was sent back",
    "handover_reason": "words of the reason why somebody does not take it over",
}
"""What a redaction destroyed, by the name that the history gives it."""


def ask_to_confirm(own: Assurance, *, now: datetime) -> None:
    """Ask the senior manager whether these were the words, with a link that opens them."""
    _tell(CONFIRM, own, [own.person], "confirm", now)


def tell_given(own: Assurance, *, now: datetime) -> None:
    """Send who gave it their exact words, the day and the way back to it: worth keeping."""
    _tell(GIVEN, own, [own.person], "given", now)


def tell_proposed(own: Assurance, *, now: datetime) -> None:
    """Tell the coordinators that one of them is asked to confirm."""
    _tell(PROPOSED, own, coordinators_told(own, now), f"proposed:{now:%Y%m%d%H%M}", now)


def tell_kept(own: Assurance, *, now: datetime) -> None:
    """Tell who gave it, and who kept it, that it is confirmed as kept."""
    _tell(KEPT, own, _givers(own), "kept", now)


def tell_reviewed(review: Review, *, now: datetime) -> None:
    """Tell who else sees to it how it stands, and by when it is to be kept now; reviews soon after another by one mail.

    Those are the coordinators, who keeps and who gave it, without who reviewed it.
    """
    own = review.assurance
    people = [person for person in (*_givers(own), *coordinators_told(own, now)) if person.pk != review.reviewed_by_id]
    refs = {"review": review.pk, "state": own.state}
    _tell(REVIEWED, own, people, f"reviewed:{review.pk}", now, refs, due_at=now + TOLD_TOGETHER)


def tell_sent_back(own: Assurance, *, now: datetime) -> None:
    """Tell who keeps and who proposed it why the evidence was not enough."""
    people = [person for person in (own.keeper, own.proposed_by) if person]
    _tell(SENT_BACK, own, people, f"sent_back:{now:%Y%m%d%H%M}", now)


def tell_ended(own: Assurance, *, now: datetime) -> None:
    """Tell who gave it and the coordinators how it ended without being kept."""
    _tell(ENDED, own, [*_givers(own), *coordinators_told(own, now)], "ended", now)


def tell_redacted(own: Assurance, what: str, writers: Iterable[Person], by: Any, *, now: datetime) -> None:
    """Tell who gave it, who keeps it and its ``writers`` that ``what`` was destroyed, without the words; not ``by``."""
    people = [person for person in (*_givers(own), *writers) if person.is_active and person.pk != by.pk]
    _tell(REDACTED, own, people, f"redacted:{now:%Y%m%d%H%M%S}", now, {"what": what})


def remind(own: Assurance, rung: Rung, *, now: datetime) -> int:
    """Plan one rung of the ladder; return how many are told: its keeper, when late lead and coordinators too."""
    refs = {"step": rung.step, "state": own.state}
    people = reminded_people(own, rung.when == AFTER, now)
    return _tell(REMINDER, own, people, f"{own.state}:{own.due_on}:reminder:{rung.step}", now, refs)


def ask_who_keeps(own: Assurance, *, now: datetime) -> int:
    """Ask coordinators and leads again who takes ``own`` over; return how many are asked."""
    day = local_day(own.programme, now)
    return _tell(REMINDER, own, reminded_people(own, False, now), f"unkept:{day}", now, {"state": own.state})


def reminded_people(own: Assurance, is_late: bool, now: datetime) -> list[Person]:
    """Return who is reminded of ``own`` now. What is proposed as kept, or has no keeper, waits for the coordinators."""
    coordinators = coordinators_told(own, now)
    if own.keeper is None:
        return _once([*coordinators, *leads_of(own, now)])
    if own.state == AssuranceState.PROPOSED:
        return coordinators
    if own.state == AssuranceState.NOTED and not own.keeper.is_active:
        return coordinators
    if not is_late or own.state == AssuranceState.NOTED:
        return [own.keeper]
    return _once([own.keeper, *leads_of(own, now), *coordinators])


def leads_of(own: Assurance, now: datetime) -> list[Person]:
    """Return who leads the organisation that carries ``own``, or the one that came after it."""
    carriers = [own.carried_by_id, own.carried_by.successor_id]
    leads = OrganisationLead.objects.on(local_day(own.programme, now)).filter(organisation__in=carriers)
    return list(Person.objects.filter(pk__in=leads.values("person"), is_active=True).order_by("pk"))


def _once(people: Iterable[Person]) -> list[Person]:
    return list({person.pk: person for person in people}.values())


def _givers(own: Assurance) -> list[Person]:
    """Return who gave it and who keeps it now, of those who still have an account."""
    return [person for person in (own.person, own.keeper) if person and person.is_active]


def not_wanted(batch: Sequence[Message], now: datetime) -> dict[int, str]:
    """Return the reason code of each reminder, review, or wish to confirm, of an assurance that has moved on."""
    found = Assurance.objects.in_bulk([message.refs["assurance"] for message in batch])
    reasons = {}
    for message in batch:
        own = found.get(message.refs["assurance"])
        if own is None or own.state not in UNENDED:
            reasons[message.pk] = "assurance_has_ended"
        elif own.state != message.refs.get("state", AssuranceState.NOTED):
            reasons[message.pk] = "assurance_has_moved_on"
        elif message.kind == REVIEWED and is_told_by_later(_review(message)):
            reasons[message.pk] = "another_review_tells"
    return reasons


def _review(message: Message) -> Review:
    return Review.objects.select_related("assurance").get(pk=message.refs["review"])


def _told_of(review: Review) -> dict[str, Any]:
    reviews = reviews_told(review)
    return {"reviews": reviews, "before": reviews[0].due_before, "after": reviews[-1].due_after}


def render(message: Message) -> Content:
    """Return the mail of any kind about one assurance."""
    own = Assurance.objects.select_related(
        "programme", "person", "organisation", "session", "link", "noted_by", "proposed_by", "carried_by", "replaces"
    ).get(pk=message.refs["assurance"])
    template, subject = _TEMPLATES[message.kind]
    today, opens = local_day(own.programme, message.due_at), _opens_by_link(own, message)
    context = {
        "person": message.person,
        "assurance": own,
        "programme": own.programme,
        "is_own": own.keeper_id == message.person_id,
        "last": own.evidence_given.first(),
        "is_late": own.due_on < today,
        "due": when_kept(own, today),
        "address": address_of(own.link) if opens else page_of(own),
        "has_link": opens,
        **(_told_of(_review(message)) if message.kind == REVIEWED else {}),
        "taken_out": _TAKEN_OUT.get(message.refs.get("what", "")),
    }
    words = subject.format(own.reference) + (_when(own, today) if message.kind == REMINDER else "")
    return render_mail(f"commitments/mail/{template}", context, words)


def page_of(own: Assurance) -> str:
    """Return the absolute address of the page of ``own``."""
    return settings.SITE_URL + reverse("commitments:assurance-show", args=[own.pk])


def _opens_by_link(own: Assurance, message: Message) -> bool:
    """Return whether the reader needs no sign-in: its keeper, but while it waits for a coordinator, who they may be."""
    is_own = own.link is not None and message.person_id == own.keeper_id == own.link.person_id
    opens = is_own and own.link.revoked_at is None and own.link.ends_at > message.due_at
    return opens and own.state != AssuranceState.PROPOSED


def _when(own: Assurance, today: date) -> str:
    if own.state == AssuranceState.NOTED:
        return " waits for your word"
    if own.keeper_id is None:
        return " has nobody who keeps it"
    if own.state == AssuranceState.PROPOSED:
        return " waits to be confirmed as kept"
    if own.is_ongoing and own.due_on >= today:
        return " is to be reviewed"
    return " is late" if own.due_on < today else " is due today" if own.due_on == today else " is due soon"


def coordinators_told(own: Assurance, now: datetime) -> list[Person]:
    """Return who coordinates the programme of ``own``, or where nobody does the administrators."""
    return keepers_of(own.programme, local_day(own.programme, now))


def _tell(
    kind: str, own: Assurance, people: Iterable[Person], reason: str, now: datetime, refs: dict | None = None, *,
    due_at: datetime | None = None,
) -> int:  # fmt: skip
    rows = [
        Planned(
            key=f"commitments.assurance:{own.pk}:{reason}:{person.pk}",
            to=person,
            refs={"assurance": own.pk, **(refs or {})},
            about=own.programme,
            due_at=due_at,
        )
        for person in {person.pk: person for person in people if person.email}.values()
    ]
    return messaging.actions.queue_many(kind=kind, rows=rows, now=now)


def register_kinds() -> None:
    """Make the kinds of assurances known; called when the app is ready."""
    register(Kind(CONFIRM, render, not_wanted, label="Assurance to confirm"))
    register(Kind(GIVEN, render, label="Receipt of an assurance"))
    register(Kind(REMINDER, render, not_wanted, label="Reminder of an assurance"))
    register(Kind(PROPOSED, render, label="Assurance proposed as kept"))
    register(Kind(KEPT, render, label="Assurance kept"))
    register(Kind(REVIEWED, render, not_wanted, label="Review of an assurance"))
    register(Kind(SENT_BACK, render, label="Assurance sent back"))
    register(Kind(ENDED, render, label="Assurance ended"))
    register(Kind(REDACTED, render, label="Words of an assurance taken out"))
