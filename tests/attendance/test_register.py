"""The register: one truth from any order of presses, each exit of each action, closing and reopening."""

import threading
from datetime import timedelta
from itertools import permutations
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, close_old_connections, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from attendance.actions import places, register
from attendance.messages import register as messages
from attendance.models import Attendance, Mark, MarkKind, Outcome, Place, PlaceState, Register, WalkIn
from attendance.register import Press, outcome_of
from briefings.models import SessionState
from messaging import kinds
from messaging.models import Message
from tests.attendance.places import a_place, a_practitioner, a_session, another_day, partner_of
from tests.organisations.factories import OrganisationFactory, PersonFactory

A, B, C = (UUID(int=number) for number in (1, 2, 3))
MARKS = [kind for kind in MarkKind if kind != MarkKind.UNDO]


# what presses come to


@pytest.mark.parametrize(
    ("presses", "outcome"),
    [
        ([], None),
        ([Press(A, "attended")], Outcome.ATTENDED),
        ([Press(A, "excused")], Outcome.EXCUSED),
        ([Press(A, "late")], Outcome.IN_PART),
        ([Press(A, "attended"), Press(B, "left_early")], Outcome.IN_PART),
        ([Press(A, "attended"), Press(B, "excused")], Outcome.ATTENDED),
        ([Press(A, "attended"), Press(B, "undo", A)], None),
        ([Press(A, "attended"), Press(B, "attended"), Press(C, "undo", A)], Outcome.ATTENDED),
        ([Press(A, "late"), Press(B, "attended"), Press(C, "undo", A)], Outcome.ATTENDED),
        ([Press(A, "undo", B)], None),
    ],
)
def test_what_presses_come_to_in_any_order(presses, outcome):
    assert {outcome_of(order) for order in permutations(presses)} == {outcome}


_ids = st.sampled_from([UUID(int=number) for number in range(6)])
_press = st.one_of(st.builds(Press, _ids, st.sampled_from(MARKS)), st.builds(Press, _ids, st.just(MarkKind.UNDO), _ids))


@given(st.lists(_press, max_size=8), st.randoms())
def test_order_and_repetition_never_matter(presses, random):
    again = presses + random.choices(presses, k=3) if presses else []
    random.shuffle(again)
    assert outcome_of(again) == outcome_of(presses)


# marking


@pytest.fixture
def session(db):
    return a_session(capacity=5)


@pytest.fixture
def day(session):
    """The moment at which the session is half over."""
    return session.during.lower + timedelta(hours=1)


def press(session, subject, kind, at, **options):
    options = {"press": uuid4(), "by": "clock", **options}
    return register.mark(session=session, subject=subject, kind=kind, now=at, **options)


def test_a_mark_is_a_fact_with_what_the_place_says(session, day):
    place = a_place(session)
    assert press(session, place, "attended", day) == Outcome.ATTENDED
    fact = Attendance.objects.get()
    assert (fact.place, fact.person, fact.organisation, fact.outcome) == (
        place,
        place.person,
        place.organisation,
        Outcome.ATTENDED,
    )


def test_the_same_press_twice_is_one(session, day):
    place, own = a_place(session), uuid4()
    for _ in range(2):
        press(session, place, "attended", day, press=own)
    assert (Mark.objects.count(), Attendance.objects.count()) == (1, 1)


def test_an_undo_names_its_press_and_may_come_first(session, day):
    place, own = a_place(session), uuid4()
    assert press(session, place, "undo", day, undoes=own) is None
    assert press(session, place, "attended", day, press=own) is None
    assert Attendance.objects.count() == 0


def test_changing_a_mark_takes_the_others_back(session, day):
    place = a_place(session)
    press(session, place, "attended", day)
    press(session, place, "late", day)
    own = uuid4()
    for _ in range(2):
        outcome = register.mark_instead(session=session, subject=place, kind="excused", press=own, by="clock", now=day)
        assert outcome == Outcome.EXCUSED


@pytest.mark.parametrize(
    ("kind", "undoes"), [("absent", None), ("undo", None), ("attended", uuid4())], ids=["unknown", "of none", "mark"]
)
def test_what_is_no_press_is_refused(session, day, kind, undoes):
    with pytest.raises(register.NotAPress):
        press(session, a_place(session), kind, day, undoes=undoes)


