"""A series: who starts, changes and gets it; the author's role holds there and nowhere else."""

import uuid

import pytest
import time_machine

from communications.actions.series import (
    About,
    CreditClashes,
    NobodyToAsk,
    NotTheirs,
    change_series,
    give_series,
    seal_of,
    start_series,
)
from communications.licences import TERMS, CreditRule, Licence
from communications.rules.posts import can_write
from messaging.delivery import deliver_due
from messaging.models import Message
from tests.briefings.factories import NOW, AppointmentFactory
from tests.commitments.pages import signed_in
from tests.communications.factories import Desk
from tests.organisations.factories import PersonFactory

pytestmark = pytest.mark.django_db
ABOUT = About(title="Records", author_name="Meredith", credit_line="Meredith")


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def desk():
    return Desk()


def again(person):
    """Return the person as the next request loads them: roles are asked for once each."""
    return type(person).objects.get(pk=person.pk)


def test_the_author_is_told_and_writes_this_series_alone(desk):
    mail = Message.objects.get(kind="communications.author")
    assert mail.person == desk.author
    deliver_due()
    mail.refresh_from_db()
    assert "You write the series" in mail.subject
    author = again(desk.author)
    assert can_write(author, desk.series)
    other = start_series(programme=desk.programme, about=ABOUT, author=desk.coordinator, by=desk.coordinator, now=NOW)
    assert not can_write(author, other)
    assert can_write(desk.coordinator, other)
    assert Message.objects.filter(kind="communications.author").count() == 1, "nobody is told what they did themselves"
    foreign = AppointmentFactory().person
    assert not can_write(foreign, other)


def test_a_series_of_no_programme_is_the_administrators(desk):
    with pytest.raises(NotTheirs):
        start_series(programme=None, about=ABOUT, author=desk.author, by=desk.coordinator, now=NOW)
    administrator = PersonFactory(administrator=True)
    made = start_series(programme=None, about=ABOUT, author=desk.author, by=administrator, now=NOW)
    assert can_write(again(desk.author), made)
    assert not can_write(desk.coordinator, made)
    assert (made.zone, made.slug) == ("Europe/London", "records")


def test_a_series_that_is_given_away_is_the_others(desk):
    heir = PersonFactory()
    with pytest.raises(NotTheirs):
        give_series(series=desk.series, author=heir, by=again(desk.author), now=NOW)
    give_series(series=desk.series, author=heir, by=desk.coordinator, now=NOW)
    assert can_write(again(heir), desk.series)
    desk.series.refresh_from_db()
    assert not can_write(again(desk.author), desk.series)
    assert desk.series.author_name == "Meredith Archer", "the name that readers know stays"
    assert give_series(series=desk.series, author=heir, by=desk.coordinator, now=NOW).author == heir
    deliver_due()
    states = dict(Message.objects.filter(kind="communications.author").values_list("person", "state"))
    assert states == {heir.pk: "sent", desk.author.pk: "withheld"}, "who does not write it any more is not told so"


@pytest.mark.parametrize("licence", Licence)
def test_a_licence_goes_with_some_rules_of_credit_alone(desk, licence):
    for rule in CreditRule:
        about = About(**{**ABOUT.__dict__, "licence": licence, "credit_rule": rule, "ask_whom": "the team"})
        if rule in TERMS[licence].credit:
            kept = change_series(series=desk.series, about=about, by=desk.author, now=NOW)
            assert (kept.licence, kept.credit_rule) == (licence, rule)
        else:
            with pytest.raises(CreditClashes):
                change_series(series=desk.series, about=about, by=desk.author, now=NOW)


def test_who_reserves_all_rights_says_whom_to_ask(desk):
    about = About(**{**ABOUT.__dict__, "licence": Licence.RESERVED})
    with pytest.raises(NobodyToAsk):
        change_series(series=desk.series, about=about, by=desk.author, now=NOW)
    with pytest.raises(NotTheirs):
        change_series(series=desk.series, about=ABOUT, by=desk.stranger, now=NOW)


