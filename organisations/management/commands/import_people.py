from pathlib import Path

from django.core.files.base import File
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from history.actions import CLOCK
from history.refusals import Refused
from organisations.actions import imports
from organisations.models import ImportState, NameKind, RowFate, StaffListImport

MOST_REJECTED = 1_000


class Command(BaseCommand):
    """The same reading and writing as the pages of staff lists, for a terminal."""

    help = (
        "Import a staff list (CSV or XLSX). Names that nobody knows are listed and nothing is written, unless "
        "--make-new makes them or --skip-unknown leaves their rows out. A second run of the same file changes nothing."
    )

    def add_arguments(self, parser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--dry-run", action="store_true", help="show what would happen and write nothing")
        unknown = parser.add_mutually_exclusive_group()
        unknown.add_argument("--make-new", action="store_true", help="make organisations, professions, areas not known")
        unknown.add_argument("--skip-unknown", action="store_true", help="leave out rows with a name not known")

    def handle(self, *args, file: Path, dry_run: bool, make_new: bool, skip_unknown: bool, **options) -> None:
        now, today = timezone.now(), timezone.localdate()
        staff_list = self._read(file, now, today)
        try:
            self._decide(staff_list, make_new, skip_unknown, dry_run, now, today)
            staff_list.refresh_from_db()
            self._say(staff_list)
            self._finish(staff_list, dry_run, now, today)
        except Refused as refusal:
            raise CommandError(refusal.sentence) from refusal

    def _read(self, file: Path, now, today) -> StaffListImport:
        if not file.is_file():
            raise CommandError(f"There is no file {file}.")
        with file.open("rb") as content:
            try:
                staff_list = imports.upload(
                    content=File(content, file.name), name=file.name, organisation=None, by=None, now=now
                )
            except Refused as refusal:
                raise CommandError(refusal.sentence) from refusal
        imports.read(staff_list=staff_list, today=today, now=now)
        if staff_list.state == ImportState.FAILED:
            raise CommandError(f"{file.name} could not be read. {staff_list.problem}")
        return staff_list

    def _decide(self, staff_list: StaffListImport, make_new: bool, skip: bool, dry_run: bool, now, today) -> None:
        unknown = imports.unknown_names(staff_list)
        for name in unknown:
            label = NameKind(name.kind).label.lower()
            self.stdout.write(f"Unknown {label}: “{name.words}” in {name.rows} rows")
        if not unknown or dry_run:
            return
        if not (make_new or skip):
            imports.drop(staff_list=staff_list, by=CLOCK, now=now)
            raise CommandError("Nothing was written. Decide on the pages, or use --make-new or --skip-unknown.")
        choice = imports.NEW if make_new else imports.SKIP
        imports.decide_names(
            staff_list=staff_list,
            choices=[(name.kind, name.words, choice) for name in unknown],
            by=CLOCK,
            now=now,
            today=today,
        )

    def _say(self, staff_list: StaffListImport) -> None:
        figures = imports.figures_of(staff_list)
        for fate in RowFate:
            if figures[fate]:
                label = "Waiting for a decision on a name" if fate == RowFate.UNSETTLED else fate.label
                self.stdout.write(f"{figures[fate]:>8,} {label}")
        told = staff_list.rows.filter(fate__in=(RowFate.REJECTED, RowFate.DUPLICATE)).order_by("line")
        for row in told[:MOST_REJECTED]:
            self.stdout.write(f"  line {row.line}: {row.problem}")
        if told.count() > MOST_REJECTED:
            self.stdout.write(f"  and {told.count() - MOST_REJECTED:,} more: see the page of this staff list")

    def _finish(self, staff_list: StaffListImport, dry_run: bool, now, today) -> None:
        if dry_run:
            imports.drop(staff_list=staff_list, by=CLOCK, now=now)
            self.stdout.write("This was a dry run: nothing was written.")
            return
        try:
            imports.confirm(staff_list=staff_list, by=CLOCK, now=now)
        except imports.NothingToWrite:
            imports.drop(staff_list=staff_list, by=CLOCK, now=now)
            self.stdout.write("Everything is as it was: nothing was written.")
            return
        imports.write(staff_list=staff_list, today=today, now=now)
        self.stdout.write("Written.")
