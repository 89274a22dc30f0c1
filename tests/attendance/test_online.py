"""Attendance online: the joining link, the report of the meeting, decisions, what stands on the register afterwards."""

import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError, connection, transaction
from django.urls import reverse

from accounts.links import address_of
from attendance.actions import online
from attendance.actions import register as actions
from attendance.models import Attendance, OnlinePresence, OnlineReport, PlaceState, WalkIn
from attendance.queries.online import walk_ins_alike
from attendance.tasks import forget_access_needs
from messaging import kinds
from messaging.models import Message
from tests.attendance.places import a_place, a_practitioner, a_session, partner_of
from tests.attendance.registers import a_coordinator, half_way, text_of
from tests.attendance.test_teams import teams, version_2
from tests.briefings.factories import PartnerFactory
from tests.organisations.factories import PersonFactory

pytestmark = pytest.mark.django_db
LINK = "https://meet.example.org/secret"


@pytest.fixture
def session():
    return a_session(capacity=20, room=None, online_link=LINK)


@pytest.fixture(autouse=True)
def the_day(session):
    with time_machine.travel(half_way(session) + timedelta(hours=3), tick=False) as clock:
        yield clock


@pytest.fixture
def coordinator(client, session):
    person = a_coordinator(session)
    client.force_login(person)
    return person


def somebody(session, name, email):
    before = session.during.lower - timedelta(days=9)
    return a_place(session, a_practitioner(session.programme, name=name, email=email), now=before)


def a_line(name, address="", joined="09:30:00", left="12:30:00"):
    return f"{name}\t26/11/26, {joined}\t26/11/26, {left}\t3h\t{address}\tAttendee"


def a_file(*lines, name="report.csv"):
    return SimpleUploadedFile(name, teams(version_2([], list(lines))))


def upload(session, *lines):
    return online.upload_report(session=session, file=a_file(*lines), by=PersonFactory(), now=later(session))


def later(session):
    return half_way(session) + timedelta(hours=3)


def outcome_of(place):
    return Attendance.objects.filter(place=place).values_list("outcome", flat=True).first()


# the link


def test_the_joining_link_is_for_those_with_a_place(client, session, the_day):
    the_day.move_to(session.during.lower - timedelta(days=8))
    small = a_session(session.programme, capacity=1, room=None, online_link=LINK, date=session.date + timedelta(days=1))
    now = session.during.lower - timedelta(days=9)
    booked, waiting = a_place(small, now=now), a_place(small, now=now)
    assert waiting.state == PlaceState.WAITING
    for place, shown in ((booked, True), (waiting, False)):
        client.get(address_of(place.link))
        assert (LINK in client.get(reverse("attendance:place-show", args=[place.link_id])).content.decode()) is shown
        client.force_login(place.person)
        assert (LINK in client.get(f"/sessions/{small.pk}/").content.decode()) is shown
        client.logout()
        mail = Message.objects.get(refs__place=place.pk)
        content = kinds.find(mail.kind).render(mail)
        assert (LINK in content.text, LINK in content.html) == (shown, shown)
    assert LINK not in client.get(f"/sessions/{small.pk}/").content.decode()


# the report


def test_who_has_the_address_is_matched_and_the_share_decides(client, session, coordinator):
    whole, part, late = (somebody(session, f"Person {n}", f"{n}@example.org") for n in ("whole", "part", "late"))
    address = reverse("attendance:online-list", args=[session.pk])
    file = a_file(
        a_line("Person W.", "Whole@example.org", left="12:00:00"),
        a_line("Person P.", "part@example.org", left="11:00:00"),
        a_line("Person L.", "late@example.org", joined="11:30:00"),
    )
    answer = client.post(address, {"file": file}, follow=True)
    assert "Everybody is decided" in text_of(answer)
    report = OnlineReport.objects.get()
    client.post(reverse("attendance:online-take-over", args=[session.pk, report.pk]))
    assert [outcome_of(place) for place in (whole, part, late)] == ["attended", "in_part", "in_part"]
    kinds_of = {place.pk: list(place.marks.values_list("kind", flat=True)) for place in (part, late)}
    assert kinds_of == {part.pk: ["left_early"], late.pk: ["late"]}


