"""The address of how a programme speaks: what changes there changes for those who come to its sessions."""

from django.urls import path

from attendance.views import words

urlpatterns = [path("programmes/<slug:slug>/set-up/voice/", words.change_voice, name="programme-voice")]
