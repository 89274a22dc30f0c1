"""The addresses of venues and their rooms: what changes there changes for those who come to a session in them."""

from django.urls import path

from attendance.views import venues

urlpatterns = [
    path("venues/", venues.list_venues, name="venue-list"),
    path("venues/add/", venues.new_venue, name="venue-add"),
    path("venues/<int:venue>/", venues.show_venue, name="venue-show"),
    path("venues/<int:venue>/change/", venues.edit_venue, name="venue-change"),
    path("venues/<int:venue>/rooms/add/", venues.new_room, name="room-add"),
    path("venues/<int:venue>/rooms/<int:room>/", venues.edit_room, name="room-change"),
    path("venues/<int:venue>/rooms/<int:room>/remove/", venues.drop_room, name="room-remove"),
]
