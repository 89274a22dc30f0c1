import sys

from django.core.management.base import BaseCommand

from commitments.queries.endorsements import verified


class Command(BaseCommand):
    """Looks through the chain of endorsements of every programme. Reads only."""

    help = (
        "Check every endorsement: that nothing was edited, taken out, put between or put in another order, and that "
        "the words are those that were signed. Changes nothing. Exit status 0 where all is well, 2 with each finding. "
        "Compare the hash of each chain with one you have from an e-mail or a printed page."
    )

    def handle(self, *args, **options) -> None:
        broken = 0
        for programme, length, head, found in verified():
            self.stdout.write(f"{'WRONG' if found else 'true '}  {programme.slug}: {length} endorsements, {head}")
            for line in found:
                self.stdout.write(f"         {line}")
            broken += bool(found)
        if broken:
            self.stdout.write(f"{broken} chain{'s are' if broken > 1 else ' is'} broken.")
            sys.exit(2)
        self.stdout.write("Every chain is true.")
