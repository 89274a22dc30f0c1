"""Every form, address and upload gets all the hostile words: a plain answer, never a failure, nothing unescaped."""

import os
import subprocess
import sys
import time

LIMIT = 1800
BESIDE = True
ROUNDS = 3


def main() -> str:
    """Go round the product; returns how long it took. Raises AssertionError with what was seen where it fails."""
    begun = time.monotonic()
    command = [sys.executable, "-m", "pytest", "--ds", "config.settings_test", "-q", "tests/hostile_walk.py"]
    given = {**os.environ, "HOSTILE_ROUNDS": str(ROUNDS)}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=given)
    assert done.returncode == 0, done.stdout[-4000:]
    return f"{ROUNDS} rounds of addresses, forms and uploads, in {time.monotonic() - begun:.0f} s"
