"""The addresses of attendance, by object."""

from attendance.urls import bilateral, cover, invitations, places, register, sessions

app_name = "attendance"
urlpatterns = [
    *bilateral.urlpatterns,
    *cover.urlpatterns,
    *sessions.urlpatterns,
    *register.urlpatterns,
    *places.urlpatterns,
    *invitations.urlpatterns,
]
