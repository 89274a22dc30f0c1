"""Tell the whole story into an empty database, and say who can sign in to look at it."""

from dataclasses import dataclass
from datetime import datetime
from random import Random

from django.db import connection, transaction

from accounts.models import Person
from config.demo.agreements import AgreementsOfPilot
from config.demo.answers import Answers
from config.demo.bookings import Bookings
from config.demo.clock import ZONE, Calendar
from config.demo.county import CAST, County, make_county
from config.demo.guidance import GuidanceOfPilot
from config.demo.live import LiveQuestions
from config.demo.online import OnlineDay
from config.demo.pilot import BEGINS, Pilot
from config.demo.posts import Posts
from config.demo.promises import Promises
from config.demo.replies import Replies
from config.demo.share import BilateralShare
from config.demo.stages import Stages
from config.demo.workshops import Workshops


@transaction.atomic
def tell_story(*, now: datetime, seed: int = 1) -> County:
    """Fill an empty database with the county and its pilot, as it stands at ``now`` (aware). All of it or nothing.

    The same seed and day give the same people, sessions and events; keys, references and links are secret by nature
    and differ.
    """
    random = Random(seed)  # noqa: S311 (chance, no secret)
    calendar = Calendar(now.astimezone(ZONE).date(), now)
    begins = calendar.moment(calendar.day(BEGINS), 8)
    county = make_county(random, begins)
    pilot = Pilot(county, calendar)
    for part in (
        pilot,
        Stages(county, calendar, pilot),
        Bookings(county, calendar, pilot, random),
        Promises(county, calendar, pilot),
        LiveQuestions(county, calendar, pilot),
        AgreementsOfPilot(county, calendar, pilot),
        GuidanceOfPilot(county, calendar, pilot),
    ):
        part.plan()
    BilateralShare(county, calendar).plan()
    Posts(county, calendar, pilot).plan()
    workshops = Workshops(county, calendar, pilot, Random(seed))  # noqa: S311 (chance, no secret)
    workshops.plan()
    Answers(county, calendar, pilot, workshops, Random(seed)).plan()  # noqa: S311 (chance, no secret)
    OnlineDay(county, calendar, pilot).plan()
    replies = Replies(calendar, pilot)
    replies.plan()
    calendar.tell()
    replies.bounce(calendar.moment(calendar.today, 8.9))
    _made_when_it_began(begins)
    return county


def _made_when_it_began(begins: datetime) -> None:
    """Set back what the database stamps itself: nobody joined today."""
    with connection.cursor() as cursor:
        for table in ("accounts_person", "briefings_programme", "briefings_session"):
            cursor.execute(f"UPDATE {table} SET created_at = %s", [begins])  # noqa: S608 (fixed names)


@dataclass(frozen=True)
class SignIn:
    """Somebody of the story to sign in as, with what they are in words."""

    person: Person
    part: str


_PARTS = {
    "administrator": "administrator",
    "coordinator": "coordinator of One Family Plan",
    "facilitator": "presenter and facilitator, with a session today",
    "lead": "lead of Wren Valley NHS Trust",
    "board": "programme board",
    "governance": "information governance officer",
    "author": "author of the series of posts",
    "practitioner": "practitioner with a place",
}


def who_can_sign_in() -> list[SignIn]:
    """Return whom to sign in as, one for each part; [] where the database has another story."""
    names = {CAST[key][0]: part for key, part in _PARTS.items()}
    found = {person.name: person for person in Person.objects.filter(name__in=names, email__endswith="@example.org")}
    known = [SignIn(found[name], part) for name, part in names.items() if name in found]
    senior = _senior() if known else None
    if senior:
        known.insert(3, SignIn(senior, "senior manager, Wrenshire County Council"))
    return known


def _senior() -> Person | None:
    return (
        Person.objects.filter(mandates__job_title="Director of Children’s Services", mandates__until=None)
        .order_by("pk")
        .first()
    )
