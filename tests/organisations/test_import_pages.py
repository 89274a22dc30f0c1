"""The pages of staff lists: what they show in each state, refuse, carry on and keep from others."""

import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Person
from history.models import Look
from organisations.actions import imports as actions
from organisations.models import Affiliation, ImportState, NameDecision, Organisation, Profession, StaffListImport
from organisations.tasks import work_on_staff_lists
from tests.briefings.factories import NOW, AppointmentFactory
from tests.organisations.factories import (
    AffiliationFactory,
    OrganisationFactory,
    OrganisationLeadFactory,
    PersonFactory,
    ProfessionFactory,
)
from tests.organisations.messy import messy_staff_list

pytestmark = pytest.mark.django_db

HEADS = "Name,E-mail,Organisation,Job title,Area,Shoe size"
PLAIN = f"{HEADS}\nNia Notreal,nia@tolbury.example.org,Tolbury City Council,Social worker,,6\n"


@pytest.fixture(autouse=True)
def that_day(settings, tmp_path, monkeypatch):
    settings.MEDIA_ROOT = tmp_path
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)


@pytest.fixture
def council():
    return OrganisationFactory(name="Tolbury City Council")


@pytest.fixture
def coordinator(client):
    person = AppointmentFactory(person=PersonFactory(name="Carys Coordinator")).person
    client.force_login(person)
    return person


@pytest.fixture
def lead(client, council):
    person = OrganisationLeadFactory(organisation=council, person=PersonFactory(name="Lowri Lead")).person
    client.force_login(person)
    return person


def at(name: str, staff_list: StaffListImport | None = None) -> str:
    return reverse(f"organisations:import-{name}", args=[staff_list.pk] if staff_list else [])


def text_of(answer) -> str:
    body = re.sub(r"<(script|style).*?</\1>", " ", answer.content.decode(), flags=re.S)
    return " ".join(re.sub(r"<[^>]+>", " ", body).split())


def send(client, content: str | bytes, name: str = "staff.csv", **more):
    data = content.encode() if isinstance(content, str) else content
    return client.post(at("upload"), {"file": SimpleUploadedFile(name, data), **more})


def uploaded(client, content: str | bytes, **more) -> StaffListImport:
    assert send(client, content, **more).status_code == 302
    work_on_staff_lists()
    return StaffListImport.objects.latest("pk")


def written(client, content: str | bytes, **more) -> StaffListImport:
    made = uploaded(client, content, **more)
    assert client.post(at("confirm", made)).status_code == 302
    work_on_staff_lists()
    made.refresh_from_db()
    return made


def decide_all(client, made: StaffListImport, choice: str) -> None:
    while names := re.findall(r'name="([a-z]+-[0-9a-f]{16}-choice)"', client.get(at("names", made)).content.decode()):
        assert client.post(at("names", made), dict.fromkeys(names, choice)).status_code == 302


class TestUpload:
    def test_the_file_waits_for_a_worker(self, client, coordinator):
        answer = send(client, PLAIN)
        made = StaffListImport.objects.get()
        assert (answer.status_code, answer["Location"]) == (302, at("show", made))
        assert (made.state, made.file_name, made.uploaded_by) == (ImportState.UPLOADED, "staff.csv", coordinator)
        page = client.get(at("show", made))
        assert "waits for its turn" in text_of(page)
        assert 'http-equiv="refresh"' in page.content.decode()

    @pytest.mark.parametrize("content", ["", b""])
    def test_an_empty_file_is_refused(self, client, coordinator, content):
        answer = send(client, content)
        assert (answer.status_code, StaffListImport.objects.count()) == (422, 0)
        assert "The file is empty. Choose another" in text_of(answer)

    def test_no_file_is_refused(self, client, coordinator):
        answer = client.post(at("upload"), {"file": "not a file"})
        assert (answer.status_code, "Choose the staff list" in text_of(answer)) == (422, True)

    def test_a_file_that_is_too_large_is_refused(self, client, coordinator, monkeypatch):
        monkeypatch.setattr(actions, "MAX_BYTES", 10)
        answer = send(client, PLAIN)
        assert (answer.status_code, StaffListImport.objects.count()) == (422, 0)
        assert "Split it, or save it as CSV" in text_of(answer)

    def test_a_lead_uploads_for_the_own_organisation_alone(self, client, lead, council):
        page = text_of(client.get(at("upload")))
        assert ("You upload the staff list of Tolbury City Council" in page, "Whose people" in page) == (True, False)
        other = OrganisationFactory()
        send(client, PLAIN, organisation=other.pk)
        assert StaffListImport.objects.get().organisation == council

    def test_a_lead_of_two_says_which(self, client, lead, council):
        other = OrganisationLeadFactory(person=lead).organisation
        assert (send(client, PLAIN).status_code, StaffListImport.objects.count()) == (422, 0)
        assert send(client, PLAIN, organisation=OrganisationFactory().pk).status_code == 422
        assert send(client, PLAIN, organisation=other.pk).status_code == 302
        assert StaffListImport.objects.get().organisation == other

    def test_the_sample_can_be_uploaded(self, client, coordinator, council):
        content = b"".join(client.get(at("sample")).streaming_content)
        made = uploaded(client, content)
        decide_all(client, made, "new")
        assert (made.state, made.unused_columns, actions.figures_of(made)["new"]) == ("read", [], 2)

    @pytest.mark.parametrize("name", ["<b>staff</b>.csv", "=1+1.csv", "staff\x00.csv", "é" * 100 + ".csv"])
    def test_any_file_name_is_only_words(self, client, coordinator, name):
        made = uploaded(client, PLAIN, name=name)
        assert "<b>staff" not in client.get(at("show", made)).content.decode()
        assert client.get(at("list")).status_code == 200


