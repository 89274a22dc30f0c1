"""What may not stand in words that everybody reads: each sort with what looks like it and is not."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commitments.publishing import Why, fold, found_in, says, words_of

NAMES = ["Amina Samplewood", "Zoë O’Brien", "Will May", "Jo van der Berg", "Ann-Marie Fictional", "Ng"]


def found(text, **options):
    return [(each.why, each.words) for each in found_in(text, "here", NAMES, **options)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("so said Amina Samplewood herself", "Amina Samplewood"),
        ("AMINA SAMPLEWOOD", "AMINA SAMPLEWOOD"),
        ("samplewood, amina", "samplewood, amina"),
        ("Amina P. Samplewood", "Amina P. Samplewood"),
        ("Ms Samplewood’s plan", "Ms Samplewood’s"),
        ("Dr. O'Brien", "Dr. O'Brien"),
        ("ask A. Samplewood", "A. Samplewood"),
        ("Zoe O'Brien", "Zoe O'Brien"),
        ("Jo van der Berg", "Jo van der Berg"),
        ("ann-marie fictional", "ann-marie fictional"),
    ],
)
def test_names_of_people_whom_the_programme_knows(text, words):
    assert found(text) == [(Why.NAME, words)]


@pytest.mark.parametrize("text", ["We may begin, and we will.", "A sample of wood", "Nobody is named here", "the berg"])
def test_words_that_only_look_like_names(text):
    assert found(text) == []


def test_a_word_that_is_also_a_name_can_be_said_to_mean_something_else():
    text = "In May we begin. Samplewood asked."
    assert found(text) == [(Why.PART, "May"), (Why.PART, "Samplewood")]
    assert found(text, meant_otherwise=["May"]) == [(Why.PART, "Samplewood")]
    assert found("Will May asked", meant_otherwise=["May", "Will", "Will May"]) == [(Why.NAME, "Will May")]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("write to team@example.org today", "team@example.org"),
        ("in LE1 5WW", "LE1 5WW"),
        ("in le15ww", "le15ww"),
        ("at 12 High Street, Melton", "12 High Street"),
        ("at 7a Old Mill Lane", "7a Old Mill Lane"),
        ("Flat 3", "Flat 3"),
    ],
)
def test_addresses(text, words):
    assert found(text) == [(Why.ADDRESS, words)]


def test_a_street_without_a_number_is_looked_at_by_a_person():
    text = "The family in Harbour Road and those of Old Mill Lane, on the road to a close friend. Go to 12 High Street."
    assert found(text) == [
        (Why.STREET, "Harbour Road"), (Why.STREET, "Old Mill Lane"), (Why.ADDRESS, "12 High Street"),
    ]  # fmt: skip
    otherwise = ["Harbour Road", "Old Mill Lane", "12 High Street"]
    assert found(text, meant_otherwise=otherwise) == [(Why.ADDRESS, "12 High Street")]


@pytest.mark.parametrize(
    "text",
    [
        "call 0116 496 0000",
        "NHS 943 476 5919",
        "NI QQ 12 34 56 C".replace("QQ", "AB"),
        "born 3 March 1980",
        "call (0116) 496 0000",
        "+44 (0)116 496 0000",
        "0116.496.0000",
    ],
)
def test_numbers_that_point_at_somebody(text):
    assert [why for why, _ in found(text)] == [Why.NUMBER]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("3 health visitors asked", "3 health visitors"),
        ("1 person", "1 person"),
        ("3 of 12 said", "3 of 12"),
        ("| Melton | 3 | 12 |", "3"),
        ("4 who attended", "4 who attended"),
        ("Only 3 attended, 22 did not", "3 attended"),
        ("2 have declined", "2 have declined"),
        ("2 asked", "2 asked"),
        ("3 carers", "3 carers"),
        ("in 2 cases", "2 cases"),
        ("a 3-year-old boy", "3-year-old boy"),
        ("2–3 pupils", "2–3 pupils"),
    ],
)
def test_figures_under_five(text, words):
    assert found(text) == [(Why.CELL, words)]


@pytest.mark.parametrize(
    "text",
    ["12 health visitors", "in 3 weeks", "2 sessions", "step 4", "14 of 25", "1.3 people", "2026 people", "£3 people",
     "0 people", "version 2", "5 nurses", "| 12 | 5 |", "question 2 asked for it", "on 0116",
     "from 1.2.2026 to 4.5.2026", "10-14 pupils", "2 other dates"],
)  # fmt: skip
def test_figures_that_count_no_few(text):
    assert found(text) == []


def test_a_figure_in_words_may_be_an_exact_promise():
    assert found("We send two people") == [(Why.FEW, "two people")]
    assert found("We send two people", meant_otherwise=["two people"]) == []
    assert found("3 people", meant_otherwise=["3 people"]) == [(Why.CELL, "3 people")]


@pytest.mark.parametrize(
    "words",
    [
        "a single mother",
        "a couple of families",
        "a handful of young people",
        "Two came",
        "three turned up",
        "two (2) people",
        "One said",
    ],
)
def test_few_are_few_in_other_words_too(words):
    assert found(f"{words}, we hear.") == [(Why.FEW, words)]


def test_each_is_listed_once_and_says_where():
    (one,) = found_in("Amina Samplewood and Amina Samplewood", "the introduction", NAMES)
    assert (one.words, one.where, one.may_mean_otherwise) == ("Amina Samplewood", "the introduction", False)


@settings(max_examples=100, deadline=None)
@given(before=st.text(max_size=20), after=st.text(max_size=20))
def test_a_full_name_is_found_whatever_stands_around_it(before, after):
    text = f"{before} Amina Samplewood {after}"
    assert any("Samplewood" in each.words for each in found_in(text, "x", ["Amina Samplewood"]))
    assert {"amina", "samplewood"} <= words_of(text)
    assert fold("ZOË") == "zoe"


@pytest.mark.parametrize(
    ("text", "words", "stands"),
    [
        ("Ask the mayor", "May", False),
        ("Ask May’s team", "May", True),
        ("Ask Ann-May", "may", True),
        ("Zoe left", "Zoë", True),
        ("We send two people.", "two people", True),
        ("We send two people.", "two", True),
        ("Twenty-two peoples", "two people", False),
    ],
)
def test_words_stand_in_a_text_whole(text, words, stands):
    assert says(text, words) is stands