def test_a_name_alone_never_decides(client, session, coordinator):
    place = somebody(session, "Siân Samplewood", "sian@example.org")
    report = upload(session, a_line("Sian SAMPLEWOOD", "private@example.org"), a_line("Unknown Guest"))
    row, guest = OnlinePresence.objects.order_by("name")
    assert row.decision == guest.decision == "open"
    with pytest.raises(online.StillOpen):
        online.take_over(report=report, by="clock", now=later(session))
    address = reverse("attendance:online-report", args=[session.pk, report.pk])
    assert "Siân Samplewood" in text_of(client.get(address))
    assert client.post(address, {f"row-{row.pk}": "p999999"}).status_code == 422
    client.post(address, {f"row-{row.pk}": f"p{place.pk}", f"row-{guest.pk}": f"o{partner_of(session.programme).pk}"})
    client.post(reverse("attendance:online-take-over", args=[session.pk, report.pk]))
    assert outcome_of(place) == "attended"
    assert Attendance.objects.get(walk_in__isnull=False).walk_in.name == "Unknown Guest"


def test_taking_over_again_changes_nothing(session):
    place = somebody(session, "A", "a@example.org")
    report = upload(session, a_line("A", "a@example.org", left="10:00:00"))
    for _ in range(2):
        assert online.take_over(report=report, by="clock", now=later(session)) == 1
    assert place.marks.count() == 1
    assert upload(session, a_line("A", "a@example.org", left="10:00:00")) == report
    assert OnlinePresence.objects.count() == 1


def test_several_reports_are_added_up(session):
    place = somebody(session, "A", "a@example.org")
    for joined, left, outcome in (("09:30:00", "11:00:00", "in_part"), ("11:05:00", "12:30:00", "attended")):
        report = upload(session, a_line("A", "a@example.org", joined=joined, left=left))
        online.take_over(report=report, by="clock", now=later(session))
        assert outcome_of(place) == outcome


def test_the_share_is_the_programmes_and_may_be_changed_back_and_forth(client, session, coordinator):
    place = somebody(session, "A", "a@example.org")
    report = upload(session, a_line("A", "a@example.org", left="11:00:00"))
    for share, outcome in ((75, "in_part"), (50, "attended"), (75, "in_part"), (50, "attended")):
        client.post(reverse("attendance:online-share", args=[session.pk]), {"full_share": share})
        online.take_over(report=report, by="clock", now=later(session))
        assert outcome_of(place) == outcome
    assert client.post(reverse("attendance:online-share", args=[session.pk]), {"full_share": 101}).status_code == 422


def test_who_counts_as_a_walk_in_already_holds_no_report_back(session):
    """The walk-in was matched to somebody who moved up from the line afterwards."""
    place, other = somebody(session, "Amina Samplewood", "a@example.org"), somebody(session, "Bea", "b@example.org")
    walk_in = actions.add_walk_in(
        session=session, name="Amina", organisation=place.organisation, press=uuid4(), by="clock", now=later(session)
    )
    WalkIn.objects.update(person=place.person)
    Attendance.objects.update(person=place.person)
    report = upload(session, a_line("Amina", "a@example.org"), a_line("Bea", "b@example.org"))
    assert online.take_over(report=report, by=PersonFactory(), now=later(session)) == 1
    assert {fact.walk_in or fact.place for fact in Attendance.objects.all()} == {walk_in, other}


def test_what_a_person_marked_stays(session):
    place = somebody(session, "A", "a@example.org")
    actions.mark(session=session, subject=place, kind="attended", press=uuid4(), by="clock", now=half_way(session))
    report = upload(session, a_line("A", "a@example.org", left="10:00:00"))
    assert online.take_over(report=report, by="clock", now=later(session)) == 0
    assert outcome_of(place) == "attended"


def test_who_left_is_left_out_until_decided_again(client, session, coordinator):
    report = upload(session, a_line("Guest"))
    row = report.presences.get()
    online.decide(report=report, decisions={row.pk: None}, by="clock", now=later(session))
    assert online.take_over(report=report, by="clock", now=later(session)) == 0
    client.post(reverse("attendance:online-reconsider", args=[session.pk, report.pk, row.pk]))
    with pytest.raises(online.StillOpen):
        online.take_over(report=report, by="clock", now=later(session))


def test_who_is_there_with_two_devices_is_there_once(session):
    place = somebody(session, "A", "a@example.org")
    report = upload(session, a_line("A", "a@example.org", left="11:00:00"), a_line("Room 2", left="11:10:00"))
    room = report.presences.get(name="Room 2")
    online.decide(report=report, decisions={room.pk: place}, by="clock", now=later(session))
    online.take_over(report=report, by="clock", now=later(session))
    assert outcome_of(place) == "in_part", "100 minutes of 180, not 190"


