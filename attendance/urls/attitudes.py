"""Attitudes around workshops, for who runs a programme; people answer at the addresses of ``surveys``."""

from django.urls import path

from attendance.views import attitudes

LIST = "programmes/<slug:slug>/attitudes/"
ONE = f"{LIST}<int:questionnaire>/"
POINT = f"{ONE}<slug:point>/"
urlpatterns = [
    path(LIST, attitudes.list_attitudes, name="attitudes-list"),
    path(f"{LIST}start/", attitudes.start, name="attitudes-start"),
    path(ONE, attitudes.show, name="attitudes-show"),
    path(f"{ONE}statements/", attitudes.change_words, name="attitudes-change"),
    path(f"{POINT}open/", attitudes.open_it, name="attitudes-open"),
    path(f"{POINT}close/", attitudes.close_it, name="attitudes-close"),
    path(f"{POINT}room/", attitudes.show_in_room, name="attitudes-room"),
    path(f"{POINT}send/", attitudes.send, name="attitudes-send"),
]
