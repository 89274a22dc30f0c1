"""What the account pages show."""

from collections.abc import Iterable
from datetime import datetime

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db.models import Q, QuerySet

from accounts.models import Person, sort_key


def open_sessions(person: Person, now: datetime) -> QuerySet[UserSession]:
    """Return the sessions in which ``person`` is signed in ``now``, the most recently used first."""
    keys = Session.objects.filter(expire_date__gt=now).values("session_key")
    return UserSession.objects.filter(user=person, session_key__in=keys).order_by("-last_seen_at", "-pk")


def people_with_word(word: str) -> Q:
    """Return the condition on Person that ``word`` is a part of the address or, accents apart, of the name.

    It is answered by the indexes of parts, so 100,000 people are searched in a few milliseconds.
    """
    word = word.replace("\x00", "").lower()
    fits = Q(email__contains=word)
    parts = [] if "@" in word else sort_key(word).split()
    return fits | Q(*(Q(sort_name__contains=part) for part in parts)) if parts else fits


_BROWSERS = {
    "Edg": "Edge",
    "OPR": "Opera",
    "SamsungBrowser": "Samsung Internet",
    "Firefox": "Firefox",
    "FxiOS": "Firefox",
}
_BROWSERS |= {"CriOS": "Chrome", "Chrome": "Chrome", "Safari": "Safari"}
_SYSTEMS = {"iPhone": "an iPhone", "iPad": "an iPad", "Android": "Android", "Windows": "Windows", "CrOS": "ChromeOS"}
_SYSTEMS |= {"Mac OS": "a Mac", "Linux": "Linux"}


def with_devices(sessions: Iterable[UserSession]) -> list[UserSession]:
    """Return the sessions, each with ``device``: where it is open, in words."""
    rows = list(sessions)
    for row in rows:
        row.device = device_in_words(row.user_agent)
    return rows


def device_in_words(user_agent: str) -> str:
    """Return what a browser says of itself in words people use: "Firefox on Windows". The first word that fits wins."""
    browser = next((name for word, name in _BROWSERS.items() if word in user_agent), "A browser")
    system = next((name for word, name in _SYSTEMS.items() if word in user_agent), "")
    return f"{browser} on {system}" if system else browser
