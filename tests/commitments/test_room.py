"""Live questions: what the scribe and the phones do to them, each exit of each action, and what they may never do."""

import threading
from contextlib import contextmanager

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction

from briefings.models import Mandate
from commitments.actions import room as actions
from commitments.actions.questions import (
    NoMandate,
    NotNow,
    commission,
    merge,
    open_question,
    publish_answer,
    put_out_of_scope,
    redact,
    withdraw_question,
)
from commitments.actions.room import (
    AskedElsewhere,
    HiddenAnswer,
    RoomClosed,
    RoomNotThen,
    answer_in_room,
    ask_in_room,
    change_code,
    close_room,
    hide_question,
    open_room,
    set_moderation,
    show_question,
)
from commitments.models import (
    Answer,
    AskedAs,
    Audience,
    Commission,
    HiddenBecause,
    LiveRoom,
    Question,
    QuestionState,
    RoomQuestion,
)
from commitments.queries.room import room_with, scribe_list, shown_in, speakers_of, without_owner
from commitments.tasks import close_rooms
from face.dates import day
from history.models import Entry
from messaging.models import Message
from tests.briefings.factories import MandateFactory, SessionFactory
from tests.commitments.factories import NOW, TODAY, Cast

BY = {"now": NOW}


class Room(Cast):
    """A cast whose session of today has live questions, moderated unless said otherwise."""

    def __init__(self, *, is_moderated: bool = True, **session) -> None:
        super().__init__()
        self.session = SessionFactory(programme=self.programme, date=TODAY, **session)
        self.room = open_room(session=self.session, is_moderated=is_moderated, by=self.coordinator, now=NOW)
        self.by_whom = {"by": self.coordinator, "now": NOW}
        self.by = {"session": self.session, **self.by_whom}

    def asks(self, words: str = "Who pays?", asked_as: AskedAs = AskedAs.NOBODY, **options) -> Question:
        person = None if asked_as == AskedAs.NOBODY else self.practitioner
        return ask_in_room(
            session=self.session,
            words=words,
            asked_as=asked_as,
            person=person,
            by=person or "nobody",
            now=NOW,
            **options,
        )

    def gives_away(self, question: Question, mandate: Mandate | None = None) -> Commission:
        mandate = mandate or self.mandate
        return commission(question=question, organisation=mandate.organisation, person=mandate.person, **self.by_whom)

    def shown(self) -> list[str]:
        return [each.words for each in shown_in(self.room)]


@pytest.fixture
def room(db):
    return Room()


def verbs_of(thing) -> list[str]:
    return list(Entry.objects.filter(object_id=str(thing.pk)).order_by("pk").values_list("verb", flat=True))


def test_opening_gives_a_code_and_opening_again_keeps_it(room):
    code = room.room.code
    close_room(**room.by)
    again = open_room(is_moderated=False, **room.by)
    assert (again.code, again.is_open, again.is_moderated) == (code, True, False)
    assert verbs_of(room.session) == ["opened_room", "closed_room", "opened_room"]


def test_a_draft_has_no_live_questions(db):
    cast = Cast()
    with pytest.raises(RoomNotThen):
        open_room(session=SessionFactory(programme=cast.programme, draft=True), is_moderated=True, by="x", now=NOW)
    assert not LiveRoom.objects.exists()


def test_a_moderated_question_waits_until_it_is_shown(room):
    question = room.asks()
    assert room.shown() == []
    assert scribe_list(room.session).waiting == [question]
    show_question(question=question, **room.by)
    assert room.shown() == ["Who pays?"]
    assert scribe_list(room.session).open == [question]


def test_without_moderation_it_is_shown_at_once_and_what_waited_goes_on_waiting(room):
    room.asks("First?")
    set_moderation(is_moderated=False, **room.by)
    room.asks("Second?")
    assert room.shown() == ["Second?"]
    set_moderation(is_moderated=False, **room.by)
    assert verbs_of(room.session) == ["opened_room", "unmoderated_room"]


def test_what_is_hidden_has_a_reason_is_seen_by_the_scribe_and_can_be_shown_again(room):
    question = room.asks()
    hide_question(question=question, because=HiddenBecause.CASE, **room.by)
    (hidden,) = scribe_list(room.session).hidden
    assert hidden.hidden_words == "It tells of a case"
    assert room.shown() == []
    show_question(question=question, **room.by)
    assert RoomQuestion.objects.get().hidden_because == ""
    with pytest.raises(IntegrityError), transaction.atomic():
        RoomQuestion.objects.update(showing="hidden", hidden_because="")


