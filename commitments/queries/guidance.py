"""Guidance as pages show it: who reads what, what a version says, what is different since, who has read it."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery

from attendance.models import CAME, Attendance
from briefings.models import Programme
from commitments.differences import ADDED, REMOVED, SAME, Piece, compare
from commitments.models import CommentState, Guidance, GuidanceSection, GuidanceVersion, SectionComment
from messaging.markdown import to_text


def sections_of(guidance: Guidance) -> QuerySet[GuidanceSection]:
    """Return the sections of the draft in their order; those that were taken out are not among them."""
    return guidance.sections.filter(removed_at__isnull=True).order_by("position", "pk")


def unanswered_of(guidance: Guidance) -> QuerySet[SectionComment]:
    """Return the comments on ``guidance`` that nobody has answered, those on sections taken out among them."""
    return SectionComment.objects.filter(section__guidance=guidance, state=CommentState.OPEN)


def newest_of(guidance: Guidance) -> GuidanceVersion | None:
    """Return the newest version; None where nothing was published yet."""
    return guidance.versions.order_by("-number").first()


def with_figures(found: QuerySet[Guidance]) -> QuerySet[Guidance]:
    """Return ``found`` with what lists show: ``newest`` number and ``published_at``, ``unanswered`` comments."""
    versions = GuidanceVersion.objects.filter(guidance=OuterRef("pk")).order_by("-number")
    return found.annotate(
        newest=Subquery(versions.values("number")[:1]),
        newest_title=Subquery(versions.values("title")[:1]),
        published_at=Subquery(versions.values("published_at")[:1]),
        unanswered=Count("sections__comments", filter=Q(sections__comments__state=CommentState.OPEN)),
    )


def published_in(programme: Programme) -> QuerySet[Guidance]:
    """Return the guidance of ``programme`` that has a version and was not taken back, with its figures."""
    there = Exists(GuidanceVersion.objects.filter(guidance=OuterRef("pk")))
    return with_figures(programme.guidance.filter(there, ended_at__isnull=True)).order_by("title", "pk")


def in_force(guidance: Guidance, moment: datetime) -> GuidanceVersion | None:
    """Return the version that was the newest at ``moment``; None where there was none yet."""
    return guidance.versions.filter(published_at__lte=moment).order_by("-number").first()


def briefed_at(person: Any, programme: Programme) -> datetime | None:
    """Return the end of the last session of ``programme`` that ``person`` came to; None who came to none."""
    if not getattr(person, "is_authenticated", False):
        return None
    came = Attendance.objects.filter(person=person.pk, session__programme=programme, outcome__in=CAME)
    last = came.select_related("session").order_by("-session__during").first()
    return last.session.during.upper if last else None


def seal_of(guidance: Guidance, sections: Iterable[GuidanceSection]) -> str:
    """Return a mark of every word of the draft: other words have another mark."""
    rows = [[each.pk, each.title, each.words] for each in sections]
    return hashlib.sha256(json.dumps([guidance.title, rows]).encode()).hexdigest()


def said_by(sections: Iterable[GuidanceSection]) -> list[dict[str, Any]]:
    """Return ``sections`` as a version keeps them."""
    return [{"section": each.pk, "title": each.title, "words": each.words} for each in sections]


@dataclass(frozen=True)
class SectionChange:
    """What became of one section between two versions: ``kind`` is added, removed, changed or same."""

    kind: str
    title: list[Piece] = field(default_factory=list)
    words: list[Piece] = field(default_factory=list)
    is_moved: bool = False

    @property
    def heading(self) -> str:
        """Return its title, the later one where it has two."""
        later = "".join(piece.words for piece in self.title if piece.kind != REMOVED)
        return later or "".join(piece.words for piece in self.title)


CHANGED = "changed"


def changes_between(before: GuidanceVersion | None, after: GuidanceVersion) -> list[SectionChange]:
    """Return every section of either version: those of ``after`` in their order, then what was taken out.

    The words are compared as they are read, without the signs of Markdown.
    """
    old = {each["section"]: each for each in (before.sections if before else [])}
    kept = [each["section"] for each in after.sections if each["section"] in old]
    order = [number for number in old if number in set(kept)]
    rows = [
        _change(old.pop(each["section"], None), each, is_moved=_is_moved(each["section"], kept, order))
        for each in after.sections
    ]
    return rows + [_change(each, None) for each in old.values()]


def _is_moved(number: int, kept: list[int], order: list[int]) -> bool:
    return number in kept and kept.index(number) != order.index(number)


def _change(old: dict[str, Any] | None, new: dict[str, Any] | None, *, is_moved: bool = False) -> SectionChange:
    if old is None or new is None:
        one, kind = (new, ADDED) if old is None else (old, REMOVED)
        return SectionChange(kind, [Piece(kind, one["title"])], [Piece(kind, to_text(one["words"]))])
    title = compare(old["title"], new["title"])
    words = compare(to_text(old["words"]), to_text(new["words"]))
    # Other signs around the same words are another look, not another sense: the version is told as changed all the
    # same, so that nobody is told that nothing is new where something is.
    is_same = old["title"] == new["title"] and old["words"] == new["words"]
    return SectionChange(SAME if is_same else CHANGED, title, words, is_moved)


def is_anything_new(changes: Iterable[SectionChange]) -> bool:
    """Return whether ``changes`` hold more than sections that stayed as they were."""
    return any(each.kind != SAME or each.is_moved for each in changes)


def acknowledged_in(version: GuidanceVersion) -> list[dict[str, Any]]:
    """Return by organisation how many people who came to its programme have read ``version``; by name.

    Each row has ``name``, ``read`` and ``came``.
    """
    programme = version.guidance.programme
    came = dict(
        Attendance.objects.filter(session__programme=programme, outcome__in=CAME, person__isnull=False)
        .values_list("organisation__name")
        .annotate(number=Count("person", distinct=True))
        .order_by()
    )
    read = dict(version.acknowledgements.values_list("organisation__name").annotate(number=Count("pk")).order_by())
    return [
        {"name": name, "read": read.get(name, 0), "came": came.get(name, 0)}
        for name in sorted(came.keys() | read.keys())
    ]
