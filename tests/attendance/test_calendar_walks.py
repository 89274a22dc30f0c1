"""Whatever happens to somebody's places, and whenever the mails leave: their calendar ends as our pages say."""

import random
from datetime import date, datetime, timedelta
from itertools import count

import pytest
import time_machine
from icalendar import Event

from attendance.actions import answers, cover, handovers, moves, places, sessions, swaps, words
from attendance.models import CalendarEntry, CoverState, Place, PlaceState, SeniorAttendance
from briefings.models import Part, PlacesRule
from history.refusals import Refused
from messaging import kinds
from messaging.models import Message
from messaging.receiving import receive
from tests.attendance.entries import letter
from tests.attendance.places import NOW, a_practitioner, a_programme, a_session, another_day
from tests.attendance.test_cover import Cast
from tests.messaging.incoming import AUTHSERV, answer, calendar

pytestmark = pytest.mark.django_db
_letters = count(1)


class CalendarProgram:
    """A calendar as RFC 5546, 2.1.5 has it: by UID the object with the highest SEQUENCE, then the newest DTSTAMP."""

    def __init__(self) -> None:
        self.seen: dict[str, tuple[int, datetime, str, Event]] = {}
        self.taken_out: list[str] = []

    def take(self, method: str, event: Event) -> None:
        new = (int(event["SEQUENCE"]), event["DTSTAMP"].dt)
        before = self.seen.get(str(event["UID"]))
        assert before is None or new[0] >= before[0], "a number never goes back"
        assert before is None or new[0] > before[0] or method == before[2], "one number says one thing"
        self.seen[str(event["UID"])] = (*new, method, event)
        self.taken_out += [str(event["UID"])] if method == "CANCEL" else []

    def shows(self) -> dict[str, tuple]:
        """Return what stands in it: by UID the number, when it begins and what it is called."""
        return {
            uid: (number, event["DTSTART"].dt, str(event["SUMMARY"]))
            for uid, (number, _, method, event) in self.seen.items()
            if method != "CANCEL"
        }


class Post:
    """The outbox of everybody, as the worker sends it: what is not wanted any more is withheld, the rest leaves."""

    def __init__(self) -> None:
        self.calendars: dict[int, CalendarProgram] = {}

    def deliver(self, now: datetime) -> None:
        for message in Message.objects.filter(state=Message.State.PLANNED, due_at__lte=now).order_by("pk"):
            over = message.useful_until is not None and message.useful_until <= now
            reason = "too_late" if over else kinds.find(message.kind).still_wanted([message], now).get(message.pk)
            if reason:
                message.state, message.reason = Message.State.WITHHELD, reason
            else:
                sent = letter(message, now)
                if sent.event is not None:
                    self.calendars.setdefault(message.person_id, CalendarProgram()).take(sent.method, sent.event)
                message.state, message.sent_at, message.message_id = Message.State.SENT, now, f"<{message.pk}@x>"
            message.save(update_fields=["state", "reason", "sent_at", "message_id"])

    def shown(self, person_id: int) -> dict[str, tuple]:
        return self.calendars[person_id].shows() if person_id in self.calendars else {}


def stands(person_id: int) -> dict[str, tuple]:
    entries = CalendarEntry.objects.filter(person=person_id, is_cancelled=False).select_related("session__programme")
    return {str(e.uid): (e.sequence, e.session.during.lower, str(e.session)) for e in entries}


def heard_of_nothing(person) -> set[str]:
    """The entries of which a change was taken back before its mail left: the calendar is right by a lower number."""
    kind, withheld = "attendance.session_changed", Message.State.WITHHELD
    mails = Message.objects.filter(person=person, kind=kind, state=withheld, reason="changed_again")
    sessions_of = [mail.refs["session"] for mail in mails]
    return {str(entry.uid) for entry in CalendarEntry.objects.filter(person=person, session__in=sessions_of)}