def test_a_nickname_can_be_anybody_who_is_not_known_yet(client, session, coordinator):
    bob, known = (
        somebody(session, "Robert Samplewood", "r@example.org"),
        somebody(session, "Ann Known", "k@example.org"),
    )
    report = upload(session, a_line("Bob S"), a_line("Ann", "k@example.org"))
    row = report.presences.get(name="Bob S")
    address = reverse("attendance:online-report", args=[session.pk, report.pk])
    choices = dict(client.get(address).context["form"].fields[f"row-{row.pk}"].choices)
    assert choices["Somebody else who has a place"] == [(f"p{bob.pk}", f"Robert Samplewood, {bob.organisation}")]
    assert client.post(address, {f"row-{row.pk}": f"p{known.pk}"}).status_code == 422
    assert client.post(address, {f"row-{row.pk}": f"p{bob.pk}"}).status_code == 302
    row.refresh_from_db()
    assert row.place == bob


def decided(report, what):
    """Decide again about the only row of ``report``, as the page does, and take the report over again."""
    row = report.presences.get()
    online.reconsider(presence=row, by="clock", now=later(report.session))
    online.decide(report=report, decisions={row.pk: what}, by="clock", now=later(report.session))
    return online.take_over(report=report, by="clock", now=later(report.session))


def on_register(session):
    """Return who counts as there: names of people with a place, organisations of walk-ins; each with the outcome."""
    found = Attendance.objects.filter(session=session).select_related("place__person", "walk_in__organisation")
    return sorted((own.place.person.name if own.place else own.walk_in.organisation.name, own.outcome) for own in found)


def test_who_is_decided_otherwise_after_taking_over_counts_once(session):
    one, other = somebody(session, "One", "one@example.org"), somebody(session, "Other", "other@example.org")
    home, away = partner_of(session.programme), PartnerFactory(programme=session.programme).organisation
    report = upload(session, a_line("Guest", left="10:30:00"))
    words = {one: "One", other: "Other", home: home.name, away: away.name}
    for what in (one, other, home, away, home, None, home, one, None, one):
        assert decided(report, what) == (what is not None)
        assert on_register(session) == ([(words[what], "in_part")] if what else [])


def test_a_walk_in_follows_the_share_back_and_forth(session):
    report = upload(session, a_line("Guest", left="11:00:00"))
    home = partner_of(session.programme)
    for share, outcome in ((75, "in_part"), (50, "attended"), (75, "in_part"), (50, "attended")):
        online.set_full_share(programme=session.programme, full_share=share, by="clock", now=later(session))
        decided(report, home)
        assert on_register(session) == [(home.name, outcome)]


def test_what_another_report_says_of_somebody_stays_when_one_is_decided_otherwise(session):
    place = somebody(session, "A", "a@example.org")
    first = upload(session, a_line("A", "a@example.org", left="11:00:00"))
    online.take_over(report=first, by="clock", now=later(session))
    second = upload(session, a_line("A", "a@example.org", joined="11:05:00"))
    online.take_over(report=second, by="clock", now=later(session))
    assert outcome_of(place) == "attended"
    decided(second, None)
    assert outcome_of(place) == "in_part"


def in_two_reports(client, session, names=("Unknown Guest", "guest UNKNOWN")):
    """A guest of two reports: walk-in by the first, which is taken over; the second is decided as its page proposes."""
    home, found = partner_of(session.programme), []
    for name, (joined, left) in zip(names, (("09:30:00", "11:00:00"), ("11:05:00", "12:30:00")), strict=True):
        found.append(report := upload(session, a_line(name, joined=joined, left=left)))
        address = reverse("attendance:online-report", args=[session.pk, report.pk])
        row = f"row-{report.presences.get().pk}"
        proposed = client.get(address).context["form"][row].value()
        client.post(address, {row: proposed or f"o{home.pk}"})
        online.take_over(report=report, by="clock", now=later(session))
    return found


