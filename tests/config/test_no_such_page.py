"""The address of a button, opened as if it were a page; and a page that takes nothing, sent something."""

import pytest
from django.urls import reverse

from tests.commitments.pages import signed_in, words
from tests.organisations.factories import PersonFactory

pytestmark = pytest.mark.django_db
HTML = {"HTTP_ACCEPT": "text/html,application/xhtml+xml,*/*;q=0.8"}


def test_a_browser_reads_where_the_button_stands():
    address = reverse("commitments:question-take-on", args=["8c5f0b3e-0000-4000-8000-000000000000"])
    answer = signed_in(PersonFactory()).get(address, **HTML)
    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert "There is no page here" in words(answer)
    assert (
        'href="/questions/8c5f0b3e-0000-4000-8000-000000000000/">Go to the page with the button'
        in answer.content.decode()
    )
    assert "no-store" in answer["Cache-Control"]


def test_what_is_sent_to_a_page_that_only_shows():
    answer = signed_in(PersonFactory()).post(reverse("desk:help-show"), **HTML)
    assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD")
    assert "Nothing of what was sent is kept" in words(answer)


def test_a_program_gets_no_page(client):
    answer = signed_in(PersonFactory()).get(reverse("messaging:bounce-clear", args=[1]), HTTP_ACCEPT="application/json")
    assert (answer.status_code, answer["Allow"], answer.content) == (405, "POST", b"")


def test_where_nobody_is_known_nobody_is_looked_up(client, django_assert_num_queries):
    """Feedback: the page that says so reads no session, though the browser has one."""
    client = signed_in(PersonFactory())
    with django_assert_num_queries(0):
        answer = client.get(reverse("surveys:feedback-send"), **HTML)
    assert answer.status_code == 405
    assert "Open the link in our e-mail again" in words(answer)
