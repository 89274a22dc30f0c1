"""Tags for pages that list people."""

from html import escape

from django import template
from django.utils.safestring import SafeString, mark_safe

from accounts.models import Person
from face.addresses import address_of
from face.templatetags.face import state
from organisations.queries import ListedTie

register = template.Library()
_UNKNOWN, _NO_TIE = "Not known", '<span class="soft">No organisation</span>'
_LEFT = ' <span class="soft">(left)</span>'


@register.simple_tag
def person_rows(rows: list[tuple[Person, list[ListedTie]]]) -> SafeString:
    """The rows of the list of people. One piece of each rather than twenty, as those of questions."""
    return mark_safe("\n".join(_row(person, ties) for person, ties in rows))  # noqa: S308 - what is typed is escaped


def _row(person: Person, ties: list[ListedTie]) -> str:
    closed = "" if person.is_active else f"<br>{state('dash', 'quiet', 'Account closed')}"
    there = "<br>".join(f"{escape(tie.organisation)}{_LEFT if tie.has_left else ''}" for tie in ties)
    return (
        f'<tr><th scope="row"><a href="{address_of("organisations:person-show", person.pk)}">{escape(person.name)}</a>'
        f"{closed}</th><td>{escape(person.email or 'No e-mail address')}</td><td>{there or _NO_TIE}</td>"
        f"{professions_cell(ties)}{areas_cell(ties)}</tr>"
    )


def professions_cell(ties: list[ListedTie]) -> str:
    """Return the cell that says the profession of each of ``ties``."""
    return f"<td>{'<br>'.join(escape(tie.profession or _UNKNOWN) for tie in ties)}</td>"


def areas_cell(ties: list[ListedTie]) -> str:
    """Return the cell that says the areas of each of ``ties``."""
    return f"<td>{'<br>'.join(escape(', '.join(tie.areas) or _UNKNOWN) for tie in ties)}</td>"
