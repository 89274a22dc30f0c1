"""Senior cover: who is asked to come for which organisation, and what they say.

Locks: the senior managers by id, then the requests (docs/adr/0001). A senior takes no seat, so no counter is locked.
"""

import contextlib
import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.links import LinkRow, make_links, revoke
from accounts.models import Person, PersonalLink
from attendance.actions import availability
from attendance.actions.engagements import BusyThen, announce, clash_of, engage, leave, lock_people
from attendance.messages import cover as messages
from attendance.models import COVER_MOVES, CoverState, SeniorAttendance
from attendance.queries.proposals import asked_against_diary, cannot_stand, free_mandates, may_speak
from attendance.rules import can_answer_cover
from briefings.models import Assistant, Mandate, Session, SessionState
from briefings.words import when_in_words
from history.actions import CLOCK, key_of, record
from history.alone import each_alone
from history.refusals import Refused
from organisations.models import Organisation

LINK_OUTLIVES = timedelta(days=30)


class NoMandateThen(Refused):
    sentence = "This person may not speak for that organisation on the day of the session: there is no mandate for it."


class SessionNotToCome(Refused):
    sentence = "This session has begun, is over or is cancelled. Choose one that is still to come."


class AskedElsewhere(Refused):
    """Raised where the person is asked for, or is at, another session at that time; ``session`` is the other."""

    def __init__(self, person: Person, session: Session) -> None:
        self.person, self.session = person, session
        super().__init__(
            f"{person.name} is asked for another session at that time. Ask somebody else, or withdraw that."
        )


class NotYoursToAnswer(Refused):
    sentence = "Only the senior manager who was asked, an assistant of theirs or a coordinator can answer this."


class NotAskedAnyMore(Refused):
    sentence = "You are not asked for this session any more. Nothing is left to do."


class NobodyFree(Refused):
    """Raised where nobody of an organisation can be asked for a session."""

    def __init__(self, organisation: Any, session: Session) -> None:
        super().__init__(
            f"Nobody of {organisation.name} can be asked for {when_in_words(session)}: each senior manager is busy "
            "then, said that they cannot, or has no mandate for that day."
        )


class NotADeputy(Refused):
    sentence = "Choose a colleague of the same organisation who has a mandate in this programme."


class NotTheDay(Refused):
    sentence = "Who came can be noted from the day of the session on."


@transaction.atomic
def ask_to_cover(*, requests: Iterable[tuple[Session, Mandate]], by: Any, now: datetime) -> list[SeniorAttendance]:
    """Ask senior managers to cover sessions: (session, mandate) pairs, one mail to each for all that is asked together.

    Whoever is asked or coming already is not asked again. Raises NoMandateThen, SessionNotToCome, AskedElsewhere;
    nobody is asked then.
    """
    return ask_all(requests=requests, whoever=(), by=by, now=now)


@transaction.atomic
def ask_all(
    *,
    requests: Iterable[tuple[Session, Mandate]],
    whoever: Iterable[tuple[Session, Organisation]],
    by: Any,
    now: datetime,
) -> list[SeniorAttendance]:
    """Ask named senior managers, and whoever of some organisations can, in one go: all of it or nothing.

    Everybody gets one mail for all that they are asked. Raises as ``ask_to_cover`` and ``ask_whoever``.
    """
    requests, whoever = list(requests), list(whoever)
    people = {mandate.person_id for _, mandate in requests}
    for session, organisation in whoever:
        people.update(mandate.person_id for mandate in free_mandates(session, organisation))
    lock_people(people)  # all at once, in their order
    mandates = {mandate.pk: mandate for _, mandate in requests}
    made = [
        asked
        for session, mandate in sorted(requests, key=lambda pair: (pair[0].pk, pair[1].pk))
        if (asked := _ask(session, mandate, by, now)) is not None
    ]
    for session, organisation in whoever:
        found, asked = _ask_whoever(session, organisation, by, now)
        mandates.update({mandate.pk: mandate for mandate in found})
        made += asked
    give_links(made, now)
    availability.give_links(mandates.values(), now)
    messages.ask(made, now=now)
    return made


