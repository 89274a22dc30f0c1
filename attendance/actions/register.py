"""The day: marks, walk-ins, closing the register.

A mark locks the row it is about and works its outcome out from all marks there are, so that two phones never
overwrite one another. A mark that arrives while the register is being closed counts: it beats "absent".
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import Person
from attendance.actions.engagements import lock_people, lock_seats
from attendance.actions.feedback import ask_for_feedback
from attendance.actions.line import close
from attendance.messages import register as messages
from attendance.models import (
    CAME,
    SEATED,
    Attendance,
    Mark,
    MarkKind,
    Outcome,
    Place,
    PlaceState,
    Register,
    SeatCount,
    WalkIn,
)
from attendance.register import Press, outcome_of, standing
from briefings.actions.sessions import mark_session_held
from briefings.models import PlacesRule, Session, SessionState
from history.actions import CLOCK, key_of, record, recording
from history.alone import each_alone
from history.refusals import Refused
from history.statements import Prepared, prepared
from organisations.models import Affiliation, Organisation

Subject = Place | WalkIn
_COPIED = ("person_id", "organisation_id", "profession_id", "area_id")
"""What an attendance keeps of a place."""


class NotOnThisRegister(Refused):
    sentence = "This session is not held: it is in draft or cancelled, so there is nobody to mark."


class RegisterIsClosed(Refused):
    sentence = "The register is closed. Reopen it with a reason to change a mark."


class NotBegun(Refused):
    sentence = "The register can be closed once the session has begun."


class AnotherPress(Refused):
    """The same id came with something else in it."""

    sentence = "This press was used for something else before. Open the register again and press once more."


class NotAPress(Refused):
    sentence = "Choose one of the marks that the register shows."


class NobodyThere(Refused):
    sentence = "Nobody with that number stands on this register. Open the register again and look there."


class StandsTwice(Refused):
    """A walk-in was matched to somebody who has got a place since: one fact for each person and session."""

    sentence = (
        "This person stands on this register twice, with a place and as a walk-in, and counts already. Undo the other "
        "mark, then mark them here."
    )


class OnTheRegister(Refused):
    """The person to whom a walk-in is to be matched stands on this register already."""

    sentence = "This person stands on the register already. Mark them there, and undo the walk-in."


@dataclass(frozen=True)
class Pressed:
    """One press to be kept: about whom (the id alone is read), what, and its own id, which the phone made.

    ``undoes`` is the id of the press that an undo takes back.
    """

    subject: Subject
    kind: MarkKind | str
    id: UUID
    undoes: UUID | None = None


def mark(
    *,
    session: Session,
    subject: Subject,
    kind: MarkKind | str,
    press: UUID,
    by: Any,
    now: datetime,
    undoes: UUID | None = None,
) -> Outcome | None:
    """Keep one press about a place or a walk-in of ``session`` and return what its marks come to now.

    The same ``press`` again changes nothing; see ``Pressed``. Raises NotOnThisRegister, RegisterIsClosed, NobodyThere,
    AnotherPress, NotAPress, StandsTwice.
    """
    try:
        return _mark(session, Pressed(subject, kind, press, undoes), by, now)
    except IntegrityError as error:
        if getattr(error.__cause__, "diag", None) and error.__cause__.diag.constraint_name == _ONCE:
            raise StandsTwice from error
        raise


_ONCE = "attendance_once_per_session"


@transaction.atomic
def _mark(session: Session, pressed: Pressed, by: Any, now: datetime) -> Outcome | None:
    (refused,), outcomes = _press_all(session, [pressed], by, now)
    if refused:
        raise refused
    return outcomes[_key(pressed.subject)]


@transaction.atomic
def mark_all(*, session: Session, presses: Sequence[Pressed], by: Any, now: datetime) -> list[type[Refused] | None]:
    """Keep many presses in one go. Returns for each, in their order, None or why it was not kept.

    What is not kept holds nothing else back. Raises NotOnThisRegister, RegisterIsClosed.
    """
    return _press_all(session, presses, by, now)[0]


@transaction.atomic
def mark_instead(
    *, session: Session, subject: Subject, kind: MarkKind | str, press: UUID, by: Any, now: datetime
) -> Outcome | None:
    """Mark ``kind`` and take back every other press that stands: what "Change" does. Raises as ``mark``."""
    _check_is_held(session)
    for own in _to_mark(session, [subject]).values():
        for other in standing(_presses(own)):
            if other.id != press:
                Mark.objects.create(
                    session=session, **_about(own), kind=MarkKind.UNDO, undoes=other.id, made_at=now, made_by=key_of(by)
                )
    return mark(session=session, subject=subject, kind=kind, press=press, by=by, now=now)


@transaction.atomic
def add_walk_in(
    *, session: Session, name: str, organisation: Organisation, press: UUID, by: Any, now: datetime
) -> WalkIn:
    """Add somebody at the door; they count as attended. The same ``press`` again is the same walk-in.

    Raises NotOnThisRegister, RegisterIsClosed, AnotherPress.
    """
    check_can_mark(session)
    walk_in, is_new = WalkIn.objects.get_or_create(
        pk=press,
        defaults={
            "session": session,
            "name": name,
            "organisation": organisation,
            "made_at": now,
            "made_by": key_of(by),
        },
    )
    if (walk_in.session_id, walk_in.name, walk_in.organisation_id) != (session.pk, name, organisation.pk):
        raise AnotherPress
    if is_new:
        record(by=by, verb="walked_in", about=walk_in, now=now)
    own = _locked(walk_in)
    _settle(session, {own: _presses(own)}, now)
    return walk_in


@transaction.atomic
def match_walk_in(*, walk_in: WalkIn, person: Person, by: Any, now: datetime) -> WalkIn:
    """Decide that a walk-in is ``person``; profession and area come from their affiliation there.

    Matching to the same person twice is matching once. After the register was closed they are thanked and asked for
    feedback like everybody who came; their certificate follows from the fact. Raises OnTheRegister.
    """
    own = _locked(walk_in)
    if own.person_id == person.pk:
        return own
    if (
        Attendance.objects.filter(session=own.session_id, person=person).exists()
        or Place.objects.filter(session=own.session_id, person=person, state__in=SEATED).exists()
    ):
        raise OnTheRegister
    # Taken back at the door and added anew: the row that counts for nothing lets go of them.
    WalkIn.objects.filter(session=own.session_id, person=person).update(person=None)
    own.person, own.left_at = person, None
    own.save(update_fields=["person", "left_at"])
    affiliation = _affiliation(own)
    Attendance.objects.filter(walk_in=own).update(
        person=person,
        profession=affiliation.profession_id if affiliation else None,
        area=affiliation.areas.first() if affiliation else None,
    )
    record(by=by, verb="matched_walk_in", about=own, now=now)
    if _closed(own.session).exists():  # the others were thanked and asked when it was closed
        ask_for_feedback(own.session, now=now, walk_in=own)
        messages.tell_closed(own.session, now=now, walk_in=own)
    return own


@transaction.atomic
def close_register(*, session: Session, by: Any, now: datetime) -> Register:
    """Close the register: who is booked and not marked is absent, those who came are thanked, others may choose again.

    Places that were never given a name end: nobody was absent. Closing twice is closing once. Raises
    NotOnThisRegister, NotBegun.
    """
    seats = SeatCount.objects.filter(session=session.pk).exists() and lock_seats(session)
    register = _locked_register(session)
    session = Session.objects.select_related("programme").get(pk=session.pk)
    if session.state not in (SessionState.OPEN, SessionState.HELD):
        raise NotOnThisRegister
    if session.during.lower > now:
        raise NotBegun
    if register.closed_at is not None:
        return register
    if seats:
        _end_unnamed(session, seats, by, now)
    _mark_the_rest_absent(session, now)
    _let_choose_again(session, now)
    register.closed_at, register.closed_by = now, key_of(by)
    register.save(update_fields=["closed_at", "closed_by"])
    record(by=by, verb="closed_register", about=session, now=now)
    if session.state == SessionState.OPEN and session.during.upper <= now:
        mark_session_held(session=session, by=by, now=now)
    ask_for_feedback(session, now=now)
    messages.tell_closed(session, now=now)
    return register


@transaction.atomic
def reopen_register(*, session: Session, reason: str, by: Any, now: datetime) -> Register:
    """Open a closed register again, for a ``reason`` in words: who was absent for lack of a mark is unmarked again."""
    missed = Place.objects.filter(session=session, person__isnull=False, limit_key__isnull=True)
    lock_people(missed.values_list("person", flat=True))  # who may be choosing another date at this moment
    register = _locked_register(session)
    if register.closed_at is None:
        return register
    register.closed_at, register.closed_by, register.reopened_reason = None, "", reason
    register.save(update_fields=["closed_at", "closed_by", "reopened_reason"])
    Attendance.objects.filter(session=session, outcome=Outcome.ABSENT).delete()
    _take_back_choosing(session)
    record(by=by, verb="reopened_register", about=session, now=now)
    return register


def hold_what_is_over(*, now: datetime) -> int:
    """Note as held the sessions whose register was closed before their end; return how many. Raises AllFailed."""
    due = Session.objects.open().filter(during__endswith__lte=now, register__closed_at__isnull=False)
    ids = due.order_by("date", "pk").values_list("pk", flat=True)
    return each_alone("Noting a session as held", ids, lambda pk: _hold_one(due.filter(pk=pk), now))


@transaction.atomic
def _hold_one(due: QuerySet[Session], now: datetime) -> bool:
    session = due.select_for_update(no_key=True, of=("self",), skip_locked=True).first()
    if session is None:
        return False
    mark_session_held(session=session, by=CLOCK, now=now)
    return True


def _locked_register(session: Session) -> Register:
    Register.objects.get_or_create(session=session)
    return Register.objects.select_for_update(no_key=True, of=("self",)).get(pk=session.pk)


def check_can_mark(session: Session) -> None:
    """Raise NotOnThisRegister or RegisterIsClosed where nobody can be marked in ``session``."""
    _check_is_held(session)
    if _closed(session).exists():
        raise RegisterIsClosed


def _check_is_held(session: Session) -> None:
    if session.state not in (SessionState.OPEN, SessionState.HELD):
        raise NotOnThisRegister


def _closed(session: Session) -> Any:
    return Register.objects.filter(pk=session.pk, closed_at__isnull=False)


_LOCK = prepared(
    "places_to_mark",
    f"""