class World:
    """Two colleagues, a senior manager, three dates; each ``do_`` does one thing as a page would."""

    def __init__(self, chance: random.Random) -> None:
        self.chance, self.now = chance, NOW
        self.cast = Cast()
        self.programme = self.cast.programme
        self.programme.places_rule = chance.choice([PlacesRule.ONE, PlacesRule.UNLIMITED])
        self.programme.save(update_fields=["places_rule"])
        small = a_session(self.programme, capacity=1, date=date(2026, 12, 3))
        self.sessions = [self.cast.session, another_day(self.programme), small]
        self.people = [a_practitioner(self.programme) for _ in range(2)]
        self.everybody = [*self.people, self.cast.senior, self.cast.deputy.person]
        self.by = self.cast.coordinator

    def session(self):
        found = self.chance.choice(self.sessions)
        found.refresh_from_db()
        return found

    def place(self):
        live = Place.objects.live().select_related("session", "person").order_by("pk")
        return self.chance.choice(list(live)) if live else None

    def request(self):
        found = list(SeniorAttendance.objects.order_by("pk"))
        return self.chance.choice(found) if found else None

    def do_book(self):
        person = self.chance.choice(self.people)
        places.take_place(session=self.session(), person=person, by=person, now=self.now)

    do_book_again = do_book

    def do_give_up(self):
        if place := self.place():
            places.give_up_place(place=place, by=place.person, now=self.now)

    def do_accept(self):
        if place := Place.objects.filter(state=PlaceState.OFFERED).first():
            places.accept_offer(place=place, by=place.person, now=self.now)

    def do_swap(self):
        if place := self.place():
            swaps.change_place(place=place, to=self.session(), by=place.person, now=self.now)

    def do_hand_over(self):
        if place := self.place():
            other = next(each for each in self.people if each.pk != place.person_id)
            asked = handovers.ask_colleague(place=place, email=other.email, by=place.person, now=self.now)
            if self.chance.random() < 0.8:
                handovers.take_over(handover=asked, by=other, now=self.now)

    def do_move_people(self):
        session, to = self.session(), self.session()
        moves.move_people(
            session=session, to=to, places=list(Place.objects.live().filter(session=session)), all_or_nobody=False,
            from_reserve=False, fewer=False, words="", by=self.by, now=self.now,
        )  # fmt: skip

    def do_change(self):
        what = self.chance.choice(
            [{"date": date(2026, 12, 1)}, {"date": date(2026, 12, 8)}, {"date": date(2026, 11, 26)},
             {"title": "Another"}, {"title": ""}, {"notes": "Ring"}]
        )  # fmt: skip
        sessions.change_session(session=self.session(), by=self.by, now=self.now, **what)

    do_move = do_change

    def do_say_something_else(self):
        bring = self.chance.choice(["", "Your badge", "A cup"])
        words.change_words(
            programme=self.programme, changes={"what_to_bring": bring}, tells=True, by=self.by, now=self.now
        )

    def do_tell_it(self):
        words.tell_all_words(now=self.now)

    def do_answer(self):
        entry = self.chance.choice([*CalendarEntry.objects.select_related("person").order_by("pk"), None])
        if entry:
            said, number = self.chance.choice(["ACCEPTED", "DECLINED", "TENTATIVE"]), entry.sequence
            stamp, address = f"{self.now:%Y%m%dT%H%M%SZ}", entry.person.email
            number -= self.chance.random() < 0.2 and number > 0
            said = calendar(str(entry.uid), address, said, SEQUENCE=number, DTSTAMP=stamp)
            receive(raw=answer(said, sender=address, message_id=f"<{next(_letters)}@x.example.org>"), now=self.now)
            answers.take_answers(now=self.now)

    do_answer_again = do_answer

    def do_resize(self):
        sessions.resize_session(
            session=self.session(), capacity=self.chance.randint(1, 3), reserved=0, by=self.by, now=self.now
        )

    def do_give_part(self):
        part = self.chance.choice([Part.PRESENTER, Part.FACILITATOR])
        person = self.chance.choice(self.everybody)
        sessions.give_part(session=self.session(), person=person, part=part, by=self.by, now=self.now)

    def do_end_part(self):
        if part := self.session().parts.first():
            sessions.end_part(part=part, by=self.by, now=self.now)

    def do_ask(self):
        mandate = self.chance.choice([self.cast.mandate, self.cast.deputy])
        cover.ask_to_cover(requests=[(self.session(), mandate)], by=self.by, now=self.now)

    def do_ask_whoever(self):
        cover.ask_whoever(session=self.session(), organisation=self.cast.organisation, by=self.by, now=self.now)

    def do_come(self):
        if own := self.request():
            cover.answer_coming(attendance=own, by=own.person, now=self.now)

    do_come_after_all = do_come

    def do_cannot(self):
        if own := self.request():
            cover.answer_cannot(attendance=own, by=own.person, now=self.now)

    def do_not_me(self):
        own = SeniorAttendance.objects.filter(state=CoverState.COMING, person=self.cast.senior).first()
        if own:
            cover.answer_not_me(attendance=own, deputy=self.cast.deputy, by=own.person, now=self.now)

    def do_withdraw(self):
        if own := self.request():
            cover.withdraw_request(attendance=own, by=self.by, now=self.now)

    def do_cancel(self):
        if self.chance.random() < 0.1:
            sessions.cancel_session(session=self.session(), reason="Snow", by=self.by, now=self.now)