def test_what_was_asked_beforehand_can_be_shown_too(room):
    question = room.question("Asked when booking?", session=room.session)
    assert scribe_list(room.session).waiting == [question]
    show_question(question=question, **room.by)
    assert room.shown() == ["Asked when booking?"]


def test_the_same_words_again_are_one_question(room):
    first, again = room.asks(), room.asks()
    named, named_again = room.asks(asked_as=AskedAs.NAME), room.asks(asked_as=AskedAs.NAME)
    assert (first, named) == (again, named_again)
    assert Question.objects.count() == 2


def test_who_asks_by_name_is_owed_the_answer_and_nobody_is_by_no_name(room):
    named = room.asks("By name?", AskedAs.NAME)
    hidden = room.asks("By pseudonym?", AskedAs.PSEUDONYM)
    nobody = room.asks("Anonymously?")
    assert named.askers.get().person == hidden.askers.get().person == room.practitioner
    assert not nobody.askers.exists()


def test_an_answer_in_the_room_keeps_who_said_it_and_tells_who_asked(room):
    question = room.asks(asked_as=AskedAs.NAME)
    show_question(question=question, **room.by)
    speaker = next(each for each in speakers_of(room.session, TODAY) if each.person == room.senior)
    answer = answer_in_room(question=question, speaker=speaker, words="We do.", **room.by_whom)
    assert (answer.given_by, answer.organisation, answer.given_as) == (room.senior, room.organisation, speaker.role)
    assert answer.audience == Audience.ATTENDERS
    assert Message.objects.filter(kind="commitments.question_answered", person=room.practitioner).count() == 1
    (shown,) = shown_in(room.room)
    assert (shown.answer, shown.answered_for) == ("We do.", room.organisation.name)
    with pytest.raises(NotNow):
        answer_in_room(question=Question.objects.get(), speaker=speaker, words="Again.", **room.by_whom)


def test_who_runs_the_session_or_coordinates_may_have_answered(room):
    names = {each.person: each.role for each in speakers_of(room.session, TODAY)}
    assert names == {room.coordinator: "Coordinator", room.senior: room.mandate.job_title}


def test_what_is_taken_away_has_an_owner_and_a_date(room):
    question = room.asks()
    show_question(question=question, **room.by)
    assert list(without_owner(room.session)) == [question]
    room.gives_away(question)
    question = Question.objects.get()
    assert (question.state, question.owner) == (QuestionState.COMMISSIONED, room.senior)
    assert Message.objects.filter(kind="commitments.question_commissioned", person=room.senior).count() == 1
    (shown,) = shown_in(room.room)
    assert shown.promised == room.organisation.name
    assert day(question.due_on) in shown.due
    assert not without_owner(room.session).exists()


def test_nobody_without_a_mandate_takes_it_away_and_nothing_ended_is_taken(room):
    question = room.asks()
    elsewhere = MandateFactory()
    with pytest.raises(NoMandate):
        room.gives_away(question, elsewhere)
    put_out_of_scope(question=question, reason="Another programme", by=room.coordinator, now=NOW)
    with pytest.raises(NotNow):
        room.gives_away(question)
    assert room.shown() == []


def test_the_same_question_is_joined_stands_once_and_every_asker_gets_the_answer(room):
    kept, joined = room.asks("Who pays?", AskedAs.NAME), room.asks("Who pays for it?", AskedAs.PSEUDONYM)
    for each in (kept, joined):
        show_question(question=each, **room.by)
    merge(question=joined, into=kept, **room.by_whom)
    assert room.shown() == ["Who pays?"]
    assert list(without_owner(room.session)) == [kept]
    (speaker, *_) = speakers_of(room.session, TODAY)
    answer_in_room(question=Question.objects.get(pk=kept.pk), speaker=speaker, words="We do.", **room.by_whom)
    assert Message.objects.filter(kind="commitments.question_answered").count() == 2
    with pytest.raises(NotNow):
        merge(question=joined, into=kept, **room.by_whom)


def test_what_is_redacted_or_withdrawn_elsewhere_changes_in_the_room_too(room):
    question = room.asks("About Mrs Example?", AskedAs.NAME)
    show_question(question=question, **room.by)
    version = LiveRoom.objects.get().version
    redact(what=question, words="About somebody?", by=room.coordinator, now=NOW)
    assert room.shown() == ["About somebody?"]
    withdraw_question(asker=question.askers.get(), by=room.practitioner, now=NOW)
    assert room.shown() == []
    assert LiveRoom.objects.get().version == version + 2


def test_a_closed_room_takes_no_question_and_says_so(room):
    close_room(**room.by)
    with pytest.raises(RoomClosed):
        room.asks()
    with pytest.raises(RoomClosed):
        room.asks(asked_as=AskedAs.NAME)
    assert not Question.objects.exists()
    close_room(**room.by)
    assert verbs_of(room.session).count("closed_room") == 1


