"""Series and posts in their usual state. Tests say only what matters to them."""

import io
from datetime import UTC, datetime

from django.core.files.base import ContentFile
from PIL import Image

from communications.actions import posts as actions
from communications.actions.series import About, add_picture, start_series
from communications.models import Picture, Post, PostSeries
from tests.briefings.factories import NOW, AppointmentFactory, ProgrammeFactory
from tests.organisations.factories import PersonFactory

DECEMBER = datetime(2026, 12, 1, 8, 0, tzinfo=UTC)


class Desk:
    """A programme with its coordinator, and a series with its author."""

    def __init__(self, **about) -> None:
        self.programme = ProgrammeFactory()
        self.coordinator = AppointmentFactory(programme=self.programme).person
        self.author = PersonFactory(name="Meredith Archer")
        self.stranger = PersonFactory()
        self.series = self.start(**about)

    def start(self, **about) -> PostSeries:
        words = {"title": "Twelve days of records", "author_name": "Meredith Archer",
                 "credit_line": "Meredith Archer, Wrenshire County Council", **about}  # fmt: skip
        return start_series(
            programme=self.programme, about=About(**words), author=self.author, by=self.coordinator, now=NOW
        )

    def write(self, title="A partridge in a pear tree", words="One bird, one **tree**.", *, lead="") -> Post:
        return actions.write_post(series=self.series, title=title, lead=lead, words=words, by=self.author, now=NOW)

    def published(
        self, title="A partridge in a pear tree", words="One bird, one **tree**.", *, now=NOW, **more
    ) -> Post:
        return actions.publish_post(post=self.write(title, words, **more), by=self.author, now=now)

    def picture(self, words="A pear tree with one bird", **more) -> Picture:
        file = ContentFile(picture_bytes(**more), name="tree.png")
        return add_picture(series=self.series, file=file, words=words, by=self.author, now=NOW)


def picture_bytes(kind="PNG", size=(1200, 800), **options) -> bytes:
    """Return a picture as a file."""
    out = io.BytesIO()
    Image.new("RGB", size, (120, 90, 60)).save(out, kind, **options)
    return out.getvalue()
