"""The addresses of briefings; see routes.py for how a line is written."""

from datetime import date

from briefings.models import Assistant
from tests.access.routes import Route, nothing, other_programme, own_programme
from tests.briefings.factories import AppointmentFactory, MandateFactory, PartnerFactory
from tests.cast import Cast
from tests.organisations.factories import PersonFactory

SIGNED_IN_ONLY = "coordinator other facilitator board governance lead other_lead senior practitioner"


def own_task(cast: Cast) -> dict:
    return {"slug": cast.programme.slug, "task": "purpose"}


def other_task(cast: Cast) -> dict:
    return {"slug": cast.other_programme.slug, "task": "purpose"}


def own_partner(cast: Cast) -> dict:
    return _in(cast.programme, partner=PartnerFactory(programme=cast.programme))


def other_partner(cast: Cast) -> dict:
    return _in(cast.other_programme, partner=PartnerFactory(programme=cast.other_programme))


def other_partner_under_the_own_address(cast: Cast) -> dict:
    """An object of another programme does not open through the own one."""
    return _in(cast.programme, partner=PartnerFactory(programme=cast.other_programme))


def own_role(cast: Cast) -> dict:
    return _in(cast.programme, appointment=AppointmentFactory(programme=cast.programme, role="board"))


def other_role(cast: Cast) -> dict:
    return _in(cast.other_programme, appointment=AppointmentFactory(programme=cast.other_programme, role="board"))


def other_role_under_the_own_address(cast: Cast) -> dict:
    return _in(cast.programme, appointment=AppointmentFactory(programme=cast.other_programme, role="board"))


def own_mandate(cast: Cast) -> dict:
    return _in(cast.programme, mandate=MandateFactory(programme=cast.programme))


def other_mandate(cast: Cast) -> dict:
    return _in(cast.other_programme, mandate=MandateFactory(programme=cast.other_programme))


def other_mandate_under_the_own_address(cast: Cast) -> dict:
    return _in(cast.programme, mandate=MandateFactory(programme=cast.other_programme))


def own_assistant(cast: Cast) -> dict:
    return _assistant(MandateFactory(programme=cast.programme))


def other_assistant(cast: Cast) -> dict:
    return _assistant(MandateFactory(programme=cast.other_programme))


def assistant_of_the_senior(cast: Cast) -> dict:
    return _assistant(cast.programme.mandates.get(person=cast.senior))


def assistant_of_another(cast: Cast) -> dict:
    """An assistant of one senior manager does not open through the mandate of another."""
    mandate = cast.programme.mandates.get(person=cast.senior)
    return {**own_assistant(cast), "mandate": mandate.pk}


def _assistant(mandate) -> dict:
    columns = {"programme": mandate.programme, "senior": mandate.person, "since": date(2026, 1, 1)}
    return {"mandate": mandate.pk, "assistant": Assistant.objects.create(person=PersonFactory(), **columns).pk}


def _without(made, name: str):
    def of_the_mandate(cast: Cast) -> dict:
        return {key: value for key, value in made(cast).items() if key != name}

    of_the_mandate.__name__ = made.__name__
    return of_the_mandate


def _in(programme, **rows) -> dict:
    return {"slug": programme.slug, **{name: row.pk for name, row in rows.items()}}


def _kept_by_the_coordinator(name: str, own, other) -> list[Route]:
    return [Route(name, own, {200: "administrator coordinator"}), Route(name, other, {200: "administrator other"})]


_OF_A_PROGRAMME = (
    "set-up-show", "set-up-check", "scope-change", "partner-list", "partner-add", "role-list", "role-add",
    "mandate-list", "mandate-add", "person-list", "person-others", "person-download",
)  # fmt: skip
_OBJECTS = {
    "set-up-change": (own_task, other_task),
    "partner-change": (own_partner, other_partner),
    "partner-remove": (own_partner, other_partner),
    "role-end": (own_role, other_role),
    "mandate-end": (own_mandate, other_mandate),
}
ROUTES: list[Route] = [
    Route("briefings:programme-list", nothing, {200: "signed_in"}),
    Route("briefings:programme-start", nothing, {200: "administrator", 403: SIGNED_IN_ONLY}),
    *(
        line
        for name in _OF_A_PROGRAMME
        for line in _kept_by_the_coordinator(f"briefings:{name}", own_programme, other_programme)
    ),
    *(
        line
        for name, (own, other) in _OBJECTS.items()
        for line in _kept_by_the_coordinator(f"briefings:{name}", own, other)
    ),
    Route("briefings:partner-remove", other_partner_under_the_own_address, {}),
    Route("briefings:role-end", other_role_under_the_own_address, {}),
    Route("briefings:mandate-end", other_mandate_under_the_own_address, {}),
    Route("briefings:assistant-own", nothing, {200: "signed_in"}),
    *(
        Route(f"briefings:{name}", made, {200: f"administrator {who}"})
        for name, change in (
            ("assistant-list", lambda made: _without(made, "assistant")),
            ("assistant-add", lambda made: _without(made, "assistant")),
            ("assistant-end", lambda made: made),
        )
        for made, who in (
            (change(own_assistant), "coordinator"),
            (change(other_assistant), "other"),
            (change(assistant_of_the_senior), "coordinator senior"),
        )
    ),
    Route("briefings:assistant-end", assistant_of_another, {}),
]
