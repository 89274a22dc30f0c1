"""The pages of senior cover: the matrix, asking, and what the mailed link opens."""

import csv
import io
from datetime import date
from urllib.parse import urlsplit

import pytest
import time_machine
from django.urls import reverse

from accounts.links import address_of
from accounts.models import PersonalLink
from attendance.actions import cover
from attendance.messages import cover as messages
from attendance.models import CoverState, SeniorAttendance
from briefings.models import Assistant, CoverRule, ProgrammeRole, SessionState
from history.actions import key_of
from messaging.models import Message
from tests.attendance.places import a_programme, a_session, another_day
from tests.attendance.test_cover import Cast, mails, said
from tests.briefings.factories import NOW, AppointmentFactory, PartnerFactory, SessionFactory
from tests.organisations.factories import OrganisationFactory, OrganisationLeadFactory, PersonFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def cast():
    return Cast()


@pytest.fixture
def coordinator(client, cast):
    client.force_login(cast.coordinator)
    return client


def opened(client, own: SeniorAttendance, person=None) -> str:
    """Open the link of ``own`` as its mail does; return the address of its page."""
    link = PersonalLink.objects.get(purpose="cover", about=key_of(own), person=person or own.person)
    answer = client.get(urlsplit(address_of(link)).path)
    assert answer.status_code == 302
    return answer.url


def show(client, cast, **query):
    return client.get(reverse("attendance:cover-show", args=[cast.programme.slug]), query)


def test_the_matrix_says_who_comes_in_words(coordinator, cast):
    cast.coming()
    page = show(coordinator, cast).content.decode()
    assert page.count("Coming") == 3  # in the matrix, in the one for paper, and beside the name
    assert cast.senior.name in page
    assert "The rule: a senior manager of every partner at every session." in page
    assert "1 of 1" in page


@pytest.mark.parametrize("sessions", [1, 3])
def test_the_matrix_costs_the_same_for_many_sessions(coordinator, cast, sessions, django_assert_max_num_queries):
    for number in range(sessions - 1):
        another_day(cast.programme, date=cast.session.date.replace(day=27 + number))
    with django_assert_max_num_queries(12):
        assert show(coordinator, cast).status_code == 200


def test_a_month_can_be_chosen_and_nonsense_is_no_month(coordinator, cast):
    assert "Thu 26 Nov" in show(coordinator, cast, month="2026-11").content.decode()
    assert "Thu 26 Nov" in show(coordinator, cast, month="all").content.decode()
    assert "Thu 26 Nov" in show(coordinator, cast, month="2026-99").content.decode()


def test_without_sessions_it_says_what_to_do(coordinator, cast):
    cast.session.delete()
    assert "No session to show" in show(coordinator, cast).content.decode()


def test_the_rule_in_numbers(coordinator, cast):
    cast.programme.cover_rule, cast.programme.cover_number = CoverRule.AT_LEAST, 1
    cast.programme.save()
    assert "at least 1 partner at every session" in show(coordinator, cast).content.decode()


def test_what_each_rule_would_mean_is_said_before_it_is_chosen(coordinator, cast, django_assert_max_num_queries):
    PartnerFactory(programme=cast.programme, organisation=OrganisationFactory(name="Zeta Housing"))
    another_day(cast.programme)
    cast.coming()
    address = reverse("attendance:cover-rules", args=[cast.programme.slug])
    with django_assert_max_num_queries(11):
        page = coordinator.get(address).content.decode()
    table = [" ".join(row.split("</tr>")[0].replace("<", " <").split()) for row in page.split("<tr>")[2:]]
    assert "(the rule now)" in table[0]
    assert "2 of 2 sessions to come do not meet it yet" in table[0]
    assert "At least 1 partner at every session" in table[1]
    assert "1 of 2 sessions to come do not meet it yet" in table[1]
    assert "Each partner at 50 per cent of the sessions" in table[3]
    assert "1 of 2 partners are not there often enough yet" in table[3]
    set_up = coordinator.get(reverse("briefings:set-up-change", args=[cast.programme.slug, "cover"]))
    assert address in set_up.content.decode()
    cast.programme.sessions.all().delete()
    assert "No session to come" in coordinator.get(address).content.decode()


