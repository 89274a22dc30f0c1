"""What happens in the room: people ask from their phones, the scribe shows, hides and notes answers.

Giving owners and joining questions are ``commitments.actions.questions``. Locks in this order: the person who asks, the
question, the room. Whoever changes what can be seen in the room holds its row and raises its version (``following``).
"""

import secrets
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import Person
from attendance.actions.engagements import lock_people
from attendance.models import LIVE, Place
from attendance.models.places import REFERENCE_LETTERS
from briefings.models import Session, SessionState
from commitments.actions import order
from commitments.actions.following import change
from commitments.actions.questions import note_answer, open_question, raise_question
from commitments.actions.questions.moving import lock
from commitments.clocks import local_day
from commitments.models import (
    Answer,
    AskedAs,
    HiddenBecause,
    LiveRoom,
    Question,
    QuestionState,
    RoomQuestion,
    Showing,
)
from commitments.queries.questions import anonymous_among
from commitments.queries.room import Speaker
from history.actions import CLOCK, record
from history.refusals import Refused

CODE_LETTERS = 5


class RoomNotThen(Refused):
    sentence = "Live questions are for a session that is open or was held. Open the session first."


class RoomClosed(Refused):
    sentence = "Questions are closed in this session. Ask the coordinator, or ask from the page of your place."


class HiddenAnswer(Refused):
    sentence = "This question is hidden. Show it first: who asked it anonymously finds the answer only in the room."


class AskedElsewhere(Refused):
    sentence = (
        "Somebody asked the same anonymously, but not in this session: they would never find what only this room "
        "reads. Give it to a senior manager, who answers it for everybody."
    )


@transaction.atomic
def open_room(*, session: Session, is_moderated: bool, by: Any, now: datetime) -> LiveRoom:
    """Let people ask from their phones in ``session``; opening it again keeps the code. Raises RoomNotThen."""
    if session.state not in (SessionState.OPEN, SessionState.HELD):
        raise RoomNotThen
    LiveRoom.objects.get_or_create(session=session, defaults={"code": _new_code()})
    room = _locked(session)
    room.is_open, room.is_moderated = True, is_moderated
    record(by=by, verb="opened_room", about=session, now=now)
    return change(room, "is_open", "is_moderated")


@transaction.atomic
def set_moderation(*, session: Session, is_moderated: bool, by: Any, now: datetime) -> LiveRoom:
    """Let new questions wait for the scribe, or show them at once. What waits already goes on waiting."""
    room = _locked(session)
    if room.is_moderated == is_moderated:
        return room
    room.is_moderated = is_moderated
    record(by=by, verb="moderated_room" if is_moderated else "unmoderated_room", about=session, now=now)
    return change(room, "is_moderated")


@transaction.atomic
def change_code(*, session: Session, by: Any, now: datetime) -> LiveRoom:
    """Give the room another code: whoever has the old one and cannot see the screen is out, and limits begin again."""
    room = _locked(session)
    room.code = _new_code()
    record(by=by, verb="changed_room_code", about=session, now=now)
    return change(room, "code")


@transaction.atomic
def close_room(*, session: Session, by: Any, now: datetime) -> LiveRoom:
    """Take no more questions. What was shown can be read for some days more. Closing twice is closing once.

    Only now the history says what became of the anonymous questions, all at one moment and in no order: a line at the
    time of each would tell when it was asked.
    """
    room = _locked(session)
    if not room.is_open:
        return room
    room.is_open = False
    asked = RoomQuestion.objects.filter(room=room, question__asked_as=AskedAs.NOBODY).select_related("question")
    for each in asked.order_by("?"):
        record(by=by, verb=_VERBS[each.showing], about=each.question, reason=each.hidden_because, now=now)
    record(by=by, verb="closed_room", about=session, now=now)
    return change(room, "is_open")


def close_forgotten(*, now: datetime) -> int:
    """Close the rooms of days gone by that nobody closed; return how many."""
    latest = timezone.localdate(now) + timedelta(days=2)  # no zone is further on than that
    forgotten = Session.objects.filter(live_room__is_open=True, date__lt=latest).select_related("programme")
    over = [session for session in forgotten if session.date < local_day(session.programme, now)]
    for session in over:
        close_room(session=session, by=CLOCK, now=now)
    return len(over)


_VERBS = {Showing.WAITING: "waited_in_room", Showing.SHOWN: "shown_in_room", Showing.HIDDEN: "hidden_in_room"}


