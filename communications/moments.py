"""Local times that people type, as moments; the two nights on which the clocks change are no trap."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from face.dates import clock, day_plain
from history.refusals import Refused


class NoSuchTime(Refused):
    """The clocks go forward over this time."""


class TwiceThatNight(Refused):
    """The clocks go back, and this time comes twice."""


def moment_of(day: date, at: time, zone: str) -> datetime:
    """Return the moment at which clocks in ``zone`` show ``at`` on ``day``, in UTC. Raises NoSuchTime, TwiceThatNight.

    Neither is guessed: whoever publishes in the hour that is lost or doubled chooses another time.
    """
    local = datetime.combine(day, at, ZoneInfo(zone))
    if local.astimezone(UTC).astimezone(local.tzinfo).replace(tzinfo=None) != local.replace(tzinfo=None):
        raise NoSuchTime(
            f"On {day_plain(day)} the clocks go forward, and there is no {clock(at)}. Choose another time."
        )
    if local.utcoffset() != local.replace(fold=1).utcoffset():
        raise TwiceThatNight(
            f"On {day_plain(day)} the clocks go back, and {clock(at)} comes twice. Choose another time."
        )
    return local.astimezone(UTC)
