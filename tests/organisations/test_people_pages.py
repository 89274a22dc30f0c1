"""The pages of organisations and people: what they say, what they keep, what they refuse."""

import datetime
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.links import token_of
from accounts.models import Person, PersonalLink
from history.models import Look
from messaging.kinds import find
from messaging.models import Message
from organisations.models import Affiliation, Area, HeadCount, Organisation, OrganisationLead, Profession
from tests.organisations.factories import (
    AffiliationFactory,
    AreaFactory,
    HeadCountFactory,
    MailDomainFactory,
    OrganisationFactory,
    OrganisationLeadFactory,
    PersonFactory,
    ProfessionFactory,
)

pytestmark = pytest.mark.django_db
HOSTILE = ["<script>alert(1)</script>", "=HYPERLINK(1)", "a\x00b", "\u202eevil", "x" * 100_000, "%(word)s {0} %s"]


@pytest.fixture
def administrator(client):
    person = PersonFactory(administrator=True, name="Rhian Holloway")
    client.force_login(person)
    return person


@pytest.fixture
def organisation():
    return OrganisationFactory(name="Tolbury City Council")


@pytest.fixture
def lead(client, organisation):
    person = OrganisationLeadFactory(organisation=organisation, person__name="Maryam Okafor").person
    client.force_login(person)
    return person


def text_of(response):
    return response.content.decode()


def names_in(client, query, address="/people/"):
    return re.findall(r'<th scope="row"><a href="/people/\d+/">([^<]*)</a>', text_of(client.get(f"{address}?{query}")))


def said(**changes):
    return {
        "name": "Amina Samplewood",
        "email": "amina@example.org",
        "since_day": "1",
        "since_month": "9",
        "since_year": "2026",
        **changes,
    }


def test_an_organisation_is_added_with_whole_addresses_taken_for_their_domains(client, administrator):
    answers = {
        "name": "  Tolbury   Council ",
        "kind": "council",
        "domains": "ann@Tolbury.example.org\nhttps://www.b.org/x",
    }
    sent = client.post("/organisations/add/", answers)
    made = Organisation.objects.get()
    assert sent["Location"] == f"/organisations/{made.pk}/"
    assert made.name == "Tolbury Council"
    assert sorted(made.mail_domains.values_list("domain", flat=True)) == ["b.org", "tolbury.example.org"]


def test_a_wrong_domain_is_named_and_the_rest_is_kept(client, administrator):
    sent = client.post("/organisations/add/", {"name": "Tolbury", "kind": "council", "domains": "not a domain!"})
    assert sent.status_code == 422
    assert "“not” is not a mail domain" in text_of(sent)
    assert 'value="Tolbury"' in text_of(sent)


def test_a_name_that_is_taken_is_said_at_the_field(client, administrator, organisation):
    sent = client.post("/organisations/add/", {"name": "tolbury CITY council", "kind": "council"})
    assert sent.status_code == 422
    assert "There is an organisation of this name already" in text_of(sent)


@pytest.mark.parametrize("words", HOSTILE)
def test_hostile_names_are_refused_or_shown_as_what_they_are(client, administrator, organisation, words):
    for address, field in (
        ("/organisations/add/", {"kind": "council"}),
        ("/areas/add/", {}),
        ("/professions/add/", {}),
        ("/people/add/", said(organisation=organisation.pk)),
        (f"/organisations/{organisation.pk}/leads/add/", {"email": "lead@example.org"}),
    ):
        sent = client.post(address, {**field, "name": words}, follow=True)
        assert sent.status_code in (200, 422)
        assert "<script>alert" not in text_of(sent)
    for row in (*Organisation.objects.all(), *Area.objects.all(), *Profession.objects.all(), *Person.objects.all()):
        assert "\x00" not in row.name
        assert "\u202e" not in row.name


@pytest.mark.parametrize("value", ["", "0", "-1", "9" * 30, "x\x00", "²", "1,2"])
def test_what_is_typed_into_an_address_is_never_an_error_of_ours(client, administrator, value):
    PersonFactory()
    for address in ("/people/", "/people.csv", "/organisations/", "/areas/", "/professions/"):
        for name in ("q", "organisation", "profession", "area", "left", "page", "sort", "kind", "ended"):
            assert client.get(address, {name: value}).status_code == 200
    assert client.get(f"/people/add/?organisation={value}").status_code == 200


def test_a_number_beyond_all_numbers_is_not_there(client, administrator):
    for address in (
        "/people/%s/",
        "/organisations/%s/",
        "/areas/%s/",
        "/affiliations/%s/",
        "/people/%s/account/close/",
    ):
        assert client.get(address % ("9" * 40)).status_code == 404


