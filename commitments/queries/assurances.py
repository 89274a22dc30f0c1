"""What pages show of assurances: lists, what stands, and for whom somebody may speak or note."""

from datetime import date
from typing import Any

from django.db.models import Case, F, IntegerField, Q, QuerySet, Value, When

from briefings.models import Mandate, Programme
from commitments.models import UNENDED, Assurance, AssuranceState

UNENDED_WORD = "unended"
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


def assurances_found(
    assurances: QuerySet[Assurance],
    *,
    programme: Programme | None = None,
    state: str = "",
    organisation: Any = None,
    late_on: date | None = None,
    words: str = "",
) -> QuerySet[Assurance]:
    """Return those of ``assurances`` that fit, what has not ended first and the earliest due before the rest.

    ``state`` is an AssuranceState or UNENDED_WORD; ``late_on`` leaves only what was due before that day.
    """
    if programme is not None:
        assurances = assurances.filter(programme=programme)
    if state == UNENDED_WORD:
        assurances = assurances.unended()
    elif state:
        assurances = assurances.filter(state=state)
    if organisation:
        assurances = assurances.filter(organisation=organisation)
    if late_on:
        assurances = assurances.unended().filter(due_on__lt=late_on)
    for word in words.split()[:6]:
        assurances = assurances.filter(Q(words__icontains=word) | Q(reference__icontains=word))
    ended = Case(When(state__in=UNENDED, then=Value(0)), default=Value(1), output_field=IntegerField())
    found = assurances.annotate(ended=ended).select_related("programme", "organisation", "person", "session")
    return found.order_by("ended", F("due_on").asc(), "pk")


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
    found = Mandate.objects.on(on).filter(programme=programme, person__is_active=True)
    return found.select_related("person", "organisation", "programme").order_by(
        "organisation__name", "person__sort_name", "pk"
    )
