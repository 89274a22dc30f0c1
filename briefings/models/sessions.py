"""What is planned: series, sessions, agendas, who presents."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import F, Q

from briefings.models.activities import Activity
from briefings.models.programmes import Programme, Slot
from briefings.models.venues import Room
from history.retention import Retention
from organisations.models import Area


class Series(models.Model):
    """Sessions that belong together: taken in order (workshops 1 to 4) or in the alternative (12 dates)."""

    programme = models.ForeignKey(Programme, on_delete=models.CASCADE, related_name="series")
    name = models.CharField(max_length=200)
    in_order = models.BooleanField(default=False)

    retention = Retention(plain=("id", "programme", "name", "in_order"))

    class Meta:
        verbose_name_plural = "series"
        constraints = [models.UniqueConstraint(fields=["programme", "name"], name="series_name_unique")]

    def __str__(self) -> str:
        return self.name


class SessionKind(models.TextChoices):
    BRIEFING = "briefing", "Briefing"
    WORKSHOP = "workshop", "Workshop"


class SessionState(models.TextChoices):
    DRAFT = "draft", "Draft"
    OPEN = "open", "Open"
    HELD = "held", "Held"
    CANCELLED = "cancelled", "Cancelled"


SESSION_MOVES = {
    SessionState.DRAFT: {SessionState.OPEN, SessionState.CANCELLED},
    SessionState.OPEN: {SessionState.HELD, SessionState.CANCELLED},
    SessionState.HELD: set(),
    SessionState.CANCELLED: set(),
}


def utc_range(day: date, starts: time, ends: time, zone: str) -> DateTimeTZRange:
    """Return the UTC range of a local day and local times in ``zone``: [start, end).

    The wall clock is the truth; the range is derived, and derived again when the zone's rules change.
    """
    local = ZoneInfo(zone)
    return DateTimeTZRange(
        datetime.combine(day, starts, local).astimezone(UTC), datetime.combine(day, ends, local).astimezone(UTC), "[)"
    )


class SessionQuerySet(models.QuerySet):
    """Sessions, in the words of the product."""

    def open(self) -> "SessionQuerySet":
        return self.filter(state=SessionState.OPEN)

    def to_come(self, now: datetime) -> "SessionQuerySet":
        """Return those that have not begun at ``now`` (aware)."""
        return self.filter(during__startswith__gt=now)

    def public(self) -> "SessionQuerySet":
        """Return those that everybody may see listed."""
        return self.open().filter(programme__is_public=True)


class Session(models.Model):
    """One half-day event of a programme, on one date in one slot, in a room or online or both."""

    programme = models.ForeignKey(Programme, on_delete=models.CASCADE, related_name="sessions")
    series = models.ForeignKey(Series, on_delete=models.PROTECT, null=True, blank=True, related_name="sessions")
    group = models.CharField(
        max_length=60, blank=True, default="", db_default="", help_text="of several that go through one series"
    )
    kind = models.CharField(max_length=10, choices=SessionKind, default=SessionKind.BRIEFING)
    title = models.CharField(max_length=200, blank=True, help_text="the programme's name where empty")
    state = models.CharField(max_length=10, choices=SessionState, default=SessionState.DRAFT)
    date = models.DateField()
    slot = models.CharField(max_length=10, choices=Slot)
    starts = models.TimeField()
    ends = models.TimeField()
    zone = models.CharField(max_length=60, default="Europe/London")
    during = DateTimeRangeField(editable=False)
    room = models.ForeignKey(Room, on_delete=models.PROTECT, null=True, blank=True, related_name="sessions")
    area = models.ForeignKey(Area, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    online_link = models.URLField(max_length=500, blank=True)
    capacity = models.PositiveIntegerField()
    reserved = models.PositiveIntegerField(default=0, help_text="seats that only the coordinator gives out")
    notes = models.TextField(max_length=2000, blank=True, help_text="how to get in, for those with a place")
    revision = models.PositiveIntegerField(default=0, help_text="raised by each change that people are told of")
    cancelled_reason = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = SessionQuerySet.as_manager()

    retention = Retention(
        plain=(
            "id", "programme", "series", "group", "kind", "title", "state", "date", "slot", "starts", "ends", "zone",
            "during", "room", "area", "online_link", "capacity", "reserved", "notes", "revision", "cancelled_reason",
            "created_at",
        )
    )  # fmt: skip

    class Meta:
        ordering = ("date", "starts", "id")
        constraints = [
            ExclusionConstraint(
                name="room_in_one_session_at_a_time",
                expressions=[("room", RangeOperators.EQUAL), ("during", RangeOperators.OVERLAPS)],
                condition=Q(room__isnull=False) & ~Q(state="cancelled"),
            ),
            models.CheckConstraint(condition=Q(ends__gt=F("starts")), name="session_ends_after_start"),
            models.CheckConstraint(condition=Q(capacity__gt=0), name="session_holds_somebody"),
            models.CheckConstraint(condition=Q(reserved__lte=F("capacity")), name="session_reserve_fits"),
            models.CheckConstraint(
                condition=~Q(state="open") | Q(room__isnull=False) | ~Q(online_link=""), name="session_open_has_where"
            ),
        ]
        indexes = [
            models.Index(fields=["programme", "date", "starts"], name="session_by_programme"),
            models.Index(fields=["date"], condition=Q(state="open"), name="session_open_by_date"),
        ]

    def __str__(self) -> str:
        return self.title or self.programme.name

    def save(self, *args, **kwargs) -> None:
        self.during = utc_range(self.date, self.starts, self.ends, self.zone)
        fields = kwargs.get("update_fields")
        if fields is not None and {"date", "starts", "ends", "zone"} & set(fields):
            kwargs["update_fields"] = {*fields, "during"}
        super().save(*args, **kwargs)


class AgendaKind(models.TextChoices):
    CONCEPT = "concept", "Introducing the concept"
    PROCEDURES = "procedures", "Operating procedures"
    QUESTIONS = "questions", "Questions"
    OTHER = "other", "Other"


class AgendaItem(models.Model):
    """A part of a session: what, how long, by whom."""

    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="agenda")
    position = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=12, choices=AgendaKind, default=AgendaKind.OTHER)
    title = models.CharField(max_length=200)
    minutes = models.PositiveSmallIntegerField()
    presenter = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    activity = models.ForeignKey(Activity, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    retention = Retention(
        plain=("id", "session", "position", "kind", "title", "minutes", "activity"),
        personal=("presenter",),
        until="as long as the person",
    )

    class Meta:
        ordering = ("position", "id")
        constraints = [
            models.UniqueConstraint(
                fields=["session", "position"], name="agenda_position_once", deferrable=models.Deferrable.DEFERRED
            )
        ]


class Part(models.TextChoices):
    PRESENTER = "presenter", "Presenter"
    FACILITATOR = "facilitator", "Facilitator"


class SessionPart(models.Model):
    """Somebody who presents or facilitates a session."""

    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="parts")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="session_parts")
    part = models.CharField(max_length=12, choices=Part)

    retention = Retention(plain=("id", "session", "part"), personal=("person",), until="as long as the person")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["session", "person", "part"], name="session_part_once")]
