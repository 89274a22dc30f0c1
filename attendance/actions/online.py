"""Attendance of an online session, from the report of its meeting: upload, decide, take over, forget."""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from django.core.files import File
from django.db import transaction
from django.db.models import QuerySet

from attendance.actions.register import StandsTwice, add_walk_in, check_can_mark, mark
from attendance.models import (
    FULL_SHARE,
    Mark,
    MarkKind,
    OnlineDecision,
    OnlinePresence,
    OnlineReport,
    OnlineRule,
    Place,
    WalkIn,
)
from attendance.queries.online import letters_of
from attendance.queries.register import on_the_register
from attendance.register import IN_PART
from attendance.teams import NotAReport, Present, present, read_report
from briefings.models import Programme, Session
from history.actions import record
from history.refusals import Refused
from organisations.actions.uploads import MEGABYTE, safe_name
from organisations.models import Organisation

MAX_BYTES = 5 * MEGABYTE
KEPT = timedelta(days=30)
_PRESSES = UUID("6f1f0d1e-54f8-4a6c-9a70-1c8c0cf5f4a5")
"""The name space of the presses that reports make, so that the same report taken over again makes the same ones."""


class StillOpen(Refused):
    sentence = "Decide about everybody in the report first. Who did not come as a guest can be left out."


class RowsAreGone(Refused):
    sentence = "The rows of this report were deleted 30 days after it came. Upload the file again."


@transaction.atomic
def set_full_share(*, programme: Programme, full_share: int, by: Any, now: datetime) -> OnlineRule:
    """Say which per cent of a session counts as attended online. Saying the same again changes nothing."""
    rule, _ = OnlineRule.objects.get_or_create(programme=programme)
    rule = OnlineRule.objects.select_for_update(no_key=True).get(pk=rule.pk)
    if rule.full_share != full_share:
        rule.full_share = full_share
        rule.save(update_fields=["full_share"])
        record(by=by, verb="changed_online_share", about=programme, now=now)
    return rule


def full_share_of(programme: Programme) -> int:
    """Return the per cent of a session that counts as attended online."""
    found = OnlineRule.objects.filter(programme=programme).values_list("full_share", flat=True).first()
    return FULL_SHARE if found is None else found


@transaction.atomic
def upload_report(*, session: Session, file: File, by: Any, now: datetime) -> OnlineReport:
    """Read a report and match its people by address. The same file again is the same report.

    Raises NotAReport, AnotherDay.
    """
    if file.size > MAX_BYTES:
        raise NotAReport
    content = file.read()
    digest = hashlib.sha256(content).hexdigest()
    version, joins = read_report(content, day=session.date, zone=session.zone)
    people = present(joins, starts=session.during.lower, ends=session.during.upper)
    if not people:
        raise NotAReport
    made, is_new = OnlineReport.objects.get_or_create(
        session=session,
        digest=digest,
        defaults={
            "file_name": safe_name(file.name or ""),
            "version": version,
            "uploaded_at": now,
            "uploaded_by": by,
        },
    )
    if not is_new and made.presences.exists():
        return made
    if not is_new:
        made.uploaded_at, made.taken_over_at = now, None
        made.save(update_fields=["uploaded_at", "taken_over_at"])
    OnlinePresence.objects.bulk_create(_rows(made, people, session))
    record(by=by, verb="uploaded_online_report", about=made, now=now)
    return made


def _rows(report: OnlineReport, people: Iterable[Present], session: Session) -> list[OnlinePresence]:
    places = {
        place.person.email: place
        for place in on_the_register(session).select_related("person")
        if place.person.email is not None
    }
    staff = set(session.parts.filter(person__email__isnull=False).values_list("person__email", flat=True))
    rows = []
    for own in people:
        place = places.get(own.address) or places.get(own.upn)
        row = OnlinePresence(
            report=report,
            name=own.name,
            address=own.address or own.upn,
            role=own.role,
            joins=own.joins,
            minutes=own.minutes,
            first_at=own.first,
            last_at=own.last,
        )
        if place:
            row.decision, row.place = OnlineDecision.PLACE, place
        elif staff & {own.address, own.upn}:
            row.decision = OnlineDecision.NOBODY
        rows.append(row)
    return rows


