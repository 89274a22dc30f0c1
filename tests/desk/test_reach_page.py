"""The page of reach: by organisation, profession, area and week; where gaps lead; what a lead and the public see."""

from datetime import date, timedelta
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from attendance.actions.invitations import write_round
from attendance.messages import lead_requests
from attendance.models import Attendance, Invitation, InvitationRound, Outcome
from attendance.queries.invitations import people_to_invite
from desk.queries.reach import Reach, reach_of, weeks_of
from desk.reach_page import CELL, Chosen, Public, Row, chart_of, public_of, rows_of
from messaging import kinds
from messaging.models import Message
from tests.attendance.places import a_place, a_practitioner, a_programme, a_session, partner_of
from tests.briefings.factories import NOW, AppointmentFactory, PartnerFactory
from tests.desk.test_reach import walk_in
from tests.organisations.factories import (
    AffiliationFactory,
    AreaFactory,
    HeadCountFactory,
    OrganisationFactory,
    OrganisationLeadFactory,
    PersonFactory,
    ProfessionFactory,
)

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 2)


def came(session, person, outcome):
    place = a_place(session, person, now=NOW - timedelta(days=30))
    return Attendance.objects.create(
        session=session, place=place, person=person, organisation=place.organisation, outcome=outcome, noted_at=NOW
    )


class Valley:
    """A programme with a nurse who came, one who was absent and one never reached, and four counted by head."""

    def __init__(self) -> None:
        self.area, self.other_area = AreaFactory(name="Melton"), AreaFactory(name="Oadby")
        self.nurse, self.officer = ProfessionFactory(name="Nurse"), ProfessionFactory(name="Officer")
        self.programme = a_programme(name="Valley", slug="valley")
        self.organisation = partner_of(self.programme)
        self.coordinator = AppointmentFactory(programme=self.programme).person
        self.people = [a_practitioner(self.programme, areas=[self.area], profession=self.nurse) for _ in range(3)]
        session = a_session(self.programme, date=date(2026, 10, 20), capacity=20)
        came(session, self.people[0], Outcome.ATTENDED)
        absent = came(session, self.people[1], Outcome.ABSENT)
        absent.place.missed_at = NOW
        absent.place.save(update_fields=["missed_at"])
        HeadCountFactory(organisation=self.organisation, area=self.other_area, profession=self.officer, number=4)

    @property
    def address(self) -> str:
        return reverse("desk:reach-show", args=["valley"])


@pytest.fixture
def valley(time_machine):
    time_machine.move_to(NOW)
    return Valley()


def test_each_cell_has_its_figures_and_everything_larger_is_their_sum(valley):
    found = reach_of(valley.programme, TODAY, with_names=True)
    rows = rows_of(found, Chosen(by=CELL))
    name = valley.organisation.name
    assert [(row.names, row.reach.eligible) for row in rows] == [
        ((name, "Nurse", "Melton"), 3),
        ((name, "Officer", "Oadby"), 4),
    ]
    assert rows[0].reach == Reach(named=3, attended=1, absent=1)
    assert (rows[0].reach.never, rows[0].reach.due, rows[0].reach.of_due) == (1, 2, 50)
    for by in ("organisation", "profession", "area"):
        assert sum(row.reach.eligible for row in rows_of(found, Chosen(by=by))) == found.total.eligible == 7
    assert [row.reach.eligible for row in rows_of(found, Chosen(area=valley.other_area.pk))] == [4]


def test_who_came_with_a_place_and_walked_in_elsewhere_had_a_place(valley):
    walk_in(a_session(valley.programme, date=date(2026, 10, 27)), valley.organisation, valley.people[0])
    walk_in(a_session(valley.programme, date=date(2026, 10, 28)), valley.organisation, valley.people[2])
    total = reach_of(valley.programme, TODAY).total
    assert (total.attended, total.walked_in, total.came_with_place, total.due) == (2, 1, 1, 2)


def test_who_is_on_a_list_without_an_area_is_not_counted_twice(valley):
    a_practitioner(valley.programme, profession=valley.officer)
    found = reach_of(valley.programme, TODAY)
    assert (found.total.eligible, found.total.named, found.total.extra) == (7, 4, 3)


