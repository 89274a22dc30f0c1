"""What coordinators and the clock do to agreements: drafted, proposed to every partner, reviewed, in use, ended."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction

from accounts.links import make_link, revoke
from accounts.models import Person
from attendance.models import new_reference
from briefings.models import Mandate, Programme, Session
from commitments.clocks import AFTER, PLANNED_WITHIN, local_day, next_rung
from commitments.messages import agreements as messages
from commitments.models import (
    VERSION_MOVES,
    Agreement,
    AgreementPolicy,
    AgreementVersion,
    Output,
    OutputKind,
    PartnerAsked,
    SeniorAsked,
    VersionState,
    digest_of,
)
from commitments.queries.agreements import CURRENT, policy_of, who_speaks
from commitments.queries.standards import calendar_of, ladder_for
from commitments.rules import can_triage
from history.actions import CLOCK, record
from history.alone import each_alone
from history.refusals import Refused
from organisations.models import Organisation

LINK_LASTS = timedelta(days=365)
REVIEW_REMINDERS = (20, 5)
"""Working days before the review date on which the coordinators are reminded; the day after it lapses."""


class NotTheirs(Refused):
    sentence = "Only a coordinator of the programme can do this."


class NotNow(Refused):
    sentence = "This agreement has moved on since you opened the page. Look at where it is now."


class NoAgreement(Refused):
    sentence = "Only what was noted as an agreement in a workshop of this programme can be made one."


class DraftMoved(Refused):
    sentence = "Somebody has changed this draft since you opened the page. Read what it says now, then press again."


class HasDraft(Refused):
    sentence = "There is a draft of the next version already. Change that one, or drop it first."


class NothingNew(Refused):
    sentence = "These are the words and the review date that were proposed before. Change one of them."


class NobodyToAsk(Refused):
    sentence = "The programme has no partner today, so nobody can be asked to endorse it."


class ReviewTooSoon(Refused):
    sentence = "The review date must lie after the day by which it is endorsed."


class DateHasPassed(Refused):
    sentence = "Say a day that is still to come."


class DateTooFar(Refused):
    sentence = "Say a review date within five years from today."


class DateToCome(Refused):
    sentence = "Say today or a day that has passed: since when people work by it."


class NoReplacement(Refused):
    sentence = "Choose another agreement of the same programme that has not ended."


@transaction.atomic
def make_agreement(
    *,
    programme: Programme,
    title: str,
    words: str,
    review_on: date,
    by: Person,
    now: datetime,
    session: Session | None = None,
    output: Output | None = None,
) -> Agreement:
    """Make an agreement with its first version as a draft; ``output`` is what was noted in a workshop.

    What has been made one already is given back as it is. Raises NotTheirs, NoAgreement, DateHasPassed,
    DateTooFar.
    """
    _check_theirs(by, programme)
    _check_review(programme, review_on, now)
    if output is not None:
        output = Output.objects.select_related("session").select_for_update(no_key=True, of=("self",)).get(pk=output.pk)
        if output.kind != OutputKind.AGREEMENT or output.session.programme_id != programme.pk:
            raise NoAgreement
        made = Agreement.objects.filter(output=output).first()
        if made is not None:
            return made
        session = output.session
    if session is not None and session.programme_id != programme.pk:
        raise NoAgreement
    made = Agreement.objects.create(
        reference=new_reference(programme, "AGR", among=Agreement), programme=programme, title=title, session=session,
        output=output, made_at=now, made_by=by,
    )  # fmt: skip
    made.versions.create(number=1, words=plain(words), review_on=review_on, drafted_at=now, drafted_by=by)
    record(by=by, verb="made_agreement", about=made, now=now)
    return made


def _check_review(programme: Programme, review_on: date, now: datetime) -> None:
    today = local_day(programme, now)
    if review_on <= today:
        raise DateHasPassed
    if review_on > today + PLANNED_WITHIN:
        raise DateTooFar


def plain(words: str) -> str:
    """Return ``words`` as they are kept and hashed: lines end in a line feed, nothing stands around them."""
    return words.replace("\r\n", "\n").replace("\r", "\n").strip()


def seal_of_draft(version: AgreementVersion) -> str:
    """Return what tells one state of a draft from another: its title, its words and its review date."""
    return digest_of(f"{version.agreement.title}\n{version.review_on.isoformat()}\n{version.words}")


@transaction.atomic
def draft_version(*, agreement: Agreement, words: str, review_on: date, by: Person, now: datetime) -> AgreementVersion:
    """Draft the next version; what is proposed stands until this one is proposed.

    Raises NotTheirs, NotNow, HasDraft, DateHasPassed, DateTooFar.
    """
    own = _locked(agreement, by)
    _check_review(own.programme, review_on, now)
    last = own.versions.first()
    if last.state == VersionState.DRAFT:
        raise HasDraft
    made = own.versions.create(
        number=last.number + 1, words=plain(words), review_on=review_on, drafted_at=now, drafted_by=by
    )
    record(by=by, verb="drafted_version", about=own, now=now)
    return made


@transaction.atomic
def change_draft(
    *, version: AgreementVersion, seen: str, words: str, review_on: date, by: Person, now: datetime, title: str = ""
) -> AgreementVersion:
    """Write a draft anew; with ``title`` the name of an agreement of which nothing was proposed yet.

    ``seen`` is the ``seal_of_draft`` from which ``by`` began to write. Raises NotTheirs, NotNow, DraftMoved,
    DateHasPassed, DateTooFar.
    """
    agreement = _locked(version.agreement, by)
    own = _version(version, agreement, VersionState.DRAFT)
    if seen != seal_of_draft(own):
        raise DraftMoved
    _check_review(agreement.programme, review_on, now)
    own.words, own.review_on, own.drafted_by = plain(words), review_on, by
    own.save(update_fields=["words", "review_on", "drafted_by"])
    if title and own.number == 1:
        agreement.title = title
        agreement.save(update_fields=["title"])
    record(by=by, verb="changed_draft", about=agreement, now=now)
    return own


@transaction.atomic
def drop_draft(*, version: AgreementVersion, by: Person, now: datetime) -> None:
    """Drop the draft of a later version: nobody was asked about it. Raises NotTheirs, NotNow."""
    agreement = _locked(version.agreement, by)
    own = _version(version, agreement, VersionState.DRAFT)
    if own.number == 1:
        raise NotNow
    own.delete()
    record(by=by, verb="dropped_draft", about=agreement, now=now)


@transaction.atomic
def propose_version(
    *, version: AgreementVersion, seen: str, endorse_by: date, by: Person, now: datetime
) -> AgreementVersion:
    """Ask every partner of the programme to endorse ``version`` by ``endorse_by``; its words are fixed from now on.

    ``seen`` is the ``seal_of_draft`` of what ``by`` read: nothing is proposed that somebody changed meanwhile.
    The version before is replaced, and with it every endorsement of it. Everybody with a mandate for a partner gets
    a mail with their own link; of partners that have nobody the coordinators are told. Raises NotTheirs, NotNow,
    DraftMoved, NothingNew, NobodyToAsk, DateHasPassed, ReviewTooSoon.
    """
    agreement = _locked(version.agreement, by)
    own = _version(version, agreement, VersionState.DRAFT)
    if seen != seal_of_draft(own):
        raise DraftMoved
    today = local_day(agreement.programme, now)
    if endorse_by <= today:
        raise DateHasPassed
    if own.review_on <= endorse_by:
        raise ReviewTooSoon
    before = agreement.versions.filter(state__in=CURRENT).first()
    if before is not None:
        if (before.words, before.review_on) == (own.words, own.review_on):
            raise NothingNew
        _become(before, VersionState.SUPERSEDED, now)
        before.save(update_fields=["state", "ended_at", "next_review_reminder_on"])
        _ask_no_more(before, by, now)
    own.proposed_at, own.proposed_by, own.endorse_by = now, by, endorse_by
    _become(own, VersionState.PROPOSED, now)
    own.save()
    if not _ask_partners(own, today, now):
        raise NobodyToAsk
    record(by=by, verb="proposed_version", about=agreement, now=now)
    return own


def _ask_partners(version: AgreementVersion, today: date, now: datetime) -> int:
    """Ask each partner of today that was not asked yet, let go who has left; return how many are asked now."""
    programme = version.agreement.programme
    there = {
        each.organisation_id: each.organisation
        for each in programme.partners.model.objects.on(today)
        .filter(programme=programme)
        .select_related("organisation")
        .order_by("organisation__name", "organisation")
    }
    known = {each.organisation_id: each for each in version.partners_asked.select_for_update(no_key=True)}
    for pk, asked in known.items():
        if asked.is_needed != (pk in there):
            asked.is_needed = pk in there
            asked.next_reminder_on = _next_day(asked, version, today) if asked.is_needed and not asked.outcome else None
            asked.save(update_fields=["is_needed", "next_reminder_on"])
    for pk, organisation in there.items():
        if pk not in known:
            asked = PartnerAsked(version=version, organisation=organisation, answer_by=_own_day(version, today))
            asked.next_reminder_on = _next_day(asked, version, today)
            asked.save(force_insert=True)
            known[pk] = asked
    _ask_seniors(version, [known[pk] for pk in there], today, now)
    return len(there)


def _own_day(version: AgreementVersion, today: date) -> date | None:
    """Return by when a partner answers that is asked ``today``, where that is later than the day for all."""
    programme = version.agreement.programme
    if local_day(programme, version.proposed_at) == today:
        return None
    day = calendar_of(programme).after(today, policy_of(programme).endorse_days)
    return day if day > version.endorse_by else None


def _ask_seniors(version: AgreementVersion, partners: Iterable[PartnerAsked], today: date, now: datetime) -> None:
    """Ask everybody with a mandate for a partner that has said nothing yet and was not asked before."""
    waiting = {each.organisation_id: each for each in partners if not each.outcome}
    mandates = who_speaks(version.agreement.programme, today).filter(organisation__in=waiting)
    asked = set(SeniorAsked.objects.filter(asked__in=waiting.values()).values_list("asked", "person"))
    spoken_for = set()
    for mandate in mandates.select_related("person").order_by("since", "pk"):
        own = waiting[mandate.organisation_id]
        spoken_for.add(mandate.organisation_id)
        if (own.pk, mandate.person_id) not in asked:
            asked.add((own.pk, mandate.person_id))
            ask_senior(own, mandate, now=now)
    _ask_back(waiting, mandates, now)
    silent = [pk for pk in waiting if pk not in spoken_for]
    messages.tell_nobody(version, Organisation.objects.filter(pk__in=silent).order_by("name"), now=now)


def _ask_back(waiting: dict[int, PartnerAsked], mandates: Iterable[Mandate], now: datetime) -> None:
    """Ask again who passed it to a colleague that may not speak any more: it never becomes nobody's."""
    speaks = {(waiting[each.organisation_id].pk, each.person_id) for each in mandates}
    rows = SeniorAsked.objects.filter(asked__in=waiting.values()).select_related(
        "person", "asked__version__agreement__programme"
    )
    left: dict[int, list[SeniorAsked]] = {}
    for each in rows.order_by("pk"):
        if (each.asked_id, each.person_id) in speaks:
            left.setdefault(each.asked_id, []).append(each)
    for seniors in left.values():
        if all(each.passed_on_at for each in seniors):
            for each in seniors:
                each.passed_on_at = None
                each.save(update_fields=["passed_on_at"])
                messages.ask_again(each, now=now)


