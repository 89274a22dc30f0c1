"""Pages over several apps."""

from datetime import timedelta

from accounts.links import make_link
from tests.access.routes import (
    Route,
    nothing,
    other_person,
    other_programme,
    other_session,
    own_person,
    own_programme,
    own_session,
)
from tests.cast import NOW, Cast


def own_link(cast: Cast) -> dict:
    """The link of the practitioner's place."""
    return _link(cast, cast.practitioner)


def other_link(cast: Cast) -> dict:
    return _link(cast, cast.other_lead)


def a_cover_link(cast: Cast) -> dict:
    """A link that was never opened in this browser."""
    return {"link": 1}


def _link(cast: Cast, person) -> dict:
    ends_at = NOW + timedelta(days=30)
    made = make_link(purpose="place", person=person, about="attendance.place:1", ends_at=ends_at, now=NOW)
    return {"link": made.pk}


ROUTES = [
    Route("desk:home-show", nothing, {200: "everyone"}),
    Route("desk:link-open", own_link, {302: "practitioner"}),
    Route("desk:link-open", other_link, {302: "other_lead"}),
    Route("desk:brief-show", a_cover_link, {403: "everyone"}),
    Route("desk:programme-show", own_programme, {200: "everyone"}),
    Route("desk:programme-show", other_programme, {200: "everyone"}),
    *(
        route
        for name in ("reach-show", "reach-download")
        for route in (
            Route(f"desk:{name}", own_programme, {200: "administrator coordinator board lead"}),
            Route(f"desk:{name}", other_programme, {200: "administrator other other_lead"}),
        )
    ),
    Route("desk:programme-messages", own_programme, {302: "administrator coordinator"}),
    Route("desk:programme-messages", other_programme, {302: "administrator other"}),
    Route("desk:person-show", own_person, {200: "administrator coordinator lead"}),
    Route("desk:person-show", other_person, {200: "administrator other_lead"}),
    Route("desk:session-show", own_session, {200: "administrator coordinator facilitator board"}),
    Route("desk:session-show", other_session, {200: "administrator other"}),
    Route("desk:trace-list", nothing, {200: "administrator governance"}),
    Route("desk:trace-download", nothing, {200: "administrator governance"}),
    Route("desk:change-list", nothing, {200: "administrator governance"}),
    Route("desk:change-download", nothing, {200: "administrator governance"}),
    Route("desk:help-show", nothing, {200: "everyone"}),
    Route("desk:privacy-show", nothing, {200: "everyone"}),
    Route("desk:cookies-show", nothing, {200: "everyone"}),
    Route("desk:accessibility-show", nothing, {200: "everyone"}),
    Route("desk:complaint-show", nothing, {200: "everyone"}),
]