@transaction.atomic
def ask_whoever(*, session: Session, organisation: Organisation, by: Any, now: datetime) -> list[SeniorAttendance]:
    """Ask whoever of ``organisation`` is free then to come to ``session``: the first yes settles it.

    Left out is who is busy, asked elsewhere or said that they cannot. Where somebody of it is coming already nobody
    is asked. Raises NobodyFree, SessionNotToCome.
    """
    return ask_all(requests=(), whoever=[(session, organisation)], by=by, now=now)


def _ask_whoever(
    session: Session, organisation: Organisation, by: Any, now: datetime, without: Iterable[int] = ()
) -> tuple[list[Mandate], list[SeniorAttendance]]:
    """Return who of ``organisation`` is free then, and the new requests to them; the people ``without`` left out."""
    mandates = list(free_mandates(session, organisation).exclude(person__in=list(without)))
    lock_people({mandate.person_id for mandate in mandates})
    there = SeniorAttendance.objects.filter(session=session, organisation=organisation)
    if there.filter(state__in=(CoverState.COMING, CoverState.ATTENDED)).exists():
        return [], []
    together, made = uuid.uuid4(), []
    for mandate in mandates:
        try:
            asked = _ask(session, mandate, by, now, together=together)
        except AskedElsewhere:  # since the choice was read
            continue
        if asked is not None:
            made.append(asked)
    if not made and not there.filter(state=CoverState.ASKED).exists():
        raise NobodyFree(organisation, session)
    there.filter(state=CoverState.ASKED).update(together=together)
    return mandates, made


@transaction.atomic
def answer_coming(*, attendance: SeniorAttendance, by: Any, now: datetime) -> SeniorAttendance:
    """Say *I am coming*; the entry follows, and who was asked for the same is told that it is settled. Twice is once.

    Raises BusyThen, NoMandateThen, NotAskedAnyMore, NotYoursToAnswer.
    """
    _lock_together(attendance)
    own = _locked(attendance, by, now)
    if own.state == CoverState.COMING:
        return own
    if not may_speak(own):
        raise NoMandateThen
    clash = clash_of(own.session, own.person)
    if clash:
        raise BusyThen(clash.session, knows=by == own.person)
    _become(own, CoverState.COMING, by, now, answered=True)
    engage(own.person_id, own.session)
    announce(own.person_id, own.session)
    messages.tell_coming(own, now=now)
    for other in _others_together(own, CoverState.ASKED):
        _become(other, CoverState.WITHDRAWN, CLOCK, now)
        messages.tell_withdrawn(other, was_coming=False, now=now)
    return own


@transaction.atomic
def answer_not_me(*, attendance: SeniorAttendance, deputy: Mandate, by: Any, now: datetime) -> SeniorAttendance:
    """Say *not me, ask …*: apologies, and the colleague with the mandate ``deputy`` is asked. Returns their request.

    Somebody who had said yes before reopens the request, as with ``answer_cannot``.

    Raises NotADeputy, NoMandateThen, AskedElsewhere, NotAskedAnyMore, NotYoursToAnswer.
    """
    _lock_together(attendance, deputy.person_id)
    own = _locked(attendance, by, now)
    same = (deputy.organisation_id, deputy.programme_id) == (own.organisation_id, own.session.programme_id)
    if not same or deputy.person_id == own.person_id:
        raise NotADeputy
    # Of those asked together the deputy becomes one: their yes settles it as well.
    asked = _ask(own.session, deputy, by, now, own.together) or SeniorAttendance.objects.get(
        session=own.session, person=deputy.person_id
    )
    was_coming = own.state == CoverState.COMING
    own.deputy = asked
    _become(own, CoverState.APOLOGIES, by, now, answered=True)
    _free(own, was_coming, now)
    again = _ask_again(own, now) if was_coming else []
    give_links([asked, *again], now)
    availability.give_links([deputy], now)
    messages.ask([asked, *again], now=now)
    return asked


