"""Staff lists from the file to the affiliation: what is understood, decided, written, left alone and taken back."""

import io
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from threading import Event

import hypothesis
import openpyxl
import pytest
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.core.validators import validate_email
from django.db import IntegrityError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import Person
from history.models import Entry
from organisations.actions import imports, staff_rows
from organisations.imports import _USUAL_ADDRESS, WrongHead, head_of, key_of_name
from organisations.models import (
    Affiliation,
    Area,
    ImportState,
    MailDomain,
    NameDecision,
    Organisation,
    Profession,
    RowFate,
    StaffListImport,
)
from tests.organisations.factories import (
    AffiliationFactory,
    AreaFactory,
    MailDomainFactory,
    OrganisationFactory,
    OrganisationLeadFactory,
    PersonFactory,
    ProfessionFactory,
)
from tests.organisations.messy import messy_staff_list

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
TODAY = date(2026, 11, 2)
db = pytest.mark.django_db


@pytest.fixture(autouse=True)
def uploads(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def upload(text: str | bytes, *, organisation=None, by=None) -> StaffListImport:
    content = text.encode() if isinstance(text, str) else text
    return imports.upload(
        content=ContentFile(content, "list.csv"), name="list.csv", organisation=organisation, by=by, now=NOW
    )


def read(text: str | bytes, **options) -> StaffListImport:
    return imports.read(staff_list=upload(text, **options), today=TODAY, now=NOW)


def write(staff_list: StaffListImport, at: datetime = NOW) -> StaffListImport:
    imports.confirm(staff_list=staff_list, by="clock", now=at)
    return imports.write(staff_list=staff_list, today=TODAY, now=at)


def decide(staff_list: StaffListImport, choice, *kinds: str) -> None:
    unknown = [each for each in imports.unknown_names(staff_list) if not kinds or each.kind in kinds]
    decide_names(staff_list, *((each.kind, each.words, choice) for each in unknown))
    staff_list.refresh_from_db()


def decide_names(staff_list: StaffListImport, *choices: tuple) -> None:
    imports.decide_names(staff_list=staff_list, choices=choices, by="clock", now=NOW, today=TODAY)


def figures(staff_list: StaffListImport) -> dict[str, int]:
    return {fate: number for fate, number in imports.figures_of(staff_list).items() if number}


def problems(staff_list: StaffListImport) -> dict[int, str]:
    return dict(staff_list.rows.exclude(problem="").values_list("line", "problem"))


@pytest.fixture
def council():
    return OrganisationFactory(name="Wrenshire County Council")


# heads


@pytest.mark.parametrize(
    ("cells", "found"),
    [
        (["Name", "E-Mail", "Employer"], {"name": 0, "email": 1, "organisation": 2}),
        (["first_name", "LAST NAME", "Work email"], {"first_name": 0, "last_name": 1, "email": 2}),
        (["Job Title", "Locality", "Payroll number", "Full name"],
         {"profession": 0, "area": 1, "staff_number": 2, "name": 3}),
    ],
)  # fmt: skip
def test_heads_have_synonyms(cells, found):
    assert head_of(cells).positions == found


@pytest.mark.parametrize(
    ("cells", "sentence"),
    [
        (["email"], "with “name”, or “first name” and “last name”"),
        (["Amina", "amina@example.org"], "It says “Amina”, “amina@example.org”."),
        ([""], "It says nothing."),
        (["name"], "There is no column “email”"),
        (["name", "email", "work email"], "“email” and “work email”. Keep one"),
    ],
)
def test_a_wrong_head_says_what_is_wrong(cells, sentence):
    with pytest.raises(WrongHead, match=sentence):
        head_of(cells)


@hypothesis.settings(
    max_examples=200, deadline=None, suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture]
)
@given(st.from_regex(_USUAL_ADDRESS, fullmatch=True))
def test_every_usual_address_is_valid(text):
    if len(text) <= 254 and len(text) - text.index("@") <= 64:
        validate_email(text)


def test_names_are_compared_without_what_people_write_differently():
    assert key_of_name(" St. Mary’s  Trust & Co") == key_of_name("st marys trust and co")