@transaction.atomic
def ask_in_room(
    *,
    session: Session,
    words: str,
    asked_as: AskedAs | str,
    by: Any,
    now: datetime,
    person: Person | None = None,
    showing: Showing | None = None,
) -> Question:
    """Ask in the room of ``session``; the same words from the same person, or from nobody, are one question.

    What was withdrawn or put aside is asked anew. It waits or is shown as the room is moderated, unless ``showing``
    says it. Raises RoomClosed. See
    ``raise_question`` for ``asked_as`` and ``person``; of an anonymous question nothing tells who asked it or when.
    """
    if asked_as == AskedAs.NOBODY:
        order.hold_order()
    if person is not None:
        lock_people([person.pk])  # two presses at once: the second finds what the first asked
    same = {"session": session, "words": words, "asked_as": asked_as, "askers__person": person}
    ended = (QuestionState.WITHDRAWN, QuestionState.OUT_OF_SCOPE)
    again = Question.objects.filter(**same, in_room__isnull=False).exclude(state__in=ended).first()
    if again:
        return again
    place = Place.objects.filter(session=session, person=person, state__in=LIVE).first() if person else None
    question = raise_question(
        programme=session.programme, session=session, words=words, asked_as=asked_as, person=person, place=place,
        by=by, now=now,
    )  # fmt: skip
    room = _locked(session)
    if not room.is_open:
        raise RoomClosed
    showing = showing or (Showing.WAITING if room.is_moderated else Showing.SHOWN)
    RoomQuestion.objects.create(question=question, room=room, showing=showing)
    change(room)
    if asked_as == AskedAs.NOBODY:
        order.shuffle(RoomQuestion, "room_id = %s", [room.pk])
    return question


@transaction.atomic
def show_question(*, session: Session, question: Question, by: Any, now: datetime) -> RoomQuestion:
    """Show ``question`` to everybody in the room, also one that was asked before the session or was hidden."""
    return _show(session, question, Showing.SHOWN, "", by, now)


@transaction.atomic
def hide_question(
    *, session: Session, question: Question, because: HiddenBecause | str, by: Any, now: datetime
) -> RoomQuestion:
    """Keep ``question`` from the room, with the reason. It stays a question: it is answered or ended as any other."""
    return _show(session, question, Showing.HIDDEN, because, by, now)


@transaction.atomic
def answer_in_room(*, question: Question, speaker: Speaker, words: str, by: Any, now: datetime) -> Answer:
    """Note what ``speaker`` answered in the room: who asked is told, and everybody with a place may read it.

    Who asked anonymously finds the answer only in the room: what waits is shown with it. Raises HiddenAnswer where it
    is hidden, AskedElsewhere where one that was joined with it was asked anonymously of the programme or in another
    session, NotNow where it was answered or ended meanwhile.
    """
    question = lock(question)  # so nothing is joined with it between looking and answering
    if question.merged.filter(asked_as=AskedAs.NOBODY).exclude(session=question.session_id).exists():
        raise AskedElsewhere
    if anonymous_among(question):
        _demand_shown(question, by, now)
    if question.state == QuestionState.RAISED:
        open_question(question=question, by=by, now=now)
    return note_answer(
        question=question,
        words=words,
        organisation=speaker.organisation,
        person=speaker.person,
        role=speaker.role,
        by=by,
        now=now,
    )


def _demand_shown(question: Question, by: Any, now: datetime) -> None:
    own = RoomQuestion.objects.filter(question=question).first()
    if own and own.showing == Showing.HIDDEN:
        raise HiddenAnswer
    if own and own.showing == Showing.WAITING:
        _show(question.session, question, Showing.SHOWN, "", by, now)


def _show(session: Session, question: Question, showing: Showing, because: str, by: Any, now: datetime) -> RoomQuestion:
    # The question before the room, as everywhere: whoever asks anonymously holds all questions and waits for the room.
    question = Question.objects.select_for_update(no_key=True, of=("self",)).get(pk=question.pk)
    room = _locked(session)
    own, _ = RoomQuestion.objects.get_or_create(question=question, defaults={"room": room, "showing": Showing.WAITING})
    if (own.showing, own.hidden_because) == (showing, because):
        return own
    own.showing, own.hidden_because = showing, because
    own.save(update_fields=["showing", "hidden_because"])
    if question.asked_as != AskedAs.NOBODY or not room.is_open:
        record(by=by, verb=_VERBS[showing], about=question, reason=because, now=now)
    change(room)
    return own


def _locked(session: Session) -> LiveRoom:
    return LiveRoom.objects.select_for_update(no_key=True, of=("self",)).get(session=session.pk)


def _new_code() -> str:
    """Return a code that no room has: read from a screen and typed on a phone, so short and without lookalikes."""
    while True:
        code = "".join(secrets.choice(REFERENCE_LETTERS) for _ in range(CODE_LETTERS))
        if not LiveRoom.objects.filter(code=code).exists():
            return code
