"""Questions on pages: lists, one question, triage, the owner's link, the asker's link."""

import csv
import io
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from briefings.models import Programme, ProgrammeRole
from commitments.actions.policies import close_on
from commitments.actions.questions import accept_commission, merge, open_question, publish_answer, say_unanswered
from commitments.actions.room import close_room, open_room
from commitments.models import Answer, AskedAs, Assurance, Audience, Commission, CommissionState, QuestionState
from commitments.queries.room import room_of
from commitments.views import scribe
from history.models import Look
from messaging.models import Message
from tests.briefings.factories import AppointmentFactory, MandateFactory, SessionFactory
from tests.commitments.factories import NOW, Cast
from tests.commitments.pages import opened, signed_in, words
from tests.organisations.factories import AffiliationFactory, OrganisationLeadFactory, PersonFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def cast():
    return Cast()


@pytest.fixture
def coordinator(cast):
    return signed_in(cast.coordinator, fresh=True)


@pytest.fixture
def senior(cast):
    return signed_in(cast.senior, fresh=True)


def of(name, question):
    return reverse(f"commitments:question-{name}", args=[question.pk])


def answered(cast, audience=Audience.PUBLIC, **options):
    """An answered question."""
    own = cast.commissioned(**options)
    accept_commission(commission=own, by=cast.senior, now=NOW)
    publish_answer(question=own.question, words="Yes, all of you", audience=audience, by=cast.senior, now=NOW)
    own.question.refresh_from_db()
    return own.question


# Lists


def test_the_list_shows_what_is_owed_first_and_filters(cast, coordinator):
    answered(cast, words="Is it settled?")
    raised = cast.question("Who opens the door?")
    address = reverse("commitments:programme-questions", args=[cast.programme.slug])
    page = words(coordinator.get(address))
    assert page.index("Who opens the door?") < page.index("Is it settled?")
    assert "2 questions" in page
    door, settled = {"Who opens"}, {"Is it settled"}
    cases = {
        "state=unanswered": door,
        "state=answered": settled,
        "q=door": door,
        f"q={raised.reference}": door,
        f"organisation={cast.organisation.pk}": settled,
        "late=yes": set(),
        "state=nonsense": door | settled,
        "organisation=99999999999999": door | settled,
        "q=%00x": door | settled,
    }
    for query, expected in cases.items():
        found = words(coordinator.get(f"{address}?{query}"))
        assert {each for each in ("Who opens", "Is it settled") if each in found} == expected, query
    with time_machine.travel(NOW.replace(day=20), tick=False):
        assert "Raised, late" in words(signed_in(cast.coordinator).get(f"{address}?late=yes"))


def test_lists_take_the_same_number_of_queries_for_one_row_and_three(cast):
    address = reverse("commitments:question-list")
    counts = []
    for more in (1, 2):
        for _ in range(more):
            cast.commissioned()
        client = signed_in(cast.coordinator)
        with CaptureQueriesContext(
            connection,
        ) as caught:
            assert client.get(address).status_code == 200
        counts.append(len(caught))
    assert counts[0] == counts[1]


def test_a_senior_manager_sees_what_is_theirs_and_nothing_else(cast, senior):
    cast.commissioned(words="Yours to answer")
    cast.question("Not yours")
    page = words(senior.get(reverse("commitments:question-list")))
    assert "Yours to answer" in page
    assert "Not yours" not in page


def test_the_spreadsheet_follows_the_filter_and_runs_no_formula(cast, coordinator):
    cast.question("=HYPERLINK(1)")
    answered(cast, words="Is it settled?")
    address = reverse("commitments:programme-questions-export", args=[cast.programme.slug])
    response = coordinator.get(f"{address}?state=raised")
    rows = list(csv.DictReader(io.StringIO(b"".join(response.streaming_content).decode("utf-8-sig"))))
    assert [row["Question"] for row in rows] == ["'=HYPERLINK(1)"]
    assert rows[0]["Due on"] == "2026-11-04"
    everything = b"".join(coordinator.get(reverse("commitments:question-export")).streaming_content).decode()
    assert "2026-11-02" in everything
    assert cast.practitioner.name not in everything


