"""What is told back of a session or programme: what a draft begins with, and what may not be published in it."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.text import Truncator

from accounts.models import Person
from attendance.models import CAME, Attendance, Invitation, OnlinePresence, Place, SeniorAttendance, WalkIn
from briefings.models import AgendaItem, Appointment, Assistant, Mandate, Partner, Programme, Session, SessionPart
from commitments.models import (
    STANDING,
    TAKEN_ON,
    TOLD,
    Answer,
    AskedAs,
    Asker,
    Assurance,
    AssuranceState,
    Audience,
    Commission,
    GovernanceHolder,
    Output,
    Question,
    QuestionState,
    Section,
    Showing,
    Telling,
    TellingItem,
    TellingKind,
    TellingState,
)
from commitments.publishing import Finding, Why, found_in, words_of
from commitments.queries.questions import published_answers
from face.dates import day_plain
from face.paging import SHORT, Page, page_of_keys
from history.statements import Prepared, of_keys, rows_of
from organisations.models import Affiliation, OrganisationLead

MOST_ITEMS = 200
"""So many items one telling holds: what a form can send."""
MOST_OF_OTHERS = 50
"""So many of them are no because, and so many still open."""
_ENDED = (AssuranceState.NOT_KEPT, AssuranceState.WITHDRAWN, AssuranceState.LAPSED)


@dataclass(frozen=True)
class Drafted:
    """One item of a draft, before it is kept."""

    section: str
    said: str
    told: str
    question: Question | None = None
    assurance: Assurance | None = None
    for_attended: bool = False
    since: datetime | None = None
    """Since when it is so, where it may have been otherwise when it was told before."""

    @property
    def subject(self) -> tuple[str, UUID | None, int | None]:
        """What it is about, as ``told_before`` knows it."""
        return self.section, self.question and self.question.pk, self.assurance and self.assurance.pk


def drafted(
    programme: Programme, session: Session | None, kind: str, on: date, *, only_new: bool = False
) -> list[Drafted]:
    """Return what a telling of ``kind`` begins with on the day ``on``: done, no because, still open.

    What was answered to practitioners, or to who had a place in ``session``, is ``for_attended`` alone; the rest is
    what everybody may read. ``only_new``: without what was told before and is as it was.
    """
    found = _answered(programme, session, on) if kind == TellingKind.ANSWERED else _did(programme, session, on)
    if only_new:
        before = told_before(programme, session, kind)
        found = (row for row in found if not _was_told(row, before.get(row.subject)))
    return _fitting(found)


def _fitting(rows: Iterable[Drafted]) -> list[Drafted]:
    """Return so many of ``rows`` as one form can hold, in their order; much that is done leaves room for the rest."""
    found: dict[str, list[Drafted]] = {section: [] for section in Section.values}
    for row in rows:
        most = MOST_ITEMS if row.section == Section.DONE else MOST_OF_OTHERS
        if len(found[row.section]) < most:
            found[row.section].append(row)
    done, rest = found[Section.DONE], found[Section.NO] + found[Section.OPEN]
    return done[: MOST_ITEMS - len(rest)] + rest


def told_before(
    programme: Programme, session: Session | None, kind: str
) -> dict[tuple[str, UUID | None, int | None], datetime]:
    """Return what tellings of ``kind`` have told of ``session`` or the programme, and when last: done, and no because.

    What is still open is told again each time. What a session was told is not told to the whole programme yet.
    """
    of_whole = Q(telling__session=None)
    rows = TellingItem.objects.filter(
        of_whole | Q(telling__session=session) if session else of_whole,
        telling__programme=programme,
        telling__kind=kind,
        telling__state=TellingState.PUBLISHED,
    ).exclude(section=Section.OPEN)
    told = rows.values_list("section", "question", "assurance").annotate(at=Max("telling__published_at")).order_by()
    return {(section, question, assurance): at for section, question, assurance, at in told}


def _was_told(row: Drafted, at: datetime | None) -> bool:
    return at is not None and (row.since is None or row.since <= at)


def _answered(programme: Programme, session: Session | None, on: date) -> Iterable[Drafted]:
    circles = (Audience.PUBLIC, Audience.PRACTITIONERS)
    answers = published_answers(programme, audiences=circles, session=session)
    # What the scribe hid from the room is nobody's to read here either.
    questions = programme.questions.exclude(in_room__showing=Showing.HIDDEN)
    if session:
        # What was asked there and joined with a question of another session is told there as well.
        answers = answers.filter(_asked_in(session, "question__session", "question"))
        questions = questions.filter(_asked_in(session, "session", "pk"))
    for answer in answers.iterator(chunk_size=MOST_ITEMS):
        told = f"{answer.organisation.name}: {answer.words}"
        alone = answer.audience != Audience.PUBLIC
        options = {"question": answer.question, "for_attended": alone, "since": answer.published_at}
        yield Drafted(Section.DONE, answer.question.words, told, **options)
    # What was answered before and is open again, or has ended, is told to no wider circle than the answer was.
    newest = Answer.objects.filter(question=OuterRef("pk")).order_by("-version").values("audience")[:1]
    questions = questions.annotate(answered_to=Subquery(newest)).filter(
        Q(answered_to=None) | Q(answered_to__in=circles) | Q(answered_to=Audience.ATTENDERS, session=session or 0)
    )
    aside = questions.filter(state=QuestionState.OUT_OF_SCOPE).order_by("raised_on", "reference")
    for question in aside.iterator(chunk_size=MOST_ITEMS):
        # As on the answers page: what was asked anonymously and put aside may be about a case.
        is_nobodys = question.asked_as == AskedAs.NOBODY
        said = f"Question {question.reference}, asked anonymously" if is_nobodys else question.words
        alone = question.answered_to not in (None, Audience.PUBLIC)
        yield Drafted(Section.NO, said, question.end_reason, question=question, for_attended=alone)
    waiting = questions.filter(state__in=TAKEN_ON).select_related("organisation").order_by("due_on", "reference")
    for question in waiting.iterator(chunk_size=MOST_ITEMS):
        who = question.organisation.name if question.organisation else "The coordinator"
        until = f"{who} owes the answer, by {day_plain(question.due_on)}."
        if question.paused_on:
            until = f"{who} owes the answer. It waits for now, until {day_plain(question.paused_until)} at the latest."
        elif question.due_on < on:
            until = f"{who} owes the answer. It was due on {day_plain(question.due_on)}, and is late."
        alone = question.answered_to not in (None, Audience.PUBLIC)
        yield Drafted(Section.OPEN, question.words, until, question=question, for_attended=alone)


def _asked_in(session: Session, own: str, key: str) -> Q:
    """Return the condition that a question was asked in ``session``, or one that was joined with it."""
    return Q(**{own: session}) | Exists(Question.objects.filter(merged_into=OuterRef(key), session=session))


def _did(programme: Programme, session: Session | None, on: date) -> Iterable[Drafted]:
    found = programme.assurances.filter(given_at__isnull=False).select_related("organisation", "carried_by")
    if session:
        asked = Question.objects.filter(_asked_in(session, "session", "pk")).values("pk")
        named = Assurance.questions.through.objects.filter(assurance=OuterRef("pk"), question__in=asked)
        found = found.filter(Q(session=session) | Exists(named))
    found = found.prefetch_related("questions").order_by("due_on", "pk")
    public = set(published_answers(programme).order_by().values_list("question", flat=True))
    for own in found.filter(state=AssuranceState.KEPT).order_by("-ended_at", "pk").iterator(chunk_size=MOST_ITEMS):
        yield _drafted_of(own, public, Section.DONE, own.evidence)
    for own in found.filter(state__in=_ENDED).order_by("-ended_at", "pk").iterator(chunk_size=MOST_ITEMS):
        yield _drafted_of(own, public, Section.NO, own.end_reason)
    for own in found.filter(state__in=STANDING).iterator(chunk_size=MOST_ITEMS):
        until = f"It {'is reviewed on' if own.is_ongoing else 'is to be kept by'} {day_plain(own.due_on)}."
        if own.due_on < on:
            until = (
                f"It was to be {'reviewed on' if own.is_ongoing else 'kept by'} {day_plain(own.due_on)}. It is late."
            )
        yield _drafted_of(own, public, Section.OPEN, until)


def _drafted_of(own: Assurance, public: set[UUID], section: str, became: str) -> Drafted:
    """Return what was said and what became of it: the questions in ``public`` that it is for, else the promise."""
    asked = "\n\n".join(question.words for question in own.questions.all() if question.pk in public)
    who = f"{own.role}, {own.organisation.name}"
    promised = f"{who}: “{own.words}”" if asked else f"Promised by {who}."
    said = Truncator(asked or own.words).chars(2000)
    return Drafted(section, said, f"{promised}\n\n{became}", assurance=own, since=own.ended_at)


def findings_of(telling: Telling, on: date) -> list[Finding]:
    """Return everything that may not be published of ``telling``, with where it stands: empty where it may."""
    texts = texts_of(telling)
    there = {word for _, text in texts for word in words_of(text)}
    names = [name for name in names_known(telling.programme, on) if there & words_of(name)]
    found = [finding for where, text in texts for finding in found_in(text, where, names, telling.meant_otherwise)]
    return moved_since(telling) + found


def moved_since(telling: Telling) -> list[Finding]:
    """Return what is not so any more since ``telling`` was drafted: another state, other words, a smaller circle."""
    rows = [item for section in by_section(telling) for item in section["rows"]]
    newest = Answer.objects.filter(question=OuterRef("pk")).order_by("-version")
    questions = Question.objects.select_related("in_room").annotate(
        answered_to=Subquery(newest.values("audience")[:1]), answered_at=Subquery(newest.values("published_at")[:1])
    )
    asked = questions.in_bulk([item.question_id for item in rows if item.question_id])
    promised = Assurance.objects.in_bulk([item.assurance_id for item in rows if item.assurance_id])
    found = []
    for item in rows:
        if item.question_id:
            why = _question_moved(telling, item, asked[item.question_id])
        else:
            why = _promise_moved(item, promised[item.assurance_id]) if item.assurance_id else ""
        found += [Finding(Why.MOVED, why, item.place)] if why else []
    return found


def _question_moved(telling: Telling, item: TellingItem, question: Any) -> str:
    if question.state not in _QUESTIONS[item.section]:
        return f"The question is now “{question.get_state_display()}”"
    if item.section == Section.DONE:
        if question.answered_at > telling.drafted_at:
            return "It was answered in other words since"
    elif hasattr(question, "in_room") and question.in_room.showing == Showing.HIDDEN:
        return "The question was hidden in its room since"
    is_of_session = telling.session_id is not None and question.session_id == telling.session_id
    may = {None, Audience.PUBLIC}
    if item.for_attended:
        may |= {Audience.PRACTITIONERS, *([Audience.ATTENDERS] if is_of_session else [])}
    return "" if question.answered_to in may else "It was answered to fewer people since"


def _promise_moved(item: TellingItem, own: Assurance) -> str:
    return "" if own.state in _PROMISES[item.section] else f"The promise is now “{own.get_state_display()}”"


_QUESTIONS = {Section.DONE: TOLD, Section.NO: (QuestionState.OUT_OF_SCOPE,), Section.OPEN: TAKEN_ON}
_PROMISES = {Section.DONE: (AssuranceState.KEPT,), Section.NO: _ENDED, Section.OPEN: STANDING}
"""In which states what a telling says in each section is so."""


def texts_of(telling: Telling) -> list[tuple[str, str]]:
    """Return every text of ``telling`` that others would read, with where it stands."""
    found = [("the introduction", telling.intro)] if telling.intro else []
    for row in by_section(telling):
        for item in row["rows"]:
            found += [(f"{item.place}, {said_words(telling)}", item.said), (f"{item.place}, what we tell", item.told)]
    return found


def said_words(telling: Telling) -> str:
    """Return how the first half of an item is called in ``telling``: what was asked, or what was said."""
    return "what was said" if telling.kind == TellingKind.DID else "what was asked"


def seal_of(telling: Telling) -> str:
    """Return a mark of every word of ``telling`` and of who may read it: other words have another mark."""
    return _mark([telling.intro, *(seal_of_item(item) for item in telling.items.all())])


def seal_of_item(item: TellingItem) -> str:
    """Return a mark of the words of ``item``, with which a form that was left open can be told from a new one."""
    return _mark([item.pk, item.section, item.said, item.told, item.for_attended])


def _mark(words: list) -> str:
    return hashlib.sha256(json.dumps(words).encode()).hexdigest()


def names_known(programme: Programme, on: date) -> set[str]:
    """Return the names of everybody whom ``programme`` knows, in whatever part; those at the door too.

    Also who is or was of late on the staff list of a partner, and names that were typed only: who is asked about the
    programme, who was in a meeting online.
    """
    organisations = Partner.objects.filter(programme=programme).values("organisation")
    of_session, of_question = {"session__programme": programme}, {"question__programme": programme}
    known = [
        Affiliation.objects.known_on(on).filter(organisation__in=organisations),
        OrganisationLead.objects.filter(organisation__in=organisations),
        Mandate.objects.filter(programme=programme),
        Appointment.objects.filter(programme=programme),
        Assistant.objects.filter(programme=programme),
        GovernanceHolder.objects.filter(programme=programme),
        SessionPart.objects.filter(**of_session),
        SeniorAttendance.objects.filter(**of_session),
        Invitation.objects.filter(programme=programme),
        Place.objects.filter(**of_session, person__isnull=False),
        Attendance.objects.filter(**of_session, person__isnull=False),
        Asker.objects.filter(**of_question),
        Commission.objects.filter(**of_question),
    ]
    others = [
        Output.objects.filter(**of_session, owner__isnull=False).values("owner"),
        AgendaItem.objects.filter(**of_session, presenter__isnull=False).order_by().values("presenter"),
    ]
    ids = others[0].order_by().union(*others[1:], *(rows.order_by().values("person") for rows in known))
    names = set(Person.objects.filter(pk__in=ids).order_by().values_list("name", flat=True))
    typed = [
        WalkIn.objects.filter(**of_session).values_list("name", flat=True),
        OnlinePresence.objects.filter(report__session__programme=programme).values_list("name", flat=True),
    ]
    names.update(*typed, [programme.contact_name])
    return names - {""}


def attended(telling: Telling) -> QuerySet[Person]:
    """Return who came to the session of ``telling``, or to any of its programme, and can be written to."""
    came = Attendance.objects.filter(outcome__in=CAME, session__programme=telling.programme)
    if telling.session_id:
        came = came.filter(session=telling.session_id)
    found = Person.objects.filter(pk__in=came.values("person"), is_active=True, email__isnull=False)
    return found.exclude(email="").order_by("pk")


def published_tellings(programme: Programme) -> QuerySet[Telling]:
    """Return what ``programme`` has told, the newest first; whoever shows it to everybody asks ``told_everybody``."""
    found = programme.tellings.filter(state=TellingState.PUBLISHED).select_related("session")
    return found.order_by("-published_at", "-pk")


SHOWN = {
    TellingState.DRAFT: ("ring", "open"),
    TellingState.PROPOSED: ("half", "wait"),
    TellingState.PUBLISHED: ("full", "good"),
    TellingState.WITHDRAWN: ("dash", "quiet"),
}
"""Mark and colour of each state, as look.md says."""


class ListedTelling(NamedTuple):
    """What a list shows of one telling: plain values, as ``commitments.queries.questions.Listed``."""

    pk: int
    kind: str
    state: str
    drafted_at: datetime
    session_on: date | None
    """The day of the session that it is of; None where it is of the whole programme."""
    number: int
    """How many items it has."""


@cache
def _around() -> Prepared:
    items = TellingItem.objects.filter(telling=OuterRef("pk")).order_by().values("telling")
    number = Coalesce(Subquery(items.annotate(number=Count("pk")).values("number")), 0)
    rows = Telling.objects.annotate(number=number)
    return of_keys("listed_tellings", rows.values_list("pk", "kind", "state", "drafted_at", "session__date", "number"))


def list_page(tellings: QuerySet[Telling], asked: str | None) -> Page:
    """Return the page of ``tellings``, the newest first, that was ``asked`` for, each row as ``ListedTelling``."""
    page = page_of_keys(tellings.order_by("-drafted_at", "-pk"), asked, size=SHORT, few=True)
    return replace(page, rows=[ListedTelling._make(row) for row in rows_of(_around(), page.rows)])


def told_everybody(programme: Programme) -> QuerySet[Telling]:
    """Return what ``programme`` has told everybody: where all of a telling is for who attended it is not there."""
    return published_tellings(programme).filter(
        Exists(TellingItem.objects.filter(telling=OuterRef("pk"), for_attended=False))
    )


def told_to_place(place: Place) -> QuerySet[Telling]:
    """Return what was told to who came with ``place``: of its session, and of the whole programme; to others none."""
    if not Attendance.objects.filter(place=place, outcome__in=CAME).exists():
        return Telling.objects.none()
    return published_tellings(place.session.programme).filter(Q(session=None) | Q(session=place.session))


def place_of(person: Person, telling: Telling) -> Place | None:
    """Return a place with a link with which ``person`` came to what ``telling`` is of, the newest; None has none."""
    here = {"session": telling.session_id} if telling.session_id else {"session__programme": telling.programme_id}
    came = Attendance.objects.filter(place=OuterRef("pk"), outcome__in=CAME)
    found = Place.objects.filter(Exists(came), person=person, link__isnull=False, **here)
    return found.select_related("link").order_by("-session__date", "-pk").first()


def heading_of(telling: Telling, section: str) -> str:
    """Return the heading over the items of ``section`` (a Section) as people read it."""
    if section == Section.DONE:
        return "What we did" if telling.kind == TellingKind.DID else "What we answered"
    return Section(section).label


def by_section(telling: Telling, *, for_everybody: bool = False) -> list[dict[str, Any]]:
    """Return the items of ``telling`` by section in their order, empty sections left out.

    Each item knows its ``number`` in the section and its ``place`` in words. ``for_everybody``: without those that
    are for who attended alone.
    """
    items = [item for item in telling.items.all() if not (for_everybody and item.for_attended)]
    found = []
    for section in Section.values:
        rows = [item for item in items if item.section == section]
        heading = heading_of(telling, section)
        for number, item in enumerate(rows, 1):
            item.number, item.place = number, f"“{heading}”, number {number}"
        if rows:
            found.append({"section": section, "heading": heading, "rows": rows})
    return found