class TestPreview:
    def test_says_what_was_understood_and_what_would_change(self, client, coordinator, council):
        ProfessionFactory(name="Social worker")
        made = uploaded(client, PLAIN + "Bad Address,bad,Tolbury City Council,Social worker,,1\n")
        said = text_of(client.get(at("show", made)))
        assert "2 rows read" in said
        assert "New people, who are added 1" in said
        assert "E-mail: e-mail address" in said
        assert "Not used: Shoe size" in said
        assert "1 row we cannot use" in said
        assert "Line 3 Bad Address “bad” is not an e-mail address." in said
        assert Person.objects.filter(email="nia@tolbury.example.org").count() == 0

    def test_known_people_who_are_shown_leave_a_trace(self, client, coordinator, council):
        known = PersonFactory(email="nia@tolbury.example.org", name="Nia Notreal")
        ProfessionFactory(name="Social worker")
        made = uploaded(client, PLAIN)
        client.get(at("show", made))
        client.get(at("rows", made), {"fate": "joins"})
        traces = Look.objects.filter(person=f"accounts.person:{known.pk}").order_by("pk").values_list("page", flat=True)
        assert list(traces) == ["organisations:import-show", "organisations:import-rows"]

    def test_a_file_that_cannot_be_read_says_why(self, client, coordinator):
        made = uploaded(client, b"\xd0\xcf\x11\xe0 an old workbook")
        said = text_of(client.get(at("show", made)))
        assert "Save it as XLSX or CSV without a password." in said
        assert "Nothing was changed." in said

    def test_while_it_is_read_the_page_shows_how_far_it_is(self, client, coordinator):
        made = StaffListImport.objects.create(
            file_name="big.csv", state=ImportState.READING, rows_read=15_000, uploaded_at=NOW
        )
        part = client.get(at("show", made), headers={"HX-Request": "true"})
        assert ("15,000 rows read so far" in text_of(part), b"<html" in part.content) == (True, False)
        StaffListImport.objects.update(state=ImportState.READ)
        assert client.get(at("show", made), headers={"HX-Request": "true"})["HX-Refresh"] == "true"

    def test_markup_and_formulas_in_cells_are_only_text(self, client, coordinator, council):
        ProfessionFactory(name="Social worker")
        content = PLAIN + "<script>alert(1)</script>,x@example.org,Tolbury City Council,Social worker,,\n"
        content += "=1+1,y@example.org,Tolbury City Council,Social worker,,\n"
        made = uploaded(client, content)
        page = client.get(at("show", made)).content.decode()
        assert ("<script>alert" in page, "&lt;script&gt;alert" in page) == (False, True)
        rejected = b"".join(client.get(at("rejected", made)).streaming_content).decode("utf-8-sig")
        assert "4,A cell of the row is a formula. Put its value there.,'=1+1,y@example.org" in rejected

    def test_a_file_that_changes_nothing_offers_nothing(self, client, coordinator, council):
        ProfessionFactory(name="Social worker")
        written(client, PLAIN)
        again = uploaded(client, PLAIN)
        assert "This file changes nothing" in text_of(client.get(at("show", again)))
        answer = client.post(at("confirm", again))
        assert (answer.status_code, "There is nothing to write" in text_of(answer)) == (422, True)


