"""The addresses of the register; see routes.py for how a line is written.

Nobody of the cast runs the session on this day: what presenters and facilitators may is in
tests/attendance/test_register_pages.py.
"""

from attendance.models import SeniorAttendance
from briefings.models import Session
from tests.access.routes import Route, nothing, other_session, own_session
from tests.cast import NOW, Cast
from tests.organisations.factories import OrganisationFactory, PersonFactory

OWN, OTHER = "administrator coordinator", "administrator other"
PAGES = ("show", "walk-in", "sheet", "type-in", "export", "close", "walk-ins", "phone", "phone-rows")


def own_senior(cast: Cast) -> dict:
    return _senior(cast.session)


def other_senior(cast: Cast) -> dict:
    return _senior(cast.other_session)


def other_senior_under_the_own_session(cast: Cast) -> dict:
    """Somebody else's, asked for under the address of the own session."""
    return {**other_senior(cast), "session": cast.session.pk}


def _senior(session: Session) -> dict:
    own = SeniorAttendance.objects.create(
        session=session, organisation=OrganisationFactory(), person=PersonFactory(), asked_at=NOW, asked_by="clock"
    )
    return {"session": session.pk, "senior": own.pk}


ROUTES = [
    *[Route(f"attendance:register-{name}", own_session, {200: OWN}) for name in PAGES],
    *[Route(f"attendance:register-{name}", other_session, {200: OTHER}) for name in PAGES],
    # A register that is not closed leads back to itself.
    Route("attendance:register-reopen", own_session, {302: OWN}),
    Route("attendance:register-reopen", other_session, {302: OTHER}),
    *[Route(f"attendance:register-{name}", own_session, {302: OWN}, post=True) for name in ("mark", "senior")],
    *[Route(f"attendance:register-{name}", other_session, {302: OTHER}, post=True) for name in ("mark", "senior")],
    Route("attendance:register-phone-send", own_session, {400: OWN}, post=True),
    Route("attendance:register-phone-send", other_session, {400: OTHER}, post=True),
    Route("attendance:register-worker", nothing, {200: "everyone"}),
    Route("attendance:register-senior-undo", own_senior, {302: OWN}, post=True),
    Route("attendance:register-senior-undo", other_senior, {302: OTHER}, post=True),
    Route("attendance:register-senior-undo", other_senior_under_the_own_session, {404: "signed_in"}, post=True),
]