def test_a_guest_of_two_reports_is_one_walk_in(client, session, coordinator):
    home = partner_of(session.programme).name
    first, second = in_two_reports(client, session)
    assert on_register(session) == [(home, "attended")], "90 and 85 minutes of 180"
    assert second.presences.get().walk_in == Attendance.objects.get().walk_in
    online.take_over(report=second, by="clock", now=later(session))
    assert on_register(session) == [(home, "attended")]
    decided(first, None)
    assert on_register(session) == [(home, "in_part")], "the second report still speaks for them"
    decided(second, None)
    assert on_register(session) == []


def test_a_guest_decided_twice_before_either_report_is_taken_over_is_decided_again(session):
    home = partner_of(session.programme)
    times = (("09:30:00", "11:00:00"), ("11:05:00", "12:30:00"))
    reports = [
        upload(session, a_line("Guest", joined=begin, left=end), a_line("Other " + begin)) for begin, end in times
    ]
    for report in reports:
        rows = dict.fromkeys(report.presences.values_list("pk", flat=True), home)
        online.decide(report=report, decisions=rows, by="clock", now=later(session))
    first, second = reports
    online.take_over(report=first, by="clock", now=later(session))
    with pytest.raises(online.StillOpen):
        online.take_over(report=second, by="clock", now=later(session))
    (row,) = second.presences.filter(decision="open")
    (made,) = walk_ins_alike(session, [row])[row.pk]
    online.decide(report=second, decisions={row.pk: made}, by="clock", now=later(session))
    online.take_over(report=second, by="clock", now=later(session))
    assert sorted(Attendance.objects.values_list("walk_in__name", flat=True)) == [
        "Guest", "Other 09:30:00", "Other 11:05:00",
    ]  # fmt: skip


def test_guests_of_different_names_are_two(client, session, coordinator):
    in_two_reports(client, session, ("Guest 1", "Guest 2"))
    assert len(on_register(session)) == 2


def test_who_was_added_at_the_door_stays_as_they_are(client, session, coordinator):
    home = partner_of(session.programme)
    own = actions.add_walk_in(
        session=session, name="Unknown Guest", organisation=home, press=uuid4(), by="clock", now=half_way(session)
    )
    report, _ = in_two_reports(client, session)
    assert report.presences.get().walk_in == own
    assert on_register(session) == [(home.name, "attended")]
    decided(report, None)
    assert on_register(session) == [(home.name, "attended")]


def test_a_guest_whose_walk_in_was_taken_back_meanwhile_is_made_anew(session):
    home = partner_of(session.programme)
    first, second = (upload(session, a_line("Guest", left=left)) for left in ("12:00:00", "12:10:00"))
    decided(first, home)
    row = second.presences.get()
    made = Attendance.objects.get().walk_in
    online.decide(report=second, decisions={row.pk: made}, by="clock", now=later(session))
    decided(first, None)
    assert on_register(session) == []
    assert online.take_over(report=second, by="clock", now=later(session)) == 1
    assert on_register(session) == [(home.name, "attended")]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("locked", [True, False], ids=["with the lock", "without the lock"])
def test_two_reports_that_are_taken_over_at_once_are_added_up(session, monkeypatch, locked):
    place = somebody(session, "A", "a@example.org")
    times = (("09:30:00", "11:00:00"), ("11:05:00", "12:30:00"))
    reports = [upload(session, a_line("A", "a@example.org", joined=joined, left=left)) for joined, left in times]
    both, real = threading.Barrier(2), online._kind

    def kind(*arguments):
        with contextlib.suppress(threading.BrokenBarrierError):
            both.wait(0.5 if locked else 10)
        return real(*arguments)

    monkeypatch.setattr(online, "_kind", kind)
    if not locked:
        monkeypatch.setattr(online, "_locked_reports", lambda report: {report.pk: report})

    def take_over(report):
        try:
            return online.take_over(report=report, by="clock", now=later(session))
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(take_over, reports)) == [1, 1]
    assert outcome_of(place) == ("attended" if locked else "in_part")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("change", ["decide", "reconsider"])
