"""When places of a session can be taken, and when its list of names is final: computed from a programme's rules."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from attendance.models import BookingRules
from briefings.models import Session
from face.dates import day


@dataclass(frozen=True)
class Window:
    """The days that matter for one session, each at its beginning, where the session is; None where there is no rule.

    ``opens``: booking begins. ``closes``: it ends. ``offers``: a freed seat is offered from then on, not given.
    ``freezes``: the list of names is final, and the venue gets it where there is one (``at_venue``).
    """

    today: date
    opens: date | None = None
    closes: date | None = None
    offers: date | None = None
    freezes: date | None = None
    at_venue: bool = True

    @property
    def is_frozen(self) -> bool:
        return self.freezes is not None and self.today >= self.freezes

    @property
    def is_offering(self) -> bool:
        return self.offers is not None and self.today >= self.offers

    @property
    def why_closed(self) -> str:
        """Why no place can be taken today, as a sentence; "" where one can be."""
        if self.opens is not None and self.today < self.opens:
            return f"Booking opens on {day(self.opens)}."
        if self.is_frozen:
            final = f"The list of names for this session has been final since {day(self.freezes)}"
            return f"{final}: the venue has it." if self.at_venue else f"{final}."
        if self.closes is not None and self.today >= self.closes:
            return f"Booking for this session closed on {day(self.closes - timedelta(days=1))}."
        return ""

    def names_before(self, date: date) -> date:
        """Return the day before which a place of a session on ``date`` needs its name.

        What has none goes back on the day after its last one: then somebody else can still get on the list.
        """
        return min(date, self.freezes - timedelta(days=1)) if self.freezes else date

    def last_day_for_names(self, date: date) -> date:
        """Return the last day on which a place of a session on ``date`` can get its name."""
        return self.names_before(date) - timedelta(days=1)

    def final_from(self, session: Session) -> datetime | None:
        """Return the moment from which the list of names of ``session`` is final, None where it never is."""
        return datetime.combine(self.freezes, time(), ZoneInfo(session.zone)) if self.freezes else None

    @property
    def soon(self) -> str:
        """What somebody who holds a place or wants one should know beforehand, as a sentence; "" for nothing."""
        if self.freezes and not self.is_frozen:
            gets = "The venue gets the list of names" if self.at_venue else "The list of names is final"
            return f"{gets} on {day(self.freezes)}. It cannot be changed from then on."
        return ""


def window_of(session: Session, rules: BookingRules | None, now: datetime) -> Window:
    """Return the window of ``session`` by ``rules`` of its programme, as it stands at ``now``. Pure."""
    today = now.astimezone(ZoneInfo(session.zone)).date()
    if rules is None:
        return Window(today)

    def before(days: int | None) -> date | None:
        return None if days is None else session.date - timedelta(days=days)

    days = (before(rules.closes_days), before(rules.offer_days), before(rules.freeze_days))
    return Window(today, rules.opens_on, *days, at_venue=session.room_id is not None)


def rules_of(session: Session) -> BookingRules | None:
    """Return what the programme of ``session`` says about booking, None where it says nothing."""
    return getattr(session.programme, "booking_rules", None)
