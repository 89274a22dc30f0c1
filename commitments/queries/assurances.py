"""What pages show of assurances: lists, what stands, and for whom somebody may speak or note."""

from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from typing import Any, NamedTuple

from django.db.models import Case, Count, IntegerField, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce

from accounts.models import Person
from briefings.models import Mandate, Programme
from briefings.rules import speaking
from commitments.models import UNENDED, Assurance, AssuranceState, EvidenceFile, HandoverState, Review
from face.dates import day
from face.paging import LONG, Page, page_of_keys
from history.statements import NUMBER, Prepared, compiled, of_keys, rows_of
from organisations.models import Organisation

UNENDED_WORD = "unended"
MOST_VERSIONS = 20
SHOWN = {
    AssuranceState.NOTED: ("ring", "open"),
    AssuranceState.GIVEN: ("ring", "open"),
    AssuranceState.PROPOSED: ("half", "wait"),
    AssuranceState.KEPT: ("full", "good"),
    AssuranceState.NOT_KEPT: ("gap", "bad"),
    AssuranceState.LAPSED: ("dash", "quiet"),
    AssuranceState.WITHDRAWN: ("dash", "quiet"),
    AssuranceState.SUPERSEDED: ("dash", "quiet"),
}
"""Mark and colour of each state, as look.md says."""


def last_keeper_of(own: Assurance) -> Person:
    """Return who kept ``own`` last where nobody does now: who took it over last, else who gave it."""
    taken = own.handovers.filter(state=HandoverState.TAKEN).select_related("person").order_by("-decided_at", "-pk")
    last = taken.first()
    return last.person if last else own.person


def assurances_found(
    assurances: QuerySet[Assurance],
    *,
    programme: Programme | None = None,
    state: str = "",
    organisation: Any = None,
    kind: str = "",
    late_on: date | None = None,
    is_unkept: bool = False,
    has_evidence: bool = False,
    words: str = "",
) -> QuerySet[Assurance]:
    """Return those of ``assurances`` that fit, in no order; see ``in_order`` and ``list_page``.

    ``state`` is an AssuranceState or UNENDED_WORD; ``organisation`` the one that gave or carries it; ``late_on`` leaves
    only what was due before that day, ``is_unkept`` what somebody has to take over, ``has_evidence`` what is shown.
    """
    if programme is not None:
        assurances = assurances.filter(programme=programme)
    if state == UNENDED_WORD:
        assurances = assurances.unended()
    elif state:
        assurances = assurances.filter(state=state)
    if organisation:
        assurances = assurances.filter(Q(organisation=organisation) | Q(carried_by=organisation))
    if kind:
        assurances = assurances.filter(kind=kind)
    if is_unkept:
        assurances = assurances.unended().filter(keeper=None)
    if has_evidence:
        assurances = assurances.exclude(evidence="")
    if late_on:
        assurances = assurances.unended().filter(due_on__lt=late_on)
    for word in words.split()[:6]:
        assurances = assurances.filter(Q(words__icontains=word) | Q(reference__icontains=word))
    return assurances


def in_order(assurances: QuerySet[Assurance]) -> QuerySet[Assurance]:
    """Return ``assurances`` with all around them, what has not ended first and the earliest due before the rest."""
    found = _sorted(_with_files(assurances))
    return found.select_related("programme", "organisation", "person", "session", "carried_by", "keeper")


def _sorted(assurances: QuerySet[Assurance]) -> QuerySet[Assurance]:
    ended = Case(When(state__in=UNENDED, then=Value(0)), default=Value(1), output_field=IntegerField())
    return assurances.order_by(ended, "due_on", "pk")


def _with_files(assurances: QuerySet[Assurance]) -> QuerySet[Assurance]:
    files = EvidenceFile.objects.filter(evidence__assurance=OuterRef("pk"), destroyed_on=None).order_by()
    number = files.values("evidence__assurance").annotate(number=Count("pk")).values("number")
    return assurances.annotate(files=Coalesce(Subquery(number), 0))


class ListedAssurance(NamedTuple):
    """What a list shows of one assurance: plain values, as ``commitments.queries.questions.Listed``."""

    pk: int
    reference: str
    words: str
    state: str
    due_on: date
    is_ongoing: bool
    evidence: str
    programme: str
    person_id: int
    person: str
    organisation_id: int
    organisation: str
    keeper_id: int | None
    keeper: str | None
    carried_by_id: int
    carried_by: str
    files: int

    @property
    def has_moved(self) -> bool:
        """Whether somebody else keeps it, or nobody does."""
        return self.carried_by_id != self.organisation_id or self.keeper_id != self.person_id


_COLUMNS = (
    "pk", "reference", "words", "state", "due_on", "is_ongoing", "evidence", "programme__name", "person",
    "person__name", "organisation", "organisation__name", "keeper", "keeper__name", "carried_by", "carried_by__name",
    "files",
)  # fmt: skip