SELECT own.id, own.person_id, own.organisation_id, own.profession_id, own.area_id, EXISTS (
  SELECT FROM {Register._meta.db_table} register
  WHERE register.session_id = own.session_id AND register.closed_at IS NOT NULL
)
FROM {Place._meta.db_table} own WHERE own.id = ANY($1) AND own.session_id = $2 AND own.person_id IS NOT NULL
ORDER BY own.id FOR NO KEY UPDATE OF own
""",  # noqa: S608
    places="bigint[]",
    session="bigint",
)


def _to_mark(session: Session, subjects: Iterable[Subject]) -> dict[tuple[type, Any], Any]:
    """Lock the rows of ``subjects`` that stand in ``session`` and return them by ``_key``. Raises RegisterIsClosed.

    Whether the register is closed is read in the same statement, which sees it as it was before it waited for a lock:
    a mark that came before the closing counts.
    """
    subjects, found = list(subjects), []
    if places := [subject.pk for subject in subjects if isinstance(subject, Place)]:
        rows = _LOCK.rows(places=places, session=session.pk)
        # from_db takes the columns in the order of the model.
        found += [(Place.from_db(connection.alias, ("id", *_COPIED), row), closed) for *row, closed in rows]
    if walk_ins := [subject.pk for subject in subjects if isinstance(subject, WalkIn)]:
        rows = WalkIn.objects.filter(pk__in=walk_ins, session=session).annotate(closed=Exists(_closed(session)))
        found += [(own, own.closed) for own in rows.order_by("pk").select_for_update(no_key=True, of=("self",))]
    if any(closed for _, closed in found):
        raise RegisterIsClosed
    for own, _ in found:
        own.session = session
    return {_key(own): own for own, _ in found}


def _key(subject: Subject) -> tuple[type, Any]:
    return type(subject), subject.pk


def _locked(subject: Subject) -> Any:
    return (
        type(subject)
        .objects.select_related("session__programme", "organisation")
        .select_for_update(no_key=True, of=("self",))
        .get(pk=subject.pk)
    )


def _about(subject: Subject) -> dict[str, Subject]:
    return {_name(type(subject)): subject}


def _name(kind: type) -> str:
    return "walk_in" if kind is WalkIn else "place"


def _number(subject: Subject, kind: type) -> Any:
    return subject.pk if isinstance(subject, kind) else None


def _press_all(
    session: Session, presses: Sequence[Pressed], by: Any, now: datetime
) -> tuple[list[type[Refused] | None], dict[tuple[type, Any], Outcome | None]]:
    """Return for each press None or why it was not kept, and by ``_key`` what the marks of its subject come to."""
    _check_is_held(session)
    there = _to_mark(session, [press.subject for press in presses])
    refused: list[type[Refused] | None] = []
    for press in presses:
        sound = press.kind in MarkKind and (press.kind == MarkKind.UNDO) == (press.undoes is not None)
        refused.append(None if sound and _key(press.subject) in there else NobodyThere if sound else NotAPress)
    good = [press for press, why in zip(presses, refused, strict=True) if why is None]
    if not good:
        return refused, {}
    kept = _keep(session, there, good, by, now)
    for place, press in enumerate(presses):
        if refused[place] is None and Press(press.id, press.kind, press.undoes) not in kept[_key(press.subject)]:
            refused[place] = AnotherPress
    return refused, _settle(session, {there[key]: found for key, found in kept.items()}, now)


_RECORDED = f"""
SELECT 'marked_' || kind,
       CASE WHEN place_id IS NULL THEN '{WalkIn._meta.label_lower}' ELSE '{Place._meta.label_lower}' END,
       coalesce(place_id::text, walk_in_id::text) FROM own
