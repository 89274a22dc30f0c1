"""What is looked for among the answers from calendars."""

from django import forms

from face.forms import FilterForm


class AnswerFilter(FilterForm):
    """Those that need somebody, or all."""

    show = forms.ChoiceField(label="Which answers", choices=[("", "Those that need you"), ("all", "All")])
