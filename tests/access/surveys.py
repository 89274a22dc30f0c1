"""The addresses where people answer who stay unknown; see routes.py for how a line is written."""

from surveys.actions.attitudes import close_point, open_point
from surveys.actions.feedback import give_tickets
from surveys.actions.questionnaires import choose_feedback, start_attitudes
from surveys.models import Opening
from surveys.tickets import token_for
from tests.access.routes import Route, nothing
from tests.cast import NOW, Cast


def a_ticket(cast: Cast) -> dict:
    about = cast.programme
    asked = choose_feedback(about=about, title="Own Programme", words=["It was good."], by=cast.coordinator, now=NOW)
    give_tickets(questionnaire=asked, holders=["attendance.place:1"], until=NOW.date())
    return {"token": token_for(asked.pk, "attendance.place:1")}


def no_ticket(cast: Cast) -> dict:
    return {"token": "x" * 27}


def an_open_point(cast: Cast) -> dict:
    return {"code": _point(cast).code}


def a_closed_point(cast: Cast) -> dict:
    opening = _point(cast)
    close_point(opening=opening, by="clock", now=NOW)
    return {"code": opening.code}


def _point(cast: Cast) -> Opening:
    asked = start_attitudes(about=cast.programme, method="paired", title="Hub", words=["I trust."], by="clock", now=NOW)
    return open_point(questionnaire=asked, point="before", most=30, by="clock", now=NOW)


ROUTES = [
    Route("surveys:attitudes-code", nothing, {200: "everyone"}),
    Route("surveys:attitudes-answer", an_open_point, {200: "everyone"}),
    Route("surveys:attitudes-answer", a_closed_point, {403: "everyone"}),
    Route("surveys:feedback-show", a_ticket, {200: "everyone"}),
    Route("surveys:feedback-show", no_ticket, {403: "everyone"}),
    Route("surveys:feedback-send", nothing, {403: "everyone"}, post=True),
]
