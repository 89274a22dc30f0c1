"""Statements, and the answers of nobody in particular.

What feedback comes to is kept as counts alone: there is no answer that could be joined to anything. Attitudes need one
sheet for each person, so that before and after can be compared; a sheet knows a code that its person keeps, no more.
"""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from history.retention import Retention

NOT_SAID = 0
SCALE = {
    5: "Strongly agree",
    4: "Agree",
    3: "Neither agree nor disagree",
    2: "Disagree",
    1: "Strongly disagree",
    NOT_SAID: "Prefer not to say",
}
"""The answers to a statement, in the order in which they are offered and shown."""


class Method(models.TextChoices):
    FEEDBACK = "feedback", "Feedback after a session"
    PAIRED = "paired", "Before and after, paired by a code"
    RETROSPECTIVE = "retrospective", "Then and now, asked in one sitting"


class Point(models.TextChoices):
    BEFORE = "before", "Before"
    AFTER = "after", "After"
    LATER = "later", "Months later"
    ONCE = "once", "Then and now"


POINTS = {
    Method.FEEDBACK: (),
    Method.PAIRED: (Point.BEFORE, Point.AFTER, Point.LATER),
    Method.RETROSPECTIVE: (Point.ONCE,),
}
"""When each method asks. The two methods of attitudes are never mixed: a questionnaire has one."""


class Questionnaire(models.Model):
    """What is asked of people who stay unknown. Its words stand as soon as anybody has answered.

    ``about`` is the history key of what it belongs to: apps that stand above this one say what that is.
    """

    about = models.CharField(max_length=80)
    method = models.CharField(max_length=13, choices=Method)
    title = models.CharField(max_length=200)
    made_on = models.DateField()
    ended_on = models.DateField(null=True, blank=True)

    retention = Retention(plain=("id", "about", "method", "title", "made_on", "ended_on"))

    class Meta:
        ordering = ("-made_on", "-id")
        constraints = [
            models.CheckConstraint(condition=~Q(about="") & ~Q(title=""), name="questionnaire_has_title"),
            models.UniqueConstraint(
                fields=["about"], condition=Q(method="feedback", ended_on__isnull=True), name="feedback_one_at_a_time"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def points(self) -> tuple[Point, ...]:
        """Return when it asks."""
        return POINTS[Method(self.method)]


class Statement(models.Model):
    """A sentence that people agree or disagree with."""

    questionnaire = models.ForeignKey(Questionnaire, on_delete=models.CASCADE, related_name="statements")
    position = models.PositiveSmallIntegerField()
    words = models.CharField(max_length=300)

    retention = Retention(plain=("id", "questionnaire", "position", "words"))

    class Meta:
        ordering = ("position",)
        constraints = [
            models.CheckConstraint(condition=~Q(words=""), name="statement_has_words"),
            models.UniqueConstraint(fields=["questionnaire", "position"], name="statement_position_once"),
        ]

    def __str__(self) -> str:
        return self.words


class Tally(models.Model):
    """How often one answer was given to one statement of feedback."""

    statement = models.ForeignKey(Statement, on_delete=models.CASCADE, related_name="tallies")
    answer = models.PositiveSmallIntegerField()
    number = models.PositiveIntegerField(default=0)

    retention = Retention(plain=("id", "statement", "answer", "number"))

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(answer__lte=5), name="tally_on_the_scale"),
            models.UniqueConstraint(fields=["statement", "answer"], name="tally_once"),
        ]


class Ticket(models.Model):
    """The right to answer once. It says whether it was used, never what was answered: no row of an answer exists."""

    digest = models.CharField(max_length=64, primary_key=True)
    questionnaire = models.ForeignKey(Questionnaire, on_delete=models.CASCADE, related_name="tickets")
    until = models.DateField()
    is_used = models.BooleanField(default=False)

    retention = Retention(
        plain=("questionnaire", "until"),
        personal=("digest", "is_used"),
        until="the day after it can no longer be used",
    )


class Opening(models.Model):
    """One point of a questionnaire about attitudes, answered by whoever has its code: in the room or from a link."""

    questionnaire = models.ForeignKey(Questionnaire, on_delete=models.CASCADE, related_name="openings")
    point = models.CharField(max_length=6, choices=Point)
    code = models.CharField(max_length=6, unique=True)
    most = models.PositiveSmallIntegerField(help_text="answers after which it takes no more")
    opened_on = models.DateField()
    closed_on = models.DateField(null=True, blank=True)

    retention = Retention(plain=("id", "questionnaire", "point", "code", "most", "opened_on", "closed_on"))

    class Meta:
        constraints = [models.UniqueConstraint(fields=["questionnaire", "point"], name="opening_once_for_a_point")]


class Sheet(models.Model):
    """What one person answered at one point: numbers of the scale, in the order of the statements.

    Asked in one sitting, "then" comes first for all statements and "now" after it. ``pair`` is the digest of the code
    that its person keeps. The row has no moment, and its place in the table says nothing: all sheets of an opening are
    written anew, in the order of their random ids, with each that is added.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    opening = models.ForeignKey(Opening, on_delete=models.CASCADE, related_name="sheets")
    pair = models.CharField(max_length=64)
    answers = ArrayField(models.PositiveSmallIntegerField())

    retention = Retention(plain=("id", "opening", "pair", "answers"))

    class Meta:
        constraints = [models.UniqueConstraint(fields=["opening", "pair"], name="sheet_once_for_a_code")]


class Edition(models.Model):
    """What was published of the answers to one block since the last edition, as it was published. Never changed.

    A block is what is counted together: ``all`` feedback, a point, or the change between two points. ``table`` has a
    row for each statement and in it a number for each answer, null where it is held back. ``counted`` is how many
    there were up to then, this edition and all before it: never shown, so that the next one counts only newcomers.
    """

    questionnaire = models.ForeignKey(Questionnaire, on_delete=models.CASCADE, related_name="editions")
    block = models.CharField(max_length=20)
    number = models.PositiveSmallIntegerField()
    answers = models.PositiveIntegerField()
    table = models.JSONField()
    counted = models.JSONField()
    made_on = models.DateField()

    retention = Retention(plain=("id", "questionnaire", "block", "number", "answers", "table", "counted", "made_on"))

    class Meta:
        ordering = ("number",)
        constraints = [
            models.UniqueConstraint(fields=["questionnaire", "block", "number"], name="edition_once"),
            models.CheckConstraint(condition=Q(answers__gte=10), name="edition_of_ten_answers"),
        ]
