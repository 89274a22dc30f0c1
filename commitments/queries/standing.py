"""On which agreements guidance stands, which partners have endorsed them, and who has not: in use before endorsed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Max, QuerySet

from briefings.models import Programme
from commitments.models import (
    ENDORSING,
    AgreementVersion,
    Guidance,
    GuidanceVersion,
    Outcome,
    PartnerAsked,
    SectionAgreement,
    VersionState,
)
from organisations.models import Organisation

CURRENT = (VersionState.PROPOSED, VersionState.LAPSED)
"""The states of a version that partners are asked about, or were until its review date; one of an agreement at most."""

SAID = {
    Outcome.ENDORSED: ("full", "good", "Endorsed"),
    Outcome.NOTED: ("full", "good", "With a note"),
    Outcome.DECLINED: ("gap", "bad", "Declined"),
    "": ("half", "wait", "Not yet"),
}
"""Mark, colour and words of each thing that a partner may have said."""


@dataclass(frozen=True)
class Row:
    """One agreement: its version, what became of that version since, and what each partner says of it."""

    version: AgreementVersion
    since: str
    cells: list[tuple[str, str, str]]


@dataclass(frozen=True)
class Endorsed:
    """The matrix agreements by organisations on one day, and who has not endorsed all of them."""

    organisations: list[Organisation]
    rows: list[Row]
    lacking: list[Organisation]

    @property
    def lacking_in_words(self) -> str:
        """Return the names of who has not endorsed all of it: "Fire, Police and Housing"."""
        return names_in_words(each.name for each in self.lacking)

    @property
    def outdated_in_words(self) -> str:
        """Return what does not hold any more of what it stands on, and why: "OFP-1 version 1 (it has lapsed)"."""
        return names_in_words(
            f"{row.version} ({row.since[0].lower()}{row.since[1:]})" for row in self.rows if row.since
        )

    @property
    def is_whole(self) -> bool:
        """Return whether all of it holds today, and every partner has endorsed it."""
        return bool(self.organisations) and not self.lacking and not self.outdated_in_words


def names_in_words(names: Iterable[str]) -> str:
    """Return ``names`` as they stand in a sentence."""
    names = list(names)
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def drafted_from(guidance: Guidance) -> list[int]:
    """Return the ids of the versions of agreements on which the sections of the draft stand."""
    own = SectionAgreement.objects.filter(section__guidance=guidance, section__removed_at__isnull=True)
    return sorted(set(own.values_list("version", flat=True)))


def agreements_to_use(programme: Programme) -> QuerySet[AgreementVersion]:
    """Return the current version of each agreement of ``programme``, by reference.

    A draft is none: its words may still change, and guidance would then stand on words that nobody was asked about.
    """
    found = AgreementVersion.objects.filter(agreement__programme=programme, agreement__ended_at__isnull=True)
    return found.filter(state__in=CURRENT).select_related("agreement").order_by("agreement__reference")


def endorsed_by(ids: Iterable[int], programme: Programme, on: date) -> Endorsed | None:
    """Return who has endorsed the versions of agreements ``ids`` on ``on``; None where there are none. Four queries.

    Partners are those of that day and those that were asked: who has left since and was never asked is not waited for.
    """
    found = AgreementVersion.objects.filter(pk__in=list(ids)).select_related("agreement")
    versions = list(found.order_by("agreement__reference", "number"))
    if not versions:
        return None
    asked = {
        (each.version_id, each.organisation_id): each
        for each in PartnerAsked.objects.filter(version__in=versions, is_needed=True)
    }
    wanted = {organisation for _, organisation in asked}
    wanted |= set(programme.partners.on(on).values_list("organisation", flat=True))
    organisations = list(Organisation.objects.filter(pk__in=wanted).order_by("name", "pk"))
    newest = dict(
        AgreementVersion.objects.filter(agreement__in={each.agreement_id for each in versions})
        .exclude(state=VersionState.DRAFT)
        .values_list("agreement")
        .annotate(Max("number"))
        .order_by()
    )
    said = {key: each.outcome for key, each in asked.items()}
    rows = [
        Row(
            version,
            _since(version, newest.get(version.agreement_id, 0), on),
            [SAID[said.get((version.pk, each.pk), "")] for each in organisations],
        )
        for version in versions
    ]
    lacking = [
        each
        for each in organisations
        if any(said.get((version.pk, each.pk), "") not in ENDORSING for version in versions)
    ]
    return Endorsed(organisations, rows, lacking)


def endorsed_of(version: GuidanceVersion, on: date) -> Endorsed | None:
    """Return who has endorsed on ``on`` what a published version stands on; None where it stands on no agreement."""
    return endorsed_by(version.agreements, version.guidance.programme, on)


def _since(version: AgreementVersion, newest: int, on: date) -> str:
    if version.agreement.ended_at:
        return "The agreement has ended since"
    if newest > version.number:
        return f"Version {newest} has taken its place since"
    if version.state == VersionState.DRAFT:
        return "Not proposed to anybody yet"
    if version.state == VersionState.LAPSED or version.review_on < on:
        return "Its review date has passed"
    return ""
