"""The addresses of attendance, by object."""

from attendance.urls import (
    attitudes,
    bilateral,
    cover,
    feedback,
    invitations,
    materials,
    online,
    places,
    record,
    register,
    series,
    sessions,
)

app_name = "attendance"
urlpatterns = [
    *attitudes.urlpatterns,
    *bilateral.urlpatterns,
    *cover.urlpatterns,
    *feedback.urlpatterns,
    *sessions.urlpatterns,
    *series.urlpatterns,
    *record.urlpatterns,
    *register.urlpatterns,
    *materials.urlpatterns,
    *online.urlpatterns,
    *places.urlpatterns,
    *invitations.urlpatterns,
]
