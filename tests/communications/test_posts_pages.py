"""The pages of posts: for everybody, and for who writes them; following by mail; what is typed at the same time."""

from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from urllib.parse import urlsplit

import pytest
import time_machine
from django.test import Client

from communications.actions.posts import correct_post, publish_post, save_words, schedule_post, withdraw_post
from communications.actions.reuses import say_reused
from communications.models import Post
from communications.wording import faults_of, html_of, markdown_of, text_of, worded_html_of
from messaging import streams
from messaging.delivery import deliver_due
from messaging.models import Delivered, Message, Subscription
from tests.briefings.factories import NOW
from tests.commitments.pages import signed_in, words
from tests.communications.factories import DECEMBER, Desk
from tests.hostile import MARKUP

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _today(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def desk():
    return Desk(season="Christmas 2026", about="Records, made readable.")


# For everybody


def test_a_post_is_read_with_what_stands_before_and_after_it(desk):
    for title in ("One", "Two", "Three"):
        desk.published(title, f"Words of {title}")
    desk.write("A draft")
    page = Client().get(f"/posts/{desk.series.slug}/two/")
    said = words(page)
    for expected in ("Christmas 2026: post 2 of 3", "By Meredith Archer, 2 November 2026", "Words of Two",
                     "Before: One", "Next: Three", "CC BY 4.0", "Credit is required"):  # fmt: skip
        assert expected in said
    html = page.content.decode()
    assert f'type="application/atom+xml" title="Twelve days of records" href="/posts/{desk.series.slug}/feed/"' in html
    assert "Sign in" not in said
    assert not page.cookies
    assert "A draft" not in words(Client().get(f"/posts/{desk.series.slug}/"))


def test_the_pages_of_a_series_are_where_people_look(desk):
    for path in ("/posts/", f"/programmes/{desk.programme.slug}/posts/", "/"):
        assert "Twelve days of records" not in words(Client().get(path))
    assert "No post is published yet" in words(Client().get("/posts/"))
    desk.published("Pears", lead="A tree with one bird")
    for path in ("/posts/", f"/programmes/{desk.programme.slug}/posts/", f"/programmes/{desk.programme.slug}/", "/"):
        assert "Pears" in words(Client().get(path)), path
    desk.programme.is_public = False
    desk.programme.save()
    for path in ("/posts/", "/"):
        assert "Pears" not in words(Client().get(path)), path
    for path in ("", "pears/", "pears/take/", "subscribe/", "reuse/", "feed/"):
        assert Client().get(f"/posts/{desk.series.slug}/{path}").status_code == 404


def test_a_correction_stands_on_the_post_with_its_date(desk):
    post = desk.published("Pears", "Twelve")
    correct_post(
        post=post, title="Pears", lead="", words="Eleven", note="It was eleven.", seen=2, by=desk.author,
        now=NOW + timedelta(days=1),
    )  # fmt: skip
    said = words(Client().get(f"/posts/{desk.series.slug}/pears/"))
    assert "Corrected 3 November 2026: It was eleven." in said
    assert "Twelve " not in said.replace("Twelve days", "")


def test_what_was_withdrawn_says_why_where_it_stood(desk):
    withdraw_post(post=desk.published("Pears", "Secret words"), reason="Wrong figures.", by=desk.author, now=NOW)
    page = Client().get(f"/posts/{desk.series.slug}/pears/")
    assert page.status_code == 410
    assert "Wrong figures." in words(page)
    assert "Secret words" not in words(page)


def test_who_has_a_page_already_gets_no_more_than_that(desk):
    desk.published("Pears")
    for path in ("/posts/", f"/posts/{desk.series.slug}/", f"/posts/{desk.series.slug}/pears/"):
        first = signed_in(desk.author).get(path)
        assert first["Cache-Control"] == "public, no-cache"
        assert Client().get(path).content == first.content, "the same for everybody"
        again = Client().get(path, headers={"If-None-Match": first["ETag"]})
        assert (again.status_code, again.content) == (304, b""), path
        old = Client().get(path, headers={"If-Modified-Since": "Mon, 02 Nov 2026 09:00:00 GMT"})
        assert old.status_code == 200, "a moment alone does not tell that nothing changed"


@pytest.mark.parametrize("number", [1, 3])
def test_public_pages_cost_the_same_whatever_they_hold(desk, number, django_assert_num_queries):
    for each in range(number):
        desk.picture()
        desk.published(f"Post {each}", f"![]({each + 1})")
    for path, most in (("", 4), ("post-0/", 5), ("post-0/take/", 1)):
        with django_assert_num_queries(most):
            Client().get(f"/posts/{desk.series.slug}/{path}")
    with django_assert_num_queries(3):
        Client().get("/posts/")


def test_hostile_markdown_is_harmless_on_the_page_and_in_the_mail(desk, settings):
    hostile = f"{MARKUP}\n\n<iframe src=x></iframe>\n\n[x](javascript:alert(1)) [y](data:text/html,x)\n\n![x](//evil)"
    Subscription.objects.bulk_create([])
    desk.published("Hostile", hostile, lead=MARKUP)
    html = Client().get(f"/posts/{desk.series.slug}/hostile/").content.decode()
    for bad in ("<script>alert", "<iframe", 'href="javascript:', 'href="data:', "//evil", "<img src=x"):
        assert bad not in html


def test_words_become_what_they_should():
    tag = lambda number, said: f'<img src="/pictures/{number}/480/" alt="{said}">'  # noqa: E731
    assert html_of("# A\n\n![b](2)", tag) == '<h2>A</h2>\n<p><img src="/pictures/2/480/" alt="b"></p>\n'
    assert html_of("![b](x)", tag) == "<p>b</p>\n"
    assert text_of("See ![](2), ![own](3) and ![](9).", {2: "a [tree]"}) == (
        "See (Picture: a (tree)), (Picture: own) and ."
    )
    assert faults_of("![](1) ![](2) ![](https://example.org/x.png)", {1}) == [
        "There is no picture 2 in this series",
        "A picture is named by its number, for example ![](1). Add it to the pictures of the series first",
    ]


def test_a_picture_has_words_wherever_it_stands():
    known = {2: "A <tree>"}
    assert worded_html_of("![](2)", known) == "<p>(Picture: A &lt;tree&gt;)</p>\n"
    assert worded_html_of("![ ](2)", known) == "<p>(Picture: A &lt;tree&gt;)</p>\n"
    assert text_of("![ ](2)", known) == "(Picture: A <tree>)"
    assert markdown_of("![ ](2)", {2: ("A tree", "2.png")}) == "![A tree](2.png)"
    fault = "Write a picture like ![words](1): words without brackets on one line, then its number alone"
    for written in ('![x](2 "t")', "![x][r]\n\n[r]: 2", "![a [b] c](2)", "![](<2>)", "![a\nb](2)"):
        assert faults_of(written, {2}) == [fault], written
    assert faults_of("![](2) and ![a tree]( 2 )", {2}) == []


# Following by mail


def ask(desk, address):
    return Client().post(f"/posts/{desk.series.slug}/subscribe/", {"email": address})


def test_a_reader_asks_confirms_gets_the_post_once_and_leaves_by_one_press(desk, settings):
    desk.published("One")
    assert ask(desk, "reader@example.org")["Location"].endswith("?asked=yes")
    own = Subscription.objects.get()
    Client().post(urlsplit(streams.confirm_address(own)).path)
    desk.published("Two", "Second **words**")
    deliver_due()
    raw = bytes(Delivered.objects.filter(subject__startswith="Two").get().raw).decode()
    assert "List-Unsubscribe: <" in raw
    assert "Second <strong>words</strong>" in raw
    Client(enforce_csrf_checks=True).post(urlsplit(streams.leave_address(own)).path)
    desk.published("Three")
    assert Message.objects.filter(kind="communications.post").count() == 1


def test_each_reader_has_links_of_their_own(desk, settings):
    desk.published("One")
    readers = []
    for address in ("first@example.org", "second@example.org"):
        ask(desk, address)
        readers.append(Subscription.objects.get(subscriber__address=address))
        Client().post(urlsplit(streams.confirm_address(readers[-1])).path)
    desk.published("Two", "Second")
    deliver_due()
    for own, other in (readers, readers[::-1]):
        raw = Delivered.objects.get(subject__startswith="Two", recipient=own.subscriber.address).raw
        mail = message_from_bytes(bytes(raw), policy=default)
        html, text = (mail.get_body((kind,)).get_content() for kind in ("html", "plain"))
        for part in (html, text, mail["List-Unsubscribe"]):
            assert streams.leave_address(own) in part
            assert streams.leave_address(other) not in part
        assert streams.preferences_address(own.subscriber) in html


def test_known_and_unknown_addresses_get_the_same_answer(desk):
    desk.published("One")
    first, second = ask(desk, "reader@example.org"), ask(desk, "reader@example.org")
    third = ask(desk, desk.author.email)
    assert len({(each.status_code, each["Location"], each.content) for each in (first, second, third)}) == 1
    assert "Look into your mailbox" in words(Client().get(first["Location"]))
    for wrong in ("", "nobody", "a@b"):
        assert ask(desk, wrong).status_code == 422


def test_one_network_asks_so_often_and_no_more(desk):
    desk.published("One")
    answers = [ask(desk, f"reader{number}@example.org").status_code for number in range(22)]
    assert answers == [302] * 20 + [422] * 2
    assert Subscription.objects.count() == 20


# Writing


def test_a_post_is_written_looked_at_scheduled_and_seen_in_its_state(desk):
    client = signed_in(desk.author)
    page = f"/writing/{desk.series.pk}/new/"
    sent = {"title": "Pears", "lead": "", "words": "One **tree** and <b>no</b> bird"}
    look = client.post(page, {**sent, "preview": "yes"})
    assert "One <strong>tree</strong> and &lt;b&gt;no&lt;/b&gt; bird" in look.content.decode()
    assert not Post.objects.exists()
    wrong = client.post(page, {**sent, "words": "![](4)"})
    assert (wrong.status_code, "There is no picture 4" in words(wrong)) == (422, True)
    client.post(page, sent)
    post = Post.objects.get()
    path = f"/writing/posts/{post.pk}/"
    for day, at, said in (
        ((28, 3, 2027), "1.30am", "there is no 1:30am"),
        ((31, 10, 2027), "1.30am", "1:30am comes twice"),
        ((1, 10, 2026), "8am", "This time has passed"),
        ((31, 2, 2027), "8am", "real date"),
        ((1, 1, 9999), "25", "Enter a time"),
    ):
        when = {"day_day": day[0], "day_month": day[1], "day_year": day[2], "at": at}
        answer = client.post(f"{path}schedule/", when)
        assert (answer.status_code, said in words(answer)) == (422, True), said
    client.post(f"{path}schedule/", {"day_day": 1, "day_month": 12, "day_year": 2026, "at": "8am"})
    post.refresh_from_db()
    assert (post.state, post.publish_at) == ("scheduled", DECEMBER)
    assert "1 December 2026 at 8am" in words(client.get(path))
    client.post(f"{path}unschedule/")
    client.post(f"{path}publish/")
    post.refresh_from_db()
    assert post.state == "published"
    assert client.get(f"{path}publish/").status_code == 404
    client.post(f"{path}change/", {**sent, "words": "Two", "note": "Two, not one", "seen": post.edition})
    assert "Two, not one" in words(client.get(path))
    client.post(f"{path}withdraw/", {"reason": "Wrong"})
    assert "Wrong" in words(client.get(path))
    assert client.get(f"{path}change/").status_code == 404


def test_who_was_slower_sees_both_words_and_loses_none(desk):
    post = desk.write("Pears", "As it was")
    save_words(post=post, title="Pears", lead="", words="What the other wrote", seen=1, by=desk.coordinator, now=NOW)
    client, path = signed_in(desk.author), f"/writing/posts/{post.pk}/change/"
    sent = {"title": "Pears", "lead": "", "words": "What I wrote", "seen": 1}
    answer = client.post(path, sent)
    said = words(answer)
    assert answer.status_code == 409
    assert "What I wrote" in said
    assert "What the other wrote" in said
    assert 'name="seen" value="2"' in answer.content.decode()
    client.post(path, {**sent, "words": "What we both wrote", "seen": 2})
    post.refresh_from_db()
    assert post.words == "What we both wrote"


def test_the_first_page_says_what_waits_for_the_author(desk):
    post = schedule_post(post=desk.write("Pears"), at=DECEMBER, by=desk.author, now=NOW)
    client = signed_in(desk.author)
    assert "Pears Published on 1 December 2026 at 8am." in words(client.get("/"))
    assert "to look at" not in words(client.get("/"))
    publish_post(post=post, by=desk.author, now=NOW)
    say_reused(series=desk.series, post=post, organisation="T", place="N", by="stranger", now=NOW)
    said = words(client.get("/"))
    assert "Your posts One reuse to look at" in said
    assert "All your series" in said
    assert "Your posts" not in words(signed_in(desk.stranger).get("/"))


def test_a_draft_is_dropped_after_it_was_asked(desk):
    post = desk.write("Pears")
    client = signed_in(desk.author)
    assert "Nobody can bring them back" in words(client.get(f"/writing/posts/{post.pk}/drop/"))
    assert client.post(f"/writing/posts/{post.pk}/drop/")["Location"] == f"/writing/{desk.series.pk}/"
    assert not Post.objects.exists()


def test_readers_are_a_number_and_never_named(desk):
    desk.published("One")
    for number in range(12):
        ask(desk, f"reader{number}@example.org")
    for own in Subscription.objects.all()[:11]:
        Client().post(urlsplit(streams.confirm_address(own)).path)
    assert "By e-mail At least 10 people" in words(Client().get(f"/posts/{desk.series.slug}/"))
    page = words(signed_in(desk.author).get(f"/writing/{desk.series.pk}/"))
    assert "By e-mail 11" in page
    assert "reader1@" not in page