class TestNames:
    def test_asks_once_for_each_and_remembers(self, client, coordinator, council):
        made = uploaded(client, PLAIN.replace("Tolbury City Council", "Tolbury Council"))
        page = client.get(at("names", made)).content.decode()
        assert page.count("Decide later") == 2
        organisation, profession = re.findall(r'name="([a-z]+-[0-9a-f]{16}-choice)"', page)
        assert page.index("Perhaps it means") < page.index("It is something else")
        client.post(at("names", made), {organisation: str(council.pk), profession: ""})
        client.post(at("names", made), {profession: "new"})
        assert client.get(at("names", made))["Location"] == at("show", made)
        assert NameDecision.objects.get(kind="organisation").organisation == council
        assert NameDecision.objects.get(kind="profession").profession == Profession.objects.get(name="Social worker")
        assert "New people, who are added 1" in text_of(client.get(at("show", made)))

    def test_nothing_chosen_is_a_sentence(self, client, coordinator, council):
        made = uploaded(client, PLAIN)
        answer = client.post(at("names", made), {})
        assert answer.status_code == 422
        assert "Choose what at least one of these names means" in text_of(answer)
        assert NameDecision.objects.count() == 0

    @pytest.mark.parametrize("choice", ["999999999999999999999", "abc", "\x00", "-1", "0"])
    def test_what_is_not_offered_is_refused(self, client, coordinator, council, choice):
        made = uploaded(client, PLAIN)
        (name,) = re.findall(r'name="([a-z]+-[0-9a-f]{16}-choice)"', client.get(at("names", made)).content.decode())
        answer = client.post(at("names", made), {name: choice})
        assert (answer.status_code, NameDecision.objects.count()) == (422, 0)
        assert "Error:" in answer.content.decode().partition("</title>")[0]

    def test_a_lead_makes_no_new_professions(self, client, lead):
        made = uploaded(client, PLAIN)
        page = client.get(at("names", made)).content.decode()
        assert ("Make it a new profession" in page, "ask a coordinator to add it" in page) == (False, True)
        (name,) = re.findall(r'name="([a-z]+-[0-9a-f]{16}-choice)"', page)
        assert client.post(at("names", made), {name: "new"}).status_code == 422
        assert client.post(at("names", made), {name: "skip"}).status_code == 302
        assert Profession.objects.count() == 0

    def test_many_are_asked_twenty_at_a_time_and_the_rest_at_once(self, client, coordinator, council):
        rows = "".join(f"Nia {n},n{n}@example.org,Tolbury City Council,Job {n:02},,\n" for n in range(45))
        made = uploaded(client, f"{HEADS}\n{rows}")
        page = client.get(at("names", made), {"page": "3"}).content.decode()
        names = re.findall(r'name="(profession-[0-9a-f]{16}-choice)"', page)
        assert (len(names), "45 names are still to be decided" in page) == (5, True)
        client.post(at("names", made) + "?page=3", {names[0]: "skip", "rest-choice": "new"})
        assert (Profession.objects.count(), NameDecision.objects.filter(profession=None).count()) == (44, 1)
        assert actions.unknown_names(made) == []

    def test_an_answer_counts_though_another_page_has_moved(self, client, coordinator, council):
        rows = "".join(f"Nia {n},n{n}@example.org,Tolbury City Council,Job {n:02},,\n" for n in range(25))
        made = uploaded(client, f"{HEADS}\n{rows}")
        page = client.get(at("names", made), {"page": "2"}).content.decode()
        names = re.findall(r'name="(profession-[0-9a-f]{16}-choice)"', page)
        decide = [(each.kind, each.words, "new") for each in actions.unknown_names(made)[:20]]
        actions.decide_names(staff_list=made, choices=decide, by=coordinator, now=NOW, today=NOW.date())
        assert client.post(at("names", made) + "?page=2", dict.fromkeys(names, "skip")).status_code == 302
        assert actions.unknown_names(made) == []

    def test_undecided_names_hold_it_up(self, client, coordinator, council):
        made = uploaded(client, PLAIN)
        assert "1 row has a name that we do not know" in text_of(client.get(at("show", made)))
        answer = client.post(at("confirm", made))
        assert (answer.status_code, "Decide what each of them means first" in text_of(answer)) == (422, True)


