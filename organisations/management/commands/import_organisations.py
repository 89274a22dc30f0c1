from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from history.actions import CLOCK, record
from organisations.imports import key_of_name, plain
from organisations.models import MailDomain, Organisation, OrganisationKind
from organisations.spreadsheets import UnreadableFile, read_rows

NAMES = ("name", "organisation", "organization")
KINDS = {label.casefold(): value for value, label in OrganisationKind.choices} | {
    value: value for value in OrganisationKind.values
}


class Command(BaseCommand):
    """Organisations from a list: name, kind, mail domains."""

    help = (
        "Import organisations (CSV or XLSX) with the columns name, and if there are kind and domains (several with "
        "semicolons between). Nothing is removed; a second run of the same file changes nothing."
    )

    def add_arguments(self, parser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--dry-run", action="store_true", help="show what would happen and write nothing")

    def handle(self, *args, file: Path, dry_run: bool, **options) -> None:
        if not file.is_file():
            raise CommandError(f"There is no file {file}.")
        try:
            with transaction.atomic():
                counts = self._import(file)
                transaction.set_rollback(dry_run)
        except UnreadableFile as refusal:
            raise CommandError(f"{file.name} could not be read. {refusal}") from refusal
        self.stdout.write(", ".join(f"{count} {what}" for what, count in counts.items()))
        if dry_run:
            self.stdout.write("This was a dry run: nothing was written.")

    def _import(self, file: Path) -> dict[str, int]:
        counts = {"new": 0, "changed": 0, "as they were": 0, "rejected": 0}
        rows = read_rows(file)
        first = next(rows)
        head = [plain(cell).casefold() for cell in first.cells]
        name = next((head.index(each) for each in NAMES if each in head), None)
        if name is None:
            raise CommandError(f"{file.name} has no column “name”. Its heads are: {', '.join(head)}.")
        known = {key_of_name(each.name): each for each in Organisation.objects.all()}
        for row in rows:
            cells = dict(zip(head, map(plain, row.cells), strict=False))
            problem = row.problem or self._one(plain(row.cells[name]), cells, known, counts)
            if problem:
                counts["rejected"] += 1
                self.stdout.write(f"  line {row.line}: {problem}")
        return counts

    def _one(self, name: str, cells: dict[str, str], known: dict[str, Organisation], counts: dict[str, int]) -> str:
        """Take one row; return why it cannot be used, or ""."""
        kind = KINDS.get(cells.get("kind", "").casefold(), "" if cells.get("kind") else OrganisationKind.OTHER)
        domains = {part.strip().lower().lstrip("@") for part in cells.get("domains", "").split(";") if part.strip()}
        if not name or len(name) > 300:
            return "There is no name." if not name else "The name has more than 300 characters."
        if not kind:
            return (
                f"“{cells['kind'][:40]}” is no kind of organisation. Use one of: {', '.join(OrganisationKind.labels)}."
            )
        if wrong := [domain for domain in domains if "." not in domain or len(domain) > 253 or " " in domain]:
            return f"“{wrong[0][:80]}” is not a mail domain, as in example.org."
        own = known.get(key_of_name(name))
        is_new, is_changed = own is None, False
        if own is None:
            own = known[key_of_name(name)] = Organisation.objects.create(name=name, kind=kind)
        elif cells.get("kind") and own.kind != kind:
            own.kind, is_changed = kind, True
            own.save(update_fields=["kind"])
        for domain in sorted(domains):
            is_changed |= MailDomain.objects.get_or_create(organisation=own, domain=domain)[1]
        counts["new" if is_new else "changed" if is_changed else "as they were"] += 1
        if is_new or is_changed:
            record(by=CLOCK, verb="added" if is_new else "changed", about=own, now=timezone.now())
        return ""