Decision = Place | Organisation | WalkIn | None
"""What a person decides about a row: the place it is, the organisation it walked in from, the walk-in it is already, or
None to leave it out."""


@transaction.atomic
def decide(*, report: OnlineReport, decisions: Mapping[int, Decision], by: Any, now: datetime) -> int:
    """Keep who the people of a report are, by the id of their rows; others stay. Returns how many were decided."""
    _locked_reports(report)
    rows = report.presences.select_for_update(no_key=True).filter(pk__in=decisions).order_by("pk")
    for row in rows:
        said = decisions[row.pk]
        row.place = said if isinstance(said, Place) else None
        row.walk_in = said if isinstance(said, WalkIn) else None
        row.organisation = said if isinstance(said, Organisation) else row.walk_in and row.walk_in.organisation
        row.decision = (
            OnlineDecision.PLACE if row.place else OnlineDecision.WALK_IN if row.organisation else OnlineDecision.NOBODY
        )
        row.save(update_fields=["decision", "place", "organisation", "walk_in"])
    if decisions:
        record(by=by, verb="decided_online_report", about=report, now=now)
    return len(rows)


@transaction.atomic
def take_over(*, report: OnlineReport, by: Any, now: datetime) -> int:
    """Mark on the register who was there: attended, or in part below the programme's share. Returns how many.

    Several reports of one session are added up. Who was marked by a person is left as they are. Taking over again
    changes nothing. Raises StillOpen, RowsAreGone, and as ``mark``.
    """
    locked = _locked_reports(report)[report.pk]
    session = Session.objects.select_related("programme").get(pk=locked.session_id)
    check_can_mark(session)
    _lock_rows(locked.presences.all())
    # Read only then: where what they name changes hands, the statement that waits finds neither old nor new.
    rows = list(locked.presences.select_related("place", "organisation", "walk_in").order_by("place_id", "pk"))
    if not rows:
        raise RowsAreGone
    if any(row.decision == OnlineDecision.OPEN for row in rows):
        raise StillOpen
    locked.taken_over_at = now
    locked.save(update_fields=["taken_over_at"])
    for own in _take_back(session, rows, by, now):
        count = _mark_place if isinstance(own, Place) else _count_walk_in
        count(session, own, by, now)
    marked = sum(_mark_place(session, place, by, now) for place in _places(rows))
    for row in rows:
        if row.organisation:
            marked += _mark_walk_in(session, row, by, now)
    record(by=by, verb="took_over_online_report", about=locked, now=now)
    return marked


def _locked_reports(report: OnlineReport) -> dict[int, OnlineReport]:
    """Lock all reports of the session of ``report``: the first lock of whatever writes their rows; these follow by id.

    Two that are taken over at once add each other up, and a walk-in of one opens decisions of another.
    """
    found = OnlineReport.objects.filter(session=report.session_id).order_by("pk")
    return found.select_for_update(no_key=True, of=("self",)).in_bulk()


def _lock_rows(rows: QuerySet[OnlinePresence]) -> None:
    list(rows.order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True))


def _take_back(session: Session, rows: Iterable[OnlinePresence], by: Any, now: datetime) -> list[Place | WalkIn]:
    """Undo what was made of each of ``rows`` before it was decided otherwise.

    Returns the places and walk-ins that other rows still speak for: what these come to is to be counted anew.
    """
    presses = {row.press for row in rows if row.press}
    marks = Mark.objects.filter(pk__in=presses, place__isnull=False).select_related("place").in_bulk()
    walk_ins = WalkIn.objects.in_bulk(presses)
    left = []
    for row in rows:
        mark_made, walk_in = marks.get(row.press), walk_ins.get(row.press)
        if mark_made and mark_made.place_id != row.place_id:
            others = OnlinePresence.objects.filter(report__session=session, place=mark_made.place_id)
            if others.filter(report__taken_over_at__isnull=False).exists():
                left.append(mark_made.place)
            else:
                _undo(session, mark_made.place, [row.press], by, now)
        elif walk_in and not _is_still(walk_in, row):
            if _rows_of(session, walk_in).exclude(pk=row.pk).exists():
                left.append(walk_in)
            else:
                _undo(session, walk_in, _of_walk_in(walk_in), by, now)
        else:
            continue
        row.press = None
        row.save(update_fields=["press"])
    return left