# What several random walks found, and one that none would: the mail that takes an entry out has not left when the next
# thing happens. In each, ``cast`` has a session with an entry that is in the calendar by now.


def a_senior_who_cannot(cast, own):
    cover.answer_cannot(attendance=own, by=cast.senior, now=NOW)


def a_senior_moved_onto_something(cast, own):
    there = a_session(date=date(2026, 12, 3))
    sessions.give_part(session=there, person=cast.senior, part=Part.PRESENTER, by="clock", now=NOW)
    sessions.change_session(session=cast.session, date=date(2026, 12, 3), by="clock", now=NOW)


def asked_again(cast, own):
    cast.ask()


def asked_again_and_not_needed(cast, own):
    cover.withdraw_request(attendance=cast.ask()[0], by=cast.coordinator, now=NOW)


def not_needed(cast, own):
    cover.withdraw_request(attendance=own, by=cast.coordinator, now=NOW)


def cancelled(cast, own):
    sessions.cancel_session(session=cast.session, reason="Snow", by="clock", now=NOW)


def moved_once_more(cast, own):
    sessions.change_session(session=cast.session, title="Another", by="clock", now=NOW)


@pytest.mark.parametrize(
    "steps",
    [
        (a_senior_who_cannot, asked_again), (a_senior_who_cannot, asked_again_and_not_needed),
        (a_senior_who_cannot, cancelled), (not_needed, asked_again), (not_needed, cancelled),
        (a_senior_moved_onto_something, not_needed), (a_senior_moved_onto_something, a_senior_who_cannot),
        (a_senior_moved_onto_something, cancelled), (a_senior_moved_onto_something, moved_once_more),
        (a_senior_moved_onto_something, a_senior_who_cannot, cancelled),
        (a_senior_moved_onto_something, a_senior_who_cannot, moved_once_more),
        (a_senior_moved_onto_something, a_senior_who_cannot, asked_again),
    ],
    ids=lambda steps: " then ".join(step.__name__ for step in steps),
)  # fmt: skip
def test_no_entry_stays_because_something_happened_before_its_mail_left(steps):
    cast, post = Cast(), Post()
    with time_machine.travel(NOW, tick=False):
        own = cast.coming()
        post.deliver(NOW)
        assert len(post.shown(cast.senior.pk)) == 1
        for step in steps:
            step(cast, SeniorAttendance.objects.get(pk=own.pk))
        post.deliver(NOW)
    assert post.shown(cast.senior.pk) == stands(cast.senior.pk)


@pytest.mark.parametrize("leaves", [True, False], ids=["after its mail", "before its mail"])
@pytest.mark.parametrize("then", ["cancelled", "given up", "changed to another date", "renamed", "nothing"])
def test_an_entry_of_a_place_that_has_to_be_chosen_again_goes_out_once(then, leaves):
    programme, post = a_programme(places_rule=PlacesRule.UNLIMITED), Post()
    here, there = a_session(programme), a_session(programme, date=date(2026, 12, 3))
    person = a_practitioner(programme)
    with time_machine.travel(NOW, tick=False):
        place, _ = (places.take_place(session=each, person=person, by=person, now=NOW) for each in (here, there))
        post.deliver(NOW)
        sessions.change_session(session=here, date=date(2026, 12, 3), by="clock", now=NOW)
        if leaves:
            post.deliver(NOW)
        if then == "cancelled":
            sessions.cancel_session(session=here, reason="Snow", by="clock", now=NOW)
        elif then == "given up":
            places.give_up_place(place=place, by=person, now=NOW)
        elif then == "changed to another date":
            swaps.change_place(place=place, to=another_day(programme), by=person, now=NOW)
        elif then == "renamed":
            sessions.change_session(session=here, title="Another", by="clock", now=NOW)
        post.deliver(NOW)
    assert post.shown(person.pk) == stands(person.pk)
    assert post.calendars[person.pk].taken_out == [str(CalendarEntry.objects.get(person=person, session=here).uid)]
    for mail in Message.objects.filter(person=person, kind="attendance.place_given_up"):
        content = kinds.find(mail.kind).render(mail)
        assert ("out of your calendar" in content.text) is not leaves
        assert ("Out of your calendar" in content.subject) is (not leaves and then == "changed to another date")


