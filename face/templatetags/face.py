"""Tags and filters for the look: dates in words, marks, seats, bars, addresses of filters and pages."""

from collections.abc import Iterable
from datetime import date, datetime, time
from functools import lru_cache
from typing import Any
from uuid import uuid4

from django import forms as django_forms
from django import template
from django.forms.boundfield import BoundField
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from face import dates, forms, navigation
from face.addresses import address_of

register = template.Library()

MARKS = ("ring", "half", "full", "dash", "gap")
BARS = ("b1", "b2", "b3", "b4", "b5", "b6", "b7", "b8")
STATES = ("good", "wait", "open", "bad", "quiet")
MOST_SEATS = 60
_STEP, _TOP, _RADIUS = 13, 7, 4.5


# --- dates


@register.filter
def day(value: date | None) -> str:
    """Thursday 26 November 2026"""
    return dates.day(value) if value else ""


@register.filter
def day_without_year(value: date | None) -> str:
    """Thursday 26 November"""
    return dates.day_without_year(value) if value else ""


@register.filter
def day_short(value: date | None) -> str:
    """Thu 26 Nov"""
    return dates.day_short(value) if value else ""


@register.filter
def day_plain(value: date | None) -> str:
    """26 November 2026"""
    return dates.day_plain(value) if value else ""


@register.filter
def clock(value: time | datetime | None) -> str:
    """9:30am"""
    return dates.clock(value) if value is not None else ""


@register.filter
def moment(value: datetime | None) -> str:
    """20 November 2026 at 4:12pm"""
    return dates.moment(value) if value else ""


@register.filter
def deadline(value: datetime | None) -> str:
    """30 November 2026 at 4:07pm; where it is midnight, 11:59pm of the day before"""
    return dates.deadline(value) if value else ""


@register.simple_tag
def period(start: time | datetime, end: time | datetime) -> str:
    """9:30am to 12:30pm"""
    return dates.period(start, end)


# --- numbers


@register.filter
def number(value: int) -> SafeString:
    """1,234: as humanize's intcomma says it, for tables of many numbers. In both our languages the sign is a comma."""
    return SafeString(f"{value:,d}")


# --- marks


@register.simple_tag
@lru_cache(maxsize=16, typed=True)
def mark(shape: str) -> SafeString:
    """The mark alone: ring, half, full, dash or gap. Its word stands beside it."""
    if shape not in MARKS:
        raise template.TemplateSyntaxError(f"There is no mark {shape!r}: use one of {', '.join(MARKS)}.")
    return _DRAWN[shape]


_DRAWN = {
    shape: format_html('<span class="mark{}" aria-hidden="true"></span>', "" if shape == "ring" else f" {shape}")
    for shape in MARKS
}


@register.simple_tag
@lru_cache(maxsize=512, typed=True)  # typed: what is safe is not taken for the same words that are not
def state(shape: str, colour: str, words: str) -> SafeString:
    """A state as mark, colour and words: ``{% state "half" "wait" "With an owner" %}``."""
    if colour not in STATES:
        raise template.TemplateSyntaxError(f"There is no state colour {colour!r}: use one of {', '.join(STATES)}.")
    return format_html('<span class="tag {}">{} {}</span>', colour, mark(shape), words)


@register.simple_tag
def matrix_cells(cells: Iterable[Any]) -> SafeString:
    """The cells of one row of a matrix, each a mapping or an object: colour, shape, words, and url where it leads."""
    return mark_safe("".join(_matrix_cell(*_of_cell(each)) for each in cells))  # noqa: S308 (each is safe)


def _of_cell(cell: Any) -> tuple[str, str, str, str]:
    if isinstance(cell, dict):
        return cell["colour"], cell["shape"], cell["words"], cell.get("url", "")
    return cell.colour, cell.shape, cell.words, getattr(cell, "url", "")


@lru_cache(maxsize=1024, typed=True)
def _matrix_cell(colour: str, shape: str, words: str, url: str) -> SafeString:
    shown = format_html('<a href="{}">{}</a>', url, words) if url else words
    return format_html('<td class="{}">{}{}</td>', colour, mark(shape), shown)


@register.simple_tag
@lru_cache(maxsize=1)
def sign() -> SafeString:
    """The three marks of the bar."""
    return format_html('<span class="sign" aria-hidden="true">{}{}{}</span>', mark("ring"), mark("half"), mark("full"))