"""  # noqa: S608
_KEEP = prepared(
    "presses_kept",
    f"""
WITH own AS (
  INSERT INTO {Mark._meta.db_table} (id, session_id, place_id, walk_in_id, kind, undoes, made_at, made_by)
  SELECT press.id, $1, press.place, press.walk_in, press.kind, press.undoes, $2, $3
  FROM unnest($4, $5, $6, $7, $8) AS press (id, place, walk_in, kind, undoes)
  ON CONFLICT (id) DO NOTHING RETURNING id, kind, undoes, place_id, walk_in_id
), recorded AS ({recording(_RECORDED) % ("$2", "$3")})
SELECT id, kind, undoes, place_id, walk_in_id FROM own
UNION ALL SELECT id, kind, undoes, place_id, walk_in_id FROM {Mark._meta.db_table}
WHERE place_id = ANY($9) OR walk_in_id = ANY($10)
""",  # noqa: S608
    session="bigint",
    now="timestamptz",
    actor="text",
    ids="uuid[]",
    places="bigint[]",
    walk_ins="uuid[]",
    kinds="text[]",
    undone="uuid[]",
    about_places="bigint[]",
    about_walk_ins="uuid[]",
)


def _keep(
    session: Session, there: dict[tuple[type, Any], Any], presses: Iterable[Pressed], by: Any, now: datetime
) -> dict[tuple[type, Any], list[Press]]:
    """Write each press unless it is there and record it, in one statement, because a room waits for it.

    Returns by ``_key`` all presses about the locked rows.
    """
    sent = sorted(presses, key=lambda each: each.id)
    rows = _KEEP.rows(
        session=session.pk,
        now=now,
        actor=key_of(by),
        ids=[press.id for press in sent],
        places=[_number(press.subject, Place) for press in sent],
        walk_ins=[_number(press.subject, WalkIn) for press in sent],
        kinds=[str(press.kind) for press in sent],
        undone=[press.undoes for press in sent],
        about_places=[pk for kind, pk in there if kind is Place],
        about_walk_ins=[pk for kind, pk in there if kind is WalkIn],
    )
    found: dict[tuple[type, Any], list[Press]] = {key: _coming_in(own) for key, own in there.items()}
    for pk, kind, undoes, place, walk_in in rows:
        found[(Place, place) if place else (WalkIn, walk_in)].append(Press(pk, kind, undoes))
    return found


def _presses(subject: Subject) -> list[Press]:
    found = [Press(*row) for row in Mark.objects.filter(**_about(subject)).values_list("pk", "kind", "undoes")]
    return found + _coming_in(subject)


def _coming_in(subject: Subject) -> list[Press]:
    """Return the press that coming in without a place itself is: an undo may name it."""
    return [Press(subject.pk, MarkKind.ATTENDED)] if isinstance(subject, WalkIn) else []


def _settling(name: str) -> Prepared:
    return prepared(
        f"facts_by_{name}",
        f"""
