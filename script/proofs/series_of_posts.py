"""In a browser, journey C: six posts for December, read by page and mail, taken by another council with credit."""

from script.walked import walk

LIMIT = 600
BESIDE = True


def main() -> str:
    """Walk the journey; returns how long it took. Raises AssertionError with what was seen where it fails."""
    return f"a Christmas series, every mail opened, {walk('series_of_posts')}"
