"""The pages of inviting: what they show, carry along and refuse."""

import re
import uuid

import pytest
from django.urls import reverse

from attendance.models import Invitation, InvitationAnswer, InvitationRound, RoundState
from history.actions import record
from history.models import Look
from messaging.models import Message
from tests.attendance.inviting import a_place, a_programme, a_written_round, an_eligible, an_open_session, has_left
from tests.briefings.factories import NOW, AppointmentFactory
from tests.organisations.factories import PersonFactory, ProfessionFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def at_that_time(monkeypatch):
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)


@pytest.fixture
def programme():
    return a_programme()


@pytest.fixture
def coordinator(client, programme):
    person = PersonFactory(name="Carys Coordinator")
    AppointmentFactory(programme=programme, person=person)
    client.force_login(person)
    return person


def address(name: str, programme, *rest) -> str:
    return reverse(f"attendance:{name}", args=[programme.slug, *rest])


def text_of(answer) -> str:
    body = re.sub(r"<(script|style).*?</\1>", " ", answer.content.decode(), flags=re.S)
    return " ".join(re.sub(r"<[^>]+>", " ", body).split())


WORDS = {"who": "new", "subject": "Come and hear", "introduction": "A new plan."}


class TestChoosing:
    def test_says_how_many_and_who_is_left_out(self, client, coordinator, programme):
        an_eligible(programme)
        a_place(an_eligible(programme), programme.sessions.get())
        said = text_of(client.get(address("round-choose", programme)))
        assert "1 of 2 eligible people will be invited" in said
        assert "1 : Holds a place, or waits for one" in said

    def test_a_choice_that_cannot_be_read_invites_nobody(self, client, coordinator, programme):
        an_eligible(programme)
        for value in ("987654321", "x", "\x00", "9" * 40):
            query = {"who": "new", "organisations": value}
            assert client.get(address("round-choose", programme), query).status_code == 422
            assert client.get(address("round-words", programme), query).status_code == 422
            sent = {**WORDS, **query, "do": "send", "press": uuid.uuid4()}
            assert client.post(address("round-words", programme), sent).status_code == 422
        assert InvitationRound.objects.count() == 0

    def test_joined_since_only_after_a_first_round(self, client, coordinator, programme):
        assert client.get(address("round-choose", programme), {"who": "joined"}).status_code == 422
        an_eligible(programme)
        a_written_round(programme)
        assert client.get(address("round-choose", programme), {"who": "joined"}).status_code == 200

    def test_left_out_by_name_and_reason_leaves_a_trace(self, client, coordinator, programme):
        booked = an_eligible(programme, person=PersonFactory(name="Beatrix <b>Makebelieve</b>"))
        a_place(booked, programme.sessions.get())
        an_eligible(programme, person=PersonFactory(email=None))
        answer = client.get(address("round-left-out", programme), {"who": "new", "reason": "holds_place"})
        assert b"Beatrix &lt;b&gt;Makebelieve&lt;/b&gt;" in answer.content
        assert "1 person left out" in text_of(answer)
        assert [look.person for look in Look.objects.all()] == [f"accounts.person:{booked.pk}"]
        assert "2 people left out" in text_of(client.get(address("round-left-out", programme), {"who": "new"}))

    def test_without_a_choice_left_out_leads_to_choosing(self, client, coordinator, programme):
        answer = client.get(address("round-left-out", programme))
        assert (answer.status_code, answer["Location"]) == (302, address("round-choose", programme))


