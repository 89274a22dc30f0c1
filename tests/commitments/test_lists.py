"""Long lists: whose grounds let them read what, pages from either end, what is found, nothing lost between pages."""

from datetime import date, timedelta

import pytest
import time_machine
from django.contrib.auth.models import AnonymousUser
from django.urls import reverse

from briefings.models import SessionKind
from briefings.rules import mandates_of, spoken_for
from commitments.actions import policies
from commitments.actions.assurances import note_assurance
from commitments.actions.questions import (
    accept_commission,
    decline_commission,
    open_question,
    publish_answer,
    send_to_clearance,
)
from commitments.models import AskedAs, Output, Question
from commitments.queries.questions import in_order
from commitments.rules import is_among, programmes_with_assurances, questions_visible_to
from tests.briefings.factories import MandateFactory, PartnerFactory, SessionFactory
from tests.commitments.factories import NOW, TODAY, Cast
from tests.commitments.pages import signed_in, words
from tests.organisations.factories import OrganisationFactory, OrganisationLeadFactory, PersonFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def cast():
    return Cast()


def filled(cast, number: int = 120) -> None:
    """Questions of the senior manager in every place that the order of a list knows."""
    common = {"programme": cast.programme, "asked_as": AskedAs.NOBODY, "due_from": TODAY, "due_days": 1}
    common |= {"owner": cast.senior, "organisation": cast.organisation, "next_reminder_on": TODAY}
    Question.objects.bulk_create(
        Question(
            reference=f"TT-{each}", words=f"Plan {each}?", state=("accepted", "closed", "drafting")[each % 3],
            raised_on=TODAY - timedelta(days=each % 7), due_on=TODAY + timedelta(days=each % 5), **common,
        )
        for each in range(number)
    )  # fmt: skip