def test_the_spreadsheet_names_the_day_on_which_it_was_answered_and_by_which_it_counts(cast, coordinator):
    better, again = answered(cast, words="Is it settled?"), answered(cast, words="Is it open?")
    publish_answer(
        question=better, words="Yes, all of it", audience=Audience.PUBLIC, by=cast.coordinator,
        now=NOW + timedelta(days=60),
    )  # fmt: skip
    say_unanswered(asker=again.askers.get(), by=cast.practitioner, now=NOW)
    response = coordinator.get(reverse("commitments:question-export"))
    rows = csv.DictReader(io.StringIO(b"".join(response.streaming_content).decode("utf-8-sig")))
    found = {row["Question"]: (row["Answered on"], row["Answered late"]) for row in rows}
    assert found == {"Is it settled?": ("2026-11-02", "no"), "Is it open?": ("", "no")}


# One question


def test_the_page_says_how_the_date_came_about(cast, coordinator):
    question = cast.commissioned(now=NOW.replace(month=12, day=21)).question
    with time_machine.travel(NOW.replace(month=12, day=21), tick=False):
        page = words(signed_in(cast.coordinator).get(of("show", question)))
    assert "The service standard gives 10 working days to answer." in page
    assert "Counted from Monday 21 December 2026, so Tuesday 22 December is day 1." in page
    assert "the bank holidays of Friday 25 December, Monday 28 December, Friday 1 January (England and Wales)" in page
    assert "Day 10 is Thursday 7 January 2027." in page
    assert "in 10 working days" in page


def test_an_asker_by_name_is_seen_by_the_coordinator_and_the_owner_alone_and_leaves_a_trace(cast, coordinator, senior):
    question = cast.commissioned().question
    board = AppointmentFactory(programme=cast.programme, role=ProgrammeRole.BOARD).person
    assert f"Asked by {cast.practitioner.name}" in words(coordinator.get(of("show", question)))
    assert f"Asked by {cast.practitioner.name}" in words(senior.get(of("show", question)))
    page = words(signed_in(board).get(of("show", question)))
    assert cast.practitioner.name not in page
    assert "Asked by one person, by name" in page
    looked = Look.objects.filter(person=f"accounts.person:{cast.practitioner.pk}").values_list("actor", flat=True)
    assert set(looked) == {f"accounts.person:{each.pk}" for each in (cast.coordinator, cast.senior)}


@pytest.mark.parametrize(
    ("asked_as", "said"),
    [(AskedAs.PSEUDONYM, "Asked by one person, by pseudonym"), (AskedAs.NOBODY, "Asked anonymously")],
)
def test_nobody_sees_who_asked_by_pseudonym_or_anonymously(cast, coordinator, senior, asked_as, said):
    question = cast.commissioned(asked_as=asked_as).question
    for client in (coordinator, senior):
        page = words(client.get(of("show", question)))
        assert said in page
        assert cast.practitioner.name not in page
    assert not Look.objects.filter(person=f"accounts.person:{cast.practitioner.pk}").exists()


# Triage


def test_the_coordinator_asks_a_senior_manager(cast, coordinator):
    question = cast.question()
    former = MandateFactory(programme=cast.programme, organisation=cast.organisation, until=NOW.date())
    page = words(coordinator.get(of("commission", question)))
    assert f"{cast.senior.name}, {cast.mandate.job_title}" in page
    assert former.person.name not in page
    wrong = coordinator.post(of("commission", question), {"mandate": former.pk})
    assert "There is a problem" in words(wrong)
    done = coordinator.post(of("commission", question), {"mandate": cast.mandate.pk}, follow=True)
    assert f"{cast.senior.name} is asked by e-mail" in words(done)
    assert Commission.objects.get().person == cast.senior


