"""The addresses of commitments, by object."""

from commitments.urls import assurances, public, questions

app_name = "commitments"
urlpatterns = [*questions.urlpatterns, *assurances.urlpatterns, *public.urlpatterns]
