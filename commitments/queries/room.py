"""What is seen of live questions: by phones and the screen, by the scribe, and who may have answered in the room."""

import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta

from django.core.cache import caches
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.utils import timezone
from redis.exceptions import RedisError

from accounts.models import Person
from briefings.models import Mandate, Session, SessionState
from briefings.rules import coordinators_of
from commitments.models import (
    TOLD,
    UNANSWERED,
    Answer,
    HiddenBecause,
    LiveRoom,
    Question,
    QuestionState,
    RoomQuestion,
    Showing,
)
from commitments.queries.assurances import mandates_on
from commitments.queries.questions import when_due
from organisations.models import Affiliation, Organisation

READABLE_FOR = timedelta(days=14)
"""How long after its session a room can still be read under its code."""
KEPT_SECONDS = 1
"""How long a version may be taken from the quick store without looking at the row: so long may a lost word delay it."""
LOOKED_AT_EVERY = 0.2
"""Seconds for which one process believes what it has read: hundreds of phones then cost a handful of looks."""
_read: dict[str, tuple[float, int]] = {}
_MOST_READ = 100
_ENDED = (QuestionState.OUT_OF_SCOPE, QuestionState.WITHDRAWN, QuestionState.MERGED)


def room_with(code: str, today: date) -> LiveRoom | None:
    """Return the room whose code was typed, in whatever case and with spaces, where it can be read on ``today``."""
    typed = "".join(code.split()).upper()
    if not typed.isascii() or not typed.isalnum():
        return None
    return _readable(today).select_related("session__programme", "session__room__venue").filter(code=typed).first()


def room_that_was(code: str) -> LiveRoom | None:
    """Return the room with exactly this code, also where it can be read no longer; None for no room."""
    return LiveRoom.objects.select_related("session__programme").filter(code=code.upper()).first()


def _readable(today: date) -> QuerySet[LiveRoom]:
    taking_place = (SessionState.OPEN, SessionState.HELD)
    return LiveRoom.objects.filter(session__state__in=taking_place, session__date__gte=today - READABLE_FOR)


def room_of(session: Session) -> LiveRoom | None:
    """Return the room of ``session``, or None where it was never opened."""
    return LiveRoom.objects.filter(session=session).first()


def version_of(code: str) -> int | None:
    """Return the version of the room with exactly this code, hardly more than a second old.

    None where there is none, or where it can be read no longer.
    """
    at, version = _read.get(code, (None, None))
    if at is not None and time.monotonic() - at < LOOKED_AT_EVERY:
        return version
    version = _version_now(code)
    if version is not None:  # who tries codes fills no memory
        if len(_read) >= _MOST_READ:
            _read.clear()
        _read[code] = time.monotonic(), version
    return version


def _version_now(code: str) -> int | None:
    with suppress(RedisError):
        kept = caches["quick"].get(_key(code))
        if kept is not None:
            return kept
    version = _readable(timezone.localdate()).filter(code=code).values_list("version", flat=True).first()
    if version is not None:
        with suppress(RedisError):
            # Only where there is none: a newer one that was written meanwhile must not be replaced by this one.
            caches["quick"].add(_key(code), version, KEPT_SECONDS)
    return version


def keep_version(room: LiveRoom) -> None:
    """Tell those who follow ``room`` that it has changed. Where the quick store is gone they read the row instead."""
    with suppress(RedisError):
        caches["quick"].set(_key(room.code), room.version, KEPT_SECONDS)
    _read.pop(room.code, None)


def _key(code: str) -> str:
    return f"live:{code}"


@dataclass(frozen=True)
class Shown:
    """One question as everybody in the room may see it: no name of anybody."""

    reference: str
    words: str
    answer: str
    answered_for: str
    promised: str
    due: str


def shown_in(room: LiveRoom) -> list[Shown]:
    """Return the questions that phones and the screen show, unanswered ones first. Their order tells nothing."""
    today = timezone.localdate()
    asked = _with_newest_answer(
        Question.objects.filter(in_room__room=room, in_room__showing=Showing.SHOWN).exclude(state__in=_ENDED)
    )
    rows = [
        Shown(
            reference=question.reference,
            words=question.words,
            answer=question.newest_words or "" if question.state in TOLD else "",
            answered_for=question.newest_for or "" if question.state in TOLD else "",
            promised=str(question.organisation) if _is_with_owner(question) else "",
            due=when_due(question, today) if _is_with_owner(question) else "",
        )
        for question in asked.select_related("organisation").order_by("reference")
    ]
    return sorted(rows, key=lambda row: (bool(row.answer), bool(row.promised)))