def ask_senior(asked: PartnerAsked, mandate: Mandate, *, now: datetime, passed_by: Person | None = None) -> SeniorAsked:
    """Ask the holder of ``mandate`` for the partner ``asked``, with a link of their own. In a transaction."""
    made = SeniorAsked.objects.create(
        asked=asked, mandate=mandate, person=mandate.person, asked_at=now, passed_by=passed_by
    )
    made.link = make_link(purpose="endorsement", person=mandate.person, about=made, ends_at=now + LINK_LASTS, now=now)
    made.save(update_fields=["link"])
    messages.ask(made, now=now)
    return made


def _ask_no_more(version: AgreementVersion, by: Any, now: datetime) -> None:
    version.partners_asked.filter(next_reminder_on__isnull=False).update(next_reminder_on=None)
    asked = SeniorAsked.objects.filter(asked__version=version, link__revoked_at=None).select_related("link")
    for senior in asked.exclude(link=None):
        revoke(senior.link, by, now)


@transaction.atomic
def put_in_use(*, agreement: Agreement, since: date, by: Person, now: datetime) -> Agreement:
    """Say that people work by it since the day ``since``; until it is fully endorsed every page says so.

    Raises NotTheirs, NotNow, DateToCome.
    """
    own = _locked(agreement, by)
    if since > local_day(own.programme, now):
        raise DateToCome
    if not own.versions.filter(state__in=CURRENT).exists():
        raise NotNow
    own.in_use_since = since
    own.save(update_fields=["in_use_since"])
    record(by=by, verb="put_in_use", about=own, now=now)
    return own