def test_weeks_say_who_came_first_then(valley):
    later = a_session(valley.programme, date=date(2026, 10, 27), capacity=20)
    walk_in(later, valley.organisation, valley.people[0])
    walk_in(later, valley.organisation, valley.people[2])
    found = weeks_of(valley.programme, TODAY, Chosen().fits)
    assert found == [(date(2026, 10, 19), 1, 1), (date(2026, 10, 26), 1, 2), (date(2026, 11, 2), 0, 2)]
    assert weeks_of(valley.programme, TODAY, Chosen(profession=valley.officer.pk).fits) == []
    assert [column["per_cent"] for column in chart_of(found, 4)["columns"]] == [25, 50, 50]


def test_a_gap_leads_to_inviting_those_people(valley, client):
    client.force_login(valley.coordinator)
    html = client.get(valley.address, {"by": "cell"}).content.decode()
    (row, other) = rows_of(reach_of(valley.programme, TODAY, with_names=True), Chosen(by=CELL), valley.programme)
    assert parse_qs(urlsplit(row.invite_url).query) == {
        "who": ["new"],
        "organisations": [str(valley.organisation.pk)],
        "professions": [str(valley.nurse.pk)],
        "areas": [str(valley.area.pk)],
        "gap": ["yes"],
    }
    said = f'{row.invite_url.replace("&", "&amp;")}">Invite<span class="vh"> the 1 who was never reached of {row.title}'
    assert said in html
    assert other.invite_url == ""
    page = client.get(row.invite_url)
    assert page.context["figures"].chosen == 1
    assert "People who were never reached" in page.content.decode()
    assert list(people_of(page, valley)) == [valley.people[2]]


def people_of(page, valley):
    return people_to_invite(valley.programme, page.context["form"].choice(), NOW)


def test_every_line_leads_to_exactly_the_people_that_it_counts(valley, client):
    """A parent area with one inside it, somebody in two organisations and two areas, somebody without an area."""
    client.force_login(valley.coordinator)
    inside = AreaFactory(name="Sysonby", parent=valley.area)
    there = a_practitioner(valley.programme, areas=[inside], profession=valley.nurse)
    other = OrganisationFactory()
    PartnerFactory(programme=valley.programme, organisation=other)
    two = a_practitioner(valley.programme, areas=[valley.other_area], profession=valley.nurse)
    AffiliationFactory(person=two, organisation=other, areas=[valley.area, inside], profession=valley.nurse)
    nowhere = a_practitioner(valley.programme)
    again = a_practitioner(valley.programme, areas=[inside], profession=valley.officer)
    Invitation.objects.create(programme=valley.programme, person=again, invited_at=NOW)
    found = reach_of(valley.programme, TODAY, with_names=True)
    for by in ("organisation", "profession", "area", CELL):
        asked = []
        for row in rows_of(found, Chosen(by=by), valley.programme):
            if row.invite_url:
                page = client.get(row.invite_url)
                assert page.status_code == 200
                assert page.context["figures"].chosen == row.to_invite
                asked += people_of(page, valley)
        expected = {valley.people[2], there, two, nowhere} | ({again} if by == CELL or by == "profession" else set())
        assert len(asked) == len(set(asked))
        assert set(asked) == expected, by
    [row] = [row for row in rows_of(found, Chosen(by="area"), valley.programme) if row.names[2] == "Area not known"]
    page = client.get(row.invite_url)
    assert ("Areas", "Not known") in page.context["form"].in_words()
    assert list(people_of(page, valley)) == [nowhere]
    a_place(a_session(valley.programme, date=TODAY + timedelta(days=9)), nowhere)
    assert client.get(row.invite_url).context["figures"].chosen == 0


