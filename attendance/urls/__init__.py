"""The addresses of attendance, by object."""

from attendance.urls import (
    activities,
    attitudes,
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
    venues,
    words,
)

app_name = "attendance"
urlpatterns = [
    *register.urlpatterns,  # what is pressed most comes first
    *places.invitation,
    *activities.urlpatterns,
    *attitudes.urlpatterns,
    *cover.urlpatterns,
    *feedback.urlpatterns,
    *sessions.urlpatterns,
    *series.urlpatterns,
    *record.urlpatterns,
    *materials.urlpatterns,
    *online.urlpatterns,
    *places.urlpatterns,
    *invitations.urlpatterns,
    *venues.urlpatterns,
    *words.urlpatterns,
]
