"""What workshops leave behind, and the link of an action."""

from django.urls import path

from accounts.links import exchange
from commitments.views import missed, outputs

SCREEN = "sessions/<int:session>/outputs/"
LIST = "programmes/<slug:slug>/outputs/"
urlpatterns = [
    path(SCREEN, outputs.note, name="session-outputs"),
    path(f"{SCREEN}<int:output>/remove/", outputs.remove, name="output-remove"),
    path(LIST, outputs.list_outputs, name="programme-outputs"),
    path(f"{LIST}<int:output>/change/", outputs.change, name="action-change"),
    path(f"{LIST}<int:output>/end/", outputs.end, name="action-end"),
    path("action/<link_token:token>/", exchange, {"purpose": "action"}, name="action-open"),
    path("action/<int:link>/", outputs.show_own, name="action-show"),
    path("p/<int:link>/missed/", missed.show_missed, name="place-missed"),
]