@transaction.atomic
def answer_cannot(*, attendance: SeniorAttendance, by: Any, now: datetime) -> SeniorAttendance:
    """Say *cannot*. Twice is once. Raises as ``answer_coming``.

    Somebody who had said yes before reopens the request: who was asked together with them is asked again. Where
    nobody is left of whom whoever can was asked, it goes on by itself with who has become free since; where there is
    nobody, or one was asked by name, the coordinators are told who would be next (docs/adr/0048).
    """
    free = free_mandates(attendance.session, attendance.organisation) if attendance.together else ()
    _lock_together(attendance, *(mandate.person_id for mandate in free))
    own = _locked(attendance, by, now)
    if own.state != CoverState.APOLOGIES:
        _cannot(own, by, now)
    return own


def answer_by_diary(*, person: Person, by: Any, now: datetime) -> list[SeniorAttendance]:
    """Answer with no what ``person`` was asked before they said, by their half-days, that they cannot then.

    Each in a transaction of its own, as ``answer_cannot``, where ``by`` may answer it. Returns those. What was asked
    since, by somebody who saw that they cannot, stays; and so does what they said yes to.
    """
    answered = []
    for own in asked_against_diary(person.pk, now):
        if can_answer_cover(by, own):
            with contextlib.suppress(NotAskedAnyMore):  # since it was read
                answered.append(answer_cannot(attendance=own, by=by, now=now))
    return answered


@transaction.atomic
def give_up_what_cannot_stand(*, attendance: SeniorAttendance, now: datetime) -> bool:
    """Note that somebody cannot come whose mandate has ended, or who is asked for another session then.

    What follows is as with ``answer_cannot``. Returns whether it was so: a mandate that was given again, or another
    answer, leaves all as it is.
    """
    free = free_mandates(attendance.session, attendance.organisation) if attendance.together else ()
    _lock_together(attendance, *(mandate.person_id for mandate in free))
    own = _load(attendance)
    if not cannot_stand(now).filter(pk=own.pk).exists():
        return False
    _cannot(own, CLOCK, now)
    return True


def give_up_all_that_cannot_stand(*, now: datetime) -> int:
    """Do that for every request to come, each in a transaction of its own; return how many there were.

    Raises AllFailed.
    """
    found = {own.pk: own for own in cannot_stand(now)}
    return each_alone(
        "Giving up senior cover", found, lambda pk: give_up_what_cannot_stand(attendance=found[pk], now=now)
    )


def people_to_settle(session: Session) -> set[int]:
    """Return the ids of whom ``settle_moved`` may have to lock: they are locked with everybody else of ``session``."""
    asked = (CoverState.ASKED, CoverState.COMING)
    seniors = SeniorAttendance.objects.filter(session=session, state__in=asked).order_by().values("person")
    theirs = list(SeniorAttendance.objects.filter(person__in=seniors, state__in=asked))
    if not theirs:
        return set()
    stead = Mandate.objects.filter(organisation__in={own.organisation_id for own in theirs})
    together = SeniorAttendance.objects.filter(together__in={own.together for own in theirs if own.together})
    return {*(own.person_id for own in theirs), *_people(stead), *_people(together)}


