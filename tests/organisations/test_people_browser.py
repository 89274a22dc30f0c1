"""Organisations and people on a desk's screen, and a head-count from the mailed link on a phone."""

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from accounts.links import address_of, token_of
from accounts.models import PersonalLink
from organisations.actions.head_counts import ask_head_counts
from organisations.models import HeadCount
from tests.browser import check_page, targets_are_large
from tests.organisations.factories import (
    AffiliationFactory,
    AreaFactory,
    OrganisationFactory,
    OrganisationLeadFactory,
    PersonFactory,
    ProfessionFactory,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def sign_in(page, person, live_server):
    client = Client()
    client.force_login(person)
    value = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": live_server.url}])


def test_an_administrator_keeps_organisations_and_people(page, live_server):
    sign_in(page, PersonFactory(administrator=True), live_server)
    AreaFactory(name="Eastmarsh", parent=AreaFactory(name="Wrenshire"))
    ProfessionFactory(name="Health visitor")
    page.goto("/organisations/")
    check_page(page)
    page.get_by_role("link", name="Add an organisation").click()
    page.get_by_role("button", name="Add the organisation").click()
    page.get_by_role("link", name="Enter the name of the organisation").click()
    check_page(page)
    page.keyboard.type("Tolbury City Council")
    page.get_by_label("Mail domains").fill("tolbury.example.org")
    page.get_by_role("button", name="Add the organisation").click()
    check_page(page)
    page.get_by_role("link", name="Add a person").click()
    check_page(page)
    page.get_by_label("Full name").fill("Amina Samplewood")
    page.get_by_label("E-mail address").fill("amina@tolbury.example.org")
    page.get_by_label("Profession").select_option(label="Health visitor")
    page.get_by_label("Eastmarsh (in Wrenshire)").check()
    page.get_by_role("button", name="Add the person").click()
    assert page.get_by_role("heading", level=1).inner_text() == "Amina Samplewood"
    check_page(page)
    page.get_by_role("link", name="Has left Tolbury City Council").click()
    check_page(page)
    page.get_by_role("button", name="Mark as having left").click()
    page.get_by_role("button", name="Not left Tolbury City Council").click()
    page.get_by_role("link", name="Close the account").click()
    check_page(page)
    page.get_by_role("button", name="Close the account").click()
    assert page.get_by_text("The account of Amina Samplewood is closed").count() == 1
    page.get_by_role("link", name="People", exact=True).click()
    page.get_by_label("Name, e-mail address or staff number").fill("sample")
    page.get_by_role("button", name="Apply").click()
    check_page(page)
    assert page.get_by_role("link", name="Amina Samplewood", exact=True).count() == 1


def test_a_lead_finds_the_own_organisation_and_people_on_a_phone(phone, live_server):
    organisation = OrganisationFactory(name="Tolbury City Council")
    lead = OrganisationLeadFactory(organisation=organisation).person
    tie = AffiliationFactory(organisation=organisation, areas=[AreaFactory()])
    sign_in(phone, lead, live_server)
    for address in ("/organisations/", "/people/", f"/people/{tie.person_id}/", f"/affiliations/{tie.pk}/"):
        phone.goto(address)
        check_page(phone)
        targets_are_large(phone)


def test_a_head_count_is_said_on_a_phone_without_signing_in(new_page, live_server):
    phone = new_page(width=320, height=600, has_touch=True)
    organisation, now = OrganisationFactory(name="Tolbury City Council"), timezone.now()
    ask_head_counts(
        organisation=organisation,
        people=[PersonFactory(name="Bob Sample")],
        professions=[ProfessionFactory(name="Health visitor"), ProfessionFactory(name="Nurse")],
        areas=[AreaFactory(name="Eastmarsh")],
        by=PersonFactory(administrator=True),
        now=now,
    )
    link = PersonalLink.objects.get()
    assert address_of(link).endswith(f"/h/{token_of(link)}/")
    phone.goto(f"/h/{token_of(link)}/")
    check_page(phone)
    targets_are_large(phone)
    phone.get_by_label("Health visitor").fill("many")
    phone.get_by_role("button", name="Send the numbers").click()
    assert phone.get_by_text("Health visitor in Eastmarsh: enter a whole number").count() == 2
    check_page(phone)
    phone.get_by_label("Health visitor").fill("1,200")
    phone.get_by_role("button", name="Send the numbers").click()
    check_page(phone)
    assert list(HeadCount.objects.values_list("number", flat=True)) == [1200]