def test_people_are_found_by_part_of_name_address_or_by_number(client, administrator):
    PersonFactory(name="Siân O’Brien-Jones", email="sian@wrenshire.example.org")
    tie = AffiliationFactory(person__name="Amina Samplewood", staff_number="WR0042")
    assert names_in(client, "q=sian+brien") == ["Siân O’Brien-Jones"]
    assert names_in(client, "q=obrien-jon") == ["Siân O’Brien-Jones"]
    assert names_in(client, "q=wrenshire") == ["Siân O’Brien-Jones"]
    assert names_in(client, "q=@WRENSHIRE.") == ["Siân O’Brien-Jones"]
    assert names_in(client, "q=wr0042") == [tie.person.name]
    assert names_in(client, "q=%25") == []
    assert "Nothing matches" in text_of(client.get("/people/?q=zzzz"))


def test_people_are_filtered_by_what_ties_them_together(client, administrator):
    area = AreaFactory()
    part = AreaFactory(parent=area)
    here = AffiliationFactory(person__name="Ann Here", areas=[part])
    left = AffiliationFactory(person__name="Bob Left", organisation=here.organisation, until=timezone.localdate())
    assert names_in(client, f"organisation={here.organisation_id}") == ["Ann Here", "Bob Left"]
    assert names_in(client, f"organisation={here.organisation_id}&left=here") == ["Ann Here"]
    assert names_in(client, "left=left") == ["Bob Left"]
    assert names_in(client, f"area={area.pk}") == ["Ann Here"]
    assert names_in(client, f"organisation={here.organisation_id}&profession={left.profession_id}") == ["Bob Left"]
    assert names_in(client, f"organisation={here.organisation_id}&sort=-name") == ["Bob Left", "Ann Here"]


def test_who_came_back_has_not_left(client, administrator):
    tie = AffiliationFactory(until=timezone.localdate())
    AffiliationFactory(person=tie.person, organisation=tie.organisation, since=timezone.localdate())
    assert names_in(client, "left=left") == []


def test_the_list_as_a_spreadsheet_runs_no_formula(client, administrator):
    AffiliationFactory(person__name="=1+1", person__email="a@example.org", staff_number="+44", areas=[AreaFactory()])
    lines = client.get("/people.csv?q=a@example").getvalue().decode().splitlines()
    assert len(lines) == 2
    assert lines[1].startswith("'=1+1,a@example.org,")
    assert "'+44" in lines[1]
    assert Look.objects.filter(page="organisations:person-download").count() == 1


def test_a_lead_sees_the_own_people_and_their_tie_to_the_own_organisation(client, lead, organisation):
    own = AffiliationFactory(organisation=organisation, person__name="Ann Own")
    elsewhere = AffiliationFactory(person=own.person, organisation__name="Secret Service", staff_number="S1")
    AffiliationFactory(organisation=elsewhere.organisation, person__name="Bob Other")
    assert names_in(client, "") == ["Maryam Okafor", "Ann Own"]
    assert names_in(client, "q=S1") == []
    page = text_of(client.get(f"/people/{own.person_id}/"))
    assert ("Secret Service" in page, "Account" in page) == (False, False)
    assert "Secret Service" not in client.get("/people.csv").getvalue().decode()
    assert client.get(f"/affiliations/{elsewhere.pk}/").status_code == 404
    assert client.get(f"/people/{own.person_id}/change/").status_code == 404


def test_a_lead_adds_people_to_the_own_organisation_alone(client, lead, organisation):
    other = OrganisationFactory()
    sent = client.post("/people/add/", said(organisation=other.pk))
    assert sent.status_code == 422
    sent = client.post("/people/add/", said(organisation=organisation.pk))
    made = Person.objects.get(email="amina@example.org")
    assert sent["Location"] == f"/people/{made.pk}/"
    again = client.post("/people/add/", said(organisation=organisation.pk))
    assert "on the staff list of this organisation with this profession already" in text_of(again)


