"""The pages of posts that the journey does not come by, in a browser: each passes axe, at a desk and at 320 px."""

import pytest
import time_machine

from communications.actions.posts import correct_post, save_words, withdraw_post
from communications.actions.reuses import say_reused
from communications.queries.posts import stream_of
from history.actions import STRANGER
from messaging import streams
from messaging.actions.streams import ask_for_stream, confirm_stream
from messaging.models import Subscription
from tests.briefings.factories import NOW
from tests.browser import check_page, no_sideways_scroll
from tests.communications.factories import Desk
from tests.config.test_demo_pictures import sign_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]

LONG = "Unbrokenwords" * 12
WORDS = (
    f"## A heading\n\n> Quoted\n\n![](1)\n\n- {LONG}\n\n| {LONG} | two |\n| --- | --- |\n| {LONG} | {LONG} |\n\n"
    f"```\n{LONG}\n```\n\n1. [A link](https://example.org/{LONG})"
)


@pytest.fixture(autouse=True)
def _as_the_product_does(settings, tmp_path, live_server):
    settings.MEDIA_ROOT, settings.SITE_URL = tmp_path, live_server.url
    with time_machine.travel(NOW):
        yield


def test_every_other_page_can_be_used_by_everybody(new_page, live_server):
    desk = Desk(season="Christmas 2026", about=LONG)
    picture = desk.picture()
    post = desk.published("Pears", WORDS, lead=LONG)
    correct_post(
        post=post, title="Pears", lead=LONG, words=WORDS + "\n", note=LONG, seen=post.edition, by=desk.author, now=NOW
    )
    gone = withdraw_post(post=desk.published("Gone"), reason=LONG, by=desk.author, now=NOW)
    draft = desk.write("Draft", WORDS)
    reuse = say_reused(
        series=desk.series, post=post, organisation=LONG, place=LONG, link=f"https://example.org/{LONG}", by=STRANGER,
        now=NOW,
    )  # fmt: skip
    ask_for_stream(stream=stream_of(desk.series), address="reader@example.org", now=NOW)
    own = confirm_stream(subscription=Subscription.objects.get(), now=NOW)
    page = new_page()
    sign_in(page, desk.author, live_server.url)
    public, writing = f"/posts/{desk.series.slug}", f"/writing/{desk.series.pk}"
    for path in (
        f"{public}/{post.slug}/", f"{public}/{gone.slug}/", f"/programmes/{desk.programme.slug}/posts/",
        streams.preferences_address(own.subscriber), "/mail/confirm/1-x/", f"{public}/reuse/", f"{writing}/change/",
        f"{writing}/pictures/{picture.pk}/", f"{writing}/reuses/", f"{writing}/reuses/{reuse.pk}/hide/",
        f"/writing/posts/{post.pk}/", f"/writing/posts/{post.pk}/change/", f"/writing/posts/{post.pk}/withdraw/",
        f"/writing/posts/{gone.pk}/", f"/writing/posts/{draft.pk}/publish/", f"/writing/posts/{draft.pk}/drop/",
    ):  # fmt: skip
        page.goto(path)
        check_page(page)
        page.set_viewport_size({"width": 320, "height": 640})
        no_sideways_scroll(page)
        page.set_viewport_size({"width": 1280, "height": 900})

    page.goto(f"/writing/posts/{draft.pk}/change/")
    save_words(post=draft, title="Draft", lead="", words=LONG, seen=1, by=desk.coordinator, now=NOW)
    page.get_by_role("button", name="Keep the words").click()
    assert "Somebody has changed this post" in page.locator(".errors").inner_text()
    check_page(page)
    page.set_viewport_size({"width": 320, "height": 640})
    no_sideways_scroll(page)
