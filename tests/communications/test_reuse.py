"""A post travels: taken with its line of credit, said where, the author told once, shown when they have looked."""

import io
import zipfile
from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from communications.actions.posts import withdraw_post
from communications.actions.reuses import NotPublished, forget_contacts, hide_reuse, say_reused, show_reuse
from communications.actions.series import NotTheirs
from communications.models import Reuse
from history.actions import STRANGER
from messaging.delivery import deliver_due
from messaging.models import Message
from tests.briefings.factories import NOW
from tests.commitments.pages import signed_in, words
from tests.communications.factories import Desk
from tests.hostile import MARKUP

pytestmark = pytest.mark.django_db
CREDIT = (
    "“Pears”, from “Twelve days of records”. Meredith Archer, Wrenshire County Council. "
    "CC BY 4.0, https://creativecommons.org/licenses/by/4.0/. First published at "
)


@pytest.fixture(autouse=True)
def _today(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def desk():
    return Desk()


def zip_of(post) -> zipfile.ZipFile:
    response = Client().get(f"/posts/{post.series.slug}/{post.slug}/take/download/")
    assert (response.status_code, response["Content-Type"]) == (200, "application/zip")
    assert response["Content-Disposition"] == f'attachment; filename="{post.slug}.zip"'
    return zipfile.ZipFile(io.BytesIO(response.content))


# Taking


def test_one_file_holds_the_words_three_times_with_the_pictures_and_the_credit_in_each(desk, settings):
    desk.picture(credit="")
    post = desk.published("Pears", "Look:\n\n![](1)\n\nIt is **green**. [More](https://example.org/)", lead="In short")
    taken = zip_of(post)
    assert taken.testzip() is None
    assert taken.namelist() == ["post.md", "post.txt", "post.html", "READ ME.txt", "pictures/1.png"]
    credit = f"{CREDIT}{settings.SITE_URL}/posts/{desk.series.slug}/pears/"
    files = {name: taken.read(name).decode() for name in taken.namelist()[:4]}
    assert all(credit in text for text in files.values())
    assert "![A pear tree with one bird](pictures/1.png)" in files["post.md"]
    assert "(Picture: A pear tree with one bird)" in files["post.txt"]
    assert '<img src="pictures/1.png" alt="A pear tree with one bird">' in files["post.html"]
    assert "<strong>green</strong>" in files["post.html"]
    assert "Put this line beside the post" in files["READ ME.txt"]
    assert taken.read("pictures/1.png").startswith(b"\x89PNG")
    path = f"/posts/{desk.series.slug}/pears/take/download/"
    assert Client().get(path).content == Client().get(path).content, "the same post, the same bytes"


def test_hostile_words_stay_words_in_every_file(settings):
    desk = Desk(title=MARKUP, credit_line=MARKUP)
    taken = zip_of(desk.published(MARKUP, f"{MARKUP} [x](javascript:alert(1)) ![x](../../../etc/passwd)"))
    html = taken.read("post.html").decode()
    assert "<script" not in html
    assert "onerror=" not in html.replace("onerror=alert(1)&gt;", "")
    assert 'href="javascript:' not in html
    assert all(not name.startswith("/") and ".." not in name for name in taken.namelist())


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [("requested", "Please put this line"), ("not_needed", "No credit is needed. If you give it")],
)
def test_the_file_says_whether_credit_is_needed(rule, sentence):
    desk = Desk(licence="cc0", credit_rule=rule)
    assert sentence in zip_of(desk.published()).read("READ ME.txt").decode()


def test_where_all_rights_are_reserved_nothing_is_handed_out(settings):
    desk = Desk(licence="reserved", ask_whom="records@example.org")
    post = desk.published()
    path = f"/posts/{desk.series.slug}/{post.slug}/"
    for end, status in (("take/", 200), ("take/download/", 403)):
        response = Client().get(path + end)
        assert response.status_code == status
        assert "ask records@example.org first" in words(response)
        assert "download" not in response.content.decode().lower().replace("take/download", "")
    assert "Take this post" not in words(Client().get(path))


# Saying so


def say(desk, **sent):
    return Client().post(
        f"/posts/{desk.series.slug}/reuse/", {"organisation": "Tolbury City Council", "place": "Newsletter", **sent}
    )


