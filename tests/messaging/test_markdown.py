import re

import pytest

from messaging.markdown import TAGS, to_html, to_text
from tests.hostile import WORDS


@pytest.mark.parametrize(
    ("words", "html"),
    [
        ("Hello *you*", "<p>Hello <em>you</em></p>\n"),
        ("# One\n\n### Two", "<h2>One</h2>\n<h3>Two</h3>\n"),
        ("### Two\n\n# One\n\n### Two", "<h2>Two</h2>\n<h2>One</h2>\n<h3>Two</h3>\n"),
        ("<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>\n"),
        ("[x](javascript:alert(1))", "<p>[x](javascript:alert(1))</p>\n"),
        ("[x](https://a.example.org)", '<p><a href="https://a.example.org" rel="noopener noreferrer">x</a></p>\n'),
        ("![A dog](https://evil.example.org/x.png)", "<p>A dog</p>\n"),
        ("https://evil.example.org", "<p>https://evil.example.org</p>\n"),
        ("a\x00b", "<p>ab</p>\n"),
    ],
)
def test_html_is_safe(words, html):
    assert to_html(words) == html


@pytest.mark.parametrize("kind", WORDS)
def test_what_nobody_should_type_stays_words(kind):
    html = to_html(WORDS[kind])
    assert set(re.findall(r"<(/?\w+)", html)) <= {tag for name in TAGS for tag in (name, f"/{name}")} - {"img", "a"}


def test_a_picture_is_shown_where_somebody_gives_its_tag():
    def tag(source, words):
        return f'<img src="/pictures/{source}" alt="{words}" onerror="alert(1)">'

    assert to_html("![A dog](1)", picture=tag) == '<p><img src="/pictures/1" alt="A dog"></p>\n'


@pytest.mark.parametrize("depth", [200, 5000])
def test_deep_nesting_ends(depth):
    assert len(to_html("> " * depth + "x")) < 200 * depth


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("Hello *you*\nthere\n\n- [x](https://a.example.org)", "Hello you\nthere\n\nx (https://a.example.org)"),
        ("![A dog](1)\n\n---\n\n    code", "A dog\n\n—\n\ncode"),
        ("| Who | What |\n|---|---|\n| *Fire* | Opens |", "Who | What\n\nFire | Opens"),
    ],
)
def test_text_has_the_same_words(words, text):
    assert to_text(words) == text