def test_a_lead_marks_who_has_left_and_takes_it_back(client, lead, organisation):
    tie = AffiliationFactory(organisation=organisation)
    today = timezone.localdate()
    day = {"last_day_day": today.day, "last_day_month": today.month, "last_day_year": today.year}
    assert client.get(f"/affiliations/{tie.pk}/left/").status_code == 200
    assert Affiliation.objects.get().until is None
    client.post(f"/affiliations/{tie.pk}/left/", day)
    assert Affiliation.objects.get().until == today + datetime.timedelta(days=1)
    client.post(f"/affiliations/{tie.pk}/not-left/")
    assert Affiliation.objects.get().until is None
    day["last_day_day"] = 1  # there is one in every month of every year
    early = client.post(f"/affiliations/{tie.pk}/left/", {**day, "last_day_year": 1999})
    assert "The last day cannot be before the first one" in text_of(early)
    assert client.post(f"/affiliations/{tie.pk}/left/", {**day, "last_day_year": 9999}).status_code == 302


def test_a_tie_is_corrected(client, lead, organisation):
    tie = AffiliationFactory(organisation=organisation, staff_number="1")
    area = AreaFactory()
    answers = said(profession=tie.profession_id, areas=[area.pk], staff_number="2", organisation="999")
    assert 'value="1"' in text_of(client.get(f"/affiliations/{tie.pk}/"))
    assert client.post(f"/affiliations/{tie.pk}/", answers).status_code == 302
    tie.refresh_from_db()
    assert (tie.staff_number, list(tie.areas.all()), tie.organisation) == ("2", [area], organisation)


def test_somebody_joins_one_more_organisation(client, administrator, organisation):
    person = PersonFactory()
    sent = client.post(f"/people/{person.pk}/organisations/add/", said(organisation=organisation.pk))
    assert sent["Location"] == f"/people/{person.pk}/"
    assert person.affiliations.get().organisation == organisation


def test_name_and_address_are_corrected_and_an_address_in_use_is_refused(client, administrator):
    person, other = PersonFactory(), PersonFactory()
    address = f"/people/{person.pk}/change/"
    sent = client.post(address, {"name": "Amina", "email": other.email})
    assert "Somebody else has this e-mail address already" in text_of(sent)
    assert client.post(address, {"name": "Amina", "email": " NEW@example.org "}).status_code == 302
    person.refresh_from_db()
    assert (person.name, person.email) == ("Amina", "new@example.org")


def test_whoever_looks_at_a_person_leaves_a_trace(client, administrator):
    person = PersonFactory()
    client.get(f"/people/{person.pk}/")
    assert Look.objects.filter(page="organisations:person-show").count() == 1


def test_an_administrator_closes_an_account_and_is_told_why_not_the_own(client, administrator):
    person = PersonFactory()
    assert client.get(f"/people/{person.pk}/account/close/").status_code == 200
    client.post(f"/people/{person.pk}/account/close/")
    assert Person.objects.get(pk=person.pk).is_active is False
    assert "Account closed" in text_of(client.get(f"/people/{person.pk}/"))
    client.post(f"/people/{person.pk}/account/open/")
    assert Person.objects.get(pk=person.pk).is_active is True
    own = client.post(f"/people/{administrator.pk}/account/close/")
    assert (own.status_code, "Another administrator has to do this" in text_of(own)) == (422, True)


def test_an_administrator_confirms_with_a_code_before_making_another(client, administrator):
    person = PersonFactory()
    sent = client.post(f"/people/{person.pk}/account/administrator/")
    assert sent["Location"].startswith("/account/confirm/")
    assert Person.objects.get(pk=person.pk).is_administrator is False


def test_a_lead_is_added_told_and_ended(client, administrator, organisation):
    sent = client.post(f"/organisations/{organisation.pk}/leads/add/", {"name": "Ann", "email": "ann@example.org"})
    assert sent["Location"] == f"/organisations/{organisation.pk}/"
    message = Message.objects.get()
    content = find(message.kind).render(message)
    assert f"/organisations/{organisation.pk}/" in content.text
    lead = OrganisationLead.objects.get()
    client.post(f"/organisations/{organisation.pk}/leads/{lead.pk}/end/")
    assert find(message.kind).still_wanted([message], timezone.now()) == {message.pk: "role_ended"}


def test_an_organisation_ends_with_who_follows_and_goes_on(client, administrator, organisation):
    heir = OrganisationFactory(name="Wrenshire Council")
    day = {"ended_on_day": "31", "ended_on_month": "3", "ended_on_year": "2026", "successor": heir.pk}
    client.post(f"/organisations/{organisation.pk}/end/", day)
    assert "Wrenshire Council follows it" in text_of(client.get(f"/organisations/{organisation.pk}/"))
    client.post(f"/organisations/{organisation.pk}/reopen/")
    organisation.refresh_from_db()
    assert organisation.ended_on is None