@pytest.mark.parametrize("query", ["", "q=plan", "state=accepted", "whose=mine"])
@pytest.mark.parametrize("who", ["coordinator", "senior"])
def test_the_pages_of_a_list_are_the_whole_list_in_its_order(cast, who, query):
    filled(cast)
    person = getattr(cast, who)
    client, address = signed_in(person), reverse("commitments:programme-questions", args=[cast.programme.slug])
    found = Question.objects.filter(state="accepted") if query.startswith("state") else Question.objects.all()
    found = found.none() if (who, query) == ("coordinator", "whose=mine") else found
    expected = [each.pk for each in in_order(found)]
    pages = [client.get(f"{address}?{query}&page={number}").context["page"] for number in (1, 2, 3)]
    shown = [row.pk for page in pages[: -(-len(expected) // 50)] for row in page.rows]
    assert shown == expected
    last = client.get(f"{address}?{query}&page=999").context["page"]
    assert (last.number, last.total) == (max(1, -(-len(expected) // 50)), len(expected))
    assert [row.pk for row in last.rows] == expected[(last.number - 1) * 50 :]


def test_each_ground_alone_opens_what_it_opens_and_nothing_more(cast):
    organisation, holder = OrganisationFactory(), PersonFactory()
    policies.name_holder(
        programme=cast.programme, role="dpo", organisation=cast.organisation, person=holder,
        by=cast.coordinator, now=NOW,
    )  # fmt: skip
    owned, passed_on, cleared = cast.commissioned(), cast.commissioned(), cast.commissioned()
    cast.question("Nobody’s yet")
    decline_commission(commission=passed_on, reason="Not ours", by=cast.senior, now=NOW)
    accept_commission(commission=cleared, by=cast.senior, now=NOW)
    send_to_clearance(question=cleared.question, words="Yes", audience="public", roles=["dpo"], by=cast.senior, now=NOW)
    own, declined, clearing = owned.question, passed_on.question, cleared.question

    def read_by(person) -> set:
        return set(questions_visible_to(person, TODAY))

    assert read_by(cast.senior) == {own, declined, clearing}, "what somebody was asked stays readable"
    assert read_by(OrganisationLeadFactory(organisation=cast.organisation).person) == {own, clearing}
    assert read_by(OrganisationLeadFactory(organisation=organisation).person) == set()
    assert read_by(holder) == {clearing}
    assert read_by(cast.practitioner) == set()
    assert read_by(cast.coordinator) == set(cast.programme.questions.all())
    policies.end_holder(holder=cast.programme.governance_holders.get(), by=cast.coordinator, now=NOW)
    assert read_by(holder) == set(), "who clears no more reads no more"


def test_what_is_known_of_a_person_says_what_the_rule_says(cast):
    other, gone, closed = Cast(), OrganisationFactory(ended_on=TODAY), PersonFactory(is_active=False)
    mandates = [
        cast.mandate,
        MandateFactory(programme=cast.programme, organisation=cast.organisation, until=TODAY),
        MandateFactory(programme=cast.programme, organisation=cast.organisation, since=TODAY + timedelta(days=1)),
        MandateFactory(programme=other.programme, organisation=gone),
        MandateFactory(programme=cast.programme, organisation=cast.organisation, person=closed),
    ]
    PartnerFactory(programme=other.programme, organisation=gone, until=TODAY)
    leads = [OrganisationLeadFactory(organisation=each).person for each in (cast.organisation, gone)]
    MandateFactory(programme=other.programme, organisation=other.organisation, person=leads[1])
    people = [*(mandate.person for mandate in mandates), *leads, cast.coordinator, cast.practitioner, AnonymousUser()]
    for person in people:
        spoken = mandates_of(person, TODAY).values_list("organisation", "programme")
        assert sorted(spoken_for(person, TODAY)) == sorted(spoken), person
        for programme in (None, cast.programme, other.programme):
            found = programmes_with_assurances(person, TODAY)
            expected = found.filter(pk=programme.pk) if programme else found
            assert is_among(programmes_with_assurances, person, TODAY, programme) == expected.exists(), person


def test_a_reader_is_offered_the_organisations_of_what_they_read(cast):
    other = Cast()
    cast.commissioned()
    other.commissioned()
    offered = words(signed_in(cast.senior).get(reverse("commitments:question-list")))
    assert cast.organisation.name in offered
    assert other.organisation.name not in offered
    address = reverse("commitments:question-list")
    kept = signed_in(cast.senior).get(address, {"organisation": cast.organisation.pk}).context["page"]
    assert kept.total == 1
    nothing_lost = signed_in(cast.senior).get(address, {"organisation": other.organisation.pk}).context["page"]
    assert nothing_lost.total == 1, "what is not offered is not filtered by"


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("PLAN door", {"WV-1"}),
        ("wv-1", {"WV-1"}),
        ("Wv-2 house", {"WV-2"}),
        ("100%", {"WV-2"}),
        ("e_d", set()),
        ("x", set()),
    ],
)
def test_words_are_looked_for_in_words_and_reference_alike(cast, typed, expected):
    common = {"programme": cast.programme, "asked_as": AskedAs.NOBODY, "state": "closed", "raised_on": TODAY}
    Question.objects.create(reference="WV-1", words="Who may read the plan at the door?", **common)
    Question.objects.create(reference="WV-2", words="Is a house 100% safe?", **common)
    client, address = (
        signed_in(cast.coordinator),
        reverse("commitments:programme-questions", args=[cast.programme.slug]),
    )
    page = client.get(address, {"q": typed}).context["page"]
    assert {row.reference for row in page.rows} == expected
    assert page.total == len(expected)


def test_what_people_write_is_escaped_in_the_rows(cast):
    hostile, safe = "<b>&\"' may read?", "&lt;b&gt;&amp;&quot;&#x27; may read?"
    cast.question(hostile)
    question = open_question(question=cast.question(hostile), by=cast.coordinator, now=NOW)
    publish_answer(question=question, words=hostile, audience="public", by=cast.coordinator, now=NOW)
    note_assurance(
        mandate=cast.mandate, words=hostile, due_on=date(2026, 12, 1), for_everybody=True, by=cast.senior, now=NOW
    )
    workshop = SessionFactory(programme=cast.programme, kind=SessionKind.WORKSHOP, title=hostile)
    Output.objects.create(session=workshop, kind="quotation", words=hostile, noted_at=NOW, noted_by=cast.senior)
    PersonFactory._meta.model.objects.filter(pk=cast.senior.pk).update(name="<b>&")
    client = signed_in(cast.coordinator)
    for name, times in (
        ("programme-questions", 2), ("programme-assurances", 1), ("programme-outputs", 2), ("answer-list", 2),
    ):  # fmt: skip
        page = client.get(reverse(f"commitments:{name}", args=[cast.programme.slug])).content.decode()
        assert (page.count(safe.replace("&#x27;", "&#39;")) + page.count(safe)) == times, name
        assert "<b>" not in page.split("<main", 1)[1].split("<tbody>", 1)[-1].replace("<b></b>", ""), name
