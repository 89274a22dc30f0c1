from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.models import Person
from config.demo.mass import FEWEST, MOST, make_many
from config.demo.story import tell_story, who_can_sign_in


class Command(BaseCommand):
    """Fills an empty database with an invented county, and says who to sign in as."""

    help = (
        "Load demo data into an empty database; where there are people already, change nothing. Says who can sign in."
    )

    def add_arguments(self, parser) -> None:
        parser.add_argument(
            "--people", type=int, metavar="N", help="instead of the county, N people with three places each, in bulk"
        )
        parser.add_argument("--seed", type=int, default=1, help="another number draws other people and dates")

    def handle(self, *args, seed: int, people: int | None, **options) -> None:
        if settings.PRODUCTION:
            self.stderr.write("This is a production installation: no demo data.")
            return
        if people is not None:
            self._make_many(people, seed)
            return
        if not Person.objects.exists():
            tell_story(now=timezone.now(), seed=seed)
        self._say_who()

    def _make_many(self, people: int, seed: int) -> None:
        if not FEWEST <= people <= MOST:
            raise CommandError(f"Say a number of people from {FEWEST} to {MOST}.")
        if Person.objects.exists():
            raise CommandError("The database has people of its own: nothing was added. Use an empty one.")
        make_many(people=people, seed=seed, now=timezone.now(), tell=self.stdout.write)

    def _say_who(self) -> None:
        known = who_can_sign_in()
        self.stdout.write(f"Briefing Hub is at {settings.SITE_URL}/")
        if not known:
            self.stdout.write("The database has people of its own: nothing was added.")
            return
        self.stdout.write(f"Sign in at {settings.SITE_URL}/sign-in/ as one of these invented people:")
        for one in known:
            self.stdout.write(f"  {one.person.email:<40} {one.person.name}, {one.part}")
        if not settings.EMAIL_URL:
            self.stdout.write(f"The code that you are asked for arrives at {settings.SITE_URL}/mailbox/")