def test_no_entry_stays_because_mails_stood_still_for_days():
    cast, post = Cast(), Post()
    person = a_practitioner(cast.programme)
    with time_machine.travel(NOW, tick=False):
        own = cast.coming()
        place = places.take_place(session=cast.session, person=person, by=person, now=NOW)
        post.deliver(NOW)
        a_senior_who_cannot(cast, own)
        places.give_up_place(place=place, by=person, now=NOW)
    with time_machine.travel(NOW + timedelta(days=3), tick=False):
        post.deliver(NOW + timedelta(days=3))
    assert (post.shown(person.pk), post.shown(cast.senior.pk)) == ({}, {})


def test_a_session_that_was_cancelled_at_the_door_leaves_the_calendar_though_its_mail_is_late():
    cast, post = Cast(), Post()
    person, begins = a_practitioner(cast.programme), cast.session.during.lower
    with time_machine.travel(NOW, tick=False):
        places.take_place(session=cast.session, person=person, by=person, now=NOW)
        post.deliver(NOW)
        assert len(post.shown(person.pk)) == 1
    before, after = begins - timedelta(minutes=30), begins + timedelta(hours=1)
    with time_machine.travel(before, tick=False):
        sessions.cancel_session(session=cast.session, reason="Snow", by="clock", now=before)
    with time_machine.travel(after, tick=False):
        post.deliver(after)
    assert post.shown(person.pk) == {}


def test_who_gives_a_place_up_and_runs_the_session_keeps_the_entry():
    session, post = a_session(), Post()
    person = a_practitioner(session.programme)
    with time_machine.travel(NOW, tick=False):
        place = places.take_place(session=session, person=person, by=person, now=NOW)
        sessions.give_part(session=session, person=person, part=Part.PRESENTER, by="clock", now=NOW)
        post.deliver(NOW)
        places.give_up_place(place=place, by=person, now=NOW)
        post.deliver(NOW)
    assert len(post.shown(person.pk)) == 1
    assert post.shown(person.pk) == stands(person.pk)


def test_who_stays_in_another_part_is_not_told_that_the_entry_goes():
    cast = Cast()
    own = cast.coming()
    sessions.give_part(session=cast.session, person=cast.senior, part=Part.PRESENTER, by="clock", now=NOW)
    a_senior_who_cannot(cast, own)
    mail = letter(Message.objects.get(kind="attendance.cover_given_up"), NOW)
    assert mail.event is None
    assert "takes it out" not in mail.mail.as_string()


@pytest.mark.parametrize("seed", range(8))
def test_a_calendar_ends_as_our_pages_say_whatever_happened_and_whenever_the_mails_left(seed, settings):
    settings.INBOUND_AUTHSERV_ID = AUTHSERV
    chance = random.Random(seed)  # noqa: S311
    world, post, done = World(chance), Post(), []
    names = sorted(name for name in dir(world) if name.startswith("do_"))
    for _ in range(35):
        world.now += timedelta(minutes=chance.choice([0, 1, 15]))
        with time_machine.travel(world.now, tick=False):
            name = chance.choice(names)
            try:
                getattr(world, name)()
                done.append(name)
            except Refused:
                pass
            if chance.random() < 0.4:
                post.deliver(world.now)
                done.append("-- mails leave")
    with time_machine.travel(world.now, tick=False):
        post.deliver(world.now)
    for person in world.everybody:
        shown, own = post.shown(person.pk), stands(person.pk)
        for uid in heard_of_nothing(person) & shown.keys() & own.keys():
            assert shown[uid][0] <= own[uid][0]
            shown[uid], own[uid] = shown[uid][1:], own[uid][1:]
        assert shown == own, f"{person}: {done}"
