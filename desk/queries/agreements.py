"""The agreements of a programme in figures, as columns of one query over programmes."""

from datetime import date
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from commitments.models import ENDORSING, AgreementVersion, Outcome, PartnerAsked, VersionState
from desk.queries.counting import CountOf


def columns(today: date) -> dict[str, Any]:
    """Return what ``annotate`` takes on programmes: agreements that stand, how far endorsed, and what waits."""
    standing = _versions(state=VersionState.PROPOSED, review_on__gte=today)
    open_ones = standing.filter(_waits())
    asked = PartnerAsked.objects.filter(
        version__agreement__programme=OuterRef("pk"), version__state=VersionState.PROPOSED, is_needed=True
    )
    passed = Q(answer_by__lt=today) | Q(answer_by=None, version__endorse_by__lt=today)
    return {
        "agreements_standing": CountOf(standing),
        "agreements_open": CountOf(open_ones),
        "agreements_oldest": Subquery(open_ones.order_by("proposed_at").values("proposed_at")[:1]),
        "agreements_early": CountOf(open_ones.filter(agreement__in_use_since__lte=today)),
        "agreements_drafted": CountOf(_versions(state=VersionState.DRAFT)),
        "agreements_lapsed": CountOf(
            _versions().filter(Q(state=VersionState.LAPSED) | Q(state=VersionState.PROPOSED, review_on__lt=today))
        ),
        "endorsements_late": CountOf(asked.filter(passed, outcome="")),
        "endorsements_declined": CountOf(asked.filter(outcome=Outcome.DECLINED)),
    }


def _versions(**columns: Any) -> QuerySet[AgreementVersion]:
    return AgreementVersion.objects.filter(agreement__programme=OuterRef("pk"), agreement__ended_at=None, **columns)


def _waits() -> Exists:
    """Return the condition that a partner has not endorsed the version: with nobody asked it waits as well."""
    asked = PartnerAsked.objects.filter(version=OuterRef("pk"), is_needed=True)
    return Exists(asked.exclude(outcome__in=ENDORSING)) | ~Exists(asked)
