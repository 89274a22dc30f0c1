import secrets
import uuid

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q

from briefings.models import Programme, Session
from history.retention import Retention
from organisations.models import Area, Organisation, Profession

REFERENCE_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""No letters or figures that are mistaken for one another when read out on the telephone."""


def new_reference(programme: Programme, letter: str = "", *, among: type[models.Model] | None = None) -> str:
    """Return a reference nobody can guess or count by, such as ``WV-7K2QMD``; ``letter`` says what else it names.

    ``among``: whose rows have other references, which is asked. Without it one that is drawn may be taken: of ten
    thousand places that begin with the same letters, one in seventy thousand draws is.
    """
    while True:
        number, letters = secrets.randbelow(len(REFERENCE_LETTERS) ** 6), []
        for _ in range(6):
            number, last = divmod(number, len(REFERENCE_LETTERS))
            letters.append(REFERENCE_LETTERS[last])
        drawn = f"{programme.code}-{letter}{''.join(letters)}"
        if among is None or not among._default_manager.filter(reference=drawn).exists():
            return drawn


class SeatCount(models.Model):
    """The counter of one session: whoever changes its places locks this row first.

    ``taken`` counts places that are booked or offered. ``last_in_line`` is the highest waiting number given.
    """

    session = models.OneToOneField(Session, on_delete=models.CASCADE, primary_key=True, related_name="seats")
    capacity = models.PositiveIntegerField()
    reserved = models.PositiveIntegerField(default=0)
    taken = models.PositiveIntegerField(default=0)
    last_in_line = models.PositiveIntegerField(default=0)

    retention = Retention(plain=("session", "capacity", "reserved", "taken", "last_in_line"))

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(taken__lte=F("capacity")), name="seats_taken_within_capacity"),
            models.CheckConstraint(condition=Q(reserved__lte=F("capacity")), name="seats_reserve_within_capacity"),
        ]

    @property
    def free(self) -> int:
        """Seats that anybody who may can take: the reserve is the coordinator's."""
        return max(self.capacity - self.reserved - self.taken, 0)


class Engagement(models.Model):
    """Somebody is at a session, whatever their parts there: a place, presenting, senior attendance.

    One table for all, so that the database keeps everybody from being in two places at once.
    """

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="engagements")
    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="engagements")
    during = DateTimeRangeField()

    retention = Retention(
        plain=("id", "session", "during"), personal=("person",), until="two years after the programme has ended"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "session"], name="engagement_once_per_session"),
            ExclusionConstraint(
                name="nobody_in_two_places",
                expressions=[
                    ("person", RangeOperators.EQUAL),
                    ("during", RangeOperators.OVERLAPS),
                    ("session", RangeOperators.NOT_EQUAL),
                ],
            ),
        ]


class InvitationAnswer(models.TextChoices):
    NONE_SUITS = "none_suits", "None of these dates"
    NOT_FOR_ME = "not_for_me", "Not for me"


class RoundState(models.TextChoices):
    WRITING = "writing", "Being written"
    SENDING = "sending", "Going out"
    PAUSED = "paused", "Paused"
    STOPPED = "stopped", "Stopped"


class InvitationRound(models.Model):
    """One press of "send": whom the coordinator invited together, in which words."""

    programme = models.ForeignKey(Programme, on_delete=models.CASCADE, related_name="invitation_rounds")
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField()
    press = models.UUIDField(unique=True, help_text="the rendered form: one press makes one round")
    choice = models.JSONField(default=dict, help_text="the filters that chose the people, as ids")
    subject = models.CharField(max_length=150)
    introduction = models.TextField(max_length=3000, blank=True)
    state = models.CharField(max_length=10, choices=RoundState, default=RoundState.WRITING)
    total = models.PositiveIntegerField(default=0)

    retention = Retention(
        plain=("id", "programme", "made_at", "press", "choice", "subject", "introduction", "state", "total"),
        personal=("made_by",),
        until="as long as the person",
    )

    class Meta:
        ordering = ("-made_at", "-id")


