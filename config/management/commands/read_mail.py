import sys
from argparse import ArgumentParser
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from attendance.actions.answers import take_answers
from messaging.incoming import MOST_BYTES
from messaging.receiving import read_mailbox, receive


class Command(BaseCommand):
    help = (
        "Takes mails that came: answers from calendars, and reports that a mail of ours came back. FILE is one mail "
        "as it arrived (default: standard input, for the pipe of a mail server). What concerns nobody changes nothing, "
        "the same mail twice is taken once. Exit status 0, or 1 where a file cannot be read."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="*", metavar="FILE", help="one mail; - or nothing: standard input")
        parser.add_argument("--mailbox", action="store_true", help="read the mailbox of INBOUND_URL instead")

    def handle(self, *args, **options) -> None:
        now = timezone.now()
        if options["mailbox"]:
            self.stdout.write(f"{read_mailbox(now=now)} mails concerned us.")
        for name in [] if options["mailbox"] else options["files"] or ["-"]:
            row = receive(raw=_content(name), now=now)
            self.stdout.write(f"{name}: {row.get_kind_display() if row else 'Nothing that concerns us'}.")
        self.stdout.write(f"{take_answers(now=now)} answers taken.")


def _content(name: str) -> bytes:
    if name == "-":
        return sys.stdin.buffer.read(MOST_BYTES + 1)
    try:
        with Path(name).open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except OSError as error:
        raise CommandError(f"{name} cannot be read: {error.strerror}.") from error
