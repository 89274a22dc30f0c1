"""Booking without an invitation: address, organisation, code, details, check."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from accounts.models import Person
from attendance.actions import registering
from attendance.actions.places import NotOpen
from attendance.models import Place, PlaceState
from briefings.models import Session
from messaging import seals
from messaging.models import Message
from organisations.models import Affiliation
from organisations.queries import organisations_for_address
from tests.attendance.places import NOW, a_place, a_practitioner, a_programme, a_session, partner_of
from tests.attendance.test_booking_pages import words
from tests.briefings.factories import PartnerFactory
from tests.organisations.factories import (
    AffiliationFactory,
    AreaFactory,
    MailDomainFactory,
    OrganisationFactory,
    PersonFactory,
    ProfessionFactory,
)

pytestmark = pytest.mark.django_db
EMAIL = "kofi.examplar@trust.example.org"


@pytest.fixture(autouse=True)
def _today(settings):
    settings.EMAIL_BACKEND = "messaging.backends.OutboxBackend"  # pytest-django puts its own there
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def session():
    """A session of a programme whose partner has the mail domain trust.example.org."""
    session = a_session(a_programme(areas=[AreaFactory(name="Melton")], professions=[ProfessionFactory(name="Nurse")]))
    MailDomainFactory(organisation=partner_of(session.programme), domain="trust.example.org")
    return session


def page(session, step: str = "") -> str:
    return reverse(f"attendance:session-book{'-' if step else ''}{step}", args=[session.pk])


def mailed(kind="messaging.code") -> dict:
    return seals.unseal(Message.objects.filter(kind=kind).last().sealed)


def the_code() -> str:
    return re.search(r"Your code: (\S+)", mailed()["text"]).group(1)


def prove(client, session, email=EMAIL):
    assert client.post(page(session), {"email": email})["Location"] == page(session, "code")
    return client.post(page(session, "code"), {"code": the_code().lower().replace("-", " ")})


def details(session, **changes) -> dict:
    programme = session.programme
    typed = {"name": "Kofi Examplar", "profession": programme.professions.get().pk, "area": programme.areas.get().pk}
    return {**typed, **changes}


def test_somebody_new_books_by_address_code_and_two_answers(client, session):
    assert "What is your work e-mail address?" in words(client.get(page(session)))
    assert prove(client, session)["Location"] == page(session, "check")
    assert client.get(page(session, "check"))["Location"] == page(session, "details")
    assert not Person.objects.filter(email=EMAIL).exists()
    assert client.post(page(session, "details"), details(session))["Location"] == page(session, "check")
    check = words(client.get(page(session, "check")))
    assert "Check before you book" in check
    assert "Nurse" in check
    assert "Mostly in Melton" in check
    assert page(session, "details") in check
    assert "Kofi Examplar" in words(client.get(page(session, "details"))), "what was typed is still there"
    assert not Person.objects.filter(email=EMAIL).exists()
    done = client.post(page(session, "check"), follow=True)
    place = Place.objects.get()
    assert (place.state, place.person.email, place.person.name) == (PlaceState.BOOKED, EMAIL, "Kofi Examplar")
    assert place.organisation == partner_of(session.programme)
    assert done.redirect_chain == [(f"/p/{place.link_id}/", 302)]
    assert "Your place is booked" in words(done)
    assert "_auth_user_id" not in client.session
    assert client.get(page(session, "check"))["Location"] == page(session)


def test_somebody_known_goes_straight_to_the_check_page(client, session):
    person = a_practitioner(
        session.programme,
        email=EMAIL,
        profession=session.programme.professions.get(),
        areas=session.programme.areas.all(),
    )
    prove(client, session)
    assert person.name in words(client.get(page(session, "check")))
    client.post(page(session, "check"))
    assert Place.objects.get().person == person
    assert Affiliation.objects.filter(person=person).count() == 1


def test_somebody_whose_tie_begins_next_week_is_tied_until_then(client, session):
    programme, monday = session.programme, NOW.date() + timedelta(days=7)
    known = {"organisation": partner_of(programme), "profession": programme.professions.get()}
    person = PersonFactory(email=EMAIL)
    AffiliationFactory(person=person, since=monday, areas=programme.areas.all(), **known)
    prove(client, session)
    client.post(page(session, "details"), details(session))
    client.post(page(session, "check"))
    assert (Place.objects.get().person, Place.objects.get().state) == (person, PlaceState.BOOKED)
    ties = Affiliation.objects.filter(person=person).order_by("since").values_list("since", "until")
    assert list(ties) == [(NOW.date(), monday), (monday, None)]


def test_a_tie_made_meanwhile_is_the_same_tie(session, monkeypatch):
    programme, area = session.programme, session.programme.areas.get()
    person = PersonFactory(email=EMAIL)
    tie = {"person": person, "organisation": partner_of(programme), "profession": programme.professions.get()}
    real = registering._tie

    def late(*args):  # the other browser is done between the look and the writing
        AffiliationFactory(since=NOW.date(), areas=[area], **tie)
        return real(*args)

    monkeypatch.setattr(registering, "_tie", late)
    own = {"organisation": tie["organisation"], "profession": tie["profession"], "area": area}
    place = registering.register_and_take(session=session, email=EMAIL, name="Kofi", now=NOW, **own)
    assert place.state == PlaceState.BOOKED
    assert Affiliation.objects.filter(person=person).count() == 1


def test_the_answer_is_the_same_for_known_and_unknown_addresses(client, session):
    PersonFactory(email="known@trust.example.org")
    answers = []
    for email in ("known@trust.example.org", "unknown@trust.example.org"):
        response = client.post(page(session), {"email": email}, follow=True)
        answers.append(words(response).replace(email, "…"))
    strip = [re.sub(r'value="[^"]+"', "", answer) for answer in answers]
    assert strip[0] == strip[1]
    assert Message.objects.filter(kind="messaging.code").count() == 2


def test_a_shared_domain_offers_a_choice(client, session):
    other = OrganisationFactory(name="Another Trust")
    PartnerFactory(programme=session.programme, organisation=other)
    MailDomainFactory(organisation=other, domain="trust.example.org")
    assert client.post(page(session), {"email": EMAIL})["Location"] == page(session, "organisation")
    assert "Another Trust" in words(client.get(page(session, "organisation")))
    assert "There is a problem" in words(client.post(page(session, "organisation"), {}))
    assert client.post(page(session, "organisation"), {"organisation": other.pk})["Location"] == page(session, "code")
    client.post(page(session, "code"), {"code": the_code()})
    client.post(page(session, "details"), details(session))
    client.post(page(session, "check"))
    assert Place.objects.get().organisation == other


def test_an_unknown_domain_is_a_request_to_the_coordinator(client, session):
    assert client.post(page(session), {"email": "a@elsewhere.example.org"})["Location"] == page(session, "organisation")
    assert "We do not know your organisation" in words(client.get(page(session, "organisation")))
    assert "There is a problem" in words(client.post(page(session, "organisation"), {"name": "A"}))
    typed = {"name": "Ann Example", "organisation": "A charity", "words": "I work with you"}
    assert "Your request is sent" in words(client.post(page(session, "organisation"), typed))
    message = Message.objects.get()
    assert message.address == session.programme.contact_email
    assert "A charity" in mailed()["text"]
    assert Person.objects.filter(email="a@elsewhere.example.org").count() == 0


def test_without_a_contact_there_is_a_sentence_instead(client, session):
    session.programme.contact_email = ""
    session.programme.save(update_fields=["contact_email"])
    client.post(page(session), {"email": "a@elsewhere.example.org"})
    typed = {"name": "Ann Example", "organisation": "A charity"}
    assert "no address for requests yet" in words(client.post(page(session, "organisation"), typed))
    assert not Message.objects.exists()


def test_a_person_made_meanwhile_is_the_same_person():
    known = PersonFactory(email=EMAIL)
    assert registering._new_person("Kofi", EMAIL, NOW) == known


def test_requests_are_limited(client, session):
    typed = {"name": "Ann Example", "organisation": "A charity"}
    for number in range(6):
        client.post(page(session), {"email": f"a{number}@elsewhere.example.org"})
        last = client.post(page(session, "organisation"), typed)
    assert last.status_code == 429
    assert Message.objects.count() == 5


def test_who_is_not_eligible_is_told_why_and_whom_to_ask(client, session):
    prove(client, session)
    wrong = details(session, profession=ProfessionFactory(name="Gardener").pk, area=AreaFactory(name="Rutland").pk)
    said = words(client.post(page(session, "details"), wrong))
    assert "It is not for the profession Gardener" in said
    assert "It is not for people who work in Rutland" in said
    assert "Carys Coordinator" in said


def test_somebody_known_at_the_partner_cannot_choose_another_profession(client, session):
    person = PersonFactory(email=EMAIL)
    AffiliationFactory(person=person, organisation=partner_of(session.programme))
    prove(client, session)
    said = words(client.get(page(session, "check")))
    assert "This session is not for you" in said
    assert "not in scope: profession" in said
    client.post(page(session, "check"))
    assert not Place.objects.exists()


def test_three_wrong_codes_end_it(client, session):
    client.post(page(session), {"email": EMAIL})
    code = the_code()
    for _ in range(3):
        assert "The code is not correct" in words(client.post(page(session, "code"), {"code": "BBBBBBBB"}))
    assert client.post(page(session, "code"), {"code": code})["Location"] == page(session)
    assert client.get(page(session, "check"))["Location"] == page(session)


def test_a_code_ends_after_ten_minutes_and_a_proof_after_half_an_hour(client, session):
    client.post(page(session), {"email": EMAIL})
    with time_machine.travel(NOW + timedelta(minutes=11), tick=False):
        assert client.post(page(session, "code"), {"code": the_code()})["Location"] == page(session)
    prove(client, session)
    with time_machine.travel(NOW + timedelta(minutes=31), tick=False):
        assert client.get(page(session, "details"))["Location"] == page(session)
        assert client.post(page(session, "check"))["Location"] == page(session)


def test_codes_are_limited_by_network_and_address(client, session):
    answers = [client.post(page(session), {"email": EMAIL}).status_code for _ in range(6)]
    assert answers == [302] * 5 + [429]


def test_no_step_can_be_skipped_and_bad_input_gets_a_sentence(client, session):
    for step in ("organisation", "code", "details", "check"):
        assert client.post(page(session, step), {})["Location"] == page(session)
    for email in ("", "nonsense", "a\x00b@x.example.org", "x" * 300 + "@example.org"):
        response = client.post(page(session), {"email": email})
        assert response.status_code == 200
        assert "There is a problem" in words(response)
    prove(client, session)
    for typed in ({}, details(session, profession="9" * 40), details(session, name="a\x00")):
        assert "There is a problem" in words(client.post(page(session, "details"), typed))


def test_a_proof_for_one_session_opens_no_other(client, session):
    prove(client, session)
    assert (
        client.get(page(a_session(session.programme, date=NOW.date() + timedelta(days=9)), "check")).status_code == 302
    )


@pytest.mark.parametrize("change", [{"state": "draft"}, {"programme__is_public": False}])
def test_only_public_open_sessions_can_be_booked_by_strangers(client, session, change):
    if "state" in change:
        Session.objects.filter(pk=session.pk).update(**change)
    else:
        session.programme.is_public = False
        session.programme.save(update_fields=["is_public"])
    assert client.get(page(session)).status_code == 404


def test_a_full_session_puts_on_the_waiting_list(client):
    session = a_session(capacity=1)
    MailDomainFactory(organisation=partner_of(session.programme), domain="trust.example.org")
    a_place(session)
    a_practitioner(session.programme, email=EMAIL)
    prove(client, session)
    assert "Check before you join the waiting list" in words(client.get(page(session, "check")))
    late = client.post(f"{page(session, 'check')}?free=1", follow=True)  # the form of a page that showed a free place
    assert "went just before you pressed. You are on the waiting list" in words(late)


def test_who_is_signed_in_needs_no_code(client, session):
    programme = session.programme
    person = a_practitioner(programme, profession=programme.professions.get(), areas=programme.areas.all())
    client.force_login(person)
    assert client.get(page(session))["Location"] == page(session, "check")
    client.post(page(session, "check"))
    assert Place.objects.get().person == person
    other = PersonFactory()
    client.force_login(other)
    assert "We do not know your organisation" in words(client.get(page(session, "check")))


def test_who_has_a_place_already_is_told_so_and_who_has_an_offer_is_asked(client, session):
    person = a_practitioner(
        session.programme, areas=[session.programme.areas.get()], profession=session.programme.professions.get()
    )
    place = a_place(session, person, now=NOW - timedelta(days=1))
    client.force_login(person)
    assert "Your place is booked already" in words(client.post(page(session, "check"), follow=True))
    Place.objects.filter(pk=place.pk).update(
        state=PlaceState.OFFERED, offered_until=NOW + timedelta(hours=1), offered_from_line=True
    )
    said = words(client.post(page(session, "check"), follow=True))
    assert "A place is held for you here. Say whether you take it" in said
    assert "is booked" not in said


def test_nothing_stays_when_the_place_cannot_be_had(client, session, monkeypatch):
    def refuse(**kwargs):
        raise NotOpen

    prove(client, session)
    client.post(page(session, "details"), details(session))
    monkeypatch.setattr("attendance.actions.registering.take_place", refuse)
    response = client.post(page(session, "check"))
    assert response.status_code == 409
    assert NotOpen.sentence in words(response)
    assert not Person.objects.filter(email=EMAIL).exists()


def test_the_organisation_follows_from_the_domain_or_a_larger_one():
    found = MailDomainFactory(domain="nhs.example.org").organisation
    names = lambda email: [each.pk for each in organisations_for_address(email)]  # noqa: E731
    assert names("a@nhs.example.org") == names("a@TEAM.nhs.example.org") == [found.pk]
    assert names("a@other.example.org") == names("nonsense") == names("") == []
