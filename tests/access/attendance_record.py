"""The addresses of what was attended; see routes.py for how a line is written."""

import uuid

from attendance.models import Attendance, Material, Outcome, Register, WalkIn
from briefings.models import Session
from organisations.models import Organisation
from tests.access.routes import Route, nothing, other_organisation, other_session, own_organisation, own_session
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


def own_material(cast: Cast) -> dict:
    return _material(cast.session)


def other_material(cast: Cast) -> dict:
    return _material(cast.other_session)


def other_material_under_the_own_session(cast: Cast) -> dict:
    return {**other_material(cast), "session": cast.session.pk}


def own_attended_material(cast: Cast) -> dict:
    own_certificate(cast)
    return {"material": own_material(cast)["material"]}


def other_attended_material(cast: Cast) -> dict:
    other_certificate(cast)
    return {"material": other_material(cast)["material"]}


def a_link_and_a_material(cast: Cast) -> dict:
    return {"link": 1, "material": 1}


def _material(session: Session) -> dict:
    """A paper whose file has gone from the disk: nobody gets it, and who may is told apart by the pages around it."""
    made = Material.objects.create(
        session=session, title="Slides", file="materials/gone", file_name="slides.pdf", content_type="application/pdf",
        size=1, added_at=NOW,
    )  # fmt: skip
    return {"session": session.pk, "material": made.pk}


STAFF = ("staff-record", "staff-record-export")

ROUTES = [
    *(Route(f"attendance:{name}", nothing, {200: "signed_in"}) for name in ("record-show", "record-export")),
    Route("attendance:record-certificate", own_certificate, {200: "practitioner"}),
    Route("attendance:record-certificate", other_certificate, {200: "other_lead"}),
    Route("attendance:place-certificate", a_link, {403: "everyone"}),
    Route("attendance:register-certificate", own_registers_certificate, {200: "administrator coordinator"}),
    Route("attendance:register-certificate", other_registers_certificate, {200: "administrator other"}),
    Route("attendance:register-certificate", other_certificate_under_the_own_session, {}),
    Route("attendance:material-list", own_session, {200: "administrator coordinator"}),
    Route("attendance:material-list", other_session, {200: "administrator other"}),
    Route("attendance:material-remove", own_material, {302: "administrator coordinator"}, post=True),
    Route("attendance:material-remove", other_material, {302: "administrator other"}, post=True),
    Route("attendance:material-remove", other_material_under_the_own_session, {}, post=True),
    # The file itself is not there in these tests: that it reaches who may is in tests/attendance/test_afterwards.py.
    *(
        Route(f"attendance:{name}", thing, {})
        for name, things in (
            ("material-show", (own_material, other_material, other_material_under_the_own_session)),
            ("record-material", (own_attended_material, other_attended_material)),
        )
        for thing in things
    ),
    Route("attendance:place-material", a_link_and_a_material, {403: "everyone"}),
    Route("attendance:place-absence", a_link, {403: "everyone"}),
    *(Route(f"attendance:{name}", own_organisation, {200: "lead"}) for name in STAFF),
    *(Route(f"attendance:{name}", other_organisation, {200: "other_lead"}) for name in STAFF),
]
