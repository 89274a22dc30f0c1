"""What is told back of a session or programme: what a draft begins with, and what may not be published in it."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.text import Truncator

from accounts.models import Person
from attendance.models import CAME, Attendance, Invitation, Place, SeniorAttendance, WalkIn
from briefings.models import Appointment, Assistant, Mandate, Programme, Session, SessionPart
from briefings.queries import affiliations_in_scope
from commitments.models import (
    STANDING,
    TAKEN_ON,
    AskedAs,
    Asker,
    Assurance,
    AssuranceState,
    Audience,
    Question,
    QuestionState,
    Section,
    Showing,
    Telling,
    TellingItem,
    TellingKind,
    TellingState,
)
from commitments.publishing import Finding, found_in, words_of
from commitments.queries.questions import published_answers
from face.dates import day_plain

MOST_ITEMS = 200
_ENDED = (AssuranceState.NOT_KEPT, AssuranceState.WITHDRAWN, AssuranceState.LAPSED)


@dataclass(frozen=True)
class Drafted:
    """One item of a draft, before it is kept."""

    section: str
    said: str
    told: str
    question: Question | None = None
    assurance: Assurance | None = None


def drafted(programme: Programme, session: Session | None, kind: str) -> list[Drafted]:
    """Return what a telling of ``kind`` begins with: done, no because, still open. Only what everybody may read."""
    if kind == TellingKind.ANSWERED:
        return list(_answered(programme, session))[:MOST_ITEMS]
    return list(_did(programme, session))[:MOST_ITEMS]


def _answered(programme: Programme, session: Session | None) -> Iterable[Drafted]:
    own = {"session": session} if session else {}
    answers = published_answers(programme, audiences=(Audience.PUBLIC,)).select_related("question", "organisation")
    if session:
        answers = answers.filter(question__session=session)
    for answer in answers[:MOST_ITEMS]:
        told = f"{answer.organisation.name}: {answer.words}"
        yield Drafted(Section.DONE, answer.question.words, told, question=answer.question)
    # What the scribe hid from the room is nobody's to read here either.
    questions = programme.questions.filter(**own).exclude(in_room__showing=Showing.HIDDEN)
    for question in questions.filter(state=QuestionState.OUT_OF_SCOPE).order_by("raised_on", "reference")[:MOST_ITEMS]:
        # As on the answers page: what was asked anonymously and put aside may be about a case.
        is_nobodys = question.asked_as == AskedAs.NOBODY
        said = f"Question {question.reference}, asked anonymously" if is_nobodys else question.words
        yield Drafted(Section.NO, said, question.end_reason, question=question)
    waiting = questions.filter(state__in=TAKEN_ON).select_related("organisation").order_by("due_on", "reference")
    for question in waiting[:MOST_ITEMS]:
        who = question.organisation.name if question.organisation else "The coordinator"
        yield Drafted(
            Section.OPEN, question.words, f"{who} owes the answer, by {day_plain(question.due_on)}.", question=question
        )


def _did(programme: Programme, session: Session | None) -> Iterable[Drafted]:
    found = programme.assurances.filter(given_at__isnull=False).select_related("organisation", "carried_by")
    if session:
        named = Assurance.questions.through.objects.filter(assurance=OuterRef("pk"), question__session=session)
        found = found.filter(Q(session=session) | Exists(named))
    found = found.prefetch_related("questions").order_by("due_on", "pk")
    public = set(published_answers(programme).order_by().values_list("question", flat=True))
    for own in found.filter(state=AssuranceState.KEPT)[:MOST_ITEMS]:
        yield _drafted_of(own, public, Section.DONE, own.evidence)
    for own in found.filter(state__in=_ENDED)[:MOST_ITEMS]:
        yield _drafted_of(own, public, Section.NO, own.end_reason)
    for own in found.filter(state__in=STANDING)[:MOST_ITEMS]:
        until = "It is reviewed on" if own.is_ongoing else "It is to be kept by"
        yield _drafted_of(own, public, Section.OPEN, f"{until} {day_plain(own.due_on)}.")


def _drafted_of(own: Assurance, public: set[UUID], section: str, became: str) -> Drafted:
    """Return what was said and what became of it: the questions in ``public`` that it is for, else the promise."""
    asked = "\n\n".join(question.words for question in own.questions.all() if question.pk in public)
    who = f"{own.role}, {own.organisation.name}"
    promised = f"{who}: “{own.words}”" if asked else f"Promised by {who}."
    said = Truncator(asked or own.words).chars(2000)
    return Drafted(section, said, f"{promised}\n\n{became}", assurance=own)


def findings_of(telling: Telling, on: date) -> list[Finding]:
    """Return everything that may not be published of ``telling``, with where it stands: empty where it may."""
    texts = texts_of(telling)
    there = {word for _, text in texts for word in words_of(text)}
    names = [name for name in names_known(telling.programme, on) if there & words_of(name)]
    return [
        finding for where, text in texts for finding in found_in(text, where, names, telling.meant_otherwise)
    ]  # fmt: skip


def texts_of(telling: Telling) -> list[tuple[str, str]]:
    """Return every text of ``telling`` that everybody would read, with where it stands."""
    found = [("the introduction", telling.intro)] if telling.intro else []
    for item in telling.items.all():
        place = f"{item.get_section_display()}, number {item.position}"
        found += [(f"{place}, what was said", item.said), (f"{place}, what we tell", item.told)]
    return found


def seal_of(telling: Telling) -> str:
    """Return a mark of every word of ``telling``: other words have another mark."""
    rows = [[item.pk, item.section, item.said, item.told] for item in telling.items.all()]
    return hashlib.sha256(json.dumps([telling.intro, rows]).encode()).hexdigest()


def names_known(programme: Programme, on: date) -> set[str]:
    """Return the names of everybody whom ``programme`` knows, in whatever part; those at the door too."""
    here = {"person": OuterRef("pk")}
    known = [
        affiliations_in_scope(programme, on).filter(**here),
        Mandate.objects.filter(programme=programme, **here),
        Appointment.objects.filter(programme=programme, **here),
        Assistant.objects.filter(programme=programme, **here),
        SessionPart.objects.filter(session__programme=programme, **here),
        SeniorAttendance.objects.filter(session__programme=programme, **here),
        Invitation.objects.filter(programme=programme, **here),
        Place.objects.filter(session__programme=programme, **here),
        Attendance.objects.filter(session__programme=programme, **here),
        Asker.objects.filter(question__programme=programme, **here),
    ]
    anywhere = Q()
    for rows in known:
        anywhere |= Q(Exists(rows))
    names = set(Person.objects.filter(anywhere).order_by().values_list("name", flat=True))
    return names | set(WalkIn.objects.filter(session__programme=programme).values_list("name", flat=True))


def attended(telling: Telling) -> QuerySet[Person]:
    """Return who came to the session of ``telling``, or to any of its programme, and can be written to."""
    came = Attendance.objects.filter(outcome__in=CAME, session__programme=telling.programme)
    if telling.session_id:
        came = came.filter(session=telling.session_id)
    found = Person.objects.filter(pk__in=came.values("person"), is_active=True, email__isnull=False)
    return found.exclude(email="").order_by("pk")


def published_tellings(programme: Programme) -> QuerySet[Telling]:
    """Return what ``programme`` has told everybody, the newest first."""
    found = programme.tellings.filter(state=TellingState.PUBLISHED).select_related("session")
    return found.order_by("-published_at", "-pk")


def by_section(telling: Telling) -> list[dict[str, Any]]:
    """Return the items of ``telling`` by section in their order, empty sections left out."""
    items: list[TellingItem] = list(telling.items.all())
    rows = [
        {"section": value, "words": words, "rows": [item for item in items if item.section == value]}
        for value, words in Section.choices
    ]
    return [row for row in rows if row["rows"]]