@transaction.atomic
def take_out_of_use(*, agreement: Agreement, by: Person, now: datetime) -> Agreement:
    """Say that nobody works by it any more. Doing it twice is doing it once. Raises NotTheirs, NotNow."""
    own = _locked(agreement, by)
    if own.in_use_since is not None:
        own.in_use_since = None
        own.save(update_fields=["in_use_since"])
        record(by=by, verb="took_out_of_use", about=own, now=now)
    return own


@transaction.atomic
def withdraw_agreement(*, agreement: Agreement, reason: str, by: Person, now: datetime) -> Agreement:
    """End it with a reason: its words and what was signed stay, nobody is asked any more. Raises NotTheirs, NotNow."""
    own = _locked(agreement, by)
    return _end(own, VersionState.WITHDRAWN, reason, by, "withdrew_agreement", now)


@transaction.atomic
def replace_agreement(
    *, agreement: Agreement, replacement: Agreement, reason: str, by: Person, now: datetime
) -> Agreement:
    """End it because ``replacement``, which goes on, takes its place. Raises NotTheirs, NotNow, NoReplacement."""
    lock_both(agreement, replacement)
    own = _locked(agreement, by)
    found = Agreement.objects.unended().filter(programme=own.programme_id, pk=replacement.pk).exclude(pk=own.pk)
    own.superseded_by = found.filter(versions__state__in=CURRENT).first()
    if own.superseded_by is None:
        raise NoReplacement
    return _end(own, VersionState.SUPERSEDED, reason, by, "replaced_agreement", now)


