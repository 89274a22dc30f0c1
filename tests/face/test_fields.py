"""What a form of ours says to each kind of wrong input."""

from datetime import date, time

import pytest
from django import forms
from django.http import QueryDict

from face.fields import ClockField, ThreeBoxDateField, month_of
from face.forms import FilterForm, HubForm, summary_of


class DayForm(HubForm):
    day = ThreeBoxDateField(label="Which day?", not_before=date(2026, 11, 24), not_after=date(2027, 12, 31))


def day_form(day: str, month: str, year: str) -> DayForm:
    return DayForm({"day_day": day, "day_month": month, "day_year": year})


@pytest.mark.parametrize("month", ["11", "Nov", "november", "NOV.", "Tachwedd", "tach"])
def test_a_date_takes_the_month_as_number_or_word(month):
    form = day_form("26", month, "2026")
    assert form.is_valid(), form.errors
    assert form.cleaned_data["day"] == date(2026, 11, 26)


@pytest.mark.parametrize(
    ("typed", "sentence", "lands_on"),
    [
        (("", "", ""), "Enter which day", "id_day_day"),
        (("26", "", "2026"), "The date must include a month", "id_day_month"),
        (("", "", "2026"), "The date must include a day and a month", "id_day_day"),
        (("31", "11", "2026"), "The date must be a real date: November has 30 days", "id_day_day"),
        (("29", "2", "2027"), "The date must be a real date: February 2027 has 28 days", "id_day_day"),
        (
            ("1", "13", "2026"),
            "The date must be a real date: the month is a number from 1 to 12 or its name",
            "id_day_month",
        ),
        (
            ("1", "1", "27"),
            "The date must be a real date: the year has four digits, for example 2027",
            "id_day_year",
        ),
        (
            ("1", "1", "9" * 5000),
            "The date must be a real date: the year has four digits, for example 2027",
            "id_day_year",
        ),
        (("²", "1", "2027"), "The date must be a real date: January has 31 days", "id_day_day"),
        (("23", "11", "2026"), "The date must be 24 November 2026 or later", "id_day_day"),
        (("1", "1", "2028"), "The date must be 31 December 2027 or earlier", "id_day_day"),
    ],
)
def test_a_wrong_date_is_said_in_one_sentence_that_lands_on_a_box(typed, sentence, lands_on):
    lines = summary_of([day_form(*typed)])
    assert [(line.sentence, line.target) for line in lines] == [(sentence, lands_on)]


@pytest.mark.parametrize(("typed", "month"), [("", None), ("no", None), ("0", None), ("sept", 9), ("12", 12)])
def test_months(typed, month):
    assert month_of(typed) == month


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("9:30am", time(9, 30)),
        ("9.30", time(9, 30)),
        ("0930", time(9, 30)),
        ("2 pm", time(14)),
        ("12am", time(0)),
        ("midday", time(12)),
        ("14:00", time(14)),
    ],
)
def test_a_time_is_read_as_people_type_it(typed, found):
    assert ClockField().clean(typed) == found


@pytest.mark.parametrize("typed", ["25:00", "13pm", "9:60", "soon", "9" * 5000])
def test_a_wrong_time_is_refused(typed):
    with pytest.raises(forms.ValidationError, match="Enter a time such as 9:30am or 14:00"):
        ClockField().clean(typed)


class WordsForm(HubForm):
    name = forms.CharField(label="Full name", max_length=5)
    places = forms.IntegerField(label="Places", max_value=25)
    email = forms.EmailField(label="E-mail address")
    room = forms.ChoiceField(label="Room", choices=[("1", "One")])
    sure = forms.BooleanField(label="I am sure")


@pytest.mark.parametrize(
    ("name", "typed", "sentence"),
    [
        ("name", "", "Enter the full name"),
        ("name", "Beatrix", "Full name must be 5 characters or less. It has 7"),
        ("name", "a\x00b", "Full name has a character that cannot be seen. Delete it"),
        (
            "name",
            "a\u202eb",
            "Full name has a character that cannot be seen (U+202E). Delete it, or type the words again",
        ),
        ("name", "\u200b\u2060", "Full name has nothing in it that can be seen. Type the words"),
        ("places", "many", "Places must be a whole number, for example 25"),
        ("places", "26", "Places must be 25 or less"),
        ("email", "nobody", "Enter an e-mail address in the form name@example.org"),
        ("room", "", "Choose the room"),
        ("room", "9", "Choose from the options shown"),
        ("sure", "", "Tick the box to go on: I am sure"),
    ],
)
def test_each_fault_has_its_sentence(name, typed, sentence):
    errors = WordsForm({name: typed}).errors[name]
    assert sentence in errors


class ListFilter(FilterForm):
    area = forms.ChoiceField(label="Area", choices=[("", "All"), ("m", "Melton")])
    words = forms.CharField(label="Name")


def test_a_filter_never_fails_and_names_what_is_chosen():
    found = ListFilter(QueryDict("area=nowhere&words=Amina"))
    assert found.value("area") is None
    assert found.chosen() == [{"name": "words", "value": "Amina", "label": "Name", "words": "Amina"}]


@pytest.mark.parametrize(
    ("label", "sentence"),
    [
        ("What do you want to tell them?", "Enter what you want to tell them"),
        ("Why is it opened again?", "Enter why it is opened again"),
        ("Whom can people ask?", "Enter whom people can ask"),
        ("How many people does it hold?", "Enter how many people it holds"),
        ("What was done, or why is it not needed?", "Enter what was done, or why it is not needed"),
        ("What may others do with the posts?", "Enter what others may do with the posts"),
        ("Who comes?", "Enter who comes"),
        ("Who does it?", "Enter who does it"),
        ("At what time?", "Enter at what time"),
        ("Full name", "Enter the full name"),
        # Where the words would have to change places in a way that cannot be told from the words.
        ("Why are the offices closed?", "Answer the question: Why are the offices closed?"),
        ("When is Anna free?", "Answer the question: When is Anna free?"),
        ("How useful was the session?", "Answer the question: How useful was the session?"),
        ("When did it end?", "Answer the question: When did it end?"),
        ("What about the others?", "Answer the question: What about the others?"),
        ("Morning or afternoon?", "Answer the question: Morning or afternoon?"),
        ("Any help? What for?", "Answer the question: Any help? What for?"),
    ],
)
def test_a_missing_answer_is_asked_for_in_the_words_of_the_question(label, sentence):
    class OneForm(HubForm):
        answer = forms.CharField(label=label)

    form = OneForm({"answer": ""})
    assert form.errors["answer"] == [sentence]
