"""A series of posts of the pilot: six days of records in December, written by a records manager with a voice."""

import io
from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.core.files.base import ContentFile
from PIL import Image, ImageDraw

from communications.actions import posts as actions
from communications.actions.reuses import say_reused, show_reuse
from communications.actions.series import About, add_picture, change_series, start_series
from communications.models import Post, PostSeries
from communications.queries.posts import stream_of
from config.demo.clock import Calendar
from config.demo.county import County
from config.demo.pilot import Pilot
from history.actions import STRANGER
from messaging.actions.streams import ask_for_stream, confirm_stream
from messaging.models import Subscription

READERS = 14
SAND, INK, PLUM, LEAF, PAPER = "#efe6d5", "#2b2a33", "#6b3a5b", "#4d6b4a", "#fbf8f1"

POSTS = (
    (
        "One box in the cellar",
        "What a damp cardboard box taught a whole department.",
        "On the first day of records we were sent a box. It had stood in a cellar since somebody retired, and the "
        "label said *Misc.*\n\n![](1)\n\nInside were forty years of decisions about one bridge. Nobody had lost them. "
        "They had only been put where nobody would look.\n\n## What to do on Monday\n\n- Find one box that says "
        "*Misc.*\n- Open it with a colleague and a cup of tea\n- Write on it what it **is**, not where it came from\n\n"
        "That is all. It takes twenty minutes, and somebody in ten years will be glad of you.",
    ),
    (
        "Two copies too many",
        "Three people keep the same file. Which one is true?",
        "The health visitor keeps a copy to be safe. The social worker keeps a copy because the other one might be out "
        "of date. The school keeps a copy because nobody told them not to.\n\nThree copies mean eleven ways to "
        "disagree.\n\n> The plan in the shared record is the plan. What is on my laptop is a rumour.\n\nOne family, "
        "one plan: it is a rule about records long before it is a rule about meetings.",
    ),
    (
        "Three good names for a file",
        "Who, what, when: a name is a kindness to the next person.",
        "*Final*. *Final 2*. *Final 2 really*. We have all sung that carol.\n\n![](2)\n\n| instead of | write |\n"
        "| --- | --- |\n| Final 2 | Visit plan, 2026-11-30 |\n| Scan003 | Consent form, signed |\n| New document | "
        "Minutes, panel of March |\n\nA name says what it is and of which day. It need not say whose idea it was.",
    ),
    (
        "Four reasons to let go",
        "Keeping everything is not the same as keeping it safe.",
        "Records that are past their time are not harmless. They cost money to store, they turn up in searches, and "
        "they hold people to who they were at nineteen.\n\nSo we let go, for four reasons: the law says so, the family "
        "has a right to it, the next person finds things faster, and January is a good month for empty shelves.\n\n"
        "Write down *that* you destroyed it, and by which rule. Never what was in it.",
    ),
    (
        "Five minutes after the visit",
        "Write it while you still smell the kitchen.",
        "The best record of a visit is written in the car park. Five minutes, three questions: what did I see, what "
        "was said, what did we agree?\n\n![](3)\n\nOpinions are welcome if they are labelled. “She seemed tired” is a "
        "record. “A tired mother” is a verdict.",
    ),
    (
        "Six people who will read this",
        "Before you close the file, think of who opens it next.",
        "The colleague on the late shift. The manager who was not there. The inspector. The judge. The family. And the "
        "child, grown up, asking who they were.\n\nWrite so that all six can bear it.",
    ),
)


def _box(draw: ImageDraw.ImageDraw) -> None:
    draw.rectangle((300, 300, 900, 680), fill="#c79b63", outline=INK, width=6)
    draw.polygon(((300, 300), (420, 180), (1010, 180), (900, 300)), fill="#dcb57f", outline=INK)
    draw.polygon(((900, 300), (1010, 180), (1010, 560), (900, 680)), fill="#a97f49", outline=INK)
    draw.rectangle((470, 430, 730, 540), fill=PAPER, outline=INK, width=4)
    draw.line((500, 485, 700, 485), fill=PLUM, width=10)


def _cards(draw: ImageDraw.ImageDraw) -> None:
    for number, colour in enumerate((LEAF, PLUM, "#b5793a")):
        left, top = 200 + number * 250, 180 + number * 70
        draw.rounded_rectangle((left, top, left + 340, top + 380), 24, fill=PAPER, outline=INK, width=6)
        draw.rectangle((left + 40, top + 50, left + 300, top + 90), fill=colour)
        for line in range(4):
            draw.line((left + 40, top + 150 + line * 50, left + 300 - line * 30, top + 150 + line * 50), INK, 5)


def _car(draw: ImageDraw.ImageDraw) -> None:
    draw.rectangle((0, 620, 1200, 800), fill="#cfc4b0")
    draw.rounded_rectangle((250, 420, 950, 620), 60, fill=PLUM, outline=INK, width=6)
    draw.polygon(((380, 420), (480, 290), (760, 290), (850, 420)), fill="#bcd0d6", outline=INK)
    for left in (340, 730):
        draw.ellipse((left, 550, left + 140, 690), fill=INK)
        draw.ellipse((left + 45, 595, left + 95, 645), fill=SAND)
    draw.rectangle((590, 330, 690, 400), fill=PAPER, outline=INK, width=4)


