"""What people and the clock do to assurances. The words of one never change: a change is another that replaces it."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.core.files import File
from django.core.files.base import ContentFile
from django.db import transaction

from accounts.links import make_link, revoke
from accounts.models import Person
from attendance.models import new_reference
from briefings.models import Mandate, Session
from briefings.rules import speaking
from commitments.clocks import PLANNED_WITHIN, local_day, next_rung
from commitments.messages import assurances as messages
from commitments.messages import handovers as handover_messages
from commitments.messages.questions import askers as asker_messages
from commitments.models import (
    ASSURANCE_MOVES,
    Assurance,
    AssuranceKind,
    AssuranceState,
    Evidence,
    HandoverState,
    Question,
    Review,
)
from commitments.queries.standards import calendar_of
from commitments.rules import can_scribe, can_triage
from history.actions import CLOCK, record
from history.refusals import Refused
from organisations.actions.uploads import Upload, check_upload

CONFIRM_WITHIN = 10
"""Working days in which a senior manager confirms what a scribe noted for them; then it lapses."""
UNKEPT_AGAIN = 5
"""Working days after which somebody to take over is asked for again, and who was asked and says nothing."""
LOOKED_AT_WITHIN = timedelta(days=366)
"""Whoever moves its day says one within a year: what takes longer is not forgotten on the way."""
LINK_LASTS = timedelta(days=365)
LINK_RENEWED = timedelta(days=60)
"""A reminder carries a link that lives at least as long, so that the reminders after it need none."""
MOST_FILES = 5
_MOVING = (
    "state", "due_on", "next_reminder_on", "reminded_step", "given_at", "evidence", "proposed_by", "confirmed_by",
    "ended_at", "end_reason",
)  # fmt: skip


class NotNow(Refused):
    """The assurance has moved on since the page was opened."""

    sentence = "This assurance has moved on since you opened the page. Look at where it is now."


class NotTheirs(Refused):
    sentence = "Only the senior manager who sees to it, or a coordinator of the programme, can do this."


class NoMandate(Refused):
    sentence = "An assurance needs a mandate: this person may not speak for an organisation in this programme today."


class OwnProposal(Refused):
    sentence = "Somebody else must confirm that it was kept: you proposed it, or the assurance is yours."


class DateHasPassed(Refused):
    sentence = "Say a day that is still to come: by when it is kept, or when it is looked at again."


class DateTooFar(Refused):
    sentence = "Say a day within five years from today. What takes longer goes on: say the day of its next review."


class MovedTooFar(Refused):
    sentence = (
        "Say a day within a year from today. Where it takes longer, say the day on which you look at it again and tell "
        "how it stands."
    )


UNFIT_DAYS = (DateHasPassed, DateTooFar, MovedTooFar)


class NothingItIsFor(Refused):
    sentence = "Say what it is for: a session, one question or more, or everybody."


class TooManyFiles(Refused):
    sentence = f"Choose {MOST_FILES} files at the most. Put them into one document, or send the most telling ones."


@transaction.atomic
def note_assurance(
    *,
    mandate: Mandate,
    words: str,
    due_on: date,
    by: Person,
    now: datetime,
    kind: AssuranceKind | str = AssuranceKind.ADDRESSED,
    session: Session | None = None,
    questions: Iterable[Question] = (),
    for_everybody: bool = False,
    is_ongoing: bool = False,
    replaces: Assurance | None = None,
) -> Assurance:
    """Keep the exact ``words`` promised under ``mandate``, kept by ``due_on`` (a day to come, within five years);
    ``is_ongoing``: it goes on, and is reviewed on that day.

    By the senior manager it is given at once: the caller has asked for a sign-in code. By the scribe of a session or
    a coordinator it is noted and counts for nothing until the senior manager confirms it. With ``replaces`` the
    earlier one is superseded and keeps its words: by who keeps it and speaks for who carries it. Raises NoMandate,
    DateHasPassed, DateTooFar, NothingItIsFor, NotTheirs, NotNow.
    """
    programme = mandate.programme
    today = local_day(programme, now)
    _check_new(mandate, by, due_on, today, bool(session or questions or for_everybody))
    is_own = by.pk == mandate.person_id
    own = Assurance(
        reference=new_reference(programme, "A", among=Assurance),
        programme=programme,
        organisation=mandate.organisation,
        person=mandate.person,
        mandate=mandate,
        role=mandate.job_title,
        kind=kind,
        words=words,
        for_everybody=for_everybody,
        session=session,
        state=AssuranceState.GIVEN if is_own else AssuranceState.NOTED,
        due_on=due_on,
        is_ongoing=is_ongoing,
        carried_by=mandate.organisation,
        keeper=mandate.person,
        noted_at=now,
        noted_by=by,
        given_at=now if is_own else None,
        replaces=replaces,
    )
    own.next_reminder_on = next_day(own, today)
    if replaces is not None:
        _supersede(replaces, mandate, by, now)
    own.save(force_insert=True)
    own.questions.set(questions)
    record(by=by, verb="gave_assurance" if is_own else "noted_assurance", about=own, now=now)
    link_keeper(own, now)
    if is_own:
        messages.tell_given(own, now=now)
    else:
        messages.ask_to_confirm(own, now=now)
    return own


def link_keeper(own: Assurance, now: datetime) -> None:
    """Let who keeps ``own`` now open it by a personal link; a link of somebody else opens nothing any more.

    Nothing changes where their link still lives for a while. The caller holds ``own``.
    """
    link = own.link
    if link and link.person_id == own.keeper_id and not link.revoked_at and link.ends_at > now + LINK_RENEWED:
        return
    if link:
        revoke(link, CLOCK, now)
    own.link = None
    if own.keeper:
        own.link = make_link(purpose="assurance", person=own.keeper, about=own, ends_at=now + LINK_LASTS, now=now)
    own.save(update_fields=["link"])


@transaction.atomic
def confirm_assurance(*, assurance: Assurance, by: Person, now: datetime) -> Assurance:
    """Say that these were the own words: from now on it counts. The caller has asked for a sign-in code.

    Confirming twice is confirming once. Raises NotTheirs, NotNow.
    """
    own = lock(assurance)
    if by.pk != own.person_id:
        raise NotTheirs
    if own.state == AssuranceState.GIVEN:
        return own
    if own.state != AssuranceState.NOTED:
        raise NotNow
    own.given_at, own.reminded_step = now, 0
    become(own, AssuranceState.GIVEN, by=by, verb="confirmed_assurance", now=now)
    link_keeper(own, now)
    messages.tell_given(own, now=now)
    return own


@transaction.atomic
def review_assurance(*, assurance: Assurance, words: str, due_on: date, by: Person, now: datetime) -> Review:
    """Say in ``words`` how it stands, and the day of the next look; both dates are kept. Its own words stay.

    The day lies within a year, or is the one that it has.

    By its keeper or a coordinator. The others of them are told, and where the day moved further away whoever asked
    what it is for. Raises NotTheirs, NotNow, DateHasPassed, MovedTooFar.
    """
    own = lock(assurance)
    if not keeps(by, own):
        raise NotTheirs
    if own.state != AssuranceState.GIVEN:
        raise NotNow
    today = local_day(own.programme, now)
    if due_on <= today:
        raise DateHasPassed
    if due_on > max(today + LOOKED_AT_WITHIN, own.due_on):
        raise MovedTooFar
    made = Review.objects.create(
        assurance=own, words=words, due_before=own.due_on, due_after=due_on, reviewed_by=by, reviewed_at=now
    )
    own.due_on, own.reminded_step = due_on, 0
    own.next_reminder_on = next_day(own, today)
    own.save(update_fields=["due_on", "reminded_step", "next_reminder_on"])
    record(by=by, verb="reviewed", about=own, now=now)
    messages.tell_reviewed(made, now=now)
    asker_messages.tell_promise_moved(made, now=now)
    return made


@transaction.atomic
def propose_kept(
    *, assurance: Assurance, evidence: str, by: Person, now: datetime, files: Sequence[File] = ()
) -> Assurance:
    """Say that it was kept, and by what one can see that, with ``files`` that show it. A second person confirms.

    Raises NotTheirs, NotNow, TooManyFiles, UploadRefused.
    """
    if len(files) > MOST_FILES:
        raise TooManyFiles
    checked = [check_upload(file) for file in files]
    own = lock(assurance)
    if not keeps(by, own):
        raise NotTheirs
    own.evidence, own.proposed_by = evidence, by
    become(own, AssuranceState.PROPOSED, by=by, verb="proposed_kept", now=now)
    made = Evidence.objects.create(
        assurance=own, version=own.evidence_given.count() + 1, words=evidence, given_by=by, given_at=now
    )
    for each in checked:
        _attach(made, each)
    messages.tell_proposed(own, now=now)
    return own


def _attach(evidence: Evidence, checked: Upload) -> None:
    made = evidence.files.model(
        evidence=evidence, file_name=checked.name, content_type=checked.content_type, size=checked.size
    )
    made.file.save(checked.name, ContentFile(checked.content), save=False)
    made.save()


@transaction.atomic
def confirm_kept(*, assurance: Assurance, by: Person, now: datetime) -> Assurance:
    """Confirm, as a coordinator, that it was kept. Nobody confirms their own. Raises NotTheirs, OwnProposal, NotNow."""
    own = lock(assurance)
    if not can_triage(by, own.programme):
        raise NotTheirs
    if by.pk in (own.proposed_by_id, own.person_id, own.keeper_id):
        raise OwnProposal
    own.confirmed_by = by
    become(own, AssuranceState.KEPT, by=by, verb="confirmed_kept", now=now)
    messages.tell_kept(own, now=now)
    return own


@transaction.atomic
def send_back(*, assurance: Assurance, reason: str, by: Person, now: datetime) -> Assurance:
    """Say, as a coordinator, why the evidence does not show it: it stands as given. Raises NotTheirs, NotNow."""
    own = lock(assurance)
    if not can_triage(by, own.programme):
        raise NotTheirs
    if own.state != AssuranceState.PROPOSED:
        raise NotNow
    own.evidence_given.filter(returned_at=None).update(returned_by=by, returned_at=now, returned_because=reason)
    become(own, AssuranceState.GIVEN, by=by, verb="sent_back", now=now)
    link_keeper(own, now)
    messages.tell_sent_back(own, now=now)
    return own


@transaction.atomic
def end_assurance(
    *, assurance: Assurance, state: AssuranceState | str, reason: str, by: Person, now: datetime
) -> Assurance:
    """Withdraw it (its keeper), note it as not kept, or, where nobody takes it over, let it lapse (a coordinator).

    ``state`` is WITHDRAWN, NOT_KEPT or LAPSED; the words stay, with the reason. Raises NotTheirs, NotNow.
    """
    own = lock(assurance)
    if state == AssuranceState.WITHDRAWN:
        may = by.pk == own.keeper_id
    elif state == AssuranceState.LAPSED:
        may = can_triage(by, own.programme) and own.keeper_id is None
    else:
        may = state == AssuranceState.NOT_KEPT and can_triage(by, own.programme)
    if not may:
        raise NotTheirs
    own.end_reason = reason
    become(own, AssuranceState(state), by=by, verb=f"assurance_{state}", now=now)
    messages.tell_ended(own, now=now)
    return own


@transaction.atomic
def remind_about(*, assurance_id: int, now: datetime) -> bool:
    """Send the reminder of one assurance that is due and set the next one; let lapse what nobody confirmed.

    Returns False where nothing is due any more.
    """
    own = _locked(assurance_id, skip_locked=True)
    if own is None or own.next_reminder_on is None:
        return False
    today = local_day(own.programme, now)
    if own.next_reminder_on > today:
        return False
    if own.state == AssuranceState.NOTED and _confirm_by(own) < today:
        own.end_reason = "Nobody confirmed that it was said"
        become(own, AssuranceState.LAPSED, by="clock", verb="assurance_lapsed", now=now)
        messages.tell_ended(own, now=now)
        return True
    if own.keeper_id is None:
        messages.ask_who_keeps(own, now=now)
        for asked in own.handovers.filter(state=HandoverState.ASKED).select_related("person"):
            handover_messages.tell_asked(asked, now=now, again=f":{today}")
    else:
        link_keeper(own, now)
        rung = next_rung(_date_of(own), own.reminded_step, today, calendar_of(own.programme))
        messages.remind(own, rung, now=now)
        own.reminded_step = rung.step
    own.next_reminder_on = next_day(own, today)
    own.save(update_fields=["reminded_step", "next_reminder_on"])
    return True


def _check_new(mandate: Mandate, by: Person, due_on: date, today: date, is_for_something: bool) -> None:
    if not speaking(today).filter(pk=mandate.pk).exists():
        raise NoMandate
    is_staff = can_scribe(by, mandate.programme) or can_triage(by, mandate.programme)
    if by.pk != mandate.person_id and not is_staff:
        raise NotTheirs
    if due_on <= today:
        raise DateHasPassed
    if due_on > today + PLANNED_WITHIN:
        raise DateTooFar
    if not is_for_something:
        raise NothingItIsFor


def _supersede(assurance: Assurance, mandate: Mandate, by: Person, now: datetime) -> None:
    """Let a new promise under ``mandate`` stand for ``assurance``: never one that is only noted, and counts for nothing
    until it is confirmed.
    """
    earlier = lock(assurance)
    speaks_for = (mandate.person_id, mandate.programme_id, mandate.organisation_id)
    if by.pk != earlier.keeper_id or speaks_for != (by.pk, earlier.programme_id, earlier.carried_by_id):
        raise NotTheirs
    become(earlier, AssuranceState.SUPERSEDED, by=by, verb="superseded", now=now)


def keeps(by: Person, own: Assurance) -> bool:
    """Return whether ``by`` sees to ``own``: the senior manager who keeps it now, or a coordinator."""
    return by.pk == own.keeper_id or can_triage(by, own.programme)


def lock(assurance: Assurance) -> Assurance:
    """Return ``assurance`` as it stands, locked."""
    own = _locked(assurance.pk)
    if own is None:
        raise Assurance.DoesNotExist
    return own


def _locked(pk: int, *, skip_locked: bool = False) -> Assurance | None:
    # Locked first and read then: see commitments.actions.questions.moving.locked_all.
    held = Assurance.objects.select_for_update(no_key=True, skip_locked=skip_locked).filter(pk=pk)
    if not held.values_list("pk", flat=True):
        return None
    found = Assurance.objects.select_related("programme", "person", "organisation", "session", "carried_by", "keeper")
    return found.get(pk=pk)


def become(own: Assurance, state: AssuranceState, *, by: Any, verb: str, now: datetime) -> Assurance:
    """Move ``own`` to ``state`` by ``verb`` and save what moves with it. Raises NotNow where that is no move."""
    if state not in ASSURANCE_MOVES[AssuranceState(own.state)]:
        raise NotNow
    own.state = state
    if ASSURANCE_MOVES[state]:
        own.next_reminder_on = next_day(own, local_day(own.programme, now))
    else:
        own.next_reminder_on, own.ended_at = None, now
        own.handovers.filter(state=HandoverState.ASKED).update(state=HandoverState.ENDED, decided_at=now)
    own.save(update_fields=_MOVING)
    record(by=by, verb=verb, about=own, now=now)
    return own


def _confirm_by(own: Assurance) -> date:
    return calendar_of(own.programme).after(local_day(own.programme, own.noted_at), CONFIRM_WITHIN)


def _date_of(own: Assurance) -> date:
    """Return the date that its reminders lead to: until it is confirmed that of confirming, then its own."""
    return _confirm_by(own) if own.state == AssuranceState.NOTED else own.due_on


def next_day(own: Assurance, today: date) -> date:
    """Return when to remind of ``own`` next: by its date; where nobody keeps it, until somebody takes it over."""
    if own.keeper_id is None:
        return calendar_of(own.programme).after(today, UNKEPT_AGAIN)
    return next_rung(_date_of(own), own.reminded_step, today, calendar_of(own.programme)).day
