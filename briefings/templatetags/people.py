"""Tags for pages that list the people of a programme."""

from html import escape

from django import template
from django.template.defaultfilters import capfirst
from django.utils.safestring import SafeString, mark_safe

from accounts.models import Person
from organisations.queries import ListedTie
from organisations.templatetags.organisations import areas_cell, professions_cell

register = template.Library()


@register.simple_tag
def scope_rows(rows: list[tuple[Person, list[ListedTie], list[str]]]) -> SafeString:
    """The rows of a list of people who are in scope, or with the reasons why not. One piece of each."""
    return mark_safe("\n".join(_row(*row) for row in rows))  # noqa: S308 - what is typed is escaped


def _row(person: Person, ties: list[ListedTie], reasons: list[str]) -> str:
    there = "<br>".join(escape(tie.organisation) for tie in ties)
    why = f"<td>{escape(capfirst(', '.join(reasons)))}</td>" if reasons else areas_cell(ties)
    return f'<tr><th scope="row">{escape(person.name)}</th>{professions_cell(ties)}<td>{there}</td>{why}</tr>'