@register.simple_tag
def leaf(value: date) -> SafeString:
    """A date as a leaf of a calendar. The date in words stands beside it."""
    weekday, number, month = (dates.date_format(value, form) for form in ("D", "j", "M"))
    return format_html('<p class="leaf" aria-hidden="true"><i>{}</i><b>{}</b>{}</p>', weekday, number, month)


# --- pictures of numbers; the figures stand beside them in words


@register.simple_tag
@lru_cache(maxsize=512)
def seats(taken: int, capacity: int) -> SafeString:
    """Each place as a circle in two rows, the taken ones filled; a bar where there are more than 60."""
    taken = max(0, min(taken, capacity))
    if capacity > MOST_SEATS:
        return progress_bar(taken, capacity)
    a_row = max(1, -(-capacity // 2))
    circles = format_html_join(
        "",
        '<circle{} cx="{}" cy="{}" r="{}"/>',
        (
            (
                mark_safe(' class="t"') if place < taken else "",
                _TOP + place % a_row * _STEP,
                _TOP + place // a_row * _STEP,
                _RADIUS,
            )
            for place in range(capacity)
        ),
    )
    width = a_row * _STEP + 1
    return format_html('<svg class="seats" viewBox="0 0 {} 27" aria-hidden="true">{}</svg>', width, circles)


@register.simple_tag
def progress_bar(done: int, total: int) -> SafeString:
    """A bar that is filled as far as ``done`` of ``total``."""
    filled = round(1000 * max(0, min(done, total)) / total) if total else 0
    return format_html(
        '<svg class="progress" viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="b3" width="1000" height="10"/><rect class="b1" width="{}" height="10"/></svg>',
        filled,
    )


@register.simple_tag
def bar(parts: Iterable[tuple[str, int]], whole: int) -> SafeString:
    """The bar of one row of ``table.bars``.

    ``parts`` are (b1 to b8, number) from the left, ``whole`` is the number that fills the row.
    """
    drawn, place = [], 0.0
    for colour, number in parts:
        if colour not in BARS:
            raise template.TemplateSyntaxError(f"There is no bar {colour!r}: use one of {', '.join(BARS)}.")
        width = 200 * number / whole if whole else 0
        if number > 0:
            drawn.append((colour, f"{place:.1f}", f"{max(0.8, width - 0.6):.1f}"))
        place += width
    rects = "".join(f'<rect class="{colour}" x="{x}" width="{width}" height="10"/>' for colour, x, width in drawn)
    return mark_safe(  # noqa: S308 - numbers, and colours that a list of ours has
        f'<svg viewBox="0 0 200 10" preserveAspectRatio="none" aria-hidden="true">{rects}</svg>'
    )


@register.simple_tag
def chip(colour: str) -> SafeString:
    """The small square of a key: ``{% chip "b1" %} 298 attended``."""
    return format_html(
        '<svg class="chip" viewBox="0 0 10 10" aria-hidden="true"><rect class="{}" width="10" height="10"/></svg>',
        colour,
    )


# --- forms


@register.simple_tag
def press_field() -> SafeString:
    """The key of one rendered form, so that one press has one effect however often it is sent."""
    return format_html('<input type="hidden" name="press" value="{}">', uuid4())


# --- addresses


@register.simple_tag
def address(name: str, *parts: Any) -> str:
    """What ``url`` says, for the rows of long lists: ``{% address "attendance:session-show" session.pk %}``."""
    return address_of(name, *parts)


@register.simple_tag(takes_context=True)
def query(context: template.Context, **changes: Any) -> str:
    """This page's query with some names changed: ``{% query page=3 %}``; None takes one away.

    A change of anything but the page begins again on the first page.
    """
    asked = context["request"].GET.copy()
    if set(changes) - {"page"}:
        asked.pop("page", None)
    for name, value in changes.items():
        asked.pop(name, None)
        if value not in (None, ""):
            asked[name] = str(value)
    return f"?{asked.urlencode()}"


@register.simple_tag(takes_context=True)
def query_without(context: template.Context, name: str, value: Any = None) -> str:
    """This page's query without one filter, or without one of its several values, and on the first page."""
    asked = context["request"].GET.copy()
    asked.pop("page", None)
    left = [kept for kept in asked.getlist(name) if value is not None and kept != str(value)]
    asked.pop(name, None)
    if left:
        asked.setlist(name, left)
    return f"?{asked.urlencode()}"


@register.simple_tag(takes_context=True)
def sort_head(context: template.Context, name: str, words: str, css: str = "") -> SafeString:
    """The head of a column that can be sorted by: ``{% sort_head "name" "Name" %}``.

    The address says ``?sort=name``, or ``?sort=-name`` from the end; ``default_sort`` in the context says which of
    them holds where the address says nothing.
    """
    asked = context["request"].GET.get("sort") or context.get("default_sort", "")
    up, down = asked == name, asked == f"-{name}"
    order = format_html(' aria-sort="{}"', "ascending" if up else "descending") if up or down else ""
    sign = "↑" if up else "↓" if down else "↕"
    address = query(context, sort=f"-{name}" if up else name)
    return format_html(
        '<th scope="col"{}{}><a class="sort" href="{}">{} <span aria-hidden="true">{}</span></a></th>',
        format_html(' class="{}"', css) if css else "",
        order,
        address,
        words,
        sign,
    )


# --- the page around


@register.inclusion_tag("components/navigation.html", takes_context=True)
def service_navigation(context: template.Context) -> dict[str, Any]:
    """The links that this person sees here (face/navigation.py). Nothing for a stranger."""
    request, programme = context.get("request"), context.get("programme")
    person = getattr(request, "user", None)
    path, section = getattr(request, "path", ""), context.get("section", "")
    links = navigation.shown_to(person, programme=programme, path=path, section=section)
    return {
        "entries": navigation.grouped(links),
        "folds": len(links) > navigation.MOST_IN_A_ROW,
        "current": next((link.words for link in links if link.current), ""),
        "name": "Programme" if programme is not None else "Service",
    }


BANNERS = {"success": ("good", "full"), "warning": ("wait", "half"), "error": ("bad", "gap")}


@register.filter
def banner_state(level: str) -> str:
    """The colour of a message of Django's: success, warning, error; anything else is news."""
    return BANNERS.get(level, ("open", "ring"))[0]


@register.filter
def banner_mark(level: str) -> str:
    """The mark of a message of Django's."""
    return BANNERS.get(level, ("open", "ring"))[1]


# --- forms


@register.inclusion_tag("components/errors.html", takes_context=True)
def error_summary(context: template.Context, *forms_on_page: Any) -> dict[str, Any]:
    """What went wrong, first in the column.

    For the forms that are named, or for ``form``, ``formset`` and ``forms`` of the page.
    """
    named = forms_on_page or [context.get(name) for name in ("form", "formset", "forms")]
    return {"problems": summary_lines(*named)}


@register.simple_tag
def summary_lines(*forms_on_page: Any) -> list[forms.SummaryLine]:
    """The lines of the summary of errors for one form, several, a formset or a list of forms; None is passed over."""
    found: list[django_forms.BaseForm] = []
    for one in forms_on_page:
        if one is None or one == "":
            continue
        found += [one] if isinstance(one, django_forms.BaseForm) else list(one)
    return forms.summary_of(form for form in found if form.is_bound)


@register.filter
def kind(field: BoundField) -> str:
    """How hub/field.html draws a field."""
    return forms.kind_of(field)


@register.simple_tag
def plain_field(field: BoundField) -> SafeString | str:
    """What hub/field.html makes of a field that has a label and one control; "" where there is more to say of it.

    A filter has eight of them, on every list. tests/face/test_drawing.py holds it to the template.
    """
    kind = forms.kind_of(field)
    if kind not in ("control", "tick") or field.errors or field.help_text or is_optional(field):
        return ""
    label = f'<label for="{field.id_for_label}">{conditional_escape(field.label)}</label>'
    if kind == "tick":
        return mark_safe(f'<div class="field"><div class="choice">{field}{label}</div></div>')  # noqa: S308 - escaped
    return mark_safe(f'<div class="field">{label} {field}</div>')  # noqa: S308 - escaped


@register.filter
def boxes(field: BoundField) -> list[dict[str, Any]]:
    """The three boxes of a date."""
    return forms.date_boxes(field)


@register.filter
def is_optional(field: BoundField) -> bool:
    """Whether "(optional)" stands behind the label."""
    return not field.field.required and getattr(field.form, "mark_optional", False)