def test_the_spreadsheet_read_back_says_what_the_matrix_says(coordinator, cast):
    """One line for each session and partner of its day; names with commas, quotes and formulas come back whole."""
    cast.organisation.name = 'Wren, "Valley" Trust'
    cast.organisation.save()
    cast.senior.name = "=Ada Quotes"
    cast.senior.save()
    later = another_day(cast.programme)
    cast.ask()
    answer = coordinator.get(reverse("attendance:cover-export", args=[cast.programme.slug]))
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    lines = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [
        (line["Date"], line["Organisation"], line["Cover"], line["Senior managers"], line["Meets the rule"])
        for line in lines
    ] == [
        ("2026-11-26", 'Wren, "Valley" Trust', "Asked", "'=Ada Quotes", "no"),
        (later.date.isoformat(), 'Wren, "Valley" Trust', "Nobody", "", "no"),
    ]


def test_the_spreadsheet_names_who_comes_and_not_who_refused(coordinator, cast):
    own = cast.asked()
    cover.answer_not_me(attendance=own, deputy=cast.deputy, by=cast.senior, now=NOW)
    cover.answer_coming(
        attendance=SeniorAttendance.objects.get(person=cast.deputy.person), by=cast.coordinator, now=NOW
    )
    answer = coordinator.get(reverse("attendance:cover-export", args=[cast.programme.slug]))
    (line,) = csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"), newline=""))
    assert (line["Cover"], line["Senior managers"]) == ("Coming", cast.deputy.person.name)


def test_gaps_alone_and_one_organisation_can_be_chosen(coordinator, cast):
    other = PartnerFactory(programme=cast.programme, organisation=OrganisationFactory(name="Zeta Housing"))
    later = another_day(cast.programme)
    cast.coming()
    page = show(coordinator, cast, organisation=other.organisation_id).content.decode()
    assert "Tue 8 Dec" in page
    assert cast.organisation.name not in page.split("<tbody>")[1].split("</tbody>")[0]
    other.until = date(2026, 11, 1)
    other.save()
    page = show(coordinator, cast, gaps="yes").content.decode()
    assert "Thu 26 Nov" not in page.split('<table class="matrix">')[1]
    assert f"session={later.pk}&amp;organisation={cast.organisation.pk}" in page


def test_all_programmes_stand_in_one_matrix_and_in_one_spreadsheet(coordinator, cast, django_assert_max_num_queries):
    second = a_programme(code="ZZ", cover_rule=CoverRule.NONE)
    AppointmentFactory(programme=second, person=cast.coordinator)
    another_day(second)
    another_day(a_programme(code="HIDDEN"))
    address = reverse("attendance:cover-all")
    with django_assert_max_num_queries(13):
        page = coordinator.get(address).content.decode()
    assert f"{cast.programme.code}<br>Thu 26 Nov" in page
    assert "ZZ<br>Tue 8 Dec" in page
    assert "Not a partner" in page
    assert "HIDDEN" not in page
    page = coordinator.get(address, {"programme": second.pk}).content.decode()
    assert "Thu 26 Nov" not in page
    lines = b"".join(coordinator.get(reverse("attendance:cover-all-export")).streaming_content).decode().splitlines()
    assert len(lines) == 3


def ask(client, cast, **data):
    return client.post(reverse("attendance:cover-ask", args=[cast.programme.slug]), data)


def test_asking_by_ticks_sends_one_mail_each(coordinator, cast):
    other = another_day(cast.programme)
    answer = ask(coordinator, cast, sessions=[cast.session.pk, other.pk], seniors=[cast.mandate.pk, cast.deputy.pk])
    assert answer.status_code == 302
    assert (SeniorAttendance.objects.count(), len(mails(messages.ASKED))) == (4, 2)


def test_whoever_can_is_asked_by_one_tick(coordinator, cast):
    answer = ask(coordinator, cast, sessions=[cast.session.pk], organisations=[cast.organisation.pk])
    assert answer.status_code == 302
    assert len(set(SeniorAttendance.objects.values_list("together", flat=True))) == 1
    assert SeniorAttendance.objects.count() == 2


def test_somebody_must_be_ticked(coordinator, cast):
    page = ask(coordinator, cast, sessions=[cast.session.pk]).content.decode()
    assert "Tick an organisation, or a senior manager by name" in page


