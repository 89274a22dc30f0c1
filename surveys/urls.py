"""Where people answer who stay unknown."""

from django.urls import path, register_converter

from surveys.views import attitudes, feedback

app_name = "surveys"


class TicketToken:
    """``<ticket:token>``: what ``surveys.tickets.token_for`` makes, and what is left of it when a mail cuts it off."""

    regex = r"[A-Za-z0-9_-]{1,60}"

    def to_python(self, value: str) -> str:
        return value

    to_url = to_python


register_converter(TicketToken, "ticket")

urlpatterns = [
    path("feedback/", feedback.send_feedback, name="feedback-send"),
    path("feedback/<ticket:token>/", feedback.show_feedback, name="feedback-show"),
    path("attitudes/", attitudes.give_code, name="attitudes-code"),
    path("attitudes/<slug:code>/", attitudes.answer, name="attitudes-answer"),
]