class InvitationQuerySet(models.QuerySet):
    """Invitations, in the words of the product."""

    def unanswered(self) -> "InvitationQuerySet":
        """Return those whose person holds no place in the programme, has not walked in, and has not said no."""
        from attendance.models.register import CAME, Attendance

        came = Attendance.objects.filter(
            person=models.OuterRef("person"), session__programme=models.OuterRef("programme"), outcome__in=CAME
        )
        holding = Place.objects.live().filter(
            person=models.OuterRef("person"), session__programme=models.OuterRef("programme")
        )
        return self.filter(~models.Exists(holding), ~models.Exists(came), answer="")


class Invitation(models.Model):
    """A programme's call to one person to choose among its sessions; carries a personal link."""

    programme = models.ForeignKey(Programme, on_delete=models.CASCADE, related_name="invitations")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="invitations")
    round = models.ForeignKey(
        InvitationRound, on_delete=models.SET_NULL, null=True, blank=True, related_name="invitations"
    )
    link = models.OneToOneField(
        "accounts.PersonalLink", on_delete=models.SET_NULL, null=True, blank=True, related_name="invitation"
    )
    invited_at = models.DateTimeField()
    reminded_step = models.PositiveSmallIntegerField(default=0, help_text="the last rung of the ladder that was used")
    answer = models.CharField(max_length=12, choices=InvitationAnswer, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)

    objects = InvitationQuerySet.as_manager()

    retention = Retention(
        plain=("id", "programme", "round", "link", "invited_at", "reminded_step", "answered_at"),
        personal=("person", "answer"),
        until="two years after the programme has ended",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["programme", "person"], name="invitation_once_per_programme"),
            models.CheckConstraint(
                condition=Q(answer="", answered_at__isnull=True) | (~Q(answer="") & Q(answered_at__isnull=False)),
                name="invitation_answer_has_moment",
            ),
        ]
        indexes = [models.Index(fields=["programme", "reminded_step", "invited_at"], name="invitation_to_remind")]


class PlaceState(models.TextChoices):
    WAITING = "waiting", "Waiting"
    OFFERED = "offered", "Offered"
    BOOKED = "booked", "Booked"
    GIVEN_UP = "given_up", "Given up"
    ENDED = "ended", "Ended"


PLACE_MOVES = {
    PlaceState.WAITING: {PlaceState.OFFERED, PlaceState.BOOKED, PlaceState.GIVEN_UP, PlaceState.ENDED},
    PlaceState.OFFERED: {PlaceState.BOOKED, PlaceState.GIVEN_UP, PlaceState.ENDED},
    PlaceState.BOOKED: {PlaceState.OFFERED, PlaceState.GIVEN_UP, PlaceState.ENDED},
    PlaceState.GIVEN_UP: set(),
    PlaceState.ENDED: set(),
}
LIVE = (PlaceState.WAITING, PlaceState.OFFERED, PlaceState.BOOKED)
SEATED = (PlaceState.OFFERED, PlaceState.BOOKED)


class PlaceQuerySet(models.QuerySet):
    """Places, in the words of the product."""

    def live(self) -> "PlaceQuerySet":
        """Return those that wait or hold a seat, and were not missed on the day."""
        return self.filter(state__in=LIVE, missed_at__isnull=True)

    def seated(self) -> "PlaceQuerySet":
        """Return those that hold a seat."""
        return self.filter(state__in=SEATED)

    def to_use(self) -> "PlaceQuerySet":
        """Return those that hold a seat and were not missed on the day: they count where only one may be held."""
        return self.seated().filter(missed_at__isnull=True)

    def in_line(self) -> "PlaceQuerySet":
        """Return those that wait, the first first: those whose session was cancelled, then everybody as they came."""
        return self.filter(state=PlaceState.WAITING).order_by(F("ahead").asc(nulls_last=True), "number_in_line")


