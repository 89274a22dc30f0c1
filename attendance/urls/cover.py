"""Senior cover: the matrix, asking, and the page of one request."""

from django.urls import path

from accounts.links import exchange
from attendance.views import cover

COVER = "programmes/<slug:slug>/cover/"
urlpatterns = [
    path(COVER, cover.show_matrix, name="cover-show"),
    path(f"{COVER}cover.csv", cover.export_matrix, name="cover-export"),
    path(f"{COVER}ask/", cover.ask, name="cover-ask"),
    path(f"{COVER}<int:request_id>/withdraw/", cover.withdraw, name="cover-withdraw"),
    path("cover/<link_token:token>/", exchange, {"purpose": "cover"}, name="cover-open"),
    path("cover/<int:link>/", cover.show_request, name="cover-request"),
    path("cover/<int:link>/coming/", cover.say_coming, name="cover-coming"),
    path("cover/<int:link>/not-me/", cover.pass_on, name="cover-pass-on"),
    path("cover/<int:link>/cannot/", cover.say_cannot, name="cover-cannot"),
]