def test_a_refusal_keeps_what_was_ticked(coordinator, cast):
    cast.ask()
    other = a_session(cast.programme)
    answer = ask(coordinator, cast, sessions=[other.pk], seniors=[cast.mandate.pk])
    assert answer.status_code == 200
    assert "is asked for another session at that time" in answer.content.decode()
    assert answer.content.decode().count(" checked") == 2


@pytest.mark.parametrize(
    "data", [{"sessions": []}, {"sessions": ["x"], "seniors": ["\x00"]}, {"sessions": ["99999999999999999999"]}]
)
def test_bad_choices_get_a_sentence(coordinator, cast, data):
    answer = ask(coordinator, cast, **data)
    assert answer.status_code == 200
    assert "There is a problem" in answer.content.decode()


def test_a_gap_leads_to_asking_for_that_session(coordinator, cast):
    link = f"{reverse('attendance:cover-ask', args=[cast.programme.slug])}?session={cast.session.pk}"
    assert link in show(coordinator, cast).content.decode()
    assert "checked" in coordinator.get(link).content.decode()


def test_senior_managers_are_asked_for_a_draft_before_it_opens(
    coordinator, client, cast, django_assert_max_num_queries
):
    """As the plan goes: sessions are planned, covered, opened. What is never opened is asked for no more."""
    draft = SessionFactory(programme=cast.programme, date=date(2026, 12, 8), state=SessionState.DRAFT)
    SessionFactory(programme=cast.programme, date=date(2026, 10, 1), state=SessionState.DRAFT)
    page = show(coordinator, cast).content.decode()
    assert "Tue 8 Dec<br>morning<br>draft" in page
    assert "Ask for Tuesday 8 December 2026, morning, draft" in page
    assert "1 Oct" not in show(coordinator, cast, month="all").content.decode()
    propose = coordinator.get(reverse("attendance:cover-propose", args=[cast.programme.slug]), {"month": "2026-12"})
    assert "9:30am to 12:30pm, draft: " in propose.content.decode()
    address = reverse("attendance:cover-ask", args=[cast.programme.slug])
    assert coordinator.post(address, {"sessions": draft.pk, "seniors": cast.mandate.pk}).status_code == 302
    own = SeniorAttendance.objects.get(session=draft)
    export = coordinator.get(reverse("attendance:cover-export", args=[cast.programme.slug]))
    text = b"".join(export.streaming_content).decode("utf-8-sig")
    lines = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [(line["State"], line["Cover"]) for line in lines] == [("Open", "Nobody"), ("Draft", "Asked")]
    client.logout()
    link = opened(client, own)
    assert "Tuesday 8 December 2026" in client.get(link).content.decode()
    assert client.get(f"{link}brief/").status_code == 200
    client.post(f"{link}coming/")
    own.refresh_from_db()
    assert own.state == CoverState.COMING


def test_somebody_is_not_needed_any_more(coordinator, cast):
    own = cast.coming()
    coordinator.post(reverse("attendance:cover-withdraw", args=[cast.programme.slug, own.pk]))
    own.refresh_from_db()
    assert own.state == CoverState.WITHDRAWN


def test_opening_the_link_changes_nothing(client, cast):
    own = cast.asked()
    before = Message.objects.count()
    for _ in range(2):
        client.head(opened(client, own))
        page = client.get(opened(client, own)).content.decode()
    own.refresh_from_db()
    assert (own.state, Message.objects.count()) == (CoverState.ASKED, before)
    assert "I am coming" in page
    assert "Not me, ask a colleague" in page


@pytest.mark.parametrize(
    ("answer", "state", "words"),
    [("coming/", CoverState.COMING, "on its way by e-mail"), ("cannot/", CoverState.APOLOGIES, "Thank you for saying")],
)
def test_an_answer_is_one_press(client, cast, answer, state, words):
    own = cast.asked()
    page = client.post(opened(client, own) + answer, follow=True).content.decode()
    own.refresh_from_db()
    assert own.state == state
    assert words in page


