"""The addresses of inviting; see routes.py for how a line is written."""

import uuid

from attendance.models import InvitationRound, RoundState
from briefings.models import Programme
from tests.access.routes import Route, nothing, other_programme, own_programme
from tests.cast import NOW, Cast


def own_round(cast: Cast) -> dict:
    return _round(cast.programme, RoundState.SENDING)


def other_round(cast: Cast) -> dict:
    return _round(cast.other_programme, RoundState.SENDING)


def own_paused_round(cast: Cast) -> dict:
    return _round(cast.programme, RoundState.PAUSED)


def other_paused_round(cast: Cast) -> dict:
    return _round(cast.other_programme, RoundState.PAUSED)


def other_round_under_the_own_programme(cast: Cast) -> dict:
    """Somebody else's round, asked for under the address of the own programme."""
    return {**other_round(cast), "slug": cast.programme.slug}


def _round(programme: Programme, state: RoundState) -> dict:
    made = InvitationRound.objects.create(
        programme=programme, made_at=NOW, press=uuid.uuid4(), subject="Come", state=state, total=1
    )
    return {"slug": programme.slug, "round": made.pk}


OWN, OTHER = "administrator coordinator", "administrator other"

ROUTES = [
    # What the address does not say is not there: see tests/desk/test_reach_page.py for who may ask.
    Route("attendance:lead-ask", own_programme, {404: "signed_in"}),
    Route("attendance:lead-ask", other_programme, {404: "signed_in"}),
    *(
        route
        for name in ("round-list", "round-choose", "answer-list", "answer-export")
        for route in (
            Route(f"attendance:{name}", own_programme, {200: OWN}),
            Route(f"attendance:{name}", other_programme, {200: OTHER}),
        )
    ),
    # Without a choice in the address these lead back to choosing (302), or show it with what is missing (422).
    Route("attendance:round-left-out", own_programme, {302: OWN}),
    Route("attendance:round-left-out", other_programme, {302: OTHER}),
    Route("attendance:round-words", own_programme, {422: OWN}),
    Route("attendance:round-words", other_programme, {422: OTHER}),
    *(
        route
        for name in ("round-show", "round-stop")
        for route in (
            Route(f"attendance:{name}", own_round, {200: OWN}),
            Route(f"attendance:{name}", other_round, {200: OTHER}),
            Route(f"attendance:{name}", other_round_under_the_own_programme, {}),
        )
    ),
    Route("attendance:round-pause", own_round, {302: OWN}, post=True),
    Route("attendance:round-pause", other_round, {302: OTHER}, post=True),
    Route("attendance:round-go-on", own_paused_round, {302: OWN}, post=True),
    Route("attendance:round-go-on", other_paused_round, {302: OTHER}, post=True),
    Route("attendance:invitation-again", nothing, {200: "everyone"}),
    Route("attendance:invitation-again-done", nothing, {200: "everyone"}),
]
