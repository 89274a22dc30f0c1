"""In a browser, the long walks of the suite: the door, a session to its cancellation, a messy list, a round."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

LIMIT = 900
BESIDE = True


def main() -> str:
    """Take every test that is marked as a walk; returns how many, and how long it took.

    Raises AssertionError with what was seen where one fails or there is no browser.
    """
    begun = time.monotonic()
    files = [str(path) for path in sorted(Path("tests").rglob("test_*.py")) if "mark.walk" in path.read_text()]
    command = [sys.executable, "-m", "pytest", "--ds", "config.settings_test", "-q", "-x", "-m", "walk", *files]
    given = {**os.environ, "REQUIRE_BROWSER": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=given)
    assert done.returncode == 0, done.stdout[-4000:]
    taken = re.search(r"(\d+) passed", done.stdout)
    assert taken, done.stdout[-500:]
    return f"{taken[1]} walks in {time.monotonic() - begun:.0f} s"
