"""The addresses of sessions; see routes.py for how a line is written."""

from attendance.models import Quota
from briefings.models import Part, SessionPart
from tests.access.routes import Route, other_programme, other_session, own_programme, own_session
from tests.cast import Cast

OWN, OTHER = "administrator coordinator", "administrator other"
MANAGED = ("change", "copy", "seats", "open", "hold", "cancel", "agenda", "people", "notice")


def own_part(cast: Cast) -> dict:
    part, _ = SessionPart.objects.get_or_create(session=cast.session, person=cast.facilitator, part=Part.FACILITATOR)
    return {"session": cast.session.pk, "part": part.pk}


def other_part(cast: Cast) -> dict:
    part, _ = SessionPart.objects.get_or_create(session=cast.other_session, person=cast.other, part=Part.PRESENTER)
    return {"session": cast.other_session.pk, "part": part.pk}


def own_quota(cast: Cast) -> dict:
    quota, _ = Quota.objects.get_or_create(programme=cast.programme, organisation=None, defaults={"seats": 3})
    return {"slug": cast.programme.slug, "quota": quota.pk}


def other_quota(cast: Cast) -> dict:
    quota, _ = Quota.objects.get_or_create(programme=cast.other_programme, organisation=None, defaults={"seats": 3})
    return {"slug": cast.other_programme.slug, "quota": quota.pk}


ROUTES: list[Route] = [
    # Both programmes of the cast are public, and so are their open sessions.
    Route("attendance:session-list", own_programme, {200: "everyone"}),
    Route("attendance:session-month", own_programme, {200: "everyone"}),
    Route("attendance:session-export", own_programme, {200: f"{OWN} facilitator board governance"}),
    Route("attendance:session-export", other_programme, {200: OTHER}),
    Route("attendance:session-show", own_session, {200: "everyone"}),
    Route("attendance:session-plan", own_programme, {200: OWN}),
    Route("attendance:session-plan", other_programme, {200: OTHER}),
    Route("attendance:booking-rules", own_programme, {200: OWN}),
    Route("attendance:booking-rules", other_programme, {200: OTHER}),
    Route("attendance:booking-quotas", own_programme, {200: OWN}),
    Route("attendance:booking-quotas", other_programme, {200: OTHER}),
    Route("attendance:booking-quota-release", own_quota, {302: OWN}, post=True),
    Route("attendance:booking-quota-release", other_quota, {302: OTHER}, post=True),
    Route("attendance:booking-quota-remove", own_quota, {302: OWN}, post=True),
    Route("attendance:booking-quota-remove", other_quota, {302: OTHER}, post=True),
    Route("attendance:session-plan-several", own_programme, {200: OWN}),
    Route("attendance:session-plan-several", other_programme, {200: OTHER}),
    *[Route(f"attendance:session-{name}", own_session, {200: OWN}) for name in MANAGED],
    *[Route(f"attendance:session-{name}", other_session, {200: OTHER}) for name in MANAGED],
    Route("attendance:session-part-end", own_part, {200: OWN}),
    Route("attendance:session-part-end", other_part, {200: OTHER}),
]
