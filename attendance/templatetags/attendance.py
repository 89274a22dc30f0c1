"""What lists of sessions say of each, without a template for every row."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from attendance.models import SeatCount

register = template.Library()


@register.simple_tag
def free_places(seats: SeatCount, waiting: int) -> SafeString | str:
    """Say how many places are free, and how many people wait: "12 of 30 places free, 1 person waits"."""
    line = f"{waiting} {'person waits' if waiting == 1 else 'people wait'}" if waiting else ""
    if not seats.free:
        return f"Full: {line or 'nobody waits yet'}"
    waits = f", {line}" if line else ""
    return format_html("<strong>{}</strong> of {} places free{}", seats.free, seats.capacity, waits)
