"""Pages of the installation itself."""

from tests.access.routes import Route, nothing

ROUTES = [
    Route("face:brand-show", nothing, {200: "everyone"}),
    Route("face:component-list", nothing, {200: "everyone"}),
    Route("health-live", nothing, {200: "everyone"}),
    Route("health-ready", nothing, {200: "everyone"}),
]