INSERT INTO {Attendance._meta.db_table}
  (session_id, noted_at, place_id, walk_in_id, outcome, {", ".join(_COPIED)})
SELECT $1, $2, fact.* FROM unnest($3, $4, $5, $6, $7, $8, $9) AS fact
ON CONFLICT ({name}) DO UPDATE SET outcome = EXCLUDED.outcome, noted_at = EXCLUDED.noted_at
""",  # noqa: S608
        session="bigint",
        now="timestamptz",
        places="bigint[]",
        walk_ins="uuid[]",
        outcomes="text[]",
        **dict.fromkeys(_COPIED, "bigint[]"),
    )


_SETTLE = {Place: _settling("place_id"), WalkIn: _settling("walk_in_id")}


def _settle(
    session: Session, presses: dict[Subject, list[Press]], now: datetime
) -> dict[tuple[type, Any], Outcome | None]:
    """Write what the presses about each locked row come to, and return it by ``_key``."""
    outcomes = {_key(own): outcome_of(found) for own, found in presses.items()}
    for kind, statement in _SETTLE.items():
        rows = [own for own in presses if isinstance(own, kind)]
        facts = [own for own in rows if outcomes[_key(own)] is not None]
        if facts:
            copied = [facts_of(own) for own in facts]
            values = {column: [each[column] for each in copied] for column in _COPIED}
            statement.rows(
                session=session.pk,
                now=now,
                places=[_number(own, Place) for own in facts],
                walk_ins=[_number(own, WalkIn) for own in facts],
                outcomes=[str(outcomes[_key(own)]) for own in facts],
                **values,
            )
        if len(facts) < len(rows):
            gone = [own.pk for own in rows if outcomes[_key(own)] is None]
            Attendance.objects.filter(**{f"{_name(kind)}__in": gone}).delete()
    return outcomes


def facts_of(subject: Subject) -> dict[str, Any]:
    """Return the columns that are copied from ``subject`` onto the attendance when it is made."""
    if isinstance(subject, Place):
        return {name: getattr(subject, name) for name in _COPIED}
    affiliation = _affiliation(subject)
    area = affiliation.areas.first() if affiliation else None
    return {
        "person_id": subject.person_id,
        "organisation_id": subject.organisation_id,
        "profession_id": affiliation.profession_id if affiliation else None,
        "area_id": area.pk if area else None,
    }


def _affiliation(walk_in: WalkIn) -> Affiliation | None:
    if walk_in.person_id is None:
        return None
    found = Affiliation.objects.on(walk_in.session.date).filter(person=walk_in.person_id)
    return found.filter(organisation=walk_in.organisation_id).order_by("pk").first() or found.order_by("pk").first()


def _end_unnamed(session: Session, seats: SeatCount, by: Any, now: datetime) -> None:
    unnamed = Place.objects.live().filter(session=session, person=None).select_related("session__programme")
    for place in unnamed.order_by("pk").select_for_update(no_key=True, of=("self",)):
        close(place, seats, PlaceState.ENDED, "not_named", now)
        record(by=by, verb="released_unnamed", about=place, now=now)


def _mark_the_rest_absent(session: Session, now: datetime) -> None:
    # The row locks make a mark that is being written come first, or beat "absent" afterwards.
    unmarked = (
        Place.objects.filter(session=session, person__isnull=False, state=PlaceState.BOOKED, attendance__isnull=True)
        .order_by("pk")
        .select_for_update(no_key=True, of=("self",))
    )
    Attendance.objects.bulk_create(
        [
            Attendance(session=session, place=place, outcome=Outcome.ABSENT, noted_at=now, **facts_of(place))
            for place in unmarked
        ],
        ignore_conflicts=True,
    )


def _let_choose_again(session: Session, now: datetime) -> None:
    """Whoever did not come may choose another date: their place here no longer counts as the one they may hold."""
    came = Attendance.objects.filter(session=session, outcome__in=CAME)  # or as a walk-in who moved up afterwards
    missed = Place.objects.filter(session=session, state=PlaceState.BOOKED)
    missed = missed.exclude(Exists(came.filter(Q(place=OuterRef("pk")) | Q(person=OuterRef("person")))))
    missed.update(missed_at=now, limit_key=None)


def _take_back_choosing(session: Session) -> None:
    missed = Place.objects.filter(session=session, missed_at__isnull=False)
    missed.update(missed_at=None)
    if session.programme.places_rule != PlacesRule.ONE:
        return
    booked = Place.objects.filter(session=session, person__isnull=False, state=PlaceState.BOOKED)
    for place in booked.filter(limit_key__isnull=True):
        key = f"{place.person_id}:programme:{session.programme_id}"
        # Who has chosen another date meanwhile keeps that one.
        if not Place.objects.filter(Q(limit_key=key)).exists():
            Place.objects.filter(pk=place.pk).update(limit_key=key)
