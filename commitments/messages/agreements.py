"""Agreements: who is asked to endorse, reminded, told what was said, told that a review is due or that one ended."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.urls import reverse

import messaging.actions
from accounts.links import address_of
from accounts.models import Person
from commitments.clocks import local_day
from commitments.differences import compare
from commitments.models import (
    Agreement,
    AgreementVersion,
    Endorsement,
    PartnerAsked,
    SeniorAsked,
    VersionState,
)
from commitments.queries.agreements import counted, endorsed_before
from commitments.queries.standards import keepers_of
from messaging.actions import Planned
from messaging.kinds import Content, Kind, register, render_mail
from messaging.models import Message
from organisations.models import Organisation, OrganisationLead

ASK = "commitments.agreement_to_endorse"
REMINDER = "commitments.agreement_reminder"
LATE = "commitments.agreement_late"
NOBODY = "commitments.agreement_nobody_to_ask"
RECEIPT = "commitments.endorsement_receipt"
SAID = "commitments.endorsement_said"
REVIEW = "commitments.agreement_review"
ENDED = "commitments.agreement_ended"


def ask(senior: SeniorAsked, *, now: datetime) -> None:
    """Ask one senior manager to endorse, with their own link."""
    refs = {"version": senior.asked.version_id, "senior": senior.pk}
    _tell(ASK, senior.asked.version, [senior.person], f"ask:{senior.pk}", refs, now)


def ask_again(senior: SeniorAsked, *, now: datetime) -> None:
    """Ask somebody who was asked before and to whom a colleague has passed it."""
    refs = {"version": senior.asked.version_id, "senior": senior.pk}
    _tell(ASK, senior.asked.version, [senior.person], f"ask:{senior.pk}:{now:%Y%m%d%H%M%S}", refs, now)


def tell_nobody(version: AgreementVersion, organisations: Iterable[Organisation], *, now: datetime) -> None:
    """Tell the coordinators of partners that are asked about ``version`` and have nobody with a mandate."""
    for organisation in organisations:
        refs = {"version": version.pk, "organisation": organisation.pk}
        _tell(NOBODY, version, keepers(version, now), f"nobody:{organisation.pk}", refs, now)


def remind(asked: PartnerAsked, step: int, is_late: bool, *, now: datetime) -> int:
    """Plan one rung of the ladder for a partner that has said nothing: return how many are told.

    The senior managers it was asked of; when late the leads and the coordinators too.
    """
    version = asked.version
    count = 0
    for senior in waiting_seniors(asked, now):
        refs = {"version": version.pk, "senior": senior.pk, "asked": asked.pk}
        count += _tell(REMINDER, version, [senior.person], f"remind:{asked.pk}:{step}", refs, now)
    if is_late:
        refs = {"version": version.pk, "asked": asked.pk, "organisation": asked.organisation_id}
        others = [*leads_of(asked.organisation, version, now), *keepers(version, now)]
        count += _tell(LATE, version, others, f"late:{asked.pk}:{step}", refs, now)
    return count


def give_receipt(made: Endorsement, person: Person, *, now: datetime) -> None:
    """Send who signed what they signed, with the hash that it has in the chain: worth keeping."""
    refs = {"version": made.version_id, "endorsement": made.pk}
    _tell(RECEIPT, made.version, [person], f"receipt:{made.position}", refs, now)


def tell_said(made: Endorsement, *, now: datetime) -> None:
    """Tell the coordinators, and the leads of the organisation, what was said."""
    version = made.version
    people = [*keepers(version, now), *leads_of(made.organisation, version, now)]
    refs = {"version": version.pk, "endorsement": made.pk}
    _tell(SAID, version, people, f"said:{made.position}", refs, now)


def remind_of_review(version: AgreementVersion, day: date, *, now: datetime) -> None:
    """Tell the coordinators on ``day`` that the review date of ``version`` is near, or has passed."""
    refs = {"version": version.pk, "state": version.state}
    _tell(REVIEW, version, keepers(version, now), f"review:{day.isoformat()}", refs, now)


def tell_ended(agreement: Agreement, version: AgreementVersion, *, now: datetime) -> None:
    """Tell everybody who was asked, and the coordinators, that it was withdrawn or replaced by another."""
    asked = Person.objects.filter(asked_to_endorse__asked__version=version, is_active=True)
    people = [*asked.order_by("pk").distinct(), *keepers(version, now)]
    _tell(ENDED, version, people, "ended", {"version": version.pk}, now)


def waiting_seniors(asked: PartnerAsked, now: datetime) -> list[SeniorAsked]:
    """Return whom ``asked`` waits for: asked, not passed on, and still with a mandate for the organisation."""
    version = asked.version
    programme = version.agreement.programme
    speaks = programme.mandates.model.objects.on(local_day(programme, now))
    speaks = speaks.filter(programme=programme, organisation=asked.organisation_id).values("person")
    found = asked.seniors.filter(passed_on_at=None, person__in=speaks, person__is_active=True)
    return list(found.select_related("person", "mandate"))


def keepers(version: AgreementVersion, now: datetime) -> list[Person]:
    """Return who coordinates the programme of ``version``, or where nobody does the administrators."""
    programme = version.agreement.programme
    return keepers_of(programme, local_day(programme, now))


def leads_of(organisation: Organisation, version: AgreementVersion, now: datetime) -> list[Person]:
    """Return who leads ``organisation``."""
    today = local_day(version.agreement.programme, now)
    leads = OrganisationLead.objects.on(today).filter(organisation=organisation)
    return list(Person.objects.filter(pk__in=leads.values("person"), is_active=True).order_by("pk"))


def not_wanted(batch: Sequence[Message], now: datetime) -> dict[int, str]:
    """Return the reason code of each request or reminder that is over: answered, passed on, replaced or ended."""
    versions = AgreementVersion.objects.in_bulk([message.refs["version"] for message in batch])
    seniors = SeniorAsked.objects.select_related("asked__version__agreement__programme").in_bulk(
        _numbers(batch, "senior")
    )
    partners = PartnerAsked.objects.in_bulk(_numbers(batch, "asked"))
    nobody = _not_answered_for(batch)
    reasons = {}
    for message in batch:
        version, senior = versions.get(message.refs["version"]), seniors.get(message.refs.get("senior"))
        asked = senior.asked if senior else partners.get(message.refs.get("asked"))
        if version is None or version.state != VersionState.PROPOSED:
            reasons[message.pk] = "version_has_moved_on"
        elif asked is not None and (asked.outcome or not asked.is_needed):
            reasons[message.pk] = "partner_has_answered"
        elif senior is not None and senior.passed_on_at is not None:
            reasons[message.pk] = "passed_on"
        elif senior is not None and senior.pk not in {each.pk for each in waiting_seniors(senior.asked, now)}:
            reasons[message.pk] = "mandate_has_ended"
        elif message.kind == NOBODY and (version.pk, message.refs["organisation"]) not in nobody:
            reasons[message.pk] = "partner_has_answered"
    return reasons


def _not_answered_for(batch: Sequence[Message]) -> set[tuple[int, int]]:
    """Return the versions and organisations of ``batch`` that are still waited for."""
    versions = [message.refs["version"] for message in batch if message.kind == NOBODY]
    waits = PartnerAsked.objects.filter(version__in=versions, outcome="", is_needed=True)
    return set(waits.values_list("version", "organisation"))


def review_not_wanted(batch: Sequence[Message], now: datetime) -> dict[int, str]:
    """Return the reason code of each reminder of a review whose version has been replaced or withdrawn since."""
    versions = AgreementVersion.objects.in_bulk([message.refs["version"] for message in batch])
    over = (VersionState.SUPERSEDED, VersionState.WITHDRAWN)
    found = ((message.pk, versions.get(message.refs["version"])) for message in batch)
    return {pk: "version_has_moved_on" for pk, version in found if version is None or version.state in over}


def _numbers(batch: Sequence[Message], name: str) -> list[int]:
    return [message.refs[name] for message in batch if name in message.refs]


def render(message: Message) -> Content:
    """Return the mail of any of these kinds."""
    rows = counted(AgreementVersion.objects.all())
    version = rows.select_related("agreement__programme", "agreement__superseded_by").get(pk=message.refs["version"])
    agreement = version.agreement
    template, subject = _SUBJECTS[message.kind]
    answer_by = _answer_by(message, version)
    context: dict[str, Any] = {
        "person": message.person,
        "agreement": agreement,
        "version": version,
        "programme": agreement.programme,
        "kind": message.kind,
        "address": page_of(agreement),
        "answer_by": answer_by,
        "is_late": bool(answer_by) and answer_by < local_day(agreement.programme, message.due_at),
        "review_passed": version.review_on < local_day(agreement.programme, message.due_at),
        **_of_senior(message, version),
        **_of_others(message),
    }
    names = {"reference": agreement.reference, "organisation": context["organisation_name"]}
    return render_mail(f"commitments/mail/{template}", context, subject.format(**names))


_SUBJECTS = {  # by kind: template and subject
    ASK: ("agreement_to_endorse", "Will {organisation} endorse agreement {reference}?"),
    REMINDER: ("agreement_to_endorse", "Agreement {reference} waits for {organisation}"),
    LATE: ("agreement_late", "Agreement {reference}: {organisation} has not answered"),
    NOBODY: ("agreement_nobody_to_ask", "{organisation} has nobody with a mandate: agreement {reference}"),
    RECEIPT: ("endorsement_receipt", "You signed for {organisation}: agreement {reference}"),
    SAID: ("endorsement_said", "{organisation} has answered: agreement {reference}"),
    REVIEW: ("agreement_review", "Agreement {reference} is to be reviewed"),
    ENDED: ("agreement_ended", "Agreement {reference} has ended"),
}


def _answer_by(message: Message, version: AgreementVersion) -> date | None:
    """Return by when the partner answers that the mail is about; where it is about none, all of them."""
    partners = PartnerAsked.objects.filter(version=version)
    if "senior" in message.refs:
        asked = partners.filter(seniors=message.refs["senior"]).first()
    else:
        asked = partners.filter(pk=message.refs.get("asked")).first()
    return (asked and asked.answer_by) or version.endorse_by


def _of_senior(message: Message, version: AgreementVersion) -> dict[str, Any]:
    """Return what a mail to a senior manager who is asked says: their link, who passed it on, what is different."""
    rows = SeniorAsked.objects.select_related("asked__organisation", "passed_by", "link")
    senior = rows.filter(pk=message.refs.get("senior")).first()
    if senior is None:
        return {"passed_by": None, "pieces": []}
    organisation = senior.asked.organisation
    before = endorsed_before(version, organisation)
    found: dict[str, Any] = {
        "organisation_name": organisation.name,
        "passed_by": senior.passed_by,
        "before": before,
        "pieces": compare(before.words, version.words) if before else [],
    }
    if senior.link is not None:
        found["address"] = address_of(senior.link)
    return found


def _of_others(message: Message) -> dict[str, Any]:
    """Return what a mail about one partner, or one endorsement, says of it."""
    made = Endorsement.objects.filter(pk=message.refs.get("endorsement")).first()
    if made is not None:
        return {"endorsement": made, "organisation_name": made.organisation_name}
    if "organisation" in message.refs:
        return {"organisation_name": Organisation.objects.get(pk=message.refs["organisation"]).name}
    return {} if "senior" in message.refs else {"organisation_name": ""}


def page_of(agreement: Agreement) -> str:
    """Return the absolute address of the page of ``agreement``."""
    return settings.SITE_URL + reverse("commitments:agreement-show", args=[agreement.pk])


def _tell(
    kind: str, version: AgreementVersion, people: Iterable[Person], reason: str, refs: dict[str, int | str],
    now: datetime,
) -> int:  # fmt: skip
    rows = [
        Planned(
            key=f"commitments.agreement:{version.pk}:{reason}:{person.pk}",
            to=person,
            refs=refs,
            about=version.agreement.programme,
        )
        for person in {person.pk: person for person in people if person.email}.values()
    ]
    return messaging.actions.queue_many(kind=kind, rows=rows, now=now)


def register_kinds() -> None:
    """Make the kinds of agreements known; called when the app is ready."""
    register(Kind(ASK, render, not_wanted, label="Agreement to endorse"))
    register(Kind(REMINDER, render, not_wanted, label="Reminder of an agreement to endorse"))
    register(Kind(LATE, render, not_wanted, label="Agreement that a partner has not answered"))
    register(Kind(NOBODY, render, not_wanted, label="Agreement with nobody to ask"))
    register(Kind(RECEIPT, render, label="Receipt of an endorsement"))
    register(Kind(SAID, render, label="What a partner said of an agreement"))
    register(Kind(REVIEW, render, review_not_wanted, label="Review of an agreement"))
    register(Kind(ENDED, render, label="Agreement ended"))
