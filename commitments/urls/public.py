"""What everybody may read, asking anonymously, and the answers for who was invited or has a place."""

from django.urls import path

from commitments.views import anonymous, public

urlpatterns = [
    path("programmes/<slug:slug>/ask/", anonymous.ask, name="anonymous-ask"),
    path("programmes/<slug:slug>/answers/", public.list_answers, name="answer-list"),
    path("programmes/<slug:slug>/promises/", public.list_promises, name="promise-list"),
    path("i/<int:link>/answers/", public.list_for_invited, name="invitation-answers"),
    path("p/<int:link>/answers/", public.list_for_place, name="place-answers"),
]