@cache
def _around() -> Prepared:
    return of_keys("listed_assurances", _with_files(Assurance.objects.all()).values_list(*_COLUMNS))


def list_page(found: QuerySet[Assurance], asked: str | None, *, few: bool) -> Page:
    """Return the page of ``found`` that was ``asked`` for, each row as ``ListedAssurance``: as that of questions."""
    page = page_of_keys(_sorted(found), asked, size=LONG, few=few)
    return replace(page, rows=[ListedAssurance._make(row) for row in rows_of(_around(), page.rows)])


def giving_in(assurances: QuerySet[Assurance], programme: Programme | None) -> list[tuple[int, str]]:
    """Return the organisations that gave one of ``assurances`` or carry it, by name, as choices.

    ``programme``: the one of which ``assurances`` are all; else they are few, and read.
    """
    if programme is not None:
        return _giving().rows(programme=programme.pk)
    pairs = assurances.order_by().values_list(*_BODIES).distinct()
    found = {pk: name for row in pairs for pk, name in (row[:2], row[2:])}
    return sorted(found.items(), key=lambda choice: (choice[1].casefold(), choice[0]))


_BODIES = ("organisation", "organisation__name", "carried_by", "carried_by__name")


@cache
def _giving() -> Prepared:
    own = Assurance.objects.filter(programme=NUMBER).order_by()
    found = Organisation.objects.filter(pk__in=own.values("organisation").union(own.values("carried_by")))
    choices = found.order_by("name", "pk").values_list("pk", "name")
    return compiled("organisations_giving_in_a_programme", choices, programme=NUMBER)


TOLD_TOGETHER = timedelta(hours=1)
"""Reviews of one assurance that follow one another as closely are told by one mail, after that time."""


def reviews_told(review: Review) -> list[Review]:
    """Return the reviews that a mail about ``review`` tells of, in order: itself and those shortly before."""
    earlier = review.assurance.reviews.filter(pk__lte=review.pk).select_related("reviewed_by")
    told: list[Review] = []
    for each in earlier.order_by("-reviewed_at", "-pk"):
        if told and not _are_told_together(each, told[0]):
            break
        told.insert(0, each)
    return told


def is_told_by_later(review: Review) -> bool:
    """Return whether the mail about a later review tells of ``review`` too."""
    later = review.assurance.reviews.filter(pk__gt=review.pk).order_by("reviewed_at", "pk").first()
    return later is not None and _are_told_together(review, later)


def _are_told_together(earlier: Review, later: Review) -> bool:
    return later.reviewed_at - earlier.reviewed_at < TOLD_TOGETHER


def standing_for(programme: Programme) -> QuerySet[Assurance]:
    """Return the promises of ``programme`` that stand, for everybody to read before they book: the next due first.

    What was only noted counts for nothing yet and is not among them.
    """
    found = programme.assurances.standing().select_related("organisation", "person", "session")
    return found.order_by("due_on", "pk")


def given_of(programme: Programme) -> QuerySet[Assurance]:
    """Return the promises of ``programme`` that stand or were kept, for its page of promises."""
    shown = (AssuranceState.GIVEN, AssuranceState.PROPOSED, AssuranceState.KEPT)
    kept = Case(When(state=AssuranceState.KEPT, then=Value(1)), default=Value(0), output_field=IntegerField())
    found = programme.assurances.filter(state__in=shown).annotate(kept=kept)
    return found.select_related("organisation", "person", "session").order_by("kept", "due_on", "pk")


def mandates_on(programme: Programme, on: date) -> QuerySet[Mandate]:
    """Return who may speak for a partner in ``programme`` on ``on``, by organisation and name."""
    found = speaking(on).filter(programme=programme)
    return found.select_related("person", "organisation", "programme").order_by(
        "organisation__name", "person__sort_name", "pk"
    )


def when_kept(own: Assurance, today: date) -> str:
    """Return by when ``own`` is to be kept or looked at again, as a sentence that is true on ``today``."""
    on = day(own.due_on)
    if own.is_ongoing:
        is_late = f"It goes on, and should have been reviewed on {on}."
        return is_late if own.due_on < today else f"It goes on, and is reviewed on {on}."
    return f"It was to be kept by {on} and is late." if own.due_on < today else f"It is to be kept by {on}."


def versions_of(own: Assurance) -> list[Assurance]:
    """Return the promises that replaced each other up to ``own`` and after it, the first before the rest."""
    chain = [own]
    while chain[0].replaces_id and len(chain) < MOST_VERSIONS:
        chain.insert(0, _related().get(pk=chain[0].replaces_id))
    while len(chain) < MOST_VERSIONS and (later := _related().filter(replaces=chain[-1]).first()):
        chain.append(later)
    return chain


def _related() -> QuerySet[Assurance]:
    return Assurance.objects.select_related("person", "organisation")