def test_a_room_that_nobody_closed_closes_by_itself_the_next_day(room):
    with time_machine.travel(NOW):
        assert close_rooms() == 0
    with time_machine.travel(NOW.replace(day=3, hour=2)):
        assert (close_rooms(), close_rooms()) == (1, 0)
    assert not LiveRoom.objects.get().is_open
    assert Entry.objects.get(verb="closed_room").actor == "clock"


def test_the_history_of_an_anonymous_question_begins_when_the_room_closes(room):
    shown, hidden, named = room.asks("Shown?"), room.asks("Hidden?"), room.asks("Named?", AskedAs.NAME)
    show_question(question=shown, **room.by)
    hide_question(question=hidden, because=HiddenBecause.PERSON, **room.by)
    show_question(question=named, **room.by)
    assert verbs_of(shown) == verbs_of(hidden) == []
    assert verbs_of(named) == ["raised", "shown_in_room"]
    close_room(**room.by)
    assert (verbs_of(shown), verbs_of(hidden)) == (["shown_in_room"], ["hidden_in_room"])
    assert Entry.objects.get(object_id=str(hidden.pk)).reason == HiddenBecause.PERSON


def test_a_new_code_ends_the_old_one_and_a_code_is_typed_in_any_way(room):
    old = room.room.code
    new = change_code(**room.by).code
    assert room_with(old, TODAY) is None
    assert room_with(f" {new[:2].lower()} {new[2:]}", TODAY) == room.room
    for typed in ("", "ÄÖ", "a\x00b", "x" * 50):
        assert room_with(typed, TODAY) is None


def test_everything_that_can_be_seen_raises_the_version(room):
    seen = [room.room.version]

    def rose() -> bool:
        seen.append(LiveRoom.objects.get().version)
        return seen[-1] > seen[-2]

    question = room.asks()
    assert rose()
    for do in (
        lambda: show_question(question=question, **room.by),
        lambda: hide_question(question=question, because="case", **room.by),
        lambda: room.gives_away(question),
        lambda: put_out_of_scope(question=question, reason="Another programme", by=room.coordinator, now=NOW),
        lambda: set_moderation(is_moderated=False, **room.by),
        lambda: change_code(**room.by),
        lambda: close_room(**room.by),
    ):
        do()
        assert rose()


def test_an_anonymous_question_leaves_no_order_of_rows(room):
    named = [room.question(f"Named {number}?", session=room.session) for number in range(30)]
    orders = set()
    for number in range(3):
        room.asks(f"Anonymous {number}?")
        with connection.cursor() as cursor:
            cursor.execute("SELECT words FROM commitments_question ORDER BY ctid")
            orders.add(tuple(row[0] for row in cursor.fetchall() if row[0].startswith("Named")))
    assert len(orders) == 3
    assert tuple(each.words for each in named) not in orders
    assert Question.objects.filter(askers__person=room.practitioner).count() == 30


# With real concurrency


@contextmanager
def in_another_thread(do):
    """Run ``do`` beside; yield the list that takes what became of it."""
    became: list = []

    def run() -> None:
        try:
            became.append(do())
        except Exception as error:
            became.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    yield became
    thread.join(20)
    assert not thread.is_alive()


def race_with_closing(room) -> object:
    """Ask while the room is being closed, and return what became of it."""
    with transaction.atomic():
        close_room(**room.by)
        beside = in_another_thread(lambda: room.asks(asked_as=AskedAs.NAME))
        became = beside.__enter__()
        threading.Event().wait(0.3)
    beside.__exit__(None, None, None)
    return became[0]


@pytest.mark.django_db(transaction=True)
def test_no_question_comes_in_behind_the_closing():
    room = Room()
    assert isinstance(race_with_closing(room), RoomClosed)
    assert not Question.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_without_the_lock_one_would(monkeypatch):
    """The control: the same race with the lock taken out."""
    room = Room()
    monkeypatch.setattr(actions, "change", lambda room, *fields: room)
    locked = actions._locked
    monkeypatch.setattr(
        actions,
        "_locked",
        lambda session: locked(session) if threading.current_thread() is threading.main_thread()
        else LiveRoom.objects.get(session=session.pk),
    )  # fmt: skip
    LiveRoom.objects.update(is_open=True)
    assert isinstance(race_with_closing(room), Question)


