from django.core.checks import Tags
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import DEFAULT_DB_ALIAS


class Command(BaseCommand):
    """What stands between new code and a server that can start, in one process because each costs a second."""

    help = "Bring the database and the static files up to date. Running it again changes nothing."

    def add_arguments(self, parser) -> None:
        who = parser.add_mutually_exclusive_group()
        who.add_argument("--demo", action="store_true", help="also run the command demo")
        who.add_argument("--administrator", metavar="EMAIL", help="also run the command add_administrator")

    def handle(self, *args, demo: bool, administrator: str | None, **options) -> None:
        self.check(tags=[Tags.database], databases=[DEFAULT_DB_ALIAS])
        call_command("migrate", interactive=False, verbosity=0)
        call_command("collectstatic", interactive=False, clear=False, verbosity=0)
        if demo:
            call_command("demo", stdout=self.stdout)
        if administrator:
            call_command("add_administrator", administrator, stdout=self.stdout)
