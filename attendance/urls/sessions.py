"""The addresses of sessions: a programme's list, one session, and what a coordinator does to it."""

from django.urls import path

from attendance.views import notices, policies, session_pages, session_parts, session_plans, sessions

LIST = "programmes/<slug:slug>/sessions/"
ONE = "sessions/<int:session>/"

urlpatterns = [
    path(LIST, session_pages.list_sessions, name="session-list"),
    path("programmes/<slug:slug>/sessions.csv", session_pages.export_sessions, name="session-export"),
    path(f"{LIST}month/", session_pages.show_month, name="session-month"),
    path(f"{LIST}plan/", session_plans.plan, name="session-plan"),
    path(f"{LIST}plan-several/", session_plans.plan_dates, name="session-plan-several"),
    path("programmes/<slug:slug>/booking-rules/", policies.change_rules, name="booking-rules"),
    path("programmes/<slug:slug>/quotas/", policies.change_quotas, name="booking-quotas"),
    path("programmes/<slug:slug>/quotas/<int:quota>/release/", policies.release, name="booking-quota-release"),
    path("programmes/<slug:slug>/quotas/<int:quota>/remove/", policies.remove, name="booking-quota-remove"),
    path(ONE, session_pages.show_session, name="session-show"),
    path(f"{ONE}change/", sessions.change, name="session-change"),
    path(f"{ONE}copy/", session_plans.copy, name="session-copy"),
    path(f"{ONE}seats/", sessions.resize, name="session-seats"),
    path(f"{ONE}open/", sessions.open_for_booking, name="session-open"),
    path(f"{ONE}hold/", sessions.hold, name="session-hold"),
    path(f"{ONE}cancel/", sessions.cancel, name="session-cancel"),
    path(f"{ONE}notice/", notices.write, name="session-notice"),
    path(f"{ONE}agenda/", session_parts.change_the_agenda, name="session-agenda"),
    path(f"{ONE}people/", session_parts.add_person, name="session-people"),
    path(f"{ONE}people/<int:part>/end/", session_parts.drop_person, name="session-part-end"),
]