def settle_moved(*, session: Session, locked: set[int], came: set[int], now: datetime) -> None:
    """Give up what cannot stand since ``session`` was moved, in the transaction of its move.

    ``locked``: what ``people_to_settle`` returned before the locks. Where somebody was asked meanwhile it is left to
    the clock: locks are taken in one order. ``came``: the ids of those who had said yes to ``session``; they are told
    where that is given up.
    """
    if not people_to_settle(session) <= locked:
        return
    seniors = SeniorAttendance.objects.filter(session=session).order_by().values("person")
    concerned = Q(session=session) | Q(session__during__overlap=session.during)
    for own in cannot_stand(now).filter(concerned, person__in=seniors):
        was_asked = own.state == CoverState.ASKED  # who comes still is told by the giving up itself
        gone = give_up_what_cannot_stand(attendance=own, now=now)
        if gone and was_asked and own.session_id == session.pk and own.person_id in came:
            own.refresh_from_db(fields=["state"])
            messages.tell_given_up(own, now=now)


def _people(rows: QuerySet) -> list[int]:
    return list(rows.order_by().values_list("person", flat=True))


def _cannot(own: SeniorAttendance, by: Any, now: datetime) -> None:
    was_coming = own.state == CoverState.COMING
    own.deputy = None
    _become(own, CoverState.APOLOGIES, by, now, answered=True)
    _free(own, was_coming, now)
    if was_coming:
        again = _ask_again(own, now)
        give_links(again, now)
        messages.ask(again, now=now)
    if not _others_together(own, CoverState.ASKED) and not _others_together(own, CoverState.COMING):
        _go_on(own, now)


def _go_on(own: SeniorAttendance, now: datetime) -> None:
    """Ask whoever else of the organisation can, where that was asked for; else tell the coordinators."""
    if own.together is not None:
        let_go = SeniorAttendance.objects.filter(session=own.session, state=CoverState.WITHDRAWN, together=None)
        with contextlib.suppress(NobodyFree):
            without = let_go.values_list("person", flat=True)
            mandates, made = _ask_whoever(own.session, own.organisation, CLOCK, now, without)
            give_links(made, now)
            availability.give_links(mandates, now)
            messages.ask(made, now=now)
            return
    messages.tell_apologies(own, now=now)


@transaction.atomic
def withdraw_request(*, attendance: SeniorAttendance, by: Any, now: datetime) -> SeniorAttendance:
    """Say, as a coordinator, that somebody is not needed any more; who was coming is told. Twice is once.

    Where they had said yes, who was asked together with them is asked again, as with ``answer_cannot``. Raises
    SessionNotToCome: what was said of a session that is over is the evidence of who was to come.
    """
    _lock_together(attendance)
    own = _load(attendance)
    if own.state not in (CoverState.ASKED, CoverState.COMING):
        return own
    if own.session.during.lower <= now:
        raise SessionNotToCome
    was_coming = own.state == CoverState.COMING
    again = _ask_again(own, now) if was_coming else []
    own.together = None  # who is not needed is not asked again when another of them withdraws
    _become(own, CoverState.WITHDRAWN, by, now)
    _free(own, was_coming, now)
    messages.tell_withdrawn(own, was_coming=was_coming, now=now)
    give_links(again, now)
    messages.ask(again, now=now)
    return own


@transaction.atomic
def note_attended(*, session: Session, mandate: Mandate, by: Any, now: datetime) -> SeniorAttendance:
    """Note on the register that a senior manager came, asked or not. Twice is once. Raises NotTheDay, NoMandateThen.

    Where they have several mandates they count for the organisation for which they came, whichever had asked them.
    """
    _check_day(session, now)
    _check_mandate(session, mandate)
    lock_people([mandate.person_id])
    own, is_new = SeniorAttendance.objects.select_for_update(no_key=True, of=("self",)).get_or_create(
        session=session,
        person=mandate.person,
        defaults={
            "organisation": mandate.organisation,
            "state": CoverState.ATTENDED,
            "asked_at": now,
            "asked_by": key_of(by),
        },
    )
    if is_new:
        record(by=by, verb="senior_attended", about=own, now=now)
    elif own.state != CoverState.ATTENDED or own.organisation_id != mandate.organisation_id:
        if own.state != CoverState.ATTENDED:
            own.state, own.state_before = CoverState.ATTENDED, own.state
        asked_for = own.asked_for or own.organisation
        own.organisation = mandate.organisation
        own.asked_for = asked_for if asked_for != own.organisation else None
        own.save(update_fields=["state", "state_before", "organisation", "asked_for"])
        record(by=by, verb="senior_attended", about=own, now=now)
    return own


