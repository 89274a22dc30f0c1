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


@register.inclusion_tag("surveys/_chart.html")
def scale_bars(bars: Iterable[Bar], caption: str, first: str = "Statement") -> dict[str, Any]:
    """The answers of the scale as bars, each row of figures its own bar."""
    return {"bars": bars, "caption": caption, "first": first, "heads": _SCALE_HEADS, "key": SCALE_KEY}


@register.inclusion_tag("surveys/_chart.html")
def change_bars(bars: Iterable[Bar], caption: str, first: str = "Change") -> dict[str, Any]:
    """How many moved which way."""
    return {"bars": bars, "caption": caption, "first": first, "heads": _CHANGE_HEADS, "key": CHANGE_KEY}
