"""Senior cover: the matrix, asking, the page of one request, and when somebody can."""

from django.urls import path

from accounts.links import exchange
from attendance.views import availability, cover, cover_next, cover_proposal, cover_request

COVER = "programmes/<slug:slug>/cover/"
urlpatterns = [
    path(COVER, cover.show_matrix, name="cover-show"),
    path(f"{COVER}cover.csv", cover.export_matrix, name="cover-export"),
    path(f"{COVER}rules/", cover.compare_rules, name="cover-rules"),
    path(f"{COVER}ask/", cover.ask, name="cover-ask"),
    path(f"{COVER}propose/", cover_proposal.propose, name="cover-propose"),
    path(f"{COVER}when/", availability.ask_when, name="availability-ask"),
    path("senior-cover/", cover.show_all, name="cover-all"),
    path("senior-cover/cover.csv", cover.export_all, name="cover-all-export"),
    path(f"{COVER}<int:request_id>/withdraw/", cover.withdraw, name="cover-withdraw"),
    path(f"{COVER}<int:request_id>/next/", cover_next.ask_next, name="cover-next"),
    path("cover/<link_token:token>/", exchange, {"purpose": "cover"}, name="cover-open"),
    path("cover/<int:link>/", cover_request.show_request, name="cover-request"),
    path("cover/<int:link>/coming/", cover_request.say_coming, name="cover-coming"),
    path("cover/<int:link>/not-me/", cover_request.pass_on, name="cover-pass-on"),
    path("cover/<int:link>/cannot/", cover_request.say_cannot, name="cover-cannot"),
    path("cover/<int:link>/when/", availability.open_from_request, name="cover-availability"),
    path("when/<link_token:token>/", exchange, {"purpose": "availability"}, name="availability-open"),
    path("when/<int:link>/", availability.show_diary, name="availability-show"),
]
