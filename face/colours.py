"""The deployer's two colours: how far they stand apart, and what is refused.

Contrast is worked out as WCAG 2.2 says (relative luminance, 1.4.3 and 1.4.11).
"""

import re

from django.conf import settings
from django.core import checks

BRAND_ON_WHITE = 7.0
ACCENT_ON_BRAND = 3.0
_HEX = re.compile(r"#[0-9a-fA-F]{6}")


def is_colour(text: str) -> bool:
    """Return whether ``text`` is #rrggbb and nothing else, so that it can stand in a stylesheet."""
    return bool(_HEX.fullmatch(text))


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two #rrggbb colours, from 1.0 (the same) to 21.0 (black and white)."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def check_colours(app_configs: object = None, **kwargs: object) -> list[checks.CheckMessage]:
    """Refuse to start with colours that some people could not read. Runs with Django's system checks."""
    for name in ("BRAND_COLOUR", "ACCENT_COLOUR"):
        if not is_colour(getattr(settings, name)):
            return [_refusal(f"{name} is {getattr(settings, name)!r}.", "Set it as in #14474c.", "face.E001")]
    found = []
    brand, accent = settings.BRAND_COLOUR, settings.ACCENT_COLOUR
    if (ratio := contrast(brand, "#ffffff")) < BRAND_ON_WHITE:
        hint = f"White letters stand on it: choose a darker colour, {BRAND_ON_WHITE:g}:1 or more."
        found.append(_refusal(f"BRAND_COLOUR {brand} has a contrast of {ratio:.1f}:1 to white.", hint, "face.E002"))
    if (ratio := contrast(accent, brand)) < ACCENT_ON_BRAND:
        hint = f"The marks in the bar would not be seen: choose a lighter colour, {ACCENT_ON_BRAND:g}:1 or more."
        found.append(
            _refusal(f"ACCENT_COLOUR {accent} has a contrast of {ratio:.1f}:1 to BRAND_COLOUR.", hint, "face.E003")
        )
    return found


def _refusal(sentence: str, hint: str, code: str) -> checks.Error:
    return checks.Error(sentence, hint=hint, id=code)


def stylesheet() -> str:
    """Return the stylesheet that sets the deployer's two colours, loaded after look.css."""
    return f":root {{ --brand: {settings.BRAND_COLOUR}; --accent: {settings.ACCENT_COLOUR}; }}\n"


def version() -> str:
    """Return what makes the address of the stylesheet change with the colours."""
    return f"{settings.BRAND_COLOUR}{settings.ACCENT_COLOUR}".replace("#", "")
