"""The addresses of places and of what mailed links open."""

import uuid
from datetime import timedelta

from accounts.links import make_link, token_of
from attendance.actions.places import take_place
from attendance.models import (
    BulkMove,
    CalendarAnswer,
    CalendarEntry,
    Handover,
    Invitation,
    Place,
    PlaceState,
    SeatCount,
    Team,
)
from tests.access.routes import Route, nothing, other_programme, other_session, own_programme, own_session
from tests.cast import NOW, Cast
from tests.organisations.factories import AffiliationFactory, PersonFactory

BOOKING = {200: "administrator coordinator"}
ACTING = {302: "administrator coordinator"}
OTHERS = {200: "administrator other"}
ACTING_ELSEWHERE = {302: "administrator other"}
RUNNING = {200: "administrator coordinator facilitator"}


def _counter(session) -> None:
    SeatCount.objects.get_or_create(session=session, defaults={"capacity": session.capacity})


def _placed(cast: Cast, *, other: bool = False) -> Place:
    """A place of the practitioner in the own session, or of somebody in the other one."""
    session = cast.other_session if other else cast.session
    _counter(session)
    person = cast.practitioner
    if other:
        person = PersonFactory()
        AffiliationFactory(person=person, organisation=cast.other_organisation)
    return take_place(session=session, person=person, by=person, now=NOW)


def _invited(cast: Cast) -> Invitation:
    person = cast.practitioner
    found, _ = Invitation.objects.get_or_create(programme=cast.programme, person=person, defaults={"invited_at": NOW})
    found.link = make_link(purpose="invitation", person=person, about=found, ends_at=NOW + timedelta(days=9), now=NOW)
    found.save(update_fields=["link"])
    return found


def invitation_link(cast: Cast) -> dict:
    """A personal link that was not opened in this browser."""
    return {"link": _invited(cast).link_id}


def invitation_token(cast: Cast) -> dict:
    return {"token": token_of(_invited(cast).link)}


def invitation_session(cast: Cast) -> dict:
    return {**invitation_link(cast), "session": cast.session.pk}


def invitation_place(cast: Cast) -> dict:
    return {**invitation_link(cast), "place": _placed(cast).pk}


def invitation_answer(cast: Cast) -> dict:
    return {**invitation_link(cast), "answer": "not_for_me"}


def place_link(cast: Cast) -> dict:
    return {"link": _placed(cast).link_id}


def place_token(cast: Cast) -> dict:
    return {"token": token_of(_placed(cast).link)}


def place_session(cast: Cast) -> dict:
    return {**place_link(cast), "session": cast.session.pk}


def feed_token(cast: Cast) -> dict:
    person = cast.practitioner
    link = make_link(purpose="calendar", person=person, about=person, ends_at=NOW + timedelta(days=9), now=NOW)
    return {"token": token_of(link)}


def own_answer(cast: Cast) -> dict:
    return {"slug": cast.programme.slug, "answer": _answer(cast.session, cast.practitioner).pk}


def other_answer(cast: Cast) -> dict:
    return {"slug": cast.other_programme.slug, "answer": _answer(cast.other_session, cast.other_lead).pk}


def _answer(session, person) -> CalendarAnswer:
    entry, _ = CalendarEntry.objects.get_or_create(session=session, person=person)
    return CalendarAnswer.objects.create(
        entry=entry, said="delegated", sequence=0, left_at=0, stamp=NOW, received_at=NOW, outcome="asks",
        why="delegated",
    )  # fmt: skip


def programme_person(cast: Cast) -> dict:
    return {"slug": cast.programme.slug, "person": cast.practitioner.pk}


def other_programme_person(cast: Cast) -> dict:
    return {"slug": cast.other_programme.slug, "person": _placed(cast, other=True).person_id}


def other_persons_place(cast: Cast) -> dict:
    """The place of somebody in the other programme."""
    place = _placed(cast, other=True)
    return {"slug": cast.other_programme.slug, "person": place.person_id, "place": place.pk}


def invited_person(cast: Cast) -> dict:
    _invited(cast)
    return programme_person(cast)


def other_invited_person(cast: Cast) -> dict:
    """Somebody with an invitation of the other programme."""
    kwargs = other_programme_person(cast)
    made = Invitation.objects.create(programme=cast.other_programme, person_id=kwargs["person"], invited_at=NOW)
    made.link = make_link(
        purpose="invitation", person=made.person, about=made, ends_at=NOW + timedelta(days=9), now=NOW
    )
    made.save(update_fields=["link"])
    return kwargs


