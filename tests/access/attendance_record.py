"""The addresses of what was attended; see routes.py for how a line is written."""

import uuid

from attendance.models import Attendance, Outcome, Register, WalkIn
from briefings.models import Session
from organisations.models import Organisation
from tests.access.routes import Route, nothing, other_organisation, own_organisation
from tests.cast import NOW, Cast


def own_certificate(cast: Cast) -> dict:
    """The practitioner's own."""
    return {"attendance": _attended(cast.session, cast.organisation, cast.practitioner)}


def other_certificate(cast: Cast) -> dict:
    """Somebody else's: the lead of the other partner's."""
    return {"attendance": _attended(cast.other_session, cast.other_organisation, cast.other_lead)}


def own_registers_certificate(cast: Cast) -> dict:
    return {"session": cast.session.pk, **own_certificate(cast)}


def other_registers_certificate(cast: Cast) -> dict:
    return {"session": cast.other_session.pk, **other_certificate(cast)}


def other_certificate_under_the_own_session(cast: Cast) -> dict:
    return {**other_registers_certificate(cast), "session": cast.session.pk}


def a_link(cast: Cast) -> dict:
    return {"link": 1}


def _attended(session: Session, organisation: Organisation, person) -> int:
    """Return the one attendance of ``person``, made once however many lines ask for it."""
    Register.objects.get_or_create(session=session, defaults={"closed_at": NOW, "closed_by": "clock"})
    found = Attendance.objects.filter(session=session, person=person).first()
    if found:
        return found.pk
    walk_in = WalkIn.objects.create(
        id=uuid.uuid4(), session=session, name=person.name, organisation=organisation, person=person, made_at=NOW,
        made_by="clock",
    )  # fmt: skip
    return Attendance.objects.create(
        session=session, walk_in=walk_in, person=person, organisation=organisation, outcome=Outcome.ATTENDED,
        noted_at=NOW,
    ).pk  # fmt: skip


STAFF = ("staff-record", "staff-record-export")

ROUTES = [
    *(Route(f"attendance:{name}", nothing, {200: "signed_in"}) for name in ("record-show", "record-export")),
    Route("attendance:record-certificate", own_certificate, {200: "practitioner"}),
    Route("attendance:record-certificate", other_certificate, {200: "other_lead"}),
    Route("attendance:place-certificate", a_link, {403: "everyone"}),
    Route("attendance:register-certificate", own_registers_certificate, {200: "administrator coordinator"}),
    Route("attendance:register-certificate", other_registers_certificate, {200: "administrator other"}),
    Route("attendance:register-certificate", other_certificate_under_the_own_session, {}),
    *(Route(f"attendance:{name}", own_organisation, {200: "lead"}) for name in STAFF),
    *(Route(f"attendance:{name}", other_organisation, {200: "other_lead"}) for name in STAFF),
]
