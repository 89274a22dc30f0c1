from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.models import Person
from commitments.actions.endorsements import forget_names
from history.actions import CLOCK


class Command(BaseCommand):
    """Deletes the name of somebody beside what they signed."""

    help = (
        "Delete the name of a person beside every endorsement that they signed. What was signed for which organisation "
        "stays, and the chain stays true. This cannot be undone."
    )

    def add_arguments(self, parser) -> None:
        parser.add_argument("email", help="the e-mail address of who is to be forgotten")

    def handle(self, *args, **options) -> None:
        person = Person.objects.filter(email__iexact=options["email"]).first()
        if person is None:
            raise CommandError("Nobody has this e-mail address.")
        count = forget_names(person=person, by=CLOCK, now=timezone.now())
        self.stdout.write(f"The name was deleted beside {count} endorsement{'' if count == 1 else 's'}.")