def _shelf(draw: ImageDraw.ImageDraw) -> None:
    for row, top in enumerate((140, 380, 620)):
        draw.rectangle((120, top + 150, 1080, top + 166), fill=INK)
        for place in range(8):
            colour = (LEAF, PLUM, "#b5793a", "#7d8ca3")[(place + row) % 4]
            left, height = 150 + place * 112, 110 + (place * 37 + row * 53) % 40
            draw.rectangle((left, top + 150 - height, left + 80, top + 150), fill=colour, outline=INK, width=4)


PICTURES = (
    (_box, "A closed cardboard box with a small label and one line on it"),
    (_cards, "Three index cards, one before the other, each with a bold heading"),
    (_car, "A parked car; on the dashboard lies a sheet of paper"),
    (_shelf, "Three shelves of folders in green, plum, brown and blue"),
)


def drawn(draw: Callable[[ImageDraw.ImageDraw], None]) -> ContentFile:
    """Return a picture as a file, drawn here: no picture of anybody else's."""
    picture = Image.new("RGB", (1200, 800), SAND)
    draw(ImageDraw.Draw(picture))
    out = io.BytesIO()
    picture.save(out, "PNG")
    return ContentFile(out.getvalue(), name="picture.png")


class Posts:
    """The series of the pilot: four posts published, one of them corrected, one scheduled, one a draft; two reuses."""

    def __init__(self, county: County, calendar: Calendar, pilot: Pilot) -> None:
        self.calendar, self.pilot = calendar, pilot
        self.by, self.author = county.cast["coordinator"], county.cast["author"]
        self.series: PostSeries
        self.posts: list[Post] = []

    def plan(self) -> None:
        """Put what is written, published, corrected and reused into the calendar."""
        at, day = self.calendar.at, self.calendar.day
        at(day(-12), 9, self._start)
        at(day(-12), 16, self._gather_readers)
        for number, ago in enumerate((10, 7, 4, 1)):
            at(day(-ago), 8, self._publish, number)
        at(day(-5), 11, self._correct)
        at(day(-3), 13, self._reuse, 0, "Tolbury City Council", "The staff newsletter of this month", True)
        at(day(0), 7.5, self._reuse, 1, "Wren Valley Housing", "A poster in the post room", False)
        at(day(-1), 15, self._schedule)

    def _start(self, now: datetime) -> None:
        about = About(
            title="Six days of records",
            season=f"Christmas {self.calendar.today.year}",
            about="One short piece a day about paper, files and the people in them. For everybody who has ever named a "
            "document “Final 2 really”.",
            author_name="Meredith Inkwell-Fable",
            credit_line="Meredith Inkwell-Fable, Wrenshire County Council",
            ask_whom="records@example.org",
        )
        by = self.by
        self.series = start_series(programme=self.pilot.programme, about=about, author=self.author, by=by, now=now)
        made = [
            add_picture(series=self.series, file=drawn(draw), words=words, by=self.author, now=now)
            for draw, words in PICTURES
        ]
        change_series(series=self.series, about=about, picture=made[-1], by=self.author, now=now)
        self.posts = [
            actions.write_post(series=self.series, title=title, lead=lead, words=words, by=self.author, now=now)
            for title, lead, words in POSTS
        ]

    def _gather_readers(self, now: datetime) -> None:
        for number in range(1, READERS + 1):
            ask_for_stream(stream=stream_of(self.series), address=f"reader{number}@example.org", now=now)
        for own in Subscription.objects.order_by("pk")[1:]:  # the first has not opened the mail yet
            confirm_stream(subscription=own, now=now)

    def _publish(self, number: int, now: datetime) -> None:
        actions.publish_post(post=self.posts[number], by=self.author, now=now)

    def _correct(self, now: datetime) -> None:
        post = self.posts[1]
        post.refresh_from_db()
        words = post.words.replace("eleven ways", "three ways")
        actions.correct_post(
            post=post, title=post.title, lead=post.lead, words=words, seen=post.edition, by=self.author, now=now,
            note="Three copies make three pairs that can disagree, not eleven. A reader counted.",
        )  # fmt: skip

    def _reuse(self, number: int, organisation: str, place: str, is_shown: bool, now: datetime) -> None:
        made = say_reused(
            series=self.series, post=self.posts[number], organisation=organisation, place=place, by=STRANGER, now=now
        )
        if is_shown:
            show_reuse(reuse=made, by=self.author, now=now)

    def _schedule(self, now: datetime) -> None:
        day = self.calendar.day(2)
        at = datetime(day.year, day.month, day.day, 8, tzinfo=ZoneInfo(self.series.zone))
        if at <= self.calendar.now:
            at += timedelta(days=1)
        actions.schedule_post(post=self.posts[4], at=at, by=self.author, now=now)
