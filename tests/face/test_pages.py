"""Lists in pages, the navigation, colours, and the templates that every page stands on."""

import pytest
from django.template import Context, Template
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.utils.safestring import mark_safe

from config.settings_test import UndefinedVariable
from face import colours, navigation
from face.paging import page_of
from face.templatetags.face import matrix_cells, state


@pytest.mark.parametrize(
    ("asked", "number"), [(None, 1), ("2", 2), ("0", 1), ("-1", 1), ("x", 1), ("9" * 5000, 1), ("99", 3), ("²", 1)]
)
def test_any_page_number_gives_a_page(asked, number):
    page = page_of(list(range(60)), asked, size=25)
    assert (page.number, page.first, page.total) == (number, (number - 1) * 25 + 1, 60)


def test_an_empty_list_has_one_empty_page():
    page = page_of([], "7")
    assert (page.number, page.first, page.last, list(page.rows), page.window) == (1, 0, 0, [], [1])


@pytest.mark.parametrize(
    ("number", "window"),
    [(1, [1, 2, None, 10]), (5, [1, None, 4, 5, 6, None, 10]), (3, [1, 2, 3, 4, None, 10]), (10, [1, None, 9, 10])],
)
def test_the_window_of_pages(number, window):
    assert page_of(list(range(100)), str(number), size=10).window == window


def render(text: str, address: str = "/people/", **context) -> str:
    request = RequestFactory().get(address)
    return Template("{% load face %}" + text).render(Context({"request": request, **context}))


def test_filters_and_sorting_begin_again_on_the_first_page():
    assert render("{% query page=3 %}", "/?area=m&page=2") == "?area=m&amp;page=3"
    assert render("{% query area=None %}", "/?area=m&page=2") == "?"
    assert render("{% query_without 'a' '1' %}", "/?a=1&a=2&page=2") == "?a=2"
    assert 'aria-sort="ascending"' in render("{% sort_head 'name' 'Name' %}", "/", default_sort="name")
    assert "?sort=-name" in render("{% sort_head 'name' 'Name' %}", "/?sort=name")


def test_seats_are_circles_up_to_sixty():
    assert render("{% seats 3 10 %}").count("<circle") == 10
    assert render("{% seats 3 10 %}").count('class="t"') == 3
    assert "<circle" not in render("{% seats 3 61 %}")


class Somebody:
    is_authenticated = True


def test_the_navigation_shows_what_a_person_may_see(monkeypatch):
    monkeypatch.setattr(navigation, "_links", {})
    site = navigation.SITE
    navigation.register(navigation.Link("home", "Home", "desk:home-show", lambda *_: True, 1, site))
    navigation.register(navigation.Link("help", "Help", "desk:help-show", lambda *_: True, 2, site))
    navigation.register(navigation.Link("no", "Cookies", "desk:cookies-show", lambda *_: False, 3, site))
    shown = navigation.shown_to(Somebody(), path="/help/more/")
    assert [(link.words, link.current) for link in shown] == [("Home", False), ("Help", True)]
    assert [link.current for link in navigation.shown_to(Somebody(), path="/x/", section="home")] == [True, False]
    assert navigation.shown_to(None) == []


def test_many_links_stand_under_few_headings():
    def link(words, group="", current=False):
        return navigation.ShownLink(words, f"/{words}/", current, group)

    few = [link("a", "G"), link("b", "G"), *(link(words) for words in "cdef")]
    assert navigation.grouped(few) == few
    shown = navigation.grouped([*few, link("g", "G", current=True), link("h", "H")])
    assert [each.words for each in shown] == ["G", *"cdef", "h"], "one alone needs no heading"
    assert [each.words for each in shown[0].links] == ["a", "b", "g"]
    assert shown[0].current


@pytest.mark.parametrize(
    ("brand", "accent", "codes"),
    [
        ("#14474c", "#d3dc6b", []),
        ("red", "#d3dc6b", ["face.E001"]),
        ("#14474c;}", "#d3dc6b", ["face.E001"]),
        ("#777777", "#ffffff", ["face.E002"]),
        ("#14474c", "#225555", ["face.E003"]),
    ],
)
def test_colours_that_some_could_not_read_are_refused(settings, brand, accent, codes):
    settings.BRAND_COLOUR, settings.ACCENT_COLOUR = brand, accent
    assert [error.id for error in colours.check_colours()] == codes


def test_black_and_white_stand_furthest_apart():
    assert (round(colours.contrast("#000000", "#ffffff"), 1), colours.contrast("#123456", "#123456")) == (21.0, 1.0)


def test_the_colours_are_a_stylesheet_that_is_kept(client):
    response = client.get("/brand.css")
    assert response.content.decode() == ":root { --brand: #14474c; --accent: #d3dc6b; }\n"
    assert "immutable" in response["Cache-Control"]


def test_an_undefined_variable_fails_in_our_templates():
    with pytest.raises(UndefinedVariable):
        render_to_string("components/done.html", {})


@pytest.mark.parametrize(
    ("name", "heading"),
    [
        ("400.html", "We cannot read this request"),
        ("500.html", "Sorry, there is a problem with the service"),
        ("503.html", "Sorry, the service is unavailable"),
    ],
)
def test_error_pages_need_nothing(name, heading):
    assert f"<h1>{heading}</h1>" in render_to_string(name)


@pytest.mark.django_db
def test_an_unknown_address_says_so(client):
    response = client.get("/nowhere/")
    assert (response.status_code, "<h1>Page not found</h1>" in response.content.decode()) == (404, True)


def test_the_component_page_is_not_there_in_production(client, settings):
    settings.PRODUCTION = True
    settings.SECURE_SSL_REDIRECT = False
    assert client.get("/components/").status_code == 404


def test_words_that_are_safe_are_not_taken_for_the_same_words_that_are_not():
    assert "<i>" in state("ring", "open", mark_safe("<i>new</i>"))
    assert "<i>" not in state("ring", "open", "<i>new</i>")
    cell = {"colour": "good", "shape": "full", "words": "<i>new</i>"}
    assert "<i>" not in matrix_cells([cell, cell | {"url": "/a/?b=1&c=2"}])
    assert matrix_cells([cell | {"url": "/a/?b=1&c=2"}]).count('<a href="/a/?b=1&amp;c=2">') == 1
