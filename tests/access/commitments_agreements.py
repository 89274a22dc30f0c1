"""The addresses of agreements and endorsements; see routes.py for how a line is written."""

from datetime import timedelta

from accounts.links import token_of
from briefings.models import SessionKind
from commitments.actions.agreements import make_agreement, propose_version, seal_of_draft
from commitments.actions.outputs import note_output
from commitments.models import Agreement, SeniorAsked
from tests.access.routes import Route, nothing, other_programme, own_programme
from tests.briefings.factories import MandateFactory
from tests.cast import NOW, Cast, a_session

CONCERNED = {200: "administrator coordinator board governance senior lead"}
CONCERNED_ELSEWHERE = {200: "administrator other other_lead"}
WHOLE = {200: "administrator coordinator board governance senior"}
READING = {200: "administrator coordinator board governance"}
KEEPING = {200: "administrator coordinator"}
ELSEWHERE = {200: "administrator other"}
LATER = NOW.date() + timedelta(days=200)


def _agreement(cast: Cast, *, other: bool = False, proposed: bool = False, drafts: int = 1) -> Agreement:
    programme, by = (cast.other_programme, cast.other) if other else (cast.programme, cast.coordinator)
    made = make_agreement(
        programme=programme, title="One plan", words="We share one plan.", review_on=LATER, by=by, now=NOW
    )
    if proposed:
        if other:
            MandateFactory(programme=programme, organisation=cast.other_organisation)
        draft = made.versions.get()
        propose_version(
            version=draft, seen=seal_of_draft(draft), endorse_by=NOW.date() + timedelta(days=14), by=by, now=NOW
        )
    if drafts == 2:
        made.versions.create(number=2, words="Two plans.", review_on=LATER, drafted_at=NOW, drafted_by=by)
    return made


def own_drafted(cast: Cast) -> dict:
    """An agreement of which nothing was proposed yet."""
    return {"agreement": _agreement(cast).pk}


def other_drafted(cast: Cast) -> dict:
    return {"agreement": _agreement(cast, other=True).pk}


def own_agreement(cast: Cast) -> dict:
    """An agreement that partners are asked to endorse."""
    return {"agreement": _agreement(cast, proposed=True).pk}


def other_agreement(cast: Cast) -> dict:
    return {"agreement": _agreement(cast, other=True, proposed=True).pk}


def own_second_draft(cast: Cast) -> dict:
    """One whose next version is drafted."""
    return {"agreement": _agreement(cast, proposed=True, drafts=2).pk}


def other_second_draft(cast: Cast) -> dict:
    return {"agreement": _agreement(cast, other=True, proposed=True, drafts=2).pk}


def _noted(cast: Cast, *, other: bool = False) -> dict:
    programme, by = (cast.other_programme, cast.other) if other else (cast.programme, cast.coordinator)
    workshop = a_session(programme, kind=SessionKind.WORKSHOP)
    output = note_output(session=workshop, kind="agreement", words="We share one plan.", by=by, now=NOW)
    return {"slug": programme.slug, "output": output.pk}


def own_noted_agreement(cast: Cast) -> dict:
    return _noted(cast)


def other_noted_agreement(cast: Cast) -> dict:
    return _noted(cast, other=True)


def other_noted_under_the_own_programme(cast: Cast) -> dict:
    """What was noted elsewhere, asked for under the address of the own programme."""
    return {**_noted(cast, other=True), "slug": cast.programme.slug}


def endorsement_link(cast: Cast) -> dict:
    """A personal link that was not opened in this browser."""
    agreement = _agreement(cast, proposed=True)
    return {"link": SeniorAsked.objects.get(asked__version__agreement=agreement).link_id}


def endorsement_token(cast: Cast) -> dict:
    agreement = _agreement(cast, proposed=True)
    return {"token": token_of(SeniorAsked.objects.get(asked__version__agreement=agreement).link)}


ROUTES: list[Route] = [
    *(Route(f"commitments:{name}", nothing, {200: "signed_in"}) for name in ("agreement-list", "agreement-export")),
    *(
        route
        for name in ("programme-agreements", "programme-agreements-export", "agreement-matrix")
        for route in (
            Route(f"commitments:{name}", own_programme, CONCERNED),
            Route(f"commitments:{name}", other_programme, CONCERNED_ELSEWHERE),
        )
    ),
    Route("commitments:endorsement-export", own_programme, WHOLE),
    Route("commitments:endorsement-export", other_programme, ELSEWHERE),
    Route("commitments:endorsement-names", own_programme, KEEPING),
    Route("commitments:endorsement-names", other_programme, ELSEWHERE),
    *(
        route
        for name in ("agreement-make", "agreement-rules")
        for route in (
            Route(f"commitments:{name}", own_programme, KEEPING),
            Route(f"commitments:{name}", other_programme, ELSEWHERE),
        )
    ),
    Route("commitments:output-agreement", own_noted_agreement, {302: "administrator coordinator"}, post=True),
    Route("commitments:output-agreement", other_noted_agreement, {302: "administrator other"}, post=True),
    Route("commitments:output-agreement", other_noted_under_the_own_programme, {404: "signed_in"}, post=True),
    Route("commitments:agreement-show", own_agreement, CONCERNED),
    Route("commitments:agreement-show", other_agreement, CONCERNED_ELSEWHERE),
    Route("commitments:agreement-show", own_drafted, READING),
    Route("commitments:agreement-show", other_drafted, ELSEWHERE),
    *(
        route
        for name in ("change", "propose")
        for route in (
            Route(f"commitments:agreement-{name}", own_drafted, KEEPING),
            Route(f"commitments:agreement-{name}", other_drafted, ELSEWHERE),
        )
    ),
    *(
        route
        for name in ("draft", "in-use", "out-of-use", "withdraw", "replace")
        for route in (
            Route(f"commitments:agreement-{name}", own_agreement, KEEPING),
            Route(f"commitments:agreement-{name}", other_agreement, ELSEWHERE),
        )
    ),
    Route("commitments:agreement-drop", own_second_draft, KEEPING),
    Route("commitments:agreement-drop", other_second_draft, ELSEWHERE),
    # Signing leads through a sign-in code first.
    Route("commitments:endorsement-sign", own_agreement, {302: "senior"}),
    Route("commitments:endorsement-sign", other_agreement, {404: "signed_in"}),
    Route("commitments:endorsement-pass-on", own_agreement, {200: "senior"}),
    Route("commitments:endorsement-pass-on", other_agreement, {404: "signed_in"}),
    Route("commitments:endorsement-asked", endorsement_link, {403: "everyone"}),
    Route("commitments:endorsement-open", endorsement_token, {302: "everyone"}),
    Route("commitments:agreed-list", own_programme, {200: "everyone"}),
    Route("commitments:agreed-list", other_programme, {200: "everyone"}),
    Route("commitments:endorsement-steps", nothing, {200: "everyone"}),
]
