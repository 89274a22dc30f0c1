"""In a browser, journey B: four organisations, four workshops, an agreement endorsed by all, guidance, the shift."""

from script.walked import walk

LIMIT = 900
BESIDE = True


def main() -> str:
    """Walk the journey; returns how long it took. Raises AssertionError with what was seen where it fails."""
    return f"workshops before moving into one building, {walk('workshops')}"
