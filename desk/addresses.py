"""Where the presses of the desk's pages lead."""

from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from attendance.models import SeniorAttendance
from attendance.queries.cover import Date
from briefings.models import Programme, Session
from face.addresses import address_of
from history.actions import key_of


def register(session: int) -> str:
    """Return where the register of the session with this number is kept."""
    return reverse("attendance:register-show", args=[session])


def cover_gap(session: Session | Date, organisation: int, refused: SeniorAttendance | None) -> str:
    """Return where somebody senior of ``organisation`` is asked for ``session``: who is next where one has refused."""
    slug = session.programme.slug
    if refused:
        return reverse("attendance:cover-next", args=[slug, refused.pk])
    # A matrix asks for a hundred of these.
    return f"{address_of('attendance:cover-ask', slug)}?session={session.pk}&organisation={organisation}"


def walk_ins(session: int) -> str:
    """Return where walk-ins of the session with this number are matched to people."""
    return reverse("attendance:register-walk-ins", args=[session])


def questions(programme: Programme | None = None, **asked: str) -> str:
    """Return the list of questions, of one programme where it is given."""
    if programme is None:
        return _with(reverse("commitments:question-list"), asked)
    return _with(reverse("commitments:programme-questions", args=[programme.slug]), asked)


def assurances(programme: Programme | None = None, **asked: str) -> str:
    """Return the list of assurances, of one programme where it is given."""
    if programme is None:
        return _with(reverse("commitments:assurance-list"), asked)
    return _with(reverse("commitments:programme-assurances", args=[programme.slug]), asked)


def agreements(programme: Programme | None = None, **asked: str) -> str:
    """Return the list of agreements, of one programme where it is given."""
    if programme is None:
        return _with(reverse("commitments:agreement-list"), asked)
    return _with(reverse("commitments:programme-agreements", args=[programme.slug]), asked)


def messages(programme: Programme | None = None, **asked: str) -> str:
    """Return the log of messages, of one programme where it is given."""
    about = {"about": key_of(programme)} if programme else {}
    return _with(reverse("messaging:message-list"), about | asked)


def organisation(found: Any) -> str:
    """Return the page of an organisation."""
    return reverse("organisations:organisation-show", args=[found.pk])


def staff_list(found: Any) -> str:
    """Return the page of an uploaded staff list."""
    return reverse("organisations:import-show", args=[found.pk])


def _with(address: str, asked: dict[str, str]) -> str:
    return f"{address}?{urlencode(asked)}" if asked else address
