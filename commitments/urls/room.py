"""Live questions: the short address on phones, the screen, and what the scribe does in the room."""

from django.urls import path

from commitments.views import room, room_steps, scribe

SESSION = "sessions/<int:session>/questions/"
ONE = f"{SESSION}<uuid:question>/"
urlpatterns = [
    path("ask/", room.enter_code, name="room-enter"),
    path("ask/<str:code>/", room.ask, name="room-show"),
    path("ask/<str:code>/now/", room.show_now, name="room-now"),
    path("ask/<str:code>/as-me/", room.ask_as_me, name="room-ask-as-me"),
    path("ask/<str:code>/screen/", room.show_screen, name="room-screen"),
    path(SESSION, scribe.note_question, name="session-questions"),
    path(f"{SESSION}promise/", scribe.note_promise, name="session-promise"),
    path(f"{SESSION}list/", scribe.show_list, name="room-list"),
    path(f"{SESSION}open/", room_steps.open_it, name="room-open"),
    path(f"{SESSION}moderation/", room_steps.set_moderation, name="room-moderation"),
    path(f"{SESSION}code/", room_steps.change_code, name="room-code"),
    path(f"{SESSION}close/", room_steps.close_it, name="room-close"),
    path(ONE, room_steps.show_one, name="room-question"),
    path(f"{ONE}show/", room_steps.show_it, name="room-question-show"),
    path(f"{ONE}hide/", room_steps.hide_it, name="room-question-hide"),
    path(f"{ONE}answered/", room_steps.answered_now, name="room-question-answered"),
    path(f"{ONE}same/", room_steps.same, name="room-question-same"),
    path(f"{ONE}taken/", room_steps.taken_away, name="room-question-taken"),
]
