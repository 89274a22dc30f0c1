"""Signing for an organisation: an outcome of one version, added to the chain of its programme for good."""

import secrets
from datetime import date, datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import Person
from briefings.models import Mandate, Programme
from commitments.actions.agreements import ask_senior, plain
from commitments.clocks import local_day
from commitments.messages import agreements as messages
from commitments.models import (
    Agreement,
    AgreementVersion,
    Endorsement,
    EndorsementChain,
    EndorsementName,
    Outcome,
    PartnerAsked,
    SeniorAsked,
    VersionState,
    digest_of,
    name_digest_of,
)
from history.actions import CLOCK, record
from history.refusals import Refused

NAMES_KEPT_YEARS = 7
"""Years after the end of a programme in which the names of who signed stand beside the chain."""


class NoMandate(Refused):
    sentence = "Endorsing needs a mandate: you may not speak for this organisation in this programme today."


class NotAsked(Refused):
    sentence = "This organisation is not asked to endorse it: it is not a partner of the programme today."


class NotNow(Refused):
    sentence = "This agreement has moved on since you opened the page: there is a newer version, or it has ended."


class WordsMoved(Refused):
    sentence = "The words are not those that you read. Read them again, then sign."


class ReasonMissing(Refused):
    sentence = "Say why: a note, or a reason for declining, needs words."


class HasAnswered(Refused):
    sentence = "Your organisation has answered already, so there is nothing to pass on."


class OtherOrganisation(Refused):
    sentence = (
        "It can be passed only to a colleague with an e-mail address who may speak for the same organisation today."
    )


@transaction.atomic
def endorse(
    *,
    version: AgreementVersion,
    mandate: Mandate,
    outcome: Outcome | str,
    seen: str,
    by: Person,
    now: datetime,
    note: str = "",
) -> Endorsement:
    """Sign ``outcome`` for the organisation of ``mandate``, which ``by`` must hold. The caller has asked for a code.

    ``seen`` is the ``digest_of`` the words that ``by`` read. ``note`` is needed where it is endorsed with a note or
    declined. A later outcome of the same organisation is another record; the same one again is given back as it is.
    Raises NoMandate, NotAsked, NotNow, WordsMoved, ReasonMissing.
    """
    own, today = _locked(version, now)
    held = _held(mandate, own, by, today)
    note = "" if outcome == Outcome.ENDORSED else plain(note)
    if outcome != Outcome.ENDORSED and not note:
        raise ReasonMissing
    if seen != digest_of(own.words):
        raise WordsMoved
    asked = _asked(own, held)
    last = own.endorsements.filter(organisation=held.organisation_id).order_by("-position").first()
    if last is not None and (last.outcome, last.note) == (outcome, note):
        return last
    made = _add(own, held, Outcome(outcome), note, by, now)
    asked.outcome, asked.said_at, asked.next_reminder_on = outcome, now, None
    asked.save(update_fields=["outcome", "said_at", "next_reminder_on"])
    record(by=by, verb=f"signed_{outcome}", about=own.agreement, now=now)
    messages.give_receipt(made, by, now=now)
    messages.tell_said(made, now=now)
    return made


def _add(
    version: AgreementVersion, mandate: Mandate, outcome: Outcome, note: str, by: Person, now: datetime
) -> Endorsement:
    """Write the record behind the last one of the programme, with the name beside it, and move the chain's end."""
    chain = lock_chain(version.agreement.programme)
    salt = secrets.token_hex(32)
    made = Endorsement(
        programme=version.agreement.programme,
        position=chain.length + 1,
        agreement=version.agreement,
        version=version,
        words_hash=digest_of(version.words),
        organisation=mandate.organisation,
        organisation_name=mandate.organisation.name,
        mandate=mandate,
        role=mandate.job_title,
        outcome=outcome,
        note=note,
        signed_at=now,
        name_digest=name_digest_of(salt, by.name),
        previous_hash=chain.head,
    )
    made.own_hash = digest_of(made.canonical())
    made.save(force_insert=True)
    EndorsementName.objects.create(endorsement=made, person=by, name=by.name, salt=salt)
    chain.length, chain.head = made.position, made.own_hash
    chain.save(update_fields=["length", "head"])
    return made