class TestWriting:
    def test_two_thousand_messy_rows_from_the_file_to_the_people(self, client, coordinator):
        content, expected = messy_staff_list()
        made = uploaded(client, content)
        council = Organisation.objects.create(name="Wrenshire County Council")
        page = client.get(at("names", made)).content.decode()
        wanted = re.search(r'<label for="id_(organisation-[0-9a-f]{16}-choice)">“Wrenshire CC”', page)[1]
        client.post(at("names", made), {wanted: str(council.pk)})
        decide_all(client, made, "new")
        assert client.post(at("confirm", made)).status_code == 302
        work_on_staff_lists()
        made.refresh_from_db()
        assert (made.state, made.counts["new"]) == (ImportState.DONE, expected.new)
        assert made.counts["rejected"] == sum(expected.rejected.values())
        assert (
            set(Person.objects.filter(affiliations__isnull=False).values_list("email", flat=True)) == expected.addresses
        )
        said = text_of(client.get(at("show", made)))
        assert f"Download {made.counts['rejected']:,} rejected rows (CSV)" in said
        lines = b"".join(client.get(at("rejected", made)).streaming_content).decode("utf-8-sig").splitlines()
        assert len(lines) == 1 + made.counts["rejected"]

    def test_the_confirm_page_says_what_will_happen(self, client, coordinator, council):
        ProfessionFactory(name="Social worker")
        made = uploaded(client, PLAIN)
        said = text_of(client.get(at("confirm", made)))
        assert "Added 1 new person" in said
        assert "Not taken over 0 rows" in said
        assert StaffListImport.objects.get().state == ImportState.READ

    def test_dropped(self, client, coordinator, council):
        made = uploaded(client, PLAIN)
        assert "What you decided about names is kept" in text_of(client.get(at("drop", made)))
        assert client.post(at("drop", made)).status_code == 302
        assert StaffListImport.objects.get().state == ImportState.DROPPED
        assert "Nothing of it was added" in text_of(client.get(at("show", made)))

    @pytest.mark.parametrize("step", ["names", "confirm", "drop", "missing", "undo"])
    def test_a_step_that_is_over_leads_to_where_the_list_is(self, client, coordinator, step):
        made = StaffListImport.objects.create(file_name="x", state=ImportState.UNDONE, uploaded_at=NOW)
        for answer in (client.get(at(step, made)), client.post(at(step, made))):
            assert (answer.status_code, answer["Location"]) == (302, at("show", made))

    def test_undone(self, client, coordinator, council):
        ProfessionFactory(name="Social worker")
        made = written(client, PLAIN)
        assert Person.objects.filter(email="nia@tolbury.example.org").count() == 1
        assert "Added 1 new person" in text_of(client.get(at("undo", made)))
        assert client.post(at("undo", made)).status_code == 302
        assert Person.objects.filter(email="nia@tolbury.example.org").count() == 0
        assert "This staff list was undone" in text_of(client.get(at("show", made)))

    def test_only_the_last_can_be_undone(self, client, coordinator, council):
        ProfessionFactory(name="Social worker")
        first = written(client, PLAIN)
        second = written(client, PLAIN.replace("nia@", "non@"))
        StaffListImport.objects.filter(pk=second.pk).update(finished_at=NOW + timedelta(minutes=1))
        answer = client.post(at("undo", first))
        assert (answer.status_code, "Only the last staff list" in text_of(answer)) == (422, True)

    def test_after_thirty_days_the_figures_stay(self, client, coordinator, council):
        ProfessionFactory(name="Social worker")
        made = written(client, PLAIN + "Bad Address,bad,Tolbury City Council,Social worker,,1\n")
        actions.forget_rows(now=timezone.now() + timedelta(days=31))
        said = text_of(client.get(at("show", made)))
        assert ("New people 1" in said, "The rows were deleted 30 days after the upload" in said) == (True, True)