def test_the_coordinator_takes_a_question_on_and_answers_it(cast, coordinator):
    question = cast.question()
    assert "yours to answer" in words(coordinator.post(of("take-on", question), follow=True))
    assert "moved on" in words(coordinator.post(of("take-on", question), follow=True))
    typed = {"words": "Yes. All of you", "audience": Audience.PUBLIC}
    assert "The answer is published" in words(coordinator.post(of("answer", question), typed, follow=True))
    assert Answer.objects.get().given_as == "Coordinator"


def test_an_answer_needs_a_code_entered_just_now(cast):
    question = cast.commissioned().question
    client = signed_in(cast.senior)
    response = client.post(of("answer", question), {"words": "Yes", "audience": "public", "promise": "no"})
    assert response.status_code == 302
    assert response.url.startswith("/account/confirm/")
    assert not Answer.objects.exists()


def test_the_owner_answers_and_is_led_to_the_promise(cast, senior):
    question = cast.commissioned().question
    assert "There is a problem" in words(senior.post(of("answer", question), {"words": " ", "audience": "everyone"}))
    response = senior.post(of("answer", question), {"words": "Yes", "audience": "public", "promise": "yes"})
    assert response.url == f"{reverse('commitments:assurance-give', args=[cast.programme.slug])}?question={question.pk}"
    assert question.reference in words(senior.get(response.url))
    question.refresh_from_db()
    assert question.state == QuestionState.ANSWERED
    again = senior.post(of("answer", question), {"words": "Yes, and more", "audience": "public", "promise": "no"})
    assert again.status_code == 302
    assert list(question.answers.values_list("version", flat=True)) == [2, 1]


def test_an_anonymous_question_is_answered_for_everybody_or_the_asker_would_never_find_it(cast, coordinator):
    question = open_question(question=cast.question(asked_as=AskedAs.NOBODY), by=cast.coordinator, now=NOW)
    page = words(coordinator.get(of("answer", question)))
    assert "they can find it only there" in page
    assert "Only who asked" not in page
    refused = coordinator.post(of("answer", question), {"words": "Yes", "audience": "asker"})
    assert "Choose from the options shown" in words(refused)


def test_of_an_anonymous_question_nobody_is_offered_a_circle_that_is_refused(cast, coordinator):
    Programme.objects.filter(pk=cast.programme.pk).update(is_public=False)
    question = cast.question(asked_as=AskedAs.NOBODY, session=SessionFactory(programme=cast.programme))
    open_question(question=question, by=cast.coordinator, now=NOW)
    form = coordinator.get(of("answer", question)).context["form"]
    assert [value for value, _ in form.fields["audience"].choices] == [Audience.PRACTITIONERS]
    coordinator.post(of("answer", question), {"words": "Yes", "audience": Audience.PRACTITIONERS, "promise": "no"})
    assert question.answers.get().audience == Audience.PRACTITIONERS


@pytest.mark.parametrize("how", ["merged", "out of scope"])
def test_what_has_no_clock_of_its_own_any_more_is_called_late_by_no_page(cast, how):
    question, whole = cast.commissioned().question, cast.question("The same?")
    with time_machine.travel(NOW + timedelta(days=30), tick=False):
        coordinator = signed_in(cast.coordinator)
        assert "late" in words(coordinator.get(of("show", question)))
        if how == "merged":
            merge(question=question, into=whole, by=cast.coordinator, now=NOW)
        else:
            coordinator.post(of("out-of-scope", question), {"reason": "Ask the officer"})
        page = words(coordinator.get(of("show", question)))
    assert "late" not in page
    assert "Answer due" not in page
    assert "Owner" not in page


def test_out_of_scope_needs_a_reason(cast, coordinator):
    question = cast.question()
    assert "Say why" in words(coordinator.post(of("out-of-scope", question), {}))
    done = coordinator.post(of("out-of-scope", question), {"reason": "Ask the data protection officer"}, follow=True)
    assert "Out of scope" in words(done)
    assert Message.objects.filter(kind="commitments.question_out_of_scope").count() == 1


