"""How a programme speaks: a page of its set-up that belongs to whoever coordinates it."""

from tests.access.routes import Route, other_programme, own_programme

ROUTES = [
    Route("attendance:programme-voice", own_programme, {200: "administrator coordinator"}),
    Route("attendance:programme-voice", other_programme, {200: "administrator other"}),
]
