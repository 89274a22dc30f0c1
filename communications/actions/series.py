"""Starting and changing a series of posts, and its pictures."""

import hashlib
import io
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.files import File
from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction
from django.db.models import Max, Q
from django.utils.text import slugify
from PIL import Image

from accounts.models import Person
from briefings.models import Programme
from communications.licences import TERMS, Licence
from communications.messages import posts as messages
from communications.models import Picture, Post, PostSeries
from communications.rules.posts import can_manage_series, can_write
from communications.wording import numbers_in
from history.actions import record
from history.refusals import Refused
from organisations.actions.uploads import PICTURES, check_upload

WIDTHS = (480, 960, 1600)
PICTURE_BYTES = 10_000_000
MOST_PICTURES = 200


class NotTheirs(Refused):
    sentence = "Only the author of the series, and whoever coordinates its programme, can do this."


class CreditClashes(Refused):
    sentence = "This licence and this rule about credit do not go together. Choose another of the two."


class SeriesMoved(Refused):
    sentence = (
        "Somebody has changed the series since you opened this page. What you typed stands below and is not saved yet. "
        "Look at the series in another window, then save what should stay."
    )


class NobodyToAsk(Refused):
    sentence = "Say whom to ask: nobody may take the posts without asking."


class NoWordsForPicture(Refused):
    sentence = "Say in words what the picture shows, for everybody who does not see it."


class TooManyPictures(Refused):
    sentence = f"A series has {MOST_PICTURES} pictures at most."


class PictureInUse(Refused):
    sentence = "This picture stands in a post, or is that of the series. Take it out there first."


@dataclass(frozen=True)
class About:
    """What a series says of itself."""

    title: str
    author_name: str
    credit_line: str
    season: str = ""
    about: str = ""
    licence: str = Licence.BY
    credit_rule: str = "required"
    ask_whom: str = ""


FIELDS = ("title", "author_name", "credit_line", "season", "about", "licence", "credit_rule", "ask_whom")


@transaction.atomic
def start_series(*, programme: Programme | None, about: About, author: Person, by: Person, now: datetime) -> PostSeries:
    """Start a series that ``author`` writes. They are told by mail, unless it is themselves.

    Raises NotTheirs, CreditClashes, NobodyToAsk.
    """
    if not can_manage_series(by, programme):
        raise NotTheirs
    _check(about)
    made = PostSeries(
        programme=programme,
        author=author,
        zone=programme.zone if programme else settings.TIME_ZONE,
        feed_id=new_feed_id(now),
        started_at=now,
        changed_at=now,
        **{name: getattr(about, name) for name in FIELDS},
    )
    _save_under_a_free_address(made)
    record(by=by, verb="started_series", about=made, now=now)
    if author != by:
        messages.tell_author(made, now=now)
    return made


@transaction.atomic
def change_series(
    *, series: PostSeries, about: About, by: Person, now: datetime, picture: Picture | None = None, seen: str = ""
) -> PostSeries:
    """Say something else of the series; ``picture`` is one of its own.

    ``seen`` is the ``seal_of`` what ``by`` began with. Raises NotTheirs, CreditClashes, NobodyToAsk, SeriesMoved.
    """
    own = locked(series, by)
    if seen and seen != seal_of(own):
        raise SeriesMoved
    _check(about)
    new = {**{name: getattr(about, name) for name in FIELDS}, "picture": picture}
    fields = [name for name, value in new.items() if getattr(own, name) != value]
    if not fields:
        return own
    for name in fields:
        setattr(own, name, new[name])
    own.changed_at = now
    own.save(update_fields=[*fields, "changed_at"])
    show_pictures(own, now)
    record(by=by, verb="changed_series", about=own, now=now, fields=fields)
    return own


def seal_of(series: PostSeries) -> str:
    """Return what tells whether somebody has changed what ``series`` says of itself."""
    said = [*(getattr(series, name) for name in FIELDS), series.picture_id]
    return hashlib.sha256(repr(said).encode()).hexdigest()[:32]


@transaction.atomic
def give_series(*, series: PostSeries, author: Person, by: Person, now: datetime) -> PostSeries:
    """Let somebody else write the series from now on; they are told. The name that is shown stays. Raises NotTheirs."""
    own = locked(series, by)
    if not can_manage_series(by, own.programme):
        raise NotTheirs
    if own.author_id == author.pk:
        return own
    own.author, own.changed_at = author, now
    own.save(update_fields=["author", "changed_at"])
    record(by=by, verb="gave_series", about=own, now=now)
    if author != by:
        messages.tell_author(own, now=now)
    return own