def test_who_ends_what_somebody_else_asked_anonymously_is_told_that_everybody_reads_why(cast, coordinator):
    whole, other = cast.question(), cast.question("The same?", asked_as=AskedAs.NOBODY)
    assert "They stand on the answers page" not in words(coordinator.get(of("out-of-scope", whole)))
    merge(question=other, into=whole, by=cast.coordinator, now=NOW)
    assert "They stand on the answers page" in words(coordinator.get(of("out-of-scope", whole)))


def test_no_link_leads_where_the_reader_may_not_go(cast, senior):
    session = SessionFactory(programme=cast.programme, state="held")
    commission = cast.commissioned(session=session)
    whole, other = commission.question, cast.question("The same?")
    merge(question=other, into=whole, by=cast.coordinator, now=NOW)
    page = senior.get(of("show", whole))
    assert "The same?" in words(page)
    for address in (of("show", other), reverse("attendance:session-show", args=[session.pk])):
        assert senior.get(address).status_code == 404
        assert f'"{address}"' not in page.content.decode()
        assert f'"{address}"' in signed_in(cast.coordinator).get(of("show", whole)).content.decode()


def test_the_owner_accepts_and_declines_on_the_page(cast, senior):
    question = cast.commissioned().question
    assert "The question is yours" in words(senior.post(of("accept", question), follow=True))
    assert "Say why" in words(senior.post(of("decline", question), {"reason": ""}))
    done = senior.post(of("decline", question), {"reason": "Housing knows this"}, follow=True)
    assert "asks somebody else" in words(done)
    question.refresh_from_db()
    assert (question.state, question.owner) == (QuestionState.OPEN, None)
    assert "has moved on" in words(senior.post(of("accept", question), follow=True))
    coordinators = words(signed_in(cast.coordinator).get(of("show", question)))
    assert "Housing knows this" in coordinators


# The owner's link


def test_the_link_of_a_commission_shows_accepts_and_declines(cast):
    own = cast.commissioned()
    client = opened(own.link)
    page = words(client.get(f"/commission/{own.link_id}/"))
    assert "Can you answer this question?" in page
    assert "Day 10 is Monday 16 November 2026." in page
    own.refresh_from_db()
    assert own.state == CommissionState.ASKED  # looking changes nothing
    accepted = client.post(reverse("commitments:commission-accept", args=[own.link_id]), follow=True)
    assert "You have accepted it" in words(accepted)
    address = reverse("commitments:commission-decline", args=[own.link_id])
    assert client.get(address).status_code == 200
    assert "Say why" in words(client.post(address, {"reason": "  "}))
    assert "You have declined it" in words(client.post(address, {"reason": "Ask housing"}, follow=True))
    late = client.post(reverse("commitments:commission-accept", args=[own.link_id]), follow=True)
    assert "moved on" in words(late)


def test_answering_from_the_link_leads_to_signing_in(cast):
    own = cast.commissioned()
    response = opened(own.link).get(of("answer", own.question))
    assert response.url.startswith("/sign-in/?next=")


# The asker's link


@pytest.mark.parametrize("asked_as", [AskedAs.NAME, AskedAs.PSEUDONYM])
def test_the_asker_reads_the_answer_and_says_once_that_it_is_none(cast, asked_as):
    question = answered(cast, audience=Audience.ASKER, asked_as=asked_as)
    asker = question.askers.get()
    client, address = opened(asker.link), reverse("commitments:asker-unanswered", args=[asker.link_id])
    assert "Yes, all of you" in words(client.get(f"/q/{asker.link_id}/"))
    assert client.get(address).status_code == 200
    question.refresh_from_db()
    assert question.state == QuestionState.ANSWERED
    page = words(client.post(address, follow=True))
    assert "open again" in page
    assert "The answer so far" in page
    assert "You have said once" in words(client.post(address, follow=True))
    question.refresh_from_db()
    assert (question.state, question.is_reopened) == (QuestionState.ACCEPTED, True)


