"""A themed series of posts: who writes it, what it may be used for, its posts with their versions, its pictures."""

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q

from accounts.permissions import INSTALLATION, Permission, scopes_with
from briefings.models import Programme
from communications.licences import TERMS, CreditRule, Licence, Terms
from history.retention import Retention

LONGEST_POST = 40_000


class PostSeriesQuerySet(models.QuerySet):
    """Series of posts, in the words of the product."""

    def public(self) -> "PostSeriesQuerySet":
        """Return those that everybody may read: something is published, and their programme is public."""
        published = Post.objects.published().filter(series=OuterRef("pk"))
        return self.filter(Exists(published)).filter(Q(programme=None) | Q(programme__is_public=True))

    def where(self, person: Any, permission: Permission) -> "PostSeriesQuerySet":
        """Return those in which ``person`` holds ``permission``: by the series itself, or by its programme."""
        keys = scopes_with(person, permission)
        if INSTALLATION in keys:
            return self.all()
        own, programmes = _ids(keys, PostSeries), _ids(keys, Programme)
        return self.filter(Q(pk__in=own) | Q(programme__in=programmes))


def _ids(keys: frozenset[str], model: type[models.Model]) -> list[int]:
    prefix = f"{model._meta.label_lower}:"
    return [int(key.removeprefix(prefix)) for key in keys if key.startswith(prefix)]


