"""The addresses where people answer who stay unknown; see routes.py for how a line is written."""

from surveys.actions.feedback import give_tickets
from surveys.actions.questionnaires import choose_feedback
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


ROUTES = [
    Route("surveys:feedback-show", a_ticket, {200: "everyone"}),
    Route("surveys:feedback-show", no_ticket, {403: "everyone"}),
    Route("surveys:feedback-send", nothing, {403: "everyone"}, post=True),
]
