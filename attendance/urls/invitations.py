"""The addresses of inviting."""

from django.urls import path

from attendance.views import lead_requests, links, rounds

INVITING = "programmes/<slug:slug>/inviting/"

urlpatterns = [
    path("programmes/<slug:slug>/reach/ask/", lead_requests.ask_leads, name="lead-ask"),
    path(INVITING, rounds.list_rounds, name="round-list"),
    path(f"{INVITING}new/", rounds.choose_people, name="round-choose"),
    path(f"{INVITING}new/left-out/", rounds.list_left_out, name="round-left-out"),
    path(f"{INVITING}new/words/", rounds.write_words, name="round-words"),
    path(f"{INVITING}<int:round>/", rounds.show_round, name="round-show"),
    path(f"{INVITING}<int:round>/pause/", rounds.pause_round, name="round-pause"),
    path(f"{INVITING}<int:round>/go-on/", rounds.resume_round, name="round-go-on"),
    path(f"{INVITING}<int:round>/stop/", rounds.stop_round, name="round-stop"),
    path(f"{INVITING}answers/", rounds.list_answers, name="answer-list"),
    path(f"{INVITING}answers.csv", rounds.export_answers, name="answer-export"),
    path("invitations/again/", links.ask_link_again, name="invitation-again"),
    path("invitations/again/sent/", links.show_link_again_done, name="invitation-again-done"),
]