class PostSeries(models.Model):
    """Posts that belong together, by one author, under one licence. ``briefings.Series`` is of sessions."""

    programme = models.ForeignKey(
        Programme, on_delete=models.PROTECT, null=True, blank=True, related_name="post_series"
    )
    title = models.CharField(max_length=150)
    slug = models.SlugField(max_length=80, unique=True)
    season = models.CharField(max_length=60, blank=True)
    about = models.TextField(max_length=1000, blank=True)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="series_written")
    author_name = models.CharField(max_length=200)
    picture = models.ForeignKey("Picture", on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    licence = models.CharField(max_length=12, choices=Licence, default=Licence.BY)
    credit_rule = models.CharField(max_length=12, choices=CreditRule, default=CreditRule.REQUIRED)
    credit_line = models.CharField(max_length=300)
    ask_whom = models.CharField(max_length=200, blank=True, help_text="whom to ask for more than the licence allows")
    zone = models.CharField(max_length=60)
    feed_id = models.CharField(max_length=120, unique=True)
    started_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    objects = PostSeriesQuerySet.as_manager()

    retention = Retention(
        plain=(
            "id", "programme", "title", "slug", "season", "about", "picture", "licence", "credit_rule", "zone",
            "feed_id", "started_at", "changed_at",
        ),
        personal=("author", "author_name", "credit_line", "ask_whom"),
        until="as long as the series can be read: the author is credited by their own wish",
    )  # fmt: skip

    class Meta:
        ordering = ("-started_at", "-id")
        verbose_name_plural = "series of posts"
        constraints = [
            models.CheckConstraint(
                condition=~Q(title="") & ~Q(slug="") & ~Q(author_name="") & ~Q(credit_line="") & ~Q(feed_id=""),
                name="post_series_nothing_empty",
            ),
            models.CheckConstraint(
                condition=~Q(licence="reserved") | ~Q(ask_whom=""), name="post_series_reserved_says_whom_to_ask"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_for_everybody(self) -> bool:
        """Whether what is published in it can be read: its programme is public, or it has none."""
        return self.programme is None or self.programme.is_public

    @property
    def terms(self) -> Terms:
        """What its licence allows."""
        return TERMS[Licence(self.licence)]

    @property
    def is_free(self) -> bool:
        """Whether its posts may be taken without asking."""
        return self.licence != Licence.RESERVED


class PostState(models.TextChoices):
    DRAFT = "draft", "Draft"
    SCHEDULED = "scheduled", "Scheduled"
    PUBLISHED = "published", "Published"
    WITHDRAWN = "withdrawn", "Withdrawn"


POST_MOVES = {
    PostState.DRAFT: {PostState.SCHEDULED, PostState.PUBLISHED},
    PostState.SCHEDULED: {PostState.DRAFT, PostState.SCHEDULED, PostState.PUBLISHED},
    PostState.PUBLISHED: {PostState.WITHDRAWN},
    PostState.WITHDRAWN: set(),
}


class PostQuerySet(models.QuerySet):
    """Posts, in the words of the product."""

    def published(self) -> "PostQuerySet":
        """Return those that were published and not withdrawn, in the order of their series."""
        return self.filter(state=PostState.PUBLISHED)

    def public(self) -> "PostQuerySet":
        """Return those that everybody may read."""
        return self.published().filter(Q(series__programme=None) | Q(series__programme__is_public=True))

    def due(self, now) -> "PostQuerySet":
        """Return those whose time has come at ``now``."""
        return self.filter(state=PostState.SCHEDULED, publish_at__lte=now)


class Post(models.Model):
    """One piece of a series. ``edition`` counts its changes, so that two who write at once lose no words."""

    series = models.ForeignKey(PostSeries, on_delete=models.PROTECT, related_name="posts")
    position = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=150)
    slug = models.SlugField(max_length=80)
    lead = models.CharField(max_length=300, blank=True)
    words = models.TextField(max_length=LONGEST_POST)
    state = models.CharField(max_length=10, choices=PostState, default=PostState.DRAFT)
    publish_at = models.DateTimeField(null=True, blank=True)
    edition = models.PositiveIntegerField(default=1)
    changed_at = models.DateTimeField()
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    published_at = models.DateTimeField(null=True, blank=True)
    corrected_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_because = models.CharField(max_length=500, blank=True)
    feed_id = models.CharField(max_length=120, unique=True)

    objects = PostQuerySet.as_manager()

    retention = Retention(
        plain=(
            "id", "series", "position", "title", "slug", "lead", "words", "state", "publish_at", "edition",
            "changed_at", "published_at", "corrected_at", "withdrawn_at", "withdrawn_because", "feed_id",
        ),
        personal=("changed_by",),
        until="as long as the post can be read",
    )  # fmt: skip

    class Meta:
        ordering = ("position", "id")
        constraints = [
            models.UniqueConstraint(
                fields=["series", "position"], name="post_position_once", deferrable=models.Deferrable.DEFERRED
            ),
            models.UniqueConstraint(fields=["series", "slug"], name="post_slug_once"),
            models.CheckConstraint(
                condition=~Q(title="") & ~Q(slug="") & ~Q(words="") & ~Q(feed_id=""), name="post_nothing_empty"
            ),
            models.CheckConstraint(
                condition=Q(state="scheduled", publish_at__isnull=False)
                | Q(state="draft", publish_at=None)
                | Q(state__in=["published", "withdrawn"]),
                name="post_scheduled_has_a_time",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "scheduled"], published_at=None)
                | Q(state__in=["published", "withdrawn"], published_at__isnull=False),
                name="post_published_has_a_moment",
            ),
            models.CheckConstraint(
                condition=~Q(state="withdrawn") | (Q(withdrawn_at__isnull=False) & ~Q(withdrawn_because="")),
                name="post_withdrawn_says_why",
            ),
        ]
        indexes = [
            models.Index(fields=["publish_at"], name="post_due", condition=Q(state="scheduled")),
            models.Index(fields=["-published_at"], name="post_newest", condition=Q(state="published")),
        ]

    def __str__(self) -> str:
        return self.title


