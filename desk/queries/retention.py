"""What is kept of people and until when."""

from dataclasses import dataclass, field

from django.apps import apps


@dataclass
class RetentionLine:
    """What goes at the same time, for the privacy notice."""

    until: str
    records: list[str] = field(default_factory=list)


def retention_lines() -> list[RetentionLine]:
    """Return what is kept of people and until when, as the models declare it, the records of one end together."""
    lines: dict[str, RetentionLine] = {}
    for model in apps.get_models():
        retention = getattr(model, "retention", None)
        if retention and retention.personal:
            line = lines.setdefault(retention.until, RetentionLine(retention.until))
            line.records.append(str(model._meta.verbose_name_plural))
    return sorted(lines.values(), key=lambda line: (-len(line.records), line.until))
