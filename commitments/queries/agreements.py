"""What pages show of agreements: the version that holds now, how far it is endorsed, and the matrix by partner."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import (
    BooleanField,
    Case,
    Count,
    Exists,
    F,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)

from accounts.models import Person
from briefings.models import Mandate, Programme
from commitments.models import (
    ENDORSING,
    Agreement,
    AgreementPolicy,
    AgreementVersion,
    Endorsement,
    Outcome,
    PartnerAsked,
    SeniorAsked,
    Standing,
    VersionState,
)
from organisations.models import Organisation

CURRENT = (VersionState.PROPOSED, VersionState.LAPSED)
"""The states of the one version of an agreement that partners are, or were last, asked to endorse."""
EARLY = "early"
"""In a filter: in use before it is fully endorsed."""
SHOWN = {
    Standing.DRAFT: ("dash", "quiet"),
    Standing.PROPOSED: ("ring", "open"),
    Standing.IN_PART: ("half", "wait"),
    Standing.FULL: ("full", "good"),
    Standing.LAPSED: ("gap", "bad"),
    Standing.SUPERSEDED: ("dash", "quiet"),
    Standing.WITHDRAWN: ("dash", "quiet"),
}
"""Mark and colour of each standing, as look.md says."""
SAID = {
    Outcome.ENDORSED: ("full", "good", "Endorsed"),
    Outcome.NOTED: ("full", "good", "With a note"),
    Outcome.DECLINED: ("gap", "bad", "Declined"),
}
_WAITS, _LATE, _NOT_ASKED = ("half", "wait", "Waits"), ("gap", "bad", "Late"), ("dash", "quiet", "Not asked")


def policy_of(programme: Programme) -> AgreementPolicy:
    """Return what ``programme`` says about its agreements; a new, unsaved one where it has said nothing."""
    return AgreementPolicy.objects.filter(programme=programme).first() or AgreementPolicy(programme=programme)


def shown_versions(agreements: QuerySet[Agreement]) -> QuerySet[AgreementVersion]:
    """Return the one version of each of ``agreements`` that speaks for it, with ``endorsed``, ``declined``, ``needed``.

    That is the one partners are asked to endorse; before there is one its draft, after its end the last.
    """
    rank = Case(When(state__in=CURRENT, then=Value(0)), default=Value(1), output_field=IntegerField())
    first = AgreementVersion.objects.filter(agreement=OuterRef("agreement")).annotate(rank=rank)
    shown = AgreementVersion.objects.filter(
        agreement__in=agreements.order_by().values("pk"),
        pk=Subquery(first.order_by("rank", "-number").values("pk")[:1]),
    )
    return counted(shown).select_related("agreement__programme", "agreement__session")


def counted(versions: QuerySet[AgreementVersion]) -> QuerySet[AgreementVersion]:
    """Return ``versions`` with how many partners are ``needed``, and how many ``endorsed`` and ``declined``."""
    asked = Q(partners_asked__is_needed=True)
    return versions.annotate(
        needed=Count("partners_asked", filter=asked),
        endorsed=Count("partners_asked", filter=asked & Q(partners_asked__outcome__in=ENDORSING)),
        declined=Count("partners_asked", filter=asked & Q(partners_asked__outcome=Outcome.DECLINED)),
    )


def standing_of(version: AgreementVersion, on: date) -> Standing:
    """Return where a ``counted`` version stands on the day ``on``."""
    return version.standing(on, endorsed=version.endorsed, needed=version.needed)


def is_early(version: AgreementVersion, on: date) -> bool:
    """Return whether people work by it on ``on`` though this ``counted`` version is not fully endorsed."""
    since = version.agreement.in_use_since
    in_use = since is not None and since <= on and version.agreement.ended_at is None
    return in_use and standing_of(version, on) != Standing.FULL


def versions_found(
    versions: QuerySet[AgreementVersion],
    *,
    on: date,
    standing: str = "",
    organisation: Organisation | None = None,
    outcome: str = "",
    words: str = "",
    seen: Q | None = None,
) -> QuerySet[AgreementVersion]:
    """Return those of ``versions`` (of ``shown_versions``) that fit, what waits the longest first, what ended last.

    ``seen`` says of which ``PartnerAsked`` the reader may know what was said: only these are looked through.

    ``standing`` is a Standing or EARLY; ``outcome`` what ``organisation`` said, "waits" where it has said nothing.
    """
    for word in words.split()[:6]:
        fits = Q(words__icontains=word) | Q(agreement__title__icontains=word)
        versions = versions.filter(fits | Q(agreement__reference__icontains=word))
    if organisation is not None or outcome:
        asked = PartnerAsked.objects.filter(seen or Q(), is_needed=True)
        asked = asked.filter(organisation=organisation) if organisation is not None else asked
        asked = asked.filter(outcome="" if outcome == "waits" else outcome) if outcome else asked
        versions = versions.filter(pk__in=asked.values("version"))
    if standing:
        versions = versions.filter(_stands(standing, on))
    ended = Case(When(agreement__ended_at=None, then=Value(False)), default=Value(True), output_field=BooleanField())
    full = Case(When(_stands(Standing.FULL, on), then=Value(True)), default=Value(False), output_field=BooleanField())
    return versions.annotate(is_over=ended, is_full=full).order_by(
        "is_over", "is_full", F("proposed_at").asc(nulls_last=True), "pk"
    )


def _stands(standing: str, on: date) -> Q:
    """Return the condition that says in SQL what ``AgreementVersion.standing`` says of one row."""
    holds = Q(state=VersionState.PROPOSED, review_on__gte=on)
    full = holds & Q(needed__gt=0, endorsed__gte=F("needed"))
    if standing == Standing.FULL:
        return full
    if standing == Standing.IN_PART:
        return holds & Q(endorsed__gt=0, endorsed__lt=F("needed"))
    if standing == Standing.PROPOSED:
        return holds & Q(endorsed=0)
    if standing == Standing.LAPSED:
        return Q(state=VersionState.LAPSED) | Q(state=VersionState.PROPOSED, review_on__lt=on)
    if standing == EARLY:
        return Q(agreement__in_use_since__lte=on, agreement__ended_at=None) & ~full
    return Q(state=standing)


def public_versions(programme: Programme, on: date) -> QuerySet[AgreementVersion]:
    """Return what everybody may read of the agreements of ``programme``: endorsed by a partner or in use, not ended."""
    shown = shown_versions(programme.agreements.unended()).filter(state__in=CURRENT)
    return shown.filter(Q(endorsed__gt=0) | Q(agreement__in_use_since__lte=on)).order_by("proposed_at", "pk")


def asked_of(version: AgreementVersion) -> QuerySet[PartnerAsked]:
    """Return the partners that are asked about ``version``, by name; those that have left the programme are not."""
    found = version.partners_asked.filter(is_needed=True).select_related("organisation")
    return found.order_by("organisation__name", "pk")


def latest_of(version: AgreementVersion) -> dict[int, Endorsement]:
    """Return the newest endorsement of ``version`` by organisation id, who signed it loaded where that is kept."""
    found = version.endorsements.select_related("signed_by").order_by("position")
    return {each.organisation_id: each for each in found}


@dataclass(frozen=True)
class Said:
    """What one partner says of one version: ``shape``, ``colour``, ``words`` and, where it said something, what."""

    shape: str
    colour: str
    words: str
    asked: PartnerAsked | None = None


def said_by(asked: PartnerAsked | None, version: AgreementVersion, on: date) -> Said:
    """Return what stands in the cell of a partner: its outcome, that it waits or is late, or that it is not asked."""
    if asked is None or not asked.is_needed:
        return Said(*_NOT_ASKED)
    if asked.outcome:
        return Said(*SAID[Outcome(asked.outcome)], asked)
    is_open = version.state == VersionState.PROPOSED and version.review_on >= on
    answer_by = asked.answer_by or version.endorse_by
    late = is_open and answer_by is not None and answer_by < on
    return Said(*(_LATE if late else _WAITS if is_open else ("dash", "quiet", "Said nothing")), asked)


@dataclass(frozen=True)
class Row:
    """One agreement of the matrix: its shown version and what each partner of the columns says."""

    version: AgreementVersion
    standing: Standing
    is_early: bool
    cells: list[Said]


@dataclass(frozen=True)
class Matrix:
    """Agreements by partners."""

    organisations: list[Organisation]
    rows: list[Row]


def matrix_of(versions: Iterable[AgreementVersion], on: date, *, seen: set[int] | None = None) -> Matrix:
    """Return what each partner says of each of ``versions`` (``counted``), in two queries; ``seen`` limits partners."""
    versions = list(versions)
    found = PartnerAsked.objects.filter(version__in=versions, is_needed=True).select_related("organisation")
    if seen is not None:
        found = found.filter(organisation__in=seen)
    asked: dict[int, dict[int, PartnerAsked]] = defaultdict(dict)
    organisations: dict[int, Organisation] = {}
    for each in found:
        asked[each.version_id][each.organisation_id] = each
        organisations[each.organisation_id] = each.organisation
    columns = sorted(organisations.values(), key=lambda each: (each.name, each.pk))
    rows = [
        Row(
            version,
            standing_of(version, on),
            is_early(version, on),
            [said_by(asked[version.pk].get(each.pk), version, on) for each in columns],
        )
        for version in versions
    ]
    return Matrix(columns, rows)


def who_speaks(programme: Programme, on: date) -> QuerySet[Mandate]:
    """Return the mandates in ``programme`` whose holders can be asked on ``on``: they have an address to sign in by."""
    return Mandate.objects.on(on).filter(programme=programme, person__is_active=True, person__email__isnull=False)


def mandates_to_endorse(person: Any, version: AgreementVersion, on: date) -> QuerySet[Mandate]:
    """Return the mandates by which ``person`` may speak on ``on`` for partners that are asked about ``version``."""
    asked = version.partners_asked.filter(is_needed=True).values("organisation")
    held = Mandate.objects.on(on).filter(programme=version.agreement.programme_id, person=person.pk)
    return held.filter(organisation__in=asked).select_related("organisation", "person").order_by("organisation__name")


def colleagues_with_mandate(own: Mandate, on: date) -> QuerySet[Mandate]:
    """Return the mandates of others for the organisation of ``own``: to whom it can be passed."""
    others = who_speaks(own.programme, on).filter(organisation=own.organisation_id)
    found = others.exclude(person=own.person_id).select_related("person", "organisation")
    return found.order_by("person__sort_name", "pk")


def waits_for(person: Person, on: date) -> QuerySet[SeniorAsked]:
    """Return what ``person`` is asked to endorse and their organisation has said nothing of yet, the next due first."""
    speaks = Mandate.objects.on(on).filter(
        person=person,
        organisation=OuterRef("asked__organisation"),
        programme=OuterRef("asked__version__agreement__programme"),
    )
    found = SeniorAsked.objects.filter(
        Exists(speaks),
        person=person,
        passed_on_at=None,
        asked__outcome="",
        asked__is_needed=True,
        asked__version__state=VersionState.PROPOSED,
        asked__version__review_on__gte=on,
    ).select_related("asked__version__agreement__programme", "asked__organisation")
    return found.order_by("asked__version__endorse_by", "pk")


def endorsed_before(version: AgreementVersion, organisation: Organisation | None) -> AgreementVersion | None:
    """Return the wording to compare ``version`` with: the last earlier one that ``organisation`` endorsed, else the
    last earlier one that was proposed.
    """
    earlier = version.agreement.versions.filter(number__lt=version.number, proposed_at__isnull=False)
    if organisation is not None:
        signed = earlier.filter(
            partners_asked__organisation=organisation, partners_asked__outcome__in=ENDORSING
        ).first()  # fmt: skip
        if signed is not None:
            return signed
    return earlier.first()