def test_an_id_is_for_one_press_alone(session, day):
    place, own = a_place(session), uuid4()
    press(session, place, "attended", day, press=own)
    with pytest.raises(register.AnotherPress):
        press(session, place, "late", day, press=own)
    with pytest.raises(register.AnotherPress):
        press(session, a_place(session), "attended", day, press=own)


@pytest.mark.parametrize("state", [SessionState.DRAFT, SessionState.CANCELLED])
def test_a_session_that_is_not_held_has_no_register(session, day, state):
    place = a_place(session)
    session.state = state
    session.save()
    with pytest.raises(register.NotOnThisRegister):
        press(session, place, "attended", day)
    with pytest.raises(register.NotOnThisRegister):
        register.add_walk_in(
            session=session, name="Gus", organisation=place.organisation, press=uuid4(), by="clock", now=day
        )
    with pytest.raises(register.NotOnThisRegister):
        register.close_register(session=session, by="clock", now=day)


# walk-ins


def walk_in(session, day, **options) -> WalkIn:
    organisation = options.pop("organisation", None) or partner_of(session.programme)
    options = {"name": "Gus Imaginary", "press": uuid4(), "by": "clock", "now": day, **options}
    return register.add_walk_in(session=session, organisation=organisation, **options)


def test_a_walk_in_has_attended_and_a_repeated_send_is_the_same(session, day):
    own = uuid4()
    first, second = walk_in(session, day, press=own), walk_in(session, day, press=own)
    assert first == second
    assert Attendance.objects.get().outcome == Outcome.ATTENDED
    with pytest.raises(register.AnotherPress):
        walk_in(session, day, press=own, name="Somebody else")


def test_a_walk_in_can_be_taken_back_and_come_late(session, day):
    own = walk_in(session, day)
    assert press(session, own, "late", day) == Outcome.IN_PART
    late = Mark.objects.get()
    assert press(session, own, "undo", day, undoes=late.pk) == Outcome.ATTENDED
    assert press(session, own, "undo", day, undoes=own.pk) is None


def test_a_walk_in_is_matched_by_a_decision(session, day):
    person = a_practitioner(session.programme)
    own = walk_in(session, day)
    for _ in range(2):
        register.match_walk_in(walk_in=own, person=person, by="clock", now=day)
    fact = Attendance.objects.get()
    assert (fact.person, fact.profession) == (person, person.affiliations.get().profession)


def test_a_walk_in_of_somebody_unknown_elsewhere_keeps_its_organisation(session, day):
    organisation = OrganisationFactory()
    own = walk_in(session, day, organisation=organisation)
    register.match_walk_in(walk_in=own, person=PersonFactory(), by="clock", now=day)
    fact = Attendance.objects.get()
    assert (fact.organisation, fact.profession, fact.area) == (organisation, None, None)


def test_a_walk_in_who_has_a_place_here_is_marked_there(session, day):
    place = a_place(session)
    with pytest.raises(register.OnTheRegister):
        register.match_walk_in(walk_in=walk_in(session, day), person=place.person, by="clock", now=day)


# closing


def close(session, at=None):
    return register.close_register(session=session, by="clock", now=at or session.during.upper)


def test_closing_makes_the_rest_absent_and_the_session_held(session, day):
    came, excused, absent = (a_place(session) for _ in range(3))
    press(session, came, "attended", day)
    press(session, excused, "excused", day)
    close(session)
    assert dict(Attendance.objects.values_list("place", "outcome")) == {
        came.pk: "attended",
        excused.pk: "excused",
        absent.pk: "absent",
    }
    session.refresh_from_db()
    assert session.state == SessionState.HELD
    with pytest.raises(register.RegisterIsClosed):
        press(session, absent, "attended", day)
    assert close(session).closed_at == session.during.upper


def test_it_cannot_be_closed_before_the_session_begins(session):
    with pytest.raises(register.NotBegun):
        close(session, at=session.during.lower - timedelta(minutes=1))


def test_closed_early_the_session_is_held_when_it_is_over(session, day):
    close(session, at=day)
    assert register.hold_what_is_over(now=day) == 0
    assert register.hold_what_is_over(now=session.during.upper) == 1


def test_who_waited_is_not_absent(session, day):
    for _ in range(5):
        a_place(session)
    waiting = a_place(session)
    assert waiting.state == PlaceState.WAITING
    close(session)
    assert not Attendance.objects.filter(place=waiting).exists()


