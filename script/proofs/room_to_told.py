"""In a browser, from a phone in the room to "You said, we did": answered, promised, kept, approved, told once."""

import subprocess
import sys
import time

from script.measured import set_up

LIMIT = 300
JOURNEY = "tests/journeys/room_to_told.py"


def main() -> str:
    """Walk the journey; returns how long it took. Raises AssertionError with what was seen where it fails."""
    set_up()
    begun = time.monotonic()
    command = [sys.executable, "-m", "pytest", "--ds", "config.settings_test", "-q", "-x", JOURNEY]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:]
    assert "1 passed" in done.stdout, done.stdout[-500:]
    return f"a phone, a senior manager, two coordinators and one who attended, in {time.monotonic() - begun:.0f} s"