class TestWords:
    def test_preview_as_the_first_of_them_will_get_it(self, client, coordinator, programme):
        person = an_eligible(programme)
        said = client.get(address("round-words", programme), {"who": "new"})
        assert f"As {person.name} will get it" in text_of(said)
        assert "gave us your name, your work address" in text_of(said)
        sent = {**WORDS, "introduction": "Typed <just> now", "do": "preview"}
        said = client.post(address("round-words", programme), sent)
        assert b"<p>Typed &lt;just&gt; now</p>" in said.content
        assert [look.page for look in Look.objects.all()] == ["attendance:round-words"] * 2
        assert b"/i/" not in said.content

    def test_nobody_to_invite_and_nothing_to_choose(self, client, coordinator, programme):
        query = {"who": "new"}
        assert "Nobody is left to invite" in text_of(client.get(address("round-words", programme), query))
        an_eligible(programme)
        programme.sessions.update(state="draft")
        assert "No session is open for booking yet" in text_of(client.get(address("round-words", programme), query))

    @pytest.mark.parametrize(
        ("typed", "sentence"),
        [
            ({"subject": ""}, "Enter the subject"),
            ({"subject": "x" * 151}, "Subject must be 150 characters or less. It has 151"),
            ({"introduction": "x" * 3001}, "Introduction must be 3000 characters or less. It has 3001"),
            ({"subject": "Come\x07"}, "Subject has a character that cannot be seen (U+0007)"),
        ],
    )
    def test_what_is_wrong_is_said_and_the_rest_is_kept(self, client, coordinator, programme, typed, sentence):
        an_eligible(programme)
        answer = client.post(address("round-words", programme), {**WORDS, **typed, "do": "check"})
        assert answer.status_code == 422
        assert sentence in text_of(answer)
        kept = "A new plan." if "subject" in typed else "Come and hear"
        assert kept in answer.content.decode()

    def test_check_then_send(self, client, coordinator, programme):
        an_eligible(programme)
        checked = client.post(address("round-words", programme), {**WORDS, "do": "check"})
        assert "Invite 1 person" in text_of(checked)
        assert "5 and 10 working days after the invitation" in text_of(checked)
        assert InvitationRound.objects.count() == 0
        press = re.search(r'name="press" value="([^"]+)"', checked.content.decode())[1]
        for _ in range(2):
            sent = client.post(address("round-words", programme), {**WORDS, "do": "send", "press": press})
            made = InvitationRound.objects.get()
            assert (sent.status_code, sent["Location"]) == (302, address("round-show", programme, made.pk))
        assert (made.subject, made.introduction, made.made_by) == ("Come and hear", "A new plan.", coordinator)

    def test_back_to_the_words_keeps_them(self, client, coordinator, programme):
        an_eligible(programme)
        answer = client.post(address("round-words", programme), {**WORDS, "do": "edit"})
        assert 'value="Come and hear"' in answer.content.decode()

    def test_a_press_that_is_none_is_asked_for_again(self, client, coordinator, programme):
        an_eligible(programme)
        for press in ("", "x", "\x00"):
            answer = client.post(address("round-words", programme), {**WORDS, "do": "send", "press": press})
            assert (answer.status_code, InvitationRound.objects.count()) == (200, 0)

    def test_what_the_action_refuses_is_said(self, client, coordinator, programme):
        answer = client.post(address("round-words", programme), {**WORDS, "do": "send", "press": uuid.uuid4()})
        assert answer.status_code == 422
        assert "Nobody is left to invite with this choice" in text_of(answer)

    def test_a_get_or_another_button_sends_nothing(self, client, coordinator, programme):
        an_eligible(programme)
        client.get(address("round-words", programme), {**WORDS, "do": "send", "press": uuid.uuid4()})
        client.post(address("round-words", programme), {**WORDS, "do": "else", "press": uuid.uuid4()})
        client.post(address("round-words", programme), {**WORDS, "press": uuid.uuid4()})
        assert InvitationRound.objects.count() == 0


class TestRounds:
    def test_figures_of_a_round(self, client, coordinator, programme):
        for _ in range(4):
            an_eligible(programme)
        made = a_written_round(programme)
        first, second, third, _ = Invitation.objects.order_by("pk")
        for invitation in (first, second, third):
            has_left(invitation)
        a_place(first.person, programme.sessions.get())
        Invitation.objects.filter(pk=second.pk).update(answer=InvitationAnswer.NONE_SUITS, answered_at=NOW)
        said = text_of(client.get(address("round-show", programme, made.pk)))
        assert "What was done with this round Invited people Amina Samplewood" in said
        assert "3 of 4 done" in said
        assert "Sent 3 On the way 1 Could not be delivered 0 Withdrawn 0" in said
        assert "1 of 3 who were mailed holds a place" in said
        assert "1 said no 1 has not answered yet" in said
        row = text_of(client.get(address("round-list", programme)))
        assert "3 of 4 sent" in row
        assert "Going out" in row

    def test_the_part_that_is_asked_for_again(self, client, coordinator, programme):
        an_eligible(programme)
        made = a_written_round(programme)
        part = client.get(address("round-show", programme, made.pk), headers={"HX-Request": "true"})
        assert part.content.lstrip().startswith(b"<div")
        assert b"hx-trigger" in part.content
        Message.objects.update(state="withheld", reason="not_eligible")
        part = client.get(address("round-show", programme, made.pk), headers={"HX-Request": "true"})
        assert b"hx-trigger" not in part.content

    def test_pause_go_on_stop(self, client, coordinator, programme):
        an_eligible(programme)
        made = a_written_round(programme)
        here = address("round-show", programme, made.pk)
        for name, state in (("pause", RoundState.PAUSED), ("go-on", RoundState.SENDING), ("stop", RoundState.STOPPED)):
            answer = client.post(address(f"round-{name}", programme, made.pk))
            assert (answer.status_code, answer["Location"]) == (302, here)
            made.refresh_from_db()
            assert made.state == state
        client.post(address("round-pause", programme, made.pk))
        assert "This round has been stopped" in text_of(client.get(here))
        assert client.get(address("round-stop", programme, made.pk))["Location"] == here

    def test_stopping_asks_first(self, client, coordinator, programme):
        an_eligible(programme)
        made = a_written_round(programme)
        said = text_of(client.get(address("round-stop", programme, made.pk)))
        assert "Sent already 0 of 1 Will not go out 1" in said
        made.refresh_from_db()
        assert made.state == RoundState.SENDING

    def test_a_list_takes_as_many_queries_for_three_as_for_one(
        self, client, coordinator, programme, django_assert_num_queries
    ):
        an_eligible(programme)
        a_written_round(programme)
        client.get(address("round-list", programme))  # the first request of a session writes when it was
        with django_assert_num_queries(QUERIES_OF_A_LIST):
            client.get(address("round-list", programme))
        for _ in range(2):
            an_eligible(programme)
            a_written_round(programme)
        with django_assert_num_queries(QUERIES_OF_A_LIST):
            client.get(address("round-list", programme))


