"""Tellings: drafting, approving and publishing one; what everybody reads."""

from django.urls import path

from commitments.views import telling

ONE = "tellings/<int:telling>/"
PUBLIC = "programmes/<slug:slug>/told/"
urlpatterns = [
    path("programmes/<slug:slug>/tellings/", telling.list_tellings, name="telling-list"),
    path(ONE, telling.show_telling, name="telling-show"),
    path(f"{ONE}change/", telling.change, name="telling-change"),
    path(f"{ONE}otherwise/", telling.say_otherwise, name="telling-otherwise"),
    path(f"{ONE}propose/", telling.propose, name="telling-propose"),
    path(f"{ONE}publish/", telling.publish, name="telling-publish"),
    path(f"{ONE}withdraw/", telling.withdraw, name="telling-withdraw"),
    path("p/<int:link>/told/<int:telling>/", telling.show_told_to_place, name="place-told"),
    path(PUBLIC, telling.list_told, name="told-list"),
    path(f"{PUBLIC}<int:telling>/", telling.show_told, name="told-show"),
]
