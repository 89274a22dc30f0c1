"""What 200 people press on places for 30 seconds, 20 times, written down and checked: nothing lost, nobody wronged."""

import os
import tempfile
from collections import Counter
from typing import IO

from script.measured import serving, set_up, warm_up

LIMIT = 2400
SEEDS, SECONDS, PEOPLE, COORDINATORS = 20, 30.0, 194, 6
"""200 clients; ``PLACES_SEEDS``, ``PLACES_SECONDS``, ``PLACES_PEOPLE`` in the environment make it short while writing.
Without seeds only the controls are played."""


def main() -> str:
    """Play each seed on the running product, then each control without one of its guards; return the figures."""
    set_up()
    from script import places_log
    from script.places_checker import ACKNOWLEDGED, REFUSED, UNKNOWN
    from script.places_controls import play_controls
    from script.places_crowd import Reader
    from script.places_play import make_coordinators, make_people, play, set_stage

    places_log.install()
    seeds, seconds = int(os.environ.get("PLACES_SEEDS", SEEDS)), float(os.environ.get("PLACES_SECONDS", SECONDS))
    found, offers, moved_up, changes = Counter(), Counter(), 0, 0
    number = int(os.environ.get("PLACES_PEOPLE", PEOPLE))
    people, coordinators = make_people(number), make_coordinators(COORDINATORS)
    reader = Reader(os.environ["DATABASE_URL"])
    with tempfile.TemporaryFile("w+b") as written, serving(output=written) as port:
        warm_up(port, "/health/live")
        for seed in range(seeds):
            names, stage = set_stage(people, coordinators, seed)
            try:
                checker = play(port, names, stage, reader, seed, seconds)
            except AssertionError:
                print(_trouble_in(_said(written)), flush=True)
                raise
            outcomes = Counter(press.outcome for press in checker.presses)
            found, moved_up, changes = found + outcomes, moved_up + checker.moved_up, changes + len(checker.log)
            offers += checker.offers
            print(
                f"   seed {seed}: {dict(outcomes)}, {len(checker.log)} changes, offers {dict(checker.offers)}",
                flush=True,
            )
        met = _said(written).count("met another at a lock")
    reader.close()
    assert seeds < SEEDS or min(offers[end] for end in ("booked", "given_up", "offer_lapsed")) > 0, (
        f"offers ended {dict(offers)} only"
    )
    caught = play_controls()  # last: what they break stays broken
    return (
        f"{seeds} seeds of {seconds:.0f} s with {number + COORDINATORS} clients: {found[ACKNOWLEDGED]} presses "
        f"acknowledged, {found[REFUSED]} refused, {found[UNKNOWN]} unknown, {moved_up} seated after waiting; "
        f"of {offers.total()} offers {offers['booked']} were accepted and {offers['offer_lapsed']} lapsed; {changes} "
        f"changes replayed and no promise broken, {met} presses met another at a lock and were done once more; without "
        f"one guard each {caught} plays broke one, and all were found"
    )


def _said(written: IO[bytes]) -> str:
    """Return what the server has written so far, which writes on where it was."""
    return os.pread(written.fileno(), os.fstat(written.fileno()).st_size, 0).decode(errors="replace")


def _trouble_in(said: str) -> str:
    """Return the first error that the server tells of with its traceback, or the end of what it said."""
    at = said.find("Internal Server Error")
    return said[-3000:] if at < 0 else said[max(0, at - 500) : at + 8000]
