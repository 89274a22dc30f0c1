"""The room that knows all others: settings, urls, the timetable, our own servers."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