class Place(models.Model):
    """One person's booking in one session. Organisation, profession and area are those of the day it was made."""

    session = models.ForeignKey(Session, on_delete=models.PROTECT, related_name="places")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="places")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    profession = models.ForeignKey(Profession, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    area = models.ForeignKey(Area, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    state = models.CharField(max_length=10, choices=PlaceState)
    reference = models.CharField(max_length=16, unique=True)
    number_in_line = models.PositiveIntegerField(null=True, blank=True)
    team = models.ForeignKey("attendance.Team", on_delete=models.SET_NULL, null=True, blank=True, related_name="places")
    ahead = models.PositiveBigIntegerField(
        null=True, blank=True, help_text="the place lost when its session was cancelled: before others, in that order"
    )
    limit_key = models.CharField(max_length=60, null=True, blank=True, unique=True)
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=80)
    seated_at = models.DateTimeField(null=True, blank=True)
    offered_until = models.DateTimeField(null=True, blank=True)
    offered_from_line = models.BooleanField(
        default=False,
        db_default=False,
        help_text="of a seat freed late; else the session was moved",
    )
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_reason = models.CharField(max_length=40, blank=True)
    missed_at = models.DateTimeField(
        null=True, blank=True, help_text="absent or excused: the register was closed, another date may be chosen"
    )
    link = models.OneToOneField(
        "accounts.PersonalLink", on_delete=models.SET_NULL, null=True, blank=True, related_name="place"
    )

    objects = PlaceQuerySet.as_manager()

    retention = Retention(
        plain=(
            "id", "session", "organisation", "profession", "area", "state", "reference", "number_in_line",
            "team", "ahead", "limit_key", "made_at", "seated_at", "offered_until", "offered_from_line", "closed_at",
            "closed_reason", "missed_at", "link",
        ),
        personal=("person", "made_by"),
        until="two years after the programme has ended; the figures stay",
    )  # fmt: skip

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["session", "person"], condition=Q(state__in=LIVE), name="place_once_per_session"
            ),
            models.UniqueConstraint(
                fields=["session", "number_in_line"], condition=Q(state="waiting"), name="place_line_in_order"
            ),
            models.CheckConstraint(
                condition=~Q(state="waiting") | Q(number_in_line__isnull=False, limit_key__isnull=True),
                name="place_waiting_has_number",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=SEATED) | Q(seated_at__isnull=False, closed_at__isnull=True),
                name="place_seated_has_moment",
            ),
            models.CheckConstraint(
                condition=Q(state="offered", offered_until__isnull=False)
                | (~Q(state="offered") & Q(offered_until__isnull=True)),
                name="place_offered_has_limit",
            ),
            models.CheckConstraint(
                condition=(Q(state__in=("given_up", "ended")) & Q(closed_at__isnull=False, limit_key__isnull=True))
                | (Q(state__in=LIVE) & Q(closed_at__isnull=True)),
                name="place_closed_has_moment",
            ),
        ]
        indexes = [
            models.Index(fields=["session", "state", "number_in_line"], name="place_by_session"),
            models.Index(fields=["person", "state"], name="place_by_person"),
            # Whose session was cancelled lately is asked by everybody who takes a place, under the lock.
            models.Index(
                fields=["closed_at"], condition=Q(closed_reason="session_cancelled"), name="place_lost_by_cancelling"
            ),
        ]

    def __str__(self) -> str:
        return self.reference


class AccessNeed(models.Model):
    """What somebody needs to take part: apart from all else, for named staff only, deleted by itself."""

    place = models.OneToOneField(Place, on_delete=models.CASCADE, related_name="access_need")
    words = models.TextField(max_length=1000, blank=True)
    welsh = models.BooleanField(default=False)
    delete_on = models.DateField()

    retention = Retention(
        plain=("id", "place", "delete_on"), personal=("words", "welsh"), until="30 days after the session"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(words="") | Q(welsh=True), name="access_need_says_something")
        ]


class CalendarEntry(models.Model):
    """The entry of one session in one person's calendar: one UID for ever, a number that only rises."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="calendar_entries")
    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="calendar_entries")
    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    sequence = models.PositiveIntegerField(default=0)
    revision = models.PositiveIntegerField(default=0, help_text="the session's revision that was last announced")
    held_as = models.PositiveIntegerField(
        null=True, blank=True, help_text="an earlier number that says the same: what came between was never told"
    )
    is_cancelled = models.BooleanField(default=False)

    retention = Retention(
        plain=("id", "session", "uid", "sequence", "revision", "held_as", "is_cancelled"),
        personal=("person",),
        until="two years after the programme has ended",
    )

    class Meta:
        verbose_name_plural = "calendar entries"
        constraints = [models.UniqueConstraint(fields=["person", "session"], name="calendar_entry_once")]