def test_the_asker_sees_where_it_is_and_withdraws(cast):
    question = cast.question()
    asker = question.askers.get()
    client, address = opened(asker.link), reverse("commitments:asker-withdraw", args=[asker.link_id])
    assert "looks at it by Wednesday 4 November 2026" in words(client.get(f"/q/{asker.link_id}/"))
    assert "Withdraw your question?" in words(client.get(address))
    assert "Your question is withdrawn" in words(client.post(address, follow=True))
    assert "moved on" in words(client.post(address, follow=True))


def test_who_withdraws_what_others_asked_too_is_told_that_it_goes_on_for_them(cast):
    whole, other = open_question(question=cast.question(), by=cast.coordinator, now=NOW), cast.question()
    merge(question=other, into=whole, by=cast.coordinator, now=NOW)
    for asker in (other.askers.get(), whole.askers.get()):
        client, address = opened(asker.link), reverse("commitments:asker-withdraw", args=[asker.link_id])
        is_last = asker.question == whole
        page = words(client.get(address))
        assert ("Others asked the same, so it is answered for them" in page) != is_last
        page = words(client.post(address, follow=True))
        assert ("Nobody answers it any more" in page) == is_last
        assert ("You get no answer any more: others asked the same" in page) != is_last


# Raising


def raise_of(programme):
    return reverse("commitments:question-raise", args=[programme.slug])


def test_a_coordinator_raises_for_somebody_of_the_programme(cast, coordinator):
    somebody = AffiliationFactory(person=PersonFactory(name="Kofi Examplar"), organisation=cast.organisation).person
    address = raise_of(cast.programme)
    base = {"words": "Who pays?", "who": "somebody"}
    assert "Enter the name or the e-mail address of who asks" in words(coordinator.post(address, base))
    assert "Nobody here is called" in words(coordinator.post(address, base | {"person": "Quentin Nowhere"}))
    coordinator.post(address, base | {"person": "kofi"})
    question = cast.programme.questions.get()
    assert (question.asked_as, question.askers.get().person) == (AskedAs.NAME, somebody)
    AffiliationFactory(person=PersonFactory(name="Kofi Otherson"), organisation=cast.organisation)
    assert "Several people fit: Kofi Examplar, Kofi Otherson" in words(
        coordinator.post(address, base | {"person": "kofi"})
    )


@pytest.mark.parametrize(
    ("who", "asked_as", "is_owed"),
    [
        ("me", AskedAs.NAME, True),
        ("me_by_pseudonym", AskedAs.PSEUDONYM, True),
        ("nobody", AskedAs.NOBODY, False),
    ],
)
def test_a_senior_manager_raises_from_home(cast, senior, who, asked_as, is_owed):
    done = senior.post(raise_of(cast.programme), {"words": "Who pays?", "who": who, "person": "ignored"}, follow=True)
    assert "is with the coordinator" in words(done)
    question = cast.programme.questions.get()
    assert (question.asked_as, question.askers.filter(person=cast.senior).exists()) == (asked_as, is_owed)


def test_a_lead_raises_for_own_staff_and_for_nobody_elses(cast):
    lead = OrganisationLeadFactory(organisation=cast.organisation).person
    AffiliationFactory(person=PersonFactory(name="Kofi Examplar"), organisation=cast.organisation)
    AffiliationFactory(person=PersonFactory(name="Efua Fictwell"))
    client, address = signed_in(lead), raise_of(cast.programme)
    typed = {"words": "Who pays?", "who": "somebody"}
    assert "Nobody here is called" in words(client.post(address, typed | {"person": "Efua Fictwell"}))
    assert "is with the coordinator" in words(client.post(address, typed | {"person": "Kofi Examplar"}, follow=True))
    assert address in client.get(reverse("commitments:question-list")).content.decode()


# The scribe


