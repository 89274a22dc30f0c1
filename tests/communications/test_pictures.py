"""Pictures: with words, drawn anew in a few widths, refused where they are none, shown to whom they may be shown."""

import contextlib
import io
import threading
import zlib
from concurrent.futures import ThreadPoolExecutor

import pytest
import time_machine
from django.core.files.base import ContentFile
from django.db import connection
from django.test import Client
from PIL import Image

from communications.actions import posts as actions
from communications.actions.posts import correct_post, withdraw_post
from communications.actions.series import (
    About,
    NoWordsForPicture,
    PictureInUse,
    add_picture,
    change_series,
    describe_picture,
    remove_picture,
)
from communications.models import Picture, PictureFile
from organisations.actions.uploads import UploadRefused
from tests.briefings.factories import NOW
from tests.commitments.pages import signed_in
from tests.communications.factories import Desk, picture_bytes

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _today(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def desk():
    return Desk()


def content_of(file: PictureFile) -> bytes:
    with file.file.open("rb") as opened:
        return opened.read()


def address(picture, width=480) -> str:
    return f"/pictures/{picture.pk}/{width}/"


@pytest.mark.parametrize(("kind", "name"), [("JPEG", "a.jpg"), ("PNG", "b.png"), ("WEBP", "c.webp")])
def test_a_picture_comes_in_a_few_widths_without_its_metadata(desk, kind, name):
    exif = Image.Exif()
    exif[0x010E] = "Taken at 1 High Street"
    exif[0x8825] = {1: "N", 2: (52.0, 38.0, 0.0)}
    content = picture_bytes(kind, (2000, 1000), exif=exif)
    assert b"High Street" in content
    made = add_picture(
        series=desk.series, file=ContentFile(content, name=name), words=" A tree\n", by=desk.author, now=NOW
    )
    assert (made.number, made.words, made.content_type) == (1, "A tree", f"image/{kind.lower()}")
    files = list(made.files.all())
    assert [(file.width, file.height) for file in files] == [(480, 240), (960, 480), (1600, 800)]
    for file in files:
        stored = content_of(file)
        assert b"High Street" not in stored
        with Image.open(io.BytesIO(stored)) as picture:
            assert (picture.format, picture.size) == (kind, (file.width, file.height))
            assert not picture.getexif()
    assert "a.jpg" not in files[0].file.name


def test_a_small_picture_stays_as_it_is(desk):
    made = desk.picture(size=(200, 100))
    assert [(file.width, file.height) for file in made.files.all()] == [(200, 100)]


def _bomb() -> bytes:
    """A PNG of 30,000 × 30,000 pixels in a few bytes."""

    def part(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    head = (30_000).to_bytes(4, "big") * 2 + bytes([1, 0, 0, 0, 0])
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", head) + part(b"IDAT", zlib.compress(b"\0" * 1000)) + part(b"IEND", b"")


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("bomb.png", _bomb()),
        ("picture.svg", SVG),
        ("svg.png", SVG),
        ("gif.png", picture_bytes("GIF")),
        ("jpeg.png", picture_bytes("JPEG")),
        ("page.jpg", b"<html><script>alert(1)</script></html>"),
        ("cut.jpg", picture_bytes("JPEG")[:200]),
        ("nothing.png", b""),
        ("noise.webp", bytes(range(256)) * 8),
        ("picture.gif", picture_bytes("GIF")),
        ("picture", picture_bytes("PNG")),
    ],
)
def test_what_is_no_picture_is_refused_with_a_sentence(desk, name, content):
    with pytest.raises(UploadRefused):
        add_picture(series=desk.series, file=ContentFile(content, name=name), words="x", by=desk.author, now=NOW)
    assert not Picture.objects.exists()


def test_what_hides_behind_a_picture_does_not_come_along(desk):
    polyglot = picture_bytes("PNG") + b"<script>alert('needle')</script><?php system('id'); ?>"
    made = add_picture(series=desk.series, file=ContentFile(polyglot, name="p.png"), words="x", by=desk.author, now=NOW)
    assert all(b"needle" not in content_of(file) for file in made.files.all())


def test_a_picture_has_words(desk):
    for words in ("", " \n"):
        with pytest.raises(NoWordsForPicture):
            desk.picture(words=words)
    made = desk.picture()
    with pytest.raises(NoWordsForPicture):
        describe_picture(picture=made, words=" ", credit="", by=desk.author, now=NOW)
    assert describe_picture(picture=made, words="Better", credit="Joss", by=desk.author, now=NOW).words == "Better"


