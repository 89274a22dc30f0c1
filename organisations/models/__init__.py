"""Who: organisations, people's ties to them, and the lists that say so."""

from organisations.models.head_counts import HeadCountRequest
from organisations.models.imports import (
    IMPORT_MOVES,
    ImportChange,
    ImportRow,
    ImportState,
    NameDecision,
    NameKind,
    RowFate,
    StaffListImport,
)
from organisations.models.who import (
    A_YEAR,
    Affiliation,
    AffiliationArea,
    AffiliationQuerySet,
    Area,
    HeadCount,
    MailDomain,
    Organisation,
    OrganisationKind,
    OrganisationLead,
    Profession,
)

__all__ = [
    "A_YEAR", "IMPORT_MOVES", "Affiliation", "AffiliationArea", "AffiliationQuerySet", "Area", "HeadCount",
    "HeadCountRequest", "ImportChange", "ImportRow", "ImportState", "MailDomain", "NameDecision", "NameKind",
    "Organisation", "OrganisationKind", "OrganisationLead", "Profession", "RowFate", "StaffListImport",
]  # fmt: skip