def _is_still(walk_in: WalkIn, row: OnlinePresence) -> bool:
    return walk_in.organisation_id == row.organisation_id and row.walk_in_id in (None, walk_in.pk)


def _rows_of(session: Session, walk_in: WalkIn) -> QuerySet[OnlinePresence]:
    """Return the rows of all taken-over reports of ``session`` that speak for ``walk_in``."""
    return OnlinePresence.objects.filter(
        report__session=session,
        report__taken_over_at__isnull=False,
        press=walk_in.pk,
        organisation=walk_in.organisation_id,
    )


def _of_walk_in(walk_in: WalkIn) -> list[UUID]:
    """Return the presses that reports have made about ``walk_in``: that they came, and how long."""
    made = set(walk_in.marks.values_list("pk", flat=True))
    return [walk_in.pk, *(press for kind in sorted(IN_PART) for press in _chain(walk_in.pk, kind, made))]


def _chain(press: UUID, kind: MarkKind, made: set[UUID]) -> Iterable[UUID]:
    """Yield what was made one after another of ``kind`` about the walk-in ``press``: each after the last was undone."""
    press = uuid5(press, kind)
    while press in made:
        yield press
        press = uuid5(press, kind)


def _undo(session: Session, own: Place | WalkIn, presses: Iterable[UUID], by: Any, now: datetime) -> None:
    """Take back those of ``presses`` that nobody has taken back."""
    undone = _undone(own)
    for old in presses:
        if old not in undone:
            undo = uuid5(old, "undo")
            mark(session=session, subject=own, kind=MarkKind.UNDO, press=undo, undoes=old, by=by, now=now)


def _undone(own: Place | WalkIn) -> set[UUID]:
    return set(own.marks.filter(kind=MarkKind.UNDO).values_list("undoes", flat=True))


def _places(rows: list[OnlinePresence]) -> list[Place]:
    return list({row.place_id: row.place for row in rows if row.place}.values())


def _mark_place(session: Session, place: Place, by: Any, now: datetime) -> bool:
    """Mark ``place`` with what all taken-over reports of ``session`` come to. Returns whether it is marked by them."""
    own = OnlinePresence.objects.filter(report__session=session, report__taken_over_at__isnull=False, place=place)
    rows = list(own.order_by("pk"))
    made = {row.press for row in rows if row.press}
    by_hand = Mark.objects.filter(place=place).exclude(pk__in=made).exclude(kind=MarkKind.UNDO)
    undone = _undone(place)
    if by_hand.exclude(pk__in=undone).exists():
        return False
    kind = _kind(session, rows)
    press = _press(place, kind, rows, undone)
    _undo(session, place, sorted(made - {press}), by, now)
    try:
        mark(session=session, subject=place, kind=kind, press=press, by=by, now=now)
    except StandsTwice:  # as a walk-in they count already
        return False
    OnlinePresence.objects.filter(pk__in=[row.pk for row in rows]).update(press=press)
    return True


def _press(place: Place, kind: MarkKind, rows: list[OnlinePresence], undone: set[UUID]) -> UUID:
    """Return the id of a press: the same for the same rows, unless that one was taken back meanwhile."""
    words = f"{place.pk}:{kind}:{','.join(str(row.pk) for row in rows)}"
    press = uuid5(_PRESSES, words)
    while press in undone:
        press = uuid5(press, words)
    return press


def _mark_walk_in(session: Session, row: OnlinePresence, by: Any, now: datetime) -> bool:
    """Mark the walk-in that ``row`` is, made where there is none yet. Returns whether it is marked by reports.

    One from the door is left as it is. One that reports alone had made, and have taken back since, is made anew.
    """
    own = WalkIn.objects.filter(pk=row.press).first() if row.press else row.walk_in
    if own and not row.press and not _rows_of(session, own).exists():
        if not Mark.objects.filter(pk=uuid5(own.pk, "undo")).exists():
            return False
        own = None
    if own is None:
        press = _new_walk_in(row)
        own = add_walk_in(session=session, name=row.name, organisation=row.organisation, press=press, by=by, now=now)
        _let_decide_again(session, own)
    OnlinePresence.objects.filter(pk=row.pk).update(press=own.pk)
    _count_walk_in(session, own, by, now)
    return True