@transaction.atomic
def add_picture(*, series: PostSeries, file: File, words: str, by: Person, now: datetime, credit: str = "") -> Picture:
    """Keep a picture in a few widths, drawn anew: without its metadata, and without what it may hide.

    Raises NotTheirs, NoWordsForPicture, TooManyPictures, and UploadRefused for what is no picture.
    """
    words = " ".join(words.split())
    if not words:
        raise NoWordsForPicture
    if not can_write(by, series):
        raise NotTheirs
    checked = check_upload(file, kinds=tuple(PICTURES), max_bytes=PICTURE_BYTES)
    own = locked(series, by)
    number = (own.pictures.aggregate(last=Max("number"))["last"] or 0) + 1
    if number > MOST_PICTURES:
        raise TooManyPictures
    made = Picture.objects.create(
        series=own, number=number, words=words, credit=credit, content_type=checked.content_type, made_at=now
    )
    for width, height, content in _in_widths(checked.content):
        kept = made.files.model(picture=made, width=width, height=height)
        kept.file.save("picture", ContentFile(content), save=False)
        kept.save()
    record(by=by, verb="added_picture", about=own, now=now)
    return made


def _in_widths(content: bytes) -> list[tuple[int, int, bytes]]:
    """Return width, height and content of the picture in each width that it reaches; the largest is the last."""
    with Image.open(io.BytesIO(content)) as picture:
        picture.load()
        widths = sorted({*(width for width in WIDTHS if width < picture.width), min(picture.width, WIDTHS[-1])})
        return [_resized(picture, width) for width in widths]


def _resized(picture: Image.Image, width: int) -> tuple[int, int, bytes]:
    height = max(1, round(picture.height * width / picture.width))
    out = io.BytesIO()
    options = {"optimize": True} if picture.format == "PNG" else {"quality": 82}
    picture.resize((width, height), Image.Resampling.LANCZOS).save(out, picture.format, **options)
    return width, height, out.getvalue()


@transaction.atomic
def describe_picture(*, picture: Picture, words: str, credit: str, by: Person, now: datetime) -> Picture:
    """Say better what a picture shows, and whose it is. Raises NotTheirs, NoWordsForPicture."""
    own = locked(picture.series, by)
    words = " ".join(words.split())
    if not words:
        raise NoWordsForPicture
    Picture.objects.filter(pk=picture.pk).update(words=words, credit=credit)
    PostSeries.objects.filter(pk=own.pk).update(changed_at=now)
    record(by=by, verb="described_picture", about=own, now=now)
    picture.refresh_from_db()
    return picture


@transaction.atomic
def remove_picture(*, picture: Picture, by: Person, now: datetime) -> None:
    """Delete a picture that nothing shows. Raises NotTheirs, PictureInUse."""
    own = locked(picture.series, by)
    used = own.picture_id == picture.pk or any(
        picture.number in numbers_in(words) for words in own.posts.values_list("words", flat=True)
    )
    if used:
        raise PictureInUse
    files = list(picture.files.all())
    picture.delete()
    for each in files:
        transaction.on_commit(lambda file=each.file: file.storage.delete(file.name))
    record(by=by, verb="removed_picture", about=own, now=now)


def show_pictures(series: PostSeries, now: datetime) -> None:
    """Let everybody see the pictures that something published shows, and no others: what is taken back goes with it."""
    published = list(series.posts.published().values_list("words", flat=True))
    shown = Q(number__in={number for words in published for number in numbers_in(words)})
    if published:
        shown |= Q(pk=series.picture_id)
    Picture.objects.filter(shown, series=series, shown_at=None).update(shown_at=now)
    Picture.objects.filter(~shown, series=series).update(shown_at=None)


def locked(series: PostSeries, by: Any) -> PostSeries:
    """Return the series, locked: it owns the order of its posts. Raises NotTheirs where ``by`` does not write it."""
    own = PostSeries.objects.select_related("programme").select_for_update(no_key=True, of=("self",)).get(pk=series.pk)
    if not can_write(by, own):
        raise NotTheirs
    return own


def new_feed_id(now: datetime) -> str:
    """Return the name under which feeds know a thing for ever (RFC 4151), whatever its address becomes."""
    return f"tag:{urlsplit(settings.SITE_URL).hostname},{now:%Y-%m-%d}:{uuid.uuid4().hex}"


RESERVED_SLUGS = {"feed", "subscribe", "reuse", "take"}


def free_post_slug(title: str, series: PostSeries, but: Post | None = None) -> str:
    """Return the words that stand in the address of a post of ``series`` called ``title``."""
    return _free_slug(title, series.posts.exclude(pk=but.pk if but else None), "post")


def _free_slug(title: str, rows: Any, fallback: str) -> str:
    stem = slugify(title)[:70].strip("-_") or fallback
    taken = set(rows.filter(slug__startswith=stem).values_list("slug", flat=True)) | RESERVED_SLUGS
    if stem not in taken:
        return stem
    return next(f"{stem}-{number}" for number in range(2, 100_000) if f"{stem}-{number}" not in taken)


def _save_under_a_free_address(made: PostSeries) -> None:
    """Save the new series; where somebody takes the same address at this moment, under the next one."""
    while True:
        made.slug = _free_slug(made.title, PostSeries.objects.all(), "series")
        try:
            with transaction.atomic():
                return made.save(force_insert=True)
        except IntegrityError:
            if not PostSeries.objects.filter(slug=made.slug).exists():
                raise


def _check(about: About) -> None:
    if about.credit_rule not in TERMS[Licence(about.licence)].credit:
        raise CreditClashes
    if about.licence == Licence.RESERVED and not about.ask_whom:
        raise NobodyToAsk