def persons_place(cast: Cast) -> dict:
    return {**programme_person(cast), "place": _placed(cast).pk}


def counted_session(cast: Cast) -> dict:
    """The own session, open for booking: it is public, so everybody gets the same."""
    _counter(cast.session)
    return own_session(cast)


def other_counted_session(cast: Cast) -> dict:
    """A session of another programme, public too: booking asks who somebody is, not what they manage."""
    _counter(cast.other_session)
    return other_session(cast)


def own_move(cast: Cast) -> dict:
    move = BulkMove.objects.create(session=cast.session, to=cast.session, made_at=NOW)
    return {**counted_session(cast), "move": move.pk}


def other_move(cast: Cast) -> dict:
    move = BulkMove.objects.create(session=cast.other_session, to=cast.other_session, made_at=NOW)
    return {**other_counted_session(cast), "move": move.pk}


def handover_link(cast: Cast) -> dict:
    """The link of somebody who was asked to take over a place; not opened in this browser."""
    return {"link": _handed_over(cast).link_id}


def handover_token(cast: Cast) -> dict:
    return {"token": token_of(_handed_over(cast).link)}


def _handed_over(cast: Cast) -> Handover:
    place, colleague = _placed(cast), PersonFactory()
    Handover.objects.filter(place=place).delete()
    made = Handover.objects.create(place=place, colleague=colleague, asked_at=NOW)
    made.link = make_link(purpose="handover", person=colleague, about=made, ends_at=NOW + timedelta(days=9), now=NOW)
    made.save(update_fields=["link"])
    return made


def _link_routes(prefix: str, kwargs, pages: str, buttons: str) -> list[Route]:
    closed = {403: "everyone"}
    lines = [Route(f"attendance:{prefix}-{name}", kwargs, closed) for name in pages.split()]
    return lines + [Route(f"attendance:{prefix}-{name}", kwargs, closed, post=True) for name in buttons.split()]


def _team(cast: Cast, *, other: bool = False) -> dict:
    session = cast.other_session if other else cast.session
    organisation = cast.other_organisation if other else cast.organisation
    made = Team.objects.create(session=session, organisation=organisation, rule="fit", press=uuid.uuid4(), made_at=NOW)
    return {"team": made.pk}


def own_team(cast: Cast) -> dict:
    return _team(cast)


def other_team(cast: Cast) -> dict:
    return _team(cast, other=True)


def _in_team(cast: Cast, *, other: bool = False) -> dict:
    place, team = _placed(cast, other=other), _team(cast, other=other)
    Place.objects.filter(pk=place.pk).update(state=PlaceState.BOOKED, **{f"{name}_id": pk for name, pk in team.items()})
    return {**team, "place": place.pk}


def own_team_place(cast: Cast) -> dict:
    return _in_team(cast)


def other_team_place(cast: Cast) -> dict:
    return _in_team(cast, other=True)


def led_organisation(cast: Cast) -> dict:
    return {"organisation": cast.organisation.pk}


def other_led_organisation(cast: Cast) -> dict:
    return {"organisation": cast.other_organisation.pk}


def led_session(cast: Cast) -> dict:
    _counter(cast.session)
    return {**led_organisation(cast), "session": cast.session.pk}


def other_led_session(cast: Cast) -> dict:
    _counter(cast.other_session)
    return {**other_led_organisation(cast), "session": cast.other_session.pk}


def led_programme(cast: Cast) -> dict:
    return {"programme": led_session(cast) and cast.programme.pk, **led_organisation(cast)}


def other_led_programme(cast: Cast) -> dict:
    return {"programme": other_led_session(cast) and cast.other_programme.pk, **other_led_organisation(cast)}


def _team_routes(whose: str, organisation, session, team, nudged) -> list[Route]:
    posts = ("team-switch", "team-release")
    return [
        Route("attendance:team-choose", organisation, {200: whose}),
        Route("attendance:team-nudge", nudged, {200: whose}),
        Route("attendance:team-book", session, {200: whose}),
        Route("attendance:team-show", team, {200: whose}),
        Route("attendance:team-name", team, {302: whose}),
        *[Route(f"attendance:{name}", team, {302: whose}, post=True) for name in posts],
    ]


