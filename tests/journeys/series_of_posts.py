"""Journey C: six posts for December, read by page and mail, taken by another council, told to their author.

``script/prove series_of_posts`` walks it: the suite keeps its ten minutes.
"""

import io
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.browser import no_sideways_scroll
from tests.communications.factories import picture_bytes
from tests.journeys.walking import Somebody, the_clock_ticks

pytestmark = pytest.mark.browser
TITLES = ("One box", "Two copies", "Three names", "Four reasons", "Five minutes", "Six readers")
DAYS = (1, 3, 8, 10, 15, 17)
PHONE = {"width": 360, "height": 740, "has_touch": True, "is_mobile": True}


def december(day: int) -> datetime:
    """Return a minute after the hour at which posts are published."""
    return datetime(2026, 12, day, 8, 1, tzinfo=UTC)


def test_a_christmas_series_travels(administrator, new_page, clock):
    ada = administrator.signs_in()
    ada.follows("Posts").follows("Start a series")
    ada.fills(
        title="Six days of records", season="Christmas 2026", about="Records, made readable.",
        email="meredith@example.org", author_name="Meredith Archer",
        credit_line="Meredith Archer, Wrenshire County Council",
    )  # fmt: skip
    ada.presses_button("Start the series").sees("Six days of records", "Written by Meredith Archer")

    meredith = Somebody(new_page(), "meredith@example.org")
    meredith.opens_link_in_mail("You write the series", "/writing/").enters_code().sees("No post yet")
    series = meredith.page.url
    meredith.follows("Pictures").chooses_file("box.png", picture_bytes()).fills(words="A damp cardboard box")
    meredith.presses_button("Add the picture").sees("A damp cardboard box").goes_to(series)
    for title, day in zip(TITLES, DAYS, strict=True):
        meredith.follows("Write a post").fills(title=title, lead=f"{title}, in short.", words=f"**{title}** ![](1)")
        if title == TITLES[0]:
            meredith.presses_button("Look at it first").sees("This is how readers will see it")
        meredith.presses_button("Keep the draft").follows("Choose when it is published")
        meredith.fills(day=f"{day} 12 2026", at="8am").presses_button("Schedule it")
        meredith.sees(f"It is published on {day} December 2026 at 8am").goes_to(series)
    meredith.sees("0 of 6", "Scheduled")

    reader = Somebody(new_page(**PHONE), "reader@example.org")
    reader.goes_to("/posts/").sees("No post is published yet")
    clock.move_to(december(1))
    the_clock_ticks()
    reader.goes_to("/posts/").follows("Six days of records", nth=-1).sees("One box, in short.")
    assert "Two copies" not in reader.words()
    reader.follows("Get it by e-mail")
    reader.page.get_by_label("Your e-mail address").focus()  # and then by the keyboard alone
    reader.page.keyboard.type("reader@example.org")
    reader.page.keyboard.press("Enter")
    reader.page.wait_for_url("**asked=yes")
    reader.looks().sees("Look into your mailbox")
    reader.opens_link_in_mail("Do you want these mails?", "/mail/confirm/").presses_button("Yes, send them to me")
    reader.sees("You get these mails now")

    clock.move_to(december(3))
    assert "Two copies, in short." in reader.reads_mail("Two copies")
    reader.opens_link_in_mail("Two copies", "/mail/leave/").sees("Leave these mails?")
    reader.presses_button("Leave these mails").sees("You get no more of these mails")
    clock.move_to(december(8))
    assert not reader.has_mail("Three names")

    council = Somebody(new_page(**PHONE), "kit@example.org")
    council.goes_to("/posts/").follows("Three names").sees("post 3 of 3", "Before: Two copies", "CC BY 4.0")
    council.page.set_viewport_size({"width": 320, "height": 640})
    no_sideways_scroll(council.page)
    council.page.emulate_media(media="print")
    assert not council.page.get_by_role("link", name="Take this post").is_visible()
    assert council.page.get_by_text("/three-names/").is_visible(), "paper says where it stood"
    council.page.emulate_media(media="screen")
    council.follows("Take this post").sees("Meredith Archer, Wrenshire County Council")
    with council.page.expect_download() as download:
        council.page.get_by_role("link", name="Download it").click()
    taken = zipfile.ZipFile(io.BytesIO(Path(download.value.path()).read_bytes()))
    assert all(b"Meredith Archer, Wrenshire County Council" in taken.read(name) for name in taken.namelist()[:4])
    council.follows("Say that you use it").fills(organisation="Tolbury City Council", place="Our staff newsletter")
    council.presses_button("Tell the author").sees("Thank you")

    meredith.opens_link_in_mail("Reused", "/writing/").enters_code().sees(
        "Tolbury City Council", "Waits for the author"
    )
    meredith.presses_button("Show it").sees("Everybody sees that Tolbury City Council uses it")
    meredith.goes_to(series).sees("3 of 6", "1 time")
    reader.goes_to("/posts/six-days-of-records/").sees("Used elsewhere", "Tolbury City Council: Our staff newsletter")