def test_the_page_says_what_was_answered_and_leads_to_a_promise_once_the_session_has_begun(client, cast):
    own = cast.coming()
    page, promise = opened(client, own), "Give an assurance in this session"
    before = client.get(page).content.decode()
    assert "<h1>You are coming</h1>" in before
    assert "<title>You are coming" in before
    assert promise not in before
    with time_machine.travel(cast.session.during.lower, tick=False):
        there = client.get(opened(client, own)).content.decode()  # the mail is opened again on the day
    give = reverse("commitments:assurance-give", args=[cast.programme.slug])
    assert promise in there
    assert "<h1>You said yes</h1>" in there
    assert f'href="{give}?session={cast.session.pk}"' in there
    client.post(f"{opened(client, own)}cannot/")
    assert "<h1>You do not come</h1>" in client.get(page).content.decode()
    with time_machine.travel(cast.session.during.lower, tick=False):
        assert promise not in client.get(opened(client, own)).content.decode()


def test_a_request_that_nobody_answered_asks_nothing_once_the_session_has_begun(client, cast):
    own, during = cast.asked(), cast.session.during
    assert "<h1>Can you come?</h1>" in client.get(opened(client, own)).content.decode()
    for at, words in ((during.lower, "has begun"), (during.upper, "has been")):
        with time_machine.travel(at, tick=False):
            page = client.get(opened(client, own)).content.decode()
        assert f"<h1>The session {words}</h1>" in page
        assert "This request was not answered, and need not be any more." in page
        assert ("I am coming" in page, "Can you come" in page) == (False, False)
    cast.session.state = SessionState.CANCELLED
    cast.session.save()
    page = client.get(opened(client, own)).content.decode()
    assert "<h1>Not needed</h1>" in page
    assert "There is nothing to do." in page


def test_an_assistant_reads_who_is_not_needed(client, cast):
    assistant = PersonFactory()
    Assistant.objects.create(programme=cast.programme, senior=cast.senior, person=assistant, since=date(2026, 1, 1))
    own = cast.asked()
    cover.withdraw_request(attendance=own, by=cast.coordinator, now=NOW)
    for person, words in ((assistant, f"{cast.senior.name} is not needed at"), (cast.senior, "You are not needed at")):
        assert words in client.get(opened(client, own, person)).content.decode()


def test_what_was_answered_is_said_once(client, cast):
    """The heading says it: no mark below says it again."""
    own = cast.coming()
    for state in CoverState:
        SeniorAttendance.objects.filter(pk=own.pk).update(state=state)
        assert 'class="tag ' not in client.get(opened(client, own)).content.decode()


def test_a_refusal_is_said_on_the_page(client, cast):
    own = cast.asked()
    path = opened(client, own)
    cover.withdraw_request(attendance=own, by=cast.coordinator, now=NOW)
    page = client.post(f"{path}coming/", follow=True).content.decode()
    assert "You are not asked for this session any more" in page


def test_passing_it_on_to_a_colleague(client, cast):
    own = cast.asked()
    path = opened(client, own)
    assert cast.deputy.person.name in client.get(f"{path}not-me/").content.decode()
    page = client.post(f"{path}not-me/", {"deputy": cast.deputy.pk}, follow=True).content.decode()
    assert f"We ask {cast.deputy.person.name} by e-mail" in page
    own.refresh_from_db()
    assert own.deputy.person == cast.deputy.person
    answer = client.post(f"{path}not-me/", {"deputy": cast.mandate.pk})
    assert "There is a problem" in answer.content.decode()


def test_the_mail_to_coordinators_leads_to_the_matrix(cast):
    cover.answer_cannot(attendance=cast.asked(), by=cast.senior, now=NOW)
    assert f"/programmes/{cast.programme.slug}/cover/" in said(mails(messages.APOLOGIES)[0]).text


def test_who_would_be_next_is_asked_in_one_press(coordinator, cast):
    own = cast.asked()
    cover.answer_cannot(attendance=own, by=cast.senior, now=NOW)
    address = reverse("attendance:cover-next", args=[cast.programme.slug, own.pk])
    page = coordinator.get(address).content.decode()
    assert f"{cast.senior.name} cannot come" in page
    assert "first request" in page
    assert "checked" in page
    answer = coordinator.post(address, {"mandate": cast.deputy.pk})
    assert answer.url == reverse("attendance:cover-show", args=[cast.programme.slug])
    assert SeniorAttendance.objects.get(person=cast.deputy.person).state == CoverState.ASKED
    page = coordinator.get(address).content.decode()
    assert f"{cast.deputy.person.name} is asked already" in page