QUERIES_OF_A_LIST = 11


@pytest.mark.parametrize(("name", "queries"), [("round-left-out", 12), ("answer-list", 9), ("round-choose", 10)])
def test_lists_of_people_take_as_many_queries_for_three_as_for_one(
    client, coordinator, programme, django_assert_num_queries, name, queries
):
    work = ProfessionFactory()
    for count in (1, 3):
        while Invitation.objects.count() < count:
            person = an_eligible(programme, profession=work)
            Invitation.objects.create(
                programme=programme, person=person, invited_at=NOW, answer="none_suits", answered_at=NOW
            )
        client.get(address(name, programme), {"who": "new"})
        with django_assert_num_queries(queries):
            client.get(address(name, programme), {"who": "new"})


class TestAnswers:
    @pytest.fixture
    def said_no(self, programme):
        person = an_eligible(programme, person=PersonFactory(name="=cmd()"))
        Invitation.objects.create(
            programme=programme,
            person=person,
            invited_at=NOW,
            answer=InvitationAnswer.NOT_FOR_ME,
            answered_at=NOW,
        )
        return person

    def test_who_said_no(self, client, coordinator, programme, said_no):
        said = text_of(client.get(address("answer-list", programme)))
        assert "1 answer" in said
        assert "Not for me 2 November 2026" in said
        record(by=coordinator, verb="answered_invitation", about=Invitation.objects.get(), now=NOW)
        said = text_of(client.get(address("answer-list", programme)))
        assert "Not for me Said to Carys Coordinator 2 November 2026" in said
        Look.objects.all().delete()
        client.get(address("answer-list", programme))
        other = text_of(client.get(address("answer-list", programme), {"answer": "none_suits"}))
        assert "Nothing matches what you looked for" in other
        assert [look.page for look in Look.objects.all()] == ["attendance:answer-list"]

    def test_as_a_file_without_formulas_with_who_said_it(self, client, coordinator, programme, said_no):
        invitation = Invitation.objects.get()
        record(by=coordinator, verb="answered_invitation", about=invitation, now=NOW)
        answer = client.get(address("answer-export", programme))
        lines = b"".join(answer).decode("utf-8-sig").splitlines()
        work = said_no.affiliations.get()
        cells = f"'=cmd(),{said_no.email},{work.organisation},{work.profession},Not for me,Carys Coordinator,2026-11-02"
        assert lines == ["Name,E-mail address,Organisation,Profession,Answer,Said by,Date", cells]
        assert [look.page for look in Look.objects.all()] == ["attendance:answer-export"]


class TestLinkAgain:
    URL = "/invitations/again/"

    def test_the_same_answer_whether_known_or_not(self, client):
        PersonFactory(email="amina@example.org")
        answers = [client.post(self.URL, {"email": email}) for email in ("amina@example.org", "nobody@example.org")]
        assert [(answer.status_code, answer["Location"]) for answer in answers] == [(302, f"{self.URL}sent/")] * 2
        assert Message.objects.count() == 2

    def test_beyond_the_limit_the_answer_stays_the_same(self, client):
        for number in range(8):
            Message.objects.all().delete()
            answer = client.post(self.URL, {"email": "Amina@example.org "})
            assert answer.status_code == 302
            assert Message.objects.count() == (1 if number < 5 else 0)

    @pytest.mark.parametrize("email", ["", "x", "a\x00b@example.org", "a@" + "b" * 300])
    def test_what_is_no_address_is_said(self, client, email):
        answer = client.post(self.URL, {"email": email})
        assert (answer.status_code, Message.objects.count()) == (422, 0)
        assert "There is a problem" in text_of(answer)

    def test_its_pages_need_no_sign_in(self, client):
        assert client.get(self.URL).status_code == client.get(f"{self.URL}sent/").status_code == 200


def test_another_open_session_is_counted(client, coordinator, programme):
    programme.sessions.all().delete()
    assert "No session is open" in text_of(client.get(address("round-list", programme)))
    an_open_session(programme)
    assert "No session is open" not in text_of(client.get(address("round-list", programme)))
