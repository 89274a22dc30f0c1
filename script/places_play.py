"""One play of the crowd on the running product, staged, played and checked."""

import contextlib
import os
import random
import signal
import time
from datetime import date, timedelta
from datetime import time as clock
from pathlib import Path

from django.db import connection
from django.utils import timezone

from accounts.links import LinkRow, make_links
from accounts.models import Person
from attendance.actions import places as actions
from attendance.actions.reminders import promote_all
from attendance.invariants import findings
from attendance.models import BookingRules, Invitation, Place
from briefings.models import PlacesRule
from history.actions import CLOCK
from script import places_log
from script.measured import cookies_of
from script.places_checker import Checker, Hall, Press, Stage
from script.places_crowd import TOKEN, Names, Player, Reader, at_play, over_http
from tests.attendance.places import a_session
from tests.briefings.factories import AppointmentFactory, PartnerFactory, ProgrammeFactory
from tests.organisations.factories import AffiliationFactory, OrganisationFactory, PersonFactory, ProfessionFactory

EVERYBODY = 194
"""How many people make 20 to 30 seats in each session scarce; fewer have fewer seats."""

OFFERED = timedelta(hours=1)
"""How long somebody may think about an offer: the shortest time that a programme can set."""


def play(port: int, names: Names, stage: Stage, reader: Reader, seed: int, seconds: float) -> Checker:
    """Let everybody press for ``seconds``; a worker is killed and a session cancelled meanwhile. Return the check."""
    places_log.clear()
    ask = over_http(port)
    players = [Player(names, reader, ask, person, random.Random(f"{seed}:{person}")) for person in names.people] + [
        Player(names, reader, ask, person, random.Random(f"{seed}:{person}"), {**cookies, "csrf": TOKEN})
        for person, cookies in names.coordinators
    ]
    staff = players[-1]
    doomed = names.sessions[-1 - seed % len(names.sessions)]
    promoting = [(share * seconds, lambda: promote_all(now=timezone.now())) for share in (0.2, 0.4, 0.8)]
    lapsing = [(number / 4 * seconds, lambda hours=number: lapse(names.sessions, hours)) for number in (1, 2, 3)]
    at_play(
        players,
        seconds,
        (0.5 * seconds, lambda: _kill_a_worker(port)),
        (0.6 * seconds, lambda: staff.cancel(doomed)),
        *promoting,
        *lapsing,
    )
    _until_quiet()
    while promote_all(now=timezone.now()):
        pass
    checker = checked(stage, [press for player in players for press in player.presses])
    odd = [each for player in players for each in player.odd]
    breaches = odd + checker.breaches + checker.waiting_in_vain() + _otherwise_in_the_database(checker)
    assert not breaches, f"seed {seed}:\n" + "\n".join(breaches[:20])
    return checker


def lapse(sessions: list[int], hours: int) -> int:
    """End the open offers of ``sessions`` as the clock does, ``hours`` and some minutes from now; return how many."""
    now = timezone.now() + hours * (OFFERED + timedelta(minutes=1))
    due = Place.objects.filter(session__in=sessions, state="offered", offered_until__lte=now).select_related("session")
    return sum(actions.lapse_offer(place=place, by=CLOCK, now=now) for place in due.order_by("offered_until", "pk"))


def _until_quiet() -> None:
    """Wait until the server has done what it was sent, also for clients who have gone: nothing is written any more."""
    quiet, count = 0, -1
    while quiet < 8:
        time.sleep(0.25)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state <> 'idle'"
                " AND pid <> pg_backend_pid()), (SELECT count(*) FROM proof_log)"
            )
            busy, written = cursor.fetchone()
        quiet, count = (quiet + 1 if not busy and written == count else 0), written


def checked(stage: Stage, presses: list[Press]) -> Checker:
    checker = Checker(stage, presses, places_log.read())
    checker.check()
    return checker


def _otherwise_in_the_database(checker: Checker) -> list[str]:
    """Return where the rows that stand there now are not those of the log, and what the audit command would find."""
    now = dict(Place.objects.filter(session__in=checker.stage.halls).values_list("pk", "state"))
    said = {pk: place["state"] for pk, place in checker.places.items()}
    wrong = [f"place {pk}: {now.get(pk)}, the log says {said.get(pk)}" for pk in now | said if now.get(pk) != said[pk]]
    return wrong + [f"{check.promise}: {each}" for check, found in findings() for each in found]


