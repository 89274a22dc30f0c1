"""Long journeys in a browser, run as proofs."""

import subprocess
import sys
import time


def walk(journey: str) -> str:
    """Walk ``tests/journeys/<journey>.py``; returns how long it took, in words.

    Raises AssertionError with what was seen where it fails or there is no browser.
    """
    begun = time.monotonic()
    path = f"tests/journeys/{journey}.py"
    command = [sys.executable, "-m", "pytest", "--ds", "config.settings_test", "-q", "-x", path]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:]
    assert "1 passed" in done.stdout, done.stdout[-500:]
    return f"in {time.monotonic() - begun:.0f} s"