@transaction.atomic
def take_attended_back(*, attendance: SeniorAttendance, by: Any, now: datetime) -> SeniorAttendance | None:
    """Undo a mark on the register: as it was before, asked for by nobody it goes. Returns None where it is gone."""
    lock_people([attendance.person_id])
    own = _load(attendance)
    if own.state != CoverState.ATTENDED:
        return own
    record(by=by, verb="senior_attended_undone", about=own, now=now)
    if not own.state_before:
        own.delete()
        return None
    own.state, own.state_before = own.state_before, ""
    if own.asked_for:
        own.organisation, own.asked_for = own.asked_for, None
    own.save(update_fields=["state", "state_before", "organisation", "asked_for"])
    return own


def _ask(
    session: Session, mandate: Mandate, by: Any, now: datetime, together: uuid.UUID | None = None
) -> SeniorAttendance | None:
    """Ask one for one; the person is locked. Returns None for somebody who is asked or coming already."""
    if session.state not in (SessionState.DRAFT, SessionState.OPEN) or session.during.lower <= now:
        raise SessionNotToCome
    _check_mandate(session, mandate)
    own = (
        SeniorAttendance.objects.select_for_update(no_key=True, of=("self",))
        .filter(session=session, person=mandate.person_id)
        .first()
    )
    if own and own.state in (CoverState.ASKED, CoverState.COMING, CoverState.ATTENDED):
        return None
    _refuse_two_at_once(session, mandate.person)
    if own is None:
        own = SeniorAttendance.objects.create(
            session=session,
            organisation=mandate.organisation,
            person=mandate.person,
            asked_at=now,
            asked_by=key_of(by),
            together=together,
        )
    else:
        own.organisation, own.asked_at, own.asked_by = mandate.organisation, now, key_of(by)
        own.answered_at, own.answered_by, own.reminded_step, own.deputy = None, "", 0, None
        own.state, own.together = CoverState.ASKED, together
        own.save()
    record(by=by, verb="asked_to_cover", about=own, now=now)
    return own


def _lock_together(attendance: SeniorAttendance, *others: int) -> None:
    """Lock everybody who was asked for the same as ``attendance``, so that two answers come one after the other.

    ``others``: the ids of people besides.
    """
    group = SeniorAttendance.objects.filter(session=attendance.session_id, together=attendance.together)
    people = set(group.values_list("person", flat=True)) if attendance.together else set()
    lock_people(people | {attendance.person_id, *others})


def _others_together(own: SeniorAttendance, state: CoverState) -> list[SeniorAttendance]:
    if own.together is None:
        return []
    group = SeniorAttendance.objects.filter(session=own.session_id, together=own.together, state=state)
    return list(group.exclude(pk=own.pk).select_related("session__programme", "person", "organisation").order_by("pk"))


def _ask_again(own: SeniorAttendance, now: datetime) -> list[SeniorAttendance]:
    """Ask those again whom the yes of ``own`` had released, where they are still free. Links and mail are left."""
    made = []
    for other in _others_together(own, CoverState.WITHDRAWN):
        mandate = Mandate.objects.on(own.session.date).filter(
            programme=own.session.programme_id, organisation=own.organisation_id, person=other.person_id
        )
        if found := mandate.select_related("person", "organisation").first():
            with contextlib.suppress(AskedElsewhere):
                made.append(_ask(own.session, found, CLOCK, now, together=own.together))
    return made


def _check_mandate(session: Session, mandate: Mandate) -> None:
    holds = Mandate.objects.on(session.date).filter(pk=mandate.pk, programme=session.programme_id)
    if not holds.exists():
        raise NoMandateThen


