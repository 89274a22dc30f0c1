from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone

from accounts.models import Person
from history.actions import CLOCK, record


class Command(BaseCommand):
    """Makes the first administrator, or makes somebody one who is known already."""

    help = "Make EMAIL an administrator of this installation. Running it again changes nothing."

    def add_arguments(self, parser) -> None:
        parser.add_argument("email", metavar="EMAIL")
        parser.add_argument("--name", default="", help="full name; default: the address")

    def handle(self, *args, email: str, name: str, **options) -> None:
        try:
            validate_email(email)
        except ValidationError:
            raise CommandError(f"{email!r} is not an e-mail address, as in name@example.org.") from None
        person, changed = _make_administrator(email=email, name=name or email)
        self.stdout.write(f"{person.email} is an administrator." if changed else f"{person.email} was one already.")
        self.stdout.write(f"Sign in at {settings.SITE_URL}/sign-in/")
        if not settings.PRODUCTION and not settings.EMAIL_URL:
            self.stdout.write(f"The code that you are asked for arrives at {settings.SITE_URL}/mailbox/")


@transaction.atomic
def _make_administrator(*, email: str, name: str) -> tuple[Person, bool]:
    """Return the person with this address as an administrator, and whether anything changed."""
    address = Person.objects.clean_email(email)
    person = Person.objects.select_for_update(no_key=True).filter(email=address).first()
    if person is not None and person.is_administrator and person.is_active:
        return person, False
    if person is None:
        person = Person.objects.create_person(name=name, email=address, is_administrator=True)
    person.is_administrator = person.is_active = True
    person.save(update_fields=["is_administrator", "is_active"])
    record(by=CLOCK, verb="made administrator", about=person, now=timezone.now(), reason="command line")
    return person, True