class PostVersion(models.Model):
    """The words as they were published. The first one makes a publication happen once; later ones are corrections."""

    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=150)
    lead = models.CharField(max_length=300, blank=True)
    words = models.TextField(max_length=LONGEST_POST)
    note = models.CharField(max_length=500, blank=True, help_text="what was corrected, for everybody")
    saved_at = models.DateTimeField()
    saved_by = models.CharField(max_length=80, help_text="history key: a person or the clock")

    retention = Retention(
        plain=("id", "post", "number", "title", "lead", "words", "note", "saved_at"),
        personal=("saved_by",),
        until="as long as the post can be read; the key means nothing once the person is erased",
    )

    class Meta:
        ordering = ("number",)
        constraints = [
            models.UniqueConstraint(fields=["post", "number"], name="post_version_once"),
            models.CheckConstraint(condition=Q(number=1) | ~Q(note=""), name="post_correction_has_a_note"),
        ]


class Picture(models.Model):
    """A picture of a series, drawn anew when it came, with the words for who does not see it."""

    series = models.ForeignKey(PostSeries, on_delete=models.CASCADE, related_name="pictures")
    number = models.PositiveSmallIntegerField()
    words = models.CharField(max_length=300)
    credit = models.CharField(max_length=200, blank=True)
    content_type = models.CharField(max_length=20)
    made_at = models.DateTimeField()
    shown_at = models.DateTimeField(null=True, blank=True, help_text="since when everybody may see it")

    retention = Retention(
        plain=("id", "series", "number", "words", "content_type", "made_at", "shown_at"),
        personal=("credit",),
        until="as long as the series can be read",
    )

    class Meta:
        ordering = ("number",)
        constraints = [
            models.UniqueConstraint(fields=["series", "number"], name="picture_number_once"),
            models.CheckConstraint(condition=~Q(words=""), name="picture_has_words"),
        ]

    def __str__(self) -> str:
        return f"picture {self.number}"


def picture_path(instance: "PictureFile", name: str) -> str:
    """Return where a picture is kept: a name that nobody can guess, and nothing of the sender's own name."""
    return f"pictures/{uuid.uuid4().hex}"


class PictureFile(models.Model):
    """A picture in one width."""

    picture = models.ForeignKey(Picture, on_delete=models.CASCADE, related_name="files")
    width = models.PositiveSmallIntegerField()
    height = models.PositiveSmallIntegerField()
    file = models.FileField(upload_to=picture_path)

    retention = Retention(plain=("id", "picture", "width", "height", "file"))

    class Meta:
        ordering = ("width",)
        constraints = [models.UniqueConstraint(fields=["picture", "width"], name="picture_width_once")]


class ReuseState(models.TextChoices):
    WAITING = "waiting", "Waits for the author"
    SHOWN = "shown", "Shown"
    HIDDEN = "hidden", "Not shown"


class Reuse(models.Model):
    """That somebody has used a post, or the whole series, elsewhere. Shown when the author has looked at it."""

    series = models.ForeignKey(PostSeries, on_delete=models.CASCADE, related_name="reuses")
    post = models.ForeignKey(Post, on_delete=models.CASCADE, null=True, blank=True, related_name="reuses")
    organisation = models.CharField(max_length=200)
    place = models.CharField(max_length=200)
    link = models.URLField(max_length=500, blank=True)
    contact_email = models.EmailField(max_length=254, blank=True)
    state = models.CharField(max_length=10, choices=ReuseState, default=ReuseState.WAITING)
    said_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    hidden_because = models.CharField(max_length=300, blank=True)

    retention = Retention(
        plain=("id", "series", "post", "link", "state", "said_at", "settled_at", "hidden_because"),
        personal=("organisation", "place", "contact_email", "settled_by"),
        until="as long as the series can be read; the contact address goes after two years",
    )

    class Meta:
        ordering = ("-said_at", "-id")
        constraints = [
            models.UniqueConstraint(
                fields=["series", "post", "organisation", "place"], name="reuse_once", nulls_distinct=False
            ),
            models.CheckConstraint(condition=~Q(organisation="") & ~Q(place=""), name="reuse_says_who_and_where"),
            models.CheckConstraint(condition=~Q(state="hidden") | ~Q(hidden_because=""), name="reuse_hidden_says_why"),
        ]

    def __str__(self) -> str:
        return f"{self.organisation}, {self.place}"
