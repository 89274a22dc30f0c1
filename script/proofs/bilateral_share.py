"""In a browser, journey D: a share of one dataset set up from one short form, told in three stages."""

from script.walked import walk

LIMIT = 600
BESIDE = True


def main() -> str:
    """Walk the journey; returns how long it took. Raises AssertionError with what was seen where it fails."""
    return f"a bilateral share in three stages, {walk('bilateral_share')}"
