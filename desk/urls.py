"""Pages over several apps."""

from django.urls import path

from desk.views import briefs, foot, home, people, programmes, reach, sessions, trace

app_name = "desk"
urlpatterns = [
    path("", home.show_home, name="home-show"),
    path("links/<int:link>/", home.open_link, name="link-open"),
    path("programmes/<programme:slug>/", programmes.show_programme, name="programme-show"),
    path("programmes/<programme:slug>/reach/", reach.show_reach, name="reach-show"),
    path("programmes/<programme:slug>/reach.csv", reach.download_reach, name="reach-download"),
    path("programmes/<programme:slug>/messages/", programmes.list_messages, name="programme-messages"),
    path("sessions/<int:session>/everything/", sessions.show_session, name="session-show"),
    path("cover/<int:link>/brief/", briefs.show_brief, name="brief-show"),
    path("people/<int:person>/everything/", people.show_person, name="person-show"),
    path("history/", trace.list_looks, name="trace-list"),
    path("history/download/", trace.download_looks, name="trace-download"),
    path("history/changes/", trace.list_changes, name="change-list"),
    path("history/changes/download/", trace.download_changes, name="change-download"),
    path("help/", foot.show_help, name="help-show"),
    path("privacy/", foot.show_privacy, name="privacy-show"),
    path("cookies/", foot.show_cookies, name="cookies-show"),
    path("accessibility/", foot.show_accessibility, name="accessibility-show"),
    path("privacy/complain/", foot.show_complaint, name="complaint-show"),
]
