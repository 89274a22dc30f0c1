"""The addresses of attendance; see routes.py for how a line is written."""

from tests.access import (
    attendance_activities,
    attendance_attitudes,
    attendance_cover,
    attendance_feedback,
    attendance_invitations,
    attendance_online,
    attendance_places,
    attendance_record,
    attendance_register,
    attendance_series,
    attendance_sessions,
    attendance_venues,
    attendance_words,
)
from tests.access.routes import Route

ROUTES: list[Route] = [
    *attendance_activities.ROUTES,
    *attendance_attitudes.ROUTES,
    *attendance_cover.ROUTES,
    *attendance_feedback.ROUTES,
    *attendance_invitations.ROUTES,
    *attendance_online.ROUTES,
    *attendance_places.ROUTES,
    *attendance_record.ROUTES,
    *attendance_register.ROUTES,
    *attendance_series.ROUTES,
    *attendance_sessions.ROUTES,
    *attendance_venues.ROUTES,
    *attendance_words.ROUTES,
]