def test_by_the_pages_a_series_is_started_changed_and_given(desk):
    client = signed_in(desk.coordinator)
    sent = {"title": "Spring", "author_name": "Joss Vale", "licence": "cc-by", "credit_rule": "not_needed",
            "credit_line": "Joss Vale", "email": "joss@example.org"}  # fmt: skip
    page = f"/programmes/{desk.programme.slug}/writing/new/"
    answer = client.post(page, sent)
    assert answer.status_code == 422
    assert "This licence requires credit" in answer.content.decode()
    answer = client.post(page, {**sent, "credit_rule": "required"})
    made = desk.programme.post_series.get(slug="spring")
    assert answer["Location"] == f"/writing/{made.pk}/"
    assert (made.author.name, made.author.email) == ("Joss Vale", "joss@example.org")
    reserved = {**sent, "credit_rule": "required", "licence": "reserved"}
    answer = client.post(f"/writing/{made.pk}/change/", reserved)
    assert "Enter whom to ask" in answer.content.decode()
    client.post(f"/writing/{made.pk}/change/", {**reserved, "ask_whom": "records@example.org"})
    made.refresh_from_db()
    assert made.licence == "reserved"
    answer = client.post(f"/writing/{made.pk}/author/", {"email": "new@example.org"})
    assert "Enter the full name" in answer.content.decode()
    client.post(f"/writing/{made.pk}/author/", {"email": desk.author.email})
    made.refresh_from_db()
    assert made.author == desk.author
    assert "Spring" in signed_in(desk.author).get("/writing/").content.decode()


def test_two_who_change_the_series_at_once_lose_no_words(desk):
    client, path = signed_in(desk.author), f"/writing/{desk.series.pk}/change/"
    seen = seal_of(desk.series)
    change_series(series=desk.series, about=ABOUT, by=desk.coordinator, now=NOW)
    sent = {"title": "Mine", "author_name": "M", "licence": "cc-by", "credit_rule": "required", "credit_line": "M"}
    answer = client.post(path, {**sent, "seen": seen})
    assert answer.status_code == 422
    said = answer.content.decode()
    assert "Somebody has changed the series" in said
    assert 'value="Mine"' in said
    desk.series.refresh_from_db()
    assert desk.series.title == "Records"
    assert f'value="{seal_of(desk.series)}"' in said
    assert client.post(path, {**sent, "seen": seal_of(desk.series)}).status_code == 302


def test_a_second_press_starts_nothing_twice(desk):
    client = signed_in(desk.coordinator)
    for path, sent in (
        (f"/writing/{desk.series.pk}/new/", {"title": "Pears", "words": "One"}),
        (
            f"/programmes/{desk.programme.slug}/writing/new/",
            {"title": "Spring", "author_name": "M", "licence": "cc-by", "credit_rule": "required", "credit_line": "M",
             "email": desk.author.email},
        ),
    ):  # fmt: skip
        sent["press"] = str(uuid.uuid4())
        assert {client.post(path, sent)["Location"] for _ in range(3)} != set()
    assert (desk.series.posts.count(), desk.programme.post_series.count()) == (1, 2)
    look = {"title": "Two", "words": "Two", "press": str(uuid.uuid4())}
    assert client.post(f"/writing/{desk.series.pk}/new/", {**look, "preview": "yes"}).status_code == 200
    assert client.post(f"/writing/{desk.series.pk}/new/", look).status_code == 302, "a look uses nothing up"


@pytest.mark.parametrize("number", [1, 3])
def test_the_list_costs_the_same_whatever_it_holds(desk, number, django_assert_num_queries):
    for each in range(number - 1):
        desk.start(title=f"Series {each}")
    client = signed_in(desk.author)
    client.get("/writing/")
    with django_assert_num_queries(9):
        assert client.get("/writing/").content.decode().count("of 0") == number
