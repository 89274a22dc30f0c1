"""Who may, in words that pages and actions share."""

from typing import Any

from accounts.permissions import assignments_of


def is_staff(person: Any) -> bool:
    """Return whether ``person`` holds any role: staff see the service navigation and may add an authenticator app."""
    return bool(assignments_of(person))


def needs_second_step(person: Any) -> bool:
    """Return whether a role of ``person`` demands an authenticator app (ASVS 6.3.3, Cyber Essentials)."""
    return any(assignment.role.needs_second_step for assignment in assignments_of(person))