def lock_both(one: Agreement, other: Agreement) -> None:
    """Lock both in one order, so that of two that would replace each other at once one is refused."""
    list(Agreement.objects.select_for_update(no_key=True).filter(pk__in=[one.pk, other.pk]).order_by("pk"))


def _end(own: Agreement, state: VersionState, reason: str, by: Person, verb: str, now: datetime) -> Agreement:
    current = own.versions.filter(state__in=CURRENT).first()
    draft = own.versions.filter(state=VersionState.DRAFT).first()
    if current is None and (draft is None or state != VersionState.WITHDRAWN):
        raise NotNow
    if current is not None and draft is not None:
        draft.delete()
    last = current or draft
    _become(last, state, now)
    last.save()
    _ask_no_more(last, by, now)
    own.ended_at, own.end_reason = now, reason
    own.save(update_fields=["ended_at", "end_reason", "superseded_by"])
    record(by=by, verb=verb, about=own, now=now)
    if current is not None:
        messages.tell_ended(own, last, now=now)
    return own


@transaction.atomic
def set_agreement_policy(*, programme: Programme, by: Person, now: datetime, **columns: Any) -> AgreementPolicy:
    """Say whether endorsing needs an authenticator app, and how many working days partners get.

    ``columns`` are among needs_second_step and endorse_days; what is not named stays. Setting what is set changes
    nothing. Raises NotTheirs.
    """
    _check_theirs(by, programme)
    policy, _ = AgreementPolicy.objects.select_for_update(no_key=True).get_or_create(programme=programme)
    changed = sorted(name for name, value in columns.items() if getattr(policy, name) != value)
    for name in changed:
        setattr(policy, name, columns[name])
    if changed:
        policy.save(update_fields=changed)
        record(by=by, verb="set_agreement_policy", about=programme, now=now, fields=changed)
    return policy


def usual_endorse_by(programme: Programme, now: datetime) -> date:
    """Return the day by which a version that is proposed now is endorsed, unless another is chosen."""
    return calendar_of(programme).after(local_day(programme, now), policy_of(programme).endorse_days)


def look_after_agreements(*, now: datetime) -> int:
    """Ask who has come since, remind who is due, let lapse whose review date has passed; return how many it was.

    Raises AllFailed.
    """
    found = AgreementVersion.objects.filter(state=VersionState.PROPOSED).order_by("pk").values_list("pk", flat=True)
    return each_alone("Looking after a proposed version", found, lambda pk: look_after_version(version_id=pk, now=now))