ROUTES = [
    Route("attendance:team-give-up", own_team_place, {200: "lead"}),
    Route("attendance:team-give-up", other_team_place, {200: "other_lead"}),
    Route("attendance:team-replace", own_team_place, {200: "lead"}),
    Route("attendance:team-replace", other_team_place, {200: "other_lead"}),
    *_team_routes("lead", led_organisation, led_session, own_team, led_programme),
    *_team_routes("other_lead", other_led_organisation, other_led_session, other_team, other_led_programme),
    Route("attendance:invitation-open", invitation_token, {302: "everyone"}),
    *_link_routes("invitation", invitation_link, "choose not-me", "take-back"),
    Route("attendance:invitation-take", invitation_session, {403: "everyone"}),
    Route("attendance:invitation-done", invitation_place, {403: "everyone"}),
    Route("attendance:invitation-place", invitation_place, {403: "everyone"}),
    Route("attendance:invitation-answer", invitation_answer, {403: "everyone"}),
    Route("attendance:place-open", place_token, {302: "everyone"}),
    *_link_routes(
        "place",
        place_link,
        "show newer feed file give-up choose-other needs hand-over take-back",
        "send-entry accept hand-over-withdraw",
    ),
    Route("attendance:handover-open", handover_token, {302: "everyone"}),
    *_link_routes("handover", handover_link, "take", "decline"),
    Route("attendance:place-change", place_session, {403: "everyone"}),
    Route("commitments:place-ask", place_link, {403: "everyone"}),
    Route("attendance:answer-calendar", own_programme, BOOKING),
    Route("attendance:answer-calendar", other_programme, OTHERS),
    Route("attendance:answer-settle", own_answer, ACTING, post=True),
    Route("attendance:answer-settle", other_answer, ACTING_ELSEWHERE, post=True),
    Route("attendance:feed-show", feed_token, {200: "everyone"}),
    Route("attendance:feed-own", nothing, {200: "signed_in"}),
    Route("attendance:session-feed", own_programme, {200: "everyone"}),
    Route("attendance:session-feed", other_programme, {200: "everyone"}),
    Route("attendance:person-find", own_programme, BOOKING),
    Route("attendance:person-find", other_programme, OTHERS),
    Route("attendance:person-show", programme_person, BOOKING),
    Route("attendance:person-show", other_programme_person, OTHERS),
    Route("attendance:person-take", programme_person, BOOKING, post=True),
    Route("attendance:person-take", other_programme_person, OTHERS, post=True),
    Route("attendance:person-answer", invited_person, ACTING, post=True),
    Route("attendance:person-answer", other_invited_person, ACTING_ELSEWHERE, post=True),
    Route("attendance:person-send-link", invited_person, ACTING, post=True),
    Route("attendance:person-send-link", other_invited_person, ACTING_ELSEWHERE, post=True),
    Route("attendance:person-change", persons_place, BOOKING, post=True),
    Route("attendance:person-change", other_persons_place, OTHERS, post=True),
    Route("attendance:person-seat", persons_place, ACTING, post=True),
    Route("attendance:person-seat", other_persons_place, ACTING_ELSEWHERE, post=True),
    Route("attendance:person-give-up", persons_place, BOOKING),
    Route("attendance:person-give-up", other_persons_place, OTHERS),
    Route("attendance:person-send-entry", persons_place, ACTING, post=True),
    Route("attendance:person-send-entry", other_persons_place, ACTING_ELSEWHERE, post=True),
    *[
        Route(f"attendance:session-book{step}", session, answers)
        for session in (counted_session, other_counted_session)
        for step, answers in {
            "": {200: "stranger", 302: "signed_in"},
            "-organisation": {302: "everyone"},
            "-code": {302: "everyone"},
            "-details": {302: "everyone"},
            "-check": {200: "signed_in", 302: "stranger"},
        }.items()
    ],
    Route("attendance:session-places", own_session, RUNNING),
    Route("attendance:session-places", other_session, OTHERS),
    Route("attendance:session-move", counted_session, BOOKING),
    Route("attendance:session-move", other_counted_session, OTHERS),
    Route("attendance:session-moved", own_move, BOOKING),
    Route("attendance:session-moved", other_move, OTHERS),
    Route("attendance:session-places-export", own_session, RUNNING),
    Route("attendance:session-places-export", other_session, OTHERS),
]