def _check_day(session: Session, now: datetime) -> None:
    if session.state not in (SessionState.OPEN, SessionState.HELD) or session.date > timezone.localdate(now):
        raise NotTheDay


def _refuse_two_at_once(session: Session, person: Person) -> None:
    other = (
        SeniorAttendance.objects.filter(
            person=person, state__in=(CoverState.ASKED, CoverState.COMING), session__during__overlap=session.during
        )
        .exclude(session=session.pk)
        .select_related("session__programme")
        .first()
    )
    other = other or clash_of(session, person)
    if other:
        raise AskedElsewhere(person, other.session)


def move_ends_of_links(session: Session) -> None:
    """Let the links of all requests for ``session`` end when they would if it had always been on its day."""
    about = [key_of(own) for own in SeniorAttendance.objects.filter(session=session)]
    PersonalLink.objects.filter(purpose="cover", about__in=about).update(ends_at=_link_ends_at(session))


def _link_ends_at(session: Session) -> datetime:
    return session.during.upper + LINK_OUTLIVES


def give_links(asked: Iterable[SeniorAttendance], now: datetime) -> None:
    """Give each request a link of its senior manager, and one for each assistant of theirs, where they have none.

    Those of former assistants end. Inside the caller's transaction.
    """
    for own in asked:
        ends_at = _link_ends_at(own.session)
        about, wanted = key_of(own), [own.person, *_assistants(own)]
        there = PersonalLink.objects.filter(purpose="cover", about=about, revoked_at=None)
        for link in there.exclude(person__in=wanted):  # who was an assistant is none any more
            revoke(link, by=CLOCK, now=now)
        there.update(ends_at=ends_at)
        known = set(there.values_list("person", flat=True))
        people = [person for person in wanted if person.pk not in known]
        made = make_links((LinkRow("cover", person, about, ends_at) for person in people), now)
        for link in made:
            if link.person_id == own.person_id:
                own.link = link
                own.save(update_fields=["link"])


def _assistants(own: SeniorAttendance) -> list[Person]:
    held = Assistant.objects.on(own.session.date).filter(programme=own.session.programme_id, senior=own.person_id)
    return list(Person.objects.filter(pk__in=held.values("person"), is_active=True).order_by("pk"))


def _load(attendance: SeniorAttendance) -> SeniorAttendance:
    return (
        SeniorAttendance.objects.select_related("session__programme", "session__room__venue", "person", "organisation")
        .select_for_update(no_key=True, of=("self",))
        .get(pk=attendance.pk)
    )


def _locked(attendance: SeniorAttendance, by: Any, now: datetime) -> SeniorAttendance:
    """Return the request, its person locked first. Raises NotYoursToAnswer, NotAskedAnyMore."""
    lock_people([attendance.person_id])
    own = _load(attendance)
    if not can_answer_cover(by, own):
        raise NotYoursToAnswer
    over = own.session.state not in (SessionState.DRAFT, SessionState.OPEN) or own.session.during.lower <= now
    if over or own.state in (CoverState.WITHDRAWN, CoverState.ATTENDED):
        raise NotAskedAnyMore
    return own


def _become(own: SeniorAttendance, state: CoverState, by: Any, now: datetime, *, answered: bool = False) -> None:
    assert state == own.state or state in COVER_MOVES[CoverState(own.state)], f"{own.state} cannot become {state}."
    own.state = state
    if answered:
        own.answered_at, own.answered_by = now, key_of(by)
    own.save(update_fields=["state", "answered_at", "answered_by", "deputy", "together"])
    record(by=by, verb=f"cover_{state}", about=own, now=now)


def _free(own: SeniorAttendance, was_coming: bool, now: datetime) -> None:
    if was_coming:
        leave([own.person_id], own.session)
        if own.state == CoverState.APOLOGIES:
            messages.tell_given_up(own, now=now)