def lock_chain(programme: Programme) -> EndorsementChain:
    """Return the end of the chain of ``programme``, locked: who signs at the same moment waits here."""
    EndorsementChain.objects.bulk_create([EndorsementChain(programme=programme)], ignore_conflicts=True)
    return EndorsementChain.objects.select_for_update(no_key=True).get(programme=programme)


@transaction.atomic
def forget_names(*, person: Person, by: Person | str, now: datetime) -> int:
    """Delete the name of ``person`` beside everything they signed; return how often it stood.

    The chain keeps only digests, and stays true. It cannot be undone.
    """
    return _forget(EndorsementName.objects.filter(person=person), by, now)


@transaction.atomic
def forget_old_names(*, now: datetime) -> int:
    """Delete the names beside what was signed in programmes that ended seven years ago; return how many."""
    today = timezone.localdate(now)
    ended = {
        "endorsement__programme__ends_on__lt": date(today.year - NAMES_KEPT_YEARS, today.month, min(today.day, 28))
    }
    return _forget(EndorsementName.objects.filter(**ended), CLOCK, now)


def _forget(rows: QuerySet[EndorsementName], by: Person | str, now: datetime) -> int:
    agreements = list(Agreement.objects.filter(endorsements__signed_by__in=rows).distinct().order_by("pk"))
    count, _ = rows.delete()
    for agreement in agreements:
        record(by=by, verb="forgot_endorser", about=agreement, now=now)
    return count


@transaction.atomic
def pass_on(*, senior: SeniorAsked, mandate: Mandate, by: Person, now: datetime) -> SeniorAsked:
    """Pass what ``by`` was asked to the colleague who holds ``mandate`` for the same organisation; they are told.

    Passing it to the same colleague twice is passing it once. Raises NoMandate, NotNow, HasAnswered,
    OtherOrganisation.
    """
    own, today = _locked(senior.asked.version, now)
    mine = SeniorAsked.objects.select_related("asked", "mandate").get(pk=senior.pk)
    if mine.person_id != by.pk:
        raise NoMandate
    to = Mandate.objects.on(today).select_related("person", "organisation").filter(pk=mandate.pk).first()
    if to is None or to.person_id == by.pk or not _can_be_asked(to.person) or not _is_same_part(to, mine.asked, own):
        raise OtherOrganisation
    if mine.asked.outcome:
        raise HasAnswered
    theirs = SeniorAsked.objects.filter(asked=mine.asked, person=to.person_id).first()
    if theirs is not None and mine.passed_on_at is not None:
        return theirs
    mine.passed_on_at = now
    mine.save(update_fields=["passed_on_at"])
    if theirs is None:
        theirs = ask_senior(mine.asked, to, now=now, passed_by=by)
    else:
        theirs.passed_by, theirs.passed_on_at = by, None
        theirs.save(update_fields=["passed_by", "passed_on_at"])
        messages.ask_again(theirs, now=now)
    record(by=by, verb="passed_on_endorsing", about=own.agreement, now=now)
    return theirs


def _can_be_asked(person: Person) -> bool:
    """Return whether ``person`` can sign in and be written to."""
    return person.is_active and bool(person.email)


def _is_same_part(mandate: Mandate, asked: PartnerAsked, version: AgreementVersion) -> bool:
    same_programme = mandate.programme_id == version.agreement.programme_id
    return same_programme and mandate.organisation_id == asked.organisation_id


def _locked(version: AgreementVersion, now: datetime) -> tuple[AgreementVersion, date]:
    """Return ``version`` with its agreement locked, and the day there. Raises NotNow where it does not stand."""
    Agreement.objects.select_for_update(no_key=True).get(pk=version.agreement_id)
    own = AgreementVersion.objects.select_related("agreement__programme").get(pk=version.pk)
    today = local_day(own.agreement.programme, now)
    if own.state != VersionState.PROPOSED or own.review_on < today:
        raise NotNow
    return own, today


def _held(mandate: Mandate, version: AgreementVersion, by: Person, today: date) -> Mandate:
    held = Mandate.objects.on(today).select_related("organisation").filter(pk=mandate.pk, person=by)
    found = held.filter(programme=version.agreement.programme_id).first()
    if found is None or not by.is_active:
        raise NoMandate
    return found


def _asked(version: AgreementVersion, mandate: Mandate) -> PartnerAsked:
    rows = version.partners_asked.select_for_update(no_key=True)
    found = rows.filter(organisation=mandate.organisation_id, is_needed=True).first()
    if found is None:
        raise NotAsked
    return found
