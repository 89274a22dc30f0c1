import sys

from django.core.management.base import BaseCommand

from attendance.invariants import findings


class Command(BaseCommand):
    """Counts again what must never be wrong. Reads only; safe while people book."""

    help = (
        "Count again what must never be wrong: capacity, one place per person, clashes, waiting order, message keys, "
        "owners and dates of questions, promises and actions. "
        "Changes nothing. Exit status 0 where all is well, 2 with each finding."
    )

    def handle(self, *args, **options) -> None:
        broken = 0
        for check, found in findings():
            self.stdout.write(f"{'WRONG' if found else 'kept '}  {check.promise}")
            for line in found:
                self.stdout.write(f"         {line}")
            broken += bool(found)
        if broken:
            self.stdout.write(f"{broken} promises are broken.")
            sys.exit(2)
        self.stdout.write("Everything is kept.")