def test_a_picture_is_seen_by_everybody_when_something_published_shows_it(desk):
    shown, hidden = desk.picture(), desk.picture()
    for picture in (shown, hidden):
        assert Client().get(address(picture)).status_code == 404
        mine = signed_in(desk.author).get(address(picture))
        assert (mine.status_code, mine["Cache-Control"]) == (200, "no-store, private")
        assert signed_in(desk.stranger).get(address(picture)).status_code == 404
    desk.published(words="Look: ![](1)")
    response = Client().get(address(shown))
    assert (response.status_code, response["Content-Type"]) == (200, "image/png")
    assert response.content.startswith(b"\x89PNG")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cache-Control"] == "public, max-age=3600"
    assert "default-src 'none'" in response["Content-Security-Policy"]
    assert Client().get(address(hidden)).status_code == 404
    assert Client().get(address(shown, 481)).status_code == 404
    desk.programme.is_public = False
    desk.programme.save()
    assert Client().get(address(shown)).status_code == 404
    shown.files.get(width=480).file.delete()
    assert Client().get(address(shown)).status_code == 404


def test_a_picture_goes_with_the_words_that_showed_it(desk):
    first, second = desk.picture(), desk.picture()
    post = desk.published(words="Look: ![](1) ![](2)")
    assert [Client().get(address(each)).status_code for each in (first, second)] == [200, 200]
    correct_post(
        post=post, title=post.title, lead="", words="Look: ![](2)", note="Wrong picture", seen=2, by=desk.author,
        now=NOW,
    )  # fmt: skip
    assert [Client().get(address(each)).status_code for each in (first, second)] == [404, 200]
    withdraw_post(post=post, reason="Wrong", by=desk.author, now=NOW)
    assert [Client().get(address(each)).status_code for each in (first, second)] == [404, 404]


def test_the_picture_of_a_series_goes_when_it_is_taken_out(desk):
    face = desk.picture()
    desk.published(words="No picture here")
    about = About(title="T", author_name="M", credit_line="M")
    change_series(series=desk.series, about=about, picture=face, by=desk.author, now=NOW)
    assert Client().get(address(face)).status_code == 200
    change_series(series=desk.series, about=about, picture=None, by=desk.author, now=NOW)
    assert Client().get(address(face)).status_code == 404


def test_a_picture_in_use_stays(desk):
    used, free, face = desk.picture(), desk.picture(), desk.picture()
    desk.write(words="Look: ![](1)")
    about = About(title="T", author_name="M", credit_line="M")
    change_series(series=desk.series, about=about, picture=face, by=desk.author, now=NOW)
    for picture in (used, face):
        with pytest.raises(PictureInUse):
            remove_picture(picture=picture, by=desk.author, now=NOW)
    remove_picture(picture=free, by=desk.author, now=NOW)
    assert list(desk.series.pictures.values_list("number", flat=True)) == [1, 3]
    assert PictureFile.objects.count() == 6


def test_on_the_page_a_picture_without_words_or_that_is_none_is_sent_back(desk):
    client, page = signed_in(desk.author), f"/writing/{desk.series.pk}/pictures/"
    for sent in (
        {"file": ContentFile(picture_bytes(), name="a.png"), "words": " "},
        {"file": ContentFile(SVG, name="a.svg"), "words": "A tree"},
        {"words": "A tree"},
    ):
        response = client.post(page, sent)
        assert (response.status_code, Picture.objects.count()) == (422, 0)
        assert "errors" in response.content.decode()
    sent = {"file": ContentFile(picture_bytes(), name="a.png"), "words": "A tree"}
    assert client.post(page, sent).status_code == 302
    assert 'alt="A tree"' in client.get(page).content.decode()


# Two posts with one picture


def both_withdrawn(desk, monkeypatch, meet_within: float) -> int:
    """Withdraw at once the two posts that show a picture; return what a stranger gets who asks for it then.

    ``meet_within``: the seconds in which both come to the picture, or do not because of the guard.
    """
    picture = desk.picture()
    posts = [desk.published(title, words="Look: ![](1)") for title in ("One", "Two")]
    barrier, show = threading.Barrier(2), actions.show_pictures

    def wait_and_go_on(*args):
        with contextlib.suppress(threading.BrokenBarrierError):  # the other waits for the series: the guard at work
            barrier.wait(timeout=meet_within)
        show(*args)

    def run(post) -> None:
        try:
            withdraw_post(post=post, reason="Wrong", by=desk.author, now=NOW)
        finally:
            connection.close()

    monkeypatch.setattr(actions, "show_pictures", wait_and_go_on)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(run, posts))
    return Client().get(address(picture)).status_code


@pytest.mark.django_db(transaction=True)
def test_a_picture_of_two_posts_goes_when_both_are_withdrawn_at_once(monkeypatch):
    assert both_withdrawn(Desk(), monkeypatch, 0.5) == 404


@pytest.mark.django_db(transaction=True)
def test_control_without_the_lock_on_the_series_it_stays(monkeypatch):
    desk = Desk()
    monkeypatch.setattr(actions, "locked", lambda series, by: series)
    assert both_withdrawn(desk, monkeypatch, 20) == 200
