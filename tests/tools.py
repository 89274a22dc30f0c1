"""What some tests need beyond Python, and whether this machine has it."""

import ctypes
import ctypes.util
import os
import shutil
from pathlib import Path


def chromium() -> str | None:
    """Return the path of Chromium, or None."""
    return next((found for name in ("chromium", "chromium-browser", "google-chrome") if (found := _which(name))), None)


def libical() -> str | None:
    """Return the name of libical's shared library, or None."""
    for name in ("libical.so.3", "libical.so.4", ctypes.util.find_library("ical")):
        try:
            if name and ctypes.CDLL(name):
                return name
        except OSError:
            continue
    return None


def imap_server() -> str | None:
    """Return the path of Dovecot, or None."""
    return _which("dovecot")


def _which(name: str) -> str | None:
    return shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"]))


NEEDS = {
    # marker: (how to look, what is then not run)
    "browser": (chromium, "browser journeys: there is no Chromium"),
    "libical": (libical, "calendar files read by libical: there is no libical"),
    "imap": (imap_server, "replies fetched from an IMAP server: there is no Dovecot"),
}


def missing() -> dict[str, str]:
    """Return the markers whose tool this machine lacks, each with a line that names what is not run."""
    return {marker: what for marker, (look, what) in NEEDS.items() if not look()}


def needed() -> bool:
    """Return whether REQUIRE_BROWSER asks for every tool to be there."""
    return os.environ.get("REQUIRE_BROWSER", "") not in ("", "0")


SCREENSHOTS = Path(__file__).resolve().parent.parent / "screenshots"
