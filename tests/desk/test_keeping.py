"""What is kept of the figures of a programme: fresh after each change, shared where it took long, bounded always."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from importlib import import_module
from unittest import mock

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.db.models import Exists
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from redis.exceptions import ConnectionError as Gone

import desk.overview
from accounts.models import Person
from attendance.actions.places import give_up_place
from attendance.models import Attendance, Outcome, Place, SeniorAttendance, WalkIn
from attendance.queries.figures import figures_of
from briefings.models import Mandate, Partner, Programme, Room, Session
from communications.queries import addressed
from desk.queries import reach
from face import keeping
from face.keeping import Keeping, Sources, count_of
from history import statements
from history.models import Entry
from organisations.models import Organisation
from tests.attendance.places import a_place, a_practitioner
from tests.cast import NOW, a_session
from tests.communications.plans import TODAY, Plan
from tests.desk.county import ask, invitation_of, make_county, promise
from tests.desk.test_reach import walk_in
from tests.messaging.factories import MessageFactory, PersonFactory
from tests.organisations.factories import HeadCountFactory, OrganisationFactory

on_real_connections = pytest.mark.django_db(transaction=True)
PAGE = reverse("desk:programme-show", args=["own"])


def elsewhere(act):
    """Return what ``act`` returns on a connection of its own, as another process would."""

    def run():
        try:
            return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(run).result()


class Shelf:
    """A cache in a dictionary."""

    def __init__(self) -> None:
        self.rows = {}

    def get(self, key):
        return self.rows.get(key)

    def set(self, key, value, timeout):
        assert timeout == 60
        assert " " not in key, "a cache may refuse it, and Django warns of each"
        self.rows[key] = value


@pytest.fixture
def shelf(monkeypatch):
    shelf = Shelf()
    monkeypatch.setattr(keeping, "caches", {"quick": shelf})
    monkeypatch.setattr(keeping, "_here", keeping._Here())
    return shelf


@pytest.fixture
def quick(monkeypatch, shelf):
    """However slow this machine is just now, everything was counted quickly."""
    monkeypatch.setattr(keeping, "_WORTH_SHARING", float("inf"))


@pytest.fixture
def slow(monkeypatch, shelf):
    """Everything took long to count."""
    monkeypatch.setattr(keeping, "_WORTH_SHARING", -1)


# --- the page


@on_real_connections
def test_figures_are_kept_and_each_change_makes_them_fresh(client, time_machine, quick):
    time_machine.move_to(NOW, tick=False)
    county = make_county()
    client.force_login(county.cast.coordinator)
    programme, organisation = county.cast.programme, county.cast.organisation

    def seen() -> tuple:
        context = client.get(PAGE).context
        total, day = context["total"], context["counted"].day
        rows = [row.name for row in context["counted"].reach.rows]
        facts = (total.eligible, total.attended, total.booked, total.invited, day.bookings, day.walked_in)
        questions, ahead = context["questions"], context["ahead"]
        asked = (questions.unanswered, questions.by_owner.total(), context["made"], context["late_assurances"])
        dates = [(own.seats.taken, own.waiting, own.cover_words, str(own.room), own.date) for own in ahead.sessions]
        return *facts, total.extra, context["counted"].reach.unmatched, *rows, *asked, *dates, str(ahead.matrix["rows"])

    before = seen()
    with CaptureQueriesContext(connection) as caught:
        assert seen() == before
    assert len(caught) <= 7, "who is signed in, the programme, what waits, and twice whether anything has changed"
    here = a_practitioner(programme)
    before = seen()
    mandate, place = Mandate.objects.get(person=county.cast.senior), county.today.room
    changes = {
        "a question": lambda: ask(county.cast, "What is new?"),
        "an assurance": lambda: promise(county.cast, mandate, "We will.", by=county.cast.senior),
        "senior cover": lambda: SeniorAttendance.objects.update(state="coming", answered_at=NOW),
        "a session on another day": lambda: a_session(programme, date=NOW.date() + timedelta(days=9)),
        "a room": lambda: Room.objects.filter(pk=place.pk).update(name="The other room"),
        "a booking": lambda: a_place(county.today, here),
        "a place given up": lambda: give_up_place(place=Place.objects.get(person=here), by=here, now=NOW),
        "a mark": lambda: _mark(county, here),
        "a mark taken back": lambda: Attendance.objects.all().delete(),
        "an invitation": lambda: invitation_of(programme, here),
        "a walk-in": lambda: walk_in(county.over, organisation),
        "a walk-in matched": lambda: WalkIn.objects.filter(name="Walker").update(person=here),
        "a staff list": lambda: a_practitioner(programme),
        "a closed account": lambda: type(here).objects.filter(pk=here.pk).update(is_active=False),
        "a head-count": lambda: HeadCountFactory(organisation=organisation, number=40),
        "a name": lambda: Organisation.objects.filter(pk=organisation.pk).update(name="Renamed Trust"),
        "a session withdrawn": lambda: Session.objects.filter(pk=county.over.pk).update(state="cancelled"),
        "a partner": lambda: Partner.objects.create(
            programme=programme, organisation=OrganisationFactory(name="Newcomer"), since=NOW.date()
        ),
        "the scope": lambda: Programme.objects.filter(pk=programme.pk).update(every_area=False),
    }
    for what, change in changes.items():
        elsewhere(change)
        after = seen()
        assert after != before, what
        before = after


def _mark(county, person):
    place = Place.objects.get(person=person)
    return Attendance.objects.create(
        session=place.session, place=place, person=person, organisation=place.organisation, outcome=Outcome.ATTENDED,
        noted_at=NOW,
    )  # fmt: skip


@on_real_connections
def test_kept_figures_say_of_when_they_are(client, time_machine, quick):
    time_machine.move_to(NOW, tick=False)
    county = make_county()
    client.force_login(county.cast.coordinator)
    addresses = [reverse(f"desk:{name}", args=["own"]) for name in ("programme-show", "reach-show")]
    for address in addresses:
        client.get(address)
    for seconds, of_when in ((50, NOW), (61, NOW + timedelta(seconds=61))):
        time_machine.move_to(NOW + timedelta(seconds=seconds), tick=False)
        overview, reached = (client.get(address).context for address in addresses)
        assert (overview["counted"].at, reached["at"]) == (of_when, of_when)


@on_real_connections
def test_a_session_that_ends_is_counted_within_a_minute(client, time_machine, quick):
    time_machine.move_to(NOW, tick=False)
    county = make_county()
    client.force_login(county.cast.coordinator)
    places = client.get(PAGE).context["counted"].day.places
    time_machine.move_to(NOW + timedelta(days=1), tick=False)
    client.force_login(county.cast.coordinator)
    assert client.get(PAGE).context["counted"].day.places > places


# --- what is kept


@pytest.fixture
def organisations():
    """What is kept of a count of organisations: ``kept()`` at a moment, and how often it was counted."""
    OrganisationFactory()
    return Organisations()


class Organisations:
    def __init__(self) -> None:
        self.sources, self.counted = next(each for each in Sources.every if Organisation in each.models), 0

    def kept(self, now=NOW):
        return self.sources.at(now).get("organisations", self._count)

    def _count(self) -> int:
        self.counted += 1
        return Organisation.objects.count()


@on_real_connections
def test_what_has_not_changed_is_counted_once_a_minute(organisations, quick):
    assert [organisations.kept() for _ in range(3)] == [(1, NOW)] * 3
    assert organisations.kept(NOW + timedelta(seconds=59)) == (1, NOW)
    assert organisations.counted == 1
    late = NOW + timedelta(seconds=60)
    assert organisations.kept(late) == (1, late)
    assert organisations.kept(NOW) == (1, NOW), "a clock that was put back shows nothing of days to come"
    assert organisations.counted == 3


@on_real_connections
def test_a_change_is_told_with_its_commit_and_not_before(organisations, quick):
    assert organisations.kept() == (1, NOW)

    def change():
        with transaction.atomic():
            OrganisationFactory()
            assert organisations.kept() == (2, NOW), "who changes it counts anew"
            assert elsewhere(organisations.kept) == (1, NOW), "and keeps nothing for others"

    elsewhere(change)
    assert organisations.kept() == (2, NOW)


@on_real_connections
@pytest.mark.parametrize("tells", [True, False])
def test_without_the_trigger_a_change_is_told_later(organisations, quick, tells):
    """The negative control: a busy connection of PostgreSQL tells what it did when a second is over."""
    keeper = organisations.sources
    switch = f"ALTER TABLE {Organisation._meta.db_table} {{}} TRIGGER tells_at_once"

    def busy() -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_stat_force_next_flush()")
        before = keeper.at(NOW).changes
        Organisation.objects.update(name="Renamed Trust")
        return before != elsewhere(lambda: keeper.at(NOW).changes)

    with connection.cursor() as cursor:
        cursor.execute(switch.format("ENABLE" if tells else "DISABLE"))
        try:
            assert elsewhere(busy) == tells
        finally:
            cursor.execute(switch.format("ENABLE"))


@on_real_connections
def test_what_takes_long_is_shared_and_stands_a_minute_whatever_changes(organisations, slow, shelf, monkeypatch):
    monkeypatch.setattr(keeping, "_TIMES_AS_LONG", 1_000_000)
    assert organisations.kept() == (1, NOW)
    OrganisationFactory()
    keeping._here.clear()
    assert organisations.kept(NOW + timedelta(seconds=59)) == (1, NOW), "another process takes it from the cache"
    assert organisations.counted == 1
    assert organisations.kept(NOW + timedelta(seconds=60))[0] == 2


@on_real_connections
def test_what_is_exact_never_stands_after_a_change(organisations, slow, shelf):
    def kept():
        return organisations.sources.at(NOW).get("exact", organisations._count, exact=True)[0]

    assert [kept(), kept(), organisations.counted] == [1, 1, 1]
    OrganisationFactory()
    assert (kept(), shelf.rows) == (2, {})


@on_real_connections
def test_what_takes_not_so_long_stands_for_less(organisations, slow):
    organisations.kept()
    OrganisationFactory()
    assert organisations.kept(NOW + timedelta(seconds=0.9))[0] == 1
    assert organisations.kept(NOW + timedelta(seconds=20))[0] == 2, "a hundred times as long as it took"


@on_real_connections
@pytest.mark.parametrize("read", [Gone, AttributeError], ids=["gone", "kept by what an update has renamed"])
def test_everything_works_without_the_cache(organisations, slow, monkeypatch, read):
    class Broken:
        def get(self, key):
            raise read

        def set(self, key, value, timeout):
            raise Gone

    monkeypatch.setattr(keeping, "caches", {"quick": Broken()})
    assert [organisations.kept(), organisations.kept()] == [(1, NOW)] * 2
    assert organisations.counted == 1


def test_a_database_that_does_not_count_keeps_nothing(shelf):
    kept = Keeping(None, NOW, "here")
    assert [kept.get("x", lambda number=number: number) for number in range(2)] == [(0, NOW), (1, NOW)]


def test_two_databases_share_nothing(slow):
    for database in ("here", "there"):
        assert Keeping(0, NOW, database).get("x", lambda database=database: database)[0] == database


def test_no_visitor_fills_the_memory(quick, monkeypatch):
    monkeypatch.setattr(keeping, "_MOST_HERE", 3)
    kept = Keeping(0, NOW, "here")
    for number in range(5):
        kept.get("first", lambda: "first")
        kept.get(f"{number}", lambda number=number: number)
    assert [key.removeprefix("kept:").removesuffix(":here") for key in keeping._here._rows] == ["3", "first", "4"]


# --- the count of a list


@on_real_connections
def test_the_count_of_a_list_is_kept_until_a_table_of_its_statement_changes(quick):
    OrganisationFactory(name="First")
    found = Organisation.objects.filter(name__startswith="F").order_by("name")

    def counted() -> tuple[int, int]:
        with CaptureQueriesContext(connection) as caught:
            return count_of(found, NOW), sum("COUNT(*)" in query["sql"] for query in caught)

    assert [counted() for _ in range(2)] == [(1, 1), (1, 0)]
    elsewhere(lambda: Organisation.objects.create(name="Further"))
    assert [counted() for _ in range(2)] == [(2, 1), (2, 0)]
    assert count_of(Organisation.objects.filter(name__startswith="Fi"), NOW) == 1, "of another list it says nothing"
    assert count_of(Organisation.objects.none(), NOW) == 0


@on_real_connections
def test_the_count_of_a_list_takes_long_and_is_never_old_all_the_same(slow):
    OrganisationFactory()
    assert count_of(Organisation.objects.all(), NOW) == 1
    elsewhere(OrganisationFactory)
    assert count_of(Organisation.objects.all(), NOW) == 2


@on_real_connections
def test_the_count_of_a_list_is_not_kept_where_a_table_does_not_tell(quick):
    found = Organisation.objects.filter(Exists(Entry.objects.filter(object_id="1")))
    OrganisationFactory()
    assert count_of(found, NOW) == 0
    elsewhere(lambda: Entry.objects.create(at=NOW, actor="clock", verb="added", object_type="a.b", object_id="1"))
    assert count_of(found, NOW) == 1
    assert not keeping._here._rows


@on_real_connections
def test_mail_domains_are_counted_anew_when_somebody_has_another_address(client, quick):
    person = PersonFactory(email="lee@old.example.org")
    MessageFactory(person=person, address=None)
    client.force_login(PersonFactory(is_administrator=True))

    def domains() -> list[str]:
        found = client.get(reverse("messaging:message-list")).context["domains"]
        return [each.domain for each in found if "example.org" in each.domain]

    assert domains() == ["old.example.org"]
    elsewhere(lambda: Person.objects.filter(pk=person.pk).update(email="lee@new.example.org"))
    assert domains() == ["new.example.org"]


# --- what it is counted from


@pytest.mark.django_db
def test_every_table_that_is_counted_tells_at_once():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'tells_at_once' AND tgenabled = 'O'"
        )
        telling = {table for (table,) in cursor.fetchall()}
    counted = {model._meta.db_table for sources in Sources.every for model in sources.models}
    assert counted == telling
    names = ("0001_changes_are_told_at_once", "0002_so_are_those_of_the_overview", "0003_so_is_who_sees_whom")
    assert telling == {table for name in names for table in import_module(f"desk.migrations.{name}").TABLES}


@pytest.mark.django_db
def test_what_is_counted_is_known_to_be_read(time_machine):
    time_machine.move_to(NOW)
    plan = Plan()
    programme, stages = plan.programme, list(plan.programme.stages.all())
    plan.item(words="To all")
    a_session(programme)
    Programme.objects.filter(pk=programme.pk).update(every_area=False, every_profession=False)
    programme.refresh_from_db()
    counts = {
        reach.SOURCES: [
            lambda: reach.reach_of(programme, TODAY, with_names=True),
            lambda: reach.weeks_of(programme, TODAY, lambda key: True),
            lambda: figures_of(programme.sessions.all()),
        ],
        desk.overview._LIVE: [
            lambda: desk.overview.live(programme, NOW, can_ask=True),
            lambda: desk.overview.cover_matrix(desk.overview.dates_to_come([programme], NOW), TODAY, people=False),
        ],
        addressed.SOURCES: [lambda: addressed.addressed_of(programme, stages, TODAY)],
    }
    for sources, made in counts.items():
        for count in made:
            assert _tables_read(count) <= {model._meta.db_table for model in sources.models}
    own = {*reach.SOURCES.models, *addressed.SOURCES.models}
    assert {*desk.overview._SOURCES.models} == own


def _tables_read(count) -> set[str]:
    tables = {model._meta.db_table for model in apps.get_models(include_auto_created=True)}
    prepared, send = [], statements._send

    def sent(rows):
        prepared.extend(each for each, _ in rows if isinstance(each, statements.Prepared))
        return send(rows)

    with CaptureQueriesContext(connection) as caught, mock.patch.object(statements, "_send", sent):
        count()
    assert caught
    read = [each["sql"] for each in caught] + [each.preparing for each in prepared]  # executing names no table
    return {word for text in read for word in re.findall(r"\w+", text)} & tables