def hidden_in(room: LiveRoom) -> list[tuple[int, str]]:
    """Return how many questions are hidden from ``room`` for each reason, in words: that much is said to everybody."""
    hidden = room.asked.filter(showing=Showing.HIDDEN).values_list("hidden_because").order_by("hidden_because")
    return [(number, HiddenBecause(reason).label) for reason, number in hidden.annotate(number=Count("pk"))]


def _is_with_owner(question: Question) -> bool:
    return question.owner_id is not None and question.state in UNANSWERED


def _with_newest_answer(questions: QuerySet[Question]) -> QuerySet[Question]:
    newest = Answer.objects.filter(question=OuterRef("question")).order_by("-version").values("pk")[:1]
    heard = Answer.objects.filter(question=OuterRef("pk"), pk=Subquery(newest)).exclude(audience="asker")
    return questions.annotate(
        newest_words=Subquery(heard.values("words")[:1]), newest_for=Subquery(heard.values("organisation__name")[:1])
    )


@dataclass(frozen=True)
class ScribeList:
    """All questions of a session as the scribe works on them; each has ``showing``, "" where it was asked before."""

    waiting: list[Question]
    open: list[Question]
    settled: list[Question]
    hidden: list[Question]

    @property
    def total(self) -> int:
        return len(self.waiting) + len(self.open) + len(self.settled) + len(self.hidden)


def scribe_list(session: Session) -> ScribeList:
    """Return all questions of ``session`` in two queries. Within a group they stand by reference: no order tells when.

    Waiting: not shown and not hidden yet. Open: shown, and nobody has answered or taken it away. Settled: answered,
    with an owner, joined with another, or ended.
    """
    found = _with_newest_answer(session.questions.exclude(state=QuestionState.WITHDRAWN))
    rows = list(found.select_related("organisation", "owner").order_by("reference"))
    known = {each.question_id: each for each in RoomQuestion.objects.filter(question__session=session)}
    groups = ScribeList([], [], [], [])
    for question in rows:
        own = known.get(question.pk)
        question.showing = own.showing if own else ""
        question.hidden_words = own.get_hidden_because_display() if own else ""
        _group_of(groups, question).append(question)
    return groups


def _group_of(groups: ScribeList, question: Question) -> list[Question]:
    if question.showing == Showing.HIDDEN:
        return groups.hidden
    if question.owner_id or question.state not in UNANSWERED:
        return groups.settled
    return groups.open if question.showing == Showing.SHOWN else groups.waiting


def without_owner(session: Session) -> QuerySet[Question]:
    """Return the questions of ``session`` that nobody has answered and no senior manager has been given."""
    return session.questions.filter(state__in=UNANSWERED, owner=None).order_by("reference")


def same_as(question: Question) -> QuerySet[Question]:
    """Return the questions of the same session with which ``question`` can be joined."""
    others = question.session.questions.filter(state__in=(*UNANSWERED, *TOLD)).exclude(pk=question.pk)
    return others.order_by("reference")


@dataclass(frozen=True)
class Speaker:
    """Somebody who may have answered in the room: for whom, and in which role."""

    key: str
    person: Person
    organisation: Organisation
    role: str

    @property
    def words(self) -> str:
        return f"{self.person.name}, {self.role} ({self.organisation.name})"


def speakers_of(session: Session, on: date) -> list[Speaker]:
    """Return who may have answered in ``session``: who runs it, who coordinates, and the senior managers of ``on``.

    Who runs it or coordinates speaks for the own organisation, else for the programme's first partner.
    """
    programme = session.programme
    people: dict[int, tuple[Person, str]] = {}
    for part in session.parts.select_related("person").order_by("person__sort_name", "part"):
        people.setdefault(part.person_id, (part.person, part.get_part_display()))
    for person in coordinators_of(programme, on):
        people.setdefault(person.pk, (person, "Coordinator"))
    homes = _homes_of(list(people), on)
    first = programme.partners.select_related("organisation").order_by("pk").first()
    found = [
        Speaker(f"p{pk}", person, home, role)
        for pk, (person, role) in people.items()
        if (home := homes.get(pk) or (first and first.organisation))
    ]
    return found + [_speaker(mandate) for mandate in mandates_on(programme, on)]


def _speaker(mandate: Mandate) -> Speaker:
    return Speaker(f"m{mandate.pk}", mandate.person, mandate.organisation, mandate.job_title)


def _homes_of(people: list[int], on: date) -> dict[int, Organisation]:
    rows = Affiliation.objects.on(on).filter(person__in=people).select_related("organisation").order_by("-pk")
    return {row.person_id: row.organisation for row in rows}
