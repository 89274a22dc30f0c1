"""What templates ask of posts."""

from datetime import datetime
from typing import Any

from django import template
from django.utils.safestring import SafeString

from communications.wording import picture_tag
from face.dates import moment

register = template.Library()


@register.simple_tag
def picture(shown: Any) -> SafeString:
    """Return the tag of a picture, its files loaded."""
    return picture_tag(shown, "")


@register.filter
def moment_there(value: datetime) -> str:
    """Return a moment by the clock of its own zone, "1 December 2026 at 8am"."""
    return moment(value.replace(tzinfo=None))
