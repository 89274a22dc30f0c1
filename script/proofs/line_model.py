"""The waiting list does what a short model says, over hundreds of ways to take, give up, offer and book teams."""

import os
import subprocess
import sys
import time

LIMIT = 1800
BESIDE = True
EXAMPLES = 400


def main() -> str:
    """Try so many; returns how long it took. Raises AssertionError with the steps that differ."""
    begun = time.monotonic()
    command = [
        sys.executable,
        "-m",
        "pytest",
        "--ds",
        "config.settings_test",
        "-q",
        "tests/attendance/test_line_model.py",
    ]
    given = {**os.environ, "LINE_EXAMPLES": str(EXAMPLES)}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=given)
    assert done.returncode == 0, done.stdout[-4000:]
    return f"{EXAMPLES} ways of up to 16 presses as the model says, in {time.monotonic() - begun:.0f} s"
