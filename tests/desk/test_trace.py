import csv
import io

import pytest
from django.urls import get_resolver, reverse

from attendance.models import Invitation
from desk.pages import _NAMES, page_in_words
from history.actions import CLOCK, look, record
from history.models import Look
from tests.cast import NOW, make_cast

pytestmark = pytest.mark.django_db
LOOKS, CHANGES = reverse("desk:trace-list"), reverse("desk:change-list")


@pytest.fixture
def cast(time_machine):
    time_machine.move_to(NOW)
    cast = make_cast()
    look(by=cast.coordinator, at=cast.senior, page="briefings:person-list", now=NOW)
    look(by=cast.other, at=cast.other_lead, page="messaging:message-show", now=NOW)
    record(by=cast.coordinator, verb="opened", about=cast.session, now=NOW, fields=["room", "date"])
    record(by=CLOCK, verb="gave_up", about=cast.other_session, now=NOW, reason="too_late")
    return cast


def shown(client, address, **asked):
    return [(row["who"], row.get("whom") or row["object"]) for row in client.get(address, asked).context["rows"]]


def test_an_administrator_sees_all_and_an_officer_the_own_programme(cast, client):
    client.force_login(cast.administrator)
    assert len(shown(client, LOOKS)) == 2
    assert len(shown(client, CHANGES)) >= 2
    client.force_login(cast.governance)
    assert shown(client, LOOKS) == [("coordinator Castmember", "senior Castmember")]
    assert shown(client, CHANGES) == [("coordinator Castmember", f"Session {cast.session.pk}")]


def test_whoever_was_invited_belongs_to_the_programme(cast, client):
    Invitation.objects.create(programme=cast.programme, person=cast.practitioner, invited_at=NOW)
    look(by=cast.facilitator, at=cast.practitioner, page="x:y-z", now=NOW)
    client.force_login(cast.governance)
    assert ("facilitator Castmember", "practitioner Castmember") in shown(client, LOOKS)


@pytest.mark.parametrize(
    ("asked", "count"),
    [
        ({"who": "coordinator"}, 1), ({"person": "other_lead"}, 1), ({"who": "nobody"}, 0), ({"about": "nonsense"}, 2),
        ({"since_day": "1", "since_month": "1", "since_year": "2000"}, 2), ({"person": "\x00"}, 2),
        ({"until_day": "1", "until_month": "1", "until_year": "2000"}, 0), ({"since_day": "99"}, 2),
        ({"until_day": "31", "until_month": "12", "until_year": "9999"}, 2), ({"page": "-3"}, 2),
    ],
)  # fmt: skip
def test_each_filter_narrows_and_nonsense_does_not(cast, client, asked, count):
    client.force_login(cast.administrator)
    assert len(shown(client, LOOKS, **asked)) == count


def test_changes_are_told_in_words(cast, client):
    client.force_login(cast.administrator)
    assert shown(client, CHANGES, about=f"briefings.session:{cast.other_session.pk}")[0][0] == "Briefing Hub"
    text = client.get(CHANGES, {"about": f"briefings.session:{cast.session.pk}"}).text
    assert "Opened: date, room" in text


def test_both_lists_are_downloaded_without_formulas(cast, client):
    cast.senior.name = "=1+1"
    cast.senior.save(update_fields=["name"])
    client.force_login(cast.governance)
    for name, words in (("trace", "'=1+1"), ("change", "coordinator Castmember")):
        text = b"".join(client.get(reverse(f"desk:{name}-download"))).decode("utf-8-sig")
        lines = list(csv.reader(io.StringIO(text)))
        assert words in lines[1]


def test_who_is_erased_has_no_name(cast, client):
    Look.objects.create(
        at=NOW, actor="accounts.person:999999", person=f"accounts.person:{cast.senior.pk}", page="a:b-c"
    )
    client.force_login(cast.governance)
    assert ("Somebody whose details were deleted", "senior Castmember") in shown(client, LOOKS)


def test_the_list_asks_the_same_however_many(cast, client, django_assert_max_num_queries):
    client.force_login(cast.administrator)
    for person in (cast.board, cast.lead, cast.practitioner):
        with django_assert_max_num_queries(9):
            client.get(LOOKS)
        look(by=cast.facilitator, at=person, page="x:y-z", now=NOW)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("organisations:person-list", "List of people"), ("messaging:message-list", "List of messages"),
        ("attendance:register-show", "Register"), ("attendance:register-export", "Register, as a spreadsheet"),
        ("attendance:cover-export", "Senior cover, as a spreadsheet"),
        ("desk:person-show", "Everything about a person"),
        ("briefings:person-download", "People eligible for a programme, as a spreadsheet"),
        ("briefings:role-end", "Role: end"), ("somewhere", "somewhere"),
    ],
)  # fmt: skip
def test_a_page_is_named_in_words(name, words):
    assert page_in_words(name) == words


def test_every_page_that_has_a_name_exists():
    known = {
        f"{space}:{name}"
        for space, (_, inside) in get_resolver().namespace_dict.items()
        for name in inside.reverse_dict
        if isinstance(name, str)
    }
    assert set(_NAMES) <= known


def test_what_was_changed_is_found_as_the_list_names_it(cast, client):
    client.force_login(cast.administrator)
    own = (CHANGES, f"Session {cast.session.pk}")
    assert shown(client, own[0], about=own[1]) == [("coordinator Castmember", own[1])]
    assert shown(client, own[0], about=f"briefings.session:{cast.session.pk}") == [("coordinator Castmember", own[1])]
    assert shown(client, own[0], about=f"Nonsense {cast.session.pk}") == []


def test_a_filter_names_kind_and_number_and_never_a_name(cast, client):
    client.force_login(cast.administrator)
    page = " ".join(client.get(CHANGES, {"about": f"accounts.person:{cast.senior.pk}"}).content.decode().split())
    assert f"Which one: Person {cast.senior.pk} " in page
