"""Attendance online, and checking oneself in."""

from django.urls import path

from attendance.views import check_in, online

ONLINE = "sessions/<int:session>/online/"
urlpatterns = [
    path(ONLINE, online.list_reports, name="online-list"),
    path(f"{ONLINE}share/", online.change_share, name="online-share"),
    path(f"{ONLINE}<int:report>/", online.show_report, name="online-report"),
    path(f"{ONLINE}<int:report>/take-over/", online.take_over, name="online-take-over"),
    path(f"{ONLINE}<int:report>/rows/<int:row>/", online.reconsider, name="online-reconsider"),
    path("sessions/<int:session>/register/screen/", check_in.show_screen, name="register-screen"),
    path("here/", check_in.give_code, name="here-code"),
    path("here/<slug:code>/", check_in.show_here, name="here-show"),
    path("p/<int:link>/here/", check_in.check_in_by_place, name="place-here"),
]
