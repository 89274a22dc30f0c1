"""A staff list in a real browser: upload, watch, decide, confirm, result, who is missing, undo; without JavaScript."""

import pytest
from django.conf import settings
from django.test import Client

from accounts.models import Person
from organisations.models import Affiliation, StaffListImport
from organisations.tasks import work_on_staff_lists
from tests.briefings.factories import AppointmentFactory
from tests.browser import check_page, targets_are_large
from tests.organisations.factories import (
    AffiliationFactory,
    AreaFactory,
    OrganisationFactory,
    OrganisationLeadFactory,
    PersonFactory,
    ProfessionFactory,
)
from tests.organisations.messy import messy_staff_list

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def own_files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def council():
    """Knows all the professions and areas of the messy list but one of each; two of its people are not in the list."""
    council = OrganisationFactory(name="Wrenshire County Council")
    for name in ("Wren Valley NHS Trust", "Wrenshire Police", "Hearthside Homes"):
        OrganisationFactory(name=name)
    for name in ("Health visitor", "Social worker", "Police officer", "Housing officer"):
        worker = ProfessionFactory(name=name)
    for name in ("Melton", "Harborough", "Tolbury Town"):
        AreaFactory(name=name)
    for name in ("Una Missing", "Gwenllian-Angharad Imaginary-Longsworth-Placeholder"):
        AffiliationFactory(person=PersonFactory(name=name), organisation=council, profession=worker)
    return council


def sign_in(page, person, live_server):
    client = Client()
    client.force_login(person)
    value = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": live_server.url}])
    return page


def choose_file(page, content: bytes, name: str = "staff list November.csv") -> None:
    page.get_by_label("Staff list").set_input_files({"name": name, "mimeType": "text/csv", "buffer": content})


@pytest.mark.walk
def test_a_coordinator_takes_a_messy_list_to_its_people_and_back(page, phone, live_server, council):
    coordinator = AppointmentFactory(person=PersonFactory(name="Carys Coordinator")).person
    before = Person.objects.count()
    page, phone = (sign_in(each, coordinator, live_server) for each in (page, phone))

    def look() -> None:
        # In a page of its own: one that shows progress loads itself again, which would stop us on the way to the next.
        small = phone.context.new_page()
        small.goto(page.url)
        for each in (page, small):
            check_page(each)
        targets_are_large(small)
        small.close()

    page.goto("/imports/")
    check_page(page)
    page.get_by_role("link", name="Upload a staff list").click()
    look()
    page.get_by_role("button", name="Upload the file").click()
    check_page(page)
    choose_file(page, messy_staff_list(300)[0])
    page.get_by_role("button", name="Upload the file").click()
    look()
    work_on_staff_lists()
    # The page asks by itself how far it is, and loads what was read.
    page.get_by_role("heading", name="What we read in the staff list").wait_for()
    look()
    page.get_by_role("link", name="Decide about the names").click()
    look()
    page.get_by_role("button", name="Keep these decisions").click()
    page.get_by_role("link", name="Choose what at least one of these names means").wait_for()
    check_page(page)
    page.get_by_label("“Wrenshire CC”").select_option("Wrenshire County Council")
    page.get_by_label("“Tolbury”").select_option("Tolbury Town")
    page.get_by_role("button", name="Keep these decisions").click()
    page.get_by_text("2 names are decided").wait_for()
    for name in ("Teacher", "Coordinator of volunteers"):
        page.get_by_label(f"“{name}”").select_option("Make it a new profession")
    page.get_by_label("“Ashfield”").select_option("Make it a new area")
    page.get_by_role("button", name="Keep these decisions").click()
    page.get_by_role("link", name="Go on").click()
    look()
    page.get_by_role("button", name="Add the staff list").click()
    work_on_staff_lists()
    page.get_by_role("heading", name="The staff list has been added").wait_for()
    look()
    with page.expect_download() as rejected:
        page.get_by_role("link", name="Download").click()
    assert "is not an e-mail address" in rejected.value.path().read_text("utf-8-sig")
    page.get_by_role("link", name="See who is missing").click()
    look()
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("link", name="Tick who has left").wait_for()
    check_page(page)
    page.get_by_label("Una Missing").check()
    page.get_by_role("button", name="Go on").click()
    check_page(page)
    page.get_by_role("button", name="Mark 1 person as a leaver").click()
    page.get_by_text("1 person is marked as having left").wait_for()
    assert Affiliation.objects.get(until__isnull=False).person.name == "Una Missing"
    page.get_by_role("link", name="Back to the staff list").click()
    page.get_by_role("link", name="Undo this staff list").click()
    look()
    page.get_by_role("button", name="Undo the staff list").click()
    look()
    assert Person.objects.count() == before
    page.goto("/imports/")
    look()


def test_a_lead_without_javascript(new_page, live_server, council):
    lead = OrganisationLeadFactory(organisation=council, person=PersonFactory(name="Lowri Lead")).person
    page = sign_in(new_page(width=360, javascript=False), lead, live_server)
    page.goto("/imports/upload/")
    choose_file(page, b"Name;E-mail;Profession\nNia Notreal;nia@example.org;Social worker\n")
    page.get_by_role("button", name="Upload the file").click()
    work_on_staff_lists()
    page.get_by_role("link", name="Show how far it is now").click()
    page.get_by_role("link", name="Go on").click()
    page.get_by_role("button", name="Add the staff list").click()
    work_on_staff_lists()
    page.get_by_role("link", name="Show how far it is now").click()
    page.get_by_role("heading", name="The staff list has been added").wait_for()
    assert StaffListImport.objects.get().organisation == council
    assert Affiliation.objects.get(person__email="nia@example.org").organisation == council