def test_who_uses_it_is_shown_when_the_author_has_looked(desk):
    post = desk.published("Pears")
    public = f"/posts/{desk.series.slug}/"
    answer = say(desk, post="pears", link="https://example.org/news", contact_email="kit@example.org")
    assert answer["Location"].endswith("?said=yes")
    made = Reuse.objects.get()
    assert (made.post, made.state) == (post, "waiting")
    assert "Tolbury" not in words(Client().get(public))
    deliver_due()
    mail = Message.objects.get(kind="communications.reused")
    assert (mail.person, mail.state) == (desk.author, "sent")
    assert "Tolbury City Council" in mail.text
    assert "example.org/news" not in mail.text, "what a stranger typed is no link in a mail"
    client, page = signed_in(desk.author), f"/writing/{desk.series.pk}/reuses/"
    assert "kit@example.org" in words(client.get(page))
    assert client.post(f"{page}{made.pk}/show/").status_code == 302
    shown = words(Client().get(public))
    assert "Tolbury City Council: Newsletter , with “Pears”" in shown
    assert "Used elsewhere 1 time" in shown
    assert "kit@example.org" not in shown
    assert client.post(f"{page}{made.pk}/hide/", {"reason": ""}).status_code == 422
    client.post(f"{page}{made.pk}/hide/", {"reason": "Not theirs"})
    assert "Tolbury" not in words(Client().get(public))


def test_what_is_said_twice_is_kept_and_told_once(desk):
    desk.published("Pears")
    for _ in range(3):
        say(desk, post="pears")
    say(desk)
    say(desk)
    assert Reuse.objects.count() == 2
    assert Message.objects.filter(kind="communications.reused").count() == 2


@pytest.mark.parametrize(
    "sent",
    [
        {"organisation": ""},
        {"place": ""},
        {"organisation": "Win at https://example.org/"},
        {"place": "www.example.org"},
        {"place": "Our letter, evil.example/login"},
        {"organisation": "EVIL.EXAMPLE/login"},
        {"organisation": "evil.example"},
        {"link": "javascript:alert(1)"},
        {"link": "ftp://example.org/x"},
        {"contact_email": "nobody"},
        {"post": "another"},
    ],
)
def test_what_cannot_be_kept_is_sent_back(desk, sent):
    desk.published("Pears")
    assert say(desk, **sent).status_code == 422
    assert not Reuse.objects.exists()


def test_there_is_a_limit_to_what_one_network_says(desk):
    desk.published("Pears")
    answers = [say(desk, place=f"Newsletter {number}").status_code for number in range(12)]
    assert answers == [302] * 10 + [422] * 2


def test_refusals(desk):
    post = desk.published("Pears")
    made = say_reused(series=desk.series, post=None, organisation="T", place="N", by=STRANGER, now=NOW)
    with pytest.raises(NotTheirs):
        show_reuse(reuse=made, by=desk.stranger, now=NOW)
    with pytest.raises(NotTheirs):
        hide_reuse(reuse=made, reason="x", by=desk.stranger, now=NOW)
    hide_reuse(reuse=made, reason="Spam", by=desk.coordinator, now=NOW)
    deliver_due()
    assert Message.objects.get(kind="communications.reused").reason == "reuse_hidden"
    settled = show_reuse(reuse=made, by=desk.author, now=NOW).settled_at
    assert show_reuse(reuse=made, by=desk.author, now=NOW + timedelta(days=1)).settled_at == settled
    withdraw_post(post=post, reason="Wrong", by=desk.author, now=NOW)
    with pytest.raises(NotPublished):
        say_reused(series=desk.series, post=post, organisation="T", place="N", by=STRANGER, now=NOW)


def test_a_contact_is_forgotten_after_two_years(desk):
    made = say_reused(
        series=desk.series, post=None, organisation="T", place="N", contact_email="a@example.org", by=STRANGER, now=NOW
    )
    assert forget_contacts(now=NOW + timedelta(days=729)) == 0
    assert forget_contacts(now=NOW + timedelta(days=730)) == 1
    made.refresh_from_db()
    assert (made.contact_email, made.organisation) == ("", "T")