def test_an_area_is_moved_and_a_profession_renamed(client, administrator):
    north, town = AreaFactory(name="North"), AreaFactory(name="Town")
    client.post(f"/areas/{town.pk}/", {"name": "Town", "parent": north.pk})
    assert Area.objects.get(pk=town.pk).parent == north
    assert client.post(f"/areas/{north.pk}/", {"name": "North", "parent": town.pk}).status_code == 422
    profession = ProfessionFactory()
    client.post(f"/professions/{profession.pk}/", {"name": "Nurse"})
    assert "Nurse" in text_of(client.get("/professions/?q=nur"))


def ask(client, organisation, **changes):
    answers = {
        "name": "Bob Sample",
        "email": "bob@example.org",
        "professions": [ProfessionFactory(name="Health visitor").pk],
        "areas": [AreaFactory(name="Eastmarsh").pk],
        **changes,
    }
    return client.post(f"/organisations/{organisation.pk}/head-counts/ask/", answers)


def test_a_head_count_is_asked_said_from_the_mailed_link_and_corrected(client, administrator, organisation):
    assert ask(client, organisation).status_code == 302
    message = Message.objects.get()
    assert find(message.kind).still_wanted([message], timezone.now()) == {}
    content = find(message.kind).render(message)
    link = PersonalLink.objects.get()
    assert f"/h/{token_of(link)}/" in content.text
    assert f"/h/{token_of(link)}/" in content.html
    client.logout()
    page = client.get(f"/h/{token_of(link)}/", follow=True)
    assert ("Bob Sample" in text_of(page), HeadCount.objects.count()) == (True, 0)
    field = re.search(r'name="(n\d+_\d+)"', text_of(page)).group(1)
    for typed, number in (("1,200", 1200), ("0", 0)):
        sent = client.post(f"/h/{link.pk}/", {field: typed}, follow=True)
        assert "Thank you" in text_of(sent)
        assert HeadCount.objects.get().number == number
    assert HeadCount.objects.get().said_by.name == "Bob Sample"
    for typed in ("", "-1", "many", "9" * 5000, "1.5", "\x00", "²"):
        wrong = client.post(f"/h/{link.pk}/", {field: typed})
        assert wrong.status_code == 422
    assert "Enter at least one number" in text_of(client.post(f"/h/{link.pk}/", {}))


def test_asking_needs_somebody_and_a_name_for_an_address(client, administrator, organisation):
    nobody = ask(client, organisation, name="", email="")
    assert "enter a name and an e-mail address" in text_of(nobody)
    Profession.objects.all().delete()
    Area.objects.all().delete()
    assert "Enter the name of whom to ask" in text_of(ask(client, organisation, name=""))
    assert Message.objects.count() == 0


def test_a_lead_is_ticked_already_and_one_number_is_entered_by_hand(client, lead, organisation):
    profession, area = ProfessionFactory(), AreaFactory()
    today = timezone.localdate()
    answers = {"profession": profession.pk, "area": area.pk, "number": "12"}
    answers |= {"counted_on_day": today.day, "counted_on_month": today.month, "counted_on_year": today.year}
    address = f"/organisations/{organisation.pk}/head-counts/add/"
    assert client.post(address, {**answers, "number": ""}).status_code == 422
    assert client.post(address, answers).status_code == 302
    assert HeadCount.objects.get().said_by == lead
    client.force_login(PersonFactory(administrator=True))
    assert "Maryam Okafor" in text_of(client.get(f"/organisations/{organisation.pk}/head-counts/ask/"))


def queries(client, address):
    client.get(address)
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


@pytest.mark.parametrize("address", ["/people/", "/people.csv", "/organisations/", "/areas/", "/professions/"])
def test_a_longer_list_asks_no_more(client, administrator, address):
    def add(number):
        for _ in range(number):
            area = AreaFactory(parent=AreaFactory())
            tie = AffiliationFactory(areas=[area])
            MailDomainFactory(organisation=tie.organisation)

    add(1)
    one = queries(client, address)
    add(2)
    assert queries(client, address) == one


def test_more_about_one_organisation_or_person_asks_no_more(client, administrator, organisation):
    person = PersonFactory()

    def add(number):
        for _ in range(number):
            OrganisationLeadFactory(organisation=organisation)
            HeadCountFactory(organisation=organisation)
            AffiliationFactory(person=person, areas=[AreaFactory()])

    pages = (f"/organisations/{organisation.pk}/", f"/people/{person.pk}/")
    add(1)
    one = [queries(client, page) for page in pages]
    add(2)
    assert [queries(client, page) for page in pages] == one
