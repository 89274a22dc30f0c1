"""The addresses of a bilateral share."""

from django.urls import path

from communications.views import bilateral

urlpatterns = [
    path("programmes/bilateral/", bilateral.begin_share, name="bilateral-start"),
    path("programmes/<slug:slug>/ready/", bilateral.show_done, name="bilateral-done"),
]
