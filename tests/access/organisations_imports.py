"""The addresses of staff lists; see routes.py for how a line is written.

Coordinators keep the staff lists of every organisation, a lead those of the own one. "other" is a coordinator too.
"""

from organisations.actions.staff_rows import settle
from organisations.models import ImportRow, ImportState, Organisation, StaffListImport
from tests.access.routes import Route, nothing
from tests.cast import NOW, Cast
from tests.organisations.factories import AffiliationFactory

KEEPS_ALL = "administrator coordinator other"
OWN, OTHER = f"{KEEPS_ALL} lead", f"{KEEPS_ALL} other_lead"


def own_staff_list(cast: Cast) -> dict:
    return _staff_list(cast.organisation, ImportState.READ)


def other_staff_list(cast: Cast) -> dict:
    return _staff_list(cast.other_organisation, ImportState.READ)


def own_unknown_names(cast: Cast) -> dict:
    return _staff_list(cast.organisation, ImportState.READ, profession_words="Keeper of wrens")


def other_unknown_names(cast: Cast) -> dict:
    return _staff_list(cast.other_organisation, ImportState.READ, profession_words="Keeper of wrens")


def own_written_list(cast: Cast) -> dict:
    return _written(cast.organisation)


def other_written_list(cast: Cast) -> dict:
    return _written(cast.other_organisation)


def other_list_of_everybody(cast: Cast) -> dict:
    """A list with the people of several organisations is no lead's."""
    return _staff_list(None, ImportState.READ)


def _written(organisation: Organisation) -> dict:
    AffiliationFactory(organisation=organisation)  # who is missing from the list
    return _staff_list(organisation, ImportState.DONE, finished_at=NOW)


def _staff_list(organisation: Organisation | None, state: ImportState, profession_words: str = "", **columns) -> dict:
    made = StaffListImport.objects.create(
        file_name="list.csv", organisation=organisation, state=state, uploaded_at=NOW, rows_read=1, **columns
    )
    ImportRow.objects.create(
        staff_list=made, line=2, name="Nia Notreal", email="nia@example.org", profession_words=profession_words
    )
    settle(made, NOW.date())
    return {"staff_list": made.pk}


_PAGES = {
    "import-show": (own_staff_list, other_staff_list),
    "import-rows": (own_staff_list, other_staff_list),
    "import-rejected": (own_staff_list, other_staff_list),
    "import-names": (own_unknown_names, other_unknown_names),
    "import-confirm": (own_staff_list, other_staff_list),
    "import-drop": (own_staff_list, other_staff_list),
    "import-missing": (own_written_list, other_written_list),
    "import-undo": (own_written_list, other_written_list),
}
ROUTES: list[Route] = [
    *(
        Route(f"organisations:{name}", nothing, {200: f"{KEEPS_ALL} lead other_lead"})
        for name in ("import-list", "import-upload", "import-sample")
    ),
    *(Route(f"organisations:{name}", own, {200: OWN}) for name, (own, _) in _PAGES.items()),
    *(Route(f"organisations:{name}", other, {200: OTHER}) for name, (_, other) in _PAGES.items()),
    *(
        Route(f"organisations:{name}", other_list_of_everybody, {200: KEEPS_ALL})
        for name in ("import-show", "import-rows", "import-confirm")
    ),
]
