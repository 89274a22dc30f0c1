"""The addresses of commitments, by object."""

from commitments.urls import assurances, public, questions, room

app_name = "commitments"
urlpatterns = [*questions.urlpatterns, *assurances.urlpatterns, *public.urlpatterns, *room.urlpatterns]
