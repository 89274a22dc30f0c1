"""The addresses of communications, by object."""

from communications.urls import stages, templates

app_name = "communications"
urlpatterns = [*templates.urlpatterns, *stages.urlpatterns]
