"""Controls are drawn as Django draws them; bars in the colours there are."""

import re
from pathlib import Path

import pytest
from django import forms
from django.forms.renderers import DjangoTemplates
from django.template.loader import render_to_string
from django.utils.safestring import mark_safe
from hypothesis import given, settings
from hypothesis import strategies as some
from pytest_django.asserts import assertHTMLEqual

from face.drawing import Renderer
from face.forms import FilterForm
from face.templatetags.face import BARS, plain_field

ODD = '"><script>alert(1)</script>&amp;'
WORDS = some.text(some.characters(blacklist_categories=("Cs", "Cc", "Zs", "Zl", "Zp")), min_size=1, max_size=8)
CHOICES = [("", "All"), ("a", ODD), (ODD, "b"), (1, mark_safe("<b>1</b>")), ("Group <", [("c", "C"), ("d", "D & D")])]


class Control(forms.Form):
    one = forms.ChoiceField(choices=CHOICES, widget=forms.Select({"class": ODD, "hidden": True, "disabled": False}))
    words = forms.CharField(widget=forms.TextInput({"data-x": ODD}))
    number = forms.IntegerField(widget=forms.TextInput({"inputmode": "numeric"}))
    tick = forms.BooleanField()


class Finding(FilterForm):
    words = forms.CharField(label=f"Words {ODD}")
    one = forms.ChoiceField(label="Which", choices=CHOICES)
    tick = forms.BooleanField(label="Only late")
    several = forms.MultipleChoiceField(label="Several", choices=CHOICES, widget=forms.CheckboxSelectMultiple)
    told = forms.CharField(label="More", help_text="It is said what for")


@pytest.mark.parametrize(
    "form", [Finding({}), Finding({"words": ODD, "one": "a", "tick": "on"}), Finding({"one": "?"})]
)
def test_a_plain_field_is_what_its_template_makes_of_it(form):
    drawn = {field.name: plain_field(field) for field in form}
    for field in form:
        if drawn[field.name]:
            assertHTMLEqual(drawn[field.name], render_to_string("hub/field.html", {"field": field}))
    assert {name for name, html in drawn.items() if not html} >= {"several", "told"}
    assert bool(drawn["one"]) == ("one" not in form.errors)


@settings(max_examples=30, deadline=None)
@given(
    one=some.sampled_from(["", "a", ODD, "1", "c", "?"]),
    words=WORDS,
    number=some.none() | some.integers(),
    tick=some.booleans(),
    is_bound=some.booleans(),
)
def test_every_control_is_djangos(one, words, number, tick, is_bound):
    given = {"one": one, "words": words, "number": number, "tick": tick}
    filled = {"data": given} if is_bound else {"initial": given}
    for name in Control.base_fields:
        ours, djangos = (str(Control(**filled, renderer=each())[name]) for each in (Renderer, DjangoTemplates))
        assert ours.startswith(("<select", "<input"))
        assertHTMLEqual(ours, djangos)


def test_every_colour_of_a_bar_is_known_to_the_look_and_the_other_way_round():
    styled = re.findall(r"^\.(b\d) \{ fill:", Path("static/look.css").read_text(), re.MULTILINE)
    assert sorted(styled) == sorted(BARS)