def _let_decide_again(session: Session, made: WalkIn) -> None:
    """Open the decisions of reports still to be taken over that were made before the walk-in ``made`` was there."""
    waiting = OnlinePresence.objects.filter(
        report__session=session, report__taken_over_at=None, decision=OnlineDecision.WALK_IN, walk_in=None, press=None
    )
    same = [pk for pk, name in waiting.values_list("pk", "name") if letters_of(name) == letters_of(made.name)]
    OnlinePresence.objects.filter(pk__in=same).update(decision=OnlineDecision.OPEN, organisation=None)


def _count_walk_in(session: Session, own: WalkIn, by: Any, now: datetime) -> None:
    """Mark ``own`` with what all taken-over reports of ``session`` come to."""
    kind = _kind(session, list(_rows_of(session, own).order_by("pk")))
    of_kind = list(_chain(own.pk, kind, set(_of_walk_in(own))))
    _undo(session, own, [each for each in _of_walk_in(own)[1:] if each not in of_kind], by, now)
    if kind != MarkKind.ATTENDED and not set(of_kind) - _undone(own):
        again = uuid5(of_kind[-1] if of_kind else own.pk, kind)
        mark(session=session, subject=own, kind=kind, press=again, by=by, now=now)


def _new_walk_in(row: OnlinePresence) -> UUID:
    """Return the id of a walk-in that is not there yet: ``row`` may have been one before and another thing since."""
    press = uuid5(_PRESSES, f"walk-in:{row.pk}")
    while WalkIn.objects.filter(pk=press).exists():
        press = uuid5(press, "again")
    return press


def _kind(session: Session, rows: list[OnlinePresence]) -> MarkKind:
    """Return what ``rows`` of one person come to; who missed more of the beginning than of the end came late."""
    if any(row.minutes is None for row in rows):
        return MarkKind.ATTENDED
    length = (session.during.upper - session.during.lower) / timedelta(minutes=1)
    if 100 * _minutes(rows) >= full_share_of(session.programme) * length:
        return MarkKind.ATTENDED
    first = min((row.first_at for row in rows if row.first_at), default=session.during.lower)
    last = max((row.last_at for row in rows if row.last_at), default=session.during.lower)
    return MarkKind.LATE if first - session.during.lower > session.during.upper - last else MarkKind.LEFT_EARLY


def _minutes(rows: list[OnlinePresence]) -> int:
    """Return how long somebody was there by all their ``rows``: with two devices at one time they were there once."""
    total, together, until = 0, timedelta(), None
    for row in sorted(rows, key=lambda each: each.first_at.timestamp() if each.first_at else 0):
        total += row.minutes
        if row.first_at is None or row.last_at is None:
            together += timedelta(minutes=row.minutes)
            continue
        begin = row.first_at if until is None else max(row.first_at, until)
        together += max(row.last_at - begin, timedelta())
        until = row.last_at if until is None else max(row.last_at, until)
    return min(total, round(together / timedelta(minutes=1)))


def forget_online_rows(*, now: datetime) -> int:
    """Delete names and addresses of reports that came 30 days ago; return how many rows went."""
    return OnlinePresence.objects.filter(report__uploaded_at__lt=now - KEPT).delete()[0]


@transaction.atomic
def reconsider(*, presence: OnlinePresence, by: Any, now: datetime) -> None:
    """Open the decision about one row again; a mark that was made of it stays until the report is taken over again."""
    _locked_reports(presence.report)
    OnlinePresence.objects.filter(pk=presence.pk).update(
        decision=OnlineDecision.OPEN, place=None, organisation=None, walk_in=None
    )
    record(by=by, verb="decided_online_report", about=presence.report, now=now)
