import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from attendance.models import AccessNeed
from briefings.models import Mandate
from commitments.actions.assurances import note_assurance
from history.models import Look
from tests.attendance.places import a_place, a_practitioner
from tests.cast import NOW, a_session
from tests.desk.county import DUE, ask, make_county

pytestmark = pytest.mark.django_db


@pytest.fixture
def county(time_machine):
    time_machine.move_to(NOW)
    return make_county()


def page_of(client, by, session):
    client.force_login(by)
    return client.get(reverse("desk:session-show", args=[session.pk]))


def promise_at(county, session, words="We bring the forms."):
    return note_assurance(
        mandate=Mandate.objects.get(person=county.cast.senior), words=words, due_on=DUE, by=county.cast.senior, now=NOW,
        session=session,
    )  # fmt: skip


def test_a_coordinator_sees_places_seniors_questions_and_promises(county, client):
    cast = county.cast
    AccessNeed.objects.create(place=county.place, words="A loop", delete_on=DUE)
    question, promise = ask(cast, "Where is the door?", session=cast.session), promise_at(county, cast.session)
    found = page_of(client, cast.coordinator, cast.session).context["found"]
    assert (found.seats.taken, found.waiting, found.needs) == (1, 0, 1)
    assert [(senior.person, senior.look) for senior in found.seniors] == [(cast.senior, ("ring", "open"))]
    assert (found.questions, found.assurances) == ([question], [promise])
    assert Look.objects.filter(page="desk:session-show").count() == 1


def test_who_may_not_read_questions_or_needs_sees_none(county, client):
    ask(county.cast, "Where is the door?", session=county.cast.session)
    facilitator = page_of(client, county.cast.facilitator, county.cast.session)
    assert (facilitator.context["found"].questions, facilitator.context["found"].assurances) == (None, None)
    assert "Where is the door?" not in facilitator.content.decode()
    assert page_of(client, county.cast.board, county.cast.session).context["found"].needs is None


def test_an_empty_session_and_a_draft_say_so(county, client):
    text = page_of(client, county.cast.coordinator, county.today).content.decode()
    assert "Nobody is asked yet." in text
    assert "Nothing was asked about this session yet." in text
    county.today.seats.delete()
    county.today.state = "draft"
    county.today.save(update_fields=["state"])
    assert "It is a draft" in page_of(client, county.cast.coordinator, county.today).content.decode()


def test_a_wild_number_is_not_there(county, client):
    client.force_login(county.cast.coordinator)
    assert client.get(reverse("desk:session-show", args=[2**70])).status_code == 404


def test_more_rows_need_no_more_queries(county, client):
    session = a_session(county.cast.programme)

    def count() -> int:
        client.get(reverse("desk:session-show", args=[session.pk]))
        with CaptureQueriesContext(connection) as found:
            client.get(reverse("desk:session-show", args=[session.pk]))
        return len(found)

    client.force_login(county.cast.coordinator)
    promise_at(county, session)
    one = count()
    for number in range(3):
        a_place(session, a_practitioner(county.cast.programme))
        ask(county.cast, f"And {number}?", session=session)
        promise_at(county, session, f"Promise {number}.")
    assert count() == one
    assert one <= 11
