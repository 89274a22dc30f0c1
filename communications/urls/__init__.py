"""The addresses of communications, by object."""

from communications.urls import posts, stages, templates

app_name = "communications"
urlpatterns = [*templates.urlpatterns, *stages.urlpatterns, *posts.urlpatterns]