def test_who_is_decided_while_a_report_is_taken_over_is_marked_as_decided(session, change):
    _, bob = (somebody(session, name, f"{name.lower()}@example.org") for name in ("Ann", "Bob"))
    report = upload(session, a_line("Ann", "ann@example.org"), a_line("Guest"))
    guest = report.presences.get(name="Guest")
    online.decide(report=report, decisions={guest.pk: None}, by="clock", now=later(session))

    def take_over():
        try:
            return online.take_over(report=report, by="clock", now=later(session))
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            if change == "decide":
                online.decide(report=report, decisions={guest.pk: bob}, by="clock", now=later(session))
            else:
                online.reconsider(presence=guest, by="clock", now=later(session))
            taken = pool.submit(take_over)
            until_somebody_waits()
        if change == "reconsider":
            with pytest.raises(online.StillOpen):
                taken.result(30)
        else:
            assert taken.result(30) == 2
    assert on_register(session) == ([("Ann", "attended"), ("Bob", "attended")] if change == "decide" else [])


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("locked", [True, False], ids=["with the lock", "without the lock"])
def test_who_decides_and_who_takes_over_do_not_wait_for_each_other(session, monkeypatch, locked):
    """A report is taken over while one decides about its rows, the last first: the database would end one of them."""
    somebody(session, "Ann", "ann@example.org")
    report = upload(session, a_line("Ann", "ann@example.org"), a_line("Guest"))
    first, last = report.presences.order_by("pk")
    online.decide(report=report, decisions={first.pk: None, last.pk: None}, by="clock", now=later(session))
    if not locked:
        monkeypatch.setattr(online, "_locked_reports", lambda report: {report.pk: report})

    def take_over():
        try:
            return online.take_over(report=report, by="clock", now=later(session))
        finally:
            connection.close()

    outcome = contextlib.nullcontext() if locked else pytest.raises(OperationalError, match="deadlock")
    with ThreadPoolExecutor(1) as pool, outcome:
        with transaction.atomic():
            online.decide(report=report, decisions={last.pk: None}, by="clock", now=later(session))
            taken = pool.submit(take_over)
            until_somebody_waits()
            online.decide(report=report, decisions={first.pk: None}, by="clock", now=later(session))
        assert taken.result(30) == 0


def until_somebody_waits():
    """Return as soon as another connection waits for a lock of this one."""
    waiting = "SELECT 1 FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
    with connection.cursor() as cursor:
        for _ in range(1_000):
            cursor.execute(waiting)
            if cursor.fetchone():
                return
            threading.Event().wait(0.01)
    raise AssertionError("Nobody waits.")


def test_a_closed_register_and_gone_rows_are_refused(client, session, coordinator, the_day):
    report = upload(session, a_line("Guest"))
    take_over = reverse("attendance:online-take-over", args=[session.pk, report.pk])
    the_day.move_to(later(session) + timedelta(days=31))
    assert forget_access_needs() == 1
    client.force_login(coordinator)
    assert "deleted 30 days" in text_of(client.get(reverse("attendance:online-report", args=[session.pk, report.pk])))
    assert "deleted 30 days" in text_of(client.post(take_over, follow=True))
    actions.close_register(session=session, by="clock", now=later(session))
    assert "The register is closed" in text_of(client.post(take_over, follow=True))


def test_a_file_that_is_no_report_is_explained(client, session, coordinator):
    address = reverse("attendance:online-list", args=[session.pk])
    answer = client.post(address, {"file": SimpleUploadedFile("x.csv", b"a,b\n1,2\n")})
    assert answer.status_code == 422
    assert "no attendance report of Microsoft Teams" in text_of(answer)
    assert client.post(address, {}).status_code == 422


@pytest.mark.parametrize("joined", ["31/12/9999, 23:00:00", "01/01/0001, 00:00:00", "01/01/9999, 00:00:00", "nothing"])
def test_a_time_of_no_meeting_there_can_be_is_no_time(session, joined):
    """A row that was broken by hand stops no report: it is there, and nobody can say from when."""
    rows = [a_line("Guest"), f"Odd\t{joined}\t\t{'99999h ' * 3000}\t\tAttendee"]
    report = upload(session, *rows)
    assert dict(report.presences.values_list("name", "first_at"))["Odd"] is None


@pytest.mark.parametrize("people", [1, 3])
def test_a_report_needs_as_many_queries_for_one_as_for_three(
    client, session, coordinator, people, django_assert_max_num_queries
):
    for number in range(people):
        somebody(session, f"Person {number}", f"{number}@example.org")
    lines = [a_line(f"Person {n}", f"{n}@example.org") for n in range(people)] + [
        a_line(f"Guest {n}") for n in range(people)
    ]
    report = upload(session, *lines)
    with django_assert_max_num_queries(17):
        client.get(reverse("attendance:online-report", args=[session.pk, report.pk]))
