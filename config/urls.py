"""Every address of the product, by app."""

from django.urls import include, path

from config import views

urlpatterns = [
    path("health/live", views.show_live, name="health-live"),
    path("health/ready", views.show_ready, name="health-ready"),
    path("", include("attendance.urls")),  # a press at the door finds its view before 200 others are tried
    path("", include("face.urls")),
    path("", include("accounts.urls")),
    path("", include("messaging.urls")),
    path("", include("surveys.urls")),
    path("", include("organisations.urls")),
    path("", include("briefings.urls")),
    path("", include("commitments.urls")),
    path("", include("communications.urls")),
    path("", include("desk.urls")),
]
