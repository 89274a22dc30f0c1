"""Assurances on pages: giving, noting and confirming by code, kept with evidence, ended, replaced; lists."""

import csv
import io
import re
from datetime import date

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from briefings.actions.appointments import end_mandate
from briefings.models import ProgrammeRole
from commitments.actions.assurances import confirm_kept, note_assurance, propose_kept, send_back
from commitments.actions.handovers import ask_for_successor
from commitments.models import Assurance, AssuranceState
from tests.attendance.places import a_session
from tests.briefings.factories import AppointmentFactory, MandateFactory, SessionFactory
from tests.commitments.factories import NOW, Cast
from tests.commitments.pages import opened, signed_in, words

pytestmark = pytest.mark.django_db
DUE = date(2026, 12, 1)


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


def of(name, own):
    return reverse(f"commitments:assurance-{name}", args=[own.pk])


def give_of(cast):
    return reverse("commitments:assurance-give", args=[cast.programme.slug])


def given(cast, *, by=None, due_on=DUE, **options):
    """An assurance by the senior manager, or noted by somebody for them."""
    said = options.pop("said", "We send two people to every meeting")
    options = options or {"for_everybody": True}
    return note_assurance(mandate=cast.mandate, words=said, due_on=due_on, by=by or cast.senior, now=NOW, **options)


def typed(**changed):
    return {"words": "We send two", "kind": "addressed", "for_everybody": "on", "by_when": "2026-11-30"} | changed


# Giving and noting


