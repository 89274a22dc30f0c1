"""The addresses of senior cover; see routes.py for how a line is written."""

from attendance.models import SeniorAttendance
from briefings.models import Session
from tests.access.routes import Route, nothing, other_programme, own_programme
from tests.cast import NOW, Cast
from tests.organisations.factories import OrganisationFactory, PersonFactory


def own_request(cast: Cast) -> dict:
    return _request(cast.session)


def other_request(cast: Cast) -> dict:
    return _request(cast.other_session)


def other_request_under_the_own_programme(cast: Cast) -> dict:
    """Somebody else's request, asked for under the address of the own programme."""
    return {**other_request(cast), "slug": cast.programme.slug}


def _request(session: Session) -> dict:
    own = SeniorAttendance.objects.create(
        session=session, organisation=OrganisationFactory(), person=PersonFactory(), asked_at=NOW, asked_by="clock"
    )
    return {"slug": session.programme.slug, "request_id": own.pk}


def a_link(cast: Cast) -> dict:
    return {"link": 1}


def a_token(cast: Cast) -> dict:
    return {"token": "1-" + "x" * 27}


ROUTES = [
    *(
        route
        for name in ("cover-show", "cover-export", "cover-rules")
        for route in (
            Route(f"attendance:{name}", own_programme, {200: "administrator coordinator board"}),
            Route(f"attendance:{name}", other_programme, {200: "administrator other"}),
        )
    ),
    *(
        Route(f"attendance:{name}", nothing, {200: "administrator coordinator board other"})
        for name in ("cover-all", "cover-all-export")
    ),
    *(
        route
        for name in ("cover-propose", "availability-ask")
        for route in (
            Route(f"attendance:{name}", own_programme, {200: "administrator coordinator"}),
            Route(f"attendance:{name}", other_programme, {200: "administrator other"}),
        )
    ),
    Route("attendance:cover-ask", own_programme, {200: "administrator coordinator"}),
    Route("attendance:cover-ask", other_programme, {200: "administrator other"}),
    Route("attendance:cover-next", own_request, {200: "administrator coordinator"}),
    Route("attendance:cover-next", other_request, {200: "administrator other"}),
    Route("attendance:cover-next", other_request_under_the_own_programme, {404: "signed_in"}),
    Route("attendance:cover-withdraw", own_request, {302: "administrator coordinator"}, post=True),
    Route("attendance:cover-withdraw", other_request, {302: "administrator other"}, post=True),
    Route("attendance:cover-withdraw", other_request_under_the_own_programme, {404: "signed_in"}, post=True),
    # A link that was never opened in this browser opens nothing, whoever asks.
    *(Route(f"attendance:{name}", a_token, {403: "everyone"}) for name in ("cover-open", "availability-open")),
    *(
        Route(f"attendance:{name}", a_link, {403: "everyone"})
        for name in ("cover-request", "cover-pass-on", "cover-availability", "availability-show")
    ),
    *(Route(f"attendance:{name}", a_link, {403: "everyone"}, post=True) for name in ("cover-coming", "cover-cannot")),
]
