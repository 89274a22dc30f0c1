"""The addresses of commitments, by object."""

from commitments.urls import agreements, assurances, guidance, outputs, public, questions, room, telling

app_name = "commitments"
urlpatterns = [
    *questions.urlpatterns,
    *assurances.urlpatterns,
    *agreements.urlpatterns,
    *outputs.urlpatterns,
    *guidance.urlpatterns,
    *public.urlpatterns,
    *room.urlpatterns,
    *telling.urlpatterns,
]