def test_a_senior_manager_gives_an_assurance_in_its_exact_words(cast, senior):
    session, question = SessionFactory(programme=cast.programme), cast.commissioned().question
    page = words(senior.get(give_of(cast)))
    assert "In 4 weeks, 30 November 2026" in page
    assert "For which organisation" not in page  # there is only one
    chosen = typed(session=session.pk, questions=[question.pk], by_when="other", due_on_day="27", due_on_month="3")
    assert "must include a year" in words(senior.post(give_of(cast), chosen))
    done = senior.post(give_of(cast), chosen | {"due_on_year": "2027"}, follow=True)
    assert "is given" in words(done)
    own = Assurance.objects.get()
    assert (own.state, own.words, own.due_on, own.person) == ("given", "We send two", date(2027, 3, 27), cast.senior)
    assert (own.session, own.for_everybody, [*own.questions.all()]) == (session, True, [question])


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"for_everybody": ""}, "Say what it is for"),
        ({"by_when": "other"}, "Enter the other day"),
        ({"by_when": "other", "due_on_day": "1", "due_on_month": "11", "due_on_year": "2026"}, "still to come"),
        ({"by_when": "tomorrow"}, "Choose from the options shown"),
        ({"words": ""}, "Enter the exact words"),
        ({"words": "a\x00"}, "cannot be seen"),
        ({"session": "9" * 30}, "Choose from the options shown"),
        ({"questions": ["nonsense"]}, "Say what it is for"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_kept(cast, senior, changed, sentence):
    if "questions" in changed:
        changed = changed | {"for_everybody": ""}
    page = words(senior.post(give_of(cast), typed(**changed)))
    assert sentence in page
    assert not Assurance.objects.exists()


def test_the_days_that_are_offered_are_working_days_of_the_nation(cast):
    with time_machine.travel(NOW.replace(day=28), tick=False):  # four weeks from now is Boxing Day
        page = words(signed_in(cast.senior, fresh=True).get(give_of(cast)))
    assert "In 4 weeks, 29 December 2026" in page


def chosen_session(client, address):
    return client.get(address).context["form"]["session"].initial


def test_the_only_session_of_today_is_chosen_already(cast, senior, coordinator):
    address, today = give_of(cast), {"programme": cast.programme, "date": NOW.date()}
    SessionFactory(**today | {"date": date(2026, 11, 3)}, state="open")
    SessionFactory(**today, state="draft")
    assert chosen_session(senior, address) is None
    first = SessionFactory(**today, state="open")
    assert chosen_session(senior, address) == chosen_session(coordinator, address) == first.pk
    assert f'<option value="{first.pk}" selected>' in senior.get(address).content.decode()
    question = cast.commissioned().question
    assert chosen_session(senior, f"{address}?question={question.pk}") is None
    assert chosen_session(senior, of("replace", given(cast))) is None
    SessionFactory(**today, slot="afternoon", state="held")
    assert chosen_session(senior, address) is None


def test_giving_needs_a_code_entered_just_now(cast):
    response = signed_in(cast.senior).post(give_of(cast), typed())
    assert response.url.startswith("/account/confirm/")
    assert not Assurance.objects.exists()


def test_who_speaks_for_two_organisations_says_for_which(cast, senior):
    second = MandateFactory(programme=cast.programme, person=cast.senior)
    assert "For which organisation do you speak?" in words(senior.get(give_of(cast)))
    senior.post(give_of(cast), typed(mandate=second.pk))
    assert Assurance.objects.get().organisation == second.organisation


@pytest.mark.parametrize("role", [ProgrammeRole.COORDINATOR, ProgrammeRole.FACILITATOR])
def test_a_coordinator_or_scribe_notes_one_that_counts_for_nothing_yet(cast, role):
    staff = AppointmentFactory(programme=cast.programme, role=role).person
    page = words(signed_in(staff).post(give_of(cast), typed(mandate=cast.mandate.pk), follow=True))
    assert "It does not count yet." in page
    own = Assurance.objects.get()
    assert (own.state, own.person, own.noted_by) == (AssuranceState.NOTED, cast.senior, staff)


def test_the_link_shows_what_was_noted_and_confirming_leads_through_the_code(cast):
    own = given(cast, by=cast.coordinator)
    client = opened(own.link)
    page = words(client.get(f"/assurance/{own.link_id}/"))
    assert "Did you say this?" in page
    assert own.words in page
    assert client.get(of("confirm", own)).url.startswith("/sign-in/?next=")
    assert signed_in(cast.senior).post(of("confirm", own)).url.startswith("/account/confirm/")
    own.refresh_from_db()
    assert own.state == AssuranceState.NOTED
    senior = signed_in(cast.senior, fresh=True)
    assert own.words in words(senior.get(of("confirm", own)))
    assert "From now on this assurance counts" in words(senior.post(of("confirm", own), follow=True))
    assert "Your assurance" in words(client.get(f"/assurance/{own.link_id}/"))
    assert "From now on this assurance counts" in words(senior.post(of("confirm", own), follow=True))


def test_who_did_not_say_it_says_so_from_the_link(cast):
    own = given(cast, by=cast.coordinator)
    client, address = opened(own.link), reverse("commitments:assurance-not-mine", args=[own.link_id])
    assert client.get(address).status_code == 200
    assert "Say why" in words(client.post(address, {}))
    assert "It does not count" in words(client.post(address, {"reason": "I said: we try"}, follow=True))
    own.refresh_from_db()
    assert (own.state, own.end_reason) == (AssuranceState.WITHDRAWN, "I said: we try")
    assert client.post(address, {"reason": "Again"}).status_code == 302
    assert "There is nothing for you to do here any more." in words(client.get(f"/assurance/{own.link_id}/"))


def by_link(name, own):
    return reverse(f"commitments:assurance-{name}", args=[own.link_id])


def test_the_keeper_says_from_the_link_how_it_stands_and_that_it_was_kept(cast):
    own = given(cast)
    client = opened(own.link)
    page = words(client.get(by_link("noted", own)))
    assert f"You read this as {cast.senior.name} for {cast.organisation.name}. The link is yours alone." in page
    assert own.words in page
    assert "How does it stand?" in words(client.get(by_link("say-how", own)))
    assert "There is a problem" in words(client.post(by_link("say-how", own), {"by_when": "2026-11-30"}))
    said = {"words": "Two of five are done", "by_when": "other", "due_on_day": "1", "due_on_month": "11"}
    assert "still to come" in words(client.post(by_link("say-how", own), said | {"due_on_year": "2026"}))
    said |= {"due_on_month": "2", "due_on_year": "2027"}
    page = words(client.post(by_link("say-how", own), said, follow=True))
    assert "How it stood on 2 November 2026 Two of five are done" in page
    assert "Monday 1 February 2027" in page
    assert "There is a problem" in words(client.post(by_link("say-kept", own), {"evidence": ""}))
    file = SimpleUploadedFile("rota.pdf", b"%PDF-1.7\n1 0 obj\n%%EOF")
    page = words(client.post(by_link("say-kept", own), {"evidence": "The rota", "files": [file]}, follow=True))
    assert "A coordinator is asked to confirm that it was kept" in page
    own.refresh_from_db()
    assert (own.state, own.proposed_by, own.due_on) == (AssuranceState.PROPOSED, cast.senior, date(2027, 2, 1))
    assert own.evidence_given.get().files.get().file_name == "rota.pdf"
    for name in ("say-kept", "say-how"):
        assert client.get(by_link(name, own)).url == by_link("noted", own)
    assert "moved on" in words(client.post(by_link("say-kept", own), {"evidence": "Again"}))
    assert "moved on" in words(client.post(by_link("say-how", own), said | {"due_on_month": "3"}))


@pytest.mark.parametrize("way", ["from the link", "signed in"])
def test_a_review_and_evidence_that_are_pressed_twice_are_kept_once(cast, senior, way):
    own = given(cast)
    client, address = (opened(own.link), by_link) if way == "from the link" else (senior, of)
    names = ("say-how", "say-kept") if way == "from the link" else ("review", "propose")
    said = {"words": "Two of five are done", "by_when": "2026-11-30"}, {"evidence": "The rota"}
    for name, typed_in in zip(names, said, strict=True):
        page = client.get(address(name, own)).content.decode()
        press = re.search(r'name="press" value="([^"]+)"', page)[1]
        first, again = (client.post(address(name, own), {"press": press, **typed_in}) for _ in range(2))
        assert (first.status_code, first.url) == (again.status_code, again.url)
    assert own.reviews.count() == own.evidence_given.count() == 1


def test_the_link_says_what_became_of_it(cast):
    own = propose_kept(assurance=given(cast), evidence="The rota", by=cast.senior, now=NOW)
    page = opened(own.link)
    send_back(assurance=own, reason="Which weeks?", by=cast.coordinator, now=NOW)
    assert "Sent back: Which weeks?" in words(page.get(by_link("noted", own)))
    propose_kept(assurance=own, evidence="Weeks 3 to 5", by=cast.senior, now=NOW)
    confirm_kept(assurance=own, by=cast.coordinator, now=NOW)
    kept = words(page.get(by_link("noted", own)))
    assert "Weeks 3 to 5" in kept
    assert "There is nothing for you to do here any more." in kept


def test_the_link_binds_to_nothing_new(cast):
    """What needs a sign-in code needs it from the link too."""
    own = given(cast)
    client = opened(own.link)
    for name in ("replace", "withdraw", "show"):
        assert client.get(of(name, own)).url.startswith("/sign-in/?next=")


def test_a_link_opens_nothing_for_who_does_not_keep_it_any_more(cast):
    own = given(cast)
    client = opened(own.link)
    end_mandate(mandate=cast.mandate, by=cast.coordinator, now=NOW)
    ask_for_successor(assurance_id=own.pk, now=NOW)
    for name in ("noted", "say-kept", "say-how", "not-mine"):
        assert client.get(by_link(name, own)).status_code == 403
    Assurance.objects.get(pk=own.pk, link=None)


def test_a_link_whose_row_has_gone_to_somebody_else_is_not_found(cast):
    """Also where a link was left alive: the page asks who keeps it at each look."""
    own = given(cast)
    client = opened(own.link)
    Assurance.objects.update(keeper=cast.coordinator)
    assert client.get(by_link("noted", own)).status_code == 404
    assert client.post(by_link("say-kept", own), {"evidence": "The rota"}).status_code == 404


# Kept, sent back, ended, replaced


def test_kept_with_evidence_and_confirmed_by_another(cast, coordinator, senior):
    own = given(cast)
    assert "There is a problem" in words(senior.post(of("propose", own), {"evidence": ""}))
    assert "A coordinator is asked" in words(senior.post(of("propose", own), {"evidence": "The rota"}, follow=True))
    assert senior.post(of("kept", own)).status_code == 404
    assert "The rota" in words(coordinator.get(of("kept", own)))
    done = words(coordinator.post(of("kept", own), follow=True))
    assert "The assurance is kept" in done
    own.refresh_from_db()
    assert (own.state, own.confirmed_by) == (AssuranceState.KEPT, cast.coordinator)
    again = coordinator.post(of("send-back", own), {"reason": "Late"}, follow=True)
    assert (again.status_code, "moved on" in words(again)) == (200, True)


def test_nobody_confirms_what_they_proposed(cast, coordinator):
    own = given(cast)
    coordinator.post(of("propose", own), {"evidence": "I was there"})
    assert coordinator.get(of("kept", own)).status_code == 404
    assert coordinator.get(of("send-back", own)).status_code == 200


def test_a_coordinator_sends_it_back(cast, coordinator):
    own = given(cast)
    propose_kept(assurance=own, evidence="The rota", by=cast.senior, now=NOW)
    assert "Say why" in words(coordinator.post(of("send-back", own)))
    done = coordinator.post(of("send-back", own), {"reason": "Which weeks?"}, follow=True)
    assert "stands as given" in words(done)
    own.refresh_from_db()
    assert own.state == AssuranceState.GIVEN


def test_not_kept_and_withdrawn_keep_the_words_and_the_reason(cast, coordinator, senior):
    first, second = given(cast), given(cast)
    assert "Say why" in words(coordinator.post(of("not-kept", first), {"reason": ""}))
    page = words(coordinator.post(of("not-kept", first), {"reason": "Nobody came"}, follow=True))
    assert "Not kept. Nobody came" in page
    assert first.words in page
    page = words(senior.post(of("withdraw", second), {"reason": "No money"}, follow=True))
    assert "Withdrawn. No money" in page
    assert second.words in page
    assert coordinator.post(of("withdraw", given(cast)), {"reason": "x"}).status_code == 404


def test_a_later_promise_replaces_an_earlier_one_which_keeps_its_words(cast, senior):
    earlier = given(cast)
    assert earlier.words in words(senior.get(of("replace", earlier)))
    page = words(senior.post(of("replace", earlier), typed(words="We send three"), follow=True))
    assert f"It replaces assurance {earlier.reference}" in page
    earlier.refresh_from_db()
    assert (earlier.state, earlier.words) == (AssuranceState.SUPERSEDED, "We send two people to every meeting")
    assert "It was replaced by" in words(senior.get(of("show", earlier)))
    assert senior.get(of("replace", earlier)).status_code == 404


# Lists and what everybody reads


def test_the_list_filters_and_its_spreadsheet_follows(cast, coordinator):
    standing, ended = given(cast), given(cast, said="+ extra hours")
    propose_kept(assurance=ended, evidence="The rota", by=cast.senior, now=NOW)
    confirm_kept(assurance=ended, by=cast.coordinator, now=NOW)
    address = reverse("commitments:programme-assurances", args=[cast.programme.slug])
    page = words(coordinator.get(address))
    assert page.index(standing.words) < page.index("+ extra hours")
    for query in ("state=unended", f"q={standing.reference}", "q=meeting"):
        found = words(coordinator.get(f"{address}?{query}"))
        assert standing.words in found
        assert "+ extra hours" not in found
    assert "0 found" not in words(coordinator.get(f"{address}?organisation={cast.organisation.pk}"))
    response = coordinator.get(f"{address}assurances.csv?state=kept")
    rows = list(csv.DictReader(io.StringIO(b"".join(response.streaming_content).decode("utf-8-sig"))))
    assert [(row["Words"], row["State"], row["For"]) for row in rows] == [("'+ extra hours", "Kept", "everybody")]
    with time_machine.travel(NOW.replace(year=2027), tick=False):
        assert "Given, late" in words(signed_in(cast.coordinator).get(f"{address}?late=yes"))


def test_lists_take_the_same_number_of_queries_for_one_row_and_three(cast):
    address, counts = reverse("commitments:assurance-list"), []
    for more in (1, 2):
        for _ in range(more):
            given(cast)
        client = signed_in(cast.coordinator)
        with CaptureQueriesContext(connection) as caught:
            assert client.get(address).status_code == 200
        counts.append(len(caught))
    assert counts[0] == counts[1]


def test_everybody_reads_what_stands_before_they_book_and_nothing_that_was_only_noted(cast, client):
    given(cast)
    given(cast, by=cast.coordinator, said="Only noted")
    kept = given(cast, said="Done by now")
    propose_kept(assurance=kept, evidence="The rota", by=cast.senior, now=NOW)
    confirm_kept(assurance=kept, by=cast.coordinator, now=NOW)
    page = words(client.get(reverse("commitments:promise-list", args=[cast.programme.slug])))
    assert "We send two people to every meeting" in page
    assert "Done by now" in page
    assert "Only noted" not in page
    assert cast.senior.name not in page  # the role and the organisation are enough for everybody
    session = a_session(cast.programme)
    assert "We send two people" in words(client.get(reverse("attendance:session-book", args=[session.pk])))


def test_everybody_reads_that_a_promise_is_late(cast, client):
    given(cast)
    address = reverse("commitments:promise-list", args=[cast.programme.slug])
    assert "late" not in words(client.get(address))
    with time_machine.travel(NOW.replace(month=12), tick=False):
        assert "Given, late" in words(client.get(address))