def test_the_gap_that_a_refusal_leaves_leads_to_who_is_next(coordinator, cast):
    own = cast.asked()
    cover.answer_cannot(attendance=own, by=cast.senior, now=NOW)
    following = reverse("attendance:cover-next", args=[cast.programme.slug, own.pk])
    assert f'<a href="{following}">Apologies</a>' in show(coordinator, cast).content.decode()
    overview = reverse("desk:programme-show", args=[cast.programme.slug])
    assert f'<a href="{following}">Apologies</a>' in coordinator.get(overview).content.decode()
    board = AppointmentFactory(programme=cast.programme, role=ProgrammeRole.BOARD).person
    coordinator.force_login(board)
    assert "Apologies</td>" in coordinator.get(overview).content.decode()


def test_letting_go_too_late_is_explained(coordinator, cast):
    own = cast.coming()
    address = reverse("attendance:cover-withdraw", args=[cast.programme.slug, own.pk])
    with time_machine.travel(cast.session.during.lower, tick=False):
        coordinator.force_login(cast.coordinator)
        assert "has begun, is over or is cancelled" in coordinator.post(address, follow=True).content.decode()


def test_nobody_is_to_be_asked_for_a_session_that_has_begun(coordinator, cast):
    gap = f"?session={cast.session.pk}&amp;organisation="
    assert gap in show(coordinator, cast).content.decode()
    with time_machine.travel(cast.session.during.lower, tick=False):
        coordinator.force_login(cast.coordinator)
        page = show(coordinator, cast).content.decode()
    assert "Thu 26 Nov" in page
    assert gap not in page
    assert "Sessions that need somebody" not in page


def test_where_nobody_is_next_the_page_says_whom_to_talk_to(coordinator, cast):
    own = cast.asked()
    cover.answer_cannot(attendance=own, by=cast.senior, now=NOW)
    cast.deputy.delete()
    lead = OrganisationLeadFactory(organisation=cast.organisation)
    address = reverse("attendance:cover-next", args=[cast.programme.slug, own.pk])
    page = coordinator.get(address).content.decode()
    assert "can be asked: each senior manager is busy then" in page
    assert f"Talk to {lead.person.name}, who leads" in page
    assert coordinator.post(address, {"mandate": cast.mandate.pk}).status_code == 422


def test_nobody_is_next_for_what_is_over(coordinator, cast):
    own = cast.asked()
    address = reverse("attendance:cover-next", args=[cast.programme.slug, own.pk])
    with time_machine.travel(cast.session.during.lower, tick=False):
        coordinator.force_login(cast.coordinator)
        assert "This session has begun or is over" in coordinator.get(address).content.decode()
        page = coordinator.post(address, {"mandate": cast.deputy.pk})
    assert "has begun, is over or is cancelled" in page.content.decode()


def test_an_organisation_without_a_session_there_has_nothing_to_show(coordinator, cast):
    """It is a partner of another programme, or there is no session at all."""
    second = a_programme()
    AppointmentFactory(programme=second, person=cast.coordinator)
    another_day(second)
    chosen = {"programme": second.pk, "organisation": cast.organisation.pk}
    assert "No session to show" in coordinator.get(reverse("attendance:cover-all"), chosen).content.decode()
    cast.session.delete()
    assert "No session to show" in show(coordinator, cast, organisation=cast.organisation.pk).content.decode()


def test_gaps_of_all_programmes_lead_to_asking_in_those_that_one_runs(coordinator, cast):
    seen = a_programme()
    AppointmentFactory(programme=seen, person=cast.coordinator, role=ProgrammeRole.BOARD)
    other = another_day(seen)
    page = coordinator.get(reverse("attendance:cover-all")).content.decode()
    assert f"?session={cast.session.pk}&amp;organisation=" in page
    assert f"?session={other.pk}&amp;organisation=" not in page


def test_who_is_asked_stands_in_pages(coordinator, cast):
    people = PersonFactory.create_batch(26)
    SeniorAttendance.objects.bulk_create(
        SeniorAttendance(session=cast.session, organisation=cast.organisation, person=person, asked_at=NOW)
        for person in people
    )
    on_page = [show(coordinator, cast, page=number).content.decode() for number in (1, 2)]
    assert [page.count("Not needed") for page in on_page] == [25, 1]
    assert "1 to 25 of 26" in on_page[0]
    assert show(coordinator, cast, page="no number").status_code == 200