def test_the_choice_of_a_gap_is_carried_to_the_round(valley, client):
    client.force_login(valley.coordinator)
    a_session(valley.programme, date=TODAY + timedelta(days=9))
    AffiliationFactory(
        person=a_practitioner(valley.programme), organisation=valley.organisation, areas=[valley.area],
        profession=valley.nurse,
    )  # fmt: skip
    [row] = rows_of(
        reach_of(valley.programme, TODAY, with_names=True),
        Chosen(by=CELL, profession=valley.nurse.pk),
        valley.programme,
    )
    asked = parse_qs(urlsplit(row.invite_url).query)
    words = {"subject": "Come", "introduction": "", "do": "send", "press": str(uuid4())}
    address = reverse("attendance:round-words", args=["valley"])
    check = client.post(address, asked | words | {"do": "check"}).content.decode()
    assert '<input type="hidden" name="gap" value="yes">' in check
    assert client.post(address, asked | words).status_code == 302
    made = InvitationRound.objects.get()
    assert write_round(round_id=made.pk, now=NOW) == 1
    assert Invitation.objects.get(round=made).person == valley.people[2]
    for wrong in ({"gap": "x"}, {"gap": ""} | {"unknown": "area"}, {"unknown": "x"}, {"who": "joined"}):
        assert client.get(address, asked | wrong).status_code == 422


def test_every_kind_of_gap_leads_somewhere(valley, client):
    """Never reached by name: invite. Only invited before: invite again. By head-count alone: the lead, or which."""
    client.force_login(valley.coordinator)
    rows = rows_of(reach_of(valley.programme, TODAY, with_names=True), Chosen(by="profession"), valley.programme)
    (nurses, officers) = rows
    assert (nurses.to_invite, nurses.again, nurses.inside_url) == (
        1,
        False,
        "?by=cell&profession=" + str(valley.nurse.pk),
    )
    assert (officers.invite_url, officers.lead_url) == ("", "")
    inside = client.get(f"{valley.address}{officers.inside_url}").content.decode()
    assert "Ask the lead" in inside
    reach = Reach(named=2, invited=2)
    row = Row(("", "Nurse", ""), reach, valley.programme, (None, valley.nurse.pk, None))
    assert (row.to_invite, row.again) == (2, True)
    assert "who=again" in row.invite_url
    assert Row(("", "Nurse", ""), Reach(named=2, attended=2), valley.programme, (None, 1, None)).inside_url == ""


def test_a_gap_leads_to_the_lead_with_a_ready_request(valley, client):
    lead = OrganisationLeadFactory(organisation=valley.organisation).person
    client.force_login(valley.coordinator)
    row = rows_of(reach_of(valley.programme, TODAY, with_names=True), Chosen(by=CELL), valley.programme)[1]
    page = client.get(row.lead_url).content.decode()
    assert "4 of 4 eligible people" in page
    assert "Officer, in Oadby" in page
    assert Message.objects.filter(kind=lead_requests.LEAD_ASKED).count() == 0
    asked = parse_qs(urlsplit(row.lead_url).query)
    for _ in range(2):
        assert (
            client.post(urlsplit(row.lead_url).path, {key: value[0] for key, value in asked.items()}).status_code == 302
        )
    mail = Message.objects.get(kind=lead_requests.LEAD_ASKED)
    assert mail.person == lead
    assert "4 of 4 eligible people" in kinds.find(mail.kind).render(mail).text
    assert lead_requests.not_wanted([mail], NOW) == {}
    valley.organisation.leads.update(until=NOW.date())
    assert lead_requests.not_wanted([mail], NOW) == {mail.pk: "role_ended"}


def test_without_a_lead_the_page_says_so(valley, client):
    client.force_login(valley.coordinator)
    row = rows_of(reach_of(valley.programme, TODAY, with_names=True), Chosen(), valley.programme)[0]
    assert "has no lead with an e-mail address" in client.get(row.lead_url).content.decode()
    asked = {key: value[0] for key, value in parse_qs(urlsplit(row.lead_url).query).items()}
    assert "has no lead" in client.post(urlsplit(row.lead_url).path, asked, follow=True).content.decode()


def test_nobody_but_who_invites_asks_a_lead(valley, client):
    row = rows_of(reach_of(valley.programme, TODAY, with_names=True), Chosen(), valley.programme)[0]
    for person in (OrganisationLeadFactory(organisation=valley.organisation).person, PersonFactory()):
        client.force_login(person)
        assert client.get(row.lead_url).status_code == 404


