"""The addresses of attitudes for who runs a programme; see routes.py for how a line is written."""

from briefings.models import Programme
from surveys.actions.attitudes import open_point
from surveys.actions.questionnaires import start_attitudes
from surveys.models import Questionnaire
from tests.access.routes import Route, other_programme, own_programme
from tests.cast import NOW, Cast

SEEING = {200: "administrator coordinator facilitator board"}
CHOOSING = {200: "administrator coordinator"}
ELSEWHERE = {200: "administrator other"}


def own_questionnaire(cast: Cast) -> dict:
    return _questionnaire(cast.programme)


def other_questionnaire(cast: Cast) -> dict:
    return _questionnaire(cast.other_programme)


def other_under_the_own_programme(cast: Cast) -> dict:
    """Somebody else's questionnaire, asked for under the address of the own programme."""
    return {**other_questionnaire(cast), "slug": cast.programme.slug}


def own_point(cast: Cast) -> dict:
    return _point(own_questionnaire(cast))


def other_point(cast: Cast) -> dict:
    return _point(other_questionnaire(cast))


def _questionnaire(programme: Programme) -> dict:
    made = start_attitudes(about=programme, method="paired", title="Hub", words=["I trust."], by="clock", now=NOW)
    return {"slug": programme.slug, "questionnaire": made.pk}


def _point(own: dict) -> dict:
    asked = Questionnaire.objects.get(pk=own["questionnaire"])
    open_point(questionnaire=asked, point="before", most=30, by="clock", now=NOW)
    return {**own, "point": "before"}


ROUTES = [
    Route("attendance:attitudes-list", own_programme, SEEING),
    Route("attendance:attitudes-list", other_programme, ELSEWHERE),
    Route("attendance:attitudes-start", own_programme, CHOOSING),
    Route("attendance:attitudes-start", other_programme, ELSEWHERE),
    Route("attendance:attitudes-show", own_questionnaire, SEEING),
    Route("attendance:attitudes-show", other_questionnaire, ELSEWHERE),
    Route("attendance:attitudes-show", other_under_the_own_programme, {404: "signed_in"}),
    Route("attendance:attitudes-change", own_questionnaire, CHOOSING),
    Route("attendance:attitudes-change", other_questionnaire, ELSEWHERE),
    Route("attendance:attitudes-room", own_point, SEEING),
    Route("attendance:attitudes-room", other_point, ELSEWHERE),
    *(
        route
        for name in ("attitudes-open", "attitudes-close", "attitudes-send")
        for route in (
            Route(f"attendance:{name}", own_point, CHOOSING),
            Route(f"attendance:{name}", other_point, ELSEWHERE),
        )
    ),
]
