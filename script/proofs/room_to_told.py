"""In a browser, from a phone in the room to "You said, we did": answered, promised, kept, approved, told once."""

from script.walked import walk

LIMIT = 600
BESIDE = True


def main() -> str:
    """Walk the journey; returns how long it took. Raises AssertionError with what was seen where it fails."""
    return f"a phone, a senior manager, two coordinators and one who attended, {walk('room_to_told')}"