def test_the_scribe_writes_down_who_or_nobody(cast):
    session = SessionFactory(programme=cast.programme)
    scribe = AppointmentFactory(programme=cast.programme, role=ProgrammeRole.FACILITATOR).person
    session.parts.create(person=PersonFactory(name="Kofi Examplar"), part="presenter")
    client, address = signed_in(scribe), reverse("commitments:session-questions", args=[session.pk])
    assert '<option value="Kofi Examplar">' in client.get(address).content.decode()
    page = words(client.post(address, {"words": "Who pays?", "person": ""}, follow=True))
    assert "1 question so far" in page
    client.post(address, {"words": "And who else?", "person": "Kofi Examplar"})
    assert "There is a problem" in words(client.post(address, {"words": "", "person": "Nobody Known"}))
    kinds = cast.programme.questions.order_by("words").values_list("words", "asked_as", "session")
    assert list(kinds) == [("And who else?", "name", session.pk), ("Who pays?", "nobody", session.pk)]


def test_a_room_that_closes_while_the_scribe_writes_keeps_the_words(cast, monkeypatch):
    session = SessionFactory(programme=cast.programme)
    open_room(session=session, is_moderated=True, by=cast.coordinator, now=NOW)
    before = room_of(session)
    close_room(session=session, by=cast.coordinator, now=NOW)
    monkeypatch.setattr(scribe, "room_of", lambda own: before)  # as it was read just before it closed
    address = reverse("commitments:session-questions", args=[session.pk])
    page = signed_in(cast.coordinator).post(address, {"words": "Who pays?", "person": ""})
    assert "Questions are closed in this session" in words(page)
    assert "Who pays?" in page.content.decode()


def test_looking_for_questions_alike_takes_any_words(cast, coordinator):
    look = {"look": "1", "words": "plan kept\x00night"}
    assert coordinator.post(raise_of(cast.programme), look).status_code == 200
    assert coordinator.post(raise_of(cast.programme), look | {"words": "plan kept " * 5000}).status_code == 200


def test_the_link_of_a_commission_counts_without_closure_days(cast):
    own = cast.commissioned()
    client, address = opened(own.link), f"/commission/{own.link_id}/"
    assert "in 10 working days" in words(client.get(address))
    close_on(programme=cast.programme, day=own.question.due_on, why="Closed", by=cast.coordinator, now=NOW)
    assert "in 9 working days" in words(client.get(address))


def test_only_who_said_so_reads_that_they_said_it_was_not_answered(cast):
    question, other = answered(cast), cast.question("The same?")
    merge(question=other, into=question, by=cast.coordinator, now=NOW)
    first, second = question.askers.get(), other.askers.get()
    say_unanswered(asker=first, by=cast.practitioner, now=NOW)
    for asker, said in ((first, "because you said"), (second, "somebody who asked it too said")):
        assert said in words(opened(asker.link).get(f"/q/{asker.link_id}/"))
    page = words(signed_in(cast.coordinator).get(of("show", question)))
    assert "The answer so far" in page
    assert "open again Who asked it, " in page


def test_the_scribe_notes_what_was_promised(cast):
    session = SessionFactory(programme=cast.programme)
    scribe = AppointmentFactory(programme=cast.programme, role=ProgrammeRole.FACILITATOR).person
    client, address = signed_in(scribe), reverse("commitments:session-promise", args=[session.pk])
    assert "There is a problem" in words(client.post(address, {"promise-by_when": "other"}))
    typed = {"promise-mandate": cast.mandate.pk, "promise-words": "We send two", "promise-by_when": "2026-11-30"}
    page = words(client.post(address, typed, follow=True))
    assert f"{cast.senior.name} is asked to confirm the words" in page
    noted = Assurance.objects.get()
    assert (noted.state, noted.session, noted.words) == ("noted", session, "We send two")


def test_who_presents_writes_down_questions_on_the_day_alone(cast):
    session = SessionFactory(programme=cast.programme)
    presenter = PersonFactory()
    session.parts.create(person=presenter, part="presenter")
    address = reverse("commitments:session-questions", args=[session.pk])
    assert signed_in(presenter).get(address).status_code == 404
    with time_machine.travel(NOW.replace(day=26), tick=False):
        client = signed_in(presenter)
        assert client.get(address).status_code == 200
        assert client.post(reverse("commitments:session-promise", args=[session.pk])).status_code == 404