def _kill_a_worker(port: int) -> None:
    """Kill one process of the server in the middle of what it does; its master starts another."""
    bind = f"127.0.0.1:{port}".encode()
    parents = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if bind in (folder / "cmdline").read_bytes() and int(folder.name) != os.getpid():
                parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
    # Not the youngest by its number: numbers begin again, and then that is the master.
    os.kill(max(parents.keys() - set(parents.values())), signal.SIGKILL)


def make_people(number: int) -> list[tuple[int, int, str]]:
    """Return practitioners of three organisations: id, organisation, e-mail."""
    homes = [OrganisationFactory() for _ in range(3)]
    profession = ProfessionFactory()
    ties = [AffiliationFactory(organisation=homes[each % 3], profession=profession) for each in range(number)]
    return [(tie.person_id, tie.organisation_id, tie.person.email) for tie in ties]


def make_coordinators(number: int) -> list:
    return [PersonFactory() for _ in range(number)]


def set_stage(
    people: list[tuple[int, int, str]], coordinators: list, seed: int, *, capacities=None, one=None, offers=None
):
    """Return the names and the halls of a new programme with open sessions, two of them at the same time.

    Every second seed allows one place in the whole programme. In two of four the two sessions at the same time are
    past their cut-off: what is freed there is offered.
    """
    now, chance = timezone.now(), random.Random(seed)
    one = seed % 2 == 1 if one is None else one
    offers = seed % 4 < 2 if offers is None else offers
    rule = PlacesRule.ONE if one else PlacesRule.UNLIMITED
    programme = ProgrammeFactory(slug=f"history-{time.monotonic_ns()}", places_rule=rule)
    organisations = sorted({organisation for _, organisation, _ in people})
    for organisation in organisations:
        PartnerFactory(programme=programme, organisation_id=organisation)
    for person in coordinators:
        AppointmentFactory(programme=programme, person=person)
    first = timezone.localdate() + timedelta(days=20 + 6 * seed)
    days: list[date] = [first, first, *(first + timedelta(days=3) for _ in range(2)), first + timedelta(days=4)]
    if offers:  # the others stay before theirs, also by the clock that ends offers some hours from now
        BookingRules.objects.create(programme=programme, offer_days=20 + 6 * seed + 1, offer_hours=1)
    hours = [(clock(9, 30), clock(12, 30)), (clock(11), clock(14)), *[(clock(9, 30), clock(12, 30))] * 2]
    hours.append((clock(13, 30), clock(16, 30)))
    capacities = capacities or [round(chance.randint(20, 30) * len(people) / EVERYBODY) for _ in days]
    sessions = [
        a_session(
            programme,
            capacity=capacity,
            date=day,
            starts=starts,
            ends=ends,
            room=None,
            online_link="https://x.example.org/",
        )
        for capacity, day, (starts, ends) in zip(capacities, days, hours, strict=False)
    ]
    made = Invitation.objects.bulk_create(
        Invitation(programme=programme, person_id=person, invited_at=now) for person, _, _ in people
    )
    known = Person.objects.in_bulk([person for person, _, _ in people])
    links = make_links(
        (LinkRow("invitation", known[each.person_id], each, now + timedelta(days=9)) for each in made), now
    )
    for each, link in zip(made, links, strict=True):
        each.link = link
    Invitation.objects.bulk_update(made, ["link"])
    names = Names(
        programme=programme.pk,
        slug=programme.slug,
        sessions=[session.pk for session in sessions],
        people={person: (organisation, email) for person, organisation, email in people},
        invitations={each.person_id: each.link for each in made},
        coordinators=[(person.pk, cookies_of(person)) for person in coordinators],
        organisations=organisations,
    )
    halls = {
        each.pk: Hall(each.capacity, each.reserved, each.during.lower, each.during.upper, offers and each.date == first)
        for each in sessions
    }
    return names, Stage(halls, one)
