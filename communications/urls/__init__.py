"""The addresses of communications, by object."""

from communications.urls import bilateral, posts, stages, templates

app_name = "communications"
urlpatterns = [*bilateral.urlpatterns, *templates.urlpatterns, *stages.urlpatterns, *posts.urlpatterns]
