"""50,000 invitations are written in under 30 seconds with flat memory; a killed writer leaves nothing half done."""

import os
import signal
import subprocess
import sys
import time
import uuid
from datetime import time as clock
from datetime import timedelta

LIMIT = 600
PEOPLE = 50_000
BAR_SECONDS = 30.0
BAR_MEGABYTES = 30
HOW_OFTEN_KILLED = 3

WRITE = """
import sys, time
import django
django.setup()
from django.db import connection
from django.utils import timezone
from attendance.actions.invitations import write_round
from script.measured import memory_from_here
connection.ensure_connection()
taken = memory_from_here()
begun = time.monotonic()
print("begun", flush=True)
people = write_round(round_id=int(sys.argv[1]), now=timezone.now())
seconds = time.monotonic() - begun
print(people, seconds, taken(), flush=True)
"""


def main() -> str:
    """Write, kill while writing, write again, stop; returns the figures."""
    import django

    django.setup()
    _prepare_database()
    programme = _programme()
    first = _round(programme)
    killed = [_kill_while_writing(first, share) for share in range(1, HOW_OFTEN_KILLED + 1)]
    people, seconds, megabytes = _write(first)
    assert people == PEOPLE, f"{people} of {PEOPLE} were written"
    _nothing_is_missing(first)
    small = _write(_round(_programme_of(PEOPLE // 10)))[2]
    assert seconds < BAR_SECONDS, f"{seconds:.1f} s"
    assert megabytes < BAR_MEGABYTES, f"{megabytes:.0f} MB"
    stopping = _stop(first)
    return (
        f"{PEOPLE} invitations, links and messages in {seconds:.1f} s, {megabytes:.0f} MB above the start "
        f"({small:.0f} MB for a tenth); {len(killed)} writers killed after {', '.join(f'{s:.1f}' for s in killed)} s "
        f"left nothing; stopped again in {stopping:.1f} s"
    )


def _prepare_database() -> None:
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


def _programme():
    return _programme_of(PEOPLE)


def _programme_of(count: int):
    """Return a programme with ``count`` eligible people, made in bulk."""
    from django.utils import timezone

    from accounts.models import Person, sort_key
    from briefings.models import Partner, Programme, Room, Session, SessionState, Slot, Venue
    from organisations.models import Affiliation, Organisation, Profession

    now, mark = timezone.now(), uuid.uuid4().hex[:8]
    since = (now - timedelta(days=400)).date()
    organisation = Organisation.objects.create(name=f"Wren Valley NHS Trust {mark}")
    profession = Profession.objects.create(name=f"Health visitor {mark}")
    programme = Programme.objects.create(
        name="One Family Plan", slug=f"plan-{mark}", code="WV", every_area=True, every_profession=True
    )
    Partner.objects.create(programme=programme, organisation=organisation, since=since)
    room = Room.objects.create(venue=Venue.objects.create(name=f"Library {mark}"), name="Hall", capacity=200)
    Session.objects.create(
        programme=programme, state=SessionState.OPEN, date=(now + timedelta(days=60)).date(), slot=Slot.MORNING,
        starts=clock(9, 30), ends=clock(12, 30), room=room, capacity=200,
    )  # fmt: skip
    names = (f"Amina Samplewood {mark} {number}" for number in range(count))
    people = Person.objects.bulk_create(
        (
            Person(name=name, sort_name=sort_key(name), email=f"{mark}.{number}@example.org", password="!")  # noqa: S106
            for number, name in enumerate(names)
        ),
        batch_size=5_000,
    )
    Affiliation.objects.bulk_create(
        (
            Affiliation(person=person, organisation=organisation, profession=profession, since=since)
            for person in people
        ),
        batch_size=5_000,
    )
    return programme


def _round(programme):
    from django.utils import timezone

    from attendance.actions.invitations import start_round
    from attendance.queries.invitations import InvitationChoice

    return start_round(
        programme=programme, choice=InvitationChoice(), subject="Choose your session", introduction="",
        press=uuid.uuid4(), by=_somebody(), now=timezone.now(),
    )  # fmt: skip


def _somebody():
    from accounts.models import Person

    return Person.objects.order_by("pk").first()


def _writer(made) -> subprocess.Popen:
    process = subprocess.Popen(
        [sys.executable, "-c", WRITE, str(made.pk)], stdout=subprocess.PIPE, text=True, env=dict(os.environ)
    )
    assert process.stdout.readline().strip() == "begun"
    return process


def _write(made) -> tuple[int, float, float]:
    """Write ``made`` in a process of its own. Returns people, seconds and megabytes above the start."""
    said, _ = _writer(made).communicate(timeout=LIMIT / 2)
    people, seconds, megabytes = said.split()
    return int(people), float(seconds), float(megabytes)


def _kill_while_writing(made, share: int) -> float:
    """Kill a writer with SIGKILL while it writes. Returns after how many seconds; nothing may be left of it."""
    from attendance.models import Invitation, RoundState
    from messaging.models import Message

    process, begun = _writer(made), time.monotonic()
    time.sleep(share * 1.5)
    # The control: it had not finished, so there was something to leave half done.
    assert process.poll() is None, "the writer was done before it could be killed"
    process.send_signal(signal.SIGKILL)
    process.wait()
    after = time.monotonic() - begun
    made.refresh_from_db()
    left = Invitation.objects.filter(round=made).count(), Message.objects.filter(**_mails_of(made)).count()
    assert (made.state, left) == (RoundState.WRITING, (0, 0)), f"{made.state}, {left} rows were left"
    return after


def _nothing_is_missing(made) -> None:
    from accounts.models import PersonalLink
    from attendance.models import Invitation
    from messaging.models import Message

    invitations = Invitation.objects.filter(round=made, link__isnull=False)
    links = PersonalLink.objects.filter(invitation__round=made)
    found = invitations.count(), links.count(), Message.objects.filter(**_mails_of(made)).count()
    assert found == (PEOPLE, PEOPLE, PEOPLE), f"invitations, links, messages: {found}"


def _mails_of(made) -> dict[str, str]:
    return {"key__startswith": f"attendance.round:{made.pk}:"}


def _stop(made) -> float:
    """Stop the round; every invitation is taken back. Returns the seconds."""
    from django.utils import timezone

    from attendance.actions.invitations import stop_round
    from attendance.models import Invitation
    from messaging.models import Message

    begun = time.monotonic()
    stop_round(round=made, by=_somebody(), now=timezone.now())
    seconds = time.monotonic() - begun
    assert Invitation.objects.filter(programme=made.programme_id).count() == 0
    assert Message.objects.filter(about=f"briefings.programme:{made.programme_id}", state="planned").count() == 0
    return seconds