def test_who_came_is_thanked_and_who_did_not_may_choose_another_date(session, day):
    came, absent = a_place(session), a_place(session)
    press(session, came, "attended", day)
    other = another_day(session.programme)
    with pytest.raises(places.HasPlaceElsewhere):
        places.take_place(session=other, person=absent.person, by=absent.person, now=day)
    close(session, at=day)
    place = places.take_place(session=other, person=absent.person, by=absent.person, now=day)
    assert place.state == PlaceState.BOOKED
    with pytest.raises(places.HasPlaceElsewhere):
        places.take_place(session=other, person=came.person, by=came.person, now=day)
    assert dict(Message.objects.filter(kind__in=(messages.THANKS, messages.MISSED)).values_list("person", "kind")) == {
        came.person_id: messages.THANKS,
        absent.person_id: messages.MISSED,
    }


def test_what_the_mails_after_the_day_say(session, day):
    came, absent = a_place(session), a_place(session)
    press(session, came, "attended", day)
    another_day(session.programme)
    close(session, at=day)
    said = {message.kind: kinds.find(message.kind).render(message) for message in after_the_day()}
    assert "Thank you for coming to the session on" in said[messages.THANKS].text
    assert "There are other dates. Choose one here:" in said[messages.MISSED].text
    assert all(content.html for content in said.values())
    assert messages.not_wanted(after_the_day(), day) == {}
    register.reopen_register(session=session, reason="Closed too early", by="clock", now=day)
    press(session, absent, "attended", day)
    assert "register_reopened" in messages.not_wanted(after_the_day(), day).values()
    close(session, at=day)
    reasons = messages.not_wanted(after_the_day(), day)
    assert {message.kind for message in after_the_day() if message.pk not in reasons} >= {messages.THANKS}


def after_the_day() -> list[Message]:
    return list(Message.objects.filter(kind__in=(messages.THANKS, messages.MISSED)))


def test_reopening_unmarks_the_absent_and_takes_the_choice_back(session, day):
    absent, chose = a_place(session), a_place(session)
    close(session, at=day)
    other = another_day(session.programme)
    places.take_place(session=other, person=chose.person, by=chose.person, now=day)
    own = register.reopen_register(session=session, reason="Two came late", by="clock", now=day)
    assert (own.closed_at, own.reopened_reason, Attendance.objects.count()) == (None, "Two came late", 0)
    keys = dict(Place.objects.filter(session=session).values_list("person", "limit_key"))
    assert (keys[absent.person_id] is None, keys[chose.person_id]) == (False, None)
    assert not Place.objects.filter(missed_at__isnull=False).exists()
    assert register.reopen_register(session=session, reason="again", by="clock", now=day).reopened_reason == (
        "Two came late"
    )


def test_the_database_keeps_a_mark_about_one_subject(session, day):
    place = a_place(session)
    with pytest.raises(IntegrityError), transaction.atomic():
        Mark.objects.create(session=session, kind="attended", made_at=day, made_by="clock")
    with pytest.raises(IntegrityError), transaction.atomic():
        Mark.objects.create(session=session, place=place, kind="undo", made_at=day, made_by="clock")
    assert not Register.objects.exists()


# two phones at once


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("locked", [True, False], ids=["with the lock", "without the lock"])
def test_two_phones_that_mark_one_person_come_to_one_truth(monkeypatch, locked):
    """Each works its outcome out while the other's mark is not committed: only the lock on the place keeps it right."""
    session = a_session(capacity=5)
    at, place = session.during.lower, a_place(session)
    both_have_read, late_is_written = threading.Barrier(2), threading.Event()
    if not locked:
        monkeypatch.setattr(
            register, "_to_mark", lambda session, subjects: {register._key(each): each for each in subjects}
        )
    real = register._keep

    def keep(*about):
        found = real(*about)
        if not locked:  # both have read before either has written, and who knows less writes last
            both_have_read.wait(10)
            if threading.current_thread().name == "attended":
                late_is_written.wait(10)
        return found

    monkeypatch.setattr(register, "_keep", keep)

    def phone(kind):
        try:
            press(session, place, kind, at)
        except IntegrityError:
            pass  # without the lock both insert the fact, and one of them loses
        finally:
            connection.close()
            if kind == "late":
                late_is_written.set()

    threads = [threading.Thread(target=phone, args=[kind], name=kind) for kind in ("attended", "late")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    close_old_connections()
    outcome = Attendance.objects.get().outcome
    kept = Mark.objects.count() == 2 and outcome == Outcome.IN_PART
    assert kept == locked
