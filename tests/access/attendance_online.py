"""The addresses of attendance online and of checking oneself in; see routes.py for how a line is written."""

from attendance.models import CheckInCode, OnlinePresence, OnlineReport
from briefings.models import Session
from tests.access.routes import Route, nothing, other_session, own_session
from tests.cast import NOW, Cast

OWN, OTHER = "administrator coordinator", "administrator other"


def own_report(cast: Cast) -> dict:
    return _report(cast.session)


def other_report(cast: Cast) -> dict:
    return _report(cast.other_session)


def other_report_under_the_own_session(cast: Cast) -> dict:
    return {**other_report(cast), "session": cast.session.pk}


def own_row(cast: Cast) -> dict:
    return _row(cast.session)


def other_row(cast: Cast) -> dict:
    return _row(cast.other_session)


def other_row_under_the_own_session(cast: Cast) -> dict:
    return {**other_row(cast), "session": cast.session.pk}


def a_code_that_is_not_on(cast: Cast) -> dict:
    """The code of a session: nobody checks in on another day."""
    CheckInCode.objects.get_or_create(session=cast.session, defaults={"code": "ABC234", "shown_at": NOW})
    return {"code": "ABC234"}


def a_link(cast: Cast) -> dict:
    return {"link": 1}


def _report(session: Session) -> dict:
    digest = str(OnlineReport.objects.count())
    made = OnlineReport.objects.create(
        session=session, file_name="report.csv", digest=digest, version=2, uploaded_at=NOW
    )
    return {"session": session.pk, "report": made.pk}


def _row(session: Session) -> dict:
    found = _report(session)
    row = OnlinePresence.objects.create(report_id=found["report"], name="Guest", joins=1)
    return {**found, "row": row.pk}


ROUTES = [
    *(
        route
        for name in ("online-list", "register-screen")
        for route in (
            Route(f"attendance:{name}", own_session, {200: OWN}),
            Route(f"attendance:{name}", other_session, {200: OTHER}),
        )
    ),
    Route("attendance:online-share", own_session, {422: OWN}, post=True),
    Route("attendance:online-share", other_session, {422: OTHER}, post=True),
    Route("attendance:online-report", own_report, {200: OWN}),
    Route("attendance:online-report", other_report, {200: OTHER}),
    Route("attendance:online-report", other_report_under_the_own_session, {}),
    Route("attendance:online-take-over", own_report, {302: OWN}, post=True),
    Route("attendance:online-take-over", other_report, {302: OTHER}, post=True),
    Route("attendance:online-take-over", other_report_under_the_own_session, {}, post=True),
    Route("attendance:online-reconsider", own_row, {302: OWN}, post=True),
    Route("attendance:online-reconsider", other_row, {302: OTHER}, post=True),
    Route("attendance:online-reconsider", other_row_under_the_own_session, {}, post=True),
    Route("attendance:here-code", nothing, {200: "everyone"}),
    Route("attendance:here-show", a_code_that_is_not_on, {422: "everyone"}),
    Route("attendance:place-here", a_link, {403: "everyone"}, post=True),
]
