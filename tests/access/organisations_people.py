"""The addresses of organisations, people, areas, professions and head-counts."""

from organisations.models import Area, Profession
from tests.access.routes import (
    Route,
    nothing,
    other_organisation,
    other_person,
    own_organisation,
    own_person,
)
from tests.cast import Cast
from tests.organisations.factories import AffiliationFactory, PersonFactory

MANAGERS = "administrator coordinator other"
KEEPERS = f"{MANAGERS} lead other_lead"
NOT_KEEPERS = "facilitator board governance senior practitioner"
NOT_MANAGERS = f"lead other_lead {NOT_KEEPERS}"


def own_lead(cast: Cast) -> dict:
    return {"organisation": cast.organisation.pk, "lead": cast.organisation.leads.get().pk}


def other_lead(cast: Cast) -> dict:
    return {"organisation": cast.other_organisation.pk, "lead": cast.other_organisation.leads.get().pk}


def other_lead_under_the_own_organisation(cast: Cast) -> dict:
    """Somebody else's lead, asked for under the address of the own organisation."""
    return {**other_lead(cast), "organisation": cast.organisation.pk}


def own_affiliation(cast: Cast) -> dict:
    return {"affiliation": cast.affiliation.pk}


def other_affiliation(cast: Cast) -> dict:
    return {"affiliation": _elsewhere(cast).pk}


def other_somebody(cast: Cast) -> dict:
    """A practitioner of the other partner."""
    return {"person": _elsewhere(cast).person_id}


def _elsewhere(cast: Cast):
    return AffiliationFactory(person=PersonFactory(), organisation=cast.other_organisation)


def an_area(cast: Cast) -> dict:
    made = Area.objects.create(name="Access Area", path="/0/")
    return {"area": made.pk}


def other_area(cast: Cast) -> dict:
    """Areas belong to nobody."""
    return {"area": Area.objects.create(name="Other Access Area", path="/0/").pk}


def a_profession(cast: Cast) -> dict:
    return {"profession": Profession.objects.create(name="Access profession").pk}


def other_profession(cast: Cast) -> dict:
    """Professions belong to nobody."""
    return {"profession": Profession.objects.create(name="Other access profession").pk}


def a_link(cast: Cast) -> dict:
    return {"link": 1}


def a_token(cast: Cast) -> dict:
    return {"token": "1-" + "x" * 27}


def _both(name: str, own, other, answers: dict, elsewhere: dict | None = None, **how) -> list[Route]:
    full = f"organisations:{name}"
    return [Route(full, own, answers, **how), Route(full, other, answers if elsewhere is None else elsewhere, **how)]


_ONLY = {200: "administrator"}
_CODE_FIRST = {302: "administrator"}
OWN_PEOPLE = "administrator coordinator lead"
OTHER_PEOPLE = "administrator other other_lead"

ROUTES = [
    # A lead of one organisation is led to its page.
    Route("organisations:organisation-list", nothing, {200: MANAGERS, 302: "lead other_lead", 403: NOT_KEEPERS}),
    *(
        Route(f"organisations:{name}", nothing, {200: MANAGERS, 403: NOT_MANAGERS})
        for name in ("organisation-add", "area-list", "area-add", "profession-list", "profession-add")
    ),
    *_both("area-change", an_area, other_area, {200: MANAGERS}),
    *_both("profession-change", a_profession, other_profession, {200: MANAGERS}),
    *(
        route
        for name in ("organisation-show", "head-count-add")
        for route in _both(
            name, own_organisation, other_organisation, {200: f"{MANAGERS} lead"}, {200: f"{MANAGERS} other_lead"}
        )
    ),
    *(
        route
        for name in ("organisation-change", "organisation-end", "lead-add", "head-count-ask")
        for route in _both(name, own_organisation, other_organisation, {200: MANAGERS})
    ),
    *_both("organisation-reopen", own_organisation, other_organisation, {302: MANAGERS}, post=True),
    *_both("lead-end", own_lead, other_lead, {200: MANAGERS}),
    Route("organisations:lead-end", other_lead_under_the_own_organisation, {}),
    *(
        Route(f"organisations:{name}", nothing, {200: KEEPERS, 403: NOT_KEEPERS})
        for name in ("person-list", "person-download", "person-add")
    ),
    *(
        route
        for name in ("person-show", "affiliation-add", "person-change")
        for route in _both(name, own_person, other_somebody, {200: OWN_PEOPLE}, {200: OTHER_PEOPLE})
    ),
    # The other lead holds a role: an administrator alone corrects name and address.
    Route("organisations:person-change", other_person, _ONLY),
    *(
        route
        for name in ("affiliation-change", "affiliation-end")
        for route in _both(name, own_affiliation, other_affiliation, {200: OWN_PEOPLE}, {200: OTHER_PEOPLE})
    ),
    *_both("affiliation-return", own_affiliation, other_affiliation, {302: OWN_PEOPLE}, {302: OTHER_PEOPLE}, post=True),
    *(
        route
        for name in ("account-close", "account-reopen", "account-sign-out")
        for route in _both(name, own_person, other_person, _ONLY)
    ),
    # These ask the administrator for a code first.
    *(
        route
        for name in ("administrator-make", "administrator-end", "authenticator-remove")
        for route in _both(name, own_person, other_person, _CODE_FIRST)
    ),
    # A link that was never opened in this browser opens nothing, whoever asks.
    Route("organisations:head-count-open", a_token, {403: "everyone"}),
    *(Route(f"organisations:{name}", a_link, {403: "everyone"}) for name in ("head-count-give", "head-count-done")),
]