@pytest.mark.django_db(transaction=True)
def test_twelve_who_ask_while_the_scribe_works_are_all_kept():
    room = Room()
    first = [room.asks(f"Before {number}?") for number in range(4)]
    jobs = [lambda number=number: room.asks(f"Now {number}?") for number in range(8)]
    jobs += [lambda number=number: room.asks(f"Named {number}?", AskedAs.NAME) for number in range(4)]
    jobs += [lambda each=each: show_question(question=each, **room.by) for each in first]
    jobs += [lambda each=each: room.gives_away(each) for each in first]
    besides = [in_another_thread(job) for job in jobs]
    results = [beside.__enter__() for beside in besides]
    for beside in besides:
        beside.__exit__(None, None, None)
    assert [result for (result,) in results if isinstance(result, Exception)] == []
    assert Question.objects.count() == RoomQuestion.objects.count() == 16
    assert len(scribe_list(room.session).settled) == len(shown_in(room.room)) == 4


def answered_while_joined(room, into: Question) -> object:
    """Answer ``into`` in the room while what was asked anonymously elsewhere is being joined with it."""
    elsewhere = room.question("Who pays?", asked_as=AskedAs.NOBODY)
    with transaction.atomic():
        merge(question=elsewhere, into=into, **room.by_whom)
        speaker = speakers_of(room.session, TODAY)[0]
        beside = in_another_thread(
            lambda: answer_in_room(question=into, speaker=speaker, words="We do.", **room.by_whom)
        )
        became = beside.__enter__()
        threading.Event().wait(0.3)
    beside.__exit__(None, None, None)
    return became[0]


@pytest.mark.django_db(transaction=True)
def test_what_is_joined_at_the_moment_of_the_answer_is_seen():
    room = Room()
    into = room.asks(asked_as=AskedAs.NAME)
    into = open_question(question=into, **room.by_whom)
    assert isinstance(answered_while_joined(room, into), AskedElsewhere)
    assert not Answer.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_without_the_lock_its_asker_would_never_find_the_answer(monkeypatch):
    """The control: the same race with the first lock taken out."""
    room = Room()
    into = room.asks(asked_as=AskedAs.NAME)
    into = open_question(question=into, **room.by_whom)
    monkeypatch.setattr(actions, "lock", lambda question: question)
    assert isinstance(answered_while_joined(room, into), Answer)


def asked_twice_at_once(room) -> int:
    """Ask the same by name beside a first that is not kept yet; return how many questions are kept."""
    with transaction.atomic():
        room.asks(asked_as=AskedAs.NAME)
        beside = in_another_thread(lambda: room.asks(asked_as=AskedAs.NAME))
        beside.__enter__()
        threading.Event().wait(0.3)
    beside.__exit__(None, None, None)
    return Question.objects.count()


@pytest.mark.django_db(transaction=True)
def test_two_presses_at_once_are_one_question():
    assert asked_twice_at_once(Room()) == 1


@pytest.mark.django_db(transaction=True)
def test_without_the_lock_they_would_be_two(monkeypatch):
    """The control: the same race with the lock on the person taken out."""
    monkeypatch.setattr(actions, "lock_people", lambda ids: None)
    assert asked_twice_at_once(Room()) == 2


def test_an_answer_that_was_narrowed_since_is_not_shown_in_the_room(room):
    question = room.asks(asked_as=AskedAs.NAME)
    show_question(question=question, **room.by)
    speaker = speakers_of(room.session, TODAY)[0]
    answer_in_room(question=question, speaker=speaker, words="We do.", **room.by_whom)
    publish_answer(question=question, words="You do.", audience=Audience.ASKER, by=room.coordinator, now=NOW)
    assert [each.answer for each in shown_in(room.room)] == [""]


@pytest.mark.parametrize("state", ["withdrawn", "out_of_scope"])
def test_what_has_ended_can_be_asked_again_in_the_same_words(room, state):
    ended = room.asks()
    Question.objects.filter(pk=ended.pk).update(
        state=state, end_reason="No", due_on=None, next_reminder_on=None, due_from=None, due_days=None
    )
    assert room.asks() != ended


def test_who_asked_anonymously_finds_the_answer_that_was_given_in_the_room(room):
    waiting, hidden = room.asks("Waiting?"), room.asks("Hidden?")
    hide_question(question=hidden, because=HiddenBecause.CASE, **room.by)
    speaker = speakers_of(room.session, TODAY)[0]
    answer_in_room(question=waiting, speaker=speaker, words="Yes.", **room.by_whom)
    assert [(each.words, each.answer) for each in shown_in(room.room)] == [("Waiting?", "Yes.")]
    with pytest.raises(HiddenAnswer):
        answer_in_room(question=hidden, speaker=speaker, words="Yes.", **room.by_whom)
    show_question(question=hidden, **room.by)
    answer_in_room(question=hidden, speaker=speaker, words="Yes.", **room.by_whom)