@transaction.atomic
def look_after_version(*, version_id: int, now: datetime) -> int:
    """Do for one proposed version what is due today; running it twice does it once. Returns how many things it was."""
    version = AgreementVersion.objects.select_related("agreement__programme").filter(pk=version_id).first()
    if version is None:
        return 0
    rows = Agreement.objects.select_for_update(no_key=True, skip_locked=True)
    if rows.filter(pk=version.agreement_id).first() is None:
        return 0
    version.refresh_from_db(fields=["state", "next_review_reminder_on"])
    if version.state != VersionState.PROPOSED:
        return 0
    today = local_day(version.agreement.programme, now)
    if version.review_on < today:
        return _lapse(version, now)
    _ask_partners(version, today, now)
    count = sum(_remind_partner(asked, today, now) for asked in _due(version, today))
    return count + _remind_of_review(version, today, now)


def _lapse(version: AgreementVersion, now: datetime) -> int:
    _become(version, VersionState.LAPSED, now)
    version.save(update_fields=["state", "next_review_reminder_on"])
    _ask_no_more(version, CLOCK, now)
    record(by=CLOCK, verb="agreement_lapsed", about=version.agreement, now=now)
    messages.remind_of_review(version, version.review_on + timedelta(days=1), now=now)
    return 1


def _due(version: AgreementVersion, today: date) -> list[PartnerAsked]:
    found = version.partners_asked.select_for_update(no_key=True, of=("self",)).select_related("organisation")
    found = list(found.filter(next_reminder_on__lte=today))
    for each in found:
        each.version = version
    return found


def _remind_partner(asked: PartnerAsked, today: date, now: datetime) -> int:
    programme = asked.version.agreement.programme
    calendar, ladder = calendar_of(programme), ladder_for(programme)
    rung = next_rung(asked.answer_by or asked.version.endorse_by, asked.reminded_step, today, calendar, ladder)
    count = messages.remind(asked, rung.step, rung.when == AFTER, now=now)
    asked.reminded_step = rung.step
    asked.next_reminder_on = _next_day(asked, asked.version, today)
    asked.save(update_fields=["reminded_step", "next_reminder_on"])
    return count


def _next_day(asked: PartnerAsked, version: AgreementVersion, today: date) -> date:
    programme = version.agreement.programme
    calendar, ladder = calendar_of(programme), ladder_for(programme)
    rung = next_rung(asked.answer_by or version.endorse_by, asked.reminded_step, today, calendar, ladder)
    return max(rung.day, today + timedelta(days=1))


def _remind_of_review(version: AgreementVersion, today: date, now: datetime) -> int:
    if version.next_review_reminder_on > today:
        return 0
    if version.next_review_reminder_on <= version.review_on:
        messages.remind_of_review(version, version.next_review_reminder_on, now=now)
    version.next_review_reminder_on = _next_review_day(version, today)
    version.save(update_fields=["next_review_reminder_on"])
    return 1


def _next_review_day(version: AgreementVersion, today: date) -> date:
    """Return the next reminder of its review after ``today``; the day it lapses where there is none any more."""
    calendar = calendar_of(version.agreement.programme)
    days = (calendar.before(version.review_on, count) for count in REVIEW_REMINDERS)
    return next((day for day in days if day > today), version.review_on + timedelta(days=1))


def _become(version: AgreementVersion, state: VersionState, now: datetime) -> None:
    """Move ``version`` to ``state``; the caller saves. Raises NotNow where that is no move."""
    if state not in VERSION_MOVES[VersionState(version.state)]:
        raise NotNow
    version.state = state
    if not VERSION_MOVES[state]:
        version.ended_at = now
    today = local_day(version.agreement.programme, now)
    version.next_review_reminder_on = _next_review_day(version, today) if state == VersionState.PROPOSED else None


def _locked(agreement: Agreement, by: Person) -> Agreement:
    rows = Agreement.objects.select_related("programme").select_for_update(no_key=True, of=("self",))
    own = rows.get(pk=agreement.pk)
    _check_theirs(by, own.programme)
    if own.ended_at is not None:
        raise NotNow
    return own


def _version(version: AgreementVersion, agreement: Agreement, state: VersionState) -> AgreementVersion:
    """Return ``version`` as it stands. Raises NotNow where it is not in ``state``."""
    own = agreement.versions.filter(pk=version.pk, state=state).first()
    if own is None:
        raise NotNow
    own.agreement = agreement
    return own


def _check_theirs(by: Person, programme: Programme) -> None:
    if not can_triage(by, programme):
        raise NotTheirs