def test_a_lead_sees_the_own_organisation_alone(valley, client):
    other = OrganisationFactory(name="Zeta Secret Housing")
    PartnerFactory(programme=valley.programme, organisation=other)
    AffiliationFactory(organisation=other, profession=ProfessionFactory(name="Zeta Warden"), areas=[valley.area])
    client.force_login(OrganisationLeadFactory(organisation=valley.organisation).person)
    for query in ({}, {"by": "organisation"}, {"by": "cell"}, {"organisation": other.pk}):
        html = client.get(valley.address, query).content.decode()
        assert "Zeta" not in html
        assert "figures of your own organisation alone" in html
        assert "Ask the lead" not in html
    form = client.get(valley.address).context["filter"]
    assert form.fields["by"].choices[0] == ("profession", "Profession")  # what the lines are stands in the filter
    lines = b"".join(client.get(reverse("desk:reach-download", args=["valley"])).streaming_content).decode()
    assert "Zeta" not in lines
    assert "Nurse" in lines
    assert (
        "The reach of your organisation" in client.get(reverse("desk:programme-show", args=["valley"])).content.decode()
    )


def test_nothing_is_public_unless_the_programme_says_so(valley, client):
    assert client.get(valley.address).status_code == 302
    client.force_login(PersonFactory())
    assert client.get(valley.address).status_code == 404
    assert "have reached" not in client.get(reverse("desk:programme-show", args=["valley"])).content.decode()


def test_the_public_reads_no_small_numbers(valley, client):
    valley.programme.publishes_reach = True
    valley.programme.save()
    assert "Nothing can be shown yet" in client.get(valley.address).content.decode()
    public = public_of(
        type("Found", (), {"rows": [Reach("Small", named=9, attended=1), *(large(number) for number in range(3))]})
    )
    assert [(name, reach is None) for name, reach in public.rows] == [
        ("Small", True), ("Large 0", True), ("Large 1", True), ("Large 2", False),
    ]  # fmt: skip
    assert (public.total.eligible, public.total.attended, public.hidden) == (70, 25, 3)  # 72 and 25
    shown = dict(public.rows)["Large 2"]
    assert (shown.attended, shown.eligible, shown.per_cent) == (10, 20, 50)  # 8 of 22


def test_two_months_do_not_tell_the_public_how_few_came_between():
    def shown(attended: int) -> list:
        rows = [Reach("Small", named=99, attended=attended), *(large(number) for number in range(3))]
        public = public_of(type("Found", (), {"rows": rows}))
        return [(reach.attended, reach.eligible, reach.per_cent) for _, reach in public.rows if reach] + [
            (public.total.attended, public.total.per_cent)
        ]

    steps = {}
    for attended in range(8, 33):
        steps.setdefault(shown(attended)[0], []).append(attended)
    assert [len(each) for each in steps.values()] == [5, 5, 5, 5, 5]
    assert shown(10) == shown(11)


def large(number: int) -> Reach:
    return Reach(f"Large {number}", named=20 + number, attended=8)


def test_public_figures_are_those_before_the_first_of_the_month(valley, client, monkeypatch):
    valley.programme.publishes_reach = True
    valley.programme.save()
    monkeypatch.setattr("desk.reach_page.public_of", lambda found: Public([], found.total))
    walk_in(a_session(valley.programme, date=TODAY.replace(day=1), capacity=20), valley.organisation, valley.people[2])
    assert reach_of(valley.programme, TODAY).total.attended == 2
    assert client.get(valley.address).context["found"].total.attended == 1


@pytest.mark.parametrize("query", [{}, {"by": "nonsense", "area": "\x00", "organisation": "9" * 30, "page": "-1"}])
def test_what_cannot_be_read_is_no_filter(valley, client, query):
    client.force_login(valley.coordinator)
    response = client.get(valley.address, query)
    assert response.status_code == 200
    assert "1 of 7" in " ".join(response.content.decode().replace("<strong>", "").replace("</strong>", "").split())


def test_more_of_everything_needs_no_more_queries(valley, client):
    client.force_login(valley.coordinator)

    def count() -> int:
        with CaptureQueriesContext(connection) as found:
            assert client.get(valley.address, {"by": "cell"}).status_code == 200
        return len(found)

    one = count()
    for _ in range(3):
        organisation = OrganisationFactory()
        PartnerFactory(programme=valley.programme, organisation=organisation)
        AffiliationFactory(organisation=organisation, areas=[AreaFactory()], profession=ProfessionFactory())
    a_place(a_session(valley.programme, date=TODAY + timedelta(days=9)), valley.people[2])
    assert count() <= one <= 16
