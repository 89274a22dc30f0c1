"""Tags that draw what was published."""

from collections.abc import Iterable
from typing import Any

from django import template

from surveys.models import SCALE
from surveys.queries import CHANGE_KEY, SCALE_KEY, Bar

register = template.Library()
_SCALE_HEADS = [{"short": value or "Not said", "long": words if value else ""} for value, words in SCALE.items()]
_SHORT = {"Towards agreement": "Towards", "Away from it": "Away"}
_CHANGE_HEADS = [
    {"short": (short := _SHORT.get(words, words)), "long": words.removeprefix(short).strip()} for _, words in CHANGE_KEY
]


@register.inclusion_tag("surveys/_key.html")
def scale_key() -> dict[str, Any]:
    """What the colours of the scale mean: once on a page, over all its bars."""
    return {"key": SCALE_KEY}


@register.inclusion_tag("surveys/_key.html")
def change_key() -> dict[str, Any]:
    """What the colours of changes mean: once on a page, over all its bars."""
    return {"key": CHANGE_KEY}


@register.inclusion_tag("surveys/_bars.html")
def scale_bars(bars: Iterable[Bar], caption: str, first: str = "Statement") -> dict[str, Any]:
    """The answers of the scale as bars, each row of figures its own bar; ``scale_key`` says the colours."""
    return {"bars": bars, "caption": caption, "first": first, "heads": _SCALE_HEADS}


@register.inclusion_tag("surveys/_bars.html")
def change_bars(bars: Iterable[Bar], caption: str, first: str = "Change") -> dict[str, Any]:
    """How many moved which way; ``change_key`` says the colours."""
    return {"bars": bars, "caption": caption, "first": first, "heads": _CHANGE_HEADS}
