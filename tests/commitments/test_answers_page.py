"""The programme's one answers page: looked through by words and themes, in pages, with what was answered before."""

from datetime import timedelta

import pytest
from django.urls import reverse

from commitments.actions.policies import add_theme, file_under
from commitments.actions.questions import merge, open_question, publish_answer, put_out_of_scope
from commitments.models import Answer, AskedAs, Audience, Question, QuestionState, Theme
from tests.commitments.factories import NOW, TODAY, Cast
from tests.commitments.pages import words

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(days=3)


@pytest.fixture
def cast():
    return Cast()


def answered(cast, said, told="It is so.", audience=Audience.PUBLIC, **options):
    question = open_question(question=cast.question(said, **options), by=cast.coordinator, now=NOW)
    publish_answer(question=question, words=told, audience=audience, by=cast.coordinator, now=NOW)
    return Question.objects.get(pk=question.pk)


@pytest.fixture
def look(cast, client):
    address = reverse("commitments:answer-list", args=[cast.programme.slug])

    def see(**typed) -> str:
        return words(client.get(address, typed))

    return see


@pytest.mark.parametrize(
    "typed",
    ["visiting", "visit families", "FAMILY", "charit", "who may", "informed visits", "  visits   the  ", "{reference}"],
)
def test_words_are_found_by_their_stems_in_question_and_answer_and_as_typed(cast, look, typed):
    own = answered(cast, "Who may visit a family?", "A charity may, once the team is informed.")
    answered(cast, "Where is the plan kept?", "In the shared record.")
    page = look(q=typed.format(reference=own.reference.lower()))
    assert "One answer" in page
    assert "Who may visit a family?" in page


@pytest.mark.parametrize("typed", ["elephant", "visit elephant", "-visit", "%", "visit & | !(", "a\x00b"])
def test_what_fits_nothing_or_is_no_word_is_no_fault(cast, look, typed):
    answered(cast, "Who may visit a family?")
    assert "Questions and answers" in look(q=typed)


def test_what_fits_best_comes_first_and_without_words_the_newest(cast, look):
    answered(cast, "Who keeps the rota?", "The plan says who.")
    answered(cast, "Where is the plan, and who keeps the plan?", "Each team.")
    page = look(q="plan")
    assert page.index("Where is the plan") < page.index("Who keeps the rota?")


def test_answers_with_all_words_alone_and_where_there_are_none_those_with_most_of_them_first(cast, look):
    both = answered(cast, "Which interpreter comes to housing visits?")
    answered(cast, "Who pays the interpreter, an interpreter of ours or theirs?")
    one = answered(cast, "Is housing told?", "Housing, and housing alone, when housing asks.")
    page = look(q="interpreter housing")
    assert "One answer" in page
    assert both.words in page
    assert one.words not in page
    page = look(q="elephant interpreter housing the")
    assert "No answer has all of these words. 3 have some of them, those with most of them first: 1 to 3." in page
    assert page.index(both.words) < page.index(one.words)
    assert "One has some of them." in look(q=f"{one.reference.lower()} elephant")
    assert "1 to 3" in look(q="elephant interpreter housing", page="7"), "the last page there is"
    for typed in ("elephant", "elephant giraffe", "the xyzzy", "| & !("):
        assert "Nothing matches what you looked for" in look(q=typed)


def test_where_nothing_fits_what_looks_alike_is_offered(cast, look):
    answered(cast, "Who may open the shared plan out of hours?")
    page = look(q="opne teh shard plann outt of huors")
    assert "Nothing matches what you looked for" in page
    assert "These look alike" in page
    assert "Who may open the shared plan out of hours?" in page


def test_a_theme_of_the_programme_or_a_standard_one_leaves_only_its_own(cast, look):
    add_theme(programme=cast.programme, name="Working hours", by=cast.coordinator, now=NOW)
    own = cast.programme.own_themes.get()
    trust, hours = answered(cast, "Do we trust it?"), answered(cast, "When do we begin?")
    for question, theme in ((trust, Theme.TRUST), (hours, f"own-{own.pk}")):
        file_under(questions=[question], theme=theme, by=cast.coordinator, now=NOW)
    for theme, question, other in ((Theme.TRUST, trust, hours), (f"own-{own.pk}", hours, trust)):
        page = look(theme=theme)
        assert question.words in page
        assert other.words not in page
    assert "About: Working hours" in look(theme=f"own-{own.pk}")
    assert trust.words in look(theme="own-99999999999999999999")  # what is no theme is no filter


def test_an_answer_shows_what_was_answered_before_to_the_same_circle(cast, look):
    question = answered(cast, "Where is it kept?", "In a drawer.")
    for told, audience in (("For you alone.", Audience.ASKER), ("In the record.", Audience.PUBLIC)):
        publish_answer(question=question, words=told, audience=audience, by=cast.coordinator, now=LATER)
    page = look()
    assert page.index("In the record.") < page.index("What was answered before") < page.index("In a drawer.")
    assert "For you alone." not in page


def test_who_asked_anonymously_finds_the_reason_by_reference_among_many(cast, look, monkeypatch):
    monkeypatch.setattr("commitments.views.public.MOST_PUT_ASIDE", 1)
    common = {"by": cast.coordinator, "now": NOW}
    one, two = (cast.question(f"A case {each}", asked_as=AskedAs.NOBODY) for each in "ab")
    for question in (one, two):
        put_out_of_scope(question=question, reason=f"Because of {question.reference}.", **common)
    for question in (one, two):
        page = look(q=question.reference)
        assert f"Because of {question.reference}." in page
        assert "A case" not in page


def test_a_thousand_answers_take_as_many_queries_as_one(cast, client, django_assert_max_num_queries):
    address = reverse("commitments:answer-list", args=[cast.programme.slug])
    question = answered(cast, "Who may open plan 0?")
    publish_answer(question=question, words="Better.", audience="public", by=cast.coordinator, now=LATER)
    many = [
        Question(
            programme=cast.programme, reference=f"T-Q{number}", words=f"Who may open plan {number}?", asked_as="name",
            state=QuestionState.ANSWERED, raised_on=TODAY, organisation=cast.organisation,
        )
        for number in range(1, 1_000)
    ]  # fmt: skip
    with django_assert_max_num_queries(7) as one:
        client.get(address, {"q": "plan"})
    Question.objects.bulk_create(many)
    Answer.objects.bulk_create(
        Answer(
            question=each, version=1, words="The team on duty.", audience="public", organisation=cast.organisation,
            given_by=cast.senior, given_as="Director", published_at=NOW,
        )
        for each in many
    )  # fmt: skip
    with django_assert_max_num_queries(len(one)):
        page = words(client.get(address, {"q": "plan", "page": "40"}))
    assert "976 to 1,000 of 1,000 answers" in page
    assert "Who may open plan 777?" in words(client.get(address, {"q": "777"}))


def test_a_joined_question_is_found_by_its_own_reference(cast, look):
    whole, joined = answered(cast, "Where is it kept?"), cast.question("And where is it?")
    merge(question=joined, into=whole, by=cast.coordinator, now=NOW)
    assert f"also asked as {joined.reference}" in look(q=joined.reference)
