"""Feedback on a programme's sessions, for who runs it; people answer at the addresses of ``surveys``."""

from django.urls import path

from attendance.views import feedback

FEEDBACK = "programmes/<slug:slug>/feedback/"
urlpatterns = [
    path(FEEDBACK, feedback.show_feedback, name="feedback-show"),
    path(f"{FEEDBACK}questions/", feedback.choose_questions, name="feedback-choose"),
    path(f"{FEEDBACK}stop/", feedback.stop_asking, name="feedback-stop"),
]
