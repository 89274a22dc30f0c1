"""Series of workshops, and places in the whole of one."""

from django.urls import path

from attendance.views import series

LIST = "programmes/<slug:slug>/series/"
urlpatterns = [
    path(LIST, series.list_series, name="series-list"),
    path(f"{LIST}start/", series.start, name="series-start"),
    path(f"{LIST}<int:series>/", series.show, name="series-show"),
    path(f"{LIST}<int:series>/group/", series.change_group, name="series-group"),
    path("p/<int:link>/series/", series.take_rest, name="place-series"),
]