class TestMissing:
    @pytest.fixture
    def made(self, client, coordinator, council):
        worker = ProfessionFactory(name="Social worker")
        for name in ("Una Missing", "Idris Missing", "Joan Missing"):
            AffiliationFactory(person=PersonFactory(name=name), organisation=council, profession=worker)
        return written(client, PLAIN)

    def test_ticks_a_check_and_then_they_have_left(self, client, made):
        assert "3 people of the organisations in the file are not in this list" in text_of(client.get(at("show", made)))
        said = text_of(client.get(at("missing", made)))
        assert [name in said for name in ("Una Missing", "Idris Missing", "Nia Notreal")] == [True, True, False]
        una = Affiliation.objects.get(person__name="Una Missing")
        check = client.post(at("missing", made), {"people": [una.pk], "do": "check"})
        assert "Mark 1 person as a leaver" in text_of(check)
        assert Affiliation.objects.filter(until__isnull=False).count() == 0
        done = client.post(at("missing", made), {"people": [una.pk], "do": "confirm"})
        assert done.status_code == 302
        assert Affiliation.objects.get(until__isnull=False) == una
        assert "2 people we know are not in the new list" in text_of(client.get(at("missing", made)))

    def test_everybody_at_once_where_they_are_more_than_a_page(self, client, made, council):
        assert "who are missing, on every page" not in text_of(client.get(at("missing", made)))
        for _ in range(48):
            AffiliationFactory(organisation=council)
        assert "All 51 people who are missing, on every page, have left" in text_of(client.get(at("missing", made)))
        check = text_of(client.post(at("missing", made), {"everybody": "1", "do": "check"}))
        assert ("And 1 more." in check, "Mark 51 people as leavers" in check) == (True, True)
        changed = client.post(at("missing", made), {"everybody": "1", "number": "50", "do": "confirm"})
        assert (changed.status_code, Affiliation.objects.filter(until__isnull=False).count()) == (200, 0)
        client.post(at("missing", made), {"everybody": "1", "number": "51", "do": "confirm"})
        assert Affiliation.objects.filter(until__isnull=False).count() == 51
        assert client.post(at("missing", made), {"everybody": "1", "number": "0", "do": "confirm"}).status_code == 302

    @pytest.mark.parametrize("people", [[], ["0"], ["\x00"], ["9" * 30], ["abc"]])
    def test_who_is_not_missing_cannot_be_marked(self, client, made, people):
        answer = client.post(at("missing", made), {"people": people, "do": "confirm"})
        assert (answer.status_code, Affiliation.objects.filter(until__isnull=False).count()) == (422, 0)

    def test_somebody_of_another_organisation_cannot_be_marked(self, client, made):
        other = AffiliationFactory()
        answer = client.post(at("missing", made), {"people": [other.pk], "do": "confirm"})
        assert (answer.status_code, Affiliation.objects.filter(until__isnull=False).count()) == (422, 0)
        assert "no longer missing" in text_of(answer)

    def test_who_is_shown_leaves_a_trace(self, client, made):
        client.get(at("missing", made))
        assert Look.objects.filter(page="organisations:import-missing").count() == 3


class TestQueries:
    """A page costs as many queries for three rows as for one."""

    def count(self, client, address: str) -> int:
        client.get(address)
        with CaptureQueriesContext(
            connection,
        ) as found:
            assert client.get(address).status_code == 200
        return len(found)

    def lists(self, number: int) -> StaffListImport:
        for _ in range(number):
            made = StaffListImport.objects.create(
                file_name="x.csv",
                state=ImportState.READ,
                uploaded_at=NOW,
                uploaded_by=PersonFactory(),
                organisation=OrganisationFactory(),
                counts={"new": 3},
            )
        return made

    def test_the_list(self, client, coordinator):
        self.lists(1)
        one = self.count(client, at("list"))
        self.lists(2)
        assert self.count(client, at("list")) == one

    @pytest.mark.parametrize("page", ["show", "rows", "names", "confirm"])
    def test_one_that_was_read(self, client, coordinator, council, page):
        counts = []
        for number in (1, 3):
            rows = "".join(f"Nia {n},n{n}@example.org,Council {n},Job {n},Area {n},\n" for n in range(number))
            for n in range(number):
                Person.objects.filter(email=f"n{n}@example.org").exists() or PersonFactory(email=f"n{n}@example.org")
            made = uploaded(client, f"{HEADS}\n{rows}")
            counts.append(self.count(client, at(page, made)))
        assert counts[0] == counts[1]

    @pytest.mark.parametrize("page", ["show", "missing", "undo"])
    def test_one_that_was_written(self, client, coordinator, council, page):
        worker = ProfessionFactory(name="Social worker")
        made = written(client, PLAIN)
        AffiliationFactory(organisation=council, profession=worker)
        one = self.count(client, at(page, made))
        for _ in range(2):
            AffiliationFactory(organisation=council, profession=worker)
        assert self.count(client, at(page, made)) == one
