"""In a browser, journey A: from the empty hub and a list of 2,000 to the answered question and the kept assurance."""

from script.walked import walk

LIMIT = 900
BESIDE = True


def main() -> str:
    """Walk the journey; returns how long it took. Raises AssertionError with what was seen where it fails."""
    return f"a round of briefings, every mail opened, {walk('round_of_briefings')}"