# reading


@db
def test_a_list_is_read_and_its_file_removed(council, uploads, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        staff_list = read("name,email,employer,car\nAmina Sample,Amina@Example.org,wrenshire county council,yes\n")
    assert (staff_list.state, staff_list.rows_read, staff_list.unused_columns) == (ImportState.READ, 1, ["car"])
    assert figures(staff_list) == {RowFate.NEW: 1}
    assert not staff_list.file
    assert [path for path in uploads.rglob("*") if path.is_file()] == []


@db
@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no workbook", b"\xd0\xcf\x11\xe0 old", b"one,two\n1,2\n"])
def test_what_cannot_be_read_says_why(content):
    staff_list = read(content)
    assert staff_list.state == ImportState.FAILED
    assert staff_list.problem.endswith(".")
    assert not staff_list.rows.exists()


@db
def test_a_file_that_is_too_large_is_refused(monkeypatch):
    monkeypatch.setattr(imports, "MAX_BYTES", 10)
    with pytest.raises(imports.TooLarge):
        upload("x" * 11)


@db
def test_each_bad_row_says_its_line_and_why(council):
    rows = [
        "Amina,amina@example.org,{c},01/02/2019",
        ",nobody@example.org,{c},",
        "Bran,bran at example.org,{c},",
        "Carys,,{c},",
        "Dafydd,dafydd@example.org,{c},soon",
        "Efua,efua@example.org,,",
        '=HYPERLINK("x"),f@example.org,{c},',
        "G\x00us,gus@example.org,{c},",
        f"{'H' * 301},h@example.org,{{c}},",
        "Idris,idrıs@example.org,{c},",
    ]
    text = "name,email,employer,leaving date\n" + "\n".join(rows).replace("{c}", "Wrenshire County Council")
    assert problems(read(text)) == {
        2: "Has left already.",
        3: "There is no name.",
        4: "“branatexample.org” is not an e-mail address.",
        5: "There is no e-mail address.",
        6: "“soon” is not a date. Write it as 31/03/2027.",
        7: "There is no organisation, and the address does not tell which one.",
        8: "A cell of the row is a formula. Put its value there.",
        9: "The row contains a character that is not text.",
        10: "Full name has more than 300 characters.",
        11: "“idrıs@example.org” is not an e-mail address.",
    }


@db
def test_the_mail_domain_stands_for_a_missing_organisation(council):
    MailDomainFactory(organisation=council, domain="wrenshire.example.org")
    for organisation in (council, OrganisationFactory()):
        MailDomainFactory(organisation=organisation, domain="shared.example.org")
    staff_list = read("name,email\nAmina,a@wrenshire.example.org\nBran,b@shared.example.org\n")
    assert figures(staff_list) == {RowFate.NEW: 1, RowFate.REJECTED: 1}


@db
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_every_usual_file_gives_the_same(council, separator, encoding):
    text = "Name,E-mail,Employer\nSiân O’Sample,sian@example.org,Wrenshire County Council\n".replace(",", separator)
    staff_list = read(text.encode(encoding))
    assert list(staff_list.rows.values_list("name", "sort_name", "fate")) == [("Siân O’Sample", "osample sian", "new")]


@db
def test_a_workbook_gives_the_same(council):
    book = openpyxl.Workbook()
    for row in (["Name", "E-mail", "Employer"], ["Sample, Siân", "sian@example.org", "Wrenshire County Council"]):
        book.active.append(row)
    content = io.BytesIO()
    book.save(content)
    staff_list = read(content.getvalue())
    assert list(staff_list.rows.values_list("name", "fate")) == [("Siân Sample", "new")]


# names that nobody knows


@db
def test_an_unknown_name_waits_for_a_decision_that_is_remembered(council):
    text = "name,email,employer\nAmina,a@example.org,Wrenshire CC\nBran,b@example.org,WRENSHIRE  cc\n"
    staff_list = read(text)
    (unknown,) = imports.suggest(imports.unknown_names(staff_list))
    assert (unknown.words, unknown.rows, unknown.suggestions) == ("Wrenshire CC", 2, [council])
    with pytest.raises(imports.NamesUndecided):
        imports.confirm(staff_list=staff_list, by="clock", now=NOW)
    decide(staff_list, council)
    assert figures(staff_list) == {RowFate.NEW: 2}
    assert (NameDecision.objects.get().words, NameDecision.objects.get().organisation) == ("wrenshire cc", council)
    assert imports.unknown_names(read(text)) == []


@db
def test_a_new_one_can_be_made_and_rows_left_out(council):
    text = "name,email,employer,job title,area\n" + "\n".join(
        f"P{number},p{number}@example.org,Wrenshire County Council,{job},{area}"
        for number, (job, area) in enumerate([("Nurse", "Melton"), ("Porter", "Melton"), ("Nurse", "")])
    )
    staff_list = read(text)
    assert figures(staff_list) == {RowFate.UNSETTLED: 3}
    decide_names(staff_list, ("profession", "Nurse", imports.NEW), ("profession", "Porter", imports.SKIP))
    decide(staff_list, imports.NEW, "area")
    assert figures(staff_list) == {RowFate.NEW: 2, RowFate.SKIPPED: 1}
    assert (Profession.objects.get().name, Area.objects.get().path) == ("Nurse", f"/{Area.objects.get().pk}/")


@db
def test_an_area_that_is_there_twice_must_be_decided(council):
    areas = [AreaFactory(name="Ashfield", parent=AreaFactory()) for _ in range(2)]
    staff_list = read("name,email,employer,area\nAmina,a@example.org,Wrenshire County Council,Ashfield\n")
    assert figures(staff_list) == {RowFate.UNSETTLED: 1}
    decide(staff_list, areas[1])
    write(staff_list)
    assert list(Affiliation.objects.get().areas.all()) == [areas[1]]


# writing


LIST = (
    "name,email,employer,job title,area,staff number\n"
    "Amina Sample,amina@example.org,Wrenshire County Council,Nurse,Melton;Tolbury,17\n"
    "Bran Sample,bran@example.org,Wrenshire County Council,,,\n"
)


@pytest.fixture
def written(db, council):
    ProfessionFactory(name="Nurse")
    AreaFactory(name="Melton")
    AreaFactory(name="Tolbury")
    return write(read(LIST))


def test_people_get_affiliation_profession_areas_and_number(written, council):
    own = Affiliation.objects.get(person__email="amina@example.org")
    assert (own.person.name, own.organisation, own.profession.name, own.staff_number, own.since) == (
        "Amina Sample",
        council,
        "Nurse",
        "17",
        TODAY,
    )
    assert sorted(area.name for area in own.areas.all()) == ["Melton", "Tolbury"]
    assert (written.state, written.counts["new"]) == (ImportState.DONE, 2)
    assert Entry.objects.filter(verb="imported_new").count() == 2
    assert not own.person.has_usable_password()


def written_while_somebody_is_added(council) -> tuple[StaffListImport, Person]:
    """Write a list while another transaction adds one of its people; return it, and who was added."""
    staff_list = read("name,email,employer\n" + "".join(f"Amina,{each}@example.org,{council}\n" for each in "ab"))
    waiting = "SELECT 1 FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"

    def other() -> StaffListImport:
        try:
            return write(staff_list)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic(), connection.cursor() as cursor:
            known = PersonFactory(name="Amina", email="b@example.org")
            found = pool.submit(other)
            while not found.done() and not (cursor.execute(waiting), cursor.fetchone())[1]:
                Event().wait(0.01)
            assert not found.done()
        return found.result(), known


@pytest.mark.django_db(transaction=True)
def test_without_settling_anew_the_list_would_fail_on_them(council, monkeypatch):
    """The control: two do meet at one address, and the second try is what makes one person of it."""
    monkeypatch.setattr(imports, "_TRIES", 1)
    with pytest.raises(IntegrityError):
        written_while_somebody_is_added(council)
    assert not Person.objects.filter(email="a@example.org").exists()


@pytest.mark.django_db(transaction=True)
def test_somebody_who_is_added_while_the_list_is_written_is_known_then(council):
    """The list waits for the transaction that adds them, and settles its rows anew."""
    staff_list, known = written_while_somebody_is_added(council)
    assert (staff_list.counts["new"], staff_list.counts["joins"]) == (1, 1)
    assert sorted(Affiliation.objects.values_list("person__email", flat=True)) == ["a@example.org", "b@example.org"]
    imports.undo(staff_list=staff_list, by="clock", now=NOW, today=TODAY)
    assert known in Person.objects.all()
    assert Affiliation.objects.count() == 0


def test_an_affiliation_that_begins_later_stays_as_it_is(written, council):
    later = AffiliationFactory(organisation=council, since=TODAY + timedelta(days=9))
    rows = f"{later.person.name},{later.person.email},{council},{later.profession or ''}\n"
    again = write(read("name,email,employer,job title\n" + rows))
    assert again.counts["joins"] == 1
    assert list(later.person.affiliations.all()) == [later]
    imports.undo(staff_list=again, by="clock", now=NOW, today=TODAY)
    assert list(later.person.affiliations.all()) == [later]


def test_a_second_run_changes_nothing(written):
    again = read(LIST)
    assert figures(again) == {RowFate.SAME: 2}
    with pytest.raises(imports.NothingToWrite):
        imports.confirm(staff_list=again, by="clock", now=NOW)


def test_what_has_changed_is_changed_and_the_rest_stays(written):
    ProfessionFactory(name="Health visitor")
    changed = LIST.replace("Amina Sample", "Amina Newname").replace("Nurse,Melton;Tolbury", "Health visitor,Melton")
    again = read(changed)
    assert figures(again) == {RowFate.CHANGES: 1, RowFate.SAME: 1}
    write(again)
    own = Affiliation.objects.get(person__email="amina@example.org")
    assert (own.person.name, own.person.sort_name, own.profession.name) == (
        "Amina Newname",
        "newname amina",
        "Health visitor",
    )
    assert [area.name for area in own.areas.all()] == ["Melton"]


def test_an_empty_cell_takes_nothing_away(written):
    assert figures(read("name,email,employer\nAmina Sample,amina@example.org,Wrenshire County Council\n")) == {
        "same": 1
    }


def test_a_leaver_leaves_on_the_day_and_is_found_by_number(written):
    again = read("name,staff number,employer,leaving date\nAmina,17,Wrenshire County Council,30/10/2026\n")
    assert figures(again) == {RowFate.LEAVES: 1}
    write(again)
    assert Affiliation.objects.get(person__email="amina@example.org").until == TODAY


def test_somebody_known_joins_another_organisation(written):
    OrganisationFactory(name="Wrenshire Police")
    again = read("name,email,employer\nBran Sample,bran@example.org,Wrenshire Police\n")
    assert figures(again) == {RowFate.JOINS: 1}
    write(again)
    assert Affiliation.objects.filter(person__email="bran@example.org").count() == 2


@db
def test_one_person_in_two_spellings_is_one_and_two_jobs_are_two(council):
    for name in ("Nurse", "Teacher"):
        ProfessionFactory(name=name)
    first = "Amina Sample,a@example.org,{c},Nurse\nA. SAMPLE,A@EXAMPLE.ORG,{c},Nurse\n"
    rows = first + "Amina Sample,a@example.org,{c},Teacher\n"
    staff_list = read("name,email,employer,role\n" + rows.replace("{c}", council.name))
    assert figures(staff_list) == {RowFate.NEW: 2, RowFate.DUPLICATE: 1}
    assert problems(staff_list) == {3: "The same person as in line 2."}
    write(staff_list)
    assert (Person.objects.get().name, Affiliation.objects.count()) == ("Amina Sample", 2)


@db
def test_an_account_that_was_closed_stays_closed(council):
    PersonFactory(email="gone@example.org", is_active=False)
    staff_list = read(f"name,email,employer\nGone,gone@example.org,{council.name}\n")
    assert problems(staff_list) == {2: "The account with this address was closed."}


# leads


@db
def test_a_lead_brings_in_the_own_people_alone(council):
    lead = OrganisationLeadFactory(organisation=council).person
    OrganisationFactory(name="Wrenshire Police")
    text = "name,email,employer\nAmina,a@example.org,\nBran,b@example.org,Wrenshire Police\n"
    staff_list = read(text, organisation=council, by=lead)
    assert figures(staff_list) == {RowFate.NEW: 1, RowFate.REJECTED: 1}
    assert problems(staff_list) == {3: "This row belongs to another organisation."}


@db
def test_a_lead_gives_nobody_elses_account_another_address(council):
    """The address is what one signs in with: a new one would hand the account over."""
    lead = OrganisationLeadFactory(organisation=council).person
    mine, shared = (PersonFactory(email=f"{name}@example.org") for name in ("mine", "shared"))
    AffiliationFactory(person=mine, organisation=council, staff_number="1")
    AffiliationFactory(person=shared, organisation=council, staff_number="2")
    AffiliationFactory(person=shared, organisation=OrganisationFactory())
    rows = f"{mine.name},new@example.org,1\n{shared.name},taken@example.org,2\n"
    staff_list = read("name,email,staff number\n" + rows, organisation=council, by=lead)
    assert problems(staff_list) == {3: "This staff number belongs to somebody with another address."}
    write(staff_list)
    assert set(Person.objects.values_list("email", flat=True)) >= {"new@example.org", "shared@example.org"}


@db
@pytest.mark.parametrize("first", ["new", "known"])
def test_an_address_that_two_rows_give_to_two_people_is_the_first_ones(council, first):
    """Somebody new with an address, and somebody known by their number who would get it: one of them is asked about."""
    known = PersonFactory(name="Bran", email="old@example.org")
    AffiliationFactory(person=known, organisation=council, staff_number="7")
    rows = {"new": f"Amina,x@example.org,{council},8\n", "known": f"Bran,x@example.org,{council},7\n"}
    text = rows[first] + "".join(row for name, row in rows.items() if name != first)
    staff_list = read(f"name,email,employer,staff number\n{text}Cara,c@example.org,{council},9\n")
    assert problems(staff_list) == {3: "Line 2 gives this address to somebody else. An address is one person's."}
    done = write(staff_list)
    assert done.state == ImportState.DONE
    known.refresh_from_db()
    assert known.email == ("old@example.org" if first == "new" else "x@example.org")
    assert Person.objects.get(email="x@example.org").name == ("Amina" if first == "new" else "Bran")
    assert Person.objects.filter(email="c@example.org").exists(), "what was right is not lost"
    assert set(problems(done)) == {3}


@db
def test_an_address_that_two_known_people_would_get_is_the_first_ones(council):
    for number in "78":
        person = PersonFactory(email=f"{number}@example.org")
        AffiliationFactory(person=person, organisation=council, staff_number=number)
    rows = "".join(f"Bran,x@example.org,{council},{number}\n" for number in "78")
    staff_list = read("name,email,employer,staff number\n" + rows)
    assert set(problems(staff_list)) == {3}
    assert write(staff_list).state == ImportState.DONE
    assert set(Person.objects.values_list("email", flat=True)) == {"x@example.org", "8@example.org"}


@db
def test_two_jobs_of_one_person_share_a_new_address(council):
    person = PersonFactory(name="Bran", email="old@example.org")
    jobs = {number: ProfessionFactory() for number in "78"}
    for number, job in jobs.items():
        AffiliationFactory(person=person, organisation=council, staff_number=number, profession=job)
    rows = "".join(f"Bran,x@example.org,{council},{job.name},{number}\n" for number, job in jobs.items())
    staff_list = read("name,email,employer,job title,staff number\n" + rows)
    assert (figures(staff_list), problems(staff_list)) == ({RowFate.CHANGES: 2}, {})
    write(staff_list)
    person.refresh_from_db()
    assert person.email == "x@example.org"


def known_by_number(organisation, email: str = "old@example.org") -> Person:
    """Return somebody whose number there is 7, in a job that is not in a list of nurses and teachers."""
    for name in ("Nurse", "Teacher"):
        ProfessionFactory(name=name)
    person = PersonFactory(name="Bran", email=email)
    AffiliationFactory(person=person, organisation=organisation, staff_number="7", profession=ProfessionFactory())
    return person


def two_jobs(council, *rows: str) -> str:
    return "name,email,employer,job title,staff number\n" + "".join(
        f"Bran,{row.replace('COUNCIL', council.name)}\n" for row in rows
    )


@db
def test_who_is_found_by_number_and_joins_gets_the_new_address_until_it_is_undone(council):
    """Two jobs of which we know neither; the address may stand at one of them alone."""
    person = known_by_number(council)
    before = Person.objects.values().get()
    staff_list = read(two_jobs(council, ",COUNCIL,Nurse,7", "x@example.org,COUNCIL,Teacher,7"))
    assert (figures(staff_list), problems(staff_list)) == ({RowFate.JOINS: 2}, {})
    done = write(staff_list)
    person.refresh_from_db()
    assert (person.email, person.affiliations.count()) == ("x@example.org", 3)
    imports.undo(staff_list=done, by="clock", now=NOW, today=TODAY)
    assert Person.objects.values().get() == before
    assert person.affiliations.count() == 1


@db
def test_a_new_name_and_a_new_address_may_stand_in_two_rows_of_one_person(council):
    person = known_by_number(council)
    Affiliation.objects.update(profession=ProfessionFactory(name="Porter"))
    text = two_jobs(council, ",COUNCIL,Porter,7", "x@example.org,COUNCIL,Nurse,7").replace("Bran", "Branwen New", 1)
    staff_list = read(text)
    assert figures(staff_list) == {RowFate.CHANGES: 1, RowFate.JOINS: 1}
    write(staff_list)
    person.refresh_from_db()
    assert (person.name, person.sort_name, person.email) == ("Branwen New", "new branwen", "x@example.org")


@db
@pytest.mark.parametrize("is_new_first", [True, False])
def test_the_address_of_who_joins_goes_to_nobody_else(council, is_new_first):
    """Somebody new with that address would otherwise be made beside the one whose address it is to be."""
    person = known_by_number(council)
    jobs = [f"x@example.org,COUNCIL,{job},7" for job in ("Nurse", "Teacher")]
    new = "x@example.org,COUNCIL,Nurse,8"
    staff_list = read(two_jobs(council, *([new, *jobs] if is_new_first else [*jobs, new])))
    assert set(problems(staff_list)) == ({3, 4} if is_new_first else {4})
    assert write(staff_list).state == ImportState.DONE
    person.refresh_from_db()
    assert person.email == ("old@example.org" if is_new_first else "x@example.org")
    assert Person.objects.filter(email="x@example.org").count() == 1
    assert Person.objects.count() == (2 if is_new_first else 1)


@db
def test_a_lead_gives_no_other_address_by_a_further_job(council):
    lead = OrganisationLeadFactory(organisation=council).person
    person = known_by_number(council)
    AffiliationFactory(person=person, organisation=OrganisationFactory())
    rows = two_jobs(council, "x@example.org,COUNCIL,Nurse,7", "old@example.org,COUNCIL,Teacher,7")
    staff_list = read(rows, organisation=council, by=lead)
    assert problems(staff_list) == {2: "This staff number belongs to somebody with another address."}
    write(staff_list)
    person.refresh_from_db()
    assert person.email == "old@example.org"


# who is missing


def test_who_is_missing_is_shown_and_leaves_by_decision_alone(written):
    again = read("name,email,employer\nAmina Sample,amina@example.org,Wrenshire County Council\n")
    (missing,) = imports.missing_people(again, TODAY)
    other = AffiliationFactory()
    assert missing.person.email == "bran@example.org"
    left = imports.mark_missing_as_leavers(
        staff_list=again, affiliations=[missing.pk, other.pk], by="clock", now=NOW, today=TODAY
    )
    assert left == 1
    missing.refresh_from_db()
    assert missing.until == TODAY
    assert list(imports.missing_people(again, TODAY)) == []


# taking back


def state() -> list:
    people = Person.objects.order_by("email").values_list("email", "name", "sort_name")
    ties = Affiliation.objects.order_by("pk").values_list("person__email", "profession__name", "staff_number", "until")
    areas = Affiliation.areas.through.objects.order_by("affiliation__person__email", "area__name")
    return [list(people), sorted(ties, key=str), list(areas.values_list("affiliation__person__email", "area__name"))]


def test_the_last_import_can_be_undone(written):
    before = state()
    ProfessionFactory(name="Health visitor")
    text = LIST.replace("Amina Sample", "Amina Newname").replace("Nurse,Melton;Tolbury,17", "Health visitor,Melton,18")
    second = read(text + "Carys Sample,carys@example.org,Wrenshire County Council,,Melton,\n")
    write(second, at=NOW + timedelta(hours=1))
    assert state() != before
    with pytest.raises(imports.NotTheLast):
        imports.undo(staff_list=written, by="clock", now=NOW, today=TODAY)
    imports.undo(staff_list=second, by="clock", now=NOW, today=TODAY)
    assert state() == before
    with pytest.raises(imports.NotNow):
        imports.undo(staff_list=second, by="clock", now=NOW, today=TODAY)
    imports.undo(staff_list=written, by="clock", now=NOW, today=TODAY)
    assert (Person.objects.count(), Affiliation.objects.count()) == (0, 0)


def test_who_has_taken_part_since_stays_as_a_leaver(written):
    amina = Person.objects.get(email="amina@example.org")
    Organisation.objects.get().leads.create(person=amina, since=TODAY)
    imports.undo(staff_list=written, by="clock", now=NOW, today=TODAY)
    assert list(Person.objects.values_list("email", flat=True)) == ["amina@example.org"]


def test_after_thirty_days_it_cannot_be_undone_and_is_forgotten(written):
    with pytest.raises(imports.TooOld):
        imports.undo(staff_list=written, by="clock", now=NOW + timedelta(days=31), today=TODAY)
    assert imports.forget_rows(now=NOW + timedelta(days=29)) == 0
    assert imports.forget_rows(now=NOW + timedelta(days=31)) == 1
    assert (written.rows.count(), written.changes.count()) == (0, 0)


# the worker


@db
def test_a_worker_reads_and_writes_what_waits(council):
    staff_list = upload(LIST.replace("Nurse,Melton;Tolbury", ","))
    clock = {"now": lambda: NOW, "today": lambda: TODAY}
    assert imports.work_on_waiting(**clock) == 1
    staff_list.refresh_from_db()
    imports.confirm(staff_list=staff_list, by="clock", now=NOW)
    assert imports.work_on_waiting(**clock) == 1
    staff_list.refresh_from_db()
    assert staff_list.state == ImportState.DONE
    assert imports.work_on_waiting(**clock) == 0


@db
@pytest.mark.parametrize("state", [ImportState.READING, ImportState.WRITING])
def test_what_a_dead_worker_left_is_done_by_the_next(council, state):
    staff_list = upload(f"name,email,employer\nAmina,a@example.org,{council.name}\n")
    clock = {"now": lambda: NOW, "today": lambda: TODAY}
    if state == ImportState.WRITING:
        imports.work_on_waiting(**clock)
    StaffListImport.objects.update(state=state)
    assert imports.work_on_waiting(**clock) == 1
    staff_list.refresh_from_db()
    assert staff_list.state == (ImportState.READ if state == ImportState.READING else ImportState.DONE)
    assert staff_list.rows.count() == 1


@contextmanager
def not_held(pk: int):
    yield True


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_guarded", [True, False])
def test_two_workers_never_work_on_the_same(council, monkeypatch, is_guarded):
    """While one holds it another does nothing; the control: where nobody asks for the hold, both work on it."""
    upload(f"name,email,employer\nAmina,a@example.org,{council.name}\n")
    pk = StaffListImport.objects.get().pk

    def other() -> int:
        try:
            return imports.work_on_waiting(now=lambda: NOW, today=lambda: TODAY)
        finally:
            connection.close()

    with imports._held(pk) as is_ours, ThreadPoolExecutor(1) as pool:
        assert is_ours
        if not is_guarded:
            monkeypatch.setattr(imports, "_held", not_held)
        assert pool.submit(other).result() == (0 if is_guarded else 1)
    assert imports.work_on_waiting(now=lambda: NOW, today=lambda: TODAY) == (1 if is_guarded else 0)


@db
def test_dropping_forgets_the_rows(council):
    staff_list = imports.drop(staff_list=read(LIST), by="clock", now=NOW)
    assert (staff_list.state, staff_list.rows.count()) == (ImportState.DROPPED, 0)
    with pytest.raises(imports.NotNow):
        imports.drop(staff_list=staff_list, by="clock", now=NOW)


# a real file


@db
def test_a_messy_list_of_two_thousand_rows(council):
    content, expected = messy_staff_list(2_000)
    staff_list = read(content)
    assert {unknown.words for unknown in imports.unknown_names(staff_list)} >= {"Wrenshire CC", "Melton"}
    decide_names(staff_list, ("organisation", "Wrenshire CC", council))
    decide(staff_list, imports.NEW)
    found = figures(staff_list)
    assert (found["new"], found["duplicate"], found["skipped"], found["rejected"]) == (
        expected.new,
        expected.duplicate,
        expected.skipped,
        sum(expected.rejected.values()),
    )
    write(staff_list)
    assert set(Person.objects.values_list("email", flat=True)) == expected.addresses
    assert set(figures(read(content))) == {"same", "duplicate", "skipped", "rejected"}


# the commands


def said(name: str, *arguments) -> str:
    out = io.StringIO()
    call_command(name, *map(str, arguments), stdout=out)
    return out.getvalue()


@db
def test_import_people_by_command(council, tmp_path):
    file = tmp_path / "people.csv"
    file.write_text(LIST)
    assert "nothing was written" in said("import_people", file, "--dry-run")
    with pytest.raises(CommandError, match="use --make-new or --skip-unknown"):
        said("import_people", file)
    assert Person.objects.count() == 0
    assert "Written." in said("import_people", file, "--make-new")
    assert Person.objects.count() == 2
    assert "nothing was written" in said("import_people", file)


@db
def test_import_people_says_each_rejected_row(council, tmp_path):
    file = tmp_path / "people.csv"
    file.write_text(f"name,email,employer\nAmina,a@example.org,{council.name}\n,b@example.org,{council.name}\n")
    assert "line 3: There is no name." in said("import_people", file)
    for content, sentence in ((b"", "The file is empty"), (None, "There is no file")):
        file.unlink()
        if content is not None:
            file.write_bytes(content)
        with pytest.raises(CommandError, match=sentence):
            said("import_people", file)


@db
def test_import_organisations_by_command(tmp_path):
    file = tmp_path / "organisations.csv"
    file.write_text(
        "Organisation,Kind,Domains\nWrenshire Police,Police,police.example.org; www.example.org\nFire,fire,\n"
        "Moon,Space agency,\n,,\nBad,,nonsense\n"
    )
    assert "2 new" in said("import_organisations", file, "--dry-run")
    assert Organisation.objects.count() == 0
    out = said("import_organisations", file)
    assert "2 new, 0 changed, 0 as they were, 2 rejected" in out
    assert "line 4: “Space agency” is no kind of organisation" in out
    assert MailDomain.objects.count() == 2
    assert "0 new, 0 changed, 2 as they were, 2 rejected" in said("import_organisations", file)
    file.write_text("x,y\n1,2\n")
    with pytest.raises(CommandError, match="no column “name”"):
        said("import_organisations", file)


def test_the_sql_names_only_our_own_tables():
    text = "".join(value for name, value in vars(staff_rows).items() if name.isupper() and isinstance(value, str))
    assert "attendance_" not in text
