"""What somebody attended, for themselves and for the lead of their organisation: facts of closed registers alone."""

from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery

from accounts.models import Person
from accounts.queries import people_with_word
from attendance.models import CAME, Attendance, CoverState, Material, SeniorAttendance
from briefings.models import SessionPart, SessionState
from organisations.models import Affiliation, Organisation

_MOST_WORDS = 6
_READ = (
    "session__programme", "session__room__venue", "organisation", "profession", "person", "place__link", "walk_in",
)  # fmt: skip


def certified() -> QuerySet[Attendance]:
    """Return the attendances for which there is a certificate: a known person came, and the register is closed."""
    return Attendance.objects.filter(
        outcome__in=CAME, person__isnull=False, session__register__closed_at__isnull=False
    ).select_related(*_READ)


def attended_by(person: Any) -> QuerySet[Attendance]:
    """Return what ``person`` attended, the latest first."""
    return certified().filter(person=person).order_by("-session__date", "-session__starts", "-pk")


def materials_for(person: Any) -> QuerySet[Material]:
    """Return the papers of the sessions to which ``person`` came, wholly or in part, in the order of adding."""
    came = Attendance.objects.filter(person=person, outcome__in=CAME)
    return Material.objects.filter(session__in=came.values("session"))


def other_parts_of(person: Any) -> list[tuple[Any, str]]:
    """Return the sessions that ``person`` came to otherwise, with the part: senior manager, presenter, facilitator."""
    seniors = SeniorAttendance.objects.filter(person=person, state=CoverState.ATTENDED)
    found = [
        (own.session, f"Senior manager for {own.organisation}")
        for own in seniors.select_related("session__programme", "organisation")
    ]
    parts = SessionPart.objects.filter(person=person, session__state=SessionState.HELD)
    found += [(own.session, own.get_part_display()) for own in parts.select_related("session__programme")]
    return sorted(found, key=lambda each: (each[0].date, each[0].starts, each[1]), reverse=True)


def records_at(organisation: Organisation) -> QuerySet[Attendance]:
    """Return what became of the places and walk-ins of ``organisation``, the latest session first, people by name.

    Each row knows ``staff_number``, as the staff list of ``organisation`` has it last, and why somebody was not there.
    For the lead of ``organisation`` alone.
    """
    ties = Affiliation.objects.filter(person=OuterRef("person"), organisation=organisation)
    number = ties.exclude(staff_number="").order_by("-since", "-pk").values("staff_number")[:1]
    found = Attendance.objects.filter(
        organisation=organisation, person__isnull=False, session__register__closed_at__isnull=False
    )
    order = ("-session__date", "-session__starts", "person__sort_name", "pk")
    return (
        found.annotate(staff_number=Subquery(number)).select_related(*_READ, "place__absence_reason").order_by(*order)
    )


def narrowed(found: QuerySet[Attendance], *, words: str = "", programme: Any = None, outcome: str = "") -> QuerySet:
    """Return those of ``found`` with every word of ``words`` in the name, of ``programme`` and ``outcome`` if named."""
    for word in words.replace("\x00", " ").split()[:_MOST_WORDS]:
        found = found.filter(person__in=Person.objects.filter(people_with_word(word)).values("pk"))
    if programme:
        found = found.filter(session__programme=programme)
    return found.filter(outcome=outcome) if outcome else found
