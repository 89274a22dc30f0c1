"""The library of activities."""

from django.urls import path

from attendance.views import activities

LIST = "programmes/<slug:slug>/activities/"
urlpatterns = [
    path(LIST, activities.list_activities, name="activity-list"),
    path(f"{LIST}write/", activities.write, name="activity-write"),
    path(f"{LIST}ready/<slug:key>/take/", activities.take, name="activity-take"),
    path(f"{LIST}<int:activity>/", activities.write, name="activity-change"),
    path(f"{LIST}<int:activity>/use/", activities.use, name="activity-use"),
]
